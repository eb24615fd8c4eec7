//! Which ways were gone in hours and days that are over, which whoever looks at the last weeks would have added up again and again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crossgate_insight::sign_ins::{Asked, Edition, LATE, Store, StoreError, Ways};
use jiff::Timestamp;

/// By length and begin, in milliseconds (since 1970).
#[derive(Debug, Default)]
pub(super) struct KeptWays(Mutex<BTreeMap<(i64, i64), Kept>>);

#[derive(Clone, Debug)]
struct Kept {
    /// Of which events: some may come late, and some be forgotten.
    edition: Edition,
    ways: Arc<Ways>,
}

impl KeptWays {
    /// Which ways were gone between two times, in parts. What is over is added up once.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) fn between(
        &self,
        store: &Store,
        from: i64,
        to: i64,
        now: Timestamp,
    ) -> Result<Vec<Arc<Ways>>, StoreError> {
        let over = now.as_millisecond().saturating_sub(LATE);
        let days = store.days()?;
        // Before and after these there is nothing.
        let first = days.keys().next().copied().unwrap_or(to);
        let end = days.keys().next_back().map_or(from, |day| day + DAY);
        let (mut at, to) = (from.max(first), to.min(end));
        let mut parts = Vec::new();
        while at < to {
            let whole = [DAY, HOUR].into_iter().find(|length| {
                let end = at + length;
                at.rem_euclid(*length) == 0 && end <= to && end <= over
            });
            let hour_after = (at.div_euclid(HOUR) + 1) * HOUR;
            let until = whole.map_or(to.min(hour_after), |length| at + length);
            if let Some(edition) = days.get(&(at.div_euclid(DAY) * DAY)) {
                parts.push(match whole {
                    Some(length) => {
                        self.kept((length, at), *edition, || add_up(store, at, until))?
                    }
                    None => add_up(store, at, until)?,
                });
            }
            at = until;
        }
        Ok(parts)
    }

    fn kept(
        &self,
        key: (i64, i64),
        edition: Edition,
        add_up: impl FnOnce() -> Result<Arc<Ways>, StoreError>,
    ) -> Result<Arc<Ways>, StoreError> {
        let known = self.lock().get(&key).cloned();
        if let Some(kept) = known.filter(|kept| kept.edition == edition) {
            return Ok(kept.ways);
        }
        // Not held meanwhile: of two who add up the same one is in vain.
        let ways = add_up()?;
        let mut kept = self.lock();
        let of = Kept {
            edition,
            ways: Arc::clone(&ways),
        };
        kept.insert(key, of);
        let of_length = |length| (length, i64::MIN)..=(length, i64::MAX);
        while kept.range(of_length(key.0)).count() > MOST {
            let oldest = kept.range(of_length(key.0)).next().map(|(key, _)| *key);
            oldest.map(|oldest| kept.remove(&oldest));
        }
        Ok(ways)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<(i64, i64), Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add_up(store: &Store, from: i64, to: i64) -> Result<Arc<Ways>, StoreError> {
    let asked = Asked {
        from,
        to,
        who: false,
    };
    store.sums(&asked).map(|sums| Arc::new(sums.ways()))
}

/// Hours that are kept, and days: some ten kilobytes each where some hundred partners come.
const MOST: usize = 100;

/// Milliseconds.
const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;

#[cfg(test)]
mod tests {
    use crossgate_insight::sign_ins::Keep;

    use super::*;

    fn event(id: u32, at: &str) -> String {
        format!("{{\"id\":\"{id}\",\"createdDateTime\":\"{at}\",\"status\":{{\"errorCode\":0}}}}\n")
    }

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    struct Log {
        folder: tempfile::TempDir,
        store: Store,
        kept: KeptWays,
    }

    impl Log {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let keep = Keep {
                days: 30,
                size: 1 << 30,
            };
            let store = Store::open(folder.path(), keep, false).unwrap();
            let kept = KeptWays::default();
            Self {
                folder,
                store,
                kept,
            }
        }

        fn append(&self, id: u32, at: &str) {
            self.store.append(event(id, at).as_bytes()).unwrap();
        }

        fn total(&self, from: &str, to: &str) -> u64 {
            let now = NOW.parse().unwrap();
            let parts = self.kept.between(&self.store, at(from), at(to), now);
            let parts = parts.unwrap();
            let rows = parts.iter().flat_map(|ways| ways.rows());
            rows.map(|way| way.sum.events).sum()
        }
    }

    const NOW: &str = "2026-01-31T12:34:56Z";

    #[test]
    fn what_is_over_is_added_up_once_and_the_rest_as_it_is_now() {
        let log = Log::new();
        log.append(1, "2026-01-31T09:10:00Z");
        log.append(2, "2026-01-31T09:40:00Z");
        log.append(3, "2026-01-31T10:00:00Z");
        log.append(4, "2026-01-31T12:10:00Z");
        let total = || log.total("2026-01-31T09:30:00Z", NOW);
        assert_eq!(total(), 3);
        assert_eq!(log.kept.lock().len(), 2);
        let kept = |log: &Log| {
            log.kept
                .lock()
                .get(&(HOUR, at("2026-01-31T10:00:00Z")))
                .cloned()
        };
        let first = kept(&log).unwrap();
        assert_eq!(total(), 3);
        assert!(Arc::ptr_eq(&first.ways, &kept(&log).unwrap().ways));
    }

    #[test]
    fn what_comes_late_counts_all_the_same() {
        let log = Log::new();
        log.append(1, "2026-01-30T09:10:00Z");
        log.append(2, "2026-01-31T10:00:00Z");
        let total = || log.total("2026-01-30T00:00:00Z", NOW);
        assert_eq!(total(), 2);
        log.append(3, "2026-01-30T11:30:00Z");
        log.append(4, "2026-01-31T10:30:00Z");
        assert_eq!(total(), 4);
    }

    #[test]
    fn days_that_are_over_are_added_up_as_days() {
        let log = Log::new();
        for (id, time) in [
            "2026-01-28T23:10:00Z",
            "2026-01-30T01:40:00Z",
            "2026-01-31T02:10:00Z",
        ]
        .into_iter()
        .enumerate()
        {
            log.append(u32::try_from(id).unwrap(), time);
        }
        assert_eq!(log.total("2026-01-01T00:00:00Z", NOW), 3);
        let days = log.kept.lock().range((DAY, 0)..).count();
        assert_eq!(days, 2, "on the 29th there was nothing");
        assert_eq!(log.total("2026-01-29T00:00:00Z", NOW), 2);
        assert_eq!(log.total("2026-01-28T23:00:00Z", "2026-01-31T00:00:00Z"), 2);
    }

    #[test]
    fn what_is_forgotten_counts_no_more() {
        let log = Log::new();
        log.append(1, "2026-01-29T23:10:00Z");
        log.append(2, "2026-01-31T02:10:00Z");
        assert_eq!(log.total("2026-01-29T00:00:00Z", NOW), 2);
        for file in std::fs::read_dir(log.folder.path()).unwrap() {
            let path = file.unwrap().path();
            if path.to_string_lossy().contains("2026-01-29") {
                std::fs::remove_file(path).unwrap();
            }
        }
        assert_eq!(log.total("2026-01-29T00:00:00Z", NOW), 1);
    }
}
