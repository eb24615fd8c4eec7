//! Audit records.

use std::ops::ControlFlow;

use crossgate_control::store::{AuditRange, Entry, Store, StoreError};
use jiff::{SignedDuration, Timestamp};

use crate::support::{Site, entry, put, second, sequences};

/// One record for each of these seconds.
fn at(seconds: &[i64]) -> Site {
    let site = Site::new();
    for (known, number) in seconds.iter().enumerate() {
        let entry = Entry {
            at: second(*number),
            ..entry([])
        };
        site.store.append(known as u64, &entry).unwrap();
    }
    site
}

const ALL: AuditRange = AuditRange {
    from: None,
    to: None,
    descending: false,
    after: None,
};

#[test]
fn a_record_is_found_by_its_id() {
    let site = Site::new();
    let entry = entry([put("a", "1")]);
    site.store.append(0, &entry).unwrap();
    let audited = site.store.audit(&entry.id).unwrap().unwrap();
    assert_eq!(
        (audited.sequence, audited.at, audited.record),
        (1, entry.at, entry.record)
    );
    assert_eq!(site.store.audit("id").unwrap(), None);
}

#[test]
fn an_id_that_is_there_is_refused_and_nothing_is_written() {
    let site = Site::new();
    let entry = entry([put("a", "1")]);
    let head = site.store.append(0, &entry).unwrap();
    let again = Entry {
        writes: vec![put("a", "2")],
        ..entry
    };
    let error = site.store.append(1, &again).unwrap_err();
    assert!(matches!(error, StoreError::Failed { .. }), "{error}");
    assert_eq!(site.store.head().unwrap(), head);
    assert_eq!(site.store.verify(None).unwrap().head, head);
}

#[test]
fn records_come_in_the_order_of_their_times_also_where_the_clock_went_back() {
    let site = at(&[10, 30, 20, 30, 40]);
    assert_eq!(sequences(&site.store, ALL), [1, 3, 2, 4, 5]);
    assert_eq!(
        sequences(
            &site.store,
            AuditRange {
                descending: true,
                ..ALL
            }
        ),
        [5, 4, 2, 3, 1]
    );
}

#[test]
fn a_range_has_both_its_ends() {
    let site = at(&[10, 20, 30, 40]);
    let range = |from: Option<Timestamp>, to: Option<Timestamp>| {
        sequences(&site.store, AuditRange { from, to, ..ALL })
    };
    let nanosecond = SignedDuration::from_nanos(1);
    assert_eq!(range(Some(second(20)), Some(second(30))), [2, 3]);
    assert_eq!(range(Some(second(20) + nanosecond), None), [3, 4]);
    assert_eq!(range(None, Some(second(30) - nanosecond)), [1, 2]);
    assert_eq!(range(Some(second(31)), Some(second(30))), [0; 0]);
}

#[test]
fn a_range_goes_on_behind_a_record_also_among_equal_times() {
    let site = at(&[10, 30, 20, 30, 30, 40]);
    for descending in [false, true] {
        let whole = AuditRange {
            from: Some(second(15)),
            to: Some(second(35)),
            descending,
            ..ALL
        };
        let expected = sequences(&site.store, whole);
        for (place, after) in expected.iter().enumerate() {
            let rest = AuditRange {
                after: Some(*after),
                ..whole
            };
            assert_eq!(
                sequences(&site.store, rest),
                expected[place + 1..],
                "{rest:?}"
            );
        }
    }
    let behind = |after, descending| {
        let from = Some(second(15));
        sequences(
            &site.store,
            AuditRange {
                from,
                descending,
                after: Some(after),
                ..ALL
            },
        )
    };
    assert_eq!(behind(1, false), [3, 2, 4, 5, 6], "before the range");
    assert_eq!(behind(1, true), [0; 0], "the range ends before it");
    assert_eq!(behind(99, false), [0; 0], "there is none");
}

#[test]
fn a_reader_of_records_may_stop() {
    let site = at(&[10, 20, 30]);
    let mut seen = 0;
    site.store
        .audits(ALL, &mut |audited| {
            seen = audited.sequence;
            if seen == 2 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .unwrap();
    assert_eq!(seen, 2);
}

#[test]
fn times_are_kept_to_the_microsecond() {
    let site = Site::new();
    let at = second(1) + SignedDuration::from_nanos(123_456_789);
    let entry = Entry { at, ..entry([]) };
    site.store.append(0, &entry).unwrap();
    let kept = site.store.audit(&entry.id).unwrap().unwrap().at;
    assert_eq!(kept, second(1) + SignedDuration::from_micros(123_456));
}

#[test]
fn changes_are_told_the_latest_first_by_the_hash_that_the_store_had_then() {
    let site = Site::new();
    let mut heads = Vec::new();
    for (known, writes) in [vec![put("a", "1")], vec![], vec![put("a", "2")]]
        .into_iter()
        .enumerate()
    {
        let head = site.store.append(known as u64, &entry(writes)).unwrap();
        heads.push((head.changed, head.changed_hash));
    }
    let mut told = Vec::new();
    let changes = site.store.changes(&mut |at, hash| {
        told.push((at, hash));
        ControlFlow::Continue(())
    });
    changes.unwrap();
    assert_eq!(told, [heads[2], heads[0]]);
    assert_eq!(heads[1], heads[0], "a record without a change has no name");
    let mut first = Vec::new();
    let changes = site.store.changes(&mut |at, _| {
        first.push(at);
        ControlFlow::Break(())
    });
    changes.unwrap();
    assert_eq!(first, [3]);
}
