use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use crossgate_testkit::sign_ins::{Invented, Invention, OWN};
use jiff::ToSpan as _;

use super::bytes::Packer;
use super::files::companions;
use super::*;

const KEEP: Keep = Keep {
    days: 100,
    size: 1 << 40,
};

/// A day's end.
fn until() -> Timestamp {
    "2026-02-01T00:00:00Z".parse().unwrap()
}

fn invention(events: u64, days: u32) -> Invention {
    Invention {
        days,
        tenants: 30,
        users: 3000,
        apps: 9,
        ..Invention::of(events, until().as_millisecond())
    }
}

fn lines<'e>(events: impl IntoIterator<Item = &'e Invented>) -> Vec<u8> {
    let mut text = String::new();
    for event in events {
        event.write(&mut text);
    }
    text.into_bytes()
}

fn is(column: Column, value: &str) -> Condition {
    Condition::Is(column, Some(value.into()))
}

fn query(condition: Condition) -> Query {
    Query {
        from: None,
        to: None,
        descending: true,
        after: None,
        condition,
        patience: None,
    }
}

fn id_of(line: &str) -> String {
    let event: serde_json::Value = serde_json::from_str(line).unwrap();
    event["id"].as_str().unwrap().to_owned()
}

/// All ids that a query leads to, page by page.
fn walked(store: &Store, query: &Query, page: usize) -> Vec<String> {
    let mut query = query.clone();
    let mut ids = Vec::new();
    loop {
        let mut taken = 0;
        let mut last = query.after;
        let end = store
            .walk(&query, &mut |found| {
                if taken == page {
                    return Answer::Enough;
                }
                taken += 1;
                last = Some(found.position);
                ids.push(id_of(found.line));
                Answer::Hit
            })
            .unwrap();
        query.after = match end {
            End::All => return ids,
            End::Stopped => last,
            End::Tired(position) => Some(position),
        };
    }
}

/// The ids of events, the latest first.
fn expected(events: &[Invented], of: impl Fn(&Invented) -> bool) -> BTreeSet<String> {
    let events = events.iter().filter(|event| of(event));
    events.map(|event| event.id.clone()).collect()
}

fn filled(folder: &Path, invention: &Invention) -> (Store, Vec<Invented>) {
    let store = Store::open(folder, KEEP, false).unwrap();
    let events: Vec<_> = (0..invention.events)
        .map(|number| invention.event(number))
        .collect();
    for batch in events.chunks(777) {
        let appended = store.append(&lines(batch)).unwrap();
        assert_eq!((appended.kept, appended.known), (batch.len(), 0));
    }
    (store, events)
}

/// What a filter finds is what it should, in both orders, in pages of any size, whether a file is put away or written to.
#[test]
fn what_is_looked_for_is_found_all_of_it_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (store, events) = filled(folder.path(), &invention(25_000, 3));
    let sample = &events[13_000];
    let middle = events[8_000].at;
    type Of = Box<dyn Fn(&Invented) -> bool>;
    let cases: Vec<(Query, Of)> = vec![
        (query(Condition::Unknown), Box::new(|_| true)),
        (
            query(is(Column::UserId, &sample.user_id.to_uppercase())),
            Box::new({
                let id = sample.user_id.clone();
                move |event| event.user_id == id
            }),
        ),
        (
            query(is(Column::CorrelationId, &sample.correlation_id)),
            Box::new({
                let id = sample.id.clone();
                move |event| event.id == id
            }),
        ),
        (
            query(Condition::All(vec![
                is(Column::ErrorCode, "500213"),
                Condition::IsNot(Column::ResourceTenantId, Some(OWN.into())),
            ])),
            Box::new(|event| event.error_code == 500_213 && event.resource_tenant_id != OWN),
        ),
        (
            Query {
                from: Some(middle),
                to: Some(middle + 3_600_000),
                ..query(Condition::Any(vec![
                    is(Column::ErrorCode, "53003"),
                    Condition::Begins(Column::ResourceDisplayName, "aPP 3".into()),
                ]))
            },
            Box::new(move |event| {
                (middle..=middle + 3_600_000).contains(&event.at)
                    && (event.error_code == 53_003 || event.resource_display_name == "App 3")
            }),
        ),
        (query(is(Column::UserType, "member")), Box::new(|_| false)),
        (
            query(Condition::Is(Column::UserType, None)),
            Box::new(|_| false),
        ),
        (
            query(Condition::Is(Column::ServicePrincipalId, None)),
            Box::new(|_| true),
        ),
    ];
    for sealed in [false, true] {
        if sealed {
            assert_eq!(store.tend(until() + 1.hour()).unwrap(), []);
        }
        for (place, (query, of)) in cases.iter().enumerate() {
            let wanted = expected(&events, of);
            for descending in [true, false] {
                let query = Query {
                    descending,
                    ..query.clone()
                };
                let found = walked(&store, &query, if wanted.len() > 200 { 1000 } else { 7 });
                assert_eq!(found.len(), wanted.len(), "case {place}: {query:?}");
                assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>(), wanted);
                let place_of = |id: &String| events.iter().position(|event| event.id == *id);
                if found.len() < 100 {
                    let places: Vec<_> = found.iter().map(place_of).collect();
                    let mut sorted = places.clone();
                    sorted.sort_unstable();
                    if descending {
                        sorted.reverse();
                    }
                    assert_eq!(places, sorted, "case {place}");
                }
            }
        }
        let got = store.get(&sample.id).unwrap().unwrap();
        assert_eq!(format!("{got}\n").into_bytes(), lines([sample]));
        assert_eq!(store.get("nobody").unwrap(), None);
    }
}

#[test]
fn a_page_that_has_run_out_of_patience_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let (store, events) = filled(folder.path(), &invention(50_000, 2));
    for (condition, of) in [
        (
            Condition::Begins(Column::UserPrincipalName, "user7@".into()),
            (|event: &Invented| event.user_principal_name.starts_with("user7@"))
                as fn(&Invented) -> bool,
        ),
        (is(Column::ErrorCode, "1"), |_| false),
    ] {
        let wanted = expected(&events, of);
        for descending in [true, false] {
            let mut query = Query {
                descending,
                patience: Some(Patience {
                    blocks: 1,
                    misses: 100,
                }),
                ..query(condition.clone())
            };
            let mut found = BTreeSet::new();
            let mut pages = 0;
            loop {
                let end = store
                    .walk(&query, &mut |event| {
                        assert!(found.insert(id_of(event.line)));
                        Answer::Miss
                    })
                    .unwrap();
                pages += 1;
                match end {
                    End::Tired(position) => query.after = Some(position),
                    End::All => break,
                    End::Stopped => unreachable!(),
                }
            }
            assert_eq!(found, wanted);
            assert!(pages > 1, "{condition:?}");
        }
    }
}

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
fn sums_are_those_of_the_events_over_any_time() {
    let folder = tempfile::tempdir().unwrap();
    let (store, events) = filled(folder.path(), &invention(25_000, 3));
    let times = [i64::MIN, events[5_555].at, events[15_000].at, i64::MAX];
    for sealed in [false, true] {
        if sealed {
            store.tend(until() + 1.hour()).unwrap();
        }
        for from in times {
            for to in times {
                let mut wanted: BTreeMap<_, Sum> = BTreeMap::new();
                let mut users: BTreeMap<_, Sum> = BTreeMap::new();
                for event in events
                    .iter()
                    .filter(|event| event.at >= from && event.at < to)
                {
                    let sum = Sum {
                        events: 1,
                        requests: event.requests,
                    };
                    let key = (
                        &*event.home_tenant_id,
                        &*event.resource_id,
                        event.error_code,
                    );
                    wanted.entry(key).or_default().add(sum);
                    users.entry(&*event.user_id).or_default().add(sum);
                }
                let sums = store
                    .sums(&Asked {
                        from,
                        to,
                        who: true,
                    })
                    .unwrap();
                let (mut found, mut who): (BTreeMap<_, Sum>, BTreeMap<_, Sum>) = Default::default();
                for row in sums.what() {
                    let code: u32 = row.error_code.unwrap().parse().unwrap();
                    let key = (row.home_tenant_id.unwrap(), row.resource_id.unwrap(), code);
                    found.entry(key).or_default().add(row.sum);
                }
                for row in sums.who() {
                    who.entry(row.user_id.unwrap()).or_default().add(row.sum);
                }
                assert_eq!(found, wanted);
                assert_eq!(who, users);
            }
        }
    }
}

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

const ALL: Asked = Asked {
    from: i64::MIN,
    to: i64::MAX,
    who: true,
};

fn kept(store: &Store) -> u64 {
    store.sums(&ALL).unwrap().total().events
}

#[test]
fn sums_by_hour_and_by_day_are_those_of_the_events() {
    let folder = tempfile::tempdir().unwrap();
    let (store, events) = filled(folder.path(), &invention(25_000, 3));
    let (from, to) = (events[3_333].at, events[21_000].at + 1);
    let asked = Asked {
        from,
        to,
        who: true,
    };
    for sealed in [false, true] {
        if sealed {
            store.tend(until() + 1.hour()).unwrap();
        }
        for step in [Step::Hour, Step::Day] {
            let mut wanted: BTreeMap<i64, (u64, BTreeSet<&str>)> = BTreeMap::new();
            for event in &events[3_333..=21_000] {
                let begin = event.at.div_euclid(step.milliseconds()) * step.milliseconds();
                let (count, users) = wanted.entry(begin).or_default();
                *count += 1;
                users.insert(&event.user_id);
            }
            let found = store.sums_by(&asked, step).unwrap();
            let found: BTreeMap<_, _> = found
                .iter()
                .map(|(begin, sums)| {
                    let users = sums.who().map(|who| who.user_id.unwrap()).collect();
                    (*begin, (sums.total().events, users))
                })
                .collect();
            assert_eq!(found, wanted, "{step:?}");
        }
    }
}

#[test]
fn what_comes_late_is_in_the_sums_of_a_day_that_was_put_away() {
    let folder = tempfile::tempdir().unwrap();
    let invention = invention(20_000, 1);
    let events: Vec<_> = (0..20_000).map(|number| invention.event(number)).collect();
    let store = Store::open(folder.path(), KEEP, false).unwrap();
    let late = |event: &&Invented| event.number.is_multiple_of(3);
    let on_time = events.iter().filter(|event| !late(event));
    store.append(&lines(on_time)).unwrap();
    store.tend(until() + 1.hour()).unwrap();
    let before = kept(&store);
    store.append(&lines(events.iter().filter(late))).unwrap();
    assert!(before < 20_000);
    for _ in 0..2 {
        assert_eq!(kept(&store), 20_000);
        let sums = store.sums(&ALL).unwrap();
        let users: u64 = sums.who().map(|who| who.sum.events).sum();
        assert_eq!(users, 20_000);
        store.tend(until() + 1.hour()).unwrap();
    }
}

#[test]
fn the_sums_of_a_day_are_forgotten_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = filled(folder.path(), &invention(5_000, 10));
    let now = until() - 1.second();
    store.tend(now).unwrap();
    let kept_days = Keep {
        days: 6,
        size: 1 << 40,
    };
    let store = Store::open(folder.path(), kept_days, false).unwrap();
    assert_eq!(store.tend(now).unwrap().len(), 3);
    assert_eq!(kept(&store), 3_500);
    assert_eq!(store.sums_by(&ALL, Step::Day).unwrap().len(), 7);
}

/// As the version before wrote it: the same events, and what it found and summed them by.
fn write_as_before(path: &Path) {
    let file = rusqlite::Connection::open(path).unwrap();
    file.execute_batch(
        "DROP TABLE names; DROP TABLE hours; DROP TABLE people; DROP TABLE whole;
        CREATE TABLE rollups (
            first_block INTEGER PRIMARY KEY, last_block INTEGER NOT NULL, what BLOB NOT NULL, who BLOB NOT NULL
        );
        PRAGMA user_version = 1;",
    )
    .unwrap();
}

#[test]
fn files_of_the_version_before_are_read_and_brought_up_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let (store, events) = filled(folder.path(), &invention(30_000, 3));
    store.tend(until() + 1.hour()).unwrap();
    let sums = |store: &Store| {
        let sums = store.sums(&ALL).unwrap();
        let what: Vec<_> = sums.what().map(|row| format!("{row:?}")).collect();
        let who: Vec<_> = sums.who().map(|row| format!("{row:?}")).collect();
        (what, who)
    };
    let wanted = sums(&store);
    drop(store);
    let store = Store::open(folder.path(), KEEP, false).unwrap();
    let files = store.files().unwrap();
    for file in &files {
        write_as_before(&file.path);
    }
    let is_old = |file: &File| {
        let connection = schema::reader(&file.path).unwrap();
        !schema::has_rollups(&connection).unwrap()
    };
    let user = &events[9_999].user_id;
    let of_user = expected(&events, |event| event.user_id == *user);
    for left in [3, 2, 1, 0] {
        assert_eq!(files.iter().filter(|file| is_old(file)).count(), left);
        assert_eq!(sums(&store), wanted);
        let found = walked(&store, &query(is(Column::UserId, user)), 100);
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), of_user);
        assert!(store.get(&events[123].id).unwrap().is_some());
        store.tend(until() + 1.hour()).unwrap();
    }
    write_as_before(&files[0].path);
    let again = store.append(&lines(&events[..10])).unwrap();
    assert_eq!((again.kept, again.known), (0, 10));
    assert!(!is_old(&files[0]), "who writes to it brings it up");
    assert_eq!(sums(&store), wanted);
}

/// Each event's line, by its id.
fn all_lines(store: &Store) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let take = &mut |found: Found<'_>| {
        all.insert(id_of(found.line), found.line.to_owned());
        Answer::Hit
    };
    assert_eq!(
        store.walk(&query(Condition::Unknown), take).unwrap(),
        End::All
    );
    all
}

/// As version 2 wrote blocks: lines in larger chunks without a dictionary, and no short fingerprints.
fn write_without_dictionaries(path: &Path) {
    let file = rusqlite::Connection::open(path).unwrap();
    let mut packer = Packer::new().unwrap();
    for place in segment::places(&file, 0).unwrap() {
        let mut reader = lines::Reader::new().unwrap();
        let rows: Vec<String> = (0..place.events)
            .map(|row| reader.line(&file, place.number, row).unwrap().to_owned())
            .collect();
        file.execute("DELETE FROM chunks WHERE place >> 10 = ?1", [place.number])
            .unwrap();
        for (chunk, rows) in rows.chunks(lines::CHUNK_OF_BEFORE).enumerate() {
            let mut text = Vec::new();
            for row in rows {
                bytes::put_text(&mut text, Some(row));
            }
            let key = (place.number << 10) | chunk as i64;
            let packed = packer.pack(&text).unwrap();
            file.execute("INSERT INTO chunks VALUES (?1, ?2)", (key, packed))
                .unwrap();
        }
    }
    file.execute_batch("DELETE FROM columns WHERE place & 255 >= 160; PRAGMA user_version = 2;")
        .unwrap();
}

#[test]
fn blocks_of_version_2_are_read_beside_those_that_come_to_them() {
    let folder = tempfile::tempdir().unwrap();
    let invention = invention(20_000, 1);
    let events: Vec<_> = (0..20_000).map(|number| invention.event(number)).collect();
    let (before, after) = events.split_at(13_000);
    let store = Store::open(folder.path(), KEEP, false).unwrap();
    store.append(&lines(before)).unwrap();
    let wanted = |events: &[Invented]| -> BTreeMap<String, String> {
        let line = |event: &Invented| String::from_utf8(lines([event])).unwrap();
        let lines = events
            .iter()
            .map(|event| (event.id.clone(), line(event).trim_end().to_owned()));
        lines.collect()
    };
    assert!(all_lines(&store) == wanted(before), "as it was written");
    let path = store.files().unwrap().remove(0).path;
    drop(store);
    write_without_dictionaries(&path);
    let store = Store::open(folder.path(), KEEP, false).unwrap();
    assert!(all_lines(&store) == wanted(before), "as version 2 wrote it");
    store.append(&lines(after)).unwrap();
    assert!(all_lines(&store) == wanted(&events), "of both versions");
    let connection = schema::reader(&path).unwrap();
    assert_eq!(schema::version(&connection).unwrap(), 3);
    drop(connection);
    for sample in [&events[5_000], &events[19_000]] {
        let (id, name) = (&sample.user_id, &sample.user_principal_name);
        let of_user = expected(&events, |event| event.user_id == *id);
        let of_name = expected(&events, |event| event.user_principal_name == *name);
        for (column, value, wanted) in [
            (Column::UserId, id, of_user),
            (Column::UserPrincipalName, name, of_name),
        ] {
            let value = value.to_ascii_uppercase();
            let found = walked(&store, &query(is(column, &value)), 100);
            assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), wanted);
        }
    }
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
fn how_no_value_begins_is_known_without_a_look_at_events() {
    let folder = tempfile::tempdir().unwrap();
    let (store, events) = filled(folder.path(), &invention(30_000, 1));
    store.tend(until() + 1.hour()).unwrap();
    let pages = |start: &str| {
        let mut query = Query {
            patience: Some(Patience {
                blocks: 1,
                misses: 10,
            }),
            ..query(Condition::Begins(Column::UserPrincipalName, start.into()))
        };
        let (mut found, mut pages) = (0, 0);
        loop {
            pages += 1;
            let end = store.walk(&query, &mut |_| {
                found += 1;
                Answer::Hit
            });
            match end.unwrap() {
                End::Tired(position) => query.after = Some(position),
                End::All | End::Stopped => return (found, pages),
            }
        }
    };
    assert_eq!(pages("zz"), (0, 1));
    let name = &events[7].user_principal_name;
    let (found, looks) = pages(&name.to_ascii_uppercase());
    assert_eq!(
        found,
        expected(&events, |event| event.user_principal_name == *name).len()
    );
    assert!(looks <= found + 1, "{looks} looks for {found} events");
}

/// Files are let go after each event here: no event is given twice, none is missed, and what comes to where it has not been yet is given.
#[test]
fn an_export_that_lets_go_of_its_files_gives_each_event_once_and_those_that_come_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let (store, events) = filled(folder.path(), &invention(9_000, 2));
    let (from, to) = (events[3_900].at, events[4_700].at);
    let late = Invention {
        until: events[4_400].at,
        ..invention(50, 1)
    };
    let late: Vec<_> = (0..50).map(|number| late.event(number)).collect();
    let query = Query {
        from: Some(from),
        to: Some(to),
        descending: false,
        ..query(Condition::Unknown)
    };
    let mut given = Vec::new();
    let take = &mut |found: Found<'_>| {
        if given.is_empty() {
            store.append(&lines(&late)).unwrap();
        }
        given.push((found.position, id_of(found.line)));
        Answer::Hit
    };
    let end = store.export_letting_go(&query, Duration::ZERO, take);
    assert_eq!(end.unwrap(), End::All);
    let all: Vec<_> = events.iter().chain(&late).cloned().collect();
    let wanted = expected(&all, |event| (from..=to).contains(&event.at));
    assert!(wanted.len() > 801, "some of those that came are among them");
    assert_eq!(given.len(), wanted.len());
    assert!(given.is_sorted());
    let ids: BTreeSet<_> = given.into_iter().map(|(_, id)| id).collect();
    assert_eq!(ids, wanted);
}
