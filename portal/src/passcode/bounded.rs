//! A table that never grows beyond a number of entries.

use std::collections::{BTreeMap, HashMap};

/// Entries by place. Where there are too many, the one that was put there first goes.
pub(super) struct Bounded<V> {
    most: usize,
    next: u64,
    // INVARIANT: each entry's number leads back to its place, and there are no other numbers.
    entries: HashMap<u128, (u64, V)>,
    order: BTreeMap<u64, u128>,
}

impl<V> Bounded<V> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            next: 0,
            entries: HashMap::new(),
            order: BTreeMap::new(),
        }
    }

    pub(super) fn insert(&mut self, place: u128, value: V) {
        self.remove(place);
        if self.entries.len() >= self.most
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.entries.remove(&oldest);
        }
        self.order.insert(self.next, place);
        self.entries.insert(place, (self.next, value));
        self.next = self.next.wrapping_add(1);
    }

    pub(super) fn get_mut(&mut self, place: u128) -> Option<&mut V> {
        self.entries.get_mut(&place).map(|(_, value)| value)
    }

    pub(super) fn remove(&mut self, place: u128) -> Option<V> {
        let (number, value) = self.entries.remove(&place)?;
        self.order.remove(&number);
        Some(value)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first_and_what_is_put_again_is_new() {
        let mut table = Bounded::new(2);
        table.insert(1, 'a');
        table.insert(2, 'b');
        table.insert(1, 'c');
        table.insert(3, 'd');
        assert_eq!(table.get_mut(1), Some(&mut 'c'));
        assert_eq!(table.get_mut(2), None);
        assert_eq!(table.remove(3), Some('d'));
        assert_eq!(table.remove(3), None);
        table.insert(4, 'e');
        assert_eq!(table.get_mut(1), Some(&mut 'c'));
        assert_eq!((table.len(), table.order.len()), (2, 2));
    }

    #[test]
    fn it_stays_within_its_bound_whatever_is_put_and_removed() {
        let mut table = Bounded::new(100);
        for number in 0..10_000_u128 {
            table.insert(number * 7 % 1000, number);
            if number % 3 == 0 {
                table.remove(number % 1000);
            }
            assert!(table.len() <= 100);
            assert_eq!(table.len(), table.order.len());
        }
    }
}
