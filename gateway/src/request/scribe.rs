//! Header values made for one request, written into memory that the worker uses again once nobody holds them any more.

use std::cell::Cell;

use bytes::BytesMut;
use http::HeaderValue;

thread_local! {
    static PAGE: Cell<BytesMut> = Cell::new(BytesMut::new());
}

/// The value that `write` appends; `None` where it cannot stand in a header.
pub fn header_value(write: impl FnOnce(&mut BytesMut)) -> Option<HeaderValue> {
    PAGE.with(|cell| {
        let mut page = cell.take();
        if page.capacity() < ROOM {
            // Takes the page anew, without asking the allocator, where all its values are gone.
            page.reserve(PAGE_SIZE);
        }
        write(&mut page);
        let value = HeaderValue::from_maybe_shared(page.split().freeze());
        cell.set(page);
        value.ok()
    })
}

/// Some hundred ids.
const PAGE_SIZE: usize = 4096;

/// Most values are shorter; a longer one moves to a larger page by itself.
const ROOM: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_was_written_each_for_itself() {
        let long = "x".repeat(10_000);
        let values: Vec<_> = ["a", &long, "", "b"]
            .into_iter()
            .map(|text| header_value(|page| page.extend_from_slice(text.as_bytes())).unwrap())
            .collect();
        assert_eq!(values, ["a", &long, "", "b"]);
        assert_eq!(header_value(|page| page.extend_from_slice(b"a\nb")), None);
    }
}
