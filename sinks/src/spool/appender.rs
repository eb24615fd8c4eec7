//! The end of a spool that takes events.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::stream::{End, Stream};
use super::{durable, frame, segment};
use crate::Failed;
use crate::status::Status;

/// Appends to a stream.
#[derive(Debug)]
pub(crate) struct Appender {
    spool: PathBuf,
    stream: PathBuf,
    end: End,
    /// The stream's, also where nobody sends from it any more.
    _lock: Arc<File>,
    status: Arc<Status>,
    /// Bytes that the spool may take.
    size: u64,
    segment_size: u64,
    sync: bool,
    open: Option<Open>,
    /// Kept for its room.
    frames: Vec<u8>,
}

/// The segment that is written.
#[derive(Debug)]
struct Open {
    file: File,
    path: PathBuf,
    length: u64,
    /// Something stands behind `length` that must be cut off first.
    torn: bool,
}

impl Appender {
    pub(super) fn new(
        spool: &Path,
        stream: &mut Stream,
        [size, segment_size]: [u64; 2],
        sync: bool,
        status: &Arc<Status>,
    ) -> io::Result<Self> {
        let mut appender = Self {
            spool: spool.to_owned(),
            stream: stream.folder.clone(),
            end: stream.end.clone(),
            _lock: Arc::clone(&stream.lock),
            status: Arc::clone(status),
            size,
            segment_size,
            sync,
            open: None,
            frames: Vec::new(),
        };
        // A segment that the disk has lost a part of is not gone on with: numbers in it must be consecutive.
        if let Some(last) = segment::all(&stream.folder)?.last() {
            let path = segment::path(&stream.folder, *last);
            let good = segment::good(&path)?;
            if last + good.events == stream.end.get() {
                appender.open = Some(Open {
                    file: segment::cut(&path, good.bytes)?,
                    path,
                    length: good.bytes,
                    torn: false,
                });
            }
        }
        Ok(appender)
    }

    /// Appends events, each a line with its line feed.
    pub(crate) fn append(&mut self, lines: &[u8]) -> Result<(), Failed> {
        let taken = Timestamp::now().as_millisecond();
        let mut written = 0;
        while let Some(rest) = lines.get(written..).filter(|rest| !rest.is_empty()) {
            let failed = |error| Failed { written, error };
            let room = self.room().map_err(failed)?;
            let part = self.gather(rest, room, taken);
            if part.events == 0 {
                return Err(failed(self.is_full()));
            }
            if let Err(error) = self.write(part.events) {
                self.leave_full_segment(&error);
                return Err(failed(error));
            }
            written += part.bytes;
        }
        Ok(())
    }

    fn room(&mut self) -> io::Result<Room> {
        // One that could not be read is taken out of the way.
        let is_over = |open: &Open| open.length >= self.segment_size || !open.path.exists();
        if self.open.as_ref().is_some_and(is_over) {
            self.open = None;
        }
        let length = match &self.open {
            Some(open) => open.length,
            None => self.begin()?,
        };
        let used = self.status.bytes();
        Ok(Room {
            spool: self.size.saturating_sub(used),
            segment: self.segment_size.saturating_sub(length),
        })
    }

    fn begin(&mut self) -> io::Result<u64> {
        let path = segment::path(&self.stream, self.end.get());
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            // Events tell who was where: not for everybody on the machine.
            .mode(0o640)
            .open(&path)?;
        if self.sync {
            durable::folder(&self.stream)?;
        }
        self.open = Some(Open {
            file,
            path,
            length: 0,
            torn: false,
        });
        Ok(0)
    }

    /// Makes frames of as many lines as there is room for. The last of a segment may stand over its end.
    fn gather(&mut self, lines: &[u8], room: Room, taken: i64) -> Part {
        self.frames.clear();
        let mut part = Part::default();
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            let event = line.strip_suffix(b"\n").unwrap_or(line);
            let before = self.frames.len() as u64;
            if before >= room.segment || before + frame::size(event) as u64 > room.spool {
                break;
            }
            frame::put(event, taken, &mut self.frames);
            part.events += 1;
            part.bytes += line.len();
        }
        part
    }

    /// On a disk that is full the next segment is begun, so that this one can be deleted when it is delivered.
    fn leave_full_segment(&mut self, error: &io::Error) {
        let is_full = super::is_full(error);
        if is_full && let Some(mut open) = self.open.take_if(|open| open.length > 0) {
            // What cannot be cut off would stand where the next segment's events have their numbers.
            if open.mend().is_err() {
                self.open = Some(open);
            }
        }
    }

    fn is_full(&self) -> io::Error {
        let damaged = match self.status.damaged() {
            0 => String::new(),
            bytes => format!(
                ", and {bytes} of its {} bytes are what the disk has damaged: look at `*.damaged` there, and take it away",
                self.size
            ),
        };
        let message = format!(
            "the spool `{}` is full: its receiver takes no events{damaged}",
            self.spool.display()
        );
        io::Error::new(io::ErrorKind::StorageFull, message)
    }

    fn write(&mut self, events: u64) -> io::Result<()> {
        let Some(open) = &mut self.open else {
            return Err(io::Error::other("no segment is open"));
        };
        open.mend()?;
        open.torn = true;
        open.file.write_all(&self.frames)?;
        if self.sync {
            open.file.sync_data()?;
        }
        open.torn = false;
        let bytes = self.frames.len() as u64;
        open.length += bytes;
        self.status.grew(bytes);
        self.status.came(events);
        self.end.set(self.end.get() + events);
        Ok(())
    }
}

impl Open {
    /// Cuts off what a write that failed has left.
    fn mend(&mut self) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.length)?;
            self.file.seek(SeekFrom::Start(self.length))?;
            self.torn = false;
        }
        Ok(())
    }
}

/// Bytes that may still be written.
#[derive(Clone, Copy, Debug)]
struct Room {
    spool: u64,
    /// More than none.
    segment: u64,
}

/// Lines that were made into frames.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    events: u64,
    bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::super::Spool;
    use super::*;

    #[test]
    fn a_segment_whose_torn_end_cannot_be_cut_off_is_not_left() {
        let folder = tempfile::tempdir().unwrap();
        let status = Arc::new(Status::default());
        let Spool { mut appender, .. } =
            Spool::open(folder.path(), 1 << 20, false, &status).unwrap();
        let full = io::Error::from(io::ErrorKind::QuotaExceeded);
        appender.append(b"one\n").unwrap();
        let open = appender.open.as_mut().unwrap();
        let writable = std::mem::replace(&mut open.file, File::open(&open.path).unwrap());
        open.torn = true;
        appender.leave_full_segment(&full);
        assert!(appender.open.is_some());
        appender.open.as_mut().unwrap().file = writable;
        appender.leave_full_segment(&full);
        assert!(appender.open.is_none());
    }
}
