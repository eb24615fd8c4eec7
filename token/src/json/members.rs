//! The members of a JSON object: found by name in constant time, no name twice.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Map, Value};

use super::node::Node;

/// The members of a JSON object, in the order they were written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members<'a> {
    list: Vec<Member<'a>>,
    places: Places<'a>,
}

/// There is a member of this name already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SameName;

#[derive(Clone, Debug, PartialEq)]
struct Member<'a> {
    name: Cow<'a, str>,
    value: Node<'a>,
}

/// Where in the list the member of a name stands.
#[derive(Clone, Debug)]
enum Places<'a> {
    /// An open hash table of the places, counted from 1; 0 is empty. Names that all fall into one slot are compared
    /// with each other, which so few of them make cheap.
    Few([u8; SLOTS]),
    /// However many there are and whoever chose their names: this one's hash is keyed.
    Many(Box<HashMap<Cow<'a, str>, usize>>),
}

const SLOTS: usize = 128;

/// Beyond that an open table has too few empty slots left.
const FEW: usize = SLOTS / 2;

impl<'a> Members<'a> {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            list: Vec::with_capacity(capacity),
            places: Places::default(),
        }
    }

    /// Adds a member, unless there is one of this name.
    pub(crate) fn insert(&mut self, name: Cow<'a, str>, value: Node<'a>) -> Result<(), SameName> {
        if self.list.len() == FEW {
            self.places = Places::many(&self.list);
        }
        match &mut self.places {
            Places::Few(slots) => {
                let slot = free_slot(slots, &self.list, &name)?;
                // At most `FEW` of them, so it fits.
                *slot = u8::try_from(self.list.len() + 1).unwrap_or_default();
            }
            Places::Many(places) => {
                if places.insert(name.clone(), self.list.len()).is_some() {
                    return Err(SameName);
                }
            }
        }
        self.list.push(Member { name, value });
        Ok(())
    }

    /// The member of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Node<'a>> {
        let place = match &self.places {
            Places::Few(slots) => probe(name)
                .map_while(|slot| place_in(*slots.get(slot)?))
                .find(|place| self.is_named(*place, name))?,
            Places::Many(places) => *places.get(name)?,
        };
        self.list.get(place).map(|member| &member.value)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn is_named(&self, place: usize, name: &str) -> bool {
        self.list
            .get(place)
            .is_some_and(|member| member.name == name)
    }
}
