//! Batches that a receiver refuses as a whole, though it takes other events: nobody else has them, so what is kept of them is never written
//! over.

use std::io;
use std::path::Path;

use super::aside::{Aside, LEAST};

/// The file of them. Where it is full, a batch waits until somebody has moved it away.
#[derive(Debug)]
pub(crate) struct GivenUp {
    file: Aside,
    /// Bytes that it may have.
    most: u64,
}

impl GivenUp {
    /// Of a spool of this size: it takes half as much again at most, and nothing of the spool's room.
    pub(crate) fn new(spool: &Path, size: u64) -> Self {
        Self {
            file: Aside::new(spool, "given-up.jsonl"),
            most: (size / 2).max(LEAST),
        }
    }

    /// Whether it takes these lines: an empty file those of any batch.
    ///
    /// # Errors
    /// The file cannot be looked at.
    pub(crate) fn has_room(&self, lines: &str) -> io::Result<bool> {
        let used = self.file.bytes()?;
        Ok(used == 0 || used + lines.len() as u64 <= self.most)
    }

    /// Keeps lines, all of them or none.
    ///
    /// # Errors
    /// The disk takes nothing: they are not kept, and must not be given up.
    pub(crate) fn keep(&self, lines: &str) -> io::Result<()> {
        self.file.append(lines)
    }

    /// Where they are.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_within_the_bound_and_for_one_batch_always() {
        let folder = tempfile::tempdir().unwrap();
        let given_up = GivenUp::new(folder.path(), 1 << 20);
        let batch = "x".repeat(1_000_000);
        let mut kept = 0;
        while given_up.has_room(&batch).unwrap() {
            given_up.keep(&batch).unwrap();
            kept += batch.len() as u64;
        }
        assert!(kept > 0 && kept <= LEAST, "{kept}");
        assert_eq!(given_up.file.bytes().unwrap(), kept);
        std::fs::remove_file(given_up.path()).unwrap();
        assert!(given_up.has_room(&"x".repeat(3 << 20)).unwrap());
    }
}
