use std::collections::HashSet;
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
use serde_json::{Value, json};

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
        Self::with(aggregate, &vec![OnFull::Refuse; sinks])
    }

    fn with(aggregate: Option<Aggregate>, sinks: &[OnFull]) -> Self {
        let counted = IntCounterVec::new(Opts::new("n", "h"), &["sink", "result"]).unwrap();
        let most_counted = if aggregate.is_some() { 100 } else { 0 };
        let queue = Queue::new(4096, OnFull::Refuse, most_counted, Counts::of(&counted));
        let queue = Arc::new(queue);
        let slots = PerWorker::new(Arc::clone(&queue));
        let of_each = sinks;
        let sinks: Vec<Flaky> = of_each.iter().map(|_| Flaky::default()).collect();
        let outlets = sinks.iter().zip(of_each).enumerate();
        let outlets = outlets.map(|(number, (sink, on_full))| {
            let counter = |result: &str| counted.with_label_values(&[&*number.to_string(), result]);
            let sink = Box::new(sink.clone());
            let counted = Counted {
                written: counter("written"),
                failed: counter("error"),
                dropped: counter("dropped"),
            };
            Outlet::new(number.to_string(), sink, *on_full, counted)
        });
        let outlets = outlets.collect();
        let work = Work::new(Arc::clone(&queue), aggregate, outlets, Receipts::Kept, None);
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

    /// Three events, which one sink fails so often to take, and four that come meanwhile.
    fn serve_while_the_first_sink_fails(&mut self, failures: usize, seconds: u64) {
        self.work.most_pending = 1;
        *self.sinks[0].failures.lock().unwrap() = vec![0; failures];
        self.serve(3, || observation(1));
        self.pass_after(0);
        self.serve(4, || observation(2));
        self.pass_after(seconds);
    }
}

fn windows() -> Option<Aggregate> {
    Some(Aggregate::new(Duration::from_secs(60), 100, Receipts::Kept))
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
fn a_persons_sign_in_stands_alone_and_what_follows_in_the_session_is_not_interactive() {
    let mut bench = Bench::new(windows(), 1);
    let signed_in = || Observation {
        signed_in_at: Some("contoso".into()),
        ..observation(1)
    };
    record(bench.reserve(), signed_in());
    bench.serve(5, || observation(1));
    bench.pass_after(0);
    bench.pass_after(60);
    let events = bench.sinks[0].events();
    let told: Vec<_> = events
        .iter()
        .map(|event| (event["isInteractive"] == true, &event["crossgate"]["count"]))
        .collect();
    assert_eq!(
        told,
        [(true, &json!(1)), (false, &json!(1)), (false, &json!(4))]
    );
    assert_eq!(events[0]["crossgate"]["provider"], "contoso");
    assert_eq!(events[2]["crossgate"]["provider"], json!(null));
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
    // Whoever drops what comes twice must not drop a count.
    let ids: HashSet<String> = bench.sinks[0]
        .events()
        .iter()
        .map(|event| event["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 4);
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
    let mut bench = Bench::new(
        Some(Aggregate::new(Duration::from_secs(60), 10, Receipts::Kept)),
        1,
    );
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
fn what_a_sink_never_takes_keeps_its_room_until_requests_are_refused_and_the_others_get_theirs() {
    let mut bench = Bench::new(None, 2);
    bench.serve_while_the_first_sink_fails(2, 1);
    assert_eq!(bench.sinks[1].counts().len(), 7);
    assert_eq!((bench.queue.depth(), bench.queue.held()), (4, 0));
    let slots = |bench: &Bench| {
        let reserve = || Slot::reserve(bench.slots.handle()).ok();
        std::iter::from_fn(reserve).collect::<Vec<_>>()
    };
    let left = slots(&bench);
    assert_eq!(left.len(), 4096 - 4);
    left.into_iter().for_each(Slot::give_back);
    bench.pass_after(10);
    assert_eq!(bench.sinks[0].counts().len(), 7);
    assert_eq!(bench.queue.depth(), 0);
    let all = slots(&bench);
    assert_eq!(all.len(), 4096);
    all.into_iter().for_each(Slot::give_back);
}

/// They need no room, and would be more and more for a sink that takes none.
#[test]
fn counts_of_repeats_wait_while_a_sink_is_behind_and_are_exact_when_it_has_caught_up() {
    let mut bench = Bench::new(windows(), 2);
    bench.work.most_pending = 1;
    *bench.sinks[0].failures.lock().unwrap() = vec![0; 100];
    bench.serve(3, || observation(1));
    bench.pass_after(0);
    for _ in 0..3 {
        bench.serve(5, || observation(1));
        bench.pass_after(61);
        assert_eq!(bench.sinks[1].counts(), [1]);
    }
    bench.sinks[0].failures.lock().unwrap().clear();
    bench.pass_after(10);
    bench.pass_after(61);
    for sink in &bench.sinks {
        assert_eq!(sink.counts().iter().sum::<u64>(), 18);
    }
}

#[test]
fn a_sink_that_takes_some_is_tried_again_soon_however_often_it_took_none() {
    let mut bench = Bench::new(None, 1);
    // The last ones first: none, for so long that it is tried each five seconds; then a few bytes at a time.
    *bench.sinks[0].failures.lock().unwrap() = [vec![10; 3], vec![0; 10]].concat();
    bench.serve(3, || observation(1));
    for _ in 0..10 {
        bench.pass_after(5);
    }
    assert!(bench.sinks[0].counts().is_empty());
    bench.pass_after(5);
    for _ in 0..3 {
        bench.now += FIRST_RETRY;
        bench.work.pass(bench.now);
    }
    assert_eq!(bench.sinks[0].counts(), [1, 1, 1]);
}

#[test]
fn what_a_sink_never_takes_is_dropped_and_counted_for_it_alone_where_its_drops_are_allowed() {
    let mut bench = Bench::with(None, &[OnFull::Drop, OnFull::Refuse]);
    bench.serve_while_the_first_sink_fails(2, 0);
    assert_eq!(bench.sinks[1].counts().len(), 7);
    bench.pass_after(10);
    bench.pass_after(10);
    assert_eq!(bench.sinks[0].counts().len(), 3);
    let count = |sink, result| bench.counted.with_label_values(&[sink, result]).get();
    assert_eq!((count("0", "written"), count("0", "dropped")), (3, 4));
    assert_eq!((count("1", "written"), count("1", "dropped")), (7, 0));
}

#[test]
fn a_sink_whose_events_may_be_dropped_does_not_drop_those_of_one_that_refuses() {
    let mut bench = Bench::with(None, &[OnFull::Refuse, OnFull::Drop]);
    bench.serve_while_the_first_sink_fails(100, 1);
    assert_eq!(bench.queue.depth(), 4, "whose room stays");
    assert_eq!(bench.sinks[1].counts().len(), 7);
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
    assert_eq!(
        bench.sinks[1].counts(),
        [1, 8],
        "the last counts wait for nobody"
    );
    bench.work.give_up(bench.now);
    let waiting = bench.work.unwritten().map(|of| (of.sink, of.waiting));
    assert_eq!(waiting.collect::<Vec<_>>(), [("0", 2), ("1", 0)]);
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
