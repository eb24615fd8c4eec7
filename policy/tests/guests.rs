//! Guest records that were changed one by one are found as those are that were indexed all at once.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is a failed test"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use crossgate_policy::ids::{Guid, Id, TenantId};
use crossgate_policy::snapshot::{
    DirectoryMode, Guest, GuestDirectory, GuestRecords, Redemption, SameGuest, SignInIdentity,
    SignInNames, UserType, Witness,
};

const IDS: u64 = 40;
const USERS: u64 = 12;
const NAMES: u64 = 6;
const ISSUERS: [&str; 3] = ["mail", "google.com", "https://idp.example/"];

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

/// Every second one a GUID.
fn id(kind: &str, number: u64) -> Id {
    if number.is_multiple_of(2) {
        Id::Guid(Guid::from_u128(u128::from(number) << 64 | 7))
    } else {
        Id::new(&format!("{kind} {number}"))
    }
}

fn tenant(number: u64) -> TenantId {
    TenantId(Guid::from_u128(u128::from(number) + 1))
}

fn mail(number: u64) -> String {
    // Longer than what is hashed at once, some of them.
    let long = "x".repeat(if number.is_multiple_of(2) { 90 } else { 1 });
    format!("Ada.{long}{number}@Fabrikam.example")
}

fn guest(number: u64, dice: &mut impl FnMut(u64) -> u64) -> Guest {
    let home = dice(3) > 0;
    let names = SignInNames {
        mail: (dice(3) > 0).then(|| {
            let mail = mail(dice(NAMES));
            [mail.to_lowercase(), mail][dice(2) as usize]
                .as_str()
                .into()
        }),
        identities: (0..dice(4))
            .map(|_| SignInIdentity {
                issuer: ISSUERS[dice(3) as usize].into(),
                assigned: (dice(4) > 0).then(|| dice(NAMES).to_string().into()),
            })
            .collect(),
    };
    Guest {
        id: id("own", number),
        home_tenant: (home || dice(4) == 0).then(|| tenant(dice(2))),
        home_user_id: home.then(|| id("home", dice(USERS))),
        home_groups: None,
        home_groups_complete: true,
        user_type: UserType::Guest,
        deleted: dice(3) == 0,
        enabled: dice(2) == 0,
        expires: None,
        redemption: Redemption::Accepted,
        consent_given: true,
        sign_in: (!home && dice(3) > 0).then(|| Box::new(names)),
    }
}

/// Who is found by every key that there may be.
fn found(records: &GuestRecords) -> Vec<Option<Guest>> {
    let directory = GuestDirectory::new(DirectoryMode::Optional, Arc::new(records.clone()));
    let mut found = Vec::new();
    for number in 0..IDS + 2 {
        found.push(directory.by_id(&id("own", number)));
    }
    for home in 0..3 {
        for user in 0..USERS + 2 {
            found.push(directory.by_home(tenant(home), &id("home", user)));
        }
    }
    for issuer in ISSUERS {
        for number in 0..NAMES * NAMES * 2 {
            let (assigned, name) = ((number % NAMES).to_string(), mail(number / NAMES % NAMES));
            let (known, owns_mail) = (number.is_multiple_of(3), number < NAMES * NAMES);
            let who = Witness {
                issuer,
                assigned: known.then_some(&*assigned),
                mail: Some(&name),
                owns_mail,
            };
            found.push(directory.by_sign_in(&who));
            found.push(directory.by_sign_in(&Witness { mail: None, ..who }));
        }
    }
    found.into_iter().map(|guest| guest.cloned()).collect()
}

/// By the book: the one that is not deleted, or else the first one of all.
fn by_home(all: &BTreeMap<Id, Guest>, home: (TenantId, &Id)) -> Option<Guest> {
    let mut theirs = all.values().filter(|guest| guest.home() == Some(home));
    let alive = theirs.clone().find(|guest| !guest.deleted);
    alive.or_else(|| theirs.next()).cloned()
}

/// Clashes come in no order.
fn sorted(mut pairs: Vec<(Guest, Guest)>) -> Vec<(Guest, Guest)> {
    pairs.sort_by(|(_, one), (_, other)| one.id.cmp(&other.id));
    pairs
}

fn told(records: &GuestRecords, clashes: &[SameGuest]) -> Vec<(Guest, Guest)> {
    let of = |number| records.get(number).unwrap().clone();
    let pairs = clashes.iter().map(|clash| {
        let (SameGuest::Id(one, other) | SameGuest::Home(one, other)) = *clash;
        // Who has an own id is removed before another comes.
        assert_eq!(*clash, SameGuest::Home(one, other));
        (of(one), of(other))
    });
    pairs.collect()
}

#[test]
fn records_changed_one_by_one_are_those_indexed_all_at_once_in_any_order() {
    let (mut changed, mut refused) = (0, 0);
    for seed in 0..20 {
        let mut dice = dice(seed * 7_919);
        let (mut records, mut all) = (GuestRecords::default(), BTreeMap::new());
        let mut taken = Vec::new();
        for round in 0..150 {
            let (mut next, mut of_next) = (records.clone(), all.clone());
            let mut added = BTreeMap::new();
            for _ in 0..=dice(3) {
                let number = dice(IDS);
                let there = of_next.remove(&id("own", number)).is_some();
                assert_eq!(next.remove(&id("own", number)), there);
                added.remove(&id("own", number));
                if dice(4) > 0 {
                    added.insert(id("own", number), guest(number, &mut dice));
                }
            }
            let mut clashes = Vec::new();
            next.extend(vec![added.values().cloned().collect()], |clash| {
                clashes.push(clash)
            });
            let mut expected = Vec::new();
            for (id, guest) in added {
                let alive = |other: &&Guest| !other.deleted && other.home() == guest.home();
                if guest.home().is_some() && !guest.deleted {
                    // Of several, the one that came last has it.
                    let before: Vec<_> = of_next.values().filter(alive).collect();
                    let last = expected.iter().rev().map(|(_, new): &(Guest, Guest)| new);
                    let holder = last.clone().find(alive);
                    if let Some(before) = holder.or(before.first().copied()) {
                        expected.push((before.clone(), guest.clone()));
                    }
                }
                of_next.insert(id, guest);
            }
            assert_eq!(sorted(told(&next, &clashes)), sorted(expected.clone()));
            if expected.is_empty() {
                changed += 1;
                (records, all) = (next, of_next);
            } else {
                refused += 1;
            }
            let mut list: Vec<_> = all.values().cloned().collect();
            for place in (1..list.len()).rev() {
                list.swap(place, dice(place as u64 + 1) as usize);
            }
            let at_once = GuestRecords::new(list, |clash| panic!("{clash:?}"));
            assert_eq!(records.len(), all.len());
            let found = found(&records);
            assert_eq!(found, self::found(&at_once), "seed {seed}, round {round}");
            for number in 0..IDS {
                assert_eq!(found[number as usize], all.get(&id("own", number)).cloned());
            }
            for (place, found) in (0..).zip(&found[IDS as usize + 2..][..28]) {
                let (home, user) = (place / (USERS + 2), place % (USERS + 2));
                assert_eq!(*found, by_home(&all, (tenant(home), &id("home", user))));
            }
            taken.push((records.clone(), found));
        }
        for (records, then) in taken.into_iter().step_by(13) {
            assert_eq!(found(&records), then, "what was taken stays as it was");
        }
    }
    assert!(changed > 1_000 && refused > 300, "{changed} and {refused}");
}

#[test]
fn of_two_with_one_own_id_or_one_home_the_new_one_is_told_beside_the_one_before() {
    let mut dice = dice(1);
    let mut guest = |number, user: u64, deleted| Guest {
        home_tenant: Some(tenant(0)),
        home_user_id: Some(id("home", user)),
        deleted,
        ..guest(number, &mut dice)
    };
    let list = [
        guest(0, 0, false),
        guest(1, 1, false),
        guest(0, 2, false),
        guest(2, 1, true),
        guest(3, 1, false),
        guest(4, 1, false),
        guest(0, 3, false),
    ];
    let mut clashes = Vec::new();
    let mut records = GuestRecords::new(list.to_vec(), |clash| clashes.push(clash));
    clashes.sort_by_key(|clash| match *clash {
        SameGuest::Id(_, new) | SameGuest::Home(_, new) => new,
    });
    assert_eq!(
        clashes,
        [
            SameGuest::Id(0, 2),
            SameGuest::Home(1, 4),
            SameGuest::Home(4, 5),
            SameGuest::Id(2, 6),
        ]
    );
    let mut one_more = Vec::new();
    records.extend(vec![vec![guest(5, 1, false)]], |clash| one_more.push(clash));
    assert_eq!(one_more, [SameGuest::Home(5, 7)]);
}
