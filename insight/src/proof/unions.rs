//! Sets of ids that are read by "is any of them in this list" alone.

use std::collections::{BTreeSet, HashMap, HashSet};

use crossgate_policy::ids::Id;

/// Which of some lists name something.
pub(super) type Column = Vec<bool>;

/// Lists of ids, to ask which of them name an id.
#[derive(Debug, Default)]
pub(super) struct Lists<'a>(Vec<HashSet<&'a Id>>);

impl<'a> Lists<'a> {
    pub(super) fn add(&mut self, list: &'a [Id]) {
        if !list.is_empty() {
            let list: HashSet<&Id> = list.iter().collect();
            // A list that stands there says nothing new.
            if !self.0.contains(&list) {
                self.0.push(list);
            }
        }
    }

    pub(super) fn column(&self, id: &Id) -> Column {
        self.0.iter().map(|list| list.contains(id)).collect()
    }

    /// The same of a set of ids: which lists name any of them.
    pub(super) fn column_of(&self, ids: &[Id]) -> Column {
        let mut column = vec![false; self.0.len()];
        for id in ids {
            unite(&mut column, &self.column(id));
        }
        column
    }

    /// Every id that is named, in order.
    pub(super) fn named(&self) -> BTreeSet<&'a Id> {
        self.0.iter().flatten().copied().collect()
    }

    /// One id for each column there is.
    pub(super) fn representatives(&self) -> Vec<&'a Id> {
        let mut seen = HashSet::new();
        let named = self.named().into_iter();
        named.filter(|id| seen.insert(self.column(id))).collect()
    }

    /// One set of ids for each column that a set can have, the empty one first; `None` where there are more than `most`.
    ///
    /// Complete: the column of a set is the union of those of its members, and every union of columns is met by adding one member
    /// after the other.
    pub(super) fn unions(&self, most: usize) -> Option<Vec<Vec<Id>>> {
        let mut sets: HashMap<Column, Vec<Id>> = HashMap::new();
        let mut order = vec![vec![false; self.0.len()]];
        sets.insert(vec![false; self.0.len()], Vec::new());
        for id in self.representatives() {
            let column = self.column(id);
            for known in order.clone() {
                let mut union = known.clone();
                unite(&mut union, &column);
                if sets.contains_key(&union) {
                    continue;
                }
                let mut members = sets.get(&known).cloned().unwrap_or_default();
                members.push(id.clone());
                order.push(union.clone());
                sets.insert(union, members);
                if order.len() > most {
                    return None;
                }
            }
        }
        Some(
            order
                .iter()
                .filter_map(|column| sets.get(column).cloned())
                .collect(),
        )
    }
}

fn unite(column: &mut Column, other: &Column) {
    for (own, other) in column.iter_mut().zip(other) {
        *own |= other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<Id> {
        names.iter().map(|name| Id::new(name)).collect()
    }

    #[test]
    fn every_union_of_lists_is_met_once() {
        let (one, two, three) = (ids(&["a", "b"]), ids(&["b", "c"]), ids(&["c", "d", "e"]));
        let mut lists = Lists::default();
        for list in [&one, &two, &three] {
            lists.add(list);
        }
        let met: Vec<Column> = lists
            .unions(100)
            .unwrap()
            .iter()
            .map(|set| lists.column_of(set))
            .collect();
        // By hand: of the five ids all 32 sets.
        let all = ids(&["a", "b", "c", "d", "e"]);
        let by_hand: BTreeSet<Column> = (0..32_u32)
            .map(|bits| {
                let set: Vec<Id> = all
                    .iter()
                    .enumerate()
                    .filter(|(place, _)| bits >> place & 1 == 1)
                    .map(|(_, id)| id.clone())
                    .collect();
                lists.column_of(&set)
            })
            .collect();
        assert_eq!(met.iter().cloned().collect::<BTreeSet<_>>(), by_hand);
        assert_eq!(met.len(), by_hand.len());
        assert_eq!(lists.unions(3), None);
    }
}
