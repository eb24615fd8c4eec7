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
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use crossbeam_queue::SegQueue;
use jiff::Timestamp;

pub use line::Lease;
use line::Line;
use open::By;
pub use open::{Asker, Closing, Open, Opener, Way};

/// The lines of all connections.
#[derive(Debug)]
pub struct Connections {
    /// What times on lines are counted from.
    started: Instant,
    /// Never fewer again: a line that nobody holds is taken by the next connection.
    lines: ArcSwap<Vec<Arc<Line>>>,
    free: SegQueue<Arc<Line>>,
    /// What the watcher looks at lines with.
    looks_by: By,
    /// When it had looked at all of them last.
    looked: AtomicU64,
    watcher: OnceLock<Thread>,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            lines: ArcSwap::default(),
            free: SegQueue::new(),
            looks_by: By::default(),
            looked: AtomicU64::new(0),
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
        // Not given away first to be taken back: others may take them all, and a line that is not among all is never looked at.
        let mine = Arc::<Line>::default();
        self.lines.rcu(|lines| {
            let mut lines = Vec::clone(lines);
            lines.push(Arc::clone(&mine));
            lines.extend_from_slice(&new);
            lines
        });
        for line in new {
            self.free.push(line);
        }
        mine
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

    /// Whether all lines were looked at lately.
    #[must_use]
    pub fn are_watched(&self) -> bool {
        self.are_watched_at(Instant::now())
    }

    fn are_watched_at(&self, now: Instant) -> bool {
        let since = self
            .stamp(now)
            .saturating_sub(self.looked.load(Ordering::Relaxed));
        Duration::from_nanos(since) < OVERDUE
    }

    /// Wakes the watcher where it would otherwise come too late for this one.
    fn published(&self, open: &Open) {
        let left = open
            .ends_at()
            .saturating_sub(u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(u64::MAX));
        let late =
            open.decided_by.is_before(&self.looks_by) || Duration::from_millis(left) < watch::PAUSE;
        if late && let Some(watcher) = self.watcher.get() {
            watcher.unpark();
        }
    }
}

/// Many times longer than the watcher pauses, and than it takes for a look.
const OVERDUE: Duration = Duration::from_secs(10);

const FEWEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::sync::Barrier;

    #[test]
    fn every_line_is_among_those_that_are_looked_at_however_many_come_at_once() {
        const WORKERS: usize = 8;
        for _ in 0..200 {
            let connections = Arc::<Connections>::default();
            let together = Barrier::new(WORKERS);
            let leases = std::thread::scope(|scope| {
                let workers: Vec<_> = (0..WORKERS)
                    .map(|_| {
                        scope.spawn(|| {
                            together.wait();
                            let leases = (0..FEWEST * 2).map(|_| connections.lease());
                            leases.collect::<Vec<_>>()
                        })
                    })
                    .collect();
                let leases = workers
                    .into_iter()
                    .flat_map(|worker| worker.join().unwrap());
                leases.collect::<Vec<_>>()
            });
            let all = connections.lines.load();
            let all: HashSet<_> = all.iter().map(Arc::as_ptr).collect();
            assert!(leases.iter().all(|lease| all.contains(&lease.line())));
        }
    }

    #[test]
    fn a_watcher_that_looks_no_more_is_missed() {
        let connections = Connections::default();
        let now = connections.started;
        assert!(connections.are_watched_at(now + Duration::from_secs(9)));
        assert!(!connections.are_watched_at(now + Duration::from_secs(11)));
        let looked = connections.stamp(now + Duration::from_secs(5));
        connections.looked.store(looked, Ordering::Relaxed);
        assert!(connections.are_watched_at(now + Duration::from_secs(11)));
    }
}
