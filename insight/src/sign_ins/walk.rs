//! Events in the order of their times, those that are looked for, from a place on.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::Connection;

use super::block;
use super::bytes::Unpacker;
use super::column::Column;
use super::condition::{Columns, Condition};
use super::error::{Stop, StoreError};
use super::event::Facts;
use super::lines::Reader;
use super::run::{self, Run};
use super::schema;
use super::segment::{self, Place};

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Query {
    /// From this time on, itself included; in milliseconds since 1970.
    pub from: Option<i64>,
    /// Until this time, itself included.
    pub to: Option<i64>,
    /// The latest first.
    pub descending: bool,
    /// Behind this place.
    pub after: Option<Position>,
    /// What events must be like.
    pub condition: Condition,
    /// How much may be looked at before it is enough; `None` is all.
    pub patience: Option<Patience>,
}

/// A place in the order of all events.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Position {
    pub(super) at: i64,
    pub(super) id: u64,
}

impl Position {
    /// The time of the event that stands there.
    #[must_use]
    pub fn at(self) -> Timestamp {
        Timestamp::from_millisecond(self.at).unwrap_or(Timestamp::MIN)
    }

    /// Reads what [`Display`](std::fmt::Display) writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('.')?;
        Some(Self {
            at: at.parse().ok()?,
            id: u64::from_str_radix(id, 16).ok()?,
        })
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:016x}", self.at, self.id)
    }
}

/// How much is looked at for one page.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Blocks, of some thousand events each.
    pub blocks: usize,
    /// Events that are read and found not to be looked for.
    pub misses: usize,
}

impl Patience {
    /// Measured: what a page may take that a person waits for.
    pub const OF_A_PAGE: Self = Self {
        blocks: 1000,
        misses: 5000,
    };
}

/// An event that was found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'f> {
    /// Where it stands.
    pub position: Position,
    /// The event, as it was given.
    pub line: &'f str,
}

/// What whoever asked says to an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    /// It was looked for.
    Hit,
    /// It was not.
    Miss,
    /// No more.
    Enough,
}

/// How far a walk went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// There are no more.
    All,
    /// It was told to stop.
    Stopped,
    /// It has run out of patience: there may be more behind this place.
    Tired(Position),
}

/// What is left of the patience.
pub(super) struct Left {
    patience: Option<Patience>,
    /// The time of the first that was looked at: less than that is some way.
    began: Option<i64>,
}

impl Left {
    pub(super) const fn of(query: &Query) -> Self {
        Self {
            patience: query.patience,
            began: None,
        }
    }

    fn is_tired(&mut self, bound: i64) -> bool {
        let began = *self.began.get_or_insert(bound);
        let tired = self.patience.is_some_and(|left| left.blocks == 0);
        tired && bound != began
    }

    const fn looked_at(&mut self, blocks: usize) {
        if let Some(left) = &mut self.patience {
            left.blocks = left.blocks.saturating_sub(blocks);
        }
    }

    const fn missed(&mut self) -> bool {
        match &mut self.patience {
            None => false,
            Some(left) => {
                left.misses = left.misses.saturating_sub(1);
                left.misses == 0
            }
        }
    }
}

/// Goes through the events of one day, which stand in these files. `Break` ends the walk.
pub(super) fn through(
    paths: &[PathBuf],
    query: &Query,
    left: &mut Left,
    take: &mut dyn FnMut(Found<'_>) -> Answer,
) -> Result<ControlFlow<End>, StoreError> {
    let mut parts = Vec::with_capacity(paths.len());
    for path in paths {
        if let Some(part) = Part::open(path).map_err(|stop| stop.at(path))? {
            parts.push(part);
        }
        left.looked_at(OPENED);
    }
    let mut waiting = Vec::new();
    for (number, part) in parts.iter_mut().enumerate() {
        let candidates = part.candidates(query).map_err(|stop| stop.at(&part.path))?;
        waiting.extend(candidates.into_iter().map(|block| (number, block)));
    }
    // Complement and not negation: it has no end.
    let order = |at: i64| if query.descending { !at } else { at };
    // The one that has to be looked at first stands last.
    waiting.sort_by_key(|(_, block)| Reverse(order(query.bound_of(block))));
    let mut open: BinaryHeap<Cursor> = BinaryHeap::new();
    loop {
        // What is not open yet may hold what comes before all that is.
        while let Some((part, block)) = waiting.last() {
            let bound = query.bound_of(block);
            let first = open.peek().and_then(Cursor::place);
            if first.is_some_and(|first| order(first.at) < order(bound)) {
                break;
            }
            if left.is_tired(bound) && !is_tail(block) {
                let behind = if query.descending {
                    Position {
                        at: bound.saturating_add(1),
                        id: 0,
                    }
                } else {
                    Position {
                        at: bound.saturating_sub(1),
                        id: u64::MAX,
                    }
                };
                return Ok(ControlFlow::Break(End::Tired(behind)));
            }
            let number = *part;
            if let Some(part) = parts.get_mut(number) {
                let rows = part
                    .rows(block, query)
                    .map_err(|stop| stop.at(&part.path))?;
                left.looked_at(1);
                if !rows.is_empty() {
                    open.push(Cursor {
                        part: number,
                        block: block.number,
                        rows,
                        descending: query.descending,
                    });
                }
            }
            waiting.pop();
        }
        let Some(mut cursor) = open.pop() else {
            return Ok(ControlFlow::Continue(()));
        };
        let Some((position, row)) = cursor.rows.pop() else {
            continue;
        };
        let Some(part) = parts.get_mut(cursor.part) else {
            continue;
        };
        let answer = part
            .line(cursor.block, row, position)
            .map(|line| take(Found { position, line }))
            .map_err(|stop| stop.at(&part.path))?;
        match answer {
            Answer::Hit => {}
            Answer::Miss if left.missed() => {
                return Ok(ControlFlow::Break(End::Tired(position)));
            }
            Answer::Miss => {}
            Answer::Enough => return Ok(ControlFlow::Break(End::Stopped)),
        }
        if !cursor.rows.is_empty() {
            open.push(cursor);
        }
    }
}

impl Query {
    /// The time at which the first of a block may stand.
    fn bound_of(&self, block: &Place) -> i64 {
        let after = self.after.map(|after| after.at);
        if self.descending {
            let bound = block.last_at.min(self.to.unwrap_or(i64::MAX));
            bound.min(after.unwrap_or(i64::MAX))
        } else {
            let bound = block.first_at.max(self.from.unwrap_or(i64::MIN));
            bound.max(after.unwrap_or(i64::MIN))
        }
    }

    /// The times, both included, outside of which nothing is looked for.
    pub(super) fn times(&self) -> (i64, i64) {
        let (mut from, mut to) = (self.from.unwrap_or(i64::MIN), self.to.unwrap_or(i64::MAX));
        match self.after {
            Some(after) if self.descending => to = to.min(after.at),
            Some(after) => from = from.max(after.at),
            None => {}
        }
        (from, to)
    }

    fn is_here(&self, position: Position) -> bool {
        let (from, to) = self.times();
        let behind = self.after.is_none_or(|after| {
            if self.descending {
                position < after
            } else {
                position > after
            }
        });
        behind && (from..=to).contains(&position.at)
    }
}

/// Events of a block that are still to come.
struct Cursor {
    part: usize,
    block: i64,
    /// With their places in the block, the next one last.
    rows: Vec<(Position, usize)>,
    descending: bool,
}

impl Cursor {
    fn place(&self) -> Option<Position> {
        self.rows.last().map(|(position, _)| *position)
    }
}

impl Ord for Cursor {
    fn cmp(&self, other: &Self) -> Ordering {
        // A heap has the greatest on top.
        let order = self.place().cmp(&other.place());
        if self.descending {
            order
        } else {
            order.reverse()
        }
    }
}

impl PartialOrd for Cursor {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Cursor {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Cursor {}

/// One file that is read.
struct Part {
    path: PathBuf,
    connection: Connection,
    unpacker: Unpacker,
    lines: Reader,
    /// The last line of those that wait.
    waiting: Box<str>,
}

impl Part {
    /// `None` where the file is gone, or has just been made.
    fn open(path: &Path) -> Result<Option<Self>, Stop> {
        let Some(connection) = opened(path)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            path: path.to_owned(),
            connection,
            unpacker: Unpacker::new()?,
            lines: Reader::new()?,
            waiting: "".into(),
        }))
    }

    /// The blocks that may hold something, and what waits.
    fn candidates(&mut self, query: &Query) -> Result<Vec<Place>, Stop> {
        let (from, to) = query.times();
        let Self {
            connection,
            unpacker,
            ..
        } = self;
        let all = segment::places(connection, 0)?;
        let mut found = Vec::new();
        let mut rest = all.as_slice();
        let is_near = |place: &Place| place.last_at >= from && place.first_at <= to;
        for (first, blocks) in run::all(connection)? {
            let length = rest.partition_point(|place| place.number < first + blocks);
            let (run, others) = rest.split_at(length);
            rest = others;
            if !run.iter().any(is_near) {
                continue;
            }
            let mut run_of = Run::new(connection, unpacker, first);
            let bits = query.condition.blocks(&mut run_of)?;
            let holds = |place: &&Place| {
                let bit = u32::try_from(place.number - first).ok();
                bit.and_then(|bit| bits.checked_shr(bit))
                    .is_some_and(|bits| bits & 1 == 1)
            };
            found.extend(run.iter().filter(|place| is_near(place)).filter(holds));
        }
        found.extend(rest.iter().filter(|place| is_near(place)));
        let (first_at, last_at): (Option<i64>, Option<i64>) =
            connection.query_row("SELECT min(at), max(at) FROM tail", (), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        if let (Some(first_at), Some(last_at)) = (first_at, last_at) {
            let tail = Place {
                number: TAIL,
                events: 0,
                first_at,
                last_at,
            };
            found.extend(is_near(&tail).then_some(tail));
        }
        Ok(found)
    }

    /// What of a block is looked for, the first one last.
    fn rows(&mut self, block: &Place, query: &Query) -> Result<Vec<(Position, usize)>, Stop> {
        let mut rows = if is_tail(block) {
            self.waiting_rows(query)?
        } else {
            self.block_rows(block, query)?
        };
        if query.descending {
            rows.sort_unstable_by_key(|(position, _)| *position);
        } else {
            rows.sort_unstable_by_key(|(position, _)| Reverse(*position));
        }
        Ok(rows)
    }

    fn waiting_rows(&self, query: &Query) -> Result<Vec<(Position, usize)>, Stop> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT facts FROM tail WHERE at BETWEEN ?1 AND ?2")?;
        let mut found = Vec::new();
        let mut rows = statement.query(query.times())?;
        while let Some(row) = rows.next()? {
            let facts = Facts::read(row.get_ref(0)?.as_blob().unwrap_or_default())?;
            let (at, id) = facts.place();
            let position = Position { at, id };
            if query.is_here(position) && query.condition.may_admit(&facts) {
                found.push((position, 0));
            }
        }
        Ok(found)
    }

    fn block_rows(&mut self, block: &Place, query: &Query) -> Result<Vec<(Position, usize)>, Stop> {
        let Self {
            connection,
            unpacker,
            ..
        } = self;
        let mut read = |column| segment::column_if_there(connection, block.number, column);
        let columns = Columns::new(block.events, &mut read, unpacker);
        let rows = query.condition.rows_of(columns)?;
        if !rows.contains(&true) {
            return Ok(Vec::new());
        }
        let at = segment::column(connection, block.number, block::AT)?;
        let at = block::of_each(block.events, block::times(&at, unpacker)?)?;
        let ids = segment::column(connection, block.number, Column::Id.number())?;
        let ids = block::of_each(block.events, block::fingerprints(&ids, unpacker)?)?;
        let places = at.into_iter().zip(ids).map(|(at, id)| Position { at, id });
        Ok(places
            .zip(rows)
            .enumerate()
            .filter(|(_, (position, admitted))| *admitted && query.is_here(*position))
            .map(|(row, (position, _))| (position, row))
            .collect())
    }

    fn line(&mut self, block: i64, row: usize, position: Position) -> Result<&str, Stop> {
        if block == TAIL {
            let mut statement = self
                .connection
                .prepare_cached("SELECT line FROM tail WHERE at = ?1 AND id = ?2")?;
            let key = (position.at, position.id.cast_signed());
            let line: String = statement.query_row(key, |row| row.get(0))?;
            self.waiting = line.into();
            return Ok(&self.waiting);
        }
        self.lines.line(&self.connection, block, row)
    }
}

/// A file that is read; `None` where it is gone, or has just been made.
pub(super) fn opened(path: &Path) -> Result<Option<Connection>, Stop> {
    let connection = match schema::reader(path) {
        Err(Stop::Engine(error))
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::CannotOpen)
                && !path.exists() =>
        {
            return Ok(None);
        }
        other => other?,
    };
    let version: i64 = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    Ok((version != 0).then_some(connection))
}

/// Stands for what waits, which is no block.
const TAIL: i64 = 0;

const fn is_tail(block: &Place) -> bool {
    block.number == TAIL
}

/// What opening a file costs, in blocks.
const OPENED: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_is_written() {
        for (at, id) in [(0, 0), (-5, u64::MAX), (1_767_323_045_678, 7)] {
            let position = Position { at, id };
            assert_eq!(Position::parse(&position.to_string()), Some(position));
        }
        assert_eq!(Position::parse("1"), None);
        assert_eq!(Position::parse("1.x"), None);
    }
}
