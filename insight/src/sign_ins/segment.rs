//! One file of the store: events of one day, in blocks, and the last of them one by one until they make a block.
//!
//! All that is known stands in the file, so that two processes may write to it, one after the other's step.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{
    Connection, OpenFlags, OptionalExtension as _, Transaction, TransactionBehavior, params,
};

use super::block::{self, Block, MOST, Row, Values};
use super::bytes::{Packer, Unpacker};
use super::column::Column;
use super::error::{Stop, StoreError};
use super::event::Facts;
use super::needles::{Needles, RUN};
use super::rollup::Rollups;

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

impl Segment {
    /// Opens a file, or makes one.
    pub(super) fn open(path: &Path, sync: bool) -> Result<Self, StoreError> {
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(NEW_FILE)
            .open(path);
        match made {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(StoreError::io(path, &error));
            }
            Ok(_) | Err(_) => {}
        }
        let connection = prepared(path, sync).map_err(|stop| stop.at(path))?;
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
                keep(&step, rows.split_off(0))?;
            }
            step.commit()?;
            Ok(new)
        };
        work().map_err(|stop: Stop| stop.at(path))
    }

    /// Whether nothing is left to do where no more events come.
    pub(super) fn is_sealed(&self) -> Result<bool, StoreError> {
        self.connection
            .query_row("SELECT sealed FROM about", (), |row| row.get(0))
            .map_err(|error| Stop::from(error).at(&self.path))
    }

    /// Makes a block of what is left, and one sum of all.
    pub(super) fn seal(&mut self) -> Result<(), StoreError> {
        let Self {
            path, connection, ..
        } = self;
        let mut work = || {
            let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let rows = take_tail(&step)?;
            if !rows.is_empty() {
                write_block(&step, &rows, &mut Packer::new()?)?;
            }
            make_runs(&step, 1)?;
            join_rollups(&step, i64::MIN)?;
            step.execute("UPDATE about SET sealed = 1", ())?;
            step.commit()?;
            // The events that waited took room, which is given back.
            let mut give_back = connection.prepare("PRAGMA incremental_vacuum")?;
            let mut pages = give_back.query(())?;
            while pages.next()?.is_some() {}
            drop(pages);
            drop(give_back);
            // What readers still hold of the log is cut another time.
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
            Ok(())
        };
        work().map_err(|stop: Stop| stop.at(path))
    }
}

/// Opens a file to read from one state of it.
pub(super) fn reader(path: &Path) -> Result<Connection, Stop> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.execute_batch("BEGIN")?;
    Ok(connection)
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
    let mut statement = connection.prepare_cached("SELECT data FROM columns WHERE place = ?1")?;
    Ok(statement.query_row([column_place(block, column)], |row| row.get(0))?)
}

/// A chunk of a block's lines.
pub(super) fn chunk(connection: &Connection, block: i64, chunk: usize) -> Result<Vec<u8>, Stop> {
    let mut statement = connection.prepare_cached("SELECT data FROM chunks WHERE place = ?1")?;
    Ok(statement.query_row([chunk_place(block, chunk)], |row| row.get(0))?)
}

/// Where a column of a block stands.
fn column_place(block: i64, column: u8) -> i64 {
    (block << 8) | i64::from(column)
}

fn chunk_place(block: i64, chunk: usize) -> i64 {
    // INVARIANT: a block has fewer chunks than 1024.
    (block << 10) | chunk as i64
}

/// Where a bucket of a run stands.
pub(super) fn bucket_place(first_block: i64, bucket: u8) -> i64 {
    (first_block << 8) | i64::from(bucket)
}

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
        let mut packer = Packer::new()?;
        let whole = rows.len() - rows.len() % MOST;
        for rows in rows.get(..whole).unwrap_or_default().chunks(MOST) {
            write_block(step, rows, &mut packer)?;
        }
        rows.drain(..whole);
        make_runs(step, RUN)?;
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

fn write_block(step: &Transaction<'_>, rows: &[Row], packer: &mut Packer) -> Result<(), Stop> {
    let block = Block::of(rows, packer)?;
    step.prepare_cached("INSERT INTO blocks (events, first_at, last_at) VALUES (?1, ?2, ?3)")?
        .execute(params![block.events as u32, block.first_at, block.last_at])?;
    let number = step.last_insert_rowid();
    let mut insert = step.prepare_cached("INSERT INTO columns (place, data) VALUES (?1, ?2)")?;
    for (column, data) in block.columns {
        insert.execute(params![column_place(number, column), data])?;
    }
    let mut insert = step.prepare_cached("INSERT INTO chunks (place, data) VALUES (?1, ?2)")?;
    for (chunk, data) in block.chunks.into_iter().enumerate() {
        insert.execute(params![chunk_place(number, chunk), data])?;
    }
    write_rollups(step, (number, number), &block.rollups, packer)
}

fn write_rollups(
    step: &Transaction<'_>,
    (first, last): (i64, i64),
    rollups: &Rollups,
    packer: &mut Packer,
) -> Result<(), Stop> {
    let what = rollups.what.pack(packer)?;
    let who = rollups.who.pack(packer)?;
    step.prepare_cached(
        "INSERT INTO rollups (first_block, last_block, what, who) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![first, last, what, who])?;
    Ok(())
}

/// Makes runs of the blocks that are in none, where there are so many.
fn make_runs(step: &Transaction<'_>, least: usize) -> Result<(), Stop> {
    let mut after: i64 = step.query_row(
        "SELECT coalesce(max(first_block + blocks - 1), 0) FROM runs",
        (),
        |row| row.get(0),
    )?;
    loop {
        let mut run = places(step, after)?;
        run.truncate(RUN);
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return Ok(());
        };
        if run.len() < least {
            return Ok(());
        }
        let (first, last) = (first.number, last.number);
        after = last;
        step.execute(
            "INSERT INTO runs (first_block, blocks) VALUES (?1, ?2)",
            (first, last - first + 1),
        )?;
        let mut insert =
            step.prepare_cached("INSERT INTO needles (place, data) VALUES (?1, ?2)")?;
        for (bucket, data) in needles(step, &run)?.pack() {
            insert.execute(params![bucket_place(first, bucket), data])?;
        }
        if run.len() == RUN {
            join_rollups(step, first)?;
        }
    }
}

fn needles(step: &Transaction<'_>, run: &[Place]) -> Result<Needles, Stop> {
    let mut needles = Needles::default();
    let mut unpacker = Unpacker::new()?;
    for (block, place) in run.iter().enumerate() {
        for kept in Column::KEPT {
            let packed = column(step, place.number, kept.number())?;
            let values = Values::unpack(&packed, &mut unpacker)?;
            for value in values.distinct().flatten() {
                needles.add(kept.fingerprint(value), block);
            }
        }
        for kept in Column::FINGERPRINTS {
            let packed = column(step, place.number, kept.number())?;
            for fingerprint in block::fingerprints(&packed, &mut unpacker)? {
                needles.add(fingerprint, block);
            }
        }
    }
    Ok(needles)
}

/// Makes one sum of those from a block on.
fn join_rollups(step: &Transaction<'_>, from: i64) -> Result<(), Stop> {
    let mut sums = Rollups::default();
    let mut unpacker = Unpacker::new()?;
    let (mut first, mut last, mut joined) = (i64::MAX, 0, 0);
    let mut statement = step.prepare_cached(
        "SELECT first_block, last_block, what, who FROM rollups WHERE first_block >= ?1",
    )?;
    let mut rows = statement.query([from])?;
    while let Some(row) = rows.next()? {
        first = first.min(row.get(0)?);
        last = last.max(row.get(1)?);
        sums.what.merge(
            row.get_ref(2)?.as_blob().map_err(|_| ODD_ROW)?,
            &mut unpacker,
        )?;
        sums.who.merge(
            row.get_ref(3)?.as_blob().map_err(|_| ODD_ROW)?,
            &mut unpacker,
        )?;
        joined += 1;
    }
    drop(rows);
    if joined > 1 {
        step.execute("DELETE FROM rollups WHERE first_block >= ?1", [from])?;
        write_rollups(step, (first, last), &sums, &mut Packer::new()?)?;
    }
    Ok(())
}

fn prepared(path: &Path, sync: bool) -> Result<Connection, Stop> {
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let begun: i64 = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    if begun == 0 {
        connection.pragma_update(None, "page_size", PAGE)?;
        connection.pragma_update(None, "auto_vacuum", "incremental")?;
    }
    // Readers go on while there is a writer.
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(Stop::Broken(
            "the file system lacks what SQLite's write-ahead log needs; put the store on a local disk",
        ));
    }
    let level = if sync { "full" } else { "normal" };
    connection.pragma_update(None, "synchronous", level)?;
    connection.pragma_update(None, "journal_size_limit", LOG)?;
    let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = step.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    match version {
        0 => {
            step.execute_batch(SCHEMA)?;
            step.pragma_update(None, "user_version", VERSION)?;
            step.commit()?;
        }
        VERSION => drop(step),
        _ => return Err(OTHER_VERSION),
    }
    Ok(connection)
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, Stop> {
    // A connection is used by one thread at a time: it needs no lock of its own.
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(32);
    // Nothing that somebody wrote into the file's schema may run in this program.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    if access.contains(OpenFlags::SQLITE_OPEN_READ_ONLY) {
        let version: Option<i64> = connection
            .query_row("PRAGMA user_version", (), |row| row.get(0))
            .optional()?;
        if version != Some(VERSION) && version != Some(0) {
            return Err(OTHER_VERSION);
        }
    }
    Ok(connection)
}

const OTHER_VERSION: Stop = Stop::Broken("it was written by another version of this program");

const ODD_ROW: Stop = Stop::Broken("a row of it is not of the type that was written");

/// Events tell who was where: not for everybody on the machine.
const NEW_FILE: u32 = 0o640;

const VERSION: i64 = 1;

const PAGE: u32 = 8192;

/// A day that was written fast leaves a large log behind; it is cut to this.
const LOG: u32 = 16 << 20;

/// Another process that writes takes some milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// Blocks of which it is kept in memory which events are in them, 64 KiB each: those that events of the last minutes go to.
const MOST_KNOWN: usize = 256;

const SCHEMA: &str = "
CREATE TABLE about (sealed INTEGER NOT NULL);
INSERT INTO about VALUES (0);
CREATE TABLE tail (
    at INTEGER NOT NULL, id INTEGER NOT NULL, facts BLOB NOT NULL, line TEXT NOT NULL, UNIQUE (at, id)
);
CREATE TABLE blocks (
    number INTEGER PRIMARY KEY, events INTEGER NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL
);
CREATE TABLE columns (place INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE chunks (place INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE runs (first_block INTEGER PRIMARY KEY, blocks INTEGER NOT NULL);
CREATE TABLE needles (place INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE rollups (
    first_block INTEGER PRIMARY KEY, last_block INTEGER NOT NULL, what BLOB NOT NULL, who BLOB NOT NULL
);
";
