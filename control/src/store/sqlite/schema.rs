//! What is in the file, and how older files become it.

use rusqlite::{Connection, TransactionBehavior};

use super::super::StoreError;
use super::stop::Stop;

/// `application_id`: the file is a store of this program.
const OURS: i64 = i64::from_be_bytes(*b"\0\0\0\0CrGt");

/// What each version of the file needs beside the one before it.
const STEPS: [&str; 2] = [FIRST, SECOND];

/// Keys are compared as bytes. `superseded` holds what is no more: a version with no later one that begins where it ends
/// was removed there. `marks` holds the key of one document in some hundreds, to find parts of about the same size.
const FIRST: &str = "
CREATE TABLE documents (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    since INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX documents_since ON documents (since, kind, key);

CREATE TABLE superseded (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (kind, key, since)
) STRICT, WITHOUT ROWID;
CREATE INDEX superseded_since ON superseded (since, kind, key);
CREATE INDEX superseded_until ON superseded (until, kind, key);

CREATE TABLE marks (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL,
    writes BLOB,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_changed ON audit (sequence) WHERE writes IS NOT NULL;
";

/// When guests came last, in microseconds, and since when that is noted.
const SECOND: &str = "
CREATE TABLE sign_ins (
    guest TEXT PRIMARY KEY,
    last INTEGER NOT NULL,
    request TEXT NOT NULL,
    success INTEGER,
    success_request TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE sign_ins_since (at INTEGER NOT NULL) STRICT;
INSERT INTO sign_ins_since (at) VALUES (unixepoch() * 1000000);
";

/// What a file is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Content {
    /// There is nothing in it yet.
    Nothing,
    /// A store of this version or an older one.
    Store { is_current: bool },
}

impl Content {
    /// # Errors
    /// It is not this program's, or a newer version's.
    pub(super) fn of(connection: &Connection) -> Result<Self, Stop> {
        let (application, version, is_empty) = connection.query_row(
            "SELECT application_id, user_version, NOT EXISTS (SELECT 1 FROM sqlite_schema)
             FROM pragma_application_id, pragma_user_version",
            (),
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get(2)?)),
        )?;
        match (application, version, is_empty) {
            (0, 0, true) => Ok(Self::Nothing),
            (OURS, version, _) if version > CURRENT => Err(foreign(format!(
                "it is of version {version}, and this program knows no newer one than {CURRENT}; use a newer program"
            ))),
            (OURS, version, _) => Ok(Self::Store {
                is_current: version == CURRENT,
            }),
            (..) => Err(foreign("it belongs to another program")),
        }
    }
}

/// Makes the file what this version expects.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Stop> {
    let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Looked at again, behind the lock: another process may have come first.
    Content::of(&step)?;
    let version: u32 = step.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for sql in STEPS.iter().skip(version as usize) {
        step.execute_batch(sql)?;
    }
    step.pragma_update(None, "application_id", OURS)?;
    step.pragma_update(None, "user_version", CURRENT)?;
    Ok(step.commit()?)
}

/// Whether tables and indexes are as this version makes them, with nothing beside them such as a trigger.
pub(super) fn is_expected(connection: &Connection) -> Result<bool, Stop> {
    let fresh = Connection::open_in_memory()?;
    for sql in STEPS {
        fresh.execute_batch(sql)?;
    }
    Ok(objects(connection)? == objects(&fresh)?)
}

/// A newer program may have changed the file while this one has it open.
pub(super) fn still_current(connection: &Connection) -> Result<(), Stop> {
    match Content::of(connection)? {
        Content::Store { is_current: true } => Ok(()),
        Content::Store { is_current: false } | Content::Nothing => {
            Err(Stop::corrupt("the store's version went back"))
        }
    }
}

fn objects(connection: &Connection) -> Result<Vec<(String, Option<String>)>, Stop> {
    // What begins so is SQLite's own, such as the figures of `ANALYZE`.
    let mut statement = connection.prepare(
        "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )?;
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn foreign(why: impl Into<String>) -> Stop {
    Stop::Found(StoreError::Foreign(why.into()))
}

const CURRENT: i64 = STEPS.len() as i64;
