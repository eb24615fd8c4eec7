//! Each worker's own handle on what is in force. Counting who holds it is done on a line of memory of that worker alone:
//! a counter that all cores share costs more, the more of them there are.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use thread_local::ThreadLocal;

use super::InForce;

/// What is in force, held for one worker.
#[derive(Debug)]
pub struct Held(Arc<InForce>);

impl Held {
    /// What was in force, held by nobody else here.
    #[must_use]
    pub const fn new(in_force: Arc<InForce>) -> Self {
        Self(in_force)
    }
}

impl Deref for Held {
    type Target = InForce;

    fn deref(&self) -> &InForce {
        &self.0
    }
}

/// The handles of all workers.
#[derive(Debug, Default)]
pub(super) struct OfWorkers {
    /// Counts the changes.
    changes: AtomicU64,
    /// Only ever tried, and only the worker itself and a change try: nobody waits.
    handles: ThreadLocal<Mutex<Option<Handle>>>,
}

#[derive(Debug)]
struct Handle {
    /// How many changes there had been.
    changes: u64,
    held: Arc<Held>,
}

impl OfWorkers {
    /// This worker's handle; a new one, of what `current` gives, where something changed.
    pub(super) fn take(&self, current: impl Fn() -> Arc<InForce>) -> Arc<Held> {
        // Read before what is in force is: a change in between makes a handle anew once more, never too seldom.
        let changes = self.changes.load(Ordering::Acquire);
        let Ok(mut handle) = self.handles.get_or_default().try_lock() else {
            return Arc::new(Held(current()));
        };
        match &*handle {
            Some(handle) if handle.changes == changes => Arc::clone(&handle.held),
            Some(_) | None => {
                let held = Arc::new(Held(current()));
                *handle = Some(Handle {
                    changes,
                    held: Arc::clone(&held),
                });
                held
            }
        }
    }

    /// Has every handle made anew. Those of workers that have nothing to do are let go of, and with them the old policy.
    pub(super) fn outdate(&self) {
        self.changes.fetch_add(1, Ordering::Release);
        for handle in &self.handles {
            if let Ok(mut handle) = handle.try_lock() {
                *handle = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Live;
    use crate::request::testing::in_force;

    #[test]
    fn a_worker_sees_a_change_with_its_next_request_and_keeps_nothing_old() {
        let live = Live::new(in_force());
        let before = live.take();
        assert!(Arc::ptr_eq(&before, &live.take()));
        let old = Arc::downgrade(&live.in_force());
        live.replace(|current| InForce {
            generation: 7,
            ..current.clone()
        });
        assert_eq!((before.generation, live.take().generation), (1, 7));
        drop(before);
        assert_eq!(old.strong_count(), 0);
    }

    #[test]
    fn workers_count_their_requests_each_for_itself() {
        let live = Live::new(in_force());
        let here = live.take();
        let there = std::thread::scope(|scope| scope.spawn(|| live.take()).join().unwrap());
        assert!(!Arc::ptr_eq(&here, &there));
        assert_eq!(here.generation, there.generation);
    }
}
