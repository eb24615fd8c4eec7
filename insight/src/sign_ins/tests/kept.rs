//! Events that are given.

use super::*;

#[test]
fn an_event_is_kept_once_however_often_and_in_whatever_order_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let invention = invention(20_000, 2);
    let mut events: Vec<_> = (0..20_000).map(|number| invention.event(number)).collect();
    // Every other one late, and some twice in one batch.
    events.sort_by_key(|event| (event.number % 2, event.number));
    let store = Store::open(folder.path(), KEEP, true).unwrap();
    for batch in events.chunks(3000) {
        let twice = [lines(batch), lines(&batch[..10])].concat();
        let appended = store.append(&twice).unwrap();
        assert_eq!((appended.kept, appended.known), (batch.len(), 10));
    }
    drop(store);
    let store = Store::open(folder.path(), KEEP, true).unwrap();
    store.tend(until() + 1.hour()).unwrap();
    for batch in events.chunks(4100) {
        let appended = store.append(&lines(batch)).unwrap();
        assert_eq!((appended.kept, appended.known), (0, batch.len()));
    }
    assert_eq!(
        walked(&store, &query(Condition::Unknown), 999).len(),
        20_000
    );
}

#[test]
fn two_who_write_at_the_same_time_keep_each_event_once() {
    let folder = tempfile::tempdir().unwrap();
    let invention = invention(12_000, 1);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let store = Store::open(folder.path(), KEEP, false).unwrap();
                for begin in (0..12_000).step_by(500) {
                    let batch: Vec<_> = (begin..begin + 500).map(|n| invention.event(n)).collect();
                    store.append(&lines(&batch)).unwrap();
                }
            });
        }
    });
    let store = Store::open_to_read(folder.path()).unwrap();
    let found = walked(&store, &query(Condition::Unknown), 1000);
    assert_eq!(found.len(), 12_000);
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 12_000);
}

#[test]
fn what_is_no_event_is_counted_and_the_others_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), KEEP, false).unwrap();
    let event = invention(1, 1).event(0);
    let text = [b"\xff\xfe\n{}\n\nnothing\n".to_vec(), lines([&event])].concat();
    let appended = store.append(&text).unwrap();
    assert_eq!(
        appended,
        Appended {
            kept: 1,
            known: 0,
            unreadable: 3
        }
    );
}
