//! Sums of hours that are over, which whoever looks at the last days would have added up again and again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crossgate_insight::sign_ins::{Asked, Store, StoreError, Sums};
use jiff::Timestamp;

/// By the hour's begin, in milliseconds since 1970.
#[derive(Debug, Default)]
pub(super) struct Hours(Mutex<BTreeMap<i64, Arc<Sums>>>);

impl Hours {
    /// What was asked for between two times, in parts. Hours that are over are added up once.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) fn sums(
        &self,
        store: &Store,
        from: i64,
        to: i64,
        now: Timestamp,
    ) -> Result<Vec<Arc<Sums>>, StoreError> {
        let add_up = |from, to| {
            let asked = Asked {
                from,
                to,
                who: false,
            };
            store.sums(&asked).map(Arc::new)
        };
        if to.saturating_sub(from) > MOST * HOUR {
            return Ok(vec![add_up(from, to)?]);
        }
        let over = now.as_millisecond().saturating_sub(LATE);
        let (mut parts, mut at) = (Vec::new(), from);
        while at < to {
            let begin = at.div_euclid(HOUR) * HOUR;
            let end = begin + HOUR;
            let whole = at == begin && end <= to && end <= over;
            if !whole {
                let until = end.min(to);
                parts.push(add_up(at, until)?);
                at = until;
                continue;
            }
            let kept = self.kept().get(&begin).cloned();
            let sums = match kept {
                Some(sums) => sums,
                None => {
                    // Not held meanwhile: of two who add up the same one is in vain.
                    let sums = add_up(begin, end)?;
                    let mut kept = self.kept();
                    kept.insert(begin, Arc::clone(&sums));
                    *kept = kept.split_off(&(over - 2 * MOST * HOUR));
                    sums
                }
            };
            parts.push(sums);
            at = end;
        }
        Ok(parts)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, BTreeMap<i64, Arc<Sums>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hours that are asked for one by one; longer times have sums of days.
const MOST: i64 = 48;

/// Milliseconds.
const HOUR: i64 = 60 * 60 * 1000;

/// Repeats are told of a minute late, and later where a disk was slow.
const LATE: i64 = 15 * 60 * 1000;

#[cfg(test)]
mod tests {
    use crossgate_insight::sign_ins::Keep;

    use super::*;

    fn event(id: u32, at: Timestamp) -> String {
        format!(
            "{{\"id\":\"{id}\",\"createdDateTime\":\"{at:.3}\",\"status\":{{\"errorCode\":0}}}}\n"
        )
    }

    #[test]
    fn hours_that_are_over_are_added_up_once_and_the_others_as_they_are_now() {
        let folder = tempfile::tempdir().unwrap();
        let keep = Keep {
            days: 30,
            size: 1 << 30,
        };
        let store = Store::open(folder.path(), keep, false).unwrap();
        let now: Timestamp = "2026-01-31T12:34:56Z".parse().unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let append = |id, time: &str| {
            store.append(event(id, at(time)).as_bytes()).unwrap();
        };
        let hours = Hours::default();
        let total = || {
            let (from, to) = (at("2026-01-31T09:30:00Z"), now);
            let parts = hours.sums(&store, from.as_millisecond(), to.as_millisecond(), now);
            let parts = parts.unwrap();
            parts.iter().map(|sums| sums.total().events).sum::<u64>()
        };
        append(1, "2026-01-31T09:10:00Z");
        append(2, "2026-01-31T09:40:00Z");
        append(3, "2026-01-31T10:00:00Z");
        append(4, "2026-01-31T12:10:00Z");
        assert_eq!(total(), 3);
        append(5, "2026-01-31T12:20:00Z");
        append(6, "2026-01-31T09:50:00Z");
        assert_eq!(total(), 5);
        // It is over for longer than anybody is late.
        append(7, "2026-01-31T10:30:00Z");
        assert_eq!(total(), 5);
        assert_eq!(hours.kept().len(), 2);
    }
}
