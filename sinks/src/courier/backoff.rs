//! How long a courier waits after a failure.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// Grows from a quarter of a second to half a minute, and is somewhere between its half and its whole, so that gateways that were turned away
/// together do not come back together.
#[derive(Debug)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    pub(super) const fn new() -> Self {
        Self { failures: 0 }
    }

    /// Whether nothing has failed since.
    pub(super) const fn is_fresh(&self) -> bool {
        self.failures == 0
    }

    /// After one more failure; `asked` is what the receiver asks for.
    pub(super) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let whole = FIRST
            .saturating_mul(1 << self.failures.min(16))
            .min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let half = whole / 2;
        let random = RandomState::new().hash_one(self.failures);
        let share = u32::try_from(random % 1024).unwrap_or_default();
        let pause = half + half * share / 1024;
        pause.max(asked.unwrap_or_default().min(LONGEST_ASKED))
    }
}

const FIRST: Duration = Duration::from_millis(250);

/// Soon enough after a receiver is back.
const LONGEST: Duration = Duration::from_secs(30);

/// A receiver that asks for more is asked once more before.
const LONGEST_ASKED: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_half_a_minute_and_differ() {
        let mut backoff = Backoff::new();
        let pauses: Vec<Duration> = (0..20).map(|_| backoff.next(None)).collect();
        assert!(pauses[0] >= FIRST / 2 && pauses[0] <= FIRST);
        for (number, pause) in pauses.iter().enumerate().skip(8) {
            assert!(
                *pause >= LONGEST / 2 && *pause <= LONGEST,
                "{number}: {pause:?}"
            );
        }
        assert!(pauses[8..].iter().any(|pause| *pause != pauses[8]));
    }

    #[test]
    fn a_receiver_that_asks_for_time_gets_it_within_reason() {
        let asked = |seconds| Backoff::new().next(Some(Duration::from_secs(seconds)));
        assert_eq!(asked(20), Duration::from_secs(20));
        assert_eq!(asked(9_999), LONGEST_ASKED);
        assert!(asked(0) >= FIRST / 2);
    }
}
