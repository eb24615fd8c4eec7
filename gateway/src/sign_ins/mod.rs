//! Sign-in events: one for every request served, or the first of a kind and counts of its repeats.
//!
//! The request path reserves room, and hands over facts. Everything that is slow or can fail (explaining, rendering,
//! files) is the writer's, on a thread of its own. What happened to requests is not decided here.

pub mod observation;
mod queue;

use std::io;
use std::sync::Arc;
use std::time::Duration;

pub use observation::{
    CalledApp, Ending, Observation, PolicyInForce, RestrictionValues, TokenFacts, bounded,
};
pub use queue::{Full, Slot};

use crossgate_config::SignIns as Settings;

use crate::ops::Metrics;
use queue::Queue;

/// The request path's end: cheap to clone, never waits.
#[derive(Clone, Debug)]
pub struct SignIns {
    queue: Arc<Queue>,
}

impl SignIns {
    /// Starts the writer and opens its sinks.
    ///
    /// # Errors
    /// A sink cannot be opened.
    pub fn start(settings: &Settings, metrics: Arc<Metrics>) -> io::Result<(Self, Writer)> {
        let queue = Arc::new(Queue::new(settings.queue, settings.on_full));
        let _ = metrics;
        Ok((Self { queue }, Writer {}))
    }

    /// Keeps room for one request's observation; to be called before anything is done for the request.
    ///
    /// # Errors
    /// There is no room, and `on_full = refuse`.
    pub fn reserve(&self) -> Result<Slot, Full> {
        self.queue.reserve()
    }

    /// Observations that wait for the writer.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.queue.depth()
    }
}

/// The writer's thread.
#[derive(Debug)]
pub struct Writer {}

impl Writer {
    /// Writes what is still to be written and ends. Call it when no request is served any more.
    pub fn finish(self, limit: Duration) {
        let _ = limit;
    }
}
