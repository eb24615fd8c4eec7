//! When guests' access ends by itself.

use std::num::NonZeroU32;

use crate::ids::UnixTime;

/// The second from which on a record lets nobody in.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Expiry(NonZeroU32);

impl Expiry {
    /// The second of a time, whatever of it has passed then; `None` where it lies too far ahead to be kept (after 2106).
    #[must_use]
    pub fn new(seconds: i64) -> Option<Self> {
        // Whatever ended before the epoch is over as well.
        let seconds = u32::try_from(seconds.max(1)).ok()?;
        NonZeroU32::new(seconds).map(Self)
    }

    /// Whether it has come.
    #[must_use]
    pub fn has_come(self, now: UnixTime) -> bool {
        now.seconds() >= self.time().seconds()
    }

    /// The time.
    #[must_use]
    pub fn time(self) -> UnixTime {
        UnixTime::from_secs(self.0.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> UnixTime {
        UnixTime::new(seconds).unwrap()
    }

    #[test]
    fn it_comes_at_its_very_second() {
        let expiry = Expiry::new(1_800_000_000).unwrap();
        assert!(!expiry.has_come(at(1_799_999_999.999)));
        assert!(expiry.has_come(at(1_800_000_000.0)));
        assert!(expiry.has_come(at(1_900_000_000.0)));
    }

    #[test]
    fn what_ended_before_the_epoch_has_come_and_what_lies_too_far_ahead_is_none() {
        for past in [i64::MIN, -1, 0] {
            assert!(Expiry::new(past).unwrap().has_come(at(1.0)), "{past}");
        }
        assert!(Expiry::new(i64::from(u32::MAX)).is_some());
        assert_eq!(Expiry::new(i64::from(u32::MAX) + 1), None);
    }

    #[test]
    fn a_record_without_one_is_four_bytes_larger_at_most() {
        assert_eq!(size_of::<Option<Expiry>>(), 4);
    }
}
