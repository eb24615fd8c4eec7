//! Guest records by number.

use std::array;

use super::Guest;
use crate::snapshot::list::List;

/// Records by number, which each keeps for as long as it is there. A clone shares all but what changes.
#[derive(Clone, Debug)]
pub(in crate::snapshot) struct Numbered {
    slots: List<Slot, LEAF>,
    count: usize,
    /// The first number that is free again.
    free: u32,
    /// The first number that never was in use.
    next: u32,
}

#[derive(Clone, Debug)]
enum Slot {
    Taken(Guest),
    /// Free, as is the number here.
    Free(u32),
}

/// So many that the list of leaves of a million records stays in a processor's near caches, and that one is copied in some
/// microseconds.
const LEAF: usize = 128;

/// No number; there is no room for so many records.
const NONE: u32 = u32::MAX;

impl Default for Slot {
    fn default() -> Self {
        Self::Free(NONE)
    }
}

impl Default for Numbered {
    fn default() -> Self {
        Self {
            slots: List::default(),
            count: 0,
            free: NONE,
            next: 0,
        }
    }
}

impl Numbered {
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// The record with a number.
    #[inline]
    pub(in crate::snapshot) fn get(&self, number: u32) -> Option<&Guest> {
        match self.slots.get(number)? {
            Slot::Taken(record) => Some(record),
            Slot::Free(_) => None,
        }
    }

    /// Every record, in the order of the numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Guest> {
        (0..self.next).filter_map(|number| self.get(number))
    }

    /// Gives records numbers, and hands each over with it.
    pub(super) fn extend(
        &mut self,
        mut list: impl ExactSizeIterator<Item = Guest>,
        mut with: impl FnMut(u32, &Guest),
    ) {
        loop {
            let at_a_leaf = self.next.is_multiple_of(LEAF as u32) && self.next < NONE - LEAF as u32;
            if self.free == NONE && at_a_leaf && list.len() >= LEAF {
                let leaf = array::from_fn(|_| list.next().map_or_else(Slot::default, Slot::Taken));
                for (number, slot) in (self.next..).zip(&leaf) {
                    if let Slot::Taken(record) = slot {
                        with(number, record);
                    }
                }
                self.slots.put_leaf(self.next, leaf);
                self.next += LEAF as u32;
                self.count += LEAF;
            } else if let Some(record) = list.next() {
                if let Some((number, record)) = self.add(record) {
                    with(number, record);
                }
            } else {
                return;
            }
        }
    }

    /// Gives a record a number: the one after all others where none was removed. `None` where there is no number left.
    fn add(&mut self, record: Guest) -> Option<(u32, &Guest)> {
        let number = if self.free == NONE {
            self.next
        } else {
            self.free
        };
        let slot = self.slots.get_mut(number).filter(|_| number != NONE)?;
        match std::mem::replace(slot, Slot::Taken(record)) {
            Slot::Free(_) if number == self.next => self.next += 1,
            Slot::Free(after) => self.free = after,
            Slot::Taken(_) => {}
        }
        self.count += 1;
        match slot {
            Slot::Taken(record) => Some((number, record)),
            Slot::Free(_) => None,
        }
    }

    /// Removes the record with a number.
    pub(super) fn remove(&mut self, number: u32) {
        if self.get(number).is_none() {
            return;
        }
        if let Some(slot) = self.slots.get_mut(number) {
            *slot = Slot::Free(std::mem::replace(&mut self.free, number));
            self.count -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_takes_no_more_memory_than_its_record() {
        assert_eq!(size_of::<Slot>(), size_of::<Guest>());
    }
}
