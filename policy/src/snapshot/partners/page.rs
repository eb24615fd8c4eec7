//! Some of a table's keys, in one piece of memory.

use crate::ids::TenantId;

/// Keys with numbers. With the counters of an [`Arc`](std::sync::Arc) it takes 4 KiB.
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

const LINES: usize = 62;

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
        let mut at = first(hash);
        for _ in 0..LINES {
            let line = self.lines.get(at)?;
            for (other, number) in line.keys.iter().zip(line.numbers) {
                if number == EMPTY {
                    return None;
                }
                if *other == key {
                    return Some(number);
                }
            }
            at = next(at);
        }
        None
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

    /// Every key with its number.
    pub(super) fn entries(&self) -> impl Iterator<Item = (TenantId, u32)> {
        self.lines
            .iter()
            .flat_map(|line| line.keys.into_iter().zip(line.numbers))
            .filter(|(_, number)| *number != EMPTY)
    }
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
    fn a_page_takes_a_page_of_memory() {
        // Two counters stand before what an `Arc` holds.
        assert_eq!(64 + size_of::<Page>(), 4096);
    }
}
