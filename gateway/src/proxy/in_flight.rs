//! How many requests are under way to upstreams. Each holds a connection, and one client may have many over HTTP/2.

use std::sync::Arc;

use crate::allowance::Allowance;
use crate::per_worker::{Handle, PerWorker};

/// Counts requests under way, of all doors that share it.
#[derive(Clone, Debug, Default)]
pub struct InFlight(Arc<PerWorker<Allowance>>);

/// One request under way; over when it is dropped.
#[derive(Debug)]
pub struct Flight(Arc<Handle<Allowance>>);

impl InFlight {
    /// Lets one more take off, where fewer than so many are under way.
    #[must_use]
    pub fn take_off(&self, most: usize) -> Option<Flight> {
        let allowance = self.0.handle();
        // The limit is of the settings in force, and those change.
        if allowance.size() != most {
            allowance.resize(most);
        }
        allowance.take().then(|| Flight(allowance))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.give_back();
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

    #[test]
    fn a_changed_limit_holds_for_the_next_request() {
        let all = InFlight::default();
        let first = all.take_off(1);
        assert!(all.take_off(1).is_none());
        let second = all.take_off(2);
        assert!(first.is_some() && second.is_some());
        assert!(all.take_off(1).is_none());
    }
}
