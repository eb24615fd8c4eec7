//! What the sign-in store costs: fills a folder with invented events, and prints size, rates and times.
//!
//! `cargo run --release -p crossgate-insight --example fill -- EVENTS FOLDER [WRITERS [BATCH [DAYS]]]`; where the folder is `-` it prints the events.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a tool of ours"
)]

use std::error::Error;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use crossgate_insight::sign_ins::{Answer, Asked, Column, Condition, Patience, Query, Step, Store};
use crossgate_testkit::sign_ins::{Invention, OWN};

use self::filling::{KEEP, fill, until};

#[path = "../tests/insight/filling.rs"]
mod filling;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(events), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: fill EVENTS FOLDER [WRITERS [BATCH [DAYS]]]".into());
    };
    let writers = arguments.next().map_or(Ok(1), |writers| writers.parse())?;
    let batch = arguments.next().map_or(Ok(4096), |batch| batch.parse())?;
    let mut invention = Invention::of(events.parse()?, until().as_millisecond());
    if let Some(days) = arguments.next() {
        invention.days = days.parse()?;
    }
    if folder == "-" {
        return Ok(print(&invention)?);
    }
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

fn print(invention: &Invention) -> std::io::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut text = String::new();
    for number in 0..invention.events {
        text.clear();
        invention.event(number).write(&mut text);
        out.write_all(text.as_bytes())?;
    }
    out.flush()
}

/// The end of the last day: there may be more of them than were made up here.
fn end_of(store: &Store) -> Result<i64, Box<dyn Error>> {
    let latest = Query {
        from: None,
        to: None,
        descending: true,
        after: None,
        condition: Condition::Unknown,
        patience: None,
    };
    let mut at = 0;
    store.walk(&latest, &mut |found| {
        at = found.position.at().as_millisecond();
        Answer::Enough
    })?;
    Ok((at.div_euclid(DAY) + 1) * DAY)
}

fn ask(store: &Store, invention: &Invention) -> Result<(), Box<dyn Error>> {
    // Of the oldest day: what looks for the latest first comes there last.
    let sample = invention.event(invention.events / 60);
    let is = |column, value: &str| Condition::Is(column, Some(value.into()));
    let begins = |start: &str| Condition::Begins(Column::UserPrincipalName, start.into());
    let user = || is(Column::UserId, &sample.user_id);
    let tight = Condition::All(vec![
        is(Column::HomeTenantId, &sample.home_tenant_id),
        is(Column::ResourceId, &sample.resource_id),
        is(Column::ErrorCode, "53003"),
    ]);
    for (name, most, condition) in [
        ("no filter", 100, Condition::Unknown),
        ("no filter", 1000, Condition::Unknown),
        (
            "one partner",
            100,
            is(Column::HomeTenantId, &sample.home_tenant_id),
        ),
        ("one user", 100, user()),
        ("one user", 1000, user()),
        ("errorCode 500213", 100, is(Column::ErrorCode, "500213")),
        (
            "an errorCode in 100,000",
            100,
            is(Column::ErrorCode, "5000211"),
        ),
        (
            "an errorCode that is nowhere",
            100,
            is(Column::ErrorCode, "7"),
        ),
        ("partner, app and errorCode", 100, tight),
        (
            "resourceTenantId ne own",
            100,
            Condition::IsNot(Column::ResourceTenantId, Some(OWN.into())),
        ),
        ("startswith(userPrincipalName)", 100, begins("user777@")),
        ("startswith that nothing fits", 100, begins("zz")),
        (
            "one address",
            100,
            is(Column::IpAddress, &sample.ip_address),
        ),
        (
            "one correlation id",
            100,
            is(Column::CorrelationId, &sample.correlation_id),
        ),
    ] {
        let query = Query {
            from: None,
            to: None,
            descending: true,
            after: None,
            condition,
            patience: Some(Patience::OF_A_PAGE),
        };
        let name = format!("page of {most}, {name}");
        measured(&name, 5, || {
            let mut hits = 0;
            let end = store.walk(&query, &mut |_| {
                if hits == most {
                    return Answer::Enough;
                }
                hits += 1;
                Answer::Hit
            })?;
            Ok(format!("{hits} events, {end:?}"))
        })?;
    }
    measured("one event by its id", 5, || {
        Ok(store.get(&sample.id)?.is_some().to_string())
    })?;
    let end = end_of(store)?;
    let middle = end - DAY * 29 / 2;
    for (name, from, who) in [
        ("sums of 30 days, by tenant and app", i64::MIN, false),
        ("sums of 30 days, by user too", i64::MIN, true),
        ("sums from the middle of a day on", middle, false),
        (
            "sums from the middle of a day on, by user too",
            middle,
            true,
        ),
        ("sums of the last hour, by user too", end - DAY / 24, true),
    ] {
        measured(name, 2, || {
            let to = i64::MAX;
            let sums = store.sums(&Asked { from, to, who })?;
            let (what, who) = (sums.what().count(), sums.who().count());
            let events = sums.total().events;
            Ok(format!("{what} rows and {who} of users, {events} events"))
        })?;
    }
    for (name, from, step) in [
        ("the last 24 hours, by hour", end - DAY, Step::Hour),
        ("30 days, by day", i64::MIN, Step::Day),
    ] {
        measured(name, 2, || {
            let (to, who) = (i64::MAX, false);
            let sums = store.sums_by(&Asked { from, to, who }, step)?;
            Ok(format!("{}", sums.len()))
        })?;
    }
    measured("tend, and again", 2, || {
        store.tend(until() + jiff::Span::new().hours(1))?;
        Ok(String::new())
    })
}

/// Prints what the first time took and the best, by the clock and of the processor: on a machine that does other things too they differ.
fn measured(
    name: &str,
    times: usize,
    mut work: impl FnMut() -> Result<String, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut taken = Vec::with_capacity(times);
    let mut said = String::new();
    for _ in 0..times {
        let (begin, processor) = (Instant::now(), processor_time()?);
        said = work()?;
        taken.push((begin.elapsed(), processor_time()? - processor));
    }
    let first = taken.first().copied().unwrap_or_default();
    let best = taken.iter().min().copied().unwrap_or_default();
    println!(
        "{name:<46} first {:>8.1} ms ({:>7.1} of the processor), best {:>8.1} ms ({:>7.1}); {said}",
        ms(first.0),
        ms(first.1),
        ms(best.0),
        ms(best.1)
    );
    Ok(())
}

/// Of this thread.
fn processor_time() -> Result<Duration, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split(' ').next().unwrap_or_default();
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

const DAY: i64 = 24 * 60 * 60 * 1000;
