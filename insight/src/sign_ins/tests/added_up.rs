//! Sums.

use super::*;

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
