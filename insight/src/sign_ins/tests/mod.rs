//! The store, as whoever uses it finds it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crossgate_testkit::sign_ins::{Invented, Invention, OWN};
use jiff::ToSpan as _;

use super::bytes::Packer;
use super::files::companions;
use super::*;

mod added_up;
mod files;
mod found;
mod kept;
mod versions;

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

const ALL: Asked = Asked {
    from: i64::MIN,
    to: i64::MAX,
    who: true,
};

fn kept(store: &Store) -> u64 {
    store.sums(&ALL).unwrap().total().events
}
