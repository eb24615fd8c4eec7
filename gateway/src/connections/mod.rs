//! Requests that are under way for long, and who may have them closed: WebSockets, event streams, uploads and whatever else
//! outlasts the moment it was decided in.
//!
//! Each connection has a line here, and so has each stream of HTTP/2; a request writes on it when it began, and what it was
//! decided by only once it is long. The [watcher](watch) reads them; no request waits for it.

mod line;
mod open;
pub(crate) mod watch;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Instant;

use arc_swap::ArcSwap;
use crossbeam_queue::SegQueue;

pub use line::Lease;
use line::Line;
pub use open::{Closing, Open, Opener};

/// The lines of all connections.
#[derive(Debug)]
pub struct Connections {
    /// What times on lines are counted from.
    started: Instant,
    /// Never fewer again: a line that nobody holds is taken by the next connection.
    lines: ArcSwap<Vec<Arc<Line>>>,
    free: SegQueue<Arc<Line>>,
    /// The generation that the watcher looks at lines with.
    generation: AtomicU64,
    /// When it will look for what has ended, in milliseconds since the epoch.
    due: AtomicU64,
    watcher: OnceLock<Thread>,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            lines: ArcSwap::default(),
            free: SegQueue::new(),
            generation: AtomicU64::new(0),
            due: AtomicU64::new(u64::MAX),
            watcher: OnceLock::new(),
        }
    }
}

impl Connections {
    /// A line for a connection, or for a stream.
    #[must_use]
    pub fn lease(self: &Arc<Self>) -> Lease {
        let line = self.free.pop().unwrap_or_else(|| self.grow());
        Lease::new(Arc::clone(self), line)
    }

    /// More lines, the more of them there are.
    fn grow(&self) -> Arc<Line> {
        let more = (self.lines.load().len() / 4).max(FEWEST);
        let new: Vec<Arc<Line>> = (0..more).map(|_| Arc::default()).collect();
        self.lines.rcu(|lines| {
            let mut lines = Vec::clone(lines);
            lines.extend_from_slice(&new);
            lines
        });
        for line in new {
            self.free.push(line);
        }
        // Others may have taken them all meanwhile; one that nobody looks at is better than none.
        self.free.pop().unwrap_or_default()
    }

    fn stamp(&self, begun: Instant) -> u64 {
        let since = begun.saturating_duration_since(self.started).as_nanos();
        u64::try_from(since).unwrap_or(u64::MAX).max(1)
    }

    /// Has the watcher look at once: somebody's session ended.
    pub fn look_again(&self) {
        if let Some(watcher) = self.watcher.get() {
            watcher.unpark();
        }
    }

    /// Wakes the watcher where it would otherwise come too late for this one.
    fn published(&self, open: &Open) {
        let late = open.decided_on() < self.generation.load(Ordering::SeqCst)
            || open.ends_at < self.due.load(Ordering::SeqCst);
        if late && let Some(watcher) = self.watcher.get() {
            watcher.unpark();
        }
    }
}

const FEWEST: usize = 64;
