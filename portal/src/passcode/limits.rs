//! How often codes are sent and tried.

use super::bounded::Bounded;

/// How long codes count, and how often each thing may be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// How long a code counts, in seconds.
    pub seconds: u64,
    /// How often one code may be tried. After that it is dead.
    pub tries: u32,
    /// Codes sent to one address, from wherever they are asked for.
    pub per_address: Rate,
    /// Codes asked for in one sign-in under way.
    pub per_attempt: Rate,
    /// Codes asked for from one network address; of IPv6, from one /64.
    pub per_client: Rate,
    /// How much is remembered of each: codes, addresses, sign-ins and network addresses. The oldest is forgotten first.
    pub most_kept: usize,
}

/// So many within so many seconds, whichever seconds one looks at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// How many.
    pub most: usize,
    /// Within how many seconds.
    pub seconds: u64,
}

const HOUR: u64 = 60 * 60;

impl Default for Limits {
    fn default() -> Self {
        Self {
            seconds: 30 * 60,
            tries: 5,
            per_address: Rate {
                most: 5,
                seconds: HOUR,
            },
            // No sign-in takes a day.
            per_attempt: Rate {
                most: 3,
                seconds: 24 * HOUR,
            },
            per_client: Rate {
                most: 20,
                seconds: HOUR,
            },
            most_kept: 100_000,
        }
    }
}

/// When things were sent, for each of many.
pub(super) struct Sends {
    rate: Rate,
    times: Bounded<Vec<u64>>,
}

impl Sends {
    pub(super) fn new(rate: Rate, most_kept: usize) -> Self {
        Self {
            rate,
            times: Bounded::new(most_kept),
        }
    }

    /// Whether one more may be sent now, which is then counted.
    pub(super) fn take(&mut self, place: u128, now: u64) -> bool {
        let mut times = self.times.remove(place).unwrap_or_default();
        // A clock that was set back gives nobody another one.
        times.retain(|time| now.saturating_sub(*time) < self.rate.seconds);
        let may = times.len() < self.rate.most;
        if may {
            times.push(now);
        }
        // The newest again: what is forgotten first is what was not asked for the longest.
        self.times.insert(place, times);
        may
    }
}
