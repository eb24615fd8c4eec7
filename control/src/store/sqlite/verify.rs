//! Whether the audit and the documents are what was once written.

use rusqlite::{Connection, Row, Rows};

use super::super::chain::{Brought, Link, WritesDigest};
use super::super::{ChainHash, Head, Noted, Sequence, Verified};
use super::number::Number;
use super::open;
use super::stop::Stop;

/// What every change brought, in the order in which its digest was taken. Each part is in the order of an index, so that
/// nothing is sorted or held.
const BROUGHT: &str = "
SELECT since AS sequence, kind, key, text FROM documents INDEXED BY documents_since
UNION ALL
SELECT since, kind, key, text FROM superseded INDEXED BY superseded_since
UNION ALL
SELECT until, kind, key, NULL FROM superseded AS ended INDEXED BY superseded_until
WHERE NOT EXISTS (SELECT 1 FROM documents AS next
                  WHERE next.kind = ended.kind AND next.key = ended.key AND +next.since = ended.until)
AND NOT EXISTS (SELECT 1 FROM superseded AS next
                WHERE next.kind = ended.kind AND next.key = ended.key AND next.since = ended.until)
ORDER BY sequence, kind, key";

/// A version that does not end where, or before, the next one begins.
const OVERLAPPING: &str = "
SELECT kind, key, since FROM superseded AS early
WHERE early.until <= early.since
OR EXISTS (SELECT 1 FROM superseded AS late
           WHERE late.kind = early.kind AND late.key = early.key
           AND late.since > early.since AND late.since < early.until)
OR EXISTS (SELECT 1 FROM documents AS late
           WHERE late.kind = early.kind AND late.key = early.key AND +late.since < early.until)
LIMIT 1";

pub(super) fn verify(state: &Connection, noted: Option<Noted>) -> Result<Verified, Stop> {
    // Indexes too: what one of them leaves out, the rest of this would not see.
    open::sound(state, "integrity_check")?;
    versions_follow_each_other(state)?;
    let mut audit = state
        .prepare("SELECT sequence, at, id, record, writes, hash FROM audit ORDER BY sequence")?;
    let mut chain = Chain {
        records: audit.query(())?,
        head: Head::default(),
        noted,
    };
    let mut statement = state.prepare(BROUGHT)?;
    let mut versions = statement.query(())?;
    let mut change: Option<(i64, Brought)> = None;
    while let Some(version) = versions.next()? {
        let sequence = version.get(0)?;
        let mut brought = match change.take() {
            Some((same, brought)) if same == sequence => brought,
            Some((earlier, brought)) => {
                chain.follow(earlier, brought)?;
                Brought::nothing()
            }
            None => Brought::nothing(),
        };
        brought.add(
            bytes(version, 1)?,
            bytes(version, 2)?,
            version.get_ref(3)?.as_bytes_or_null().map_err(|error| {
                Stop::corrupt(format!("change {sequence}: a text that is none: {error}"))
            })?,
        );
        change = Some((sequence, brought));
    }
    if let Some((last, brought)) = change {
        chain.follow(last, brought)?;
    }
    while chain.next(None)? {}
    if let Some(noted) = noted
        && noted.sequence > chain.head.sequence
    {
        return Err(Stop::corrupt(format!(
            "audit record {} was noted, and the audit ends at record {}",
            noted.sequence, chain.head.sequence
        )));
    }
    let Number(documents) =
        state.query_row("SELECT count(*) FROM documents", (), |row| row.get(0))?;
    Ok(Verified {
        head: chain.head,
        documents,
    })
}

/// The audit from its first record to `head`.
struct Chain<'a> {
    records: Rows<'a>,
    head: Head,
    noted: Option<Noted>,
}

impl Chain<'_> {
    /// Goes on to a change that brought something.
    fn follow(&mut self, sequence: i64, brought: Brought) -> Result<(), Stop> {
        let digest = brought.digest();
        while i64::try_from(self.head.sequence + 1).is_ok_and(|next| next < sequence) {
            if !self.next(None)? {
                return Err(unrecorded(sequence));
            }
        }
        if i64::try_from(self.head.sequence + 1) != Ok(sequence) || !self.next(digest)? {
            return Err(unrecorded(sequence));
        }
        Ok(())
    }

    /// Whether there is one more record. It is one with these writes.
    fn next(&mut self, writes: Option<WritesDigest>) -> Result<bool, Stop> {
        let Some(row) = self.records.next()? else {
            return Ok(false);
        };
        let sequence = self.head.sequence + 1;
        if row.get::<_, i64>(0).map(Sequence::try_from)? != Ok(sequence) {
            return Err(Stop::corrupt(format!("audit record {sequence} is missing")));
        }
        let noted: Option<[u8; 32]> = row.get(4)?;
        let hash = self.head.hash.next(&Link {
            sequence,
            at: row.get(1)?,
            id: bytes(row, 2)?,
            record: bytes(row, 3)?,
            writes: noted.map(WritesDigest),
        });
        if hash != ChainHash(row.get(5)?) {
            return Err(Stop::corrupt(format!(
                "audit record {sequence} is not the one that was written"
            )));
        }
        if noted.map(WritesDigest) != writes {
            return Err(Stop::corrupt(format!(
                "what change {sequence} wrote or removed is not what is there: a document of it, or an old version, \
                 was changed past the audit"
            )));
        }
        if let Some(noted) = self.noted
            && noted.sequence == sequence
            && noted.hash != hash
        {
            return Err(Stop::corrupt(format!(
                "audit record {sequence} is not the one that was noted"
            )));
        }
        self.head.sequence = sequence;
        self.head.hash = hash;
        if writes.is_some() {
            self.head.changed = sequence;
            self.head.changed_hash = hash;
        }
        Ok(true)
    }
}

fn versions_follow_each_other(state: &Connection) -> Result<(), Stop> {
    let mut statement = state.prepare(OVERLAPPING)?;
    let mut rows = statement.query(())?;
    match rows.next()? {
        None => Ok(()),
        Some(row) => {
            let (kind, key): (String, String) = (row.get(0)?, row.get(1)?);
            let since: i64 = row.get(2)?;
            Err(Stop::corrupt(format!(
                "document `{kind}/{key}`: its version of change {since} does not end before the next one"
            )))
        }
    }
}

fn unrecorded(sequence: i64) -> Stop {
    Stop::corrupt(format!(
        "a document of change {sequence}, which has no audit record"
    ))
}

fn bytes<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a [u8], Stop> {
    row.get_ref(column)?
        .as_bytes()
        .map_err(|error| Stop::corrupt(format!("a text that is none: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_examination_sorts_and_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let connection = open::open(&path, open::Purpose::CreateOrChange).unwrap();
        for sql in [BROUGHT, OVERLAPPING] {
            let mut plan = connection
                .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
                .unwrap();
            let steps: Vec<String> = plan
                .query_map((), |row| row.get(3))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            let held = |step: &String| step.contains("TEMP B-TREE") || step.contains("MATERIALIZE");
            assert!(!steps.iter().any(held), "{steps:#?}");
        }
    }
}
