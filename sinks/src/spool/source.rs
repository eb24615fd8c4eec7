//! The end of a spool that events are sent from.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::damaged::Damaged;
use super::segment::{self, SegmentReader};
use super::stream::Stream;
use crate::status::Status;

/// Gives events in the order in which they were taken, the same ones again until they are acknowledged.
#[derive(Debug)]
pub(crate) struct Source {
    damaged: Damaged,
    own: Stream,
    /// What processes before this one left, the oldest first.
    left: VecDeque<Stream>,
    /// The disk confirms how far streams are delivered.
    sync: bool,
    status: Arc<Status>,
    reader: Option<Reader>,
    /// Segments before this one's are deleted.
    oldest: u64,
}

/// Where reading stands.
#[derive(Debug)]
struct Reader {
    segment: SegmentReader,
    /// The number of its first event.
    first: u64,
    /// The number of the event that is read next.
    next: u64,
}

/// Events that are to be sent together.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The stream that they are of.
    pub(crate) stream: Arc<str>,
    /// In order, without a gap.
    pub(crate) events: Vec<Spooled>,
    /// Events that cannot be read any more; then there are no others.
    pub(crate) lost: u64,
    /// What is to be acknowledged when all are delivered.
    pub(crate) next: u64,
}

/// An event in a spool.
#[derive(Clone, Debug)]
pub(crate) struct Spooled {
    /// Counts the stream's events from 1.
    pub(crate) sequence: u64,
    /// When it was taken, in milliseconds since 1970.
    pub(crate) taken: i64,
    /// A line without its line feed.
    pub(crate) line: Vec<u8>,
}

impl Source {
    pub(super) fn new(
        damaged: Damaged,
        own: Stream,
        left: Vec<Stream>,
        sync: bool,
        status: &Arc<Status>,
    ) -> io::Result<Self> {
        let mut source = Self {
            damaged,
            own,
            left: left.into(),
            sync,
            status: Arc::clone(status),
            reader: None,
            oldest: 0,
        };
        source.damaged.weigh(status)?;
        let bytes = source.damaged.bytes();
        if bytes > 0 {
            tracing::warn!(
                spool = %source.damaged.spool().display(),
                bytes,
                "sign-ins: what the disk has damaged takes room of the spool; look at `*.damaged` there, and take it away"
            );
        }
        Ok(source)
    }

    /// The next events that are not acknowledged, the same ones until they are: at most so many, and not more bytes than that where there are
    /// several. Without events, and with none lost, there is nothing to send.
    pub(crate) fn batch(&mut self, most: usize, most_bytes: usize) -> io::Result<Batch> {
        self.leave_what_is_delivered()?;
        let stream = self.left.front().unwrap_or(&self.own);
        let end = stream.end.get();
        let mut batch = Batch {
            stream: Arc::clone(&stream.name),
            next: stream.position.next(),
            ..Batch::default()
        };
        let mut reader = self
            .reader
            .take()
            .filter(|reader| reader.next == batch.next);
        let mut bytes = 0;
        while batch.next < end && batch.events.len() < most && bytes < most_bytes {
            if reader.is_none() {
                reader = Reader::at(&stream.folder, batch.next)?;
            }
            if let Some(at) = &mut reader
                && let Some((taken, line)) = at.next()?
            {
                bytes += line.len();
                batch.events.push(Spooled {
                    sequence: batch.next,
                    taken,
                    line,
                });
                batch.next += 1;
                continue;
            }
            // The segment is over, or cannot be read any further.
            let read = reader.take().map(|reader| reader.first);
            let following = segment::following(&stream.folder, batch.next, read)?;
            let next = following.unwrap_or(end);
            if next == batch.next {
                continue;
            }
            // What is before it is to be delivered first: as long as it is not, it must stay where it is found.
            if batch.events.is_empty() {
                batch.lost = next - batch.next;
                batch.next = next;
                tracing::error!(
                    spool = %self.damaged.spool().display(),
                    "sign-ins: {} events of the spool cannot be read and are lost",
                    batch.lost
                );
                // It goes on taking its room.
                let first = batch.next - batch.lost;
                let bytes = segment::keep_aside(self.damaged.spool(), stream, first)?;
                self.damaged.grew(bytes, &self.status)?;
            }
            break;
        }
        let oldest = batch.events.first().map_or(0, |event| event.taken);
        self.status.set_oldest(oldest);
        self.reader = reader;
        Ok(batch)
    }

    /// Everything before this one, of the stream that the last batch is of, is delivered or kept elsewhere.
    pub(crate) fn acknowledge(&mut self, next: u64) -> io::Result<()> {
        let stream = self.left.front_mut().unwrap_or(&mut self.own);
        self.status
            .went(next.saturating_sub(stream.position.next()));
        let moved = stream.position.move_to(next);
        // The one that is read is not over yet.
        let reading = self.reader.as_ref().map_or(next, |reader| reader.first);
        if self.oldest < reading {
            self.oldest = reading;
            // Before anything else is told: it makes room.
            delete_before(&stream.folder, next, &self.status)?;
        }
        match moved {
            Err(error) if super::is_full(&error) => Ok(()),
            result => result,
        }
    }

    /// Between batches: looks for streams that another process has left meanwhile, and deletes what is over by now.
    pub(crate) fn look_around(&mut self) -> io::Result<()> {
        self.damaged.weigh(&self.status)?;
        let first = delete_before(&self.own.folder, self.own.position.next(), &self.status)?;
        // A file that is open takes its room as long.
        self.reader.take_if(|reader| reader.first < first);
        for folder in super::folders(self.damaged.spool())? {
            let is_ours = |stream: &Stream| stream.folder == folder;
            if is_ours(&self.own) || self.left.iter().any(is_ours) {
                continue;
            }
            if let Some(stream) = Stream::open(folder, self.sync, &self.status)? {
                self.left.push_back(stream);
                // It stands in another stream.
                (self.reader, self.oldest) = (None, 0);
            }
        }
        Ok(())
    }

    fn leave_what_is_delivered(&mut self) -> io::Result<()> {
        while let Some(stream) = self
            .left
            .pop_front_if(|stream| stream.position.next() >= stream.end.get())
        {
            stream.delete(&self.status)?;
            (self.reader, self.oldest) = (None, 0);
        }
        Ok(())
    }
}

impl Reader {
    /// At this event; `None` where its segment is gone, or something before it cannot be read.
    fn at(folder: &Path, event: u64) -> io::Result<Option<Self>> {
        let firsts = segment::all(folder)?;
        let Some(first) = firsts.into_iter().rfind(|first| *first <= event) else {
            return Ok(None);
        };
        let mut reader = Self {
            segment: SegmentReader::open(&segment::path(folder, first))?,
            first,
            next: first,
        };
        while reader.next < event {
            if reader.next()?.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(reader))
    }

    fn next(&mut self) -> io::Result<Option<(i64, Vec<u8>)>> {
        let found = self.segment.next()?;
        self.next += u64::from(found.is_some());
        Ok(found)
    }
}

/// Deletes segments whose events are all before this one. Answers the first that is left.
fn delete_before(folder: &Path, next: u64, status: &Status) -> io::Result<u64> {
    let firsts = segment::all(folder)?;
    let mut left = firsts.first().copied().unwrap_or(0);
    for (first, end) in firsts.iter().zip(firsts.iter().skip(1)) {
        if *end > next {
            break;
        }
        let path = segment::path(folder, *first);
        let bytes = fs::metadata(&path)?.len();
        fs::remove_file(&path)?;
        status.shrank(bytes);
        left = *end;
    }
    Ok(left)
}
