//! Documents as they are, and as they were.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::{ChainHash, Head, Sequence, Share, Stored, Version};
use super::number::Number;
use super::stop::Stop;
use crate::document::{Address, DocumentKind};

pub(super) fn head(state: &Connection) -> Result<Head, Stop> {
    let mut statement = state.prepare_cached(
        "SELECT last.sequence, last.hash, changed.sequence, changed.hash
         FROM (SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1) AS last
         LEFT JOIN (SELECT sequence, hash FROM audit WHERE writes IS NOT NULL
                    ORDER BY sequence DESC LIMIT 1) AS changed",
    )?;
    let head = statement
        .query_row((), |row| {
            Ok(Head {
                sequence: number(row, 0)?,
                hash: ChainHash(row.get(1)?),
                changed: row
                    .get::<_, Option<Number>>(2)?
                    .map_or(0, |number| number.0),
                changed_hash: ChainHash(row.get::<_, Option<_>>(3)?.unwrap_or_default()),
            })
        })
        .optional()?;
    Ok(head.unwrap_or_default())
}

pub(super) fn get(state: &Connection, address: &Address) -> Result<Option<Stored>, Stop> {
    let found = state
        .prepare_cached("SELECT since, text FROM documents WHERE kind = ?1 AND key = ?2")?
        .query_row(params![address.kind.name(), address.key], |row| {
            Ok(Stored {
                address: address.clone(),
                since: number(row, 0)?,
                text: row.get(1)?,
            })
        })
        .optional()?;
    Ok(found)
}

pub(super) fn page(
    state: &Connection,
    kind: DocumentKind,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Stored>, Stop> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let stored = |row: &Row<'_>| {
        Ok(Stored {
            address: Address {
                kind,
                key: row.get(0)?,
            },
            since: number(row, 1)?,
            text: row.get(2)?,
        })
    };
    // Two statements: of one with an `OR` in it, the engine would not know where to begin.
    let found = match after {
        None => state
            .prepare_cached(
                "SELECT key, since, text FROM documents WHERE kind = ?1 ORDER BY key LIMIT ?2",
            )?
            .query_map(params![kind.name(), limit], stored)?
            .collect::<Result<_, _>>()?,
        Some(after) => state
            .prepare_cached(
                "SELECT key, since, text FROM documents WHERE kind = ?1 AND key > ?3
                 ORDER BY key LIMIT ?2",
            )?
            .query_map(params![kind.name(), limit, after], stored)?
            .collect::<Result<_, _>>()?,
    };
    Ok(found)
}

pub(super) fn count(state: &Connection, kind: DocumentKind) -> Result<u64, Stop> {
    // The index is far smaller than the table.
    let mut statement = state.prepare_cached(
        "SELECT count(*) FROM documents INDEXED BY documents_since WHERE kind = ?1",
    )?;
    Ok(statement.query_row([kind.name()], |row| number(row, 0))?)
}

pub(super) fn each(
    state: &Connection,
    kind: DocumentKind,
    part: Share,
    take: &mut dyn FnMut(&str, &str),
) -> Result<Head, Stop> {
    let head = head(state)?;
    let Number(marks) = state
        .prepare_cached("SELECT count(*) FROM marks WHERE kind = ?1")?
        .query_row([kind.name()], |row| row.get(0))?;
    let border = |index: usize| {
        let before = Number(marks.saturating_mul(index as u64) / part.of() as u64);
        state
            .prepare_cached("SELECT key FROM marks WHERE kind = ?1 ORDER BY key LIMIT 1 OFFSET ?2")?
            .query_row(params![kind.name(), before], |row| {
                row.get::<_, Box<str>>(0)
            })
            .optional()
    };
    let from = match part.index() {
        0 => "".into(),
        index => match border(index)? {
            Some(key) => key,
            // So few that the first part has them all.
            None => return Ok(head),
        },
    };
    let to = match part.index() + 1 {
        next if next < part.of() => border(next)?,
        _ => None,
    };
    let mut statement = state.prepare_cached(match to {
        Some(_) => "SELECT key, text FROM documents WHERE kind = ?1 AND key >= ?2 AND key < ?3",
        None => "SELECT key, text FROM documents WHERE kind = ?1 AND key >= ?2 AND ?3 IS NULL",
    })?;
    let mut rows = statement.query(params![kind.name(), from, to])?;
    while let Some(row) = rows.next()? {
        take(text(row, 0)?, text(row, 1)?);
    }
    Ok(head)
}

pub(super) fn changed_since(
    state: &Connection,
    sequence: Sequence,
) -> Result<(Vec<Address>, Head), Stop> {
    // Left to itself, the engine goes through everything in the order of keys, to merge the two without sorting.
    let mut statement = state.prepare_cached(
        "SELECT kind, key FROM documents INDEXED BY documents_since WHERE since > ?1
         UNION SELECT kind, key FROM superseded INDEXED BY superseded_until WHERE until > ?1",
    )?;
    let mut rows = statement.query([Number(sequence)])?;
    let mut changed = Vec::new();
    while let Some(row) = rows.next()? {
        changed.push(address(row)?);
    }
    Ok((changed, head(state)?))
}

pub(super) fn changed_by(
    state: &Connection,
    sequence: Sequence,
    limit: usize,
) -> Result<(Vec<Address>, u64), Stop> {
    // Each part is in the order of an index, so that nothing is sorted or held.
    let mut statement = state.prepare_cached(
        "SELECT kind, key FROM documents INDEXED BY documents_since WHERE since = ?1
         UNION SELECT kind, key FROM superseded INDEXED BY superseded_since WHERE since = ?1
         UNION SELECT kind, key FROM superseded INDEXED BY superseded_until WHERE until = ?1
         ORDER BY kind, key",
    )?;
    let mut rows = statement.query([Number(sequence)])?;
    let (mut first, mut count) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        if first.len() < limit {
            first.push(address(row)?);
        }
        count += 1;
    }
    Ok((first, count))
}

fn address(row: &Row<'_>) -> Result<Address, Stop> {
    let name = text(row, 0)?;
    let kind = DocumentKind::from_name(name).ok_or_else(|| {
        Stop::corrupt(format!(
            "documents of kind `{name}`, which there is none of"
        ))
    })?;
    Ok(Address::new(kind, text(row, 1)?))
}

pub(super) fn history(state: &Connection, address: &Address) -> Result<Vec<Version>, Stop> {
    let mut statement = state.prepare_cached(
        "SELECT since, until, text FROM superseded WHERE kind = ?1 AND key = ?2
         UNION ALL SELECT since, NULL, text FROM documents WHERE kind = ?1 AND key = ?2
         ORDER BY since",
    )?;
    let versions = statement.query_map(params![address.kind.name(), address.key], version)?;
    Ok(versions.collect::<Result<_, _>>()?)
}

pub(super) fn latest(
    state: &Connection,
    address: &Address,
    limit: usize,
) -> Result<Vec<Version>, Stop> {
    let mut statement = state.prepare_cached(
        "SELECT since, until, text FROM superseded WHERE kind = ?1 AND key = ?2
         UNION ALL SELECT since, NULL, text FROM documents WHERE kind = ?1 AND key = ?2
         ORDER BY since DESC LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let versions =
        statement.query_map(params![address.kind.name(), address.key, limit], version)?;
    Ok(versions.collect::<Result<_, _>>()?)
}

fn version(row: &Row<'_>) -> rusqlite::Result<Version> {
    Ok(Version {
        since: number(row, 0)?,
        until: row.get::<_, Option<Number>>(1)?.map(|number| number.0),
        text: row.get(2)?,
    })
}

pub(super) fn each_at(
    state: &Connection,
    kind: DocumentKind,
    sequence: Sequence,
    take: &mut dyn FnMut(&str, Version),
) -> Result<(), Stop> {
    // The `+` keeps the engine from the indexes by `since` and `until`: it would have to sort what it finds there.
    let mut statement = state.prepare_cached(
        "SELECT key, since, until, text FROM superseded
         WHERE kind = ?1 AND +since <= ?2 AND +until > ?2
         UNION ALL SELECT key, since, NULL, text FROM documents WHERE kind = ?1 AND +since <= ?2
         ORDER BY key",
    )?;
    let mut rows = statement.query(params![kind.name(), Number(sequence)])?;
    while let Some(row) = rows.next()? {
        let version = Version {
            since: number(row, 1)?,
            until: row.get::<_, Option<Number>>(2)?.map(|number| number.0),
            text: row.get(3)?,
        };
        take(text(row, 0)?, version);
    }
    Ok(())
}

fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get(column).map(|Number(number)| number)
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a str, Stop> {
    row.get_ref(column)?
        .as_str()
        .map_err(|error| Stop::corrupt(format!("a text that is none: {error}")))
}
