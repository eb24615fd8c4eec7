//! Processes killed at random moments. This shows that no change is lost or halved with its process; that one survives a
//! loss of power rests on SQLite's `synchronous=FULL`.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crossgate_control::document::Write;
use crossgate_control::store::{Entry, Share, Sqlite, Store};
use tempfile::TempDir;

use crate::support::{all, put, remove, second};

const FILE: &str = "CROSSGATE_TEST_STORE";

/// The same writes for the same change, so that what must be there can be told from the number of the last one.
fn writes(sequence: u64) -> Vec<Write> {
    let mut state = sequence;
    let mut next = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    // Now and then so many that the change takes a while.
    let many = if sequence.is_multiple_of(5) { 2000 } else { 20 };
    (0..many)
        .map(|_| {
            let key = next(3000).to_string();
            match next(4) {
                0 => remove(&key),
                _ => put(&key, &format!("{sequence} ").repeat(next(100) as usize)),
            }
        })
        .collect()
}

fn documents_after(last: u64) -> Vec<(String, String)> {
    let mut documents = BTreeMap::new();
    for Write { address, text } in (1..=last).flat_map(writes) {
        match text {
            Some(text) => documents.insert(address.key.into_string(), text.into_string()),
            None => documents.remove(&*address.key),
        };
    }
    documents.into_iter().collect()
}

/// Does something only in a process of its own, which the tests below start and kill.
#[test]
fn writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(FILE) else {
        return;
    };
    let store = Sqlite::open(Path::new(&path)).unwrap();
    let mut known = store.head().unwrap().sequence;
    loop {
        let sequence = known + 1;
        let entry = Entry {
            at: second(sequence as i64),
            id: format!("id-{sequence}").into(),
            record: format!("{{\"sequence\":{sequence}}}").into(),
            writes: writes(sequence),
        };
        known = store.append(known, &entry).unwrap().sequence;
        // Not by `eprintln`, which the test harness may hold back.
        std::io::Write::write_all(&mut std::io::stderr(), format!("{known}\n").as_bytes()).unwrap();
    }
}

fn start(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["crash::writes_until_it_is_killed", "--exact", "--nocapture"])
        .env(FILE, path)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills a writer some time after it has said so many times that a change is stored; gives the last such change.
fn killed_after(path: &Path, said: usize, then: Duration) -> Option<u64> {
    let mut child = start(path);
    let mut lines = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut last: Vec<String> = lines.by_ref().take(said).collect();
    // The moment is to be any, which no signal of the writer's could be.
    thread::sleep(then);
    child.kill().unwrap();
    child.wait().unwrap();
    last.extend(lines);
    last.last().map(|line| {
        line.parse()
            .unwrap_or_else(|_| panic!("the writer failed: {last:#?}"))
    })
}

fn any(below: u64) -> u64 {
    RandomState::new().hash_one(below) % below
}

#[test]
fn every_change_that_was_stored_is_there_after_a_kill_and_no_half_of_another() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store.db");
    let mut before = 0;
    for round in 0..20 {
        let (said, then) = (any(15) as usize, Duration::from_micros(any(20_000)));
        let last = killed_after(&path, said, then).unwrap_or(before);
        let store = Sqlite::open(&path).unwrap();
        let verified = store.verify(None).unwrap();
        let found = verified.head.sequence;
        assert!(
            found == last || found == last + 1,
            "round {round}, killed {then:?} after {said} changes: {last} was stored, {found} is there"
        );
        let mut documents = all(&store, Share::WHOLE);
        documents.sort();
        assert!(
            documents == documents_after(found),
            "round {round}: not what change {found} leaves"
        );
        before = found;
    }
    assert!(before > 0);
}

#[test]
fn a_store_can_be_opened_after_a_kill_at_its_making() {
    for round in 0..10 {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("store.db");
        let last = killed_after(&path, 0, Duration::from_micros(any(40_000))).unwrap_or(0);
        let found = Sqlite::open(&path)
            .unwrap()
            .verify(None)
            .unwrap()
            .head
            .sequence;
        assert!(
            found == last || found == last + 1,
            "round {round}: {last} was stored, {found} is there"
        );
    }
}
