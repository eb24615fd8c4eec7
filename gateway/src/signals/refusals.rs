//! How often a refusal is recorded: whoever pushes rubbish all day must not fill the audit with it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What was refused lately, by transmitter and reason. Both are few: names of the configuration, and rules.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<HashMap<(Box<str>, &'static str), Lately>>);

#[derive(Debug)]
struct Lately {
    recorded: Instant,
    since: u64,
}

impl Refusals {
    /// Counts one. The number to record, with those that were not recorded since the last record; `None` where it is too soon.
    pub(crate) fn count(
        &self,
        transmitter: &str,
        reason: &'static str,
        now: Instant,
    ) -> Option<u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(lately) = all.get_mut(&(Box::from(transmitter), reason)) else {
            let first = Lately {
                recorded: now,
                since: 0,
            };
            all.insert((transmitter.into(), reason), first);
            return Some(1);
        };
        lately.since += 1;
        if now.saturating_duration_since(lately.recorded) < BETWEEN {
            return None;
        }
        lately.recorded = now;
        Some(std::mem::take(&mut lately.since))
    }
}

/// A record a minute tells an auditor that it goes on.
const BETWEEN: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_a_minute_is_recorded_of_each_reason_with_how_many_there_were() {
        let refusals = Refusals::default();
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        assert_eq!(refusals.count("a", "x", after(0)), Some(1));
        assert_eq!(refusals.count("a", "x", after(1)), None);
        assert_eq!(refusals.count("a", "y", after(1)), Some(1));
        assert_eq!(refusals.count("b", "x", after(1)), Some(1));
        assert_eq!(refusals.count("a", "x", after(59)), None);
        assert_eq!(refusals.count("a", "x", after(60)), Some(3));
        assert_eq!(refusals.count("a", "x", after(61)), None);
        assert_eq!(refusals.count("a", "x", after(600)), Some(2));
    }
}
