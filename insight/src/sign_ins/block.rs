//! Some thousand events, column by column, and their lines in chunks: what is found by one column is read without the others.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;

use super::bytes::{Packer, Rest, Unpacker, put_number, put_signed, put_text};
use super::column::Column;
use super::error::Broken;
use super::event::Facts;
use super::lines::Packed;

/// Events of a block. Its columns are read as a whole, at some microseconds each.
pub(super) const MOST: usize = 4096;

/// `createdDateTime`.
pub(super) const AT: u8 = 128;
/// See [`Facts::requests`].
pub(super) const REQUESTS: u8 = 129;

/// An event with its line.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) facts: Facts,
    pub(super) line: Box<str>,
}

/// A block as it is written.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) events: usize,
    pub(super) first_at: i64,
    pub(super) last_at: i64,
    /// By number.
    pub(super) columns: Vec<(u8, Vec<u8>)>,
    pub(super) lines: Packed,
}

impl Block {
    /// The block of these rows, which are in their order.
    pub(super) fn of(rows: &[Row], packer: &mut Packer) -> Result<Self, Broken> {
        let mut columns = Vec::with_capacity(Column::KEPT.len() + 4);
        for column in Column::KEPT {
            let values = rows.iter().map(|row| row.facts.value(column));
            columns.push((column.number(), packer.pack(&values_as_bytes(values))?));
        }
        for column in Column::QUICK {
            let quick = rows
                .iter()
                .map(|row| quick(column, row.facts.value(column)));
            let bytes: Vec<u8> = quick.flat_map(u32::to_le_bytes).collect();
            columns.push((column.quick_number(), packer.pack(&bytes)?));
        }
        let (mut at, mut requests) = (Vec::new(), Vec::new());
        let (mut ids, mut correlations) = (Vec::new(), Vec::new());
        let mut before = 0;
        for Row { facts, .. } in rows {
            put_signed(&mut at, facts.at - before);
            before = facts.at;
            put_number(&mut requests, facts.requests);
            ids.extend_from_slice(&facts.id.to_le_bytes());
            correlations.extend_from_slice(&facts.correlation.to_le_bytes());
        }
        columns.push((AT, packer.pack(&at)?));
        columns.push((REQUESTS, packer.pack(&requests)?));
        columns.push((Column::Id.number(), packer.pack(&ids)?));
        columns.push((Column::CorrelationId.number(), packer.pack(&correlations)?));
        Ok(Self {
            events: rows.len(),
            first_at: rows.first().map_or(0, |row| row.facts.at),
            last_at: rows.last().map_or(0, |row| row.facts.at),
            columns,
            lines: Packed::of(rows, packer)?,
        })
    }
}

/// A column's values, each kept once, and which of them each row has.
#[derive(Debug)]
pub(super) struct Values {
    bytes: Vec<u8>,
    /// Where each of the values stands in the bytes; `null` nowhere.
    distinct: Vec<Option<Range<usize>>>,
    codes: Codes,
}

/// Where the codes begin in the bytes.
#[derive(Clone, Copy, Debug)]
enum Codes {
    /// All rows have the one value there is.
    Same,
    /// Each row has its own.
    Own,
    Small(usize),
    Large(usize),
}

impl Values {
    pub(super) fn unpack(packed: &[u8], unpacker: &mut Unpacker) -> Result<Self, Broken> {
        let bytes = unpacker.unpack(packed)?;
        let mut rest = Rest(&bytes);
        let kind = rest.number()?;
        let count = rest.count()?;
        let mut distinct = Vec::with_capacity(count);
        for _ in 0..count {
            let length = rest.bytes()?.map(<[u8]>::len);
            let end = bytes.len() - rest.0.len();
            distinct.push(length.map(|length| end - length..end));
        }
        let begin = bytes.len() - rest.0.len();
        let codes = match kind {
            SAME => Codes::Same,
            OWN => Codes::Own,
            SMALL => Codes::Small(begin),
            LARGE => Codes::Large(begin),
            _ => return Err(Broken),
        };
        Ok(Self {
            bytes,
            distinct,
            codes,
        })
    }

    /// Each value once. Bytes and not texts: to compare some thousand of them takes less than to see that they are texts.
    pub(super) fn distinct(&self) -> impl ExactSizeIterator<Item = Option<&[u8]>> {
        let value = |place: &Option<Range<usize>>| self.bytes.get(place.clone()?);
        self.distinct.iter().map(value)
    }

    /// The same as texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let texts = self.distinct().flatten().map(std::str::from_utf8);
        texts.filter_map(Result::ok)
    }

    /// Which of the distinct values a row has.
    pub(super) fn code(&self, row: usize) -> usize {
        match self.codes {
            Codes::Same => 0,
            Codes::Own => row,
            Codes::Small(begin) => self
                .bytes
                .get(begin + row)
                .map_or(usize::MAX, |code| usize::from(*code)),
            Codes::Large(begin) => {
                let bytes = self
                    .bytes
                    .get(begin + row * 2..)
                    .and_then(<[u8]>::first_chunk);
                bytes.map_or(usize::MAX, |bytes| usize::from(u16::from_le_bytes(*bytes)))
            }
        }
    }

    pub(super) fn value(&self, row: usize) -> Option<&str> {
        let place = self.distinct.get(self.code(row))?.clone()?;
        std::str::from_utf8(self.bytes.get(place)?).ok()
    }

    /// The rows whose value is one of those.
    pub(super) fn rows(&self, events: usize, is: impl Fn(Option<&[u8]>) -> bool) -> Vec<bool> {
        let wanted: Vec<bool> = self.distinct().map(is).collect();
        if !wanted.contains(&true) {
            return vec![false; events];
        }
        (0..events)
            .map(|row| wanted.get(self.code(row)).copied().unwrap_or(false))
            .collect()
    }
}

const SAME: u64 = 0;
const OWN: u64 = 1;
const SMALL: u64 = 2;
const LARGE: u64 = 3;

fn values_as_bytes<'v>(values: impl ExactSizeIterator<Item = Option<&'v str>>) -> Vec<u8> {
    let rows = values.len();
    let mut places: HashMap<Option<&str>, u16, RandomState> = HashMap::default();
    let mut distinct = Vec::new();
    let mut codes = Vec::with_capacity(rows);
    for value in values {
        let place = *places.entry(value).or_insert_with(|| {
            distinct.push(value);
            // A block has fewer rows than there are numbers.
            (distinct.len() - 1) as u16
        });
        codes.push(place);
    }
    let kind = match distinct.len() {
        0 | 1 => SAME,
        all if all == rows => OWN,
        few if few <= 256 => SMALL,
        _ => LARGE,
    };
    let mut out = Vec::with_capacity(rows * 3);
    put_number(&mut out, kind);
    put_number(&mut out, distinct.len() as u64);
    for value in distinct {
        put_text(&mut out, value);
    }
    match kind {
        SMALL => out.extend(codes.iter().map(|code| *code as u8)),
        LARGE => out.extend(codes.iter().flat_map(|code| code.to_le_bytes())),
        _ => {}
    }
    out
}

/// A column of times.
pub(super) fn times(packed: &[u8], unpacker: &mut Unpacker) -> Result<Vec<i64>, Broken> {
    let bytes = unpacker.unpack(packed)?;
    let mut rest = Rest(&bytes);
    let mut times = Vec::with_capacity(MOST);
    let mut at = 0;
    while !rest.is_empty() {
        at += rest.signed()?;
        times.push(at);
    }
    Ok(times)
}

/// A column of counts.
pub(super) fn counts(packed: &[u8], unpacker: &mut Unpacker) -> Result<Vec<u64>, Broken> {
    let bytes = unpacker.unpack(packed)?;
    let mut rest = Rest(&bytes);
    let mut counts = Vec::with_capacity(MOST);
    while !rest.is_empty() {
        counts.push(rest.number()?);
    }
    Ok(counts)
}

/// What tells most values of a column from others, whatever their letter case in ASCII.
fn quick(column: Column, value: Option<&str>) -> u32 {
    value.map_or(0, |value| column.fingerprint(value) as u32)
}

/// The rows of a column of short fingerprints that may have a value: one of some millions has another.
pub(super) fn quick_rows(
    packed: &[u8],
    column: Column,
    value: &str,
    unpacker: &mut Unpacker,
) -> Result<Vec<bool>, Broken> {
    let bytes = unpacker.unpack(packed)?;
    let (found, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        return Err(Broken);
    }
    let wanted = quick(column, Some(value)).to_le_bytes();
    Ok(found.iter().map(|found| *found == wanted).collect())
}

/// What a column has, where it has as many as there are events.
pub(super) fn of_each<T>(events: usize, found: Vec<T>) -> Result<Vec<T>, Broken> {
    if found.len() == events {
        Ok(found)
    } else {
        Err(Broken)
    }
}

/// A column of fingerprints.
pub(super) fn fingerprints(packed: &[u8], unpacker: &mut Unpacker) -> Result<Vec<u64>, Broken> {
    let bytes = unpacker.unpack(packed)?;
    let (numbers, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        return Err(Broken);
    }
    Ok(numbers
        .iter()
        .map(|number| u64::from_le_bytes(*number))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_once_whatever_they_are() {
        let (mut packer, mut unpacker) = (Packer::new().unwrap(), Unpacker::new().unwrap());
        let own: Vec<String> = (0..300).map(|row| row.to_string()).collect();
        let large: Vec<String> = (0..3000).map(|row| (row % 700).to_string()).collect();
        let cases: Vec<Vec<Option<&str>>> = vec![
            vec![],
            vec![None; 5],
            vec![Some("a"), None, Some(""), Some("a")],
            own.iter().map(|text| Some(&**text)).collect(),
            large.iter().map(|text| Some(&**text)).collect(),
        ];
        for case in cases {
            let packed = packer.pack(&values_as_bytes(case.iter().copied())).unwrap();
            let values = Values::unpack(&packed, &mut unpacker).unwrap();
            let read: Vec<Option<&str>> = (0..case.len()).map(|row| values.value(row)).collect();
            assert_eq!(read, case);
        }
    }
}
