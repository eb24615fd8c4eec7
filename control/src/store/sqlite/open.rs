//! Opening a file: whether it is a store, whether it is sound, and how its connections are set.

use std::io::ErrorKind;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::super::StoreError;
use super::file;
use super::schema::{self, Content, foreign};
use super::stop::Stop;

/// What a store is opened for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    CreateOrChange,
    Change,
    Read,
}

/// Another process that imports a million documents writes for some seconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// A page holds some documents, so that few have to be read for all of them.
const PAGE: u32 = 8192;
/// A large import leaves a large log behind; it is cut to this.
const LOG: u32 = 16 << 20;
/// All statements of a connection.
const STATEMENTS: usize = 32;

/// Opens a file as a store.
pub(super) fn open(path: &Path, purpose: Purpose) -> Result<Connection, StoreError> {
    checked(path, purpose).map_err(|stop| match stop.during("opening the store") {
        StoreError::Foreign(why) => {
            StoreError::Foreign(format!("`{}` cannot be the store: {why}", path.display()))
        }
        StoreError::Corrupt(why) => StoreError::Corrupt(format!(
            "the store `{}` is damaged: {why}; put a backup in its place",
            path.display()
        )),
        StoreError::Failed { context, why } => StoreError::Failed {
            context,
            why: format!("`{}`: {why}", path.display()),
        },
        StoreError::Moved => StoreError::Moved,
    })
}

fn checked(path: &Path, purpose: Purpose) -> Result<Connection, Stop> {
    if purpose == Purpose::CreateOrChange {
        match file::create(path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(failed(error.to_string()));
            }
            _ => {}
        }
    }
    path.metadata().map_err(|error| {
        let is_missing = error.kind() == ErrorKind::NotFound;
        failed(if is_missing {
            "there is no store yet; the first `crossgate run` makes it".to_owned()
        } else {
            error.to_string()
        })
    })?;
    let mut connection = match purpose {
        Purpose::CreateOrChange | Purpose::Change => {
            connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?
        }
        Purpose::Read => connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
    };
    let content = Content::of(&connection).map_err(|stop| match stop {
        Stop::Engine(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            foreign("it is no SQLite database")
        }
        other @ (Stop::Engine(_) | Stop::Found(_)) => other,
    })?;
    match (content, purpose) {
        (Content::Nothing, Purpose::Change | Purpose::Read) => return Err(foreign("it is empty")),
        (Content::Nothing, Purpose::CreateOrChange) => {
            connection.pragma_update(None, "page_size", PAGE)?;
        }
        (Content::Store { .. }, _) => sound(&connection, "quick_check")?,
    }
    match (content, purpose) {
        (Content::Store { is_current: true }, Purpose::Read) => {}
        (Content::Store { is_current: false } | Content::Nothing, Purpose::Read) => {
            return Err(foreign(
                "it is of an older version; open it once for writing, which brings it to this one",
            ));
        }
        (content, Purpose::CreateOrChange | Purpose::Change) => {
            prepare_writer(&connection)?;
            if content != (Content::Store { is_current: true }) {
                schema::migrate(&mut connection)?;
            }
        }
    }
    if !schema::is_expected(&connection)? {
        return Err(Stop::corrupt(
            "its tables are not those that this program makes",
        ));
    }
    Ok(connection)
}

/// One more connection to a file that was opened as a store.
pub(super) fn reader(path: &Path) -> Result<Connection, Stop> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Whether pages and trees are as SQLite writes them.
pub(super) fn sound(connection: &Connection, pragma: &str) -> Result<(), Stop> {
    let found: String =
        connection.query_row(&format!("PRAGMA {pragma} (1)"), (), |row| row.get(0))?;
    match found.as_str() {
        "ok" => Ok(()),
        fault => Err(Stop::corrupt(fault)),
    }
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, Stop> {
    // A connection is used by one thread at a time: it needs no lock of its own.
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Nothing that somebody wrote into the file's schema may run in this program.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    Ok(connection)
}

fn prepare_writer(connection: &Connection) -> Result<(), Stop> {
    // Readers go on while there is a writer.
    if begin_log(connection)? != "wal" {
        return Err(failed(
            "the file system lacks what SQLite's write-ahead log needs; put the store on a local disk",
        ));
    }
    // A commit is on disk when it returns.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "journal_size_limit", LOG)?;
    Ok(())
}

/// The engine does not wait where two make the same file a store at the same time.
fn begin_log(connection: &Connection) -> Result<String, Stop> {
    let begin = Instant::now();
    loop {
        let mode =
            connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0));
        match mode {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && begin.elapsed() < PATIENCE =>
            {
                thread::sleep(Duration::from_millis(5));
            }
            mode => return Ok(mode?),
        }
    }
}

fn failed(why: impl Into<String>) -> Stop {
    Stop::Found(StoreError::Failed {
        context: "opening the store",
        why: why.into(),
    })
}
