//! Events added up by some of their columns, so that a summary reads sums and not events.
//!
//! Texts and rows stand in their order: of two rollups one is made by going through each of them once, so that many days cost as much as they
//! have different rows, however many events they stand for.

use std::cmp::Ordering;

use super::bytes::{Packer, Rest, Unpacker, put_number, put_signed};
use super::error::Broken;
use super::texts::Texts;

/// How many.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sum {
    /// Events.
    pub events: u64,
    /// Requests that they stand for.
    pub requests: u64,
}

impl Sum {
    /// One event.
    pub(super) const fn of(requests: u64) -> Self {
        let events = 1;
        Self { events, requests }
    }

    pub(crate) const fn add(&mut self, other: Self) {
        self.events += other.events;
        self.requests += other.requests;
    }
}

/// Sums by some columns.
#[derive(Clone, Debug)]
pub(super) struct Rollup<const COLUMNS: usize> {
    texts: Texts,
    /// By the numbers of their texts.
    rows: Vec<([u32; COLUMNS], Sum)>,
}

impl<const COLUMNS: usize> Default for Rollup<COLUMNS> {
    fn default() -> Self {
        Self {
            texts: Texts::default(),
            rows: Vec::new(),
        }
    }
}

impl<const COLUMNS: usize> Rollup<COLUMNS> {
    /// INVARIANT (order): rows are in the order of their keys, each key once.
    pub(super) const fn of(texts: Texts, rows: Vec<([u32; COLUMNS], Sum)>) -> Self {
        Self { texts, rows }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = ([Option<&str>; COLUMNS], Sum)> {
        self.rows
            .iter()
            .map(|(key, sum)| (key.map(|number| self.texts.get(number)), *sum))
    }

    pub(super) fn total(&self) -> Sum {
        let mut total = Sum::default();
        for (_, sum) in &self.rows {
            total.add(*sum);
        }
        total
    }

    /// Column by column: neighbours differ by little.
    pub(super) fn pack(&self, packer: &mut Packer) -> Result<Vec<u8>, Broken> {
        let mut out = Vec::new();
        self.texts.put(&mut out);
        put_number(&mut out, self.rows.len() as u64);
        for column in 0..COLUMNS {
            let mut before = 0;
            for (key, _) in &self.rows {
                let number = key.get(column).copied().map_or(0, i64::from);
                put_signed(&mut out, number - before);
                before = number;
            }
        }
        for (_, sum) in &self.rows {
            put_number(&mut out, sum.events);
        }
        for (_, sum) in &self.rows {
            put_number(&mut out, sum.requests);
        }
        packer.pack(&out)
    }

    /// What was packed.
    pub(super) fn unpack(packed: &[u8], unpacker: &mut Unpacker) -> Result<Self, Broken> {
        let bytes = unpacker.unpack(packed)?;
        let mut rest = Rest(&bytes);
        let texts = Texts::read(&mut rest)?;
        let count = rest.count()?;
        let mut rows = vec![([0; COLUMNS], Sum::default()); count];
        for column in 0..COLUMNS {
            let mut number = 0_i64;
            for (key, _) in &mut rows {
                number = number.wrapping_add(rest.signed()?);
                let known = usize::try_from(number).is_ok_and(|number| number <= texts.len());
                match key.get_mut(column) {
                    Some(place) if known => *place = u32::try_from(number).map_err(|_| Broken)?,
                    Some(_) | None => return Err(Broken),
                }
            }
        }
        for (_, sum) in &mut rows {
            sum.events = rest.number()?;
        }
        for (_, sum) in &mut rows {
            sum.requests = rest.number()?;
        }
        Ok(Self { texts, rows })
    }

    fn merged(self, other: Self) -> Self {
        let (texts, ours, theirs) = Texts::merged(&self.texts, &other.texts);
        let mut rows = Vec::with_capacity(self.rows.len().max(other.rows.len()));
        let mut ours = renumbered(self.rows, &ours).peekable();
        let mut theirs = renumbered(other.rows, &theirs).peekable();
        loop {
            let order = match (ours.peek(), theirs.peek()) {
                (Some((one, _)), Some((other, _))) => one.cmp(other),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return Self { texts, rows },
            };
            match order {
                Ordering::Less => rows.extend(ours.next()),
                Ordering::Greater => rows.extend(theirs.next()),
                Ordering::Equal => {
                    let more = theirs.next().map(|(_, sum)| sum).unwrap_or_default();
                    rows.extend(ours.next().map(|(key, mut sum)| {
                        sum.add(more);
                        (key, sum)
                    }));
                }
            }
        }
    }
}

/// Rows in the same order, by the numbers that texts have now.
fn renumbered<const COLUMNS: usize>(
    rows: Vec<([u32; COLUMNS], Sum)>,
    numbers: &[u32],
) -> impl Iterator<Item = ([u32; COLUMNS], Sum)> {
    let now = |number: u32| numbers.get(number as usize).copied().unwrap_or_default();
    rows.into_iter().map(move |(key, sum)| (key.map(now), sum))
}

/// Rollups that become one. Those of like size are merged with each other, so that each row is looked at few times.
#[derive(Debug)]
pub(super) struct Pile<const COLUMNS: usize>(Vec<Rollup<COLUMNS>>);

impl<const COLUMNS: usize> Default for Pile<COLUMNS> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<const COLUMNS: usize> Pile<COLUMNS> {
    pub(super) fn add(&mut self, mut rollup: Rollup<COLUMNS>) {
        if rollup.rows.is_empty() {
            return;
        }
        while let Some(before) = self
            .0
            .pop_if(|before| before.rows.len() / 2 <= rollup.rows.len())
        {
            rollup = before.merged(rollup);
        }
        self.0.push(rollup);
    }

    pub(super) fn add_packed(
        &mut self,
        packed: &[u8],
        unpacker: &mut Unpacker,
    ) -> Result<(), Broken> {
        self.add(Rollup::unpack(packed, unpacker)?);
        Ok(())
    }

    /// The one.
    pub(super) fn merged(self) -> Rollup<COLUMNS> {
        let rollups = self.0.into_iter().rev();
        rollups.reduce(Rollup::merged).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tally::Tally;
    use super::*;

    fn sum(events: u64, requests: u64) -> Sum {
        Sum { events, requests }
    }

    #[test]
    fn what_is_merged_adds_up() {
        let (mut packer, mut unpacker) = (Packer::new().unwrap(), Unpacker::new().unwrap());
        let mut one = Tally::<2>::default();
        one.add([Some("a"), None], sum(1, 5));
        one.add([Some("b"), Some("a")], sum(1, 1));
        let mut other = Tally::<2>::default();
        other.add([Some("b"), Some("a")], sum(2, 2));
        other.add([Some("a"), None], sum(1, 1));
        other.add([None, Some("0")], sum(1, 1));
        let mut pile = Pile::default();
        for tally in [one, other] {
            let packed = tally.rollup().pack(&mut packer).unwrap();
            pile.add_packed(&packed, &mut unpacker).unwrap();
        }
        let rollup = pile.merged();
        let rows: Vec<_> = rollup.rows().collect();
        assert_eq!(
            rows,
            [
                ([None, Some("0")], sum(1, 1)),
                ([Some("a"), None], sum(2, 6)),
                ([Some("b"), Some("a")], sum(3, 3))
            ]
        );
    }

    #[test]
    fn many_of_any_size_become_one() {
        let mut pile = Pile::default();
        for rollup in 0..40_u64 {
            let mut tally = Tally::<1>::default();
            for row in 0..(rollup * 7) % 31 {
                tally.add([Some(&(row * rollup).to_string())], sum(1, rollup));
            }
            pile.add(tally.rollup());
        }
        let all = pile.merged();
        let total: u64 = all.rows().map(|(_, sum)| sum.events).sum();
        assert_eq!(total, (0..40).map(|rollup| (rollup * 7) % 31).sum::<u64>());
        let keys: Vec<_> = all.rows().map(|(key, _)| key).collect();
        assert!(keys.is_sorted_by(|one, other| one < other));
    }

    #[test]
    fn what_is_damaged_is_told_of() {
        let (mut packer, mut unpacker) = (Packer::new().unwrap(), Unpacker::new().unwrap());
        for bytes in [&[0_u8, 1, 4, 1, 1][..], &[0, 1, 1, 1, 1], &[0, 9]] {
            let packed = packer.pack(bytes).unwrap();
            assert!(Rollup::<1>::unpack(&packed, &mut unpacker).is_err());
        }
    }
}
