//! A list whose clones share what they have in common.

use std::array;
use std::sync::Arc;

/// Values by number; a number that nothing was put at holds the default.
///
/// A change copies one leaf, of so many values, and the way to it, however long the list is.
#[derive(Clone, Debug)]
pub(super) struct List<T, const VALUES: usize = 32> {
    blocks: Vec<Arc<Block<T, VALUES>>>,
    /// The first number that nothing was put at.
    end: u32,
}

type Block<T, const VALUES: usize> = [Arc<[T; VALUES]>; LEAVES];

const LEAVES: usize = 128;

impl<T, const VALUES: usize> Default for List<T, VALUES> {
    fn default() -> Self {
        Self {
            blocks: Vec::new(),
            end: 0,
        }
    }
}

impl<T, const VALUES: usize> List<T, VALUES> {
    /// The value at a number; `None` where nothing was put near it.
    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&T> {
        let [block, leaf, value] = way::<VALUES>(number);
        self.blocks.get(block)?.get(leaf)?.get(value)
    }
}

impl<T: Clone + Default, const VALUES: usize> List<T, VALUES> {
    /// The value at a number, to be changed.
    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        Arc::make_mut(self.leaf_mut(number)?).get_mut(number as usize % VALUES)
    }

    /// Puts a whole leaf where the one with this number is.
    pub(super) fn put_leaf(&mut self, number: u32, leaf: [T; VALUES]) {
        let last = number | (VALUES as u32 - 1);
        if let Some(before) = self.leaf_mut(last) {
            *before = Arc::new(leaf);
        }
    }

    fn leaf_mut(&mut self, number: u32) -> Option<&mut Arc<[T; VALUES]>> {
        let [block, leaf, _] = way::<VALUES>(number);
        self.end = self.end.max(number.saturating_add(1));
        if self.blocks.len() <= block {
            // One leaf, until something is put: a reader need not ask whether there is one.
            let empty = Arc::new(array::from_fn(|_| T::default()));
            let block_of_it = Arc::new(array::from_fn(|_| Arc::clone(&empty)));
            self.blocks.resize(block + 1, block_of_it);
        }
        Arc::make_mut(self.blocks.get_mut(block)?).get_mut(leaf)
    }

    /// Changes every value that was put.
    pub(super) fn each_mut(&mut self, mut with: impl FnMut(&mut T)) {
        for number in 0..self.end {
            self.get_mut(number).map(&mut with);
        }
    }
}

/// The places on the way to a value, from the outermost.
const fn way<const VALUES: usize>(number: u32) -> [usize; 3] {
    let number = number as usize;
    [
        number / VALUES / LEAVES,
        number / VALUES % LEAVES,
        number % VALUES,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_keeps_its_values_and_both_share_all_leaves_but_the_changed_one() {
        let mut list: List<u32> = List::default();
        for number in 0..10_000 {
            *list.get_mut(number).unwrap() = number;
        }
        let old = list.clone();
        *list.get_mut(5_000).unwrap() = 7;
        for number in 0..10_000 {
            assert_eq!(old.get(number), Some(&number));
            let now = if number == 5_000 { 7 } else { number };
            assert_eq!(list.get(number), Some(&now));
        }
        let leaves = |list: &List<u32>| -> Vec<_> {
            let leaves = list.blocks.iter().flat_map(|block| block.iter());
            leaves.map(Arc::as_ptr).collect()
        };
        let differ = leaves(&old).into_iter().zip(leaves(&list));
        assert_eq!(differ.filter(|(old, now)| old != now).count(), 1);
        assert_eq!(list.get(1 << 20), None);
    }
}
