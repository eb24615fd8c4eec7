//! What is missing before requests should be sent here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::live::Live;
use crate::ops::Health;

/// Ready is who has a policy, which there is from the start, and every issuer's keys.
///
/// After [`PATIENCE`] the keys of one issuer are enough: a partner whose provider is down keeps nobody else's people
/// out, and its own get a 503 either way.
pub(super) fn health(live: Arc<Live>) -> Health {
    let begun = Instant::now();
    Arc::new(move || {
        let in_force = live.in_force();
        let without: Vec<String> = in_force
            .issuers
            .iter()
            .filter(|issuer| in_force.keys.get(&issuer.name).is_none())
            .map(|issuer| format!("no keys of issuer `{}`", issuer.name))
            .collect();
        let none = without.len() == in_force.issuers.iter().count();
        if !none && begun.elapsed() > PATIENCE {
            return Vec::new();
        }
        without
    })
}

/// Longer than a provider takes to restart.
const PATIENCE: Duration = Duration::from_secs(60);
