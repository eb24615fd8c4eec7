//! Equal values kept once, and counted.

use super::page::EMPTY;
use super::table::Table;
use crate::ids::TenantId;
use crate::snapshot::list::List;

/// Values by number, equal ones once, and how often each is used.
#[derive(Clone, Debug)]
pub(super) struct Pool<T> {
    values: List<T>,
    uses: List<Uses>,
    numbers: Table,
    /// The first number that is free again.
    free: u32,
    /// The first number that never was in use.
    next: u32,
}

#[derive(Clone, Copy, Debug)]
enum Uses {
    /// So many.
    Some(u32),
    /// None: the number is free, as is this one.
    Free(u32),
}

impl Default for Uses {
    fn default() -> Self {
        Self::Some(0)
    }
}

/// What a value is found by: 128 bits of hash.
pub(super) type Key = TenantId;

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self {
            values: List::default(),
            uses: List::default(),
            numbers: Table::default(),
            free: EMPTY,
            next: 0,
        }
    }
}

impl<T: Clone + Default + PartialEq> Pool<T> {
    /// How many different values are in use.
    pub(super) const fn len(&self) -> usize {
        self.numbers.len()
    }

    /// All values by number.
    pub(super) const fn values(&self) -> &List<T> {
        &self.values
    }

    /// Numbers and values in use.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        // In the order of memory, which is several times as fast as that of the table.
        (0..self.next)
            .filter(|number| matches!(self.uses.get(*number), Some(Uses::Some(_))))
            .filter_map(|number| Some((number, self.values.get(number)?)))
    }

    /// The number of a value that is in use.
    pub(super) fn find(&self, key: Key, value: &T) -> Option<u32> {
        let number = self.numbers.get(key)?;
        (self.values.get(number)? == value).then_some(number)
    }

    /// Uses a value once more.
    pub(super) fn keep(&mut self, key: Key, value: T) -> u32 {
        if let Some(number) = self.find(key, &value) {
            self.count(number);
            return number;
        }
        let number = match self.uses.get(self.free) {
            Some(Uses::Free(after)) => std::mem::replace(&mut self.free, *after),
            Some(Uses::Some(_)) | None => {
                self.next += 1;
                self.next - 1
            }
        };
        if let Some(place) = self.values.get_mut(number) {
            *place = value;
        }
        if let Some(uses) = self.uses.get_mut(number) {
            *uses = Uses::Some(1);
        }
        self.numbers.put(key, number);
        number
    }

    /// Uses the value of this number once more.
    pub(super) fn count(&mut self, number: u32) {
        if let Some(Uses::Some(uses)) = self.uses.get_mut(number) {
            *uses += 1;
        }
    }

    /// Uses the value of this number once less. If that was the last time, the number is free: then the value.
    pub(super) fn let_go(&mut self, number: u32, key: impl FnOnce(&T) -> Key) -> Option<T> {
        let uses = self.uses.get_mut(number)?;
        match uses {
            Uses::Some(uses) if *uses > 1 => {
                *uses -= 1;
                return None;
            }
            Uses::Free(_) => return None,
            Uses::Some(_) => *uses = Uses::Free(std::mem::replace(&mut self.free, number)),
        }
        let value = std::mem::take(self.values.get_mut(number)?);
        self.numbers.remove(key(&value));
        Some(value)
    }

    /// Puts another value in the place of one; it must not be equal to any in use.
    pub(super) fn replace(&mut self, number: u32, before: Key, key: Key, value: T) {
        self.numbers.remove(before);
        self.numbers.put(key, number);
        if let Some(place) = self.values.get_mut(number) {
            *place = value;
        }
    }
}
