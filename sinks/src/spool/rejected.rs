//! Events that a receiver refuses for good, one here and one there: kept for people, so that what comes behind them goes on.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::aside::{Aside, LEAST, line};
use super::source::Spooled;

/// The file of them, and the one before it: the latest are kept.
#[derive(Debug)]
pub(crate) struct Rejected {
    file: Aside,
    /// Where the file goes when it is large, over the one before it.
    older: PathBuf,
    /// Bytes that one file may have.
    most: u64,
}

impl Rejected {
    /// Of a spool of this size: both files together take as much again at most. They take nothing of its room, for what is refused must not
    /// keep out what is not.
    pub(crate) fn new(spool: &Path, size: u64) -> Self {
        Self {
            file: Aside::new(spool, "rejected.jsonl"),
            older: spool.join("rejected.older.jsonl"),
            most: (size / 2).max(LEAST),
        }
    }

    /// Keeps events.
    ///
    /// # Errors
    /// The disk takes no more: not all of them are kept, and they must not be given up.
    pub(crate) fn keep<'a>(
        &self,
        events: impl IntoIterator<Item = &'a Spooled>,
        reason: &str,
    ) -> io::Result<()> {
        let mut used = self.file.bytes()?;
        let mut lines = String::new();
        for event in events {
            let line = line(event, reason);
            let before = used + lines.len() as u64;
            if before > 0 && before + line.len() as u64 > self.most {
                if !lines.is_empty() {
                    self.file.append(&lines)?;
                    lines.clear();
                }
                self.turn_over()?;
                used = 0;
            }
            lines.push_str(&line);
        }
        self.file.append(&lines)
    }

    fn turn_over(&self) -> io::Result<()> {
        fs::rename(self.file.path(), &self.older)?;
        tracing::warn!(
            file = %self.older.display(),
            "sign-ins: there are many refused events; the oldest are kept in this file, over older ones"
        );
        Ok(())
    }

    /// Where they are.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(filler: usize) -> Spooled {
        Spooled {
            sequence: 1,
            taken: 0,
            line: "x".repeat(filler).into_bytes(),
        }
    }

    fn sizes(rejected: &Rejected) -> [u64; 2] {
        let files = [rejected.path(), rejected.older.as_path()];
        files.map(|file| fs::metadata(file).map_or(0, |file| file.len()))
    }

    #[test]
    fn rejected_events_are_bounded_and_the_latest_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let rejected = Rejected {
            most: 2_000,
            ..Rejected::new(folder.path(), 0)
        };
        for number in 0..50 {
            rejected
                .keep([&event(300)], &format!("number {number}"))
                .unwrap();
        }
        let text = fs::read_to_string(rejected.path()).unwrap();
        assert!(text.contains("number 49"), "{text}");
        let sizes = sizes(&rejected);
        assert!(sizes.iter().all(|size| *size <= 2_000), "{sizes:?}");
    }

    #[test]
    fn a_large_batch_is_kept_whole_and_within_the_bound_in_a_small_spool_too() {
        let folder = tempfile::tempdir().unwrap();
        let rejected = Rejected::new(folder.path(), 1 << 20);
        let batch = vec![event(8_000); 100];
        let mut last = 0;
        for number in 0..20 {
            rejected.keep(&batch, &format!("batch {number}")).unwrap();
            last = number;
            let sizes = sizes(&rejected);
            assert!(sizes.iter().all(|size| *size <= LEAST), "{sizes:?}");
        }
        let files = [rejected.older.as_path(), rejected.path()];
        let all: String = files.map(|file| fs::read_to_string(file).unwrap()).concat();
        assert_eq!(all.matches(&format!("batch {last}\"")).count(), 100);
    }
}
