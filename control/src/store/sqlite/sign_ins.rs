//! When guests came last: kept beside the documents, without a history and outside the audit.

use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension, TransactionBehavior, params};

use super::super::{SignIn, SignInActivity};
use super::schema;
use super::stop::Stop;
use crate::document::DocumentKind;

/// What is newer than what stands there takes its place, and nothing older does. Of whoever has no record nothing is noted: it would never be
/// forgotten.
pub(super) fn note(
    connection: &mut Connection,
    activity: &[(Box<str>, SignInActivity)],
) -> Result<(), Stop> {
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    schema::still_current(&change)?;
    {
        let mut note = change.prepare_cached(
            "INSERT INTO sign_ins (guest, last, request, success, success_request)
             SELECT ?1, ?2, ?3, ?4, ?5
             WHERE EXISTS (SELECT 1 FROM documents WHERE kind = ?6 AND key = ?1)
             ON CONFLICT DO UPDATE SET
                request = CASE WHEN excluded.last > last THEN excluded.request ELSE request END,
                last = max(last, excluded.last),
                success_request = CASE WHEN excluded.success > coalesce(success, -1)
                    THEN excluded.success_request ELSE success_request END,
                success = CASE WHEN excluded.success > coalesce(success, -1) THEN excluded.success ELSE success END",
        )?;
        for (guest, SignInActivity { last, successful }) in activity {
            let success = successful.as_ref();
            note.execute(params![
                guest,
                last.at.as_microsecond(),
                last.request,
                success.map(|success| success.at.as_microsecond()),
                success.map(|success| &success.request),
                DocumentKind::Guest.name(),
            ])?;
        }
    }
    Ok(change.commit()?)
}

/// What forgets when a guest came, in the change that removes the record.
pub(super) fn forget(change: &Connection) -> Result<CachedStatement<'_>, Stop> {
    Ok(change.prepare_cached("DELETE FROM sign_ins WHERE guest = ?1")?)
}

pub(super) fn get(state: &Connection, guest: &str) -> Result<Option<SignInActivity>, Stop> {
    let found = state
        .prepare_cached(
            "SELECT last, request, success, success_request FROM sign_ins WHERE guest = ?1",
        )?
        .query_row((guest,), |row| {
            let time = |at: i64| Timestamp::from_microsecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
            let success: Option<i64> = row.get(2)?;
            Ok(SignInActivity {
                last: SignIn {
                    at: time(row.get(0)?),
                    request: row.get(1)?,
                },
                successful: success
                    .map(|at| {
                        Ok::<_, rusqlite::Error>(SignIn {
                            at: time(at),
                            request: row.get::<_, Option<_>>(3)?.unwrap_or_default(),
                        })
                    })
                    .transpose()?,
            })
        })
        .optional()?;
    Ok(found)
}

pub(super) fn since(state: &Connection) -> Result<Option<Timestamp>, Stop> {
    let at: Option<i64> = state
        .prepare_cached("SELECT min(at) FROM sign_ins_since")?
        .query_row((), |row| row.get(0))?;
    Ok(at.and_then(|at| Timestamp::from_microsecond(at).ok()))
}
