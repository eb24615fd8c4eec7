//! Events that are being added up, in any order.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use indexmap::IndexSet;

use super::block::Values;
use super::event::Facts;
use super::rollup::{Rollup, Sum};
use super::sums::{WHAT, WHO};
use super::texts::Texts;

/// Sums that grow. See [`Rollup`], which it becomes.
#[derive(Clone, Debug)]
pub(super) struct Tally<const COLUMNS: usize> {
    /// By numbers from 1 on; 0 is `null`.
    texts: IndexSet<Box<str>, RandomState>,
    sums: HashMap<[u32; COLUMNS], Sum, RandomState>,
}

impl<const COLUMNS: usize> Default for Tally<COLUMNS> {
    fn default() -> Self {
        Self {
            texts: IndexSet::default(),
            sums: HashMap::default(),
        }
    }
}

impl<const COLUMNS: usize> Tally<COLUMNS> {
    pub(super) fn add(&mut self, values: [Option<&str>; COLUMNS], sum: Sum) {
        let key = values.map(|value| self.number(value));
        self.sums.entry(key).or_default().add(sum);
    }

    /// Adds rows of a block. A value is looked for once, and not once for each row that has it.
    pub(super) fn add_rows(
        &mut self,
        columns: &[Values; COLUMNS],
        rows: impl IntoIterator<Item = (usize, Sum)>,
    ) {
        let mut numbers = columns
            .each_ref()
            .map(|column| vec![None; column.distinct().len()]);
        for (row, sum) in rows {
            let mut key = [0; COLUMNS];
            for ((place, column), numbers) in key.iter_mut().zip(columns).zip(&mut numbers) {
                if let Some(known) = numbers.get_mut(column.code(row)) {
                    *place = *known.get_or_insert_with(|| self.number(column.value(row)));
                }
            }
            self.sums.entry(key).or_default().add(sum);
        }
    }

    fn number(&mut self, text: Option<&str>) -> u32 {
        let Some(text) = text else {
            return 0;
        };
        let place = match self.texts.get_index_of(text) {
            Some(place) => place,
            None => self.texts.insert_full(text.into()).0,
        };
        u32::try_from(place + 1).unwrap_or(u32::MAX)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = ([Option<&str>; COLUMNS], Sum)> {
        let text = |number: u32| {
            let place = (number as usize).checked_sub(1)?;
            self.texts.get_index(place).map(|text| &**text)
        };
        self.sums
            .iter()
            .map(move |(key, sum)| (key.map(text), *sum))
    }

    /// In order.
    pub(super) fn rollup(&self) -> Rollup<COLUMNS> {
        let mut order: Vec<(&str, usize)> =
            self.texts.iter().map(|text| &**text).zip(1..).collect();
        order.sort_unstable();
        let mut texts = Texts::default();
        let mut numbers = vec![0; order.len() + 1];
        for (text, before) in order {
            texts.push(text);
            if let Some(number) = numbers.get_mut(before) {
                *number = u32::try_from(texts.len()).unwrap_or(u32::MAX);
            }
        }
        let now = |number: u32| numbers.get(number as usize).copied().unwrap_or_default();
        let mut rows: Vec<_> = self
            .sums
            .iter()
            .map(|(key, sum)| (key.map(now), *sum))
            .collect();
        rows.sort_unstable_by_key(|(key, _)| *key);
        Rollup::of(texts, rows)
    }
}

/// By what was asked for, and by who asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Tallies {
    pub(super) what: Tally<{ WHAT.len() }>,
    pub(super) who: Tally<{ WHO.len() }>,
}

impl Tallies {
    pub(super) fn add(&mut self, facts: &Facts) {
        let sum = facts.sum();
        self.what.add(WHAT.map(|column| facts.value(column)), sum);
        self.who.add(WHO.map(|column| facts.value(column)), sum);
    }
}
