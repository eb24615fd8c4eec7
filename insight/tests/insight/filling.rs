//! Fills a store with invented events, as fast as the machine does it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossgate_insight::sign_ins::{Keep, Store, StoreError};
use crossgate_testkit::sign_ins::Invention;
use jiff::{Timestamp, ToSpan as _};

/// More than is ever filled in.
pub(crate) const KEEP: Keep = Keep {
    days: 10_000,
    size: u64::MAX,
};

/// The end of the days of which events are invented.
pub(crate) fn until() -> Timestamp {
    "2026-01-31T00:00:00Z".parse().unwrap()
}

/// What it took.
pub(crate) struct Filled {
    /// Bytes of the events, as they came.
    pub(crate) raw: u64,
    /// Of all writers together: in the store, and not with making events up.
    pub(crate) keeping: Duration,
    /// From begin to end.
    pub(crate) all: Duration,
}

/// Gives all events to the store in batches of so many, and puts the days away. Each writer has days of its own, and does what another process would.
pub(crate) fn fill(
    store: &Store,
    invention: &Invention,
    writers: u64,
    batch: u64,
) -> Result<Filled, StoreError> {
    let begin = Instant::now();
    let (next, raw) = (AtomicU64::new(0), AtomicU64::new(0));
    let keeping = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..writers)
            .map(|_| scope.spawn(|| write_days(store, invention, batch, &next, &raw)))
            .collect();
        let mut keeping = Duration::ZERO;
        for writer in writers {
            keeping += writer.join().expect("a writer panicked")?;
        }
        Ok(keeping)
    })?;
    let closing = Instant::now();
    store.tend(until() + 1.hour())?;
    Ok(Filled {
        raw: raw.into_inner(),
        keeping: keeping + closing.elapsed(),
        all: begin.elapsed(),
    })
}

fn write_days(
    store: &Store,
    invention: &Invention,
    batch: u64,
    next: &AtomicU64,
    raw: &AtomicU64,
) -> Result<Duration, StoreError> {
    let store = Store::open(store.folder(), KEEP, false)?;
    let days = u64::from(invention.days);
    let first_of = |day: u64| (invention.events * day).div_ceil(days);
    let mut keeping = Duration::ZERO;
    let mut text = String::new();
    loop {
        let day = next.fetch_add(1, Ordering::Relaxed);
        if day >= days {
            return Ok(keeping);
        }
        let mut number = first_of(day);
        let end = first_of(day + 1);
        while number < end {
            text.clear();
            let last = end.min(number + batch);
            for number in number..last {
                invention.event(number).write(&mut text);
            }
            raw.fetch_add(text.len() as u64, Ordering::Relaxed);
            let begin = Instant::now();
            let appended = store.append(text.as_bytes())?;
            keeping += begin.elapsed();
            assert_eq!(appended.kept as u64, last - number, "{appended:?}");
            number = last;
        }
    }
}
