//! Whether who asks still may, while an answer is sent for long.

use std::time::{Duration, Instant};

use super::super::sign_ins::may;
use crate::administrator::Administrator;
use crate::ledger::Ledger;
use crate::roles::Action;

/// What a caller may see of the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Rights {
    /// Sign-ins at all.
    pub(super) sign_ins: bool,
    /// And which policies applied.
    pub(super) policies: bool,
}

impl Rights {
    /// As of now.
    pub(super) fn of(ledger: &Ledger, who: &Administrator) -> Self {
        Self {
            sign_ins: may(ledger, who, &[Action::SignInReportsRead]),
            policies: may(ledger, who, &[Action::ConditionalAccessRead]),
        }
    }
}

/// When it is looked at again who asks.
pub(super) struct Checks {
    begun: Instant,
    last: Instant,
    events: usize,
}

impl Checks {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            begun: now,
            last: now,
            events: 0,
        }
    }

    /// To be asked for each event.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        self.events += 1;
        let is_due =
            self.events >= EVENTS_BETWEEN || now.saturating_duration_since(self.last) >= BETWEEN;
        if is_due {
            self.events = 0;
            self.last = now;
        }
        is_due
    }

    /// A token lasts about as long, and what it was given for may be over.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.begun) >= LONGEST
    }
}

/// Some milliseconds' worth.
const EVENTS_BETWEEN: usize = 1000;

/// Where the client reads slowly.
const BETWEEN: Duration = Duration::from_secs(1);

const LONGEST: Duration = Duration::from_secs(60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_is_looked_at_each_second_and_each_thousand_events_and_for_an_hour() {
        let begun = Instant::now();
        let mut checks = Checks::new(begun);
        let due = (0..3 * EVENTS_BETWEEN).filter(|_| checks.is_due(begun));
        assert_eq!(due.count(), 3);
        let slow = (1..=10).filter(|second| checks.is_due(begun + BETWEEN * *second));
        assert_eq!(slow.count(), 10);
        assert!(!checks.is_over(begun + LONGEST - BETWEEN));
        assert!(checks.is_over(begun + LONGEST));
    }
}
