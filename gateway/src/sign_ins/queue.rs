//! The bounded way from the request path to the writer: room is reserved before a request is admitted, so that an
//! admitted request can always be recorded, and nobody ever waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crossbeam_queue::ArrayQueue;
use crossgate_config::OnFull;

use super::observation::Observation;

/// No room for another event: the request is to be answered 503.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the sign-in queue is full")]
pub struct Full;

/// Room for one observation, held by one request from its start.
///
/// Dropped without [`Slot::record`] it gives the room back and the request is counted as one whose end nobody saw.
#[derive(Debug)]
pub struct Slot {
    queue: Arc<Queue>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// A place in the queue is kept.
    Kept,
    /// There was none, and `on_full = drop`: the request goes on, its event does not.
    Dropped,
    /// Recorded: nothing is left to give back.
    Spent,
}

impl Slot {
    /// Hands over what happened. Never waits.
    pub fn record(mut self, observation: Observation) {
        match std::mem::replace(&mut self.kind, Kind::Spent) {
            Kind::Kept => self.queue.push(observation),
            Kind::Dropped => self.queue.counts.dropped.add(),
            Kind::Spent => {}
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        match self.kind {
            Kind::Kept => {
                self.queue.counts.unrecorded.add();
                self.queue.held.fetch_sub(1, Ordering::Release);
            }
            Kind::Dropped => self.queue.counts.dropped.add(),
            Kind::Spent => {}
        }
    }
}

/// The queue between all workers and one writer.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: ArrayQueue<Box<Observation>>,
    /// INVARIANT: slots out plus observations waiting, never more than the queue's capacity after a refused
    /// reservation took its share back. So a push by a slot's holder always finds room.
    held: AtomicUsize,
    on_full: OnFull,
    pub(super) closing: AtomicBool,
    pub(super) counts: Counts,
}

/// Whole numbers since the start.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Handed over.
    pub(super) recorded: Count,
    /// Went on without an event, for want of room.
    pub(super) dropped: Count,
    /// Answered 503 for want of room.
    pub(super) refused: Count,
    /// Their slots were dropped.
    pub(super) unrecorded: Count,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self) {
        // A statistic: nothing else is read because of it.
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Queue {
    pub(super) fn new(capacity: usize, on_full: OnFull) -> Self {
        Self {
            waiting: ArrayQueue::new(capacity.max(1)),
            held: AtomicUsize::new(0),
            on_full,
            closing: AtomicBool::new(false),
            counts: Counts::default(),
        }
    }

    pub(super) fn reserve(self: &Arc<Self>) -> Result<Slot, Full> {
        let held_before = self.held.fetch_add(1, Ordering::Acquire);
        let kind = if held_before < self.waiting.capacity() {
            Kind::Kept
        } else {
            self.held.fetch_sub(1, Ordering::Release);
            match self.on_full {
                OnFull::Refuse => {
                    self.counts.refused.add();
                    return Err(Full);
                }
                OnFull::Drop => Kind::Dropped,
            }
        };
        Ok(Slot {
            queue: Arc::clone(self),
            kind,
        })
    }

    fn push(&self, observation: Observation) {
        if self.waiting.push(Box::new(observation)).is_ok() {
            self.counts.recorded.add();
        } else {
            // Cannot be: the invariant keeps room for every slot. Counted all the same, so that sums stay true.
            self.counts.dropped.add();
            self.held.fetch_sub(1, Ordering::Release);
        }
    }

    /// Takes the oldest observation and gives its room back.
    pub(super) fn pop(&self) -> Option<Box<Observation>> {
        let observation = self.waiting.pop()?;
        self.held.fetch_sub(1, Ordering::Release);
        Some(observation)
    }

    /// Observations that wait for the writer.
    pub(super) fn depth(&self) -> usize {
        self.waiting.len()
    }

    /// Slots out and observations waiting.
    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Acquire)
    }
}
