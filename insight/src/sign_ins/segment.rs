//! One file of the store: events of one day, in blocks, and the last of them one by one until they make a block.
//!
//! All that is known stands in the file, so that two processes may write to it, one after the other's step.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::block::{self, Block, MOST, Row};
use super::bytes::{Packer, Unpacker};
use super::column::Column;
use super::error::{Stop, StoreError};
use super::event::Facts;
use super::files::companions;
use super::needles::RUN;
use super::walk::opened;
use super::{rolling, run, schema};

/// A file that is written to.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    connection: Connection,
    blocks: Vec<Place>,
    known: Known,
}

/// A block, by what is asked of it first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) number: i64,
    pub(super) events: usize,
    pub(super) first_at: i64,
    pub(super) last_at: i64,
}

impl Place {
    /// Whether all of its events are of these times.
    pub(super) fn is_within(&self, times: &Range<i64>) -> bool {
        self.first_at >= times.start && self.last_at < times.end
    }

    /// Whether one of them may be.
    pub(super) fn may_have(&self, times: &Range<i64>) -> bool {
        self.first_at < times.end && self.last_at >= times.start
    }
}

impl Segment {
    /// Opens a file, or makes one.
    pub(super) fn open(path: &Path, sync: bool) -> Result<Self, StoreError> {
        let connection = schema::writer(path, sync)?;
        Ok(Self {
            path: path.to_owned(),
            connection,
            blocks: Vec::new(),
            known: Known::default(),
        })
    }

    /// Leaves out the rows that are there already.
    pub(super) fn only_new(&mut self, rows: &mut Vec<Row>) -> Result<(), StoreError> {
        let Self {
            path,
            connection,
            blocks,
            known,
        } = self;
        take_up(connection, blocks)
            .and_then(|()| only_new(connection, blocks, known, rows))
            .map_err(|stop| stop.at(path))
    }

    /// Keeps rows, which are in order and without two of a kind, but for those that are there already. They are on disk when it returns;
    /// answers how many were new.
    pub(super) fn append(&mut self, mut rows: Vec<Row>) -> Result<usize, StoreError> {
        let Self {
            path,
            connection,
            blocks,
            known,
        } = self;
        let mut work = || {
            let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            take_up(&step, blocks)?;
            only_new(&step, blocks, known, &mut rows)?;
            let new = rows.len();
            if new > 0 {
                step.execute("UPDATE about SET sealed = 0 WHERE sealed", ())?;
                rolling::unmake_whole(&step)?;
                keep(&step, rows.split_off(0))?;
            }
            step.commit()?;
            Ok(new)
        };
        work().map_err(|stop: Stop| stop.at(path))
    }

    /// Makes a block of what is left, and one sum of all.
    fn seal(&mut self) -> Result<(), StoreError> {
        let Self {
            path, connection, ..
        } = self;
        let mut work = || {
            let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let rows = take_tail(&step)?;
            let (mut packer, mut unpacker) = (Packer::new()?, Unpacker::new()?);
            if !rows.is_empty() {
                write_block(&step, &rows, &mut packer, &mut unpacker)?;
            }
            run::make(&step, 1, &mut packer)?;
            rolling::write_whole(&step, &mut packer)?;
            step.execute("UPDATE about SET sealed = 1", ())?;
            step.commit()?;
            // The events that waited took room, which is given back.
            let mut give_back = connection.prepare("PRAGMA incremental_vacuum")?;
            let mut pages = give_back.query(())?;
            while pages.next()?.is_some() {}
            drop(pages);
            drop(give_back);
            Ok(())
        };
        work().map_err(|stop: Stop| stop.at(path))
    }

    /// Cuts SQLite's log of the file. Whether it was: what readers hold of it is cut another time, for events wait for this.
    fn cut_log(&self) -> Result<bool, StoreError> {
        let work = || {
            self.connection.busy_timeout(Duration::ZERO)?;
            let cut = "PRAGMA wal_checkpoint(TRUNCATE)";
            let is_held: bool = self.connection.query_row(cut, (), |row| row.get(0))?;
            Ok(!is_held)
        };
        work().map_err(|stop: Stop| stop.at(&self.path))
    }
}

/// How a file was put away.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum PutAway {
    Was,
    /// And brought up from the version before.
    WasOld,
    /// It is of the version before, or is being read, and has to wait.
    Later,
}

/// Does what is left to do of a file to which no more events come.
pub(super) fn put_away(path: &Path, sync: bool, may_be_old: bool) -> Result<PutAway, StoreError> {
    let (sealed, old) = state(path).map_err(|stop| stop.at(path))?;
    if sealed && !old && !has_log(path) {
        return Ok(PutAway::Was);
    }
    if old && !may_be_old {
        return Ok(PutAway::Later);
    }
    let mut segment = Segment::open(path, sync)?;
    if !sealed || old {
        segment.seal()?;
    }
    let is_cut = segment.cut_log()?;
    Ok(if !is_cut {
        PutAway::Later
    } else if old {
        PutAway::WasOld
    } else {
        PutAway::Was
    })
}

/// Whether SQLite has something of a file in its log.
fn has_log(path: &Path) -> bool {
    let [_, log, _] = companions(path);
    log.metadata().is_ok_and(|log| log.len() > 0)
}

/// Whether nothing is left to do, and whether it is of the version before.
fn state(path: &Path) -> Result<(bool, bool), Stop> {
    let Some(connection) = opened(path)? else {
        return Ok((false, false));
    };
    let sealed = connection.query_row("SELECT sealed FROM about", (), |row| row.get(0))?;
    Ok((sealed, !schema::has_rollups(&connection)?))
}

/// The blocks of a file, from after a number on.
pub(super) fn places(connection: &Connection, after: i64) -> Result<Vec<Place>, Stop> {
    let mut statement = connection.prepare_cached(
        "SELECT number, events, first_at, last_at FROM blocks WHERE number > ?1 ORDER BY number",
    )?;
    let places = statement.query_map([after], |row| {
        let events: u32 = row.get(1)?;
        Ok(Place {
            number: row.get(0)?,
            events: events as usize,
            first_at: row.get(2)?,
            last_at: row.get(3)?,
        })
    })?;
    Ok(places.collect::<Result<_, _>>()?)
}

/// A column of a block.
pub(super) fn column(connection: &Connection, block: i64, column: u8) -> Result<Vec<u8>, Stop> {
    column_if_there(connection, block, column)?.ok_or(Stop::Broken("a column is missing"))
}

/// The same where there may be none.
pub(super) fn column_if_there(
    connection: &Connection,
    block: i64,
    column: u8,
) -> Result<Option<Vec<u8>>, Stop> {
    let mut statement = connection.prepare_cached("SELECT data FROM columns WHERE place = ?1")?;
    let place = column_place(block, column);
    Ok(statement.query_row([place], |row| row.get(0)).optional()?)
}

/// A chunk of a block's lines.
pub(super) fn chunk(connection: &Connection, block: i64, chunk: usize) -> Result<Vec<u8>, Stop> {
    let mut statement = connection.prepare_cached("SELECT data FROM chunks WHERE place = ?1")?;
    Ok(statement.query_row([chunk_place(block, chunk)], |row| row.get(0))?)
}

/// What the lines of a block have in common; `None` in files of before.
pub(super) fn dictionary(connection: &Connection, block: i64) -> Result<Option<Vec<u8>>, Stop> {
    let mut statement = connection.prepare_cached("SELECT data FROM chunks WHERE place = ?1")?;
    let place = chunk_place(block, DICTIONARY);
    Ok(statement.query_row([place], |row| row.get(0)).optional()?)
}

/// Where a column of a block stands.
fn column_place(block: i64, column: u8) -> i64 {
    (block << 8) | i64::from(column)
}

fn chunk_place(block: i64, chunk: usize) -> i64 {
    // INVARIANT: a block has fewer chunks than 1023.
    (block << 10) | chunk as i64
}

/// Where the dictionary stands among the chunks.
const DICTIONARY: usize = 1023;

fn take_up(connection: &Connection, blocks: &mut Vec<Place>) -> Result<(), Stop> {
    let last = blocks.last().map_or(0, |place| place.number);
    blocks.extend(places(connection, last)?);
    Ok(())
}

/// Where events of blocks stand, of the blocks that were asked last. Blocks do not change.
#[derive(Debug, Default)]
struct Known(HashMap<i64, Vec<(i64, u64)>>);

impl Known {
    fn of(&mut self, connection: &Connection, block: i64) -> Result<&[(i64, u64)], Stop> {
        if !self.0.contains_key(&block) {
            if self.0.len() >= MOST_KNOWN {
                self.0.clear();
            }
            let mut unpacker = Unpacker::new()?;
            let at = block::times(&column(connection, block, block::AT)?, &mut unpacker)?;
            let ids = column(connection, block, Column::Id.number())?;
            let ids = block::fingerprints(&ids, &mut unpacker)?;
            self.0.insert(block, at.into_iter().zip(ids).collect());
        }
        Ok(self.0.get(&block).map(Vec::as_slice).unwrap_or_default())
    }
}

fn only_new(
    connection: &Connection,
    blocks: &[Place],
    known: &mut Known,
    rows: &mut Vec<Row>,
) -> Result<(), Stop> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return Ok(());
    };
    let (first, last) = (first.facts.at, last.facts.at);
    for place in blocks {
        if place.last_at < first || place.first_at > last {
            continue;
        }
        let within = |row: &Row| (place.first_at..=place.last_at).contains(&row.facts.at);
        if rows.iter().any(within) {
            let known = known.of(connection, place.number)?;
            rows.retain(|row| !within(row) || known.binary_search(&row.facts.place()).is_err());
        }
    }
    let mut waiting = connection.prepare_cached("SELECT 1 FROM tail WHERE at = ?1 AND id = ?2")?;
    let mut failed = None;
    rows.retain(|row| {
        let (at, id) = row.facts.place();
        let found = waiting.exists((at, id.cast_signed()));
        found.map_or_else(
            |error| {
                failed = Some(error);
                true
            },
            |found| !found,
        )
    });
    failed.map_or(Ok(()), |error| Err(error.into()))
}

/// Makes blocks of what waits and what is new, and lets the rest wait.
fn keep(step: &Transaction<'_>, mut rows: Vec<Row>) -> Result<(), Stop> {
    let waiting: u32 = step.query_row("SELECT count(*) FROM tail", (), |row| row.get(0))?;
    if waiting as usize + rows.len() >= MOST {
        rows.extend(take_tail(step)?);
        rows.sort_unstable_by_key(|row| row.facts.place());
        let (mut packer, mut unpacker) = (Packer::new()?, Unpacker::new()?);
        let whole = rows.len() - rows.len() % MOST;
        for rows in rows.get(..whole).unwrap_or_default().chunks(MOST) {
            write_block(step, rows, &mut packer, &mut unpacker)?;
        }
        rows.drain(..whole);
        run::make(step, RUN, &mut packer)?;
    }
    let mut insert =
        step.prepare_cached("INSERT INTO tail (at, id, facts, line) VALUES (?1, ?2, ?3, ?4)")?;
    let mut facts = Vec::new();
    for row in &rows {
        facts.clear();
        row.facts.put(&mut facts);
        let (at, id) = row.facts.place();
        insert.execute(params![at, id.cast_signed(), facts, row.line])?;
    }
    Ok(())
}

/// Takes away what waits, in its order.
fn take_tail(step: &Transaction<'_>) -> Result<Vec<Row>, Stop> {
    let mut rows = Vec::new();
    let mut statement = step.prepare_cached("SELECT facts, line FROM tail")?;
    let mut found = statement.query(())?;
    while let Some(row) = found.next()? {
        let facts: Vec<u8> = row.get(0)?;
        let line: String = row.get(1)?;
        rows.push(Row {
            facts: Facts::read(&facts)?,
            line: line.into(),
        });
    }
    step.execute("DELETE FROM tail", ())?;
    rows.sort_unstable_by_key(|row| row.facts.place());
    Ok(rows)
}

fn write_block(
    step: &Transaction<'_>,
    rows: &[Row],
    packer: &mut Packer,
    unpacker: &mut Unpacker,
) -> Result<(), Stop> {
    let block = Block::of(rows, packer)?;
    step.prepare_cached("INSERT INTO blocks (events, first_at, last_at) VALUES (?1, ?2, ?3)")?
        .execute(params![block.events as u32, block.first_at, block.last_at])?;
    let number = step.last_insert_rowid();
    let mut insert = step.prepare_cached("INSERT INTO columns (place, data) VALUES (?1, ?2)")?;
    for (column, data) in block.columns {
        insert.execute(params![column_place(number, column), data])?;
    }
    let mut insert = step.prepare_cached("INSERT INTO chunks (place, data) VALUES (?1, ?2)")?;
    for (chunk, data) in block.lines.chunks.into_iter().enumerate() {
        insert.execute(params![chunk_place(number, chunk), data])?;
    }
    insert.execute(params![
        chunk_place(number, DICTIONARY),
        block.lines.dictionary
    ])?;
    let place = Place {
        number,
        events: block.events,
        first_at: block.first_at,
        last_at: block.last_at,
    };
    rolling::write_block(step, &place, packer, unpacker)
}

/// Blocks of which it is kept in memory which events are in them, 64 KiB each: those that events of the last minutes go to.
const MOST_KNOWN: usize = 256;
