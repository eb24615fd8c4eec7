//! Receives what partners synchronise (SCIM 2.0): who pushes is told here, what follows is the control plane's.
//!
//! Nothing here is on the way of an app's request.

mod call;
mod record;
mod settings;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crossgate_control::ledger::Ledger;
use crossgate_control::scim::Scim;
use crossgate_policy::ids::TenantId;
use tokio::sync::Semaphore;

use crate::ops::Metrics;
use crate::signals::Refusals;
pub use call::{Caller, Done, Pushing};
pub use settings::{Pusher, SynchronizationSettings};

/// Where partners push, followed by their tenant's id.
pub const PLACE: &str = "/.crossgate/scim/";

/// The receiver.
#[derive(Debug)]
pub struct Synchronization {
    ledger: Arc<Ledger>,
    scim: Arc<Scim>,
    metrics: Arc<Metrics>,
    /// Places for calls, by tenants that are, or were, configured.
    rooms: Mutex<HashMap<TenantId, Arc<Semaphore>>>,
    refusals: Refusals,
}

impl Synchronization {
    /// Keeps what is received with this ledger.
    #[must_use]
    pub fn new(ledger: Arc<Ledger>, metrics: Arc<Metrics>) -> Self {
        Self {
            scim: Arc::new(Scim::new(Arc::clone(&ledger))),
            ledger,
            metrics,
            rooms: Mutex::default(),
            refusals: Refusals::default(),
        }
    }

    /// Whether a path at the host is one of ours at all.
    #[must_use]
    pub fn is_at(settings: &SynchronizationSettings, host: &str, path: &str) -> bool {
        *settings.host == *host && path.starts_with(PLACE)
    }

    fn room(&self, tenant: TenantId) -> Arc<Semaphore> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = rooms
            .entry(tenant)
            .or_insert_with(|| Arc::new(Semaphore::new(MOST_CALLS)));
        Arc::clone(room)
    }

    /// Counts how a call ended; a refusal is recorded besides, unless that was done a moment ago.
    fn count(&self, pusher: &Pusher, result: &'static str, refused: Option<&str>) {
        let name = &pusher.partner.name;
        self.metrics.synchronized(name, result);
        let Some(why) = refused.filter(|_| is_recorded(result)) else {
            return;
        };
        let tenant = pusher.partner.tenant.to_string();
        if let Some(count) = self.refusals.count(&tenant, result, Instant::now()) {
            record::refusal(&self.ledger, &pusher.partner, result, why, count);
        }
    }
}

/// Provisioning looks for what is not there yet, and for what it knows already, all day.
fn is_recorded(result: &str) -> bool {
    !matches!(result, "not_found" | "other_version")
}

/// Calls of one partner at a time. What is beyond is told to come again.
const MOST_CALLS: usize = 8;
