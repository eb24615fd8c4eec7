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
    path: PathBuf,
}

impl Rejected {
    pub(crate) fn new(spool: &Path) -> Self {
        Self {
            path: spool.join(FILE),
        }
    }

    /// Bytes that it takes: of the spool's size, and until somebody has looked at it and moved it away.
    pub(super) fn size(spool: &Path) -> io::Result<u64> {
        match fs::metadata(spool.join(FILE)) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
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
        let mut file = File::options()
            .append(true)
            .create(true)
            .mode(0o640)
            .open(&self.path)?;
        file.write_all(lines.as_bytes())?;
        // They are few, and acknowledged next: then nothing else has them.
        file.sync_data()
    }

    /// Where they are.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

const FILE: &str = "rejected.jsonl";
