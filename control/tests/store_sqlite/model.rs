//! Any row of changes, beside maps that do the same.

use std::collections::{BTreeMap, BTreeSet};

use crossgate_control::document::{Address, DocumentKind, Write};
use crossgate_control::store::{Share, Sqlite, Store, Stored, Version};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::support::{Site, entry};

const KINDS: [DocumentKind; 2] = [DocumentKind::Partner, DocumentKind::Guest];

/// Every document with the change that wrote it.
type State = BTreeMap<Address, (u64, String)>;

fn write() -> impl Strategy<Value = Write> {
    (0..KINDS.len(), 0..5_u8, option::of(0..3_u8)).prop_map(|(kind, key, text)| Write {
        address: Address::new(KINDS[kind], &format!("key {key}")),
        text: text.map(|text| format!("text {text}").into()),
    })
}

/// What a change makes of a state.
fn after(state: &State, sequence: u64, writes: &[Write]) -> State {
    let mut next = state.clone();
    for Write { address, text } in writes {
        // The last write counts, and not what was between.
        next.remove(address);
        match (text, state.get(address)) {
            (Some(text), Some(same)) if same.1 == **text => {
                next.insert(address.clone(), same.clone())
            }
            (Some(text), _) => next.insert(address.clone(), (sequence, text.to_string())),
            (None, _) => None,
        };
    }
    next
}

fn of_kind(state: &State, kind: DocumentKind) -> Vec<(String, u64, String)> {
    state
        .iter()
        .filter(|(address, _)| address.kind == kind)
        .map(|(address, (since, text))| (address.key.to_string(), *since, text.clone()))
        .collect()
}

fn check_present(store: &Sqlite, state: &State) {
    for kind in KINDS {
        let expected = of_kind(state, kind);
        let page: Vec<_> = store
            .page(kind, None, 100)
            .unwrap()
            .into_iter()
            .map(
                |Stored {
                     address,
                     since,
                     text,
                 }| (address.key.into_string(), since, text.into_string()),
            )
            .collect();
        assert_eq!(page, expected);
        assert_eq!(store.count(kind).unwrap(), expected.len() as u64);
        let mut each = BTreeSet::new();
        store
            .each(kind, Share::WHOLE, &mut |key, text| {
                assert!(each.insert((key.to_owned(), text.to_owned())));
            })
            .unwrap();
        assert_eq!(
            each,
            expected
                .into_iter()
                .map(|(key, _, text)| (key, text))
                .collect()
        );
    }
}

fn check_earlier(store: &Sqlite, states: &[State]) {
    for (sequence, state) in states.iter().enumerate() {
        for kind in KINDS {
            let mut found = Vec::new();
            store
                .each_at(
                    kind,
                    sequence as u64,
                    &mut |key, Version { since, until, text }| {
                        assert!(until.is_none_or(|until| until > sequence as u64));
                        found.push((key.to_owned(), since, text.into_string()));
                    },
                )
                .unwrap();
            assert_eq!(found, of_kind(state, kind), "at {sequence}");
        }
        let (changed, _) = store.changed_since(sequence as u64).unwrap();
        let found: BTreeSet<_> = changed.iter().cloned().collect();
        assert_eq!(found.len(), changed.len(), "each once");
        assert_eq!(found, touched(&states[sequence..]), "since {sequence}");
    }
}

/// Addresses that are different in some state from the one before.
fn touched(states: &[State]) -> BTreeSet<Address> {
    states
        .windows(2)
        .flat_map(|pair| {
            pair.iter()
                .flat_map(BTreeMap::keys)
                .filter(|address| pair[0].get(address) != pair[1].get(address))
                .cloned()
        })
        .collect()
}

fn history(address: &Address, states: &[State]) -> Vec<Version> {
    let mut versions: Vec<Version> = Vec::new();
    for (sequence, pair) in (1..).zip(states.windows(2)) {
        let (before, now) = (pair[0].get(address), pair[1].get(address));
        if before != now {
            if let (Some(_), Some(last)) = (before, versions.last_mut()) {
                last.until = Some(sequence);
            }
            versions.extend(now.map(|(since, text)| Version {
                since: *since,
                until: None,
                text: text.as_str().into(),
            }));
        }
    }
    versions
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_row_of_changes_leaves_what_maps_have_now_and_at_every_earlier_change(
        changes in vec(vec(write(), 0..6), 0..12)
    ) {
        let site = Site::new();
        let mut states = vec![State::new()];
        let mut changed = 0;
        for (sequence, writes) in (1..).zip(&changes) {
            let next = after(&states[states.len() - 1], sequence, writes);
            if next != states[states.len() - 1] {
                changed = sequence;
            }
            states.push(next);
            let head = site.store.append(sequence - 1, &entry(writes.iter().cloned())).unwrap();
            prop_assert_eq!((head.sequence, head.changed), (sequence, changed));
            prop_assert_eq!(site.store.head().unwrap(), head);
        }
        check_present(&site.store, &states[states.len() - 1]);
        check_earlier(&site.store, &states);
        for address in touched(&states) {
            prop_assert_eq!(site.store.history(&address).unwrap(), history(&address, &states));
        }
        let head = site.store.head().unwrap();
        let verified = site.store.verify(Some(head.noted()).filter(|noted| noted.sequence > 0)).unwrap();
        prop_assert_eq!(verified.head, head);
    }
}
