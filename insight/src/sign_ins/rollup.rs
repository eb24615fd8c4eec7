//! Events added up: who came and what they came for, so that a summary reads sums and not events.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::bytes::{Packer, Rest, Unpacker, put_number, put_text};
use super::column::Column;
use super::error::Broken;
use super::event::Facts;

/// The two rollups of some events.
#[derive(Clone, Debug, Default)]
pub(super) struct Rollups {
    /// By what was asked for.
    pub(super) what: Rollup<6>,
    /// By who asked.
    pub(super) who: Rollup<5>,
}

/// The columns of [`Rollups::what`].
pub(super) const WHAT: [Column; 6] = [
    Column::HomeTenantId,
    Column::ResourceTenantId,
    Column::CrossTenantAccessType,
    Column::ResourceId,
    Column::ResourceDisplayName,
    Column::ErrorCode,
];

/// The columns of [`Rollups::who`].
pub(super) const WHO: [Column; 5] = [
    Column::HomeTenantId,
    Column::ResourceTenantId,
    Column::CrossTenantAccessType,
    Column::UserId,
    Column::UserPrincipalName,
];

impl Rollups {
    pub(super) fn add(&mut self, facts: &Facts) {
        let sum = Sum {
            events: 1,
            requests: facts.requests,
        };
        self.what.add(WHAT.map(|column| facts.value(column)), sum);
        self.who.add(WHO.map(|column| facts.value(column)), sum);
    }
}

/// How many.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sum {
    /// Events.
    pub events: u64,
    /// Requests that they stand for.
    pub requests: u64,
}

impl Sum {
    pub(crate) const fn add(&mut self, other: Self) {
        self.events += other.events;
        self.requests += other.requests;
    }
}

/// Sums by some columns.
#[derive(Clone, Debug)]
pub(super) struct Rollup<const COLUMNS: usize> {
    texts: Texts,
    sums: HashMap<[u32; COLUMNS], Sum, RandomState>,
}

impl<const COLUMNS: usize> Default for Rollup<COLUMNS> {
    fn default() -> Self {
        Self {
            texts: Texts::default(),
            sums: HashMap::default(),
        }
    }
}

impl<const COLUMNS: usize> Rollup<COLUMNS> {
    pub(super) fn add(&mut self, values: [Option<&str>; COLUMNS], sum: Sum) {
        let key = values.map(|value| self.texts.number(value));
        self.sums.entry(key).or_default().add(sum);
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = ([Option<&str>; COLUMNS], Sum)> {
        self.sums
            .iter()
            .map(|(key, sum)| (key.map(|number| self.texts.get(number)), *sum))
    }

    pub(super) fn pack(&self, packer: &mut Packer) -> Result<Vec<u8>, Broken> {
        let mut out = Vec::new();
        put_number(&mut out, self.texts.all.len() as u64);
        for text in &self.texts.all {
            put_text(&mut out, Some(text));
        }
        let mut rows: Vec<_> = self.sums.iter().collect();
        rows.sort_unstable_by_key(|(key, _)| **key);
        for (key, sum) in rows {
            for number in key {
                put_number(&mut out, u64::from(*number));
            }
            put_number(&mut out, sum.events);
            put_number(&mut out, sum.requests);
        }
        packer.pack(&out)
    }

    /// Adds what was packed.
    pub(super) fn merge(&mut self, packed: &[u8], unpacker: &mut Unpacker) -> Result<(), Broken> {
        let bytes = unpacker.unpack(packed)?;
        let mut rest = Rest(&bytes);
        let mut numbers = vec![0];
        for _ in 0..rest.count()? {
            numbers.push(self.texts.number(rest.text()?));
        }
        while !rest.is_empty() {
            let mut key = [0; COLUMNS];
            for number in &mut key {
                let theirs = usize::try_from(rest.number()?).map_err(|_| Broken)?;
                *number = *numbers.get(theirs).ok_or(Broken)?;
            }
            let sum = Sum {
                events: rest.number()?,
                requests: rest.number()?,
            };
            self.sums.entry(key).or_default().add(sum);
        }
        Ok(())
    }
}

/// Texts by numbers from 1 on; 0 is `null`.
#[derive(Clone, Debug, Default)]
struct Texts {
    all: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32, RandomState>,
}

impl Texts {
    fn number(&mut self, text: Option<&str>) -> u32 {
        let Some(text) = text else {
            return 0;
        };
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        self.all.push(text.into());
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.numbers.insert(text.into(), number);
        number
    }

    fn get(&self, number: u32) -> Option<&str> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        self.all.get(place).map(|text| &**text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_merged_adds_up() {
        let sum = |events, requests| Sum { events, requests };
        let (mut packer, mut unpacker) = (Packer::new().unwrap(), Unpacker::new().unwrap());
        let mut one = Rollup::<2>::default();
        one.add([Some("a"), None], sum(1, 5));
        one.add([Some("b"), Some("a")], sum(1, 1));
        let mut other = Rollup::<2>::default();
        other.add([Some("b"), Some("a")], sum(2, 2));
        other.add([Some("a"), None], sum(1, 1));
        let packed = other.pack(&mut packer).unwrap();
        one.merge(&packed, &mut unpacker).unwrap();
        let mut rows: Vec<_> = one.rows().collect();
        rows.sort_unstable_by_key(|(key, _)| *key);
        assert_eq!(
            rows,
            [
                ([Some("a"), None], sum(2, 6)),
                ([Some("b"), Some("a")], sum(3, 3))
            ]
        );
    }
}
