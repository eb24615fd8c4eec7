//! A file as a database: opened, made, and brought up from the version before.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::bytes::{Packer, Unpacker};
use super::error::{Stop, StoreError};
use super::needles::RUN;
use super::{rolling, run, segment};

/// Opens a file to write to, or makes one.
pub(super) fn writer(path: &Path, sync: bool) -> Result<Connection, StoreError> {
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
    prepared(path, sync).map_err(|stop| stop.at(path))
}

/// Opens a file to read from one state of it.
pub(super) fn reader(path: &Path) -> Result<Connection, Stop> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.execute_batch("BEGIN")?;
    match version(&connection)? {
        0 | WITHOUT_ROLLUPS | WITHOUT_DICTIONARIES | VERSION => Ok(connection),
        _ => Err(Stop::OtherVersion),
    }
}

/// Whether it has runs and rollups. A file of the first version has others, which are not read: its events are.
pub(super) fn has_rollups(connection: &Connection) -> Result<bool, Stop> {
    Ok(version(connection)? > WITHOUT_ROLLUPS)
}

/// Whether it may have one sum of all who asked beside those of the runs. Files that were put away before have that one as if it were a run's.
pub(super) fn knows_everybody(connection: &Connection) -> Result<bool, Stop> {
    Ok(connection.table_exists(None, "everybody")?)
}

/// Of a file that has just been made it is 0.
pub(super) fn version(connection: &Connection) -> Result<i64, Stop> {
    Ok(connection.query_row("PRAGMA user_version", (), |row| row.get(0))?)
}

fn prepared(path: &Path, sync: bool) -> Result<Connection, Stop> {
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    if version(&connection)? == 0 {
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
    match version(&step)? {
        0 => step.execute_batch(EVENTS)?,
        WITHOUT_ROLLUPS => step.execute_batch(LEFT_BEHIND)?,
        WITHOUT_DICTIONARIES => {}
        VERSION if knows_everybody(&step)? => {
            drop(step);
            return Ok(connection);
        }
        VERSION => {}
        _ => return Err(Stop::OtherVersion),
    }
    if !has_rollups(&step)? {
        step.execute_batch(FOUND_BY)?;
        find_again(&step)?;
    }
    step.execute_batch(EVERYBODY)?;
    step.pragma_update(None, "user_version", VERSION)?;
    step.commit()?;
    Ok(connection)
}

/// Makes runs and rollups of the blocks there are.
fn find_again(step: &Transaction<'_>) -> Result<(), Stop> {
    let (mut packer, mut unpacker) = (Packer::new()?, Unpacker::new()?);
    for block in segment::places(step, 0)? {
        rolling::write_block(step, &block, &mut packer, &mut unpacker)?;
    }
    run::make(step, RUN, &mut packer)
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
    Ok(connection)
}

pub(super) const ODD_ROW: Stop = Stop::Broken("a row of it is not of the type that was written");

/// Events tell who was where: not for everybody on the machine.
const NEW_FILE: u32 = 0o640;

const VERSION: i64 = 3;

/// Had no dictionaries, and lines in larger chunks: its blocks stay as they are, beside others that come to it.
const WITHOUT_DICTIONARIES: i64 = 2;

/// Had the same events; runs that knew fingerprints alone, and sums that were slow to add up.
const WITHOUT_ROLLUPS: i64 = 1;

const PAGE: u32 = 8192;

/// A day that was written fast leaves a large log behind; it is cut to this.
const LOG: u32 = 16 << 20;

/// Another process that writes takes some milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

const EVENTS: &str = "
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
";

const FOUND_BY: &str = "
CREATE TABLE runs (first_block INTEGER PRIMARY KEY, blocks INTEGER NOT NULL);
CREATE TABLE needles (place INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE names (
    run INTEGER NOT NULL, column INTEGER NOT NULL, first BLOB NOT NULL, data BLOB NOT NULL, PRIMARY KEY (run, column, first)
) WITHOUT ROWID;
CREATE TABLE hours (
    hour INTEGER NOT NULL, first_block INTEGER NOT NULL, sums BLOB NOT NULL, PRIMARY KEY (hour, first_block)
);
CREATE TABLE people (first_block INTEGER PRIMARY KEY, last_block INTEGER NOT NULL, sums BLOB NOT NULL);
CREATE TABLE whole (sums BLOB NOT NULL);
";

const EVERYBODY: &str =
    "CREATE TABLE IF NOT EXISTS everybody (last_block INTEGER NOT NULL, sums BLOB NOT NULL)";

const LEFT_BEHIND: &str = "
DROP TABLE runs;
DROP TABLE needles;
DROP TABLE rollups;
UPDATE about SET sealed = 0;
";
