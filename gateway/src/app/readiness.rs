//! What is missing before requests should be sent here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::live::{InForce, Live};
use crate::ops::Health;

/// Ready is who has a policy, which there is from the start, and every issuer's keys.
///
/// After [`PATIENCE`] the keys of one issuer are enough: a partner whose provider is down keeps nobody else's people
/// out, and its own get a 503 either way.
pub(super) fn health(live: Arc<Live>) -> Health {
    let begun = Instant::now();
    Arc::new(move || {
        let in_force = live.in_force();
        let without = without_keys(&in_force);
        let none = without.len() == in_force.issuers.iter().count();
        if !none && begun.elapsed() > PATIENCE {
            return Vec::new();
        }
        let told = without.iter();
        told.map(|issuer| format!("no keys of issuer `{issuer}`"))
            .collect()
    })
}

/// Waits until every issuer's keys are there, for some seconds at most: who takes over doors should be able to answer.
pub(super) fn wait(live: &Live) {
    let end = Instant::now() + BEFORE_TAKING_OVER;
    while Instant::now() < end && !without_keys(&live.in_force()).is_empty() {
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn without_keys(in_force: &InForce) -> Vec<Arc<str>> {
    let issuers = in_force.issuers.iter();
    issuers
        .filter(|issuer| in_force.keys.get(&issuer.name).is_none())
        .map(|issuer| Arc::clone(&issuer.name))
        .collect()
}

/// Longer than a provider takes to restart.
const PATIENCE: Duration = Duration::from_secs(60);

/// Longer than fetching takes where it works at all.
const BEFORE_TAKING_OVER: Duration = Duration::from_secs(10);
