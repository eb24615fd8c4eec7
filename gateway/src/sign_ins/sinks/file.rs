//! Events in a file of JSON lines, rotated by size.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crossgate_config::Rotation;

use super::{Failed, Sink, write_counted};

/// Appends to a file.
///
/// The file is left with whole lines only: what a failed write or a crash left behind of a line is cut off before
/// more is appended.
#[derive(Debug)]
pub(crate) struct FileSink {
    path: PathBuf,
    rotation: Rotation,
    sync: bool,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    length: u64,
    /// Not a pipe or a device: it can be cut.
    regular: bool,
    /// A part of a line stands behind `length` and must be cut off first.
    torn: bool,
}

impl FileSink {
    pub(crate) fn open(path: PathBuf, rotation: Rotation, sync: bool) -> io::Result<Self> {
        let open = Some(Open::at(&path)?.durable(&path, sync)?);
        Ok(Self {
            path,
            rotation,
            sync,
            open,
        })
    }

    /// The file to append to, opened again where somebody moved it away.
    fn current(&mut self) -> io::Result<&mut Open> {
        let in_place = self
            .open
            .as_ref()
            .is_some_and(|open| open.stands_at(&self.path));
        if !in_place {
            self.open = None;
        }
        let open = match self.open.take() {
            Some(open) => open,
            None => Open::at(&self.path)?.durable(&self.path, self.sync)?,
        };
        let open = self.open.insert(open);
        open.mend()?;
        Ok(open)
    }

    fn append(&mut self, lines: &[u8]) -> Result<(), Failed> {
        let sync = self.sync;
        let open = self.current().map_err(nothing_written)?;
        match write_counted(&mut open.file, lines) {
            Ok(()) if sync => open.file.sync_data().map_err(|error| {
                // What the disk did not confirm may be gone: write it again, after cutting what may be there.
                open.torn = open.regular;
                nothing_written(error)
            })?,
            Ok(()) => {}
            Err(failed) if !open.regular => return Err(failed),
            Err(failed) => {
                let done = lines.get(..failed.written).unwrap_or_default();
                let whole = end_of_last_line(done);
                open.length += whole as u64;
                open.torn = whole < failed.written;
                return Err(Failed {
                    written: whole,
                    ..failed
                });
            }
        }
        open.length += lines.len() as u64;
        Ok(())
    }

    /// Makes `FILE` the first of the kept ones, `FILE.1`, and forgets the oldest.
    fn rotate(&mut self) -> io::Result<()> {
        self.open = None;
        let numbered = |number: usize| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        };
        if self.rotation.keep == 0 {
            return fs::remove_file(&self.path);
        }
        for number in (1..self.rotation.keep).rev() {
            match fs::rename(numbered(number), numbered(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        fs::rename(&self.path, numbered(1))
    }
}

impl Sink for FileSink {
    fn write(&mut self, lines: &[u8]) -> Result<(), Failed> {
        let mut written = 0;
        let after = |written: usize| {
            move |failed: Failed| Failed {
                written: written + failed.written,
                ..failed
            }
        };
        while let Some(rest) = lines.get(written..).filter(|rest| !rest.is_empty()) {
            let limit = self.rotation.size;
            let open = self
                .current()
                .map_err(nothing_written)
                .map_err(after(written))?;
            let room = usize::try_from(limit.saturating_sub(open.length)).unwrap_or(usize::MAX);
            let fits = if open.regular {
                end_of_last_line(rest.get(..room.min(rest.len())).unwrap_or_default())
            } else {
                rest.len()
            };
            let part = match (fits, open.length) {
                // A line longer than a whole file still goes somewhere.
                (0, 0) => rest
                    .iter()
                    .position(|byte| *byte == b'\n')
                    .map_or(rest.len(), |end| end + 1),
                (0, _) => {
                    self.rotate()
                        .map_err(nothing_written)
                        .map_err(after(written))?;
                    continue;
                }
                (fits, _) => fits,
            };
            self.append(rest.get(..part).unwrap_or_default())
                .map_err(after(written))?;
            written += part;
        }
        Ok(())
    }
}

impl Open {
    fn at(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(NEW_FILE)
            .open(path)?;
        let metadata = file.metadata()?;
        let mut open = Self {
            file,
            length: metadata.len(),
            regular: metadata.is_file(),
            torn: false,
        };
        if open.regular {
            let whole = end_of_whole_lines(path, open.length)?;
            open.torn = whole < open.length;
            open.length = whole;
            open.mend()?;
        }
        Ok(open)
    }

    /// Its name is on the disk, where that is asked for.
    fn durable(self, path: &Path, sync: bool) -> io::Result<Self> {
        if sync && self.regular {
            sync_directory(path)?;
        }
        Ok(self)
    }

    /// Cuts off a part of a line.
    fn mend(&mut self) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.length)?;
            self.torn = false;
        }
        Ok(())
    }

    fn stands_at(&self, path: &Path) -> bool {
        let (Ok(there), Ok(here)) = (fs::metadata(path), self.file.metadata()) else {
            return false;
        };
        (there.dev(), there.ino()) == (here.dev(), here.ino())
    }
}

/// Events tell who was where: not for everybody on the machine.
const NEW_FILE: u32 = 0o640;

/// Makes names that were given or taken in this file's directory survive a crash of the machine.
fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        Some(_) | None => File::open(".")?.sync_all(),
    }
}

fn nothing_written(error: io::Error) -> Failed {
    Failed { written: 0, error }
}

/// Bytes up to and with the last line feed.
fn end_of_last_line(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |last| last + 1)
}

/// The same for a file, read from its end.
fn end_of_whole_lines(path: &Path, length: u64) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut end = length;
    let mut buffer = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(64 * 1024);
        file.seek(SeekFrom::Start(start))?;
        buffer.clear();
        (&file).take(end - start).read_to_end(&mut buffer)?;
        let whole = end_of_last_line(&buffer);
        if whole > 0 {
            return Ok(start + whole as u64);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOMY: Rotation = Rotation {
        size: 1 << 20,
        keep: 2,
    };

    fn read(path: &Path) -> String {
        fs::read_to_string(path).unwrap_or_default()
    }

    #[test]
    fn a_part_of_a_line_left_by_a_crash_is_cut_off() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events.jsonl");
        for (left, kept) in [
            ("{\"a\":1}\n{\"b\":", "{\"a\":1}\n"),
            ("{\"b\":", ""),
            ("{\"a\":1}\n", "{\"a\":1}\n"),
        ] {
            fs::write(&path, left).unwrap();
            let mut sink = FileSink::open(path.clone(), ROOMY, true).unwrap();
            sink.write(b"{\"c\":1}\n").unwrap();
            assert_eq!(read(&path), format!("{kept}{{\"c\":1}}\n"));
        }
        let long = "x".repeat(200_000);
        fs::write(&path, format!("{{}}\n{long}")).unwrap();
        drop(FileSink::open(path.clone(), ROOMY, false).unwrap());
        assert_eq!(read(&path), "{}\n");
    }

    #[test]
    fn a_full_file_makes_room_for_a_new_one_and_the_oldest_is_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events.jsonl");
        let rotation = Rotation { size: 8, keep: 2 };
        let mut sink = FileSink::open(path.clone(), rotation, false).unwrap();
        for line in ["111\n", "222\n", "333\n", "444\n", "555\n", "666\n"] {
            sink.write(line.as_bytes()).unwrap();
        }
        sink.write(b"777\n888\n").unwrap();
        let numbered = |number: u32| directory.path().join(format!("events.jsonl.{number}"));
        assert_eq!(read(&path), "777\n888\n");
        assert_eq!(read(&numbered(1)), "555\n666\n");
        assert_eq!(read(&numbered(2)), "333\n444\n");
        assert!(!numbered(3).exists());
    }

    #[test]
    fn one_batch_larger_than_a_file_is_split_between_lines() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events.jsonl");
        let rotation = Rotation { size: 8, keep: 9 };
        let mut sink = FileSink::open(path.clone(), rotation, false).unwrap();
        sink.write(b"11\n22\n33\na line too long\n44\n").unwrap();
        let numbered = |number: u32| read(&directory.path().join(format!("events.jsonl.{number}")));
        assert_eq!(read(&path), "44\n");
        assert_eq!(numbered(1), "a line too long\n");
        assert_eq!(numbered(2), "33\n");
        assert_eq!(numbered(3), "11\n22\n");
    }

    #[test]
    fn where_nothing_is_kept_the_full_file_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events.jsonl");
        let rotation = Rotation { size: 4, keep: 0 };
        let mut sink = FileSink::open(path.clone(), rotation, false).unwrap();
        sink.write(b"111\n222\n").unwrap();
        assert_eq!(read(&path), "222\n");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_was_moved_away_is_begun_anew() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events.jsonl");
        let moved = directory.path().join("moved");
        let mut sink = FileSink::open(path.clone(), ROOMY, false).unwrap();
        sink.write(b"1\n").unwrap();
        fs::rename(&path, &moved).unwrap();
        sink.write(b"2\n").unwrap();
        assert_eq!((read(&moved), read(&path)), ("1\n".into(), "2\n".into()));
    }

    #[test]
    fn a_new_file_is_not_for_everybody() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events.jsonl");
        drop(FileSink::open(path.clone(), ROOMY, true).unwrap());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o007, 0);
    }

    #[test]
    fn a_torn_write_is_cut_before_the_next_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events.jsonl");
        let mut sink = FileSink::open(path.clone(), ROOMY, false).unwrap();
        sink.write(b"1\n").unwrap();
        let open = sink.open.as_mut().unwrap();
        write_counted(&mut open.file, b"{\"half").unwrap();
        open.torn = true;
        sink.write(b"2\n").unwrap();
        assert_eq!(read(&path), "1\n2\n");
    }

    #[test]
    fn a_full_disk_is_told_and_takes_nothing() {
        let mut sink = FileSink::open("/dev/full".into(), ROOMY, false).unwrap();
        let failed = sink.write(b"1\n").unwrap_err();
        assert_eq!(failed.written, 0);
        assert_eq!(failed.error.kind(), io::ErrorKind::StorageFull);
    }
}
