//! What a step compared, in words that are short however long the lists are.

use std::borrow::Cow;
use std::fmt::Display;
use std::net::IpAddr;

use jiff::Timestamp;

use crate::ids::UnixTime;

/// What a step saw, and what it wanted to see.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Values {
    /// What the request, the token or the record showed.
    pub seen: Cow<'static, str>,
    /// What would have been let pass.
    pub wanted: Cow<'static, str>,
    /// A document says so of what was seen. Otherwise the result follows from what is written nowhere: a list that does not name it, no
    /// document, Entra's initial value.
    pub explicit: bool,
    /// Why this document was read and no nearer one; empty where there is none nearer.
    pub instead_of: Cow<'static, str>,
}

impl Values {
    /// What a document says of what was seen.
    pub(crate) fn explicit(
        seen: impl Into<Cow<'static, str>>,
        wanted: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            explicit: true,
            ..Self::implicit(seen, wanted)
        }
    }

    /// What no document says of what was seen.
    pub(crate) fn implicit(
        seen: impl Into<Cow<'static, str>>,
        wanted: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            seen: seen.into(),
            wanted: wanted.into(),
            explicit: false,
            instead_of: Cow::Borrowed(""),
        }
    }
}

/// The first of some things, and how many more there are.
pub(crate) fn list<T: Display>(things: impl IntoIterator<Item = T>) -> String {
    let mut things = things.into_iter();
    let first: Vec<String> = things
        .by_ref()
        .take(MOST)
        .map(|thing| thing.to_string())
        .collect();
    if first.is_empty() {
        return "none".to_owned();
    }
    let first = first.join(", ");
    match things.count() {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// A time as documents write it.
pub(crate) fn time(at: UnixTime) -> String {
    // A float too large for it saturates, and is no time then.
    let milliseconds = (at.seconds() * 1000.0) as i64;
    Timestamp::from_millisecond(milliseconds)
        .map_or_else(|_| format!("{} s", at.seconds()), |at| at.to_string())
}

/// An address, which may be unknown.
pub(crate) fn address(address: Option<IpAddr>) -> String {
    address.map_or_else(
        || "an unknown address".to_owned(),
        |address| address.to_string(),
    )
}

/// Things of a list that are told.
const MOST: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_told_by_its_first_and_their_number() {
        assert_eq!(list(0..3), "0, 1, 2");
        assert_eq!(list(0..12), "0, 1, 2, 3, 4, 5, 6, 7 and 4 more");
        assert_eq!(list(0..0), "none");
    }

    #[test]
    fn a_time_is_told_as_documents_write_it_however_far_away() {
        assert_eq!(
            time(UnixTime::from_secs(1_767_225_600)),
            "2026-01-01T00:00:00Z"
        );
        let far = UnixTime::from_secs(0).plus(UnixTime::LIMIT);
        assert_eq!(time(far), "9007199254740992 s");
    }
}
