//! The members of an object, found by name.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::Node;

/// The members of an object, in the order in which they were read.
///
/// A [`FEW`] are looked through, by marks that hardly ever agree for two names unless somebody chose them to, which costs
/// that many comparisons. More are found through the standard library's keyed hash: nobody can choose names for it.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone, PartialEq))]
pub(crate) struct Members<'a> {
    /// Of the first [`FEW`].
    marks: Vec<u64>,
    list: Vec<(Cow<'a, str>, Node<'a>)>,
    /// Their places by name, once they are more than a [`FEW`].
    places: Option<HashMap<Cow<'a, str>, usize>>,
}

/// A name is already there.
#[derive(Debug)]
pub(super) struct Duplicate;

impl<'a> Members<'a> {
    /// None, with room for so many.
    pub(super) fn with_capacity(expected: usize) -> Self {
        Self {
            marks: Vec::with_capacity(expected),
            list: Vec::with_capacity(expected),
            places: None,
        }
    }

    /// The value of the member with this name.
    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<&Node<'a>> {
        self.list.get(self.place(name)?).map(|(_, member)| member)
    }

    /// Whether there is a member with this name.
    #[inline]
    pub(crate) fn contains_key(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Node<'a>)> {
        self.list.iter().map(|(name, member)| (&**name, member))
    }

    pub(super) fn insert(&mut self, name: Cow<'a, str>, member: Node<'a>) -> Result<(), Duplicate> {
        if self.list.len() < FEW {
            if self.place(&name).is_some() {
                return Err(Duplicate);
            }
            self.marks.push(mark(&name));
        } else {
            let names = self.list.iter().map(|(name, _)| name.clone());
            let places = self.places.get_or_insert_with(|| names.zip(0..).collect());
            match places.entry(name.clone()) {
                Entry::Occupied(_) => return Err(Duplicate),
                Entry::Vacant(vacant) => {
                    vacant.insert(self.list.len());
                }
            }
        }
        self.list.push((name, member));
        Ok(())
    }

    #[inline]
    fn place(&self, name: &str) -> Option<usize> {
        if let Some(places) = &self.places {
            return places.get(name).copied();
        }
        let wanted = mark(name);
        let mut marks = self.marks.iter().enumerate();
        marks
            .find(|(place, mark)| {
                **mark == wanted
                    && self
                        .list
                        .get(*place)
                        .is_some_and(|(found, _)| **found == *name)
            })
            .map(|(place, _)| place)
    }
}

impl<'a> IntoIterator for Members<'a> {
    type Item = (Cow<'a, str>, Node<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

/// The end of a name, by which names of one kind differ, and its length.
#[inline]
fn mark(name: &str) -> u64 {
    let (bytes, length) = (name.as_bytes(), name.len() as u64);
    if let Some(last) = bytes.last_chunk::<8>() {
        return u64::from_be_bytes(*last) ^ length << 56;
    }
    bytes
        .iter()
        .fold(length, |mark, byte| mark << 8 | u64::from(*byte))
}

/// More members than Entra's tokens have claims.
pub(super) const FEW: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of which many have the same mark.
    fn name(number: usize) -> String {
        let end = if number.is_multiple_of(2) {
            ""
        } else {
            "_claimed"
        };
        format!("{number:06}{end}")
    }

    #[test]
    fn each_member_is_found_by_its_name_and_no_name_goes_in_twice_whatever_their_number() {
        for number in [0, 1, FEW - 1, FEW, FEW + 1, 2000] {
            let mut members = Members::with_capacity(0);
            for at in 0..number {
                let value = Node::Number(at.into());
                assert!(members.insert(Cow::Owned(name(at)), value).is_ok());
                assert!(
                    members
                        .insert(Cow::Owned(name(at / 2)), Node::Null)
                        .is_err()
                );
            }
            // A name beyond the first `FEW` was tried above, if only to be refused.
            let hashed = (number >= FEW).then_some(number);
            assert_eq!(members.places.as_ref().map(HashMap::len), hashed);
            assert_eq!(members.marks.len(), number.min(FEW));
            for at in 0..number {
                assert_eq!(members.get(&name(at)), Some(&Node::Number(at.into())));
            }
            for absent in [name(number).as_str(), "", "0", "_claimed"] {
                assert!(!members.contains_key(absent), "{absent} of {number}");
            }
            assert_eq!(members.into_iter().count(), number);
        }
    }
}
