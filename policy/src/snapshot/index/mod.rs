//! Numbers by hash: a hash table whose clones share what they have in common.

mod share;

use std::array;
use std::sync::Arc;

use self::share::Share;

/// Numbers by the hashes of what they stand for, which stands elsewhere and is compared there. A hash may have several.
///
/// A change copies the share it is in, and the list of shares. Many numbers of one hash are looked through one by one.
#[derive(Clone, Debug)]
pub(super) struct Index {
    shares: Arc<[Share; SHARES]>,
}

/// So many that one of a million numbers' is copied in some microseconds, as their list is.
const SHARES: usize = 256;

/// The hashes of what a number stands for, each handed over once for every time that it was put.
pub(super) trait Hashes: Fn(u32, &mut dyn FnMut(u64)) {}

impl<F: Fn(u32, &mut dyn FnMut(u64))> Hashes for F {}

impl Default for Index {
    fn default() -> Self {
        Self {
            shares: Arc::new(array::from_fn(|_| Share::default())),
        }
    }
}

impl Index {
    /// What the first of a hash's numbers comes to for which it comes to anything. Numbers of other hashes are asked
    /// about too.
    #[inline]
    pub(super) fn find<R>(&self, hash: u64, with: impl FnMut(u32) -> Option<R>) -> Option<R> {
        self.shares.get(share_of(hash))?.find(hash, with)
    }

    /// Makes room, once for all, for so many more.
    pub(super) fn reserve(&mut self, more: usize, hashes_of: impl Hashes) {
        if more == 0 {
            return;
        }
        let shares = Arc::make_mut(&mut self.shares);
        for (place, share) in shares.iter_mut().enumerate() {
            make_room(share, place, more.div_ceil(SHARES), &hashes_of);
        }
    }

    /// Puts numbers for their hashes, share by share, so that each is copied once and stays in a processor's near caches. Those of
    /// one hash come in their order; one that `bars` another takes its place.
    ///
    /// A number is put for all of its hashes at once, or for some that are alike in no share with those put before.
    pub(super) fn put(
        &mut self,
        entries: &[(u64, u32)],
        mut bars: impl FnMut(u32, u32) -> bool,
        hashes_of: impl Hashes,
    ) {
        if entries.is_empty() {
            return;
        }
        let (entries, counts) = by_share(entries);
        let mut rest = &*entries;
        let shares = Arc::make_mut(&mut self.shares).iter_mut().zip(counts);
        for (place, (share, count)) in shares.enumerate() {
            let Some((part, others)) = rest.split_at_checked(count).filter(|_| count > 0) else {
                continue;
            };
            rest = others;
            // Before any is put: the hashes of what is there are asked for when it grows.
            make_room(share, place, count, &hashes_of);
            share.put(part, &mut bars);
        }
    }

    /// Removes a number from its hashes.
    pub(super) fn remove(&mut self, number: u32, hashes: impl Iterator<Item = u64>) {
        let mut hashes = hashes.peekable();
        if hashes.peek().is_none() {
            return;
        }
        let shares = Arc::make_mut(&mut self.shares);
        for hash in hashes {
            if let Some(share) = shares.get_mut(share_of(hash)) {
                share.remove(hash, number);
            }
        }
    }
}

/// Entries in the order of their shares, else in the order they had; and how many are in each share.
fn by_share(entries: &[(u64, u32)]) -> (Vec<(u64, u32)>, [usize; SHARES]) {
    let mut counts = [0; SHARES];
    for (hash, _) in entries {
        if let Some(count) = counts.get_mut(share_of(*hash)) {
            *count += 1;
        }
    }
    let mut end = 0;
    let mut places = counts.map(|count| {
        end += count;
        end - count
    });
    let mut sorted = vec![(0, 0); entries.len()];
    for entry in entries {
        if let Some(place) = places.get_mut(share_of(entry.0))
            && let Some(to) = sorted.get_mut(*place)
        {
            *to = *entry;
            *place += 1;
        }
    }
    (sorted, counts)
}

/// Lets a share grow if it has no room.
fn make_room(share: &mut Share, place: usize, more: usize, hashes_of: &impl Hashes) {
    if share.has_room(more) {
        return;
    }
    let mut grown = Share::with_room(share.len() + more);
    let mut numbers: Vec<_> = share.numbers().collect();
    numbers.sort_unstable();
    numbers.dedup();
    for number in numbers {
        hashes_of(number, &mut |hash| {
            if share_of(hash) == place {
                grown.put(&[(hash, number)], |_, _| false);
            }
        });
    }
    *share = grown;
}

const fn share_of(hash: u64) -> usize {
    (hash >> 56) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Numbers without an order, always the same ones.
    fn dice() -> impl FnMut(u64) -> u64 {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        move |below| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        }
    }

    /// Hashes of which many are in one share and in one line, and some are the same.
    fn hashes(dice: &mut impl FnMut(u64) -> u64) -> Vec<u64> {
        let spread =
            |dice: &mut dyn FnMut(u64) -> u64| dice(1 << 20).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (0..dice(4))
            .map(|_| match dice(3) {
                0 => spread(dice),
                1 => spread(dice) & 0x0000_00ff_0000_0003,
                _ => dice(6),
            })
            .collect()
    }

    type Held = BTreeMap<u32, Vec<u64>>;

    /// All numbers that are found for a hash, as often as they are.
    fn found(index: &Index, hash: u64, held: &Held) -> Vec<u32> {
        let mut numbers = Vec::new();
        index.find(hash, |number| -> Option<()> {
            if held[&number].contains(&hash) {
                numbers.push(number);
            }
            None
        });
        numbers.sort_unstable();
        numbers
    }

    fn check(index: &Index, held: &Held) {
        let mut by_hash: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        for (number, hashes) in held {
            for hash in hashes {
                by_hash.entry(*hash).or_default().push(*number);
            }
        }
        let count: usize = by_hash.values().map(Vec::len).sum();
        assert_eq!(index.shares.iter().map(Share::len).sum::<usize>(), count);
        for (hash, numbers) in &by_hash {
            let mut found = found(index, *hash, held);
            found.dedup();
            let mut numbers = numbers.clone();
            numbers.dedup();
            assert_eq!(found, numbers, "{hash:x}");
        }
        let numbers = index.shares.iter().flat_map(Share::numbers);
        assert!(numbers.into_iter().all(|number| held.contains_key(&number)));
    }

    #[test]
    fn an_index_holds_what_was_put_and_its_clones_what_they_held_when_they_were_taken() {
        let (mut dice, mut index, mut held) = (dice(), Index::default(), Held::new());
        let mut taken = Vec::new();
        for round in 0..20_000_u64 {
            // Grows to some thousands, shrinks, and grows again.
            let shrinks = (round / 5_000) % 2 == 1;
            let number = dice(3_000) as u32;
            if let Some(hashes) = held.remove(&number) {
                index.remove(number, hashes.into_iter());
            }
            if dice(10) < if shrinks { 2 } else { 9 } {
                let hashes = hashes(&mut dice);
                let of = |number, with: &mut dyn FnMut(u64)| {
                    held[&number].iter().copied().for_each(with);
                };
                let entries: Vec<_> = hashes.iter().map(|hash| (*hash, number)).collect();
                index.put(&entries, |_, _| false, of);
                held.insert(number, hashes);
            }
            if round % 1_000 == 0 {
                taken.push((index.clone(), held.clone()));
            }
        }
        for (number, hashes) in std::mem::take(&mut held) {
            index.remove(number, hashes.into_iter());
        }
        let empty = |share: &Share| share.len() == 0 && share.numbers().next().is_none();
        assert!(index.shares.iter().all(empty));
        for (index, held) in taken {
            check(&index, &held);
        }
    }

    #[test]
    fn a_change_copies_one_share_and_one_that_bars_another_takes_its_place() {
        let spread = |number: u32| u64::from(number % 50_001).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let of = |number, with: &mut dyn FnMut(u64)| with(spread(number));
        let mut index = Index::default();
        let all: Vec<_> = (0..50_000).map(|number| (spread(number), number)).collect();
        index.put(&all, |_, _| false, of);
        let before = index.clone();
        let entry = |number| [(spread(number), number)];
        let same = |one, other| spread(one) == spread(other);
        index.put(&entry(50_000), same, of);
        index.put(&entry(100_001), same, of);
        let pairs = before.shares.iter().zip(index.shares.iter());
        let differ = pairs.filter(|(old, new)| !old.is_same(new)).count();
        assert_eq!(differ, 1);
        let last = |index: &Index| index.find(spread(50_000), |n| same(n, 50_000).then_some(n));
        assert_eq!((last(&before), last(&index)), (None, Some(100_001)));
        index.remove(100_001, [spread(50_000)].into_iter());
        assert_eq!(last(&index), None);
    }
}
