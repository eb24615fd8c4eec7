//! Files that are put away, forgotten, or of no use.

use super::*;

#[test]
fn what_is_too_old_or_too_much_is_forgotten_by_files() {
    let folder = tempfile::tempdir().unwrap();
    let (store, events) = filled(folder.path(), &invention(5_000, 10));
    let now = until() - 1.second();
    store.tend(now).unwrap();
    let keep = |days, size| Store::open(folder.path(), Keep { days, size }, false).unwrap();
    let forgotten = keep(6, 1 << 40).tend(now).unwrap();
    let days: Vec<_> = forgotten.iter().map(|file| file.day.to_string()).collect();
    assert_eq!(days, ["2026-01-22", "2026-01-23", "2026-01-24"]);
    assert!(forgotten.iter().all(|file| !file.for_room));
    let left = expected(&events, |event| event.at >= events[1500].at);
    assert_eq!(
        walked(&store, &query(Condition::Unknown), 1000).len(),
        left.len()
    );

    let size = store.size().unwrap();
    let forgotten = keep(100, size - 1).tend(now).unwrap();
    assert_eq!(forgotten.len(), 1);
    assert!(forgotten[0].for_room);
    let forgotten = keep(100, 1).tend(now).unwrap();
    assert_eq!(forgotten.len(), 5, "the last one stays");
    assert!(store.size().unwrap() > 0);
}

#[test]
fn a_day_of_many_events_has_several_files_and_knows_what_is_in_each() {
    let folder = tempfile::tempdir().unwrap();
    let invention = invention(40_000, 1);
    // The least there is: parts of 16 MiB.
    let keep = Keep {
        days: 100,
        size: 100 << 20,
    };
    let store = Store::open(folder.path(), keep, false).unwrap();
    let events: Vec<_> = (0..40_000).map(|number| invention.event(number)).collect();
    for batch in events.chunks(5000) {
        store.append(&lines(batch)).unwrap();
    }
    assert!(store.files().unwrap().len() > 1);
    for batch in events.chunks(5000) {
        assert_eq!(store.append(&lines(batch)).unwrap().known, batch.len());
    }
    assert_eq!(
        walked(&store, &query(Condition::Unknown), 1000).len(),
        40_000
    );
    let asked = Asked {
        from: i64::MIN,
        to: i64::MAX,
        who: false,
    };
    assert_eq!(store.sums(&asked).unwrap().total().events, 40_000);
}

#[test]
fn a_damaged_file_is_told_of_and_what_comes_goes_on_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let (store, events) = filled(folder.path(), &invention(100, 1));
    drop(store);
    let file = std::fs::read_dir(folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    for path in companions(&file) {
        let _ = std::fs::remove_file(path);
    }
    std::fs::write(
        &file,
        "no database at all, and longer than a header of one would be: ".repeat(200),
    )
    .unwrap();
    let store = Store::open(folder.path(), KEEP, false).unwrap();
    assert_eq!(store.append(&lines(&events[..50])).unwrap().kept, 50);
    store.tend(until() + 1.hour()).unwrap();
    let error = store.get(&events[0].id).unwrap_err().to_string();
    assert!(
        error.contains("is damaged") && error.contains("2026-01-31.0.events"),
        "{error}"
    );
    std::fs::remove_file(&file).unwrap();
    assert!(store.get(&events[0].id).unwrap().is_some());
}

#[test]
fn a_store_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Store::open(&file, KEEP, false).unwrap_err().to_string();
    assert!(error.contains("/file`"), "{error}");
}

#[test]
fn a_file_that_was_put_away_is_not_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, events) = filled(folder.path(), &invention(6_000, 3));
    // Who opens a file makes others beside it.
    let changed = || folder.path().metadata().unwrap().modified().unwrap();
    let tend = || store.tend(until() + 1.hour()).unwrap();
    tend();
    let before = changed();
    tend();
    assert_eq!(changed(), before);
    let mut late = events[0].clone();
    late.id = "late".to_owned();
    store.append(&lines([&late])).unwrap();
    tend();
    assert_ne!(changed(), before);
    assert_eq!(kept(&store), 6_001);
    let before = changed();
    tend();
    assert_eq!(changed(), before);
}

#[test]
fn what_a_reader_held_of_a_file_that_was_put_away_is_cut_when_it_has_gone() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = filled(folder.path(), &invention(6_000, 1));
    let file = store.files().unwrap().remove(0).path;
    let [_, log, _] = companions(&file);
    let length = || log.metadata().map_or(0, |log| log.len());
    let held = schema::reader(&file).unwrap();
    let read: i64 = held
        .query_row("SELECT count(*) FROM tail", (), |row| row.get(0))
        .unwrap();
    assert!(read > 0);
    for _ in 0..2 {
        store.tend(until() + 1.hour()).unwrap();
        assert!(length() > 0);
    }
    drop(held);
    store.tend(until() + 1.hour()).unwrap();
    assert_eq!(length(), 0);
}
