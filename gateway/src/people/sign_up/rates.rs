//! How often people try to sign up: each try may have codes mailed and the operator's own services asked.
//!
//! Counted in memory: a restart begins anew, which nobody outside can bring about.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crossgate_portal::passcode::network;

/// Tries within the hour.
#[derive(Debug, Default)]
pub(in super::super) struct Rates(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// The hour that is counted.
    hour: u64,
    of: HashMap<Counted, u32>,
}

#[derive(Debug, Eq, Hash, PartialEq)]
enum Counted {
    Network(String),
    /// In lower case.
    Address(String),
}

impl Rates {
    /// Counts one more try; whether it is taken.
    pub(super) fn count(&self, client: Option<IpAddr>, address: &str, now: u64) -> bool {
        self.of(client, address, now, true)
    }

    /// Whether one more would be.
    pub(super) fn may_begin(&self, client: Option<IpAddr>, address: &str, now: u64) -> bool {
        self.of(client, address, now, false)
    }

    fn of(&self, client: Option<IpAddr>, address: &str, now: u64, counts: bool) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let hour = now / HOUR;
        if all.hour != hour {
            *all = Counts {
                hour,
                of: HashMap::new(),
            };
        }
        let network = Counted::Network(client.map(network).unwrap_or_default());
        let address = Counted::Address(address.to_lowercase());
        let so_far = |counted: &Counted| all.of.get(counted).copied().unwrap_or(0);
        let is_taken = so_far(&network) < MOST_OF_NETWORK && so_far(&address) < MOST_OF_ADDRESS;
        if is_taken && counts {
            if all.of.len() >= MOST_COUNTED {
                return false;
            }
            *all.of.entry(network).or_default() += 1;
            *all.of.entry(address).or_default() += 1;
        }
        is_taken
    }
}

const HOUR: u64 = 60 * 60;

/// Of one network: an office whose people all sign up on the same morning, with a mistake each.
const MOST_OF_NETWORK: u32 = 300;

/// With one address: a form that is corrected again and again.
const MOST_OF_ADDRESS: u32 = 20;

/// Networks and addresses that are counted: some ten megabytes.
const MOST_COUNTED: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_a_network_have_so_many_tries_an_hour_and_others_none_the_fewer() {
        let rates = Rates::default();
        let client = |last| Some(IpAddr::from([192, 0, 2, last]));
        for _ in 0..MOST_OF_ADDRESS {
            assert!(rates.count(client(1), "Mia@a.example", 0));
        }
        assert!(!rates.count(client(2), "mia@A.example", 10));
        assert!(!rates.may_begin(client(2), "mia@a.example", 10));
        assert!(rates.count(client(2), "mia@a.example", HOUR));
        for number in 0..MOST_OF_NETWORK {
            assert!(rates.count(client(3), &format!("{number}@b.example"), 2 * HOUR));
        }
        assert!(!rates.count(client(3), "one-more@b.example", 2 * HOUR));
        assert!(rates.count(client(4), "one-more@b.example", 2 * HOUR));
    }
}
