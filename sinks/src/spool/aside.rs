//! Files of events that are not sent, in a spool's folder: kept for people, a line of JSON each: why, and the event as it was taken.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::durable;
use super::source::Spooled;

/// One such file. Somebody may move it away at any time.
#[derive(Debug)]
pub(super) struct Aside {
    spool: PathBuf,
    path: PathBuf,
}

impl Aside {
    pub(super) fn new(spool: &Path, name: &str) -> Self {
        Self {
            spool: spool.to_owned(),
            path: spool.join(name),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What it takes; nothing where it is not there.
    pub(super) fn bytes(&self) -> io::Result<u64> {
        match fs::metadata(&self.path) {
            Ok(file) => Ok(file.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Appends lines: all of them, confirmed by the disk, or none.
    pub(super) fn append(&self, lines: &str) -> io::Result<()> {
        let mut file = self.open()?;
        let before = file.metadata()?.len();
        whole(&mut file, before, |file| {
            file.write_all(lines.as_bytes())?;
            // They are few, and acknowledged next: then nothing else has them.
            file.sync_data()?;
            if before == 0 {
                durable::folder(&self.spool)?;
            }
            Ok(())
        })
    }

    fn open(&self) -> io::Result<File> {
        File::options()
            .append(true)
            .create(true)
            // Events tell who was where: not for everybody on the machine.
            .mode(0o640)
            .open(&self.path)
    }
}

/// What is kept of an event, with its line feed.
pub(crate) fn line(event: &Spooled, reason: &str) -> String {
    let line = String::from_utf8_lossy(&event.line);
    // What is no JSON is kept as a text.
    let kept = serde_json::from_str(&line).unwrap_or_else(|_| json!(line));
    let kept = json!({ "reason": reason, "sequence": event.sequence, "event": kept });
    format!("{kept}\n")
}

/// Bytes that such a file may have in spools that are small themselves: more than one batch takes, with reasons.
pub(super) const LEAST: u64 = 2 << 20;

/// Writes, and where that fails leaves nothing behind what was there before.
fn whole(
    file: &mut File,
    before: u64,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    write(file).inspect_err(|_| {
        if let Err(error) = file.set_len(before) {
            tracing::error!(%error, "sign-ins: half a line is left in a file of events that are kept aside");
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_fails_in_the_middle_leaves_nothing_of_itself() {
        let folder = tempfile::tempdir().unwrap();
        let aside = Aside::new(folder.path(), "a");
        fs::write(aside.path(), "{}\n").unwrap();
        let torn = whole(&mut aside.open().unwrap(), 3, |file| {
            file.write_all(b"{\"half")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert!(torn.is_err());
        aside.append("{\"whole\":1}\n").unwrap();
        let text = fs::read_to_string(aside.path()).unwrap();
        assert_eq!(text, "{}\n{\"whole\":1}\n");
    }
}
