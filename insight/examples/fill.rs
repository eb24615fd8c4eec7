//! What the sign-in store costs, and whether it is right: fills a folder with invented events, prints size, rates and times, and holds
//! pages, filters and summaries against what the events were made of.
//!
//! `cargo run --release -p crossgate-insight --example fill -- EVENTS FOLDER`

use std::collections::{BTreeMap, HashSet};
use std::error::Error;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::time::{Duration, Instant};

use crossgate_insight::activity;
use crossgate_insight::sign_ins::{
    Answer, Asked, Column, Condition, End, Keep, Patience, Query, Store,
};
use crossgate_testkit::sign_ins::{Invented, Invention, OWN};
use jiff::Timestamp;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(events), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: fill EVENTS FOLDER".into());
    };
    let until: Timestamp = "2026-01-31T00:00:00Z".parse()?;
    let invention = Invention::of(events.parse()?, until.as_millisecond());
    let store = Store::open(Path::new(&folder), KEEP, false)?;
    if store.size()? == 0 {
        fill(&store, &invention, until)?;
    }
    let size = store.size()?;
    println!(
        "{:<44} {:>12} bytes, {} an event",
        "size",
        size,
        size / invention.events
    );
    ask(&store, &invention)?;
    agree(&store, &invention)
}

fn fill(store: &Store, invention: &Invention, until: Timestamp) -> Result<(), Box<dyn Error>> {
    let (mut making, mut keeping) = (Duration::ZERO, Duration::ZERO);
    let (mut number, mut text, mut raw) = (0, String::new(), 0);
    let mut day = 0;
    while number < invention.events {
        let begin = Instant::now();
        text.clear();
        let mut last = 0;
        while number < invention.events && text.len() < BATCH {
            let event = invention.event(number);
            event.write(&mut text);
            last = event.at;
            number += 1;
        }
        raw += text.len();
        making += begin.elapsed();
        let begin = Instant::now();
        let appended = store.append(text.as_bytes())?;
        if appended.known + appended.unreadable > 0 {
            return Err(format!("{appended:?}").into());
        }
        if last / DAY != day {
            day = last / DAY;
            store.tend(Timestamp::from_millisecond(last)?)?;
        }
        keeping += begin.elapsed();
    }
    store.tend(until + jiff::Span::new().hours(1))?;
    let rate = invention.events as f64 / keeping.as_secs_f64();
    println!(
        "{:<44} {:>9.0} ms ({rate:.0} events a second; making them took {:.0} s)",
        "keeping all",
        ms(keeping),
        making.as_secs_f64()
    );
    println!(
        "{:<44} {:>12} bytes, {} an event",
        "as they came",
        raw,
        raw as u64 / invention.events
    );
    Ok(())
}

fn ask(store: &Store, invention: &Invention) -> Result<(), Box<dyn Error>> {
    let sample = invention.event(invention.events / 3);
    let is = |column, value: &str| Condition::Is(column, Some(value.into()));
    let page = |name: &str,
                condition: Condition,
                from: Option<i64>,
                most: usize|
     -> Result<(), Box<dyn Error>> {
        let mut times = Vec::new();
        let (mut hits, mut end) = (0, End::All);
        for _ in 0..5 {
            let query = Query {
                from,
                to: None,
                descending: true,
                after: None,
                condition: condition.clone(),
                patience: Some(Patience::OF_A_PAGE),
            };
            hits = 0;
            let begin = Instant::now();
            end = store.walk(&query, &mut |_| {
                if hits == most {
                    return Answer::Enough;
                }
                hits += 1;
                Answer::Hit
            })?;
            times.push(begin.elapsed());
        }
        println!(
            "{name:<44} {:>9.1} ms first, {:>7.1} ms best of 5; {hits} events, {end:?}",
            ms(times.first().copied().unwrap_or_default()),
            ms(times.iter().min().copied().unwrap_or_default())
        );
        Ok(())
    };
    page("page of 100, no filter", Condition::Unknown, None, 100)?;
    page("page of 1000, no filter", Condition::Unknown, None, 1000)?;
    page(
        "page of 100, one partner",
        is(Column::HomeTenantId, &sample.home_tenant_id),
        None,
        100,
    )?;
    page(
        "page of 1000, one user",
        is(Column::UserId, &sample.user_id),
        None,
        1000,
    )?;
    page(
        "page of 100, one user",
        is(Column::UserId, &sample.user_id),
        None,
        100,
    )?;
    page(
        "page of 100, errorCode 500213",
        is(Column::ErrorCode, "500213"),
        None,
        100,
    )?;
    page(
        "page of 100, a rare errorCode (1 in 100,000)",
        is(Column::ErrorCode, "5000211"),
        None,
        100,
    )?;
    page(
        "page of 100, an errorCode that is not there",
        is(Column::ErrorCode, "7"),
        None,
        100,
    )?;
    page(
        "page of 100, partner, app and errorCode",
        Condition::All(vec![
            is(Column::HomeTenantId, &sample.home_tenant_id),
            is(Column::ResourceId, &sample.resource_id),
            is(Column::ErrorCode, "53003"),
        ]),
        None,
        100,
    )?;
    page(
        "page of 100, resourceTenantId ne own",
        Condition::IsNot(Column::ResourceTenantId, Some(OWN.into())),
        None,
        100,
    )?;
    page(
        "page of 100, startswith(userPrincipalName)",
        Condition::Begins(Column::UserPrincipalName, "user777@".into()),
        None,
        100,
    )?;
    page(
        "page of 100, startswith that nothing fits",
        Condition::Begins(Column::UserPrincipalName, "zz".into()),
        None,
        100,
    )?;
    page(
        "page of 100, one address",
        is(Column::IpAddress, &sample.ip_address),
        None,
        100,
    )?;
    page(
        "one correlation id",
        is(Column::CorrelationId, &sample.correlation_id),
        None,
        100,
    )?;
    let begin = Instant::now();
    let found = store.get(&sample.id)?;
    println!(
        "{:<44} {:>9.1} ms, {}",
        "one event by its id",
        ms(begin.elapsed()),
        found.is_some()
    );
    for (name, from, who) in [
        ("summary of 30 days, by tenant and app", i64::MIN, false),
        ("summary of 30 days, again", i64::MIN, false),
        ("summary of 30 days, by users too", i64::MIN, true),
        (
            "summary from the middle of a day on",
            invention.until - DAY * 29 / 2,
            false,
        ),
        ("summary of the last hour", invention.until - DAY / 24, true),
    ] {
        let begin = Instant::now();
        let sums = store.sums(&Asked {
            from,
            to: i64::MAX,
            who,
        })?;
        println!(
            "{name:<44} {:>9.1} ms, {} rows and {} of users, {} events",
            ms(begin.elapsed()),
            sums.what().count(),
            sums.who().count(),
            sums.total().events
        );
    }
    Ok(())
}

/// Everything that can be counted is counted once more, from what events were made of.
fn agree(store: &Store, invention: &Invention) -> Result<(), Box<dyn Error>> {
    type Of = Box<dyn Fn(&Invented) -> bool>;

    let sample = invention.event(invention.events / 3);
    let is = |column, value: &str| Condition::Is(column, Some(value.into()));
    let (home, user) = (sample.home_tenant_id.clone(), sample.user_id.clone());
    let cases: Vec<(&str, Condition, Of)> = vec![
        ("all", Condition::Unknown, Box::new(|_| true)),
        (
            "one partner",
            is(Column::HomeTenantId, &home),
            Box::new(move |event| event.home_tenant_id == home),
        ),
        (
            "one user",
            is(Column::UserId, &user),
            Box::new(move |event| event.user_id == user),
        ),
        (
            "a rare errorCode",
            is(Column::ErrorCode, "5000211"),
            Box::new(|event| event.error_code == 5_000_211),
        ),
        (
            "errorCode and access type",
            Condition::All(vec![
                is(Column::ErrorCode, "53003"),
                is(Column::CrossTenantAccessType, "b2bDirectConnect"),
            ]),
            Box::new(|event| {
                event.error_code == 53_003 && event.cross_tenant_access_type == "b2bDirectConnect"
            }),
        ),
        (
            "outbound",
            Condition::IsNot(Column::ResourceTenantId, Some(OWN.into())),
            Box::new(|event| event.resource_tenant_id != OWN),
        ),
        (
            "startswith(userPrincipalName)",
            Condition::Begins(Column::UserPrincipalName, "user777@".into()),
            Box::new(|event| event.user_principal_name.starts_with("user777@")),
        ),
    ];
    // How many, and all their ids together.
    let mut wanted = vec![(0_u64, 0_u64); cases.len()];
    let mut tenants: BTreeMap<(String, bool), Tally> = BTreeMap::new();
    for number in 0..invention.events {
        let event = invention.event(number);
        for ((_, _, of), (count, sum)) in cases.iter().zip(&mut wanted) {
            if of(&event) {
                *count += 1;
                *sum = sum.wrapping_add(hash(&event.id));
            }
        }
        if let Some(external) = event.external_tenant() {
            let key = (external.to_owned(), event.resource_tenant_id == OWN);
            let tally = tenants.entry(key).or_default();
            tally.events += 1;
            tally.success += u64::from(event.error_code == 0);
            tally.requests += event.requests;
            tally.users.insert(hash(&event.user_id));
            tally.apps.insert(hash(&event.resource_id));
        }
    }
    for ((name, condition, _), wanted) in cases.iter().zip(wanted) {
        let (found, pages) = walked(store, condition)?;
        if found != wanted {
            return Err(format!("{name}: {found:?} are found, {wanted:?} were made").into());
        }
        println!(
            "{name:<44} {:>12} events on {pages} pages, as they were made",
            found.0
        );
    }
    let asked = activity::Asked {
        own: OWN.to_owned(),
        direction: None,
        external: None,
        from: i64::MIN,
        to: i64::MAX,
    };
    let sums = store.sums(&Asked {
        from: i64::MIN,
        to: i64::MAX,
        who: true,
    })?;
    let summaries = asked.summaries(&sums);
    if summaries.len() != tenants.len() {
        return Err("other tenants than were made".into());
    }
    for summary in &summaries {
        let key = (
            summary.external.clone(),
            summary.direction == activity::Direction::Inbound,
        );
        let tally = tenants.get(&key).ok_or("a tenant that was not made")?;
        let found = [
            summary.sign_ins,
            summary.success,
            summary.unique_users,
            summary.unique_resources,
            summary.requests,
        ];
        let wanted = [
            tally.events,
            tally.success,
            tally.users.len() as u64,
            tally.apps.len() as u64,
            tally.requests,
        ];
        if found != wanted {
            return Err(format!("{key:?}: {found:?}, {wanted:?} were made").into());
        }
    }
    println!(
        "{:<44} {:>12} tenants and directions, as they were made",
        "activity",
        summaries.len()
    );
    Ok(())
}

#[derive(Default)]
struct Tally {
    events: u64,
    success: u64,
    requests: u64,
    users: HashSet<u64>,
    apps: HashSet<u64>,
}

/// All of a filter in pages of 1000, by how many and all their ids together.
fn walked(store: &Store, condition: &Condition) -> Result<((u64, u64), usize), Box<dyn Error>> {
    let (mut count, mut sum, mut pages, mut after) = (0, 0_u64, 0, None);
    loop {
        let query = Query {
            from: None,
            to: None,
            descending: true,
            after,
            condition: condition.clone(),
            patience: Some(Patience::OF_A_PAGE),
        };
        let mut on_page = 0;
        let end = store.walk(&query, &mut |found| {
            if on_page == 1000 {
                return Answer::Enough;
            }
            on_page += 1;
            after = Some(found.position);
            // `{"id":"…"`
            sum = sum.wrapping_add(hash(found.line.get(7..43).unwrap_or_default()));
            Answer::Hit
        })?;
        count += on_page;
        pages += 1;
        match end {
            End::All => return Ok(((count, sum), pages)),
            End::Stopped => {}
            End::Tired(position) => after = Some(position),
        }
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

const KEEP: Keep = Keep {
    days: 10_000,
    size: u64::MAX,
};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// About four thousand events, as a busy gateway writes them.
const BATCH: usize = 12 << 20;
