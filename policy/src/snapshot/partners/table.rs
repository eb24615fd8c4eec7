//! A hash table whose clones share what they have in common, and which grows a page at a time.

use std::array;
use std::hash::BuildHasher as _;
use std::sync::Arc;

use super::page::{Page, Put, ROOM};
use crate::ids::TenantId;
use crate::snapshot::tables::Hashing;

/// Numbers by key.
///
/// Extendible hashing: the low bits of a key's hash name an entry of the directory, which leads to a page. A page that
/// has no room splits in two; where all bits of the directory tell its keys apart already, the directory doubles first. The
/// directory stands in chunks, so that a change copies one of them and a page, and doubling only counts them once more.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// INVARIANT: none, or a power of two.
    chunks: Vec<Arc<Chunk>>,
    count: usize,
    hashing: Hashing,
}

/// INVARIANT: every entry leads to a page, except while that page is being changed.
type Chunk = [Option<Arc<Page>>; ENTRIES];

const ENTRIES: usize = 64;

/// Keys of a page where there is room from the start: it need not split soon.
const AT_FIRST: usize = ROOM as usize * 7 / 8;

impl Table {
    /// Room for some keys.
    pub(super) fn with_capacity(keys: usize) -> Self {
        let pages = keys.div_ceil(AT_FIRST).next_power_of_two();
        let depth = pages.trailing_zeros();
        let mut table = Self {
            chunks: (0..pages.div_ceil(ENTRIES))
                .map(|_| Arc::new(array::from_fn(|_| None)))
                .collect(),
            ..Self::default()
        };
        for first in 0..pages {
            table.set(first, Page::empty(depth));
        }
        table
    }

    /// The number of a key.
    #[inline]
    pub(super) fn get(&self, key: TenantId) -> Option<u32> {
        let hash = self.hashing.hash_one(key);
        self.page(place(hash))?.get(hash, key)
    }

    /// How many keys there are.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Every key with its number, in no order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (TenantId, u32)> {
        (0..self.places())
            .filter_map(|at| Some((at, self.page(at)?)))
            // Of all entries that lead to a page the first one stands for it.
            .filter(|(at, page)| at >> page.depth == 0)
            .flat_map(|(_, page)| page.entries())
    }

    /// Puts a key, or gives it another number; then the one it had.
    pub(super) fn put(&mut self, key: TenantId, number: u32) -> Option<u32> {
        let hash = self.hashing.hash_one(key);
        if self.chunks.is_empty() {
            *self = Self {
                hashing: self.hashing.clone(),
                ..Self::with_capacity(1)
            };
        }
        let at = place(hash);
        // Ends: no page is full when all of 32 bits tell its keys apart.
        loop {
            let mut page = self.take(at)?;
            let put = Arc::make_mut(&mut page).put(hash, key, number);
            if put == Put::Full {
                self.split(at, &page);
                continue;
            }
            let depth = page.depth;
            self.each_entry(at, depth, |entry| *entry = Some(Arc::clone(&page)));
            return match put {
                Put::Replaced(before) => Some(before),
                Put::Added | Put::Full => {
                    self.count += 1;
                    None
                }
            };
        }
    }

    /// Removes a key, and gives the number it had.
    pub(super) fn remove(&mut self, key: TenantId) -> Option<u32> {
        let hash = self.hashing.hash_one(key);
        let at = place(hash);
        self.page(at)?.get(hash, key)?;
        let mut page = self.take(at)?;
        let hash_of = |key| self.hashing.hash_one(key);
        let number = Arc::make_mut(&mut page).remove(hash, key, hash_of)?;
        let depth = page.depth;
        self.each_entry(at, depth, |entry| *entry = Some(Arc::clone(&page)));
        drop(page);
        self.count -= 1;
        self.join(at);
        Some(number)
    }

    fn place(&self, key: TenantId) -> usize {
        place(self.hashing.hash_one(key))
    }

    fn places(&self) -> usize {
        self.chunks.len() * ENTRIES
    }

    #[inline]
    fn page(&self, at: usize) -> Option<&Page> {
        let chunk = (at / ENTRIES) & self.chunks.len().wrapping_sub(1);
        self.chunks.get(chunk)?.get(at % ENTRIES)?.as_deref()
    }

    /// Takes a page out of the directory: then only a clone of the table can hold it too.
    fn take(&mut self, at: usize) -> Option<Arc<Page>> {
        let depth = self.page(at)?.depth;
        let mut page = None;
        self.each_entry(at, depth, |entry| page = entry.take());
        page
    }

    /// Lets every entry for keys such as this page's lead to it.
    fn set(&mut self, at: usize, page: Page) {
        let (depth, page) = (page.depth, Arc::new(page));
        self.each_entry(at, depth, |entry| *entry = Some(Arc::clone(&page)));
    }

    fn each_entry(&mut self, at: usize, depth: u32, mut with: impl FnMut(&mut Option<Arc<Page>>)) {
        let step = 1 << depth;
        for at in (at & (step - 1)..self.places()).step_by(step) {
            let chunk = self.chunks.get_mut(at / ENTRIES).map(Arc::make_mut);
            if let Some(entry) = chunk.and_then(|chunk| chunk.get_mut(at % ENTRIES)) {
                with(entry);
            }
        }
    }

    /// Puts two pages where one was.
    fn split(&mut self, at: usize, page: &Page) {
        let bit = 1 << page.depth;
        if bit >= self.places() {
            self.chunks.extend_from_within(..);
        }
        for half in [0, bit] {
            let here = |key| self.place(key) & bit == half;
            let keys = page.entries().filter(|(key, _)| here(*key));
            let filled = self.filled(page.depth + 1, keys);
            self.set(at & !bit | half, filled);
        }
    }

    /// Puts one page where two were that have few keys.
    fn join(&mut self, at: usize) {
        let Some(page) = self.page(at).filter(|page| page.depth > 0) else {
            return;
        };
        let depth = page.depth - 1;
        let Some(other) = self.page(at ^ 1 << depth) else {
            return;
        };
        if other.depth == page.depth && page.len() + other.len() <= ROOM / 3 {
            let joined = self.filled(depth, page.entries().chain(other.entries()));
            self.set(at, joined);
        }
    }

    fn filled(&self, depth: u32, keys: impl Iterator<Item = (TenantId, u32)>) -> Page {
        let mut page = Page::empty(depth);
        for (key, number) in keys {
            page.put(self.hashing.hash_one(key), key, number);
        }
        page
    }
}

/// The entry for a hash in a directory as large as there can be one.
const fn place(hash: u64) -> usize {
    (hash & 0xffff_ffff) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::ids::Guid;

    fn key(number: u64) -> TenantId {
        let number = u128::from(number);
        TenantId(Guid::from_u128(number << 100 | number))
    }

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

    fn contents(table: &Table) -> HashMap<TenantId, u32> {
        let all: HashMap<_, _> = table.entries().collect();
        assert_eq!(all.len(), table.len());
        assert_eq!(table.entries().count(), table.len(), "each one once");
        all
    }

    #[test]
    fn a_table_holds_what_a_map_holds_and_its_clones_what_they_held_when_they_were_taken() {
        let (mut dice, mut table, mut map) = (dice(), Table::default(), HashMap::new());
        let mut clones = Vec::new();
        for round in 0..60_000_u64 {
            // Grows to some thousands, shrinks to some, and grows again.
            let shrinks = (round / 15_000) % 2 == 1;
            let key = key(dice(8_000));
            if dice(10) < if shrinks { 9 } else { 2 } {
                assert_eq!(table.remove(key), map.remove(&key), "{round}");
            } else {
                let number = dice(1_000) as u32;
                assert_eq!(table.put(key, number), map.insert(key, number), "{round}");
            }
            assert_eq!(table.get(key), map.get(&key).copied());
            if round % 3_000 == 0 {
                clones.push((table.clone(), map.clone()));
            }
        }
        clones.push((table, map));
        for (table, map) in clones {
            assert_eq!(contents(&table), map);
            for number in 0..8_100 {
                let key = key(number);
                assert_eq!(table.get(key), map.get(&key).copied());
            }
        }
    }

    /// Pages that only one of two tables has.
    fn own_pages(table: &Table, other: &Table) -> usize {
        let pages = |table: &Table| {
            let entries = table.chunks.iter().flat_map(|chunk| chunk.iter().flatten());
            entries
                .map(Arc::as_ptr)
                .collect::<std::collections::HashSet<_>>()
        };
        pages(table).difference(&pages(other)).count()
    }

    #[test]
    fn a_change_copies_the_page_it_is_in_and_no_other() {
        let mut table = Table::with_capacity(20_000);
        for number in 0..20_000 {
            table.put(key(number), 1);
        }
        let old = table.clone();
        table.put(key(7), 2);
        assert_eq!(own_pages(&table, &old), 1);
        table.remove(key(7));
        assert_eq!(own_pages(&table, &old), 1);
        assert_eq!((old.get(key(7)), table.get(key(7))), (Some(1), None));
    }

    #[test]
    fn pages_join_when_their_keys_are_gone() {
        let mut table = Table::default();
        for number in 0..20_000 {
            table.put(key(number), 1);
        }
        let many = own_pages(&table, &Table::default());
        for number in 10..20_000 {
            table.remove(key(number));
        }
        assert!(many > 25, "{many}");
        assert_eq!(own_pages(&table, &Table::default()), 1);
        assert_eq!(contents(&table).len(), 10);
    }

    #[test]
    fn a_table_that_was_given_room_splits_few_pages_and_leaves_a_fifth_of_each_empty() {
        for count in [1, 100, 1_000, 30_000] {
            let mut table = Table::with_capacity(count);
            let pages = own_pages(&table, &Table::default());
            (0..count).for_each(|n| assert_eq!(table.put(key(n as u64), 1), None));
            let now = own_pages(&table, &Table::default());
            assert!(now <= pages + pages / 8, "{count}: {pages}, then {now}");
            assert!(count <= now * ROOM as usize);
        }
    }
}
