//! Guest records that change document by document, and what they clash with.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is a failed test"
)]

#[cfg(test)]
mod support;

use std::collections::BTreeMap;

use crossgate_graph::{DocumentKind, Standing};
use crossgate_policy::ids::{Id, TenantId};
use crossgate_policy::snapshot::{DirectoryMode, Guest, GuestDirectory, Witness};
use support::store::{Store, Write, change, put, remove};
use support::{PARTNER, own};

const IDS: u64 = 14;
const USERS: u64 = 5;

/// Numbers without an order, always the same ones.
fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ seed;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    }
}

/// What a document says, as far as it tells.
#[derive(Clone, Debug, PartialEq)]
enum Says {
    Home {
        user: u64,
        deleted: bool,
    },
    Mail {
        name: u64,
        deleted: bool,
    },
    /// What its key does not.
    OtherId,
}

fn key(number: u64) -> String {
    match number {
        0..4 => format!("aaaaaaaa-0000-4000-8000-{number:012}"),
        // As a GUID in these letters is nobody's key.
        4 => "AAAAAAAA-0000-4000-8000-000000000001".to_owned(),
        number => format!("Guest {number}"),
    }
}

fn user(number: u64) -> String {
    if number.is_multiple_of(2) {
        format!("bbbbbbbb-0000-4000-8000-{number:012}")
    } else {
        format!("user {number}")
    }
}

fn text(key: &str, says: &Says) -> String {
    let gone = |deleted: &bool| {
        if *deleted {
            r#","deletedDateTime":"2026-01-01T00:00:00Z""#
        } else {
            ""
        }
    };
    match says {
        Says::Home { user, deleted } => format!(
            r#"{{"id":"{key}"{},"crossgate":{{"homeTenantId":"{PARTNER}","homeUserId":"{}"}}}}"#,
            gone(deleted),
            self::user(*user)
        ),
        Says::Mail { name, deleted } => format!(
            r#"{{"id":"{key}"{},"mail":"Ada{name}@fabrikam.example","identities":[{{"signInType":"federated","issuer":"google.com","issuerAssignedId":"{name}"}}]}}"#,
            gone(deleted)
        ),
        Says::OtherId => r#"{"id":"other"}"#.to_owned(),
    }
}

fn says(dice: &mut impl FnMut(u64) -> u64) -> Says {
    let deleted = dice(3) == 0;
    match dice(12) {
        0 => Says::OtherId,
        1..4 => Says::Mail {
            name: dice(USERS),
            deleted,
        },
        _ => Says::Home {
            user: dice(USERS),
            deleted,
        },
    }
}

/// Who is found by every key that there may be.
fn found(standing: &Standing) -> Vec<Option<Guest>> {
    let compiled = standing.compiled();
    let directory = GuestDirectory::new(DirectoryMode::Optional, compiled.guests.records);
    let tenant = TenantId::parse(PARTNER).unwrap();
    let ids = (0..IDS).map(|number| directory.by_id(&Id::new(&key(number))));
    let homes = (0..USERS).map(|number| directory.by_home(tenant, &Id::new(&user(number))));
    let mut found: Vec<_> = ids.chain(homes).collect();
    for name in 0..USERS {
        let (assigned, mail) = (name.to_string(), format!("ada{name}@FABRIKAM.example"));
        for (assigned, mail) in [(Some(&*assigned), None), (None, Some(&*mail))] {
            found.push(directory.by_sign_in(&Witness {
                issuer: "google.com",
                assigned,
                mail,
                owns_mail: true,
            }));
        }
    }
    found.into_iter().map(|guest| guest.cloned()).collect()
}

/// What must be told of changes, sorted.
fn faults(
    before: &BTreeMap<String, Says>,
    changes: &BTreeMap<String, Option<Says>>,
) -> Vec<String> {
    let mut faults = Vec::new();
    let mut homes: BTreeMap<u64, &str> = BTreeMap::new();
    let unchanged = before.iter().filter(|(key, _)| !changes.contains_key(*key));
    for (key, says) in unchanged {
        if let Says::Home {
            user,
            deleted: false,
        } = says
        {
            homes.insert(*user, key);
        }
    }
    for (key, says) in changes {
        let upper = *key == self::key(4);
        match says {
            Some(Says::OtherId) => faults.push(format!("guests/{key}: id: `other` is not what")),
            Some(_) if upper => {
                faults.push(format!("guests/{key}: id: `{}` is", key.to_lowercase()))
            }
            Some(Says::Home {
                user,
                deleted: false,
            }) => {
                if let Some(first) = homes.insert(*user, key) {
                    faults.push(format!(
                        "guests/{key}: crossgate.homeUserId: `{}` of `{PARTNER}` is a guest already, `guests/{first}`; keep one record, or mark one deleted",
                        self::user(*user)
                    ));
                }
            }
            Some(Says::Home { .. } | Says::Mail { .. }) | None => {}
        }
    }
    faults.sort();
    faults
}

#[test]
fn guests_changed_document_by_document_are_those_that_their_documents_make() {
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..10 {
        let mut dice = dice(seed * 104_729);
        let (mut store, mut standing) = (Store::default(), Standing::initial(&own()));
        let mut all: BTreeMap<String, Says> = BTreeMap::new();
        for round in 0..150 {
            let mut writes: Vec<Write> = Vec::new();
            let mut changes = BTreeMap::new();
            for _ in 0..=dice(3) {
                // Sometimes the same one twice: the last one counts.
                let key = key(dice(IDS));
                let says = (dice(3) > 0).then(|| says(&mut dice));
                writes.push((
                    DocumentKind::Guest,
                    key.clone(),
                    says.as_ref().map(|says| text(&key, says)),
                ));
                changes.insert(key, says);
            }
            let (expected, before) = (faults(&all, &changes), found(&standing));
            match change(&mut standing, &mut store, &writes) {
                Ok(_) => {
                    assert_eq!(expected, [""; 0], "seed {seed}, round {round}: {writes:#?}");
                    accepted += 1;
                    for (key, says) in changes {
                        match says {
                            Some(says) => all.insert(key, says),
                            None => all.remove(&key),
                        };
                    }
                    let loaded = store.load().unwrap();
                    assert_eq!(found(&standing), found(&loaded), "{writes:#?}");
                    assert_eq!(standing.compiled().counts, loaded.compiled().counts);
                }
                Err(faults) => {
                    refused += 1;
                    assert_eq!(faults.len(), expected.len(), "{faults:#?} {expected:#?}");
                    for (fault, begin) in faults.iter().zip(&expected) {
                        assert!(fault.starts_with(begin), "{faults:#?} {expected:#?}");
                    }
                    assert_eq!(found(&standing), before, "{writes:#?}");
                    let mut after = store.clone();
                    after.write(&writes);
                    assert!(after.load().is_err(), "{writes:#?}");
                }
            }
        }
    }
    assert!(accepted > 300 && refused > 300, "{accepted} and {refused}");
}

#[test]
fn a_change_may_give_a_guest_the_record_that_another_gives_up_in_whatever_order_they_are_told() {
    let home = |key: &str| {
        let says = Says::Home {
            user: 0,
            deleted: false,
        };
        put(DocumentKind::Guest, key, text(key, &says))
    };
    for (old, new) in [("a", "b"), ("b", "a")] {
        for turned in [false, true] {
            let (mut standing, mut store) = (Standing::initial(&own()), Store::default());
            change(&mut standing, &mut store, &[home(old)]).unwrap();
            let told = change(&mut standing, &mut store, &[home(new)]).unwrap_err();
            let begin = format!("guests/{new}: crossgate.homeUserId: ");
            assert!(told.len() == 1 && told[0].starts_with(&begin), "{told:?}");
            let mut both = [home(new), remove(DocumentKind::Guest, old)];
            if turned {
                both.reverse();
            }
            change(&mut standing, &mut store, &both).unwrap();
            let home = &found(&standing)[IDS as usize];
            assert_eq!(
                home.as_ref().map(|guest| guest.id.to_string()).as_deref(),
                Some(new)
            );
        }
    }
}

#[test]
fn an_import_of_many_guests_is_one_proposal_and_so_is_their_removal() {
    let tenant = TenantId::parse(PARTNER).unwrap();
    let says = |number| Says::Home {
        user: number,
        deleted: false,
    };
    let documents = |numbers: std::ops::Range<u64>| -> Vec<Write> {
        let keys = numbers.map(|number| (key(number + IDS), number));
        keys.map(|(key, number)| put(DocumentKind::Guest, &key, text(&key, &says(number))))
            .collect()
    };
    let check = |standing: &Standing, there: &dyn Fn(u64) -> bool| {
        let records = standing.compiled().guests.records;
        let directory = GuestDirectory::new(DirectoryMode::Optional, records);
        for number in 0..5_100 {
            let expected = there(number).then(|| Id::new(&key(number + IDS)));
            let found = directory.by_home(tenant, &Id::new(&user(number)));
            assert_eq!(found.map(|guest| guest.id.clone()), expected, "{number}");
            let found = directory.by_id(&Id::new(&key(number + IDS)));
            assert_eq!(found.is_some(), expected.is_some(), "{number}");
        }
    };
    let (mut standing, mut store) = (Standing::initial(&own()), Store::default());
    change(&mut standing, &mut store, &documents(0..50)).unwrap();
    change(&mut standing, &mut store, &documents(0..5_000)).unwrap();
    check(&standing, &|number| number < 5_000);
    let gone: Vec<_> = (0..5_000)
        .filter(|number| number % 3 > 0)
        .map(|number| remove(DocumentKind::Guest, &key(number + IDS)))
        .collect();
    change(&mut standing, &mut store, &gone).unwrap();
    check(&standing, &|number| number < 5_000 && number % 3 == 0);
    // Numbers that are free again come first, and whole leaves behind them.
    change(&mut standing, &mut store, &documents(100..5_100)).unwrap();
    check(&standing, &|number| number >= 100 || number % 3 == 0);
    check(&store.load().unwrap(), &|number| {
        number >= 100 || number % 3 == 0
    });
    let all: Vec<_> = (0..5_100)
        .map(|number| remove(DocumentKind::Guest, &key(number + IDS)))
        .collect();
    change(&mut standing, &mut store, &all).unwrap();
    check(&standing, &|_| false);
    assert_eq!(standing.compiled().counts.guests, 0);
}
