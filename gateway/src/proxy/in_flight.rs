//! How many requests are under way to upstreams. Each holds a connection, and one client may have many over HTTP/2.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts requests under way, of all doors that share it.
#[derive(Clone, Debug, Default)]
pub struct InFlight(Arc<AtomicUsize>);

/// One request under way; over when it is dropped.
#[derive(Debug)]
pub struct Flight(Arc<AtomicUsize>);

impl InFlight {
    /// Lets one more take off, where fewer than so many are under way.
    #[must_use]
    pub fn take_off(&self, most: usize) -> Option<Flight> {
        let flight = Flight(Arc::clone(&self.0));
        // Counted before it is compared, so that of two at once not both take the last place.
        (self.0.fetch_add(1, Ordering::Relaxed) < most).then_some(flight)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_take_off_and_no_more_until_one_has_landed() {
        let all = InFlight::default();
        let (first, second) = (all.take_off(2), all.take_off(2));
        assert!(first.is_some() && second.is_some());
        assert!(all.take_off(2).is_none());
        assert!(all.take_off(2).is_none());
        drop(first);
        assert!(all.take_off(2).is_some());
    }
}
