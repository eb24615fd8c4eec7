//! How far a stream is delivered, kept over crashes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::durable;

/// The first sequence number that is not delivered.
///
/// Written in turn to two places, each with a checksum: a crash in the middle of one leaves the other, and a few events are sent again.
#[derive(Debug)]
pub(super) struct Position {
    file: File,
    path: PathBuf,
    /// Each move is confirmed by the disk.
    sync: bool,
    next: u64,
    /// Which place is written next.
    turn: bool,
}

impl Position {
    /// Opens the file; a new one begins at 1.
    pub(super) fn open(path: &Path, sync: bool) -> io::Result<Self> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let mut bytes = [0; 2 * SLOT];
        let mut length = 0;
        while let Some(rest) = bytes.get_mut(length..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, length as u64)? {
                0 => break,
                more => length += more,
            }
        }
        if length < bytes.len() {
            // Its place on the disk is taken now: when the disk is full, delivering must not need any.
            file.write_all_at(&bytes, 0)?;
            if sync {
                durable::content(&file, path)?;
            }
        }
        let [first, second] = both(&bytes);
        Ok(Self {
            file,
            path: path.to_owned(),
            sync,
            next: first.max(second).unwrap_or(1),
            // Over the older one.
            turn: first > second,
        })
    }

    /// The first that is not delivered, of a file that is somebody else's.
    pub(super) fn look(path: &Path) -> io::Result<u64> {
        let [first, second] = both(&std::fs::read(path)?);
        Ok(first.max(second).unwrap_or(1))
    }

    /// The first that is not delivered.
    pub(super) const fn next(&self) -> u64 {
        self.next
    }

    /// Everything before this one is delivered, also where the disk does not keep it: then some is sent again after a restart.
    pub(super) fn move_to(&mut self, next: u64) -> io::Result<()> {
        self.next = next;
        let mut slot = [0; SLOT];
        let number = next.to_le_bytes();
        let sum = crc32fast::hash(&number).to_le_bytes();
        let bytes = number.into_iter().chain(sum);
        slot.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        let at = if self.turn { SLOT as u64 } else { 0 };
        self.file.write_all_at(&slot, at)?;
        self.turn = !self.turn;
        if self.sync {
            durable::content(&self.file, &self.path)?;
        }
        Ok(())
    }

    /// Takes for delivered what is no more there to be delivered.
    pub(super) const fn skip_to(&mut self, first: u64) {
        if self.next < first {
            self.next = first;
        }
    }
}

fn both(bytes: &[u8]) -> [Option<u64>; 2] {
    let (first, second) = bytes.split_at(bytes.len().min(SLOT));
    [read(first), read(second)]
}

fn read(slot: &[u8]) -> Option<u64> {
    let (number, rest) = slot.split_first_chunk::<8>()?;
    let sum = rest.first_chunk::<4>()?;
    let number_of = u64::from_le_bytes(*number);
    (number_of > 0 && crc32fast::hash(number) == u32::from_le_bytes(*sum)).then_some(number_of)
}

const SLOT: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_kept_and_one_that_was_half_written_is_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("delivered");
        let mut position = Position::open(&path, false).unwrap();
        assert_eq!(position.next(), 1);
        for next in [5, 9, 12] {
            position.move_to(next).unwrap();
            assert_eq!(Position::open(&path, false).unwrap().next(), next);
        }
        let mut bytes = std::fs::read(&path).unwrap();
        // The latest stands in the first place; whichever is damaged, the other counts.
        bytes[2] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let mut position = Position::open(&path, false).unwrap();
        assert_eq!(position.next(), 9);
        position.move_to(10).unwrap();
        assert_eq!(Position::open(&path, false).unwrap().next(), 10);
    }
}
