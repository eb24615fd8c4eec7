//! One audit record and its writes, in one transaction.

use rusqlite::{CachedStatement, Connection, OptionalExtension, TransactionBehavior, params};

use super::super::chain::{Brought, Link, WritesDigest};
use super::super::{Entry, Head, Sequence, StoreError};
use super::number::Number;
use super::stop::Stop;
use super::{documents, schema, sign_ins};
use crate::document::{DocumentKind, Write};

/// One key in so many is a mark.
const MARKED: u64 = 256;

pub(super) fn append(
    connection: &mut Connection,
    known: Sequence,
    entry: &Entry,
) -> Result<Head, Stop> {
    // Dropped before it is committed, the transaction is rolled back.
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    schema::still_current(&change)?;
    let before = documents::head(&change)?;
    if before.sequence != known {
        return Err(StoreError::Moved.into());
    }
    let sequence = known + 1;
    let writes = apply(&change, sequence, &entry.writes)?;
    let at = entry.at.as_microsecond();
    let hash = before.hash.next(&Link {
        sequence,
        at,
        id: entry.id.as_bytes(),
        record: entry.record.as_bytes(),
        writes,
    });
    change
        .prepare_cached(
            "INSERT INTO audit (sequence, at, id, record, writes, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![Number(sequence), at, entry.id, entry.record, writes.map(|digest| digest.0), hash.0])?;
    change.commit()?;
    let (changed, changed_hash) = match writes {
        Some(_) => (sequence, hash),
        None => (before.changed, before.changed_hash),
    };
    Ok(Head {
        sequence,
        changed,
        hash,
        changed_hash,
    })
}

fn apply(
    change: &Connection,
    sequence: Sequence,
    writes: &[Write],
) -> Result<Option<WritesDigest>, Stop> {
    let mut tables = Tables::of(change, sequence)?;
    let mut brought = Brought::nothing();
    // In the order of the table: a million documents are then written page by page.
    let mut ordered: Vec<_> = writes.iter().collect();
    ordered.sort_by_key(|write| place(write));
    let mut ordered = ordered.into_iter().peekable();
    while let Some(write) = ordered.next() {
        let is_overwritten = ordered
            .peek()
            .is_some_and(|next| next.address == write.address);
        if !is_overwritten && tables.write(write)? {
            let (kind, key) = place(write);
            brought.add(
                kind.as_bytes(),
                key.as_bytes(),
                write.text.as_deref().map(str::as_bytes),
            );
        }
    }
    Ok(brought.digest())
}

/// What a change of one document takes.
struct Tables<'a> {
    sequence: Sequence,
    compare: CachedStatement<'a>,
    supersede: CachedStatement<'a>,
    put: CachedStatement<'a>,
    remove: CachedStatement<'a>,
    mark: CachedStatement<'a>,
    unmark: CachedStatement<'a>,
    forget: CachedStatement<'a>,
}

impl<'a> Tables<'a> {
    fn of(change: &'a Connection, sequence: Sequence) -> Result<Self, Stop> {
        Ok(Self {
            sequence,
            compare: change
                .prepare_cached("SELECT text = ?3 FROM documents WHERE kind = ?1 AND key = ?2")?,
            supersede: change.prepare_cached(
                "INSERT INTO superseded (kind, key, since, until, text)
                 SELECT kind, key, since, ?3, text FROM documents WHERE kind = ?1 AND key = ?2",
            )?,
            put: change.prepare_cached(
                "INSERT INTO documents (kind, key, since, text) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET since = excluded.since, text = excluded.text",
            )?,
            remove: change.prepare_cached("DELETE FROM documents WHERE kind = ?1 AND key = ?2")?,
            mark: change
                .prepare_cached("INSERT OR IGNORE INTO marks (kind, key) VALUES (?1, ?2)")?,
            unmark: change.prepare_cached("DELETE FROM marks WHERE kind = ?1 AND key = ?2")?,
            forget: sign_ins::forget(change)?,
        })
    }

    /// Whether it had an effect.
    fn write(&mut self, write: &Write) -> Result<bool, Stop> {
        let (kind, key) = place(write);
        let text = write.text.as_deref();
        // `None` of the outer option: not there. With no text to compare with, the engine answers null.
        let is_same: Option<Option<bool>> = self
            .compare
            .query_row(params![kind, key, text], |row| row.get(0))
            .optional()?;
        match (is_same, text) {
            (None, None) | (Some(Some(true)), _) => return Ok(false),
            (None, Some(_)) => {}
            (Some(_), _) => {
                self.supersede
                    .execute(params![kind, key, Number(self.sequence)])?;
            }
        }
        match text {
            Some(text) => self
                .put
                .execute(params![kind, key, Number(self.sequence), text])?,
            None => self.remove.execute(params![kind, key])?,
        };
        if text.is_none() && write.address.kind == DocumentKind::Guest {
            self.forget.execute((key,))?;
        }
        match (is_same, text) {
            (None, Some(_)) if is_marked(key) => self.mark.execute(params![kind, key])?,
            (Some(_), None) if is_marked(key) => self.unmark.execute(params![kind, key])?,
            (..) => 0,
        };
        Ok(true)
    }
}

fn place(write: &Write) -> (&'static str, &str) {
    (write.address.kind.name(), &write.address.key)
}

/// Whether a key is a mark: an even choice (FNV-1a), whatever keys look like.
fn is_marked(key: &str) -> bool {
    let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash % MARKED == 0
}
