//! So many at a time: places that are taken and given back. Workers get some in advance, so that taking one touches no line of
//! memory that another worker writes to.

use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};

use thread_local::ThreadLocal;

/// A number of places.
///
/// Never are more taken than there are. Where there are many, a few per cent may stand ready with workers that take none, so that
/// others are refused a little early.
#[derive(Debug, Default)]
pub struct Allowance {
    size: AtomicUsize,
    /// Places with nobody. Below zero while more are taken than a size that was lowered allows.
    free: AtomicIsize,
    /// Places that stand ready with a worker. Only the worker itself writes here.
    ready: ThreadLocal<AtomicUsize>,
}

impl Allowance {
    /// So many places.
    #[must_use]
    pub fn new(size: usize) -> Self {
        let allowance = Self::default();
        allowance.resize(size);
        allowance
    }

    /// From now on there are so many.
    pub fn resize(&self, size: usize) {
        let before = self.size.swap(size, Ordering::AcqRel);
        let more = signed(size).saturating_sub(signed(before));
        self.free.fetch_add(more, Ordering::AcqRel);
    }

    /// How many there are.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed)
    }

    /// Takes a place; answers whether there was one.
    #[must_use]
    pub fn take(&self) -> bool {
        let share = self.share();
        if share == 0 {
            return self.take_free(1) == 1;
        }
        let ready = self.ready.get_or_default();
        let have = match ready.load(Ordering::Relaxed) {
            0 => self.take_free(share),
            have if self.free.load(Ordering::Relaxed) < 0 => {
                self.give_free(have);
                0
            }
            have => have,
        };
        ready.store(have.saturating_sub(1), Ordering::Release);
        have > 0
    }

    /// Gives a place back.
    pub fn give_back(&self) {
        let share = self.share();
        if share == 0 {
            self.give_free(1);
            return;
        }
        let ready = self.ready.get_or_default();
        let mut have = ready.load(Ordering::Relaxed) + 1;
        if have > 2 * share {
            self.give_free(share);
            have -= share;
        }
        ready.store(have, Ordering::Release);
    }

    /// How many are taken. Exact while nobody takes or gives back.
    #[must_use]
    pub fn taken(&self) -> usize {
        let ready = self.ready.iter();
        let ready: usize = ready.map(|ready| ready.load(Ordering::Acquire)).sum();
        let taken = signed(self.size()) - self.free.load(Ordering::Acquire) - signed(ready);
        usize::try_from(taken).unwrap_or(0)
    }

    /// What a worker takes at once; 0 where there are so few that each counts.
    fn share(&self) -> usize {
        self.size() / SHARES
    }

    fn take_free(&self, wanted: usize) -> usize {
        let mut taken = 0;
        // Fails only where there is none, and then nothing was taken.
        let _ = self
            .free
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |free| {
                taken = usize::try_from(free).unwrap_or(0).min(wanted);
                (taken > 0).then(|| free - signed(taken))
            });
        taken
    }

    fn give_free(&self, places: usize) {
        self.free.fetch_add(signed(places), Ordering::AcqRel);
    }
}

fn signed(places: usize) -> isize {
    isize::try_from(places).unwrap_or(isize::MAX)
}

/// A worker holds two shares at most: of 16,384 places 128.
const SHARES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_are_more_taken_than_there_are_and_each_comes_back() {
        for size in [1, 2, 255, 256, 4096] {
            let allowance = Allowance::new(size);
            let taken = (0..size + 10).filter(|_| allowance.take()).count();
            assert_eq!((taken, allowance.taken()), (size, size));
            (0..size).for_each(|_| allowance.give_back());
            assert_eq!(allowance.taken(), 0);
            assert!(allowance.take());
        }
    }

    #[test]
    fn a_lowered_number_holds_as_soon_as_enough_came_back() {
        let allowance = Allowance::new(4096);
        assert!((0..1000).all(|_| allowance.take()));
        allowance.resize(512);
        assert!(!allowance.take());
        (0..600).for_each(|_| allowance.give_back());
        let more = (0..1000).filter(|_| allowance.take()).count();
        assert_eq!((more, allowance.taken()), (112, 512));
        allowance.resize(1024);
        assert!(allowance.take());
    }

    #[test]
    fn workers_that_take_and_give_back_at_once_keep_the_number() {
        const SIZE: usize = 1024;
        let allowance = Allowance::new(SIZE);
        let most = AtomicUsize::new(0);
        let out = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for round in 0..200 {
                        let taken = (0..300).filter(|_| allowance.take()).count();
                        let now = out.fetch_add(taken, Ordering::SeqCst) + taken;
                        most.fetch_max(now, Ordering::SeqCst);
                        if round % 7 == 0 {
                            std::thread::yield_now();
                        }
                        out.fetch_sub(taken, Ordering::SeqCst);
                        (0..taken).for_each(|_| allowance.give_back());
                    }
                });
            }
        });
        let most = most.into_inner();
        assert!((300..=SIZE).contains(&most), "{most}");
        assert_eq!(allowance.taken(), 0);
    }

    #[test]
    fn what_one_worker_took_another_may_give_back() {
        let allowance = Allowance::new(1024);
        let taken = std::thread::scope(|scope| {
            let others = scope.spawn(|| (0..1024).filter(|_| allowance.take()).count());
            others.join().unwrap()
        });
        (0..taken).for_each(|_| allowance.give_back());
        assert_eq!((taken, allowance.taken()), (1024, 0));
    }
}
