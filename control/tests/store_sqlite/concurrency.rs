//! Several at a time: threads of one program, and programs with one file.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossgate_control::store::{Share, Sqlite, Store, StoreError};
use rusqlite::Connection;

use crate::support::{PARTNER, Site, address, all, entry, put};

#[test]
fn who_does_not_know_the_last_change_must_look_again() {
    let site = Site::with_history();
    let other = Sqlite::open(site.path()).unwrap();
    let head = other.append(5, &entry([put("a", "4")])).unwrap();
    for known in [0, 4, 5, 7, u64::MAX] {
        let moved = site
            .store
            .append(known, &entry([put("a", "5"), put("d", "1")]));
        assert!(
            matches!(moved, Err(StoreError::Moved)),
            "{known}: {moved:?}"
        );
    }
    assert_eq!(site.store.head().unwrap(), head);
    assert_eq!(
        site.store
            .get(&address("a"))
            .unwrap()
            .unwrap()
            .text
            .as_ref(),
        "4"
    );
    assert_eq!(site.store.get(&address("d")).unwrap(), None);
    assert_eq!(
        site.store.changed_since(5).unwrap(),
        (vec![address("a")], head)
    );
    site.store.append(6, &entry([put("a", "5")])).unwrap();
    assert_eq!(other.verify(None).unwrap().head.sequence, 7);
}

#[test]
fn changes_of_many_writers_come_one_after_the_other() {
    let site = Site::new();
    thread::scope(|scope| {
        for writer in 0..4 {
            let path = site.path();
            scope.spawn(move || {
                let store = Sqlite::open(path).unwrap();
                for number in 0..10 {
                    let entry = entry([put(&format!("{writer}"), &number.to_string())]);
                    loop {
                        match store.append(store.head().unwrap().sequence, &entry) {
                            Ok(_) => break,
                            Err(StoreError::Moved) => {}
                            Err(other) => panic!("{other}"),
                        }
                    }
                }
            });
        }
    });
    let verified = site.store.verify(None).unwrap();
    assert_eq!((verified.head.sequence, verified.documents), (40, 4));
}

#[test]
fn readers_do_not_wait_for_a_writer() {
    let site = Site::with_history();
    let writer = Connection::open(site.path()).unwrap();
    writer
        .execute_batch("BEGIN IMMEDIATE; DELETE FROM documents; DELETE FROM audit")
        .unwrap();
    assert_eq!(site.store.head().unwrap().sequence, 5);
    assert_eq!(all(&site.store, Share::WHOLE).len(), 3);
    site.store.verify(None).unwrap();
    site.store.backup(&site.beside("copy.db")).unwrap();
    Sqlite::open_read_only(site.path()).unwrap();
    writer.execute_batch("ROLLBACK").unwrap();
}

#[test]
fn what_goes_through_documents_sees_one_state_and_may_use_the_store() {
    let site = Site::with_history();
    let mut seen = Vec::new();
    let head = site
        .store
        .each(PARTNER, Share::WHOLE, &mut |key, text| {
            if seen.is_empty() {
                site.change(["a", "b", "c", "d"].map(|key| put(key, "new")));
            }
            assert_eq!(
                site.store
                    .get(&address(key))
                    .unwrap()
                    .unwrap()
                    .text
                    .as_ref(),
                "new"
            );
            seen.push(text.to_owned());
        })
        .unwrap();
    assert_eq!(seen, ["3", "2", "1"]);
    assert_eq!(head.sequence, 5);
    assert_eq!(site.store.head().unwrap().sequence, 6);
}

#[test]
fn many_may_open_a_new_store_at_the_same_time() {
    let site = Site::new();
    for round in 0..10 {
        let path = site.beside(&format!("{round}.db"));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| Sqlite::open(&path).unwrap());
            }
        });
        let store = Sqlite::open_existing(&path).unwrap();
        store.append(0, &entry([put("a", "1")])).unwrap();
    }
}

#[test]
fn copies_made_while_somebody_writes_are_each_of_one_state() {
    let site = Site::new();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0;
            while !done.load(Ordering::Relaxed) {
                number += 1;
                site.change((0..50).map(|key| put(&key.to_string(), &number.to_string())));
            }
        });
        let mut last = 0;
        for copy in 0..5 {
            while site.store.head().unwrap().sequence < last + 3 {
                thread::yield_now();
            }
            let copy = site.beside(&format!("copy-{copy}.db"));
            site.store.backup(&copy).unwrap();
            let copy = Sqlite::open_existing(&copy).unwrap();
            let sequence = copy.verify(None).unwrap().head.sequence;
            assert!(sequence >= last + 3);
            let documents = all(&copy, Share::WHOLE);
            assert_eq!(documents.len(), 50);
            assert!(
                documents
                    .iter()
                    .all(|(_, text)| *text == sequence.to_string())
            );
            last = sequence;
        }
        done.store(true, Ordering::Relaxed);
    });
}
