//! Events that are looked for.

use super::*;

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
fn a_walk_that_goes_on_behind_each_event_gives_each_once_and_those_that_come_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let (store, events) = filled(folder.path(), &invention(9_000, 2));
    let (from, to) = (events[3_900].at, events[4_700].at);
    let late = Invention {
        until: events[4_400].at,
        ..invention(50, 1)
    };
    let late: Vec<_> = (0..50).map(|number| late.event(number)).collect();
    let mut query = Query {
        from: Some(from),
        to: Some(to),
        descending: false,
        ..query(Condition::Unknown)
    };
    let mut given = Vec::new();
    loop {
        let mut last = None;
        let end = store.walk(&query, &mut |found| {
            last = Some(found.position);
            given.push((found.position, id_of(found.line)));
            Answer::Enough
        });
        if end.unwrap() == End::All {
            break;
        }
        query.after = last;
        if given.len() == 1 {
            store.append(&lines(&late)).unwrap();
        }
    }
    let all: Vec<_> = events.iter().chain(&late).cloned().collect();
    let wanted = expected(&all, |event| (from..=to).contains(&event.at));
    assert!(wanted.len() > 801, "some of those that came are among them");
    assert_eq!(given.len(), wanted.len());
    assert!(given.is_sorted());
    let ids: BTreeSet<_> = given.into_iter().map(|(_, id)| id).collect();
    assert_eq!(ids, wanted);
}
