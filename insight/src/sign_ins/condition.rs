//! Which events are looked for, as far as their columns tell.

use std::collections::HashMap;

use super::block::{self, Values};
use super::bytes::Unpacker;
use super::column::Column;
use super::error::Stop;
use super::event::Facts;
use super::run::Run;

/// What events must be like. Compares as Graph's directory does: without regard to the letter case of ASCII.
///
/// It leaves out no event that is looked for, but may let others in: whoever asks looks at them again.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// All of these hold.
    All(Vec<Condition>),
    /// One of these does.
    Any(Vec<Condition>),
    /// The value is this one; `None` is `null`.
    Is(Column, Option<Box<str>>),
    /// The value is another one.
    IsNot(Column, Option<Box<str>>),
    /// The value begins so.
    Begins(Column, Box<str>),
    /// Columns do not tell.
    Unknown,
}

impl Condition {
    pub(super) fn may_admit(&self, facts: &Facts) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.may_admit(facts)),
            Self::Any(parts) => parts.iter().any(|part| part.may_admit(facts)),
            Self::Is(Column::Id, Some(value)) => facts.id == Column::Id.fingerprint(value),
            Self::Is(Column::CorrelationId, Some(value)) => {
                facts.correlation == Column::CorrelationId.fingerprint(value)
            }
            Self::Is(column, value) => {
                is_fingerprint(*column) || same(value_of(facts, *column), value.as_deref())
            }
            Self::IsNot(column, value) => {
                is_fingerprint(*column) || !same(value_of(facts, *column), value.as_deref())
            }
            Self::Begins(column, start) => {
                is_fingerprint(*column) || begins(value_of(facts, *column), start)
            }
            Self::Unknown => true,
        }
    }

    /// The columns it reads.
    fn rows(&self, of: &mut Columns<'_>) -> Result<Option<Vec<bool>>, Stop> {
        let events = of.events;
        Ok(match self {
            Self::All(parts) => {
                let mut all: Option<Vec<bool>> = None;
                for part in parts {
                    let Some(rows) = part.rows(of)? else {
                        continue;
                    };
                    let rows = match all {
                        None => rows,
                        Some(all) => all.iter().zip(rows).map(|(a, b)| *a && b).collect(),
                    };
                    let none = !rows.contains(&true);
                    all = Some(rows);
                    if none {
                        break;
                    }
                }
                all
            }
            Self::Any(parts) => {
                let mut any = vec![false; events];
                for part in parts {
                    let Some(rows) = part.rows(of)? else {
                        return Ok(None);
                    };
                    for (any, row) in any.iter_mut().zip(rows) {
                        *any |= row;
                    }
                }
                Some(any)
            }
            Self::Is(column @ (Column::Id | Column::CorrelationId), Some(value)) => {
                let wanted = column.fingerprint(value);
                let found = of.fingerprints(*column)?;
                Some(found.iter().map(|found| *found == wanted).collect())
            }
            Self::Is(column, _) | Self::IsNot(column, _) | Self::Begins(column, _)
                if is_fingerprint(*column) =>
            {
                None
            }
            Self::Is(column, value) => {
                if let Some(value) = value
                    && let Some(rows) = of.quick_rows(*column, value)?
                {
                    return Ok(Some(rows));
                }
                let is = |found: Option<&[u8]>| same(found, value.as_deref());
                Some(of.values(*column)?.rows(events, is))
            }
            Self::IsNot(column, value) => {
                let is = |found: Option<&[u8]>| !same(found, value.as_deref());
                Some(of.values(*column)?.rows(events, is))
            }
            Self::Begins(column, start) => {
                let is = |found: Option<&[u8]>| begins(found, start);
                Some(of.values(*column)?.rows(events, is))
            }
            Self::Unknown => None,
        })
    }

    /// The rows of a block that it may admit.
    pub(super) fn rows_of(&self, mut of: Columns<'_>) -> Result<Vec<bool>, Stop> {
        let events = of.events;
        Ok(self.rows(&mut of)?.unwrap_or_else(|| vec![true; events]))
    }

    /// Which blocks of a run, by bits, may hold something.
    pub(super) fn blocks(&self, run: &mut Run<'_>) -> Result<u64, Stop> {
        Ok(match self {
            Self::All(parts) => {
                let mut blocks = u64::MAX;
                for part in parts {
                    if blocks == 0 {
                        break;
                    }
                    blocks &= part.blocks(run)?;
                }
                blocks
            }
            Self::Any(parts) => {
                let mut blocks = 0;
                for part in parts {
                    blocks |= part.blocks(run)?;
                }
                blocks
            }
            Self::Is(column, Some(value)) => run.has(*column, value)?,
            Self::Begins(column, start) => run.begins(*column, start)?,
            Self::Is(_, None) | Self::IsNot(_, _) | Self::Unknown => u64::MAX,
        })
    }
}

/// The columns of one block, each read when it is asked for.
pub(super) struct Columns<'r> {
    pub(super) events: usize,
    /// `None` where the block has no such column.
    read: &'r mut dyn FnMut(u8) -> Result<Option<Vec<u8>>, Stop>,
    unpacker: &'r mut Unpacker,
    values: HashMap<Column, Values>,
}

impl<'r> Columns<'r> {
    pub(super) fn new(
        events: usize,
        read: &'r mut dyn FnMut(u8) -> Result<Option<Vec<u8>>, Stop>,
        unpacker: &'r mut Unpacker,
    ) -> Self {
        Self {
            events,
            read,
            unpacker,
            values: HashMap::new(),
        }
    }

    fn values(&mut self, column: Column) -> Result<&Values, Stop> {
        use std::collections::hash_map::Entry;

        Ok(match self.values.entry(column) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let packed = (self.read)(column.number())?.ok_or(MISSING)?;
                place.insert(Values::unpack(&packed, self.unpacker)?)
            }
        })
    }

    fn fingerprints(&mut self, column: Column) -> Result<Vec<u64>, Stop> {
        let packed = (self.read)(column.number())?.ok_or(MISSING)?;
        let found = block::fingerprints(&packed, self.unpacker)?;
        Ok(block::of_each(self.events, found)?)
    }

    /// The rows that may have a value, where that can be told without reading all values.
    fn quick_rows(&mut self, column: Column, value: &str) -> Result<Option<Vec<bool>>, Stop> {
        if !Column::QUICK.contains(&column) || self.values.contains_key(&column) {
            return Ok(None);
        }
        // Files of before have none.
        let Some(packed) = (self.read)(column.quick_number())? else {
            return Ok(None);
        };
        let rows = block::quick_rows(&packed, column, value, self.unpacker)?;
        let rows = block::of_each(self.events, rows)?;
        Ok(Some(rows))
    }
}

const MISSING: Stop = Stop::Broken("a column is missing");

fn is_fingerprint(column: Column) -> bool {
    Column::FINGERPRINTS.contains(&column)
}

fn value_of(facts: &Facts, column: Column) -> Option<&[u8]> {
    facts.value(column).map(str::as_bytes)
}

fn same(found: Option<&[u8]>, wanted: Option<&str>) -> bool {
    match (found, wanted) {
        (Some(found), Some(wanted)) => found.eq_ignore_ascii_case(wanted.as_bytes()),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn begins(found: Option<&[u8]>, start: &str) -> bool {
    let head = found.and_then(|found| found.get(..start.len()));
    head.is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
}
