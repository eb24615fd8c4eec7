//! Files of a stream: each holds consecutive events, and is named by the first one's sequence number.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::frame;
use super::stream::Stream;

/// The file of events from this one on.
pub(super) fn path(folder: &Path, first: u64) -> PathBuf {
    // As many digits as the largest number has: they sort by name too.
    folder.join(format!("{first:020}.{EXTENSION}"))
}

/// The first sequence numbers of all segments, the lowest first.
pub(super) fn all(folder: &Path) -> io::Result<Vec<u64>> {
    let mut firsts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = Path::new(&name);
        if name
            .extension()
            .is_some_and(|extension| extension == EXTENSION)
            && let Some(first) = name
                .file_stem()
                .and_then(|stem| stem.to_str()?.parse().ok())
        {
            firsts.push(first);
        }
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// What is good of a segment that a crash may have left in the middle of a write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Good {
    pub(super) events: u64,
    pub(super) bytes: u64,
}

/// Reads a segment until something is not whole.
pub(super) fn good(path: &Path) -> io::Result<Good> {
    let mut reader = SegmentReader::open(path)?;
    let mut good = Good {
        events: 0,
        bytes: 0,
    };
    while let Some((_, line)) = reader.next()? {
        good.events += 1;
        good.bytes += frame::size(&line) as u64;
    }
    Ok(good)
}

/// Events that are whole again somewhere behind the first that is not, and as many more as there are gaps between them: none where a crash has
/// only torn the end.
pub(super) fn behind(path: &Path, good: Good) -> io::Result<u64> {
    let bytes = fs::read(path)?;
    let mut rest = usize::try_from(good.bytes)
        .ok()
        .and_then(|at| bytes.get(at..))
        .unwrap_or_default();
    let (mut found, mut gap) = (0, 0);
    while !rest.is_empty() {
        let passed = match frame::first(rest) {
            Some(frame) => {
                found += 1 + gap;
                gap = 0;
                frame.size
            }
            None => {
                gap = 1;
                1
            }
        };
        rest = rest.get(passed..).unwrap_or_default();
    }
    Ok(found)
}

/// Reads the events of a segment one after the other.
#[derive(Debug)]
pub(super) struct SegmentReader {
    file: File,
    /// What was read of the file and not yet given.
    buffer: Vec<u8>,
    /// So much of it was given.
    given: usize,
}

impl SegmentReader {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::open(path)?,
            buffer: Vec::new(),
            given: 0,
        })
    }

    /// When the next event was taken, and its line. `None` where no whole one is there: more may come later.
    pub(super) fn next(&mut self) -> io::Result<Option<(i64, Vec<u8>)>> {
        loop {
            let rest = self.buffer.get(self.given..).unwrap_or_default();
            if let Some(frame) = frame::first(rest) {
                let found = (frame.taken, frame.line.to_vec());
                self.given += frame.size;
                return Ok(Some(found));
            }
            if !self.read_more()? {
                return Ok(None);
            }
        }
    }

    fn read_more(&mut self) -> io::Result<bool> {
        self.buffer.drain(..self.given);
        self.given = 0;
        let before = self.buffer.len();
        let mut part = (&self.file).take(READ_AT_ONCE);
        part.read_to_end(&mut self.buffer)?;
        Ok(self.buffer.len() > before)
    }
}

/// The first sequence number of the next segment that begins with this event or after it, and is not the one that was read.
pub(super) fn following(folder: &Path, event: u64, read: Option<u64>) -> io::Result<Option<u64>> {
    let mut firsts = all(folder)?.into_iter();
    Ok(firsts.find(|first| *first >= event && Some(*first) != read))
}

/// Takes the segment of this event out of the stream, where somebody may look at what is left of it. Answers its bytes.
pub(super) fn keep_aside(spool: &Path, stream: &Stream, event: u64) -> io::Result<u64> {
    let folder = &stream.folder;
    let Some(first) = all(folder)?.into_iter().rfind(|first| *first <= event) else {
        return Ok(0);
    };
    let damaged = path(folder, first);
    let bytes = fs::metadata(&damaged)?.len();
    let aside = spool.join(format!("{}-{first:020}.{DAMAGED}", stream.name));
    fs::rename(&damaged, aside)?;
    Ok(bytes)
}

/// Cuts off what is not whole.
pub(super) fn cut(path: &Path, length: u64) -> io::Result<File> {
    let mut file = File::options().read(true).write(true).open(path)?;
    if file.metadata()?.len() > length {
        file.set_len(length)?;
    }
    file.seek(SeekFrom::Start(length))?;
    Ok(file)
}

const EXTENSION: &str = "events";

/// Of what the disk has damaged.
pub(super) const DAMAGED: &str = "damaged";

const READ_AT_ONCE: u64 = 256 << 10;
