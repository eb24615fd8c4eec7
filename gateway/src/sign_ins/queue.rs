//! The bounded way from the request path to the writer: room is reserved before a request is admitted, so that an
//! admitted request can always be recorded, and nobody ever waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crossbeam_queue::ArrayQueue;
use crossgate_config::OnFull;
use prometheus::{IntCounter, IntCounterVec};

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
            Kind::Dropped => self.queue.counts.dropped.inc(),
            Kind::Spent => {}
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        match self.kind {
            Kind::Kept => {
                self.queue.counts.unrecorded.inc();
                self.queue.held.fetch_sub(1, Ordering::Release);
            }
            Kind::Dropped => self.queue.counts.dropped.inc(),
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
    pub(super) counts: Counts,
}

/// Whole numbers since the start.
#[derive(Debug)]
pub(super) struct Counts {
    /// Handed over.
    pub(super) recorded: AtomicU64,
    /// Went on without an event, for want of room.
    pub(super) dropped: IntCounter,
    /// Answered 503 for want of room.
    pub(super) refused: IntCounter,
    /// Their slots were dropped.
    pub(super) unrecorded: IntCounter,
}

impl Counts {
    /// Counts under the sink `queue`.
    pub(super) fn of(events: &IntCounterVec) -> Self {
        let counter = |result| events.with_label_values(&["queue", result]);
        Self {
            recorded: AtomicU64::new(0),
            dropped: counter("dropped"),
            refused: counter("refused"),
            unrecorded: counter("unrecorded"),
        }
    }

    /// Requests that were let in, however they ended.
    pub(super) fn requests(&self) -> u64 {
        self.recorded.load(Ordering::Relaxed) + self.dropped.get() + self.unrecorded.get()
    }
}

impl Queue {
    pub(super) fn new(capacity: usize, on_full: OnFull, counts: Counts) -> Self {
        Self {
            waiting: ArrayQueue::new(capacity.max(1)),
            held: AtomicUsize::new(0),
            on_full,
            counts,
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
                    self.counts.refused.inc();
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
            self.counts.recorded.fetch_add(1, Ordering::Relaxed);
        } else {
            // Cannot be: the invariant keeps room for every slot. Counted all the same, so that sums stay true.
            self.counts.dropped.inc();
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

#[cfg(test)]
mod tests {
    use prometheus::Opts;

    use super::super::testing::observation;
    use super::*;

    fn queue(capacity: usize, on_full: OnFull) -> Arc<Queue> {
        let events = IntCounterVec::new(Opts::new("n", "h"), &["sink", "result"]).unwrap();
        Arc::new(Queue::new(capacity, on_full, Counts::of(&events)))
    }

    #[test]
    fn a_full_queue_refuses_and_room_comes_back_with_each_one_taken() {
        let queue = queue(2, OnFull::Refuse);
        let (first, second) = (queue.reserve().unwrap(), queue.reserve().unwrap());
        assert_eq!(queue.reserve().err(), Some(Full));
        first.record(observation(1));
        assert_eq!(queue.reserve().err(), Some(Full), "it waits for the writer");
        assert!(queue.pop().is_some());
        let third = queue.reserve().unwrap();
        drop((second, third));
        assert_eq!(queue.held(), 0);
        let counts = &queue.counts;
        assert_eq!((counts.refused.get(), counts.dropped.get()), (2, 0));
        assert_eq!((counts.unrecorded.get(), counts.requests()), (2, 3));
    }

    #[test]
    fn where_events_may_be_dropped_the_request_goes_on_and_is_counted() {
        let queue = queue(1, OnFull::Drop);
        let kept = queue.reserve().unwrap();
        let (recorded, left) = (queue.reserve().unwrap(), queue.reserve().unwrap());
        recorded.record(observation(1));
        drop(left);
        kept.record(observation(2));
        assert_eq!(queue.depth(), 1);
        let counts = &queue.counts;
        assert_eq!((counts.refused.get(), counts.dropped.get()), (0, 2));
        assert_eq!((counts.unrecorded.get(), counts.requests()), (0, 3));
    }

    #[test]
    fn an_admitted_request_always_finds_room_whatever_runs_beside_it() {
        const EACH: u64 = 20_000;
        let queue = queue(8, OnFull::Drop);
        let done = std::sync::atomic::AtomicBool::new(false);
        let taken = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut taken = 0;
                while !done.load(Ordering::Acquire) || queue.held() > 0 {
                    taken += u64::from(queue.pop().is_some());
                }
                taken
            });
            let workers: Vec<_> = (0..4)
                .map(|worker| {
                    let queue = &queue;
                    scope.spawn(move || {
                        for request in 0..EACH {
                            let slot = queue.reserve().unwrap();
                            // Some requests panic.
                            if request % 10 == worker {
                                drop(slot);
                            } else {
                                slot.record(observation(1));
                            }
                        }
                    })
                })
                .collect();
            for worker in workers {
                worker.join().unwrap();
            }
            done.store(true, Ordering::Release);
            writer.join().unwrap()
        });
        let counts = &queue.counts;
        assert_eq!(counts.requests(), 4 * EACH);
        assert_eq!(
            taken + counts.dropped.get() + counts.unrecorded.get(),
            4 * EACH
        );
        assert_eq!((queue.held(), queue.depth()), (0, 0));
    }
}
