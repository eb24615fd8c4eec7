//! What counting costs the request path: the `prometheus` crate's own counters, which all cores share, against ours.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run should stop"
)]

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use crossgate::ops::{Counter, Histogram, Metrics};
use crossgate::sign_ins::Ending;
use crossgate_policy::decision::{Device, Direction, Mfa};
use crossgate_policy::{Decision, Facts, Reason, Refusal};
use prometheus::{HistogramOpts, IntCounter};
use rustix::time::{ClockId, clock_gettime};

const BOUNDS: [u64; 14] = [
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];
const FAST: Duration = Duration::from_micros(300);
const SLOW: Duration = Duration::from_millis(70);
const DECISION: Duration = Duration::from_nanos(150);

fn counter(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("counter");
    let theirs = IntCounter::new("n", "h").unwrap();
    compare(&mut group, "prometheus", || theirs.inc());
    let ours = Counter::default();
    compare(&mut group, "per thread", || ours.inc());
}

fn histogram(criterion: &mut Criterion) {
    for (name, took) in [("histogram, 300 us", FAST), ("histogram, 70 ms", SLOW)] {
        let mut group = criterion.benchmark_group(name);
        let theirs = of_prometheus();
        compare(&mut group, "prometheus", || {
            theirs.observe(black_box(took).as_secs_f64());
        });
        let ours = Histogram::new(BOUNDS);
        compare(&mut group, "per thread", || ours.observe(black_box(took)));
    }
}

/// Everything that is counted for one request whose token is cached and which is admitted.
fn request(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("request");
    let [requests, hits] = ["r", "h"].map(|name| IntCounter::new(name, "h").unwrap());
    let [decision, upstream, whole] = [(); 3].map(|()| of_prometheus());
    compare(&mut group, "prometheus", || {
        hits.inc();
        decision.observe(black_box(DECISION).as_secs_f64());
        upstream.observe(black_box(FAST).as_secs_f64());
        requests.inc();
        whole.observe(black_box(FAST).as_secs_f64());
    });
    let metrics = Metrics::new().unwrap();
    let app = metrics.app("payroll");
    let ending = admitted();
    compare(&mut group, "per thread", || {
        metrics.token_cache_hits.inc();
        metrics.decision_duration.observe(black_box(DECISION));
        app.upstream(black_box(FAST));
        app.answered(black_box(&ending));
        app.ended(black_box(FAST));
    });
}

/// Times one call where one thread calls, and where two do at the same time.
fn compare(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, call: impl Fn() + Sync) {
    for threads in [1, 2] {
        let id = BenchmarkId::new(name, threads);
        group.bench_function(id, |bencher| {
            bencher.iter_custom(|times| side_by_side(threads, times, &call));
        });
    }
}

/// How long so many calls kept a thread's core busy, as the mean of the threads: other work on the machine does not
/// count, waiting for another core's cache line does.
fn side_by_side(threads: u32, times: u64, call: &(impl Fn() + Sync)) -> Duration {
    let start = Barrier::new(threads as usize);
    let run = || {
        start.wait();
        let begun = on_core();
        (0..times).for_each(|_| call());
        on_core().saturating_sub(begun)
    };
    let sum: Duration = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let ended = running.into_iter().map(|thread| thread.join().unwrap());
        ended.sum()
    });
    sum / threads
}

fn on_core() -> Duration {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(spent).unwrap()
}

fn of_prometheus() -> prometheus::Histogram {
    let bounds = BOUNDS.map(|nanos| nanos as f64 / 1e9).to_vec();
    prometheus::Histogram::with_opts(HistogramOpts::new("n", "h").buckets(bounds)).unwrap()
}

fn admitted() -> Ending {
    let facts = Facts {
        direction: Direction::Inbound,
        home: None,
        own_user_id: None,
        home_user_id: None,
        mfa: Mfa::None,
        device: Device::None,
        tenant_restricted: false,
        expires: None,
    };
    let refusal = Refusal {
        step: None,
        reason: Reason::UnknownApp,
        requirements: Vec::new(),
    };
    let mut decision = Decision::refused(refusal, Some(facts));
    decision.outcome = Ok(());
    Ending::Decided(decision)
}

criterion_group!(benches, counter, histogram, request);
criterion_main!(benches);
