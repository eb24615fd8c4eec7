//! What one connection, or one stream of HTTP/2, tells the watcher of the request that it serves.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
use std::time::Instant;

use arc_swap::ArcSwapOption;

use super::{Connections, Open};

/// On a line of memory of its own: connections of other workers must not wait for it.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(super) struct Line {
    /// When the request that is under way began; 0 where none is.
    since: AtomicU64,
    /// Of which request the watcher wants to know more: that which began then.
    asked: AtomicU64,
    /// What was asked for, or told unasked.
    open: ArcSwapOption<Open>,
    /// The task that serves it. The task itself only tries the lock.
    task: Mutex<Option<Waker>>,
}

impl Line {
    pub(super) fn since(&self) -> u64 {
        self.since.load(Ordering::Acquire)
    }

    pub(super) fn open(&self) -> Option<Arc<Open>> {
        self.open.load_full()
    }

    pub(super) fn ask(&self, since: u64) {
        self.asked.store(since, Ordering::Release);
        self.wake();
    }

    pub(super) fn close(&self, open: &Open, closing: super::Closing) {
        open.close(closing);
        self.wake();
    }

    fn wake(&self) {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = &*task {
            task.wake_by_ref();
        }
    }
}

/// A line, held by the task that serves the connection. Somebody else's when it is dropped.
#[derive(Debug)]
pub struct Lease {
    of: Arc<Connections>,
    line: Arc<Line>,
}

impl Lease {
    pub(super) const fn new(of: Arc<Connections>, line: Arc<Line>) -> Self {
        Self { of, line }
    }

    /// What tells its line from others.
    #[cfg(test)]
    pub(super) fn line(&self) -> *const Line {
        Arc::as_ptr(&self.line)
    }

    /// A request is under way.
    pub fn begin(&self, begun: Instant) {
        self.line
            .since
            .store(self.of.stamp(begun), Ordering::Release);
    }

    /// Has this task woken from now on; answers whether that came about, which it does unless one is just being woken.
    #[must_use]
    pub fn is_served_by(&self, task: &Waker) -> bool {
        let Ok(mut known) = self.line.task.try_lock() else {
            return false;
        };
        if !known.as_ref().is_some_and(|known| known.will_wake(task)) {
            *known = Some(task.clone());
        }
        true
    }

    /// Whether the watcher wants to know more of the request.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.line.asked.load(Ordering::Acquire) == self.line.since.load(Ordering::Relaxed)
    }

    /// Tells what the request was decided by.
    pub fn publish(&self, open: &Arc<Open>) {
        self.line.open.store(Some(Arc::clone(open)));
        self.of.published(open);
    }

    /// The request is over.
    pub fn end(&self, was_published: bool) {
        self.line.since.store(0, Ordering::Release);
        if was_published {
            self.line.open.store(None);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.end(true);
        // Where the watcher is just waking it, the next one to take the line puts its own in place.
        if let Ok(mut task) = self.line.task.try_lock() {
            *task = None;
        }
        self.of.free.push(Arc::clone(&self.line));
    }
}
