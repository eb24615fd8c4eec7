//! Sums put together by what a row is of. There may be a row for each of some hundred thousand users, of which few are shown.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use crate::sign_ins::{ActivitySum, Crossed};

/// What the events of a row agree in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Of<'s> {
    /// The app, user or code.
    pub(super) what: Option<&'s str>,
    /// In lower case or not, which is the same tenant.
    pub(super) tenant: Option<&'s str>,
    pub(super) crossed: Crossed,
}

/// A row, and what is counted of it.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) what: Option<String>,
    pub(super) tenant: Option<String>,
    pub(super) crossed: Crossed,
    pub(super) name: Option<String>,
    pub(super) events: u64,
    pub(super) requests: u64,
    success: u64,
    /// Whether it is not known how all of them ended.
    without_status: bool,
    users: HashSet<Box<str>>,
}

impl Tally {
    /// Of nothing in particular.
    pub(super) fn new() -> Self {
        Self::of(Of {
            what: None,
            tenant: None,
            crossed: Crossed::Neither,
        })
    }

    fn of(of: Of<'_>) -> Self {
        Self {
            what: of.what.map(str::to_owned),
            tenant: of.tenant.map(str::to_ascii_lowercase),
            crossed: of.crossed,
            name: None,
            events: 0,
            requests: 0,
            success: 0,
            without_status: false,
            users: HashSet::new(),
        }
    }

    pub(super) fn add(&mut self, sum: &ActivitySum<'_>) {
        self.events += sum.events;
        self.requests += sum.requests;
        match sum.code {
            Some("0") => self.success += sum.events,
            Some(_) => {}
            None => self.without_status = true,
        }
    }

    /// How many were let in, and how many were not; `None` where that is not known of all.
    pub(super) fn endings(&self) -> Option<(u64, u64)> {
        (!self.without_status).then(|| (self.success, self.events - self.success))
    }

    pub(super) fn add_user(&mut self, user: &str) {
        if !self.users.contains(user) {
            self.users.insert(user.into());
        }
    }

    pub(super) fn users(&self) -> usize {
        self.users.len()
    }
}

/// Rows by what they are of.
#[derive(Debug, Default)]
pub(super) struct Groups {
    places: HashMap<String, usize>,
    tallies: Vec<Tally>,
    /// Is made for each sum, and kept for few.
    key: String,
}

impl Groups {
    /// The row of this, which is there from now on.
    pub(super) fn row(&mut self, of: Of<'_>) -> Option<&mut Tally> {
        self.name(of);
        let place = match self.places.get(&self.key) {
            Some(place) => *place,
            None => {
                let place = self.tallies.len();
                self.tallies.push(Tally::of(of));
                self.places.insert(self.key.clone(), place);
                place
            }
        };
        self.tallies.get_mut(place)
    }

    /// The row of this, where there is one.
    pub(super) fn known(&mut self, of: Of<'_>) -> Option<&mut Tally> {
        self.name(of);
        let place = self.places.get(&self.key)?;
        self.tallies.get_mut(*place)
    }

    fn name(&mut self, of: Of<'_>) {
        // Nothing is another thing than an empty text; no id has these letters.
        let mark = |text: Option<&str>| if text.is_some() { '\n' } else { '\r' };
        self.key.clear();
        self.key.push(mark(of.tenant));
        self.key.push_str(of.tenant.unwrap_or_default());
        self.key.make_ascii_lowercase();
        self.key.push(mark(of.what));
        self.key.push_str(of.what.unwrap_or_default());
        self.key.push('\n');
        self.key.push_str(of.crossed.name());
    }

    /// Those with most events, in their order, and how many others there are.
    pub(super) fn largest(mut self, most: usize) -> (Vec<Tally>, usize) {
        let left_off = self.tallies.len().saturating_sub(most);
        let order = |one: &Tally, other: &Tally| {
            let key = |tally: &Tally| (Reverse(tally.events), tally.crossed);
            let ids = |tally: &Tally| (tally.what.clone(), tally.tenant.clone());
            key(one)
                .cmp(&key(other))
                .then_with(|| ids(one).cmp(&ids(other)))
        };
        if left_off > 0 {
            self.tallies.select_nth_unstable_by(most, order);
            self.tallies.truncate(most);
        }
        self.tallies.sort_unstable_by(order);
        (self.tallies, left_off)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'s>(what: Option<&'s str>, tenant: Option<&'s str>) -> Of<'s> {
        Of {
            what,
            tenant,
            crossed: Crossed::Inbound,
        }
    }

    #[test]
    fn rows_are_told_apart_by_all_that_they_are_of_and_tenants_by_no_capitals() {
        let mut groups = Groups::default();
        for (what, tenant) in [
            (Some("ada"), Some("AB")),
            (Some("ada"), Some("ab")),
            (Some("ADA"), Some("ab")),
            (Some(""), Some("ab")),
            (None, Some("ab")),
            (None, None),
            (Some("ab"), None),
            (Some("AB"), Some("AB")),
        ] {
            groups.row(of(what, tenant)).unwrap().events += 1;
        }
        assert!(groups.known(of(Some("eve"), None)).is_none());
        let outbound = Of {
            crossed: Crossed::Outbound,
            ..of(Some("ada"), Some("ab"))
        };
        assert!(groups.known(outbound).is_none());
        let (rows, left_off) = groups.largest(100);
        assert_eq!((rows.len(), left_off), (7, 0));
        assert_eq!((rows[0].events, rows[0].what.as_deref()), (2, Some("ada")));
    }

    #[test]
    fn the_largest_come_in_their_order_and_the_others_are_counted() {
        let mut groups = Groups::default();
        for number in 0..1000_u64 {
            let what = format!("{number:04}");
            groups.row(of(Some(&what), None)).unwrap().events = number / 10;
        }
        let (rows, left_off) = groups.largest(15);
        let what: Vec<_> = rows.iter().filter_map(|row| row.what.as_deref()).collect();
        let expected: Vec<String> = (990..1000)
            .chain(980..985)
            .map(|number| format!("{number:04}"))
            .collect();
        assert_eq!(
            (what, left_off),
            (expected.iter().map(String::as_str).collect(), 985)
        );
    }

    #[test]
    fn users_count_once() {
        let mut tally = Tally::new();
        for user in ["ada", "eve", "ada"] {
            tally.add_user(user);
        }
        assert_eq!(tally.users(), 2);
    }
}
