//! Files of other versions of this program.

use super::*;

/// As the version before wrote it: the same events, and what it found and summed them by.
fn write_as_before(path: &Path) {
    let file = rusqlite::Connection::open(path).unwrap();
    file.execute_batch(
        "DROP TABLE names; DROP TABLE hours; DROP TABLE people; DROP TABLE whole; DROP TABLE everybody;
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

/// As files were put away before: with one sum of all who asked, and none of the runs.
fn write_with_one_of_people(path: &Path) {
    let file = rusqlite::Connection::open(path).unwrap();
    file.execute_batch(
        "UPDATE people SET first_block = -1, last_block = (SELECT max(last_block) FROM people), sums = (SELECT sums FROM everybody)
        WHERE first_block = (SELECT max(first_block) FROM people);
        DELETE FROM people WHERE first_block <> -1;
        UPDATE people SET first_block = 0;
        DROP TABLE everybody;",
    )
    .unwrap();
}

#[test]
fn sums_of_who_asked_are_read_in_files_that_were_put_away_before_runs_kept_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let (store, events) = filled(folder.path(), &invention(30_000, 2));
    store.tend(until() + 1.hour()).unwrap();
    let middle = events[10_000].at;
    let sums = || {
        let of = |from, to| {
            let asked = Asked {
                from,
                to,
                who: true,
            };
            let sums = store.sums(&asked).unwrap();
            let who: Vec<_> = sums.who().map(|row| format!("{row:?}")).collect();
            who
        };
        [
            of(i64::MIN, i64::MAX),
            of(i64::MIN, middle),
            of(middle, i64::MAX),
        ]
    };
    let wanted = sums();
    for file in store.files().unwrap() {
        write_with_one_of_people(&file.path);
    }
    assert_eq!(sums(), wanted);
    let mut late = events[5].clone();
    late.id = "late".to_owned();
    store.append(&lines([&late])).unwrap();
    for _ in 0..2 {
        assert_eq!(kept(&store), 30_001);
        let users: u64 = store
            .sums(&ALL)
            .unwrap()
            .who()
            .map(|who| who.sum.events)
            .sum();
        assert_eq!(users, 30_001);
        store.tend(until() + 1.hour()).unwrap();
    }
}

/// The sum of all who asked is older than the file where a program wrote to it that does not know that sum.
#[test]
fn a_sum_of_all_who_asked_that_was_left_behind_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let (store, events) = filled(folder.path(), &invention(9_000, 1));
    store.tend(until() + 1.hour()).unwrap();
    let path = store.files().unwrap().remove(0).path;
    let file = rusqlite::Connection::open(path).unwrap();
    file.execute_batch("CREATE TEMP TABLE before AS SELECT * FROM everybody")
        .unwrap();
    let late = events.iter().map(|event| Invented {
        id: format!("late {}", event.number),
        ..event.clone()
    });
    let late: Vec<_> = late.take(5_000).collect();
    store.append(&lines(&late)).unwrap();
    store.tend(until() + 1.hour()).unwrap();
    file.execute_batch("DELETE FROM everybody; INSERT INTO everybody SELECT * FROM before")
        .unwrap();
    drop(file);
    let users = store.sums(&ALL).unwrap();
    let users: u64 = users.who().map(|who| who.sum.events).sum();
    assert_eq!(users, 14_000);
}

#[test]
fn a_file_of_a_later_version_is_named_as_whole_and_what_comes_goes_on_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let (store, events) = filled(folder.path(), &invention(100, 1));
    let file = store.files().unwrap().remove(0).path;
    drop(store);
    let later = rusqlite::Connection::open(&file).unwrap();
    later.pragma_update(None, "user_version", 1_000).unwrap();
    drop(later);
    let store = Store::open(folder.path(), KEEP, false).unwrap();
    let error = store.get(&events[0].id).unwrap_err();
    assert!(
        matches!(&error, StoreError::OtherVersion { path } if *path == file),
        "{error}"
    );
    assert_eq!(store.append(&lines(&events[..50])).unwrap().kept, 50);
    store.tend(until() + 1.hour()).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(store.get(&events[0].id).unwrap().is_some());
}
