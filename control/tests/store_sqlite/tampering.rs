//! What an examination finds of what was done to the file past the audit.

use crossgate_control::store::{Noted, Store, StoreError};

use crate::support::{Site, put};

/// What an examination says after these statements.
fn found_after(sql: &str) -> String {
    let site = Site::with_history()
        .meanwhile(|file| file.execute_batch(sql).unwrap())
        .unwrap();
    let error = site.store.verify(None).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
    error.to_string()
}

#[track_caller]
fn check(sql: &str, expected: &str) {
    assert_eq!(found_after(sql), expected, "{sql}");
}

fn edited(record: u64) -> String {
    format!("audit record {record} is not the one that was written")
}

fn past_the_audit(change: u64) -> String {
    format!(
        "what change {change} wrote or removed is not what is there: a document of it, or an old version, was changed \
         past the audit"
    )
}

fn unrecorded(change: i64) -> String {
    format!("a document of change {change}, which has no audit record")
}

#[test]
fn what_nobody_touched_is_in_order() {
    let site = Site::with_history().meanwhile(|_| {}).unwrap();
    let verified = site.store.verify(None).unwrap();
    assert_eq!(
        (
            verified.head.sequence,
            verified.head.changed,
            verified.documents
        ),
        (5, 5, 3)
    );
    assert_eq!(verified.head, site.store.head().unwrap());
}

#[test]
fn an_edited_record_is_found() {
    check(
        "UPDATE audit SET record = '{}' WHERE sequence = 3",
        &edited(3),
    );
    check(
        "UPDATE audit SET record = record || ' ' WHERE sequence = 5",
        &edited(5),
    );
    check("UPDATE audit SET id = 'x' WHERE sequence = 1", &edited(1));
    check(
        "UPDATE audit SET at = at + 1 WHERE sequence = 2",
        &edited(2),
    );
    check(
        "UPDATE audit SET writes = zeroblob(32) WHERE sequence = 2",
        &edited(2),
    );
    check(
        "UPDATE audit SET writes = NULL WHERE sequence = 5",
        &edited(5),
    );
    check(
        "UPDATE audit SET hash = zeroblob(32) WHERE sequence = 4",
        &edited(4),
    );
}

#[test]
fn a_removed_record_is_found() {
    check(
        "DELETE FROM audit WHERE sequence = 1",
        "audit record 1 is missing",
    );
    check(
        "DELETE FROM audit WHERE sequence = 3",
        "audit record 3 is missing",
    );
    check("DELETE FROM audit WHERE sequence = 5", &unrecorded(5));
    check("DELETE FROM audit WHERE sequence >= 2", &unrecorded(2));
    check("DELETE FROM audit", &unrecorded(1));
}

#[test]
fn a_gap_that_was_closed_is_found() {
    check(
        "DELETE FROM audit WHERE sequence = 3;
         UPDATE audit SET sequence = 3 WHERE sequence = 4; UPDATE audit SET sequence = 4 WHERE sequence = 5;",
        &edited(3),
    );
}

#[test]
fn records_that_changed_places_are_found() {
    check(
        "UPDATE audit SET sequence = 99 WHERE sequence = 3; UPDATE audit SET sequence = 3 WHERE sequence = 4;
         UPDATE audit SET sequence = 4 WHERE sequence = 99;",
        &edited(3),
    );
}

#[test]
fn an_inserted_record_is_found() {
    let columns = "INSERT INTO audit (sequence, at, id, record, hash) SELECT";
    check(
        &format!("{columns} 6, at, 'x', record, hash FROM audit WHERE sequence = 5"),
        &edited(6),
    );
    check(
        &format!("{columns} 0, at, 'x', record, hash FROM audit WHERE sequence = 1"),
        "audit record 1 is missing",
    );
    check(
        &format!("{columns} 9, at, 'x', record, hash FROM audit WHERE sequence = 1"),
        "audit record 6 is missing",
    );
}

#[test]
fn an_edited_document_is_found() {
    check(
        "UPDATE documents SET text = '4' WHERE key = 'a'",
        &past_the_audit(5),
    );
    check(
        "UPDATE documents SET key = 'd' WHERE key = 'c'",
        &past_the_audit(4),
    );
    check(
        "UPDATE documents SET kind = 'guests' WHERE key = 'c'",
        &past_the_audit(4),
    );
    check(
        "UPDATE documents SET since = 5 WHERE key = 'c'",
        &past_the_audit(4),
    );
    check(
        "UPDATE documents SET since = 9 WHERE key = 'a'",
        &past_the_audit(5),
    );
}

#[test]
fn an_inserted_document_is_found() {
    let insert = |since| format!("INSERT INTO documents VALUES ('partners', 'd', {since}, '1')");
    check(&insert(2), &past_the_audit(2));
    check(&insert(3), &past_the_audit(3));
    for since in [-1, 0, 6, i64::MAX] {
        check(&insert(since), &unrecorded(since));
    }
}

#[test]
fn a_removed_document_is_found() {
    check("DELETE FROM documents WHERE key = 'a'", &past_the_audit(5));
    check("DELETE FROM documents WHERE key = 'c'", &past_the_audit(4));
    check("DELETE FROM documents", &past_the_audit(4));
}

#[test]
fn an_edited_old_version_is_found() {
    check(
        "UPDATE superseded SET text = '9' WHERE key = 'a' AND since = 1",
        &past_the_audit(1),
    );
    check(
        "DELETE FROM superseded WHERE key = 'a' AND since = 1",
        &past_the_audit(1),
    );
    check("DELETE FROM superseded WHERE key = 'b'", &past_the_audit(1));
    check(
        "INSERT INTO superseded VALUES ('partners', 'd', 1, 2, '1')",
        &past_the_audit(1),
    );
    check(
        "INSERT INTO superseded VALUES ('partners', 'd', 6, 7, '1')",
        &unrecorded(6),
    );
}

#[test]
fn an_old_version_that_ends_elsewhere_is_found() {
    let overlapping = |key, since| {
        format!(
            "document `partners/{key}`: its version of change {since} does not end before the next one"
        )
    };
    check(
        "UPDATE superseded SET until = 3 WHERE key = 'b'",
        &past_the_audit(2),
    );
    check(
        "UPDATE superseded SET until = 4 WHERE key = 'b'",
        &past_the_audit(2),
    );
    check(
        "UPDATE superseded SET until = 5 WHERE key = 'b'",
        &overlapping("b", 1),
    );
    check(
        "UPDATE superseded SET until = 5 WHERE key = 'a' AND since = 1",
        &overlapping("a", 1),
    );
    check(
        "UPDATE superseded SET until = 3 WHERE key = 'a' AND since = 2",
        &past_the_audit(3),
    );
    check(
        "UPDATE superseded SET until = 1 WHERE key = 'a' AND since = 1",
        &overlapping("a", 1),
    );
    check(
        "UPDATE superseded SET until = -1 WHERE key = 'a' AND since = 1",
        &overlapping("a", 1),
    );
}

#[test]
fn an_end_that_was_cut_off_with_its_documents_is_found_by_what_was_noted() {
    let site = Site::with_history();
    let (noted, earlier) = (site.store.head().unwrap().noted(), {
        let first = Site::with_history();
        first.store.head().unwrap().noted()
    });
    assert_eq!(site.store.verify(Some(noted)).unwrap().head.noted(), noted);
    let site = site
        .meanwhile(|file| {
            file.execute_batch(
                "DELETE FROM audit WHERE sequence = 5; DELETE FROM documents WHERE key = 'a';
                 INSERT INTO documents SELECT kind, key, since, text FROM superseded WHERE key = 'a' AND since = 2;
                 DELETE FROM superseded WHERE key = 'a' AND since = 2;",
            )
            .unwrap();
        })
        .unwrap();
    // The chain alone cannot show it: this is what was there before the last change.
    assert_eq!(site.store.verify(None).unwrap().head.sequence, 4);
    let error = site.store.verify(Some(noted)).unwrap_err().to_string();
    assert_eq!(
        error,
        "audit record 5 was noted, and the audit ends at record 4"
    );
    // Another history with the same number of records.
    site.change([put("a", "4")]);
    for other in [noted, earlier] {
        let error = site.store.verify(Some(other)).unwrap_err().to_string();
        assert_eq!(error, "audit record 5 is not the one that was noted");
    }
}

#[test]
fn a_place_noted_earlier_stays_in_the_chain() {
    let site = Site::with_history();
    let noted = site.store.head().unwrap().noted();
    site.change([put("a", "4")]);
    assert_eq!(site.store.verify(Some(noted)).unwrap().head.sequence, 6);
    assert!(
        site.store
            .verify(Some(Noted {
                sequence: 4,
                ..noted
            }))
            .is_err()
    );
}

#[test]
fn a_text_that_is_not_utf_8_is_told_and_not_delivered() {
    let site = Site::with_history()
        .meanwhile(|file| {
            file.execute_batch("UPDATE documents SET text = CAST(x'ff' AS TEXT) WHERE key = 'a'")
                .unwrap();
        })
        .unwrap();
    let error = site.store.get(&crate::support::address("a")).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
    let each = site.store.each(
        crate::support::PARTNER,
        crossgate_control::store::Share::WHOLE,
        &mut |_, _| {},
    );
    assert!(matches!(each, Err(StoreError::Corrupt(_))), "{each:?}");
    assert!(matches!(
        site.store.verify(None),
        Err(StoreError::Corrupt(_))
    ));
}
