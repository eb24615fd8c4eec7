//! Audit records.

use std::ops::ControlFlow;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::{AuditRange, Audited, ChainHash, Sequence};
use super::number::Number;
use super::stop::Stop;

const ASCENDING: &str = "SELECT sequence, at, record FROM audit
    WHERE at BETWEEN ?1 AND ?2 AND NOT (at = ?1 AND sequence <= ?3) ORDER BY at, sequence";

const DESCENDING: &str = "SELECT sequence, at, record FROM audit
    WHERE at BETWEEN ?1 AND ?2 AND NOT (at = ?2 AND sequence >= ?3) ORDER BY at DESC, sequence DESC";

pub(super) fn audits(
    state: &Connection,
    range: AuditRange,
    take: &mut dyn FnMut(Audited) -> ControlFlow<()>,
) -> Result<(), Stop> {
    let AuditRange {
        from,
        to,
        descending,
        after,
    } = range;
    let mut first = from.map_or(i64::MIN, microseconds_up);
    let mut last = to.map_or(i64::MAX, Timestamp::as_microsecond);
    let (sql, mut beyond) = match descending {
        false => (ASCENDING, Number(0)),
        true => (DESCENDING, Number(u64::MAX)),
    };
    if let Some(after) = after {
        let after = Number(after);
        let Some(at) = at(state, after)? else {
            return Ok(());
        };
        // Only a record of the very time of `after` needs its sequence looked at.
        let edge = if descending { &mut last } else { &mut first };
        let is_within = if descending { at <= *edge } else { at >= *edge };
        if is_within {
            *edge = at;
            beyond = after;
        }
    }
    let mut statement = state.prepare_cached(sql)?;
    let mut rows = statement.query(params![first, last, beyond])?;
    while let Some(row) = rows.next()? {
        if take(audited(row)?).is_break() {
            break;
        }
    }
    Ok(())
}

pub(super) fn changes(
    state: &Connection,
    take: &mut dyn FnMut(Sequence, ChainHash) -> ControlFlow<()>,
) -> Result<(), Stop> {
    let mut statement = state.prepare_cached(
        "SELECT sequence, hash FROM audit WHERE writes IS NOT NULL ORDER BY sequence DESC",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Number(sequence) = row.get(0)?;
        if take(sequence, ChainHash(row.get(1)?)).is_break() {
            break;
        }
    }
    Ok(())
}

pub(super) fn audit(state: &Connection, id: &str) -> Result<Option<Audited>, Stop> {
    let mut statement =
        state.prepare_cached("SELECT sequence, at, record FROM audit WHERE id = ?1")?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(audited).transpose()
}

fn audited(row: &Row<'_>) -> Result<Audited, Stop> {
    let Number(sequence) = row.get(0)?;
    let at = Timestamp::from_microsecond(row.get(1)?)
        .map_err(|_| Stop::corrupt(format!("audit record {sequence}: its time is none")))?;
    Ok(Audited {
        sequence,
        at,
        record: row.get(2)?,
    })
}

fn at(state: &Connection, sequence: Number) -> Result<Option<i64>, Stop> {
    let mut statement = state.prepare_cached("SELECT at FROM audit WHERE sequence = ?1")?;
    Ok(statement
        .query_row([sequence], |row| row.get(0))
        .optional()?)
}

/// Records have whole microseconds: the first that is not earlier.
fn microseconds_up(at: Timestamp) -> i64 {
    at.as_microsecond() + i64::from(at.subsec_nanosecond() % 1000 > 0)
}
