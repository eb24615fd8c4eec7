//! Some of a table's keys, in one piece of memory.

use crate::ids::TenantId;

/// Keys with numbers. With the counters of an [`Arc`](std::sync::Arc) it takes 16 KiB.
#[derive(Clone, Debug)]
pub(super) struct Page {
    lines: [Line; LINES],
    taken: u32,
    /// How many low bits of their hashes all keys here have in common.
    pub(super) depth: u32,
}

/// The keys of three partners stand in one cache line with the numbers of their settings.
///
/// INVARIANT: no place is taken behind an empty one.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Line {
    keys: [TenantId; 3],
    numbers: [u32; 3],
}

/// So many that the directory of a million keys stays in a processor's nearest cache, and that a page is copied in a
/// microsecond or two.
const LINES: usize = 254;

/// Four places of five may be taken: then few keys are looked for in a second line.
pub(super) const ROOM: u32 = (LINES as u32 * 3) * 4 / 5;

/// The number of no settings.
pub(super) const EMPTY: u32 = u32::MAX;

const EMPTY_LINE: Line = Line {
    keys: [TenantId::MICROSOFT_ACCOUNTS; 3],
    numbers: [EMPTY; 3],
};

/// What became of a key that was put into a page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Put {
    /// It is new.
    Added,
    /// It was there with this number.
    Replaced(u32),
    /// It is new, and there is no room.
    Full,
}

impl Page {
    /// A page without keys.
    pub(super) const fn empty(depth: u32) -> Self {
        Self {
            lines: [EMPTY_LINE; LINES],
            taken: 0,
            depth,
        }
    }

    /// How many keys there are.
    pub(super) const fn len(&self) -> u32 {
        self.taken
    }

    /// The number of a key.
    #[inline]
    pub(super) fn get(&self, hash: u64, key: TenantId) -> Option<u32> {
        let (_, _, number) = self.find(hash, key)?;
        Some(number)
    }

    /// Puts a key or gives it another number.
    pub(super) fn put(&mut self, hash: u64, key: TenantId, number: u32) -> Put {
        let full = self.taken >= ROOM;
        let mut at = first(hash);
        for _ in 0..LINES {
            let Some(line) = self.lines.get_mut(at) else {
                break;
            };
            for (other, of_other) in line.keys.iter_mut().zip(&mut line.numbers) {
                if *of_other == EMPTY {
                    if full {
                        return Put::Full;
                    }
                    (*other, *of_other) = (key, number);
                    self.taken += 1;
                    return Put::Added;
                }
                if *other == key {
                    return Put::Replaced(std::mem::replace(of_other, number));
                }
            }
            at = next(at);
        }
        Put::Full
    }

    /// Removes a key. Keys that had no room in its line come nearer, so that no look-up has to go past what was removed.
    pub(super) fn remove(
        &mut self,
        hash: u64,
        key: TenantId,
        hash_of: impl Fn(TenantId) -> u64,
    ) -> Option<u32> {
        let (mut at, mut place, number) = self.find(hash, key)?;
        self.taken -= 1;
        loop {
            let was_full = self.lines.get_mut(at)?.take(place);
            let Some((from, place_there)) =
                was_full.then(|| self.gone_past(at, &hash_of)).flatten()
            else {
                return Some(number);
            };
            let there = self.lines.get(from)?;
            let moved = (
                *there.keys.get(place_there)?,
                *there.numbers.get(place_there)?,
            );
            let line = self.lines.get_mut(at)?;
            (*line.keys.last_mut()?, *line.numbers.last_mut()?) = moved;
            (at, place) = (from, place_there);
        }
    }

    /// Line and place of a key, and its number.
    #[inline]
    fn find(&self, hash: u64, key: TenantId) -> Option<(usize, usize, u32)> {
        let mut at = first(hash);
        for _ in 0..LINES {
            let line = self.lines.get(at)?;
            for (place, (other, number)) in line.keys.iter().zip(line.numbers).enumerate() {
                if number == EMPTY {
                    return None;
                }
                if *other == key {
                    return Some((at, place, number));
                }
            }
            at = next(at);
        }
        None
    }

    /// A key that stands behind a line in which it would be looked for earlier.
    fn gone_past(&self, line: usize, hash_of: impl Fn(TenantId) -> u64) -> Option<(usize, usize)> {
        let mut at = next(line);
        while at != line {
            let there = self.lines.get(at)?;
            for (place, (key, number)) in there.keys.iter().zip(there.numbers).enumerate() {
                if number == EMPTY {
                    return None;
                }
                let first = first(hash_of(*key));
                if steps(first, line) < steps(first, at) {
                    return Some((at, place));
                }
            }
            at = next(at);
        }
        None
    }

    /// Every key with its number.
    pub(super) fn entries(&self) -> impl Iterator<Item = (TenantId, u32)> {
        self.lines
            .iter()
            .flat_map(|line| line.keys.into_iter().zip(line.numbers))
            .filter(|(_, number)| *number != EMPTY)
    }
}

impl Line {
    /// Takes a key out; whether the line was full.
    fn take(&mut self, place: usize) -> bool {
        let taken = self
            .numbers
            .iter()
            .filter(|number| **number != EMPTY)
            .count();
        let last = taken.saturating_sub(1);
        self.keys.swap(place, last);
        self.numbers.swap(place, last);
        if let Some(number) = self.numbers.get_mut(last) {
            *number = EMPTY;
        }
        taken == self.numbers.len()
    }
}

/// How many lines a look-up goes on from one to another.
const fn steps(from: usize, to: usize) -> usize {
    (to + LINES - from) % LINES
}

/// The line to look in first. The low bits are alike in a page.
const fn first(hash: u64) -> usize {
    (((hash >> 32) * LINES as u64) >> 32) as usize
}

const fn next(at: usize) -> usize {
    if at + 1 == LINES { 0 } else { at + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_takes_sixteen_kibibytes_with_the_counters_before_it() {
        // Two counters stand before what an `Arc` holds.
        assert_eq!(64 + size_of::<Page>(), 16 << 10);
    }
}
