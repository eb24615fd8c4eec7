//! The lines of a block, packed some at a time: what they have in common stands in a dictionary beside them, so that one is read without many others.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

use rusqlite::Connection;

use super::block::Row;
use super::bytes::{Packer, Rest, Unpacker, put_number, put_text};
use super::error::{Broken, Stop};
use super::segment;

/// Lines that are packed together. Measured: fewer take more room, more take longer to read one of.
const CHUNK: usize = 16;

/// The same where there is no dictionary, as in files of before.
pub(super) const CHUNK_OF_BEFORE: usize = 64;

/// Lines of which a dictionary is made.
const SAMPLES: usize = 16;

/// The lines of a block as they are written.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) dictionary: Vec<u8>,
    pub(super) chunks: Vec<Vec<u8>>,
}

impl Packed {
    pub(super) fn of(rows: &[Row], packer: &mut Packer) -> Result<Self, Broken> {
        let mut samples = Vec::new();
        let apart = rows.len().div_ceil(SAMPLES).max(CHUNK);
        for row in rows.iter().step_by(apart) {
            samples.extend_from_slice(row.line.as_bytes());
        }
        let mut dictionary = Vec::new();
        put_number(&mut dictionary, CHUNK as u64);
        dictionary.extend(packer.pack(&samples)?);
        let mut packer = Packer::knowing(&samples)?;
        let mut chunks = Vec::with_capacity(rows.len().div_ceil(CHUNK));
        let mut text = Vec::new();
        for rows in rows.chunks(CHUNK) {
            text.clear();
            for row in rows {
                put_text(&mut text, Some(&row.line));
            }
            chunks.push(packer.pack(&text)?);
        }
        Ok(Self { dictionary, chunks })
    }
}

/// Reads lines of a file.
pub(super) struct Reader {
    plain: Unpacker,
    knowing: Unpacker,
    /// The block whose dictionary that knows.
    known: Option<i64>,
    blocks: HashMap<i64, Read>,
}

/// What was read of a block: those that overlap are read by turns.
struct Read {
    dictionary: Option<Dictionary>,
    last: Option<(usize, Lines)>,
}

struct Dictionary {
    chunk: usize,
    samples: Vec<u8>,
}

impl Reader {
    pub(super) fn new() -> Result<Self, Broken> {
        Ok(Self {
            plain: Unpacker::new()?,
            knowing: Unpacker::new()?,
            known: None,
            blocks: HashMap::new(),
        })
    }

    pub(super) fn line(
        &mut self,
        connection: &Connection,
        block: i64,
        row: usize,
    ) -> Result<&str, Stop> {
        if self.blocks.len() >= MOST_BLOCKS && !self.blocks.contains_key(&block) {
            self.blocks.clear();
        }
        let read = match self.blocks.entry(block) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(place) => {
                let packed = segment::dictionary(connection, block)?;
                let dictionary = match packed {
                    None => None,
                    Some(packed) => Some(Dictionary::unpack(&packed, &mut self.plain)?),
                };
                place.insert(Read {
                    dictionary,
                    last: None,
                })
            }
        };
        let size = read
            .dictionary
            .as_ref()
            .map_or(CHUNK_OF_BEFORE, |dictionary| dictionary.chunk);
        let (chunk, line) = (row / size, row % size);
        if read.last.as_ref().is_none_or(|(last, _)| *last != chunk) {
            let packed = segment::chunk(connection, block, chunk)?;
            let lines = match &read.dictionary {
                None => Lines::unpack(&packed, &mut self.plain)?,
                Some(dictionary) => {
                    if self.known != Some(block) {
                        self.knowing.know(&dictionary.samples)?;
                        self.known = Some(block);
                    }
                    Lines::unpack(&packed, &mut self.knowing)?
                }
            };
            read.last = Some((chunk, lines));
        }
        read.last
            .as_ref()
            .and_then(|(_, lines)| lines.get(line))
            .ok_or(Stop::Broken("a line is missing"))
    }
}

impl Dictionary {
    fn unpack(packed: &[u8], unpacker: &mut Unpacker) -> Result<Self, Broken> {
        let mut rest = Rest(packed);
        let chunk = usize::try_from(rest.number()?).map_err(|_| Broken)?;
        if chunk == 0 {
            return Err(Broken);
        }
        Ok(Self {
            chunk,
            samples: unpacker.unpack(rest.0)?,
        })
    }
}

/// The lines of a chunk, of which most are not asked for.
#[derive(Debug)]
struct Lines {
    bytes: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Lines {
    fn unpack(packed: &[u8], unpacker: &mut Unpacker) -> Result<Self, Broken> {
        let bytes = unpacker.unpack(packed)?;
        let mut rest = Rest(&bytes);
        let mut places = Vec::with_capacity(CHUNK_OF_BEFORE);
        while !rest.is_empty() {
            let length = rest.bytes()?.ok_or(Broken)?.len();
            let end = bytes.len() - rest.0.len();
            places.push(end - length..end);
        }
        Ok(Self { bytes, places })
    }

    fn get(&self, line: usize) -> Option<&str> {
        let line = self.bytes.get(self.places.get(line)?.clone())?;
        std::str::from_utf8(line).ok()
    }
}

/// Blocks of which a chunk is kept while those that overlap are read: less than a hundred kilobytes each.
const MOST_BLOCKS: usize = 64;
