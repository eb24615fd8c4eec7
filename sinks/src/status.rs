//! What a sink tells of itself.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use jiff::Timestamp;

/// Counts what becomes of events. Called by the courier's thread.
///
/// Events that were taken, and those that an earlier process left, are delivered, rejected or lost, or still wait.
pub trait Tally: Send {
    /// So many were acknowledged.
    fn delivered(&self, events: u64);
    /// So many were refused for good, and are in the file of rejected ones.
    fn rejected(&self, events: u64);
    /// So many were in a part of the spool that cannot be read any more.
    fn lost(&self, events: u64);
    /// A sending failed; it is tried again.
    fn failed(&self);
}

/// What waits in a spool.
#[derive(Debug, Default)]
pub struct Status {
    events: AtomicU64,
    bytes: AtomicU64,
    damaged: AtomicU64,
    /// Milliseconds since 1970; 0 is none.
    oldest: AtomicI64,
}

impl Status {
    /// Events that are neither delivered nor rejected.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// Bytes that the spool takes on disk, with events that were delivered and not yet deleted.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Those of them that the disk has damaged.
    pub(crate) fn damaged(&self) -> u64 {
        self.damaged.load(Ordering::Relaxed)
    }

    /// Since when the oldest of those that wait does; `None` where none waits.
    #[must_use]
    pub fn oldest(&self) -> Option<Timestamp> {
        let oldest = self.oldest.load(Ordering::Relaxed);
        Timestamp::from_millisecond(oldest)
            .ok()
            .filter(|_| oldest != 0)
    }

    pub(crate) fn came(&self, events: u64) {
        self.events.fetch_add(events, Ordering::Relaxed);
    }

    pub(crate) fn went(&self, events: u64) {
        less(&self.events, events);
    }

    pub(crate) fn grew(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn shrank(&self, bytes: u64) {
        less(&self.bytes, bytes);
    }

    pub(crate) fn set_damaged(&self, bytes: u64) {
        self.damaged.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn set_oldest(&self, taken: i64) {
        self.oldest.store(taken, Ordering::Relaxed);
    }
}

/// Only what came goes. A disk that says otherwise makes no count of billions.
fn less(count: &AtomicU64, by: u64) {
    let _ = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
        Some(count.saturating_sub(by))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_count_falls_below_nothing() {
        let status = Status::default();
        status.came(1);
        status.grew(10);
        status.went(2);
        status.shrank(11);
        assert_eq!((status.events(), status.bytes()), (0, 0));
    }
}
