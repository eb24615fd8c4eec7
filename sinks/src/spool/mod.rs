//! Events on disk, from when they are taken until their receiver has acknowledged them.
//!
//! A spool is a folder. In it is one folder for each stream: segments of events, how far they are delivered, and a lock. A process appends to one
//! stream, the one that the process before it left, so that sequence numbers go on; while two processes hand over, each has its own. What
//! the other one left behind is delivered too.

mod appender;
mod aside;
mod damaged;
mod durable;
mod frame;
mod given_up;
mod position;
mod rejected;
mod segment;
mod source;
mod stream;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use appender::Appender;
pub(crate) use aside::line as kept_line;
use damaged::Damaged;
pub(crate) use given_up::GivenUp;
pub(crate) use rejected::Rejected;
pub(crate) use source::{Batch, Source, Spooled};
use stream::Stream;

use crate::status::Status;

/// Both ends of a spool.
pub(crate) struct Spool {
    pub(crate) appender: Appender,
    pub(crate) source: Source,
}

impl Spool {
    /// Opens the folder, which is made where it is missing.
    pub(crate) fn open(
        folder: &Path,
        size: u64,
        sync: bool,
        status: &Arc<Status>,
    ) -> io::Result<Self> {
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("`{}`: {error}", folder.display()))
        };
        let (mut own, left) = streams(folder, sync, status).map_err(named)?;
        let segment_size = (size / SEGMENTS).clamp(SMALLEST_SEGMENT, LARGEST_SEGMENT);
        let appender =
            Appender::new(folder, &mut own, [size, segment_size], sync, status).map_err(named)?;
        let damaged = Damaged::of(folder, size);
        let source = Source::new(damaged, own, left, sync, status).map_err(named)?;
        Ok(Self { appender, source })
    }
}

/// Events that wait in a spool that may be somebody else's.
///
/// # Errors
/// It is no folder, or cannot be read.
pub(crate) fn waiting(folder: &Path) -> io::Result<u64> {
    let mut events = 0;
    for stream in folders(folder)? {
        events += Stream::waiting(&stream)?;
    }
    Ok(events)
}

/// Whether another process sends from a spool: not a look that disturbs it.
///
/// # Errors
/// It is no folder, or cannot be read.
pub(crate) fn is_held(folder: &Path) -> io::Result<bool> {
    for stream in folders(folder)? {
        if Stream::is_held(&stream)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the disk, or what of it is ours, is full.
fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// The stream to append to, and those before it that nobody has any more, the oldest first.
fn streams(folder: &Path, sync: bool, status: &Arc<Status>) -> io::Result<(Stream, Vec<Stream>)> {
    durable::make_folder(folder, sync)?;
    let mut free = Vec::new();
    for path in folders(folder)? {
        free.extend(Stream::open(path, sync, status)?);
    }
    let own = match free.pop() {
        Some(latest) => latest,
        None => Stream::make(folder, sync, status)?,
    };
    Ok((own, free))
}

/// Folders of streams, the oldest first: their names begin with the time.
fn folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // Ours alone: a stream that is delivered is deleted whole.
        if stream::is_name(&entry.file_name()) && entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}

/// What is delivered is deleted by whole segments, so that a spool has room again when this part of it is delivered.
const SEGMENTS: u64 = 16;

/// Events of the largest size fit.
const SMALLEST_SEGMENT: u64 = 64 << 10;

/// Soon read again after a crash.
const LARGEST_SEGMENT: u64 = 16 << 20;

#[cfg(test)]
mod tests;
