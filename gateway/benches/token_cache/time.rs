//! How long a call keeps a core busy.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds on a core for each of so many calls, which are told their number; the mean of all threads.
pub fn nanos(threads: usize, calls: usize, call: &(impl Fn(usize, usize) + Sync)) -> f64 {
    let start = Barrier::new(threads);
    let run = |thread| {
        start.wait();
        let begun = on_core();
        (0..calls).for_each(|number| call(thread, number));
        (on_core() - begun).as_nanos() as f64 / calls as f64
    };
    let sum: f64 = thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|number| scope.spawn(move || run(number)))
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    sum / threads as f64
}

/// The medians of so many rounds, in which all take turns; who begins changes. One round before them does not count.
pub fn medians<T>(rounds: usize, of: &[T], time: impl Fn(&T) -> f64) -> Vec<f64> {
    let mut times = vec![Vec::new(); of.len()];
    for round in 0..=rounds {
        for turn in 0..of.len() {
            let which = (round + turn) % of.len();
            let took = black_box(time(&of[which]));
            if round > 0 {
                times[which].push(took);
            }
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    times.into_iter().map(median).collect()
}

fn on_core() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}
