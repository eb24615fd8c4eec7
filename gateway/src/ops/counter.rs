//! Counting on the request path: each thread for itself, added up when somebody reads.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus::proto;
use thread_local::ThreadLocal;

use super::family::Series;

/// How often something happened.
///
/// Counting writes no memory that another core writes. What an ended thread counted stays.
#[derive(Debug, Default)]
pub struct Counter {
    cells: ThreadLocal<Cell>,
}

/// One thread's part, on a cache line of its own.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Cell(AtomicU64);

impl Counter {
    /// Counts one.
    pub fn inc(&self) {
        self.inc_by(1);
    }

    /// Counts so many.
    pub fn inc_by(&self, many: u64) {
        add(&self.cells.get_or_default().0, many);
    }

    /// What all threads have counted.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.cells
            .iter()
            .map(|cell| cell.0.load(Ordering::Relaxed))
            .fold(0, u64::wrapping_add)
    }
}

impl Series for Counter {
    const KIND: proto::MetricType = proto::MetricType::COUNTER;

    fn show(&self, metric: &mut proto::Metric) {
        let mut counter = proto::Counter::default();
        counter.set_value(self.get() as f64);
        metric.set_counter(counter);
    }
}

/// Adds to what only this thread writes.
///
/// No addition can get between the two halves: a [`ThreadLocal`] gives each value to one thread at a time, and to
/// another only when that one has ended.
pub(super) fn add(cell: &AtomicU64, amount: u64) {
    let sum = cell.load(Ordering::Relaxed).wrapping_add(amount);
    cell.store(sum, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use super::*;

    #[test]
    fn what_many_threads_count_adds_up_also_when_they_have_ended() {
        let counter = Counter::default();
        // Threads that follow each other inherit cells; threads side by side must not.
        for _ in 0..20 {
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| (0..1000).for_each(|_| counter.inc()));
                }
            });
        }
        counter.inc_by(7);
        assert_eq!(counter.get(), 20 * 8 * 1000 + 7);
    }

    #[test]
    fn what_is_read_while_threads_count_never_falls() {
        let (counter, done) = (Counter::default(), AtomicBool::new(false));
        thread::scope(|scope| {
            let counters: Vec<_> = (0..3)
                .map(|_| scope.spawn(|| (0..200_000).for_each(|_| counter.inc())))
                .collect();
            let reader = scope.spawn(|| {
                let mut last = 0;
                while !done.load(Ordering::Acquire) {
                    let read = counter.get();
                    assert!(read >= last, "{read} after {last}");
                    last = read;
                }
            });
            for counter in counters {
                counter.join().unwrap();
            }
            done.store(true, Ordering::Release);
            reader.join().unwrap();
        });
        assert_eq!(counter.get(), 600_000);
    }
}
