//! What the sign-in store costs: fills a folder with invented events, and prints size, rates and times.
//!
//! `cargo run --release -p crossgate-insight --example fill -- EVENTS FOLDER [WRITERS [BATCH]]`
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a tool of ours"
)]

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use crossgate_insight::sign_ins::{
    Answer, Asked, Column, Condition, End, Patience, Query, Step, Store,
};
use crossgate_testkit::sign_ins::{Invention, OWN};

use self::filling::{KEEP, fill, until};

#[path = "../tests/insight/filling.rs"]
mod filling;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(events), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: fill EVENTS FOLDER [WRITERS [BATCH]]".into());
    };
    let writers = arguments.next().map_or(Ok(1), |writers| writers.parse())?;
    let batch = arguments.next().map_or(Ok(4096), |batch| batch.parse())?;
    let invention = Invention::of(events.parse()?, until().as_millisecond());
    let store = Store::open(Path::new(&folder), KEEP, false)?;
    if store.size()? == 0 {
        let filled = fill(&store, &invention, writers, batch)?;
        println!(
            "{:<44} {:.0} s, {:.0} s of each of {writers} in the store: {:.0} events a second and writer",
            "keeping all",
            filled.all.as_secs_f64(),
            filled.keeping.as_secs_f64() / writers as f64,
            invention.events as f64 / filled.keeping.as_secs_f64()
        );
        let each = filled.raw / invention.events;
        println!(
            "{:<44} {:>12} bytes, {each} an event",
            "as they came", filled.raw
        );
    }
    let size = store.size()?;
    let each = size / invention.events;
    println!("{:<44} {size:>12} bytes, {each} an event", "size");
    ask(&store, &invention)
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
    for (name, from, step) in [
        (
            "the last 24 hours, by hour",
            invention.until - DAY,
            Step::Hour,
        ),
        ("30 days, by day", i64::MIN, Step::Day),
    ] {
        let begin = Instant::now();
        let (to, who) = (i64::MAX, false);
        let sums = store.sums_by(&Asked { from, to, who }, step)?;
        println!("{name:<44} {:>9.1} ms, {}", ms(begin.elapsed()), sums.len());
    }
    let begin = Instant::now();
    store.tend(until())?;
    println!(
        "{:<44} {:>9.1} ms",
        "tend, where there is nothing to do",
        ms(begin.elapsed())
    );
    Ok(())
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

const DAY: i64 = 24 * 60 * 60 * 1000;
