//! Requests' wish that an issuer's keys be fetched again: a flag each, so that a flood of such requests costs a read.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use crossgate_token::Issuers;
use tokio::sync::Notify;

/// One flag for each issuer. A raised flag stays raised until the fetcher lowers it; until then raising it again does
/// nothing.
#[derive(Debug)]
pub(super) struct Demand {
    flags: ArcSwap<HashMap<Arc<str>, AtomicBool>>,
    raised: Notify,
}

impl Demand {
    pub(super) fn new(issuers: &Issuers) -> Self {
        Self {
            flags: ArcSwap::from_pointee(flags(issuers)),
            raised: Notify::new(),
        }
    }

    /// For other issuers from now on; every flag is down.
    pub(super) fn reset(&self, issuers: &Issuers) {
        self.flags.store(Arc::new(flags(issuers)));
    }

    pub(super) fn raise(&self, issuer: &str) {
        let flags = self.flags.load();
        if let Some(flag) = flags.get(issuer)
            && !flag.load(Ordering::Relaxed)
            && !flag.swap(true, Ordering::Relaxed)
        {
            self.raised.notify_one();
        }
    }

    pub(super) fn is_raised(&self, issuer: &str) -> bool {
        let flags = self.flags.load();
        flags
            .get(issuer)
            .is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    pub(super) fn lower(&self, issuer: &str) {
        if let Some(flag) = self.flags.load().get(issuer) {
            flag.store(false, Ordering::Relaxed);
        }
    }

    /// Waits until a flag is raised.
    pub(super) async fn raised(&self) {
        self.raised.notified().await;
    }
}

fn flags(issuers: &Issuers) -> HashMap<Arc<str>, AtomicBool> {
    issuers
        .iter()
        .map(|issuer| (Arc::clone(&issuer.name), AtomicBool::new(false)))
        .collect()
}
