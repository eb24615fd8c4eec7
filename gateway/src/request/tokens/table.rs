//! A bounded table that is read and written without a lock.
//!
//! Sets of eight places, as in a processor's cache. What was found again after it was put in is protected: to make
//! room, what was never asked for again goes first, the longest unused of them, so that however many come once, they
//! push out each other and nothing else. One place of a set is always left to newcomers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use arc_swap::ArcSwapOption;

/// What can be kept in a [`Table`].
pub trait Kept {
    /// What it is found by. Compared whole.
    fn digest(&self) -> u128;
    /// About how many bytes of memory it takes.
    fn weight(&self) -> usize;
}

/// The table.
pub struct Table<T> {
    sets: Box<[Set<T>]>,
    /// Bytes that entries may take, about.
    limit: usize,
    weight: AtomicUsize,
    entries: AtomicUsize,
    /// Counts insertions, as a clock by which uses are compared.
    inserted: AtomicU32,
    /// Insertions that count as one tick: few of a set, many of the table.
    tick: u32,
    /// The set where room is made next.
    hand: AtomicUsize,
}

/// Marks first: looking for an entry reads one line of memory where it is not there.
#[repr(align(64))]
struct Set<T> {
    marks: [AtomicU64; WAYS],
    entries: [ArcSwapOption<T>; WAYS],
}

/// What is known of a place without looking at its entry.
#[derive(Clone, Copy, Eq, PartialEq)]
struct Mark(u64);

/// What [`Table::find`] found.
pub struct Found<R> {
    /// What was read.
    pub value: R,
    /// It is protected from now on.
    pub promoted: bool,
}

impl<T: Kept> Table<T> {
    /// Of about this many bytes, for entries that take at least so many each.
    #[must_use]
    pub fn new(limit: usize, lightest: usize) -> Self {
        let sets = (limit / lightest / WAYS).max(1).next_power_of_two();
        let empty = || Set {
            marks: std::array::from_fn(|_| AtomicU64::new(0)),
            entries: std::array::from_fn(|_| ArcSwapOption::empty()),
        };
        Self {
            tick: u32::try_from(sets / 8).unwrap_or(u32::MAX).max(1),
            sets: (0..sets).map(|_| empty()).collect(),
            limit,
            weight: AtomicUsize::new(0),
            entries: AtomicUsize::new(0),
            inserted: AtomicU32::new(0),
            hand: AtomicUsize::new(0),
        }
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.entries.load(Ordering::Relaxed)
    }

    /// Bytes that they take, about.
    #[cfg(test)]
    pub(super) fn weight(&self) -> usize {
        self.weight.load(Ordering::Relaxed)
    }

    /// Reads what has this digest, and remembers that it was of use where `read` answers anything.
    pub fn find<R>(
        &self,
        place: u64,
        digest: u128,
        read: impl FnOnce(&T) -> Option<R>,
    ) -> Option<Found<R>> {
        let (set, way, seen) = self.look(place, digest)?;
        let entry = set.entries.get(way)?.load();
        let entry = entry.as_ref().filter(|entry| entry.digest() == digest)?;
        let value = read(entry)?;
        let promoted = self.touch(set, way, seen);
        Some(Found { value, promoted })
    }

    /// The same, of what does not count as a use.
    pub(super) fn peek<R>(
        &self,
        place: u64,
        digest: u128,
        read: impl FnOnce(&T) -> Option<R>,
    ) -> Option<R> {
        let (set, way, _) = self.look(place, digest)?;
        let entry = set.entries.get(way)?.load();
        read(entry.as_ref().filter(|entry| entry.digest() == digest)?)
    }

    /// Counts a use.
    pub(super) fn used(&self, place: u64, digest: u128) {
        self.find(place, digest, |_| Some(()));
    }

    /// Keeps an entry; answers how many others went for it.
    pub fn insert(&self, place: u64, entry: Arc<T>) -> usize {
        let (weight, digest) = (entry.weight(), entry.digest());
        // A giant is made anew each time rather than that hundreds go for it.
        if weight > self.limit / 16 {
            return 0;
        }
        let Some(set) = self.set(place) else { return 0 };
        let now = self.inserted.fetch_add(1, Ordering::Relaxed) / self.tick;
        let before = self
            .look(place, digest)
            .filter(|(_, way, _)| holds(set, *way, digest));
        let claimed = match before {
            // Made anew: it stays as well protected as it was.
            Some((_, way, seen)) => claim(set, way, seen).then_some((way, seen.level())),
            None => None,
        };
        let claimed = claimed.or_else(|| {
            (0..WAYS).find_map(|_| {
                let (way, seen) = victim(set, now)?;
                claim(set, way, seen).then_some((way, Mark::PROBATION))
            })
        });
        // Eight others are at work in this set at this very moment.
        let Some((way, level)) = claimed else {
            return 0;
        };
        let mut gone = self.put(set, way, Some(entry), weight);
        let mark = Mark::new(place, now, level);
        if let Some(place) = set.marks.get(way) {
            place.store(mark.0, Ordering::Release);
        }
        gone += self.make_room();
        gone
    }

    /// Removes what `dead` says of, from as many sets as given; answers how many.
    pub(super) fn sweep(&self, sets: usize, dead: impl Fn(&T) -> bool) -> usize {
        let mut gone = 0;
        for _ in 0..sets.min(self.sets.len()) {
            let Some(set) = self.next_set() else { break };
            for (way, mark) in set.marks.iter().enumerate() {
                let seen = Mark(mark.load(Ordering::Acquire));
                let is_dead = || {
                    let entry = set.entries.get(way).map(ArcSwapOption::load);
                    entry.is_some_and(|entry| entry.as_ref().is_some_and(|entry| dead(entry)))
                };
                if seen.is_taken() && is_dead() && claim(set, way, seen) {
                    gone += self.clear(set, way);
                }
            }
        }
        gone
    }

    /// How many sets there are.
    pub(super) const fn sets(&self) -> usize {
        self.sets.len()
    }

    fn set(&self, place: u64) -> Option<&Set<T>> {
        // As many bits as there are sets, which is a power of two.
        let index = usize::try_from(place & 0xffff_ffff).ok()? & (self.sets.len() - 1);
        self.sets.get(index)
    }

    fn next_set(&self) -> Option<&Set<T>> {
        let index = self.hand.fetch_add(1, Ordering::Relaxed) & (self.sets.len() - 1);
        self.sets.get(index)
    }

    /// Where an entry with this digest may be.
    fn look(&self, place: u64, digest: u128) -> Option<(&Set<T>, usize, Mark)> {
        let set = self.set(place)?;
        let mut found = None;
        for (way, mark) in set.marks.iter().enumerate() {
            let seen = Mark(mark.load(Ordering::Acquire));
            // Of two whose marks agree, which happens once in 2^45 looks, the entries tell.
            if seen.is_of(place) && (found.is_none() || holds(set, way, digest)) {
                found = Some((set, way, seen));
            }
        }
        found
    }

    /// Remembers a use; answers whether it is protected only now.
    fn touch(&self, set: &Set<T>, way: usize, seen: Mark) -> bool {
        let now = self.inserted.load(Ordering::Relaxed) / self.tick;
        let promoted = seen.level() != Mark::PROTECTED;
        let used = seen.used(now);
        if used == seen {
            return false;
        }
        if promoted {
            unprotect_one_of_many(set, now);
        }
        // Whoever changes the place at this moment has the last word.
        change(set, way, seen, used) && promoted
    }

    fn put(&self, set: &Set<T>, way: usize, entry: Option<Arc<T>>, weight: usize) -> usize {
        let Some(place) = set.entries.get(way) else {
            return 0;
        };
        if entry.is_some() {
            self.entries.fetch_add(1, Ordering::Relaxed);
            self.weight.fetch_add(weight, Ordering::Relaxed);
        }
        let Some(old) = place.swap(entry) else {
            return 0;
        };
        self.entries.fetch_sub(1, Ordering::Relaxed);
        self.weight.fetch_sub(old.weight(), Ordering::Relaxed);
        1
    }

    /// Empties a place that was claimed.
    fn clear(&self, set: &Set<T>, way: usize) -> usize {
        let gone = self.put(set, way, None, 0);
        if let Some(mark) = set.marks.get(way) {
            mark.store(Mark::EMPTY.0, Ordering::Release);
        }
        gone
    }

    /// Lets go of entries until the rest is light enough: of those that were never used again while any are near.
    fn make_room(&self) -> usize {
        let mut gone = 0;
        let mut passed = 0;
        while self.weight.load(Ordering::Relaxed) > self.limit && passed < self.sets.len() * 2 {
            let Some(set) = self.next_set() else { break };
            passed += 1;
            let now = self.inserted.load(Ordering::Relaxed) / self.tick;
            let candidate = oldest(set, now, |mark| {
                mark.level() == Mark::PROBATION || (passed > PATIENCE && mark.is_taken())
            });
            if let Some((way, seen)) = candidate
                && claim(set, way, seen)
            {
                gone += self.clear(set, way);
            }
        }
        gone
    }
}

fn holds<T: Kept>(set: &Set<T>, way: usize, digest: u128) -> bool {
    let entry = set.entries.get(way).map(ArcSwapOption::load);
    entry.is_some_and(|entry| entry.as_ref().is_some_and(|entry| entry.digest() == digest))
}

fn change<T>(set: &Set<T>, way: usize, from: Mark, to: Mark) -> bool {
    set.marks.get(way).is_some_and(|mark| {
        mark.compare_exchange(from.0, to.0, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    })
}

/// Makes a place ours until its mark is written again.
fn claim<T>(set: &Set<T>, way: usize, seen: Mark) -> bool {
    change(set, way, seen, Mark::BUSY)
}

/// The place for a newcomer.
fn victim<T>(set: &Set<T>, now: u32) -> Option<(usize, Mark)> {
    let mut marks = marks(set);
    marks
        .find(|(_, mark)| *mark == Mark::EMPTY)
        .or_else(|| oldest(set, now, |mark| mark.level() == Mark::PROBATION))
        .or_else(|| oldest(set, now, Mark::is_taken))
}

fn oldest<T>(set: &Set<T>, now: u32, of: impl Fn(Mark) -> bool) -> Option<(usize, Mark)> {
    marks(set)
        .filter(|(_, mark)| of(*mark))
        .max_by_key(|(_, mark)| mark.age(now))
}

fn marks<T>(set: &Set<T>) -> impl Iterator<Item = (usize, Mark)> {
    let marks = set.marks.iter().enumerate();
    marks.map(|(way, mark)| (way, Mark(mark.load(Ordering::Acquire))))
}

/// Before one more is protected: all but one place may be.
fn unprotect_one_of_many<T>(set: &Set<T>, now: u32) {
    let protected = |mark: Mark| mark.level() == Mark::PROTECTED;
    let count = marks(set).filter(|(_, mark)| protected(*mark)).count();
    if count >= WAYS - 1
        && let Some((way, seen)) = oldest(set, now, protected)
    {
        change(set, way, seen, seen.at(Mark::PROBATION));
    }
}

impl Mark {
    const EMPTY: Self = Self(0);
    const BUSY: Self = Self(3);
    const PROBATION: u64 = 1;
    const PROTECTED: u64 = 2;

    /// Forty-eight bits of the place, fourteen of the time, two of the level.
    const fn new(place: u64, now: u32, level: u64) -> Self {
        Self(place & !0xffff | (now as u64 & Self::TIMES) << 2 | level)
    }

    const TIMES: u64 = 0x3fff;

    const fn level(self) -> u64 {
        self.0 & 3
    }

    const fn is_taken(self) -> bool {
        matches!(self.level(), Self::PROBATION | Self::PROTECTED)
    }

    const fn is_of(self, place: u64) -> bool {
        self.is_taken() && (self.0 ^ place) >> 16 == 0
    }

    const fn at(self, level: u64) -> Self {
        Self(self.0 & !3 | level)
    }

    const fn used(self, now: u32) -> Self {
        Self::new(self.0, now, Self::PROTECTED)
    }

    const fn age(self, now: u32) -> u64 {
        (now as u64).wrapping_sub(self.0 >> 2) & Self::TIMES
    }
}

/// Places in a set: their marks are one line of memory.
const WAYS: usize = 8;

/// Sets that are passed over in search of an entry that nobody used again.
const PATIENCE: usize = 64;
