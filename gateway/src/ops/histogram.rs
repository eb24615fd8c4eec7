//! Durations on the request path: each thread adds them up for itself, and a reader adds up the threads.

use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::time::Duration;

use prometheus::proto;
use thread_local::ThreadLocal;

use super::counter::add;
use super::family::Series;

/// How long something took, in buckets.
///
/// Observing writes no memory that another core writes, and never waits. What an ended thread observed stays.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    bounds: [u64; N],
    shards: ThreadLocal<Shard<N>>,
}

/// One thread's part.
#[derive(Debug)]
#[repr(align(64))]
struct Shard<const N: usize> {
    /// Twice the number of observations; odd while one is being added.
    version: AtomicU64,
    /// In nanoseconds: room for 584 years of waiting.
    sum: AtomicU64,
    /// By bound, those below not included. What is beyond the last bound is in the number alone.
    buckets: [AtomicU64; N],
}

/// What was observed up to one moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Distribution<const N: usize> {
    count: u64,
    sum: Duration,
    buckets: [u64; N],
}

impl<const N: usize> Histogram<N> {
    /// One with these upper bounds in nanoseconds, in ascending order.
    #[must_use]
    pub const fn new(bounds: [u64; N]) -> Self {
        Self {
            bounds,
            shards: ThreadLocal::new(),
        }
    }

    /// Adds a duration.
    pub fn observe(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let shard = self.shards.get_or(Shard::new);
        // Most are short, and in the bucket of the one before: looking from below is a few well predicted steps.
        let mut buckets = self.bounds.iter().zip(&shard.buckets);
        let bucket = buckets.find(|(bound, _)| nanos <= **bound);
        shard.observe(nanos, bucket.map(|(_, bucket)| bucket));
    }

    fn read(&self) -> Distribution<N> {
        let mut all = Distribution {
            count: 0,
            sum: Duration::ZERO,
            buckets: [0; N],
        };
        for one in self.shards.iter().map(Shard::read) {
            all.count += one.count;
            all.sum += one.sum;
            for (all, one) in all.buckets.iter_mut().zip(one.buckets) {
                *all += one;
            }
        }
        all
    }
}

impl<const N: usize> Shard<N> {
    const fn new() -> Self {
        Self {
            version: AtomicU64::new(0),
            sum: AtomicU64::new(0),
            buckets: [const { AtomicU64::new(0) }; N],
        }
    }

    /// Called by the thread that owns it only.
    fn observe(&self, nanos: u64, bucket: Option<&AtomicU64>) {
        let version = self.version.load(Ordering::Relaxed);
        self.version
            .store(version.wrapping_add(1), Ordering::Relaxed);
        // Who sees any of what follows sees the odd version too.
        fence(Ordering::Release);
        if let Some(bucket) = bucket {
            add(bucket, 1);
        }
        add(&self.sum, nanos);
        self.version
            .store(version.wrapping_add(2), Ordering::Release);
    }

    /// Waits for whoever is in the midst of adding, which takes nanoseconds: number, sum and buckets are of one moment.
    fn read(&self) -> Distribution<N> {
        let mut tries = 0_u32;
        loop {
            let version = self.version.load(Ordering::Acquire);
            let read = Distribution {
                count: version / 2,
                sum: Duration::from_nanos(self.sum.load(Ordering::Relaxed)),
                buckets: std::array::from_fn(|place| {
                    let bucket = self.buckets.get(place);
                    bucket.map_or(0, |bucket| bucket.load(Ordering::Relaxed))
                }),
            };
            fence(Ordering::Acquire);
            if version.is_multiple_of(2) && self.version.load(Ordering::Relaxed) == version {
                return read;
            }
            tries += 1;
            // It may have lost its core in the midst of it.
            if tries.is_multiple_of(64) {
                std::thread::yield_now();
            }
            std::hint::spin_loop();
        }
    }
}

impl<const N: usize> Series for Histogram<N> {
    const KIND: proto::MetricType = proto::MetricType::HISTOGRAM;

    fn show(&self, metric: &mut proto::Metric) {
        let all = self.read();
        let mut below = 0;
        let buckets = self.bounds.iter().zip(all.buckets).map(|(bound, within)| {
            below += within;
            let mut bucket = proto::Bucket::default();
            bucket.set_upper_bound(*bound as f64 / 1e9);
            bucket.set_cumulative_count(below);
            bucket
        });
        let mut histogram = proto::Histogram::default();
        histogram.set_bucket(buckets.collect());
        histogram.set_sample_count(all.count);
        histogram.set_sample_sum(all.sum.as_secs_f64());
        metric.set_histogram(histogram);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use super::*;

    const BOUNDS: [u64; 3] = [10, 20, 40];

    fn observed(nanos: &[u64]) -> Histogram<3> {
        let histogram = Histogram::new(BOUNDS);
        for nanos in nanos {
            histogram.observe(Duration::from_nanos(*nanos));
        }
        histogram
    }

    #[test]
    fn a_duration_is_in_the_bucket_whose_bound_it_does_not_pass() {
        let read = observed(&[0, 10, 11, 20, 21, 40, 41, 1000]).read();
        assert_eq!(read.buckets, [2, 2, 2]);
        assert_eq!((read.count, read.sum), (8, Duration::from_nanos(1143)));
    }

    #[test]
    fn more_nanoseconds_than_a_number_holds_are_the_most_it_holds() {
        let histogram = observed(&[]);
        histogram.observe(Duration::MAX);
        let read = histogram.read();
        assert_eq!((read.count, read.buckets), (1, [0; 3]));
        assert_eq!(read.sum, Duration::from_nanos(u64::MAX));
    }

    #[test]
    fn what_many_threads_observe_adds_up_also_when_they_have_ended() {
        let histogram = observed(&[]);
        for _ in 0..10 {
            thread::scope(|scope| {
                for nanos in [5, 15, 25, 50] {
                    let took = Duration::from_nanos(nanos);
                    let histogram = &histogram;
                    scope.spawn(move || (0..1000).for_each(|_| histogram.observe(took)));
                }
            });
        }
        let read = histogram.read();
        assert_eq!((read.count, read.buckets), (40_000, [10_000; 3]));
        assert_eq!(read.sum, Duration::from_nanos(10_000 * (5 + 15 + 25 + 50)));
    }

    /// Each thread observes one duration only, so that a reading which is torn anywhere shows it.
    #[test]
    fn number_sum_and_buckets_are_of_one_moment_and_never_fall_while_threads_observe() {
        let (histogram, done) = (observed(&[]), AtomicBool::new(false));
        thread::scope(|scope| {
            let observers: Vec<_> = [5, 15, 50]
                .map(|nanos| {
                    let (histogram, took) = (&histogram, Duration::from_nanos(nanos));
                    scope.spawn(move || (0..100_000).for_each(|_| histogram.observe(took)))
                })
                .into();
            let reader = scope.spawn(|| {
                let mut last = histogram.read();
                while !done.load(Ordering::Acquire) {
                    let read = histogram.read();
                    let [short, middle, none] = read.buckets;
                    let beyond = read.count - short - middle;
                    let sum = 5 * short + 15 * middle + 50 * beyond;
                    assert_eq!((none, read.sum), (0, Duration::from_nanos(sum)));
                    assert!(read.count >= last.count && read.sum >= last.sum);
                    last = read;
                }
            });
            for observer in observers {
                observer.join().unwrap();
            }
            done.store(true, Ordering::Release);
            reader.join().unwrap();
        });
        assert_eq!(histogram.read().count, 300_000);
    }
}
