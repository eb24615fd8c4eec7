//! Sets of actions.

use std::fmt;

use super::Action;

/// Some actions, a bit each.
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq)]
pub struct ActionSet(u128);

const _: () = assert!(Action::ALL.len() < 128, "an action is a bit");

impl ActionSet {
    /// None.
    pub const EMPTY: Self = Self(0);

    /// Every action.
    pub const ALL: Self = Self::of(Action::ALL);

    /// These actions.
    #[must_use]
    pub const fn of(actions: &[Action]) -> Self {
        let (mut bits, mut rest) = (0, actions);
        while let [first, others @ ..] = rest {
            bits |= bit(*first);
            rest = others;
        }
        Self(bits)
    }

    /// Whether the action is one of them.
    #[must_use]
    pub const fn contains(self, action: Action) -> bool {
        self.0 & bit(action) != 0
    }

    /// Whether the other set has all of them.
    #[must_use]
    pub const fn is_subset(self, of: Self) -> bool {
        self.0 & !of.0 == 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Those in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that the other set has not.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// With all that its actions include ([`Action::implies`]).
    #[must_use]
    pub fn with_implied(self) -> Self {
        self.iter()
            .fold(self, |set, action| set.union(action.implies()))
    }

    /// In the order of [`Action::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL
            .iter()
            .copied()
            .filter(move |action| self.contains(*action))
    }
}

const fn bit(action: Action) -> u128 {
    1 << action as u8
}

impl FromIterator<Action> for ActionSet {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        Self(
            actions
                .into_iter()
                .fold(0, |bits, action| bits | bit(action)),
        )
    }
}

impl fmt::Debug for ActionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The actions that a request takes, all of them. At least one: a request that takes none would be anybody's.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Required(ActionSet);

impl Required {
    /// This action.
    #[must_use]
    pub const fn one(action: Action) -> Self {
        Self(ActionSet::of(&[action]))
    }

    /// These actions; `None` where there is none.
    #[must_use]
    pub const fn all(actions: ActionSet) -> Option<Self> {
        if actions.is_empty() {
            None
        } else {
            Some(Self(actions))
        }
    }

    /// Which.
    #[must_use]
    pub const fn actions(self) -> ActionSet {
        self.0
    }
}

impl From<Action> for Required {
    fn from(action: Action) -> Self {
        Self::one(action)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    use super::*;

    fn any_actions() -> impl Strategy<Value = BTreeSet<Action>> {
        proptest::collection::btree_set(proptest::sample::select(Action::ALL), 0..20)
    }

    proptest! {
        #[test]
        fn a_set_of_bits_does_what_a_set_does(a in any_actions(), b in any_actions()) {
            let set = |actions: &BTreeSet<Action>| actions.iter().copied().collect::<ActionSet>();
            let (x, y) = (set(&a), set(&b));
            prop_assert_eq!(x.iter().collect::<BTreeSet<_>>(), a.clone());
            prop_assert_eq!(x.len(), a.len());
            prop_assert_eq!(x.is_empty(), a.is_empty());
            prop_assert_eq!(x.is_subset(y), a.is_subset(&b));
            prop_assert_eq!(x.union(y), set(&a.union(&b).copied().collect()));
            prop_assert_eq!(x.intersection(y), set(&a.intersection(&b).copied().collect()));
            prop_assert_eq!(x.without(y), set(&a.difference(&b).copied().collect()));
        }
    }

    #[test]
    fn the_whole_set_has_every_action() {
        assert_eq!(ActionSet::ALL.len(), Action::ALL.len());
        assert!(ActionSet::ALL.iter().eq(Action::ALL.iter().copied()));
    }

    #[test]
    fn no_request_takes_nothing() {
        assert_eq!(Required::all(ActionSet::EMPTY), None);
        let one = Required::one(Action::PartnersRead);
        assert_eq!(Required::all(one.actions()), Some(one));
    }
}
