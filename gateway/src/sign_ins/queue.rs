//! The bounded way from the request path to the writer: room is reserved before a request is admitted, so that an
//! admitted request can always be recorded, and nobody ever waits. Repeats need none: they are counted.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_queue::ArrayQueue;
use crossgate_config::OnFull;
use prometheus::{IntCounter, IntCounterVec};
use thread_local::ThreadLocal;

use super::observation::Observation;
use super::repeats::{Counted, Repeats, Seen};
use crate::allowance::Allowance;
use crate::per_worker::Handle;

/// No room for another event: the request is to be answered 503.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the sign-in queue is full")]
pub struct Full;

/// Room for one observation, held by one request from its start.
///
/// Dropped without [`Slot::record`] it gives the room back and the request is counted as one whose end nobody saw.
#[derive(Debug)]
pub struct Slot {
    queue: Arc<Handle<Queue>>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// A place in the queue is kept.
    Kept,
    /// There was none, and the request goes on all the same; its event does not.
    Dropped,
    /// Recorded: nothing is left to give back.
    Spent,
}

impl Slot {
    /// Keeps room in the queue.
    pub(super) fn reserve(queue: Arc<Handle<Queue>>) -> Result<Self, Full> {
        let kind = if queue.room.take() {
            Kind::Kept
        } else {
            match queue.on_full {
                OnFull::Refuse => {
                    queue.counts.refused.inc();
                    return Err(Full);
                }
                OnFull::Drop => Kind::Dropped,
            }
        };
        Ok(Self { queue, kind })
    }

    /// The same for what is done whether or not there is room: its event is dropped and counted then, whatever `on_full` says.
    pub(super) fn reserve_or_drop(queue: Arc<Handle<Queue>>) -> Self {
        let kind = if queue.room.take() {
            Kind::Kept
        } else {
            Kind::Dropped
        };
        Self { queue, kind }
    }

    /// Records what was seen: counts it where it is a repeat, and hands over what `observe` tells otherwise. Never waits.
    pub fn record(mut self, seen: &Seen<'_>, observe: impl FnOnce() -> Observation) {
        match std::mem::replace(&mut self.kind, Kind::Spent) {
            Kind::Kept => self.queue.record(seen, observe),
            Kind::Dropped => self.queue.counts.dropped.inc(),
            Kind::Spent => {}
        }
    }

    /// Gives the room back where there turned out to be nothing to record.
    pub fn give_back(mut self) {
        if std::mem::replace(&mut self.kind, Kind::Spent) == Kind::Kept {
            self.queue.room.give_back();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        match self.kind {
            Kind::Kept => {
                self.queue.counts.unrecorded.inc();
                self.queue.room.give_back();
            }
            Kind::Dropped => self.queue.counts.dropped.inc(),
            Kind::Spent => {}
        }
    }
}

/// What becomes of the room of an observation that the writer takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Room {
    GivenBack,
    /// A sink is behind that must have it: the room is what keeps that from growing without end.
    Stays,
}

/// The queue between all workers and one writer.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: ArrayQueue<Arc<Observation>>,
    /// INVARIANT: of its places, as many are taken as there are slots out, observations waiting and such as are behind. So a push by a slot's
    /// holder always finds room.
    room: Allowance,
    /// Taken by the writer, and not yet by a sink that must have them.
    behind: AtomicUsize,
    on_full: OnFull,
    pub(super) counts: Counts,
    of_workers: ThreadLocal<OfWorker>,
    /// Kinds of requests that one worker counts; 0 where every request is handed over.
    most_counted: usize,
}

/// One worker's part.
#[derive(Debug)]
struct OfWorker {
    /// Requests recorded. Only the worker itself writes here.
    recorded: AtomicU64,
    /// The worker only tries the lock: where the writer is just collecting, a repeat is handed over.
    counted: Mutex<Counted>,
}

/// Whole numbers since the start.
#[derive(Debug)]
pub(super) struct Counts {
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
            dropped: counter("dropped"),
            refused: counter("refused"),
            unrecorded: counter("unrecorded"),
        }
    }
}

impl Queue {
    pub(super) fn new(
        capacity: usize,
        on_full: OnFull,
        most_counted: usize,
        counts: Counts,
    ) -> Self {
        let waiting = ArrayQueue::new(capacity.max(1));
        Self {
            room: Allowance::new(waiting.capacity()),
            behind: AtomicUsize::new(0),
            waiting,
            on_full,
            counts,
            of_workers: ThreadLocal::new(),
            most_counted,
        }
    }

    fn record(&self, seen: &Seen<'_>, observe: impl FnOnce() -> Observation) {
        let worker = self.of_workers.get_or(|| OfWorker {
            recorded: AtomicU64::new(0),
            counted: Mutex::new(Counted::new(self.most_counted)),
        });
        let counts = self.most_counted > 0;
        let counts = counts && !seen.by_itself;
        let counted = worker.counted.try_lock().ok().filter(|_| counts);
        let handed_over = match counted {
            Some(mut counted) => {
                if counted.count(seen) {
                    None
                } else {
                    let observation = Arc::new(observe());
                    counted.begin(&observation);
                    Some(observation)
                }
            }
            None => Some(Arc::new(observe())),
        };
        // Before the room is given back: when all of it is, the sum of these is what was recorded.
        let recorded = worker.recorded.load(Ordering::Relaxed);
        worker.recorded.store(recorded + 1, Ordering::Release);
        let Some(observation) = handed_over else {
            self.room.give_back();
            return;
        };
        if self.waiting.push(observation).is_err() {
            // Cannot be: the invariant keeps room for every slot. Counted all the same, so that sums stay true.
            worker.recorded.store(recorded, Ordering::Release);
            self.counts.dropped.inc();
            self.room.give_back();
        }
    }

    /// Takes the oldest observation. Its room is given back, or with the next [`caught_up`](Self::caught_up) where it `stays`.
    pub(super) fn pop(&self, room: Room) -> Option<Arc<Observation>> {
        let observation = self.waiting.pop()?;
        match room {
            Room::GivenBack => self.room.give_back(),
            Room::Stays => {
                self.behind.fetch_add(1, Ordering::Relaxed);
            }
        }
        Some(observation)
    }

    /// Gives all room back that stayed.
    pub(super) fn caught_up(&self) {
        for _ in 0..self.behind.swap(0, Ordering::Relaxed) {
            self.room.give_back();
        }
    }

    /// Takes the repeats that all workers have counted.
    pub(super) fn collect(&self) -> Vec<Repeats> {
        let mut repeats = Vec::new();
        for worker in &self.of_workers {
            let counted = worker.counted.lock();
            counted
                .unwrap_or_else(PoisonError::into_inner)
                .collect(&mut repeats);
        }
        repeats
    }

    /// Requests that were let in, however they ended.
    pub(super) fn requests(&self) -> u64 {
        let workers = self.of_workers.iter();
        let recorded: u64 = workers
            .map(|worker| worker.recorded.load(Ordering::Acquire))
            .sum();
        recorded + self.counts.dropped.get() + self.counts.unrecorded.get()
    }

    /// Observations that wait for the writer, or for a sink that must have them.
    pub(super) fn depth(&self) -> usize {
        self.waiting.len() + self.behind.load(Ordering::Relaxed)
    }

    /// Slots out and observations waiting for the writer.
    pub(super) fn held(&self) -> usize {
        let behind = self.behind.load(Ordering::Relaxed);
        self.room.taken().saturating_sub(behind)
    }
}

#[cfg(test)]
mod tests {
    use prometheus::Opts;

    use super::super::testing::{observation, record};
    use super::*;
    use crate::per_worker::PerWorker;

    struct Bench {
        queue: Arc<Queue>,
        handles: PerWorker<Queue>,
    }

    impl Bench {
        fn reserve(&self) -> Result<Slot, Full> {
            Slot::reserve(self.handles.handle())
        }
    }

    fn queue(capacity: usize, on_full: OnFull) -> Bench {
        let events = IntCounterVec::new(Opts::new("n", "h"), &["sink", "result"]).unwrap();
        let queue = Arc::new(Queue::new(capacity, on_full, 0, Counts::of(&events)));
        let handles = PerWorker::new(Arc::clone(&queue));
        Bench { queue, handles }
    }

    #[test]
    fn room_that_was_not_needed_is_given_back_and_counted_nowhere() {
        let bench = queue(1, OnFull::Refuse);
        bench.reserve().unwrap().give_back();
        let slot = bench.reserve().unwrap();
        assert_eq!(bench.reserve().err(), Some(Full));
        slot.give_back();
        assert_eq!(
            (bench.queue.held(), bench.queue.counts.unrecorded.get()),
            (0, 0)
        );
        let bench = queue(1, OnFull::Drop);
        let _kept = bench.reserve().unwrap();
        bench.reserve().unwrap().give_back();
        assert_eq!(bench.queue.counts.dropped.get(), 0);
    }

    #[test]
    fn a_full_queue_refuses_and_room_comes_back_with_each_one_taken() {
        let bench = queue(2, OnFull::Refuse);
        let queue = &bench.queue;
        let (first, second) = (bench.reserve().unwrap(), bench.reserve().unwrap());
        assert_eq!(bench.reserve().err(), Some(Full));
        record(first, observation(1));
        assert_eq!(bench.reserve().err(), Some(Full), "it waits for the writer");
        assert!(queue.pop(Room::GivenBack).is_some());
        let third = bench.reserve().unwrap();
        drop((second, third));
        assert_eq!(queue.held(), 0);
        let counts = &queue.counts;
        assert_eq!((counts.refused.get(), counts.dropped.get()), (2, 0));
        assert_eq!((counts.unrecorded.get(), queue.requests()), (2, 3));
    }

    #[test]
    fn the_room_of_what_a_sink_is_behind_with_comes_back_when_it_has_caught_up() {
        let bench = queue(2, OnFull::Refuse);
        let queue = &bench.queue;
        record(bench.reserve().unwrap(), observation(1));
        record(bench.reserve().unwrap(), observation(2));
        assert!(queue.pop(Room::Stays).is_some());
        assert_eq!(bench.reserve().err(), Some(Full));
        assert!(queue.pop(Room::GivenBack).is_some());
        let slot = bench.reserve().unwrap();
        assert_eq!((queue.depth(), queue.held()), (1, 1));
        assert_eq!(bench.reserve().err(), Some(Full));
        queue.caught_up();
        bench.reserve().unwrap().give_back();
        slot.give_back();
        assert_eq!((queue.depth(), queue.held()), (0, 0));
    }

    #[test]
    fn where_events_may_be_dropped_the_request_goes_on_and_is_counted() {
        let bench = queue(1, OnFull::Drop);
        let queue = &bench.queue;
        let kept = bench.reserve().unwrap();
        let (recorded, left) = (bench.reserve().unwrap(), bench.reserve().unwrap());
        record(recorded, observation(1));
        drop(left);
        record(kept, observation(2));
        assert_eq!(queue.depth(), 1);
        let counts = &queue.counts;
        assert_eq!((counts.refused.get(), counts.dropped.get()), (0, 2));
        assert_eq!((counts.unrecorded.get(), queue.requests()), (0, 3));
    }

    #[test]
    fn what_is_done_without_room_too_is_counted_as_dropped_and_refused_nothing() {
        let bench = queue(1, OnFull::Refuse);
        let reserve = || Slot::reserve_or_drop(bench.handles.handle());
        let kept = reserve();
        record(reserve(), observation(1));
        reserve().give_back();
        record(kept, observation(2));
        let queue = &bench.queue;
        assert_eq!(queue.depth(), 1);
        assert_eq!(
            (queue.counts.dropped.get(), queue.counts.refused.get()),
            (1, 0)
        );
        assert_eq!(bench.reserve().err(), Some(Full));
    }

    #[test]
    fn an_admitted_request_always_finds_room_whatever_runs_beside_it() {
        const EACH: u64 = 20_000;
        let bench = queue(8, OnFull::Drop);
        let queue = &bench.queue;
        let done = std::sync::atomic::AtomicBool::new(false);
        let taken = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut taken = 0;
                while !done.load(Ordering::Acquire) || queue.held() > 0 {
                    taken += u64::from(queue.pop(Room::GivenBack).is_some());
                }
                taken
            });
            let workers: Vec<_> = (0..4)
                .map(|worker| {
                    let bench = &bench;
                    scope.spawn(move || {
                        for request in 0..EACH {
                            let slot = bench.reserve().unwrap();
                            // Some requests panic.
                            if request % 10 == worker {
                                drop(slot);
                            } else {
                                record(slot, observation(1));
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
        assert_eq!(queue.requests(), 4 * EACH);
        assert_eq!(
            taken + counts.dropped.get() + counts.unrecorded.get(),
            4 * EACH
        );
        assert_eq!((queue.held(), queue.depth()), (0, 0));
    }
}
