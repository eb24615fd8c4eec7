//! Which things go with which, in a table whose clones share what they have in common.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use hashbrown::HashTable;

use crate::ids::Id;
use crate::snapshot::Hashing;

/// For each of many things those that go with it, which are few. A change copies one share.
#[derive(Clone, Debug, Default)]
pub(super) struct Relation {
    /// None, or [`SHARES`].
    shares: Vec<Arc<HashTable<Entry>>>,
    count: usize,
    hashing: Hashing,
}

#[derive(Clone, Debug)]
struct Entry {
    of: Id,
    /// In order, each once, never none.
    with: Vec<Id>,
}

/// So many that one of a hundred thousand things' is copied in some microseconds.
const SHARES: usize = 256;

impl Relation {
    /// How many pairs there are.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// What goes with a thing, in order.
    pub(super) fn of(&self, of: &Id) -> &[Id] {
        // Most installations assign nobody by documents, and nothing is hashed there.
        if self.count == 0 {
            return &[];
        }
        let hash = self.hashing.hash_one(of);
        let share = self.shares.get(share(hash));
        let found = share.and_then(|share| share.find(hash, |entry| entry.of == *of));
        found.map_or(&[], |entry| &entry.with)
    }

    /// Everything that something goes with, in no order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Id> {
        let shares = self.shares.iter();
        shares.flat_map(|share| share.iter()).map(|entry| &entry.of)
    }

    /// Whether two go together.
    pub(super) fn has(&self, of: &Id, with: &Id) -> bool {
        self.of(of).binary_search(with).is_ok()
    }

    /// Has two go together; whether they did not before.
    pub(super) fn add(&mut self, of: &Id, with: &Id) -> bool {
        if self.has(of, with) {
            return false;
        }
        if self.shares.is_empty() {
            self.shares = vec![Arc::default(); SHARES];
        }
        let hash = self.hashing.hash_one(of);
        let Some(share) = self.shares.get_mut(share(hash)).map(Arc::make_mut) else {
            return false;
        };
        self.count += 1;
        if let Some(entry) = share.find_mut(hash, |entry| entry.of == *of) {
            let place = entry.with.partition_point(|other| other < with);
            entry.with.insert(place, with.clone());
            return true;
        }
        let entry = Entry {
            of: of.clone(),
            with: vec![with.clone()],
        };
        share.insert_unique(hash, entry, |entry| self.hashing.hash_one(&entry.of));
        true
    }

    /// Parts two; whether they went together.
    pub(super) fn remove(&mut self, of: &Id, with: &Id) -> bool {
        if !self.has(of, with) {
            return false;
        }
        let hash = self.hashing.hash_one(of);
        let Some(share) = self.shares.get_mut(share(hash)) else {
            return false;
        };
        let found = Arc::make_mut(share).find_entry(hash, |entry| entry.of == *of);
        let Ok(mut found) = found else {
            return false;
        };
        let left = &mut found.get_mut().with;
        left.retain(|other| other != with);
        if left.is_empty() {
            found.remove();
        }
        self.count -= 1;
        true
    }
}

/// The share for a hash; what tells entries of one share apart are the bits that are left.
const fn share(hash: u64) -> usize {
    (hash >> 32) as usize % SHARES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> Id {
        Id::new(&format!("id {number}"))
    }

    #[test]
    fn a_change_among_a_hundred_thousand_leaves_nearly_all_of_them_shared() {
        let mut relation = Relation::default();
        for number in 0..100_000 {
            assert!(relation.add(&id(number), &id(number % 7)));
        }
        let old = relation.clone();
        assert!(relation.add(&id(77), &id(8)) && relation.remove(&id(77), &id(0)));
        let shares =
            |relation: &Relation| -> Vec<_> { relation.shares.iter().map(Arc::as_ptr).collect() };
        let pairs = shares(&old).into_iter().zip(shares(&relation));
        assert_eq!(pairs.filter(|(old, now)| old != now).count(), 1);
        assert_eq!(relation.of(&id(77)), [id(8)]);
        assert_eq!(old.of(&id(77)), [id(0)]);
        assert_eq!((old.len(), relation.len()), (100_000, 100_000));
        for number in (0..100_000).filter(|number| *number != 77) {
            assert!(relation.has(&id(number), &id(number % 7)), "{number}");
            assert!(!relation.has(&id(number), &id(8)), "{number}");
        }
    }

    #[test]
    fn what_goes_with_a_thing_is_in_order_and_goes_as_it_came() {
        let mut relation = Relation::default();
        for with in [3, 1, 2, 1] {
            relation.add(&id(0), &id(with));
        }
        assert_eq!(relation.of(&id(0)), [id(1), id(2), id(3)]);
        assert!(relation.remove(&id(0), &id(2)) && !relation.remove(&id(0), &id(2)));
        assert_eq!(relation.of(&id(0)), [id(1), id(3)]);
        assert!(relation.remove(&id(0), &id(1)) && relation.remove(&id(0), &id(3)));
        assert!(relation.of(&id(0)).is_empty() && relation.len() == 0);
    }
}
