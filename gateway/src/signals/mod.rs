//! Receives security events (OpenID Shared Signals, CAEP): an identity provider tells that what it vouched for counts no
//! more, and the next request is refused.
//!
//! What is received is kept by the control plane's ledger, as whatever an administrator changes. Nothing here is on the way
//! of an app's request.

mod answer;
mod push;
mod record;
mod refusals;
mod seen;
mod settings;
mod stream;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crossgate_control::ledger::Ledger;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::live::Live;
use crate::ops::Metrics;
pub use push::{MOST_BODY, Push, Pushed};
pub(crate) use refusals::Refusals;
use seen::Seen;
pub(crate) use settings::exposed;
pub use settings::{SignalSettings, Transmitter};
pub use stream::keep_streams;

/// Where security events are pushed, followed by the transmitter's name.
pub const PLACE: &str = "/.crossgate/signals/";

/// The receiver.
#[derive(Debug)]
pub struct Signals {
    ledger: Arc<Ledger>,
    live: Arc<Live>,
    metrics: Arc<Metrics>,
    /// By the names of transmitters that are, or were, configured.
    desks: Mutex<HashMap<Box<str>, Arc<Desk>>>,
    refusals: Refusals,
}

/// What is known of one transmitter.
#[derive(Debug)]
struct Desk {
    room: Arc<Semaphore>,
    /// Those that wait for a key besides.
    waiting: Arc<Semaphore>,
    seen: Mutex<Seen>,
    /// What it was asked to say to show that its stream works, until it did.
    expected: Mutex<Option<Box<str>>>,
}

impl Signals {
    /// Keeps what is received with this ledger.
    #[must_use]
    pub fn new(ledger: Arc<Ledger>, live: Arc<Live>, metrics: Arc<Metrics>) -> Self {
        Self {
            ledger,
            live,
            metrics,
            desks: Mutex::default(),
            refusals: Refusals::default(),
        }
    }

    /// The transmitter that pushes at this place, where it is one.
    #[must_use]
    pub fn name_in(settings: &SignalSettings, host: &str, path: &str) -> Option<Box<str>> {
        let name = path
            .strip_prefix(PLACE)
            .filter(|_| *settings.host == *host)?;
        Some(name.into())
    }

    fn desk(&self, transmitter: &str) -> Arc<Desk> {
        let mut desks = lock(&self.desks);
        if let Some(desk) = desks.get(transmitter) {
            return Arc::clone(desk);
        }
        let desk = Arc::new(Desk {
            room: Arc::new(Semaphore::new(MOST_PUSHES)),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
            seen: Mutex::default(),
            expected: Mutex::default(),
        });
        desks.insert(transmitter.into(), Arc::clone(&desk));
        desk
    }

    /// Counts a refusal, and records it unless that was done a moment ago.
    fn refuse(&self, transmitter: &str, refused: answer::Refused) {
        self.metrics.signal(transmitter, refused.name());
        let count = self
            .refusals
            .count(transmitter, refused.name(), Instant::now());
        if let Some(count) = count {
            record::refusal(Arc::clone(&self.ledger), transmitter, refused, count);
        }
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Pushes of one transmitter that are received at a time. What is beyond is told to come again.
const MOST_PUSHES: usize = 16;

/// Those among them that may wait for a key: strangers can name any.
const MOST_WAITING: usize = 4;

/// A place among the pushes under way.
type Place = OwnedSemaphorePermit;
