//! What the disk has damaged of a spool: kept aside for people, within a part of the spool's room.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{segment, stream};
use crate::status::Status;

/// The files of a spool that were kept aside. They take of its room as long as they are left there.
#[derive(Debug)]
pub(super) struct Damaged {
    spool: PathBuf,
    /// Bytes that they may have together.
    most: u64,
    /// Bytes that they had when they were looked at.
    bytes: u64,
}

impl Damaged {
    /// Of a spool of this size: a quarter of it, so that a disk that goes on damaging does not end the sink for good.
    pub(super) fn of(spool: &Path, size: u64) -> Self {
        Self {
            spool: spool.to_owned(),
            most: size / 4,
            bytes: 0,
        }
    }

    /// Where they are.
    pub(super) fn spool(&self) -> &Path {
        &self.spool
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// So many bytes of segments are among them from now on.
    pub(super) fn grew(&mut self, bytes: u64, status: &Status) -> io::Result<()> {
        // The spool has them counted.
        self.bytes += bytes;
        self.weigh(status)
    }

    /// Looks what there is, for somebody may take them away, and lets the oldest go where there are too many.
    pub(super) fn weigh(&mut self, status: &Status) -> io::Result<()> {
        let mut bytes = 0;
        let mut own = Vec::new();
        for entry in fs::read_dir(&self.spool)? {
            let entry = entry?;
            let path = entry.path();
            if path
                .extension()
                .is_none_or(|extension| extension != segment::DAMAGED)
            {
                continue;
            }
            // Somebody may just take it away.
            let size = entry.metadata().map_or(0, |file| file.len());
            bytes += size;
            if is_ours(&path) {
                own.push((path, size));
            }
        }
        // By their names: the time of the stream, and the number in it.
        own.sort();
        for (path, size) in own {
            if bytes <= self.most {
                break;
            }
            match fs::remove_file(&path) {
                Ok(()) => tracing::warn!(
                    file = %path.display(),
                    "sign-ins: the disk has damaged much of the spool; the oldest of it, which could not be read, is deleted"
                ),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                // It goes on taking its room, of which the start and the error of a full spool tell.
                Err(_) => continue,
            }
            bytes -= size;
        }
        status.grew(bytes.saturating_sub(self.bytes));
        status.shrank(self.bytes.saturating_sub(bytes));
        status.set_damaged(bytes);
        self.bytes = bytes;
        Ok(())
    }
}

/// Whether the name is one that a segment gets when it is kept aside.
pub(super) fn is_ours(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem.split_once('-')
        .is_some_and(|(name, first)| stream::is_name(name.as_ref()) && first.parse::<u64>().is_ok())
}
