//! The writer: takes observations off the queue, makes events of them and sees to it that every sink gets every one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossgate_config::OnFull;
use prometheus::IntCounter;

use super::aggregate::Aggregate;
use super::event::Event;
use super::observation::Observation;
use super::queue::Queue;
use super::sinks::{Failed, Sink};
use crate::admin::Visitors;

/// One writer's state. Moves only when told to, and by the time it is told.
pub(super) struct Work {
    queue: Arc<Queue>,
    /// `None` where every request gives an event of its own.
    aggregate: Option<Aggregate>,
    outlets: Vec<Outlet>,
    on_full: OnFull,
    /// Bytes that may wait for one sink.
    most_pending: usize,
    /// When the workers' counts are to be collected.
    collect: Instant,
    events: u64,
    /// Events that are to be handed out; kept for its room.
    ready: Vec<Event>,
    /// The same, written already.
    lines: Vec<u8>,
    /// Who wants to know of users of apps.
    visitors: Option<Arc<Visitors>>,
}

impl Work {
    pub(super) fn new(
        queue: Arc<Queue>,
        aggregate: Option<Aggregate>,
        outlets: Vec<Outlet>,
        on_full: OnFull,
        visitors: Option<Arc<Visitors>>,
    ) -> Self {
        Self {
            queue,
            aggregate,
            outlets,
            on_full,
            most_pending: MOST_PENDING,
            collect: Instant::now(),
            events: 0,
            ready: Vec::new(),
            lines: Vec::new(),
            visitors,
        }
    }

    /// Takes what waits, writes what is due. Answers whether more may wait already.
    pub(super) fn pass(&mut self, now: Instant) -> bool {
        let more = self.take(now);
        self.deliver(now);
        more
    }

    /// What can be written is; answers whether nothing is left, neither here nor in the hands of a request.
    pub(super) fn finish(&mut self, now: Instant) -> bool {
        while self.pass(now) {}
        if self.queue.held() > 0 || !self.all_written() {
            return false;
        }
        self.collect(now);
        if let Some(aggregate) = &mut self.aggregate {
            aggregate.drain(&mut self.ready);
        }
        self.hand_out();
        self.deliver(now);
        self.all_written()
    }

    /// Events made so far.
    pub(super) const fn events(&self) -> u64 {
        self.events
    }

    /// What has not reached its sink, dropped or waiting, as (sink, events).
    pub(super) fn unwritten(&self) -> impl Iterator<Item = (&str, u64)> {
        self.outlets
            .iter()
            .map(|outlet| {
                let waiting = lines_in(&outlet.pending) as u64;
                (&*outlet.name, waiting + outlet.counted.dropped.get())
            })
            .filter(|(_, events)| *events > 0)
    }

    /// Makes events of all that is left and tries every sink once more, whatever it did before.
    pub(super) fn give_up(&mut self, now: Instant) {
        while let Some(observation) = self.queue.pop() {
            self.add(&observation, now);
        }
        self.collect(now);
        if let Some(aggregate) = &mut self.aggregate {
            aggregate.drain(&mut self.ready);
        }
        self.hand_out();
        for outlet in &mut self.outlets {
            outlet.retry = None;
        }
        self.deliver(now);
    }

    fn take(&mut self, now: Instant) -> bool {
        // What a sink has not taken is kept, but not without end: then the queue fills, and requests are refused.
        if self.on_full == OnFull::Refuse && self.outlets.iter().any(|outlet| self.is_full(outlet))
        {
            return false;
        }
        let mut taken = 0;
        while taken < BATCH {
            let Some(observation) = self.queue.pop() else {
                break;
            };
            self.add(&observation, now);
            taken += 1;
        }
        if self.collect <= now {
            self.collect(now);
        }
        if let Some(aggregate) = &mut self.aggregate {
            aggregate.due(now, &mut self.ready);
        }
        self.hand_out();
        taken == BATCH
    }

    fn add(&mut self, observation: &Observation, now: Instant) {
        if let Some(visitors) = &self.visitors {
            visitors.note(observation);
        }
        match &mut self.aggregate {
            Some(aggregate) => aggregate.add(observation, now, &mut self.ready),
            None => {
                Event::write_one(observation, &mut self.lines);
                self.events += 1;
            }
        }
    }

    fn collect(&mut self, now: Instant) {
        if let Some(aggregate) = &mut self.aggregate {
            for repeats in self.queue.collect() {
                aggregate.add_counted(&repeats, now, &mut self.ready);
            }
            self.collect = now + aggregate.window().min(COLLECTED_AFTER);
        }
    }

    fn hand_out(&mut self) {
        self.events += self.ready.len() as u64;
        for event in self.ready.drain(..) {
            event.write(&mut self.lines);
        }
        for outlet in &mut self.outlets {
            if self.on_full == OnFull::Drop && outlet.pending.len() >= self.most_pending {
                outlet.counted.dropped.inc_by(lines_in(&self.lines) as u64);
            } else {
                outlet.pending.extend_from_slice(&self.lines);
            }
        }
        self.lines.clear();
    }

    fn deliver(&mut self, now: Instant) {
        for outlet in &mut self.outlets {
            outlet.deliver(now);
        }
    }

    const fn is_full(&self, outlet: &Outlet) -> bool {
        outlet.pending.len() >= self.most_pending
    }

    fn all_written(&self) -> bool {
        self.outlets.iter().all(|outlet| outlet.pending.is_empty())
    }
}

/// A sink with what it has not taken yet.
pub(super) struct Outlet {
    name: String,
    sink: Box<dyn Sink>,
    pending: Vec<u8>,
    /// Failed, and not to be tried before.
    retry: Option<Retry>,
    counted: Counted,
}

/// What becomes of one sink's events.
pub(super) struct Counted {
    /// Taken by the sink.
    pub(super) written: IntCounter,
    /// Attempts that failed.
    pub(super) failed: IntCounter,
    /// Given up, for want of room while the sink took none.
    pub(super) dropped: IntCounter,
}

#[derive(Clone, Copy)]
struct Retry {
    at: Instant,
    after: Duration,
}

impl Outlet {
    pub(super) fn new(name: String, sink: Box<dyn Sink>, counted: Counted) -> Self {
        Self {
            name,
            sink,
            pending: Vec::new(),
            retry: None,
            counted,
        }
    }

    fn deliver(&mut self, now: Instant) {
        if self.pending.is_empty() || self.retry.is_some_and(|retry| retry.at > now) {
            return;
        }
        let (done, error) = match self.sink.write(&self.pending) {
            Ok(()) => (self.pending.len(), None),
            Err(Failed { written, error }) => (written.min(self.pending.len()), Some(error)),
        };
        let lines = lines_in(self.pending.get(..done).unwrap_or_default());
        self.counted.written.inc_by(lines as u64);
        self.pending.drain(..done);
        let Some(error) = error else {
            if self.retry.take().is_some() {
                tracing::info!(sink = self.name, "sign-ins: the sink takes events again");
            }
            return;
        };
        self.counted.failed.inc();
        if self.retry.is_none() {
            // Once, not at every attempt: the metric counts those.
            tracing::error!(
                sink = self.name,
                %error,
                "sign-ins: the sink takes no events; they are kept and tried again"
            );
        }
        let after = self
            .retry
            .map_or(FIRST_RETRY, |retry| (retry.after * 2).min(LAST_RETRY));
        self.retry = Some(Retry {
            at: now + after,
            after,
        });
    }
}

fn lines_in(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

/// Observations between two writes: about a megabyte of events.
const BATCH: usize = 512;

/// Often enough for whoever waits for a count, and so that a policy of old is kept by no counted request for long.
const COLLECTED_AFTER: Duration = Duration::from_secs(1);

/// Some ten thousand events: a sink that fails for a moment costs the others nothing.
const MOST_PENDING: usize = 16 << 20;

/// A disk that was full for a moment.
const FIRST_RETRY: Duration = Duration::from_millis(50);

/// Soon enough after an operator made room.
const LAST_RETRY: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use prometheus::{IntCounterVec, Opts};

    use crossgate_policy::snapshot::{PolicyState, Snapshot};

    use super::super::queue::Counts;
    use super::super::queue::Slot;
    use super::super::testing::{
        asked_at, decided, guest, mfa_for_everyone, observation, record, snapshot,
    };
    use super::*;
    use crate::per_worker::PerWorker;
    use serde_json::Value;

    /// A sink that fails as often as it is told, after so many bytes.
    #[derive(Clone, Default)]
    struct Flaky {
        failures: Arc<Mutex<Vec<usize>>>,
        took: Arc<Mutex<Vec<u8>>>,
    }

    impl Sink for Flaky {
        fn write(&mut self, lines: &[u8]) -> Result<(), Failed> {
            let mut took = self.took.lock().unwrap();
            if let Some(written) = self.failures.lock().unwrap().pop() {
                took.extend_from_slice(&lines[..written]);
                let error = std::io::ErrorKind::StorageFull.into();
                return Err(Failed { written, error });
            }
            took.extend_from_slice(lines);
            Ok(())
        }
    }

    impl Flaky {
        fn events(&self) -> Vec<Value> {
            let took = self.took.lock().unwrap();
            String::from_utf8(took.clone())
                .unwrap()
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect()
        }

        fn counts(&self) -> Vec<u64> {
            self.events()
                .iter()
                .map(|event| event["crossgate"]["count"].as_u64().unwrap())
                .collect()
        }
    }

    struct Bench {
        queue: Arc<Queue>,
        slots: PerWorker<Queue>,
        work: Work,
        sinks: Vec<Flaky>,
        counted: IntCounterVec,
        now: Instant,
    }

    impl Bench {
        fn new(aggregate: Option<Aggregate>, sinks: usize) -> Self {
            Self::with(aggregate, sinks, OnFull::Refuse)
        }

        fn with(aggregate: Option<Aggregate>, sinks: usize, on_full: OnFull) -> Self {
            let counted = IntCounterVec::new(Opts::new("n", "h"), &["sink", "result"]).unwrap();
            let most_counted = if aggregate.is_some() { 100 } else { 0 };
            let queue = Queue::new(4096, on_full, most_counted, Counts::of(&counted));
            let queue = Arc::new(queue);
            let slots = PerWorker::new(Arc::clone(&queue));
            let sinks = vec![(); sinks].into_iter().map(|()| Flaky::default());
            let sinks: Vec<Flaky> = sinks.collect();
            let outlets = sinks.iter().enumerate().map(|(number, sink)| {
                let counter =
                    |result: &str| counted.with_label_values(&[&*number.to_string(), result]);
                let sink = Box::new(sink.clone());
                let counted = Counted {
                    written: counter("written"),
                    failed: counter("error"),
                    dropped: counter("dropped"),
                };
                Outlet::new(number.to_string(), sink, counted)
            });
            let outlets = outlets.collect();
            let work = Work::new(Arc::clone(&queue), aggregate, outlets, on_full, None);
            Self {
                queue,
                slots,
                work,
                sinks,
                counted,
                now: Instant::now(),
            }
        }

        fn serve(&self, times: usize, observation: impl Fn() -> Observation) {
            for _ in 0..times {
                record(self.reserve(), observation());
            }
        }

        fn reserve(&self) -> Slot {
            Slot::reserve(self.slots.handle()).unwrap()
        }

        fn pass_after(&mut self, seconds: u64) {
            self.now += Duration::from_secs(seconds);
            while self.work.pass(self.now) {}
        }
    }

    fn windows() -> Option<Aggregate> {
        Some(Aggregate::new(Duration::from_secs(60), 100))
    }

    #[test]
    fn a_refusal_by_another_policy_is_an_event_of_its_own() {
        let mut bench = Bench::new(windows(), 1);
        let by = |state, generation, seconds| {
            let policy = Snapshot {
                conditional_access: [mfa_for_everyone(state)].into(),
                ..snapshot()
            };
            let mut observation = asked_at(decided(policy, Some(guest())), seconds);
            observation.policy.as_mut().unwrap().generation = generation;
            observation
        };
        let generations = |bench: &Bench| {
            let events = bench.sinks[0].events();
            let generations = events
                .iter()
                .map(|event| event["crossgate"]["generation"].as_u64());
            generations.map(Option::unwrap).collect::<Vec<_>>()
        };
        bench.serve(3, || by(PolicyState::Enabled, 3, 10));
        bench.pass_after(0);
        bench.serve(2, || by(PolicyState::Enabled, 4, 12));
        bench.pass_after(0);
        // The repeats of the former are told of before it.
        assert_eq!(generations(&bench), [3, 3, 4]);
        assert_eq!(bench.sinks[0].counts(), [1, 2, 1]);
        // Who was let in by one is let in by the other: nothing new is to be told.
        bench.serve(1, || by(PolicyState::ReportOnly, 3, 10));
        bench.serve(1, || by(PolicyState::ReportOnly, 4, 12));
        bench.pass_after(0);
        assert_eq!(generations(&bench), [3, 3, 4, 3]);
        bench.pass_after(60);
        assert_eq!(bench.sinks[0].counts().iter().sum::<u64>(), 7);
    }

    #[test]
    fn the_references_that_people_were_shown_stand_beside_the_count() {
        let mut bench = Bench::new(windows(), 1);
        for number in 0..20 {
            let shown = Observation {
                shown: true,
                correlation_id: format!("r-{number}").into(),
                ..observation(1)
            };
            record(bench.reserve(), shown);
        }
        bench.pass_after(0);
        bench.pass_after(60);
        assert_eq!(bench.sinks[0].counts(), [1, 19]);
        let events = bench.sinks[0].events();
        assert_eq!(events[0]["correlationId"], "r-0");
        assert_eq!(events[1]["correlationId"], "r-1");
        let newest: Vec<String> = (4..20).map(|number| format!("r-{number}")).collect();
        assert_eq!(
            events[1]["crossgate"]["correlationIds"],
            serde_json::json!(newest)
        );
    }

    #[test]
    fn the_first_is_written_at_once_and_its_repeats_after_the_window() {
        let mut bench = Bench::new(windows(), 1);
        bench.serve(5, || asked_at(observation(1), 10));
        bench.pass_after(0);
        assert_eq!(bench.sinks[0].counts(), [1]);
        bench.serve(2, || asked_at(observation(1), 12));
        bench.pass_after(59);
        assert_eq!(bench.sinks[0].counts(), [1]);
        bench.pass_after(1);
        assert_eq!(bench.sinks[0].counts(), [1, 6]);
        let repeats = &bench.sinks[0].events()[1]["crossgate"];
        assert_eq!(repeats["firstSeen"], "1970-01-01T00:00:10.000Z");
        assert_eq!(repeats["lastSeen"], "1970-01-01T00:00:12.000Z");
        // Still in use: repeats go on being added up.
        bench.serve(3, || observation(1));
        bench.pass_after(60);
        assert_eq!(bench.sinks[0].counts(), [1, 6, 3]);
        // Unused for a window: forgotten, and the next is a first again.
        bench.pass_after(60);
        bench.serve(1, || observation(1));
        bench.pass_after(0);
        assert_eq!(bench.sinks[0].counts(), [1, 6, 3, 1]);
    }

    #[test]
    fn every_token_app_outcome_reason_and_address_has_a_first_of_its_own() {
        let mut bench = Bench::new(windows(), 1);
        bench.serve(2, || observation(1));
        bench.serve(2, || observation(2));
        bench.serve(2, || Observation {
            client_address: Some([192, 0, 2, 9].into()),
            ..observation(1)
        });
        bench.serve(2, || Observation {
            ending: super::super::Ending::Aborted,
            ..observation(1)
        });
        bench.serve(2, || Observation {
            app: None,
            ..observation(1)
        });
        bench.pass_after(0);
        assert_eq!(bench.sinks[0].counts(), [1; 5]);
        assert!(bench.work.finish(bench.now));
        assert_eq!(bench.sinks[0].counts(), [1; 10]);
    }

    #[test]
    fn kinds_without_end_are_written_out_early_and_nothing_is_lost() {
        let mut bench = Bench::new(Some(Aggregate::new(Duration::from_secs(60), 10)), 1);
        for round in 0..3 {
            for token in 0..50 {
                bench.serve(2, || observation(round * 100 + token));
            }
            bench.pass_after(1);
        }
        assert!(bench.work.finish(bench.now));
        assert_eq!(bench.sinks[0].counts().iter().sum::<u64>(), 300);
    }

    #[test]
    fn a_failing_sink_keeps_its_events_and_the_others_get_theirs() {
        let mut bench = Bench::new(None, 2);
        *bench.sinks[0].failures.lock().unwrap() = vec![0, 0];
        bench.serve(3, || observation(1));
        bench.pass_after(0);
        bench.serve(4, || observation(2));
        bench.pass_after(0);
        assert_eq!(bench.sinks[0].counts().len(), 0);
        assert_eq!(bench.sinks[1].counts().len(), 7);
        assert_eq!(bench.queue.depth(), 0);
        bench.pass_after(1);
        bench.pass_after(1);
        bench.pass_after(0);
        assert_eq!(bench.sinks[0].counts().len(), 7);
        assert_eq!(bench.sinks[1].counts().len(), 7);
        let count = |sink, result| bench.counted.with_label_values(&[sink, result]).get();
        assert_eq!((count("0", "written"), count("0", "error")), (7, 2));
        assert_eq!((count("1", "written"), count("1", "error")), (7, 0));
    }

    #[test]
    fn what_a_sink_never_takes_fills_the_queue_where_requests_are_to_be_refused() {
        let mut bench = Bench::new(None, 2);
        bench.work.most_pending = 1;
        *bench.sinks[0].failures.lock().unwrap() = vec![0; 100];
        bench.serve(3, || observation(1));
        bench.pass_after(0);
        bench.serve(4, || observation(2));
        bench.pass_after(1);
        assert_eq!(bench.queue.depth(), 4);
        assert_eq!(bench.sinks[1].counts().len(), 3);
    }

    #[test]
    fn what_a_sink_never_takes_is_dropped_and_counted_for_it_alone_where_drops_are_allowed() {
        let mut bench = Bench::with(None, 2, OnFull::Drop);
        bench.work.most_pending = 1;
        *bench.sinks[0].failures.lock().unwrap() = vec![0; 2];
        bench.serve(3, || observation(1));
        bench.pass_after(0);
        bench.serve(4, || observation(2));
        bench.pass_after(0);
        assert_eq!(bench.sinks[1].counts().len(), 7);
        bench.pass_after(10);
        bench.pass_after(10);
        assert_eq!(bench.sinks[0].counts().len(), 3);
        let count = |sink, result| bench.counted.with_label_values(&[sink, result]).get();
        assert_eq!((count("0", "written"), count("0", "dropped")), (3, 4));
        assert_eq!((count("1", "written"), count("1", "dropped")), (7, 0));
    }

    #[test]
    fn a_write_that_stops_half_way_goes_on_where_it_stopped() {
        let mut bench = Bench::new(None, 1);
        *bench.sinks[0].failures.lock().unwrap() = vec![10];
        bench.serve(3, || observation(1));
        bench.pass_after(0);
        bench.pass_after(1);
        assert_eq!(bench.sinks[0].counts(), [1, 1, 1]);
    }

    #[test]
    fn a_sink_that_never_recovers_does_not_hold_up_the_end() {
        let mut bench = Bench::new(windows(), 2);
        *bench.sinks[0].failures.lock().unwrap() = vec![0; 100];
        bench.serve(9, || observation(1));
        assert!(!bench.work.finish(bench.now));
        bench.work.give_up(bench.now);
        let unwritten: Vec<(String, u64)> = bench
            .work
            .unwritten()
            .map(|(sink, events)| (sink.to_owned(), events))
            .collect();
        assert_eq!(unwritten, [("0".to_owned(), 2)]);
        assert_eq!(bench.sinks[1].counts(), [1, 8]);
    }

    #[test]
    fn the_end_takes_what_workers_have_counted_since_it_was_collected() {
        for gives_up in [false, true] {
            let mut bench = Bench::new(windows(), 1);
            bench.serve(5, || observation(1));
            bench.pass_after(0);
            bench.serve(3, || observation(1));
            if gives_up {
                bench.work.give_up(bench.now);
            } else {
                assert!(bench.work.finish(bench.now));
            }
            assert_eq!(bench.sinks[0].counts(), [1, 7], "{gives_up}");
        }
    }

    #[test]
    fn the_end_waits_for_requests_under_way() {
        let mut bench = Bench::new(None, 1);
        let slot = bench.reserve();
        assert!(!bench.work.finish(bench.now));
        record(slot, observation(1));
        assert!(bench.work.finish(bench.now));
        assert_eq!(bench.sinks[0].counts(), [1]);
    }
}
