//! Events that a receiver refuses for good: kept for people, so that what comes behind them goes on.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::source::Spooled;

/// The file of them, a line of JSON each: why, and the event as it was taken.
#[derive(Debug)]
pub(crate) struct Rejected {
    spool: PathBuf,
    path: PathBuf,
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
            spool: spool.to_owned(),
            path: spool.join("rejected.jsonl"),
            older: spool.join("rejected.older.jsonl"),
            most: size / 2,
        }
    }

    /// Keeps events.
    ///
    /// # Errors
    /// The disk takes nothing: they are not kept, and must not be given up.
    pub(crate) fn keep<'a>(
        &self,
        events: impl IntoIterator<Item = &'a Spooled>,
        reason: &str,
    ) -> io::Result<()> {
        let mut lines = String::new();
        for event in events {
            // What is no JSON is kept as a text.
            let line = String::from_utf8_lossy(&event.line);
            let kept = serde_json::from_str(&line).unwrap_or_else(|_| json!(line));
            let line = json!({ "reason": reason, "sequence": event.sequence, "event": kept });
            lines.push_str(&line.to_string());
            lines.push('\n');
        }
        let mut file = self.open()?;
        let mut before = file.metadata()?.len();
        if before > 0 && before + lines.len() as u64 > self.most {
            fs::rename(&self.path, &self.older)?;
            tracing::warn!(
                file = %self.older.display(),
                "sign-ins: there are many refused events; the oldest are kept in this file, over older ones"
            );
            file = self.open()?;
            before = 0;
        }
        whole(&mut file, before, |file| {
            file.write_all(lines.as_bytes())?;
            // They are few, and acknowledged next: then nothing else has them.
            file.sync_data()?;
            if before == 0 {
                super::durable::folder(&self.spool)?;
            }
            Ok(())
        })
    }

    /// Whether these fit without anything of before being given up.
    ///
    /// # Errors
    /// The files cannot be looked at.
    pub(crate) fn has_room<'a>(
        &self,
        events: impl IntoIterator<Item = &'a Spooled>,
    ) -> io::Result<bool> {
        if !self.older.try_exists()? {
            return Ok(true);
        }
        let used = match fs::metadata(&self.path) {
            Ok(file) => file.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        let lines = events.into_iter().map(|event| event.line.len() as u64);
        Ok(used + lines.map(|line| line + MOST_BESIDE).sum::<u64>() <= self.most)
    }

    fn open(&self) -> io::Result<File> {
        File::options()
            .append(true)
            .create(true)
            .mode(0o640)
            .open(&self.path)
    }

    /// Where they are.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The reason and the names of the members, beside the event.
const MOST_BESIDE: u64 = 1024;

/// Writes, and where that fails leaves nothing behind what was there before.
fn whole(
    file: &mut File,
    before: u64,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    write(file).inspect_err(|_| {
        if let Err(error) = file.set_len(before) {
            tracing::error!(%error, "sign-ins: half a line is left in the file of refused events");
        }
    })
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

    #[test]
    fn rejected_events_are_bounded_and_the_latest_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let rejected = Rejected::new(folder.path(), 4_000);
        for number in 0..50 {
            rejected
                .keep([&event(300)], &format!("number {number}"))
                .unwrap();
        }
        let text = fs::read_to_string(rejected.path()).unwrap();
        assert!(text.contains("number 49"), "{text}");
        let files = [&rejected.path, &rejected.older];
        let sizes = files.map(|file| fs::metadata(file).unwrap().len());
        assert!(sizes.iter().all(|size| *size <= 2_000), "{sizes:?}");
    }

    #[test]
    fn there_is_room_as_long_as_nothing_of_before_has_to_go() {
        let folder = tempfile::tempdir().unwrap();
        let rejected = Rejected::new(folder.path(), 8_000);
        let mut kept = 0;
        while rejected.has_room([&event(300)]).unwrap() {
            rejected.keep([&event(300)], "first").unwrap();
            kept += 1;
        }
        let files = [&rejected.path, &rejected.older].map(|file| fs::read_to_string(file).unwrap());
        let all = files.iter().map(|text| text.matches("first").count());
        assert_eq!(all.sum::<usize>(), kept);
        fs::remove_file(&rejected.older).unwrap();
        assert!(rejected.has_room([&event(300)]).unwrap());
    }

    #[test]
    fn a_write_that_fails_in_the_middle_leaves_nothing_of_itself() {
        let folder = tempfile::tempdir().unwrap();
        let rejected = Rejected::new(folder.path(), 1 << 20);
        fs::write(rejected.path(), "{}\n").unwrap();
        let mut file = rejected.open().unwrap();
        let torn = whole(&mut file, 3, |file| {
            file.write_all(b"{\"half")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert!(torn.is_err());
        rejected.keep([&event(1)], "why").unwrap();
        let text = fs::read_to_string(rejected.path()).unwrap();
        assert!(text.starts_with("{}\n{\"event\":\"x\""), "{text}");
    }
}
