//! Texts in their order, each once, by numbers from 1 on; 0 is `null`.

use std::cmp::Ordering;

use super::bytes::{Rest, put_number, put_text};
use super::error::Broken;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    bytes: String,
    /// Where each of them ends in the bytes.
    ends: Vec<usize>,
}

impl Texts {
    pub(super) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// INVARIANT (order): it comes behind all that are there.
    pub(super) fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }

    pub(super) fn get(&self, number: u32) -> Option<&str> {
        self.at(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    fn at(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)?;
        let begin = match place.checked_sub(1) {
            None => 0,
            Some(before) => *self.ends.get(before)?,
        };
        self.bytes.get(begin..end)
    }

    /// What begins as the one before it does is written without that.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        put_number(out, self.ends.len() as u64);
        let mut before = "";
        for place in 0..self.ends.len() {
            let text = self.at(place).unwrap_or_default();
            let (shared, rest) = text.split_at(shared(before, text));
            put_number(out, shared.len() as u64);
            put_text(out, Some(rest));
            before = text;
        }
    }

    pub(super) fn read(rest: &mut Rest<'_>) -> Result<Self, Broken> {
        let count = rest.count()?;
        let mut texts = Self {
            bytes: String::with_capacity(rest.0.len()),
            ends: Vec::with_capacity(count),
        };
        let mut before = 0;
        for _ in 0..count {
            let shared = usize::try_from(rest.number()?).map_err(|_| Broken)?;
            let (begin, end): (usize, usize) = (before, texts.bytes.len());
            let shared = begin..begin.checked_add(shared).ok_or(Broken)?;
            if shared.end > end || !texts.bytes.is_char_boundary(shared.end) {
                return Err(Broken);
            }
            texts.bytes.extend_from_within(shared);
            texts.push(rest.text()?.ok_or(Broken)?);
            before = end;
        }
        Ok(texts)
    }

    /// All of both, and the numbers that those of each have now, `null` among them. What came before another does so still.
    pub(super) fn merged(left: &Self, right: &Self) -> (Self, Vec<u32>, Vec<u32>) {
        let mut all = Self {
            bytes: String::with_capacity(left.bytes.len().max(right.bytes.len())),
            ends: Vec::with_capacity(left.len().max(right.len())),
        };
        let mut numbers_left = Vec::with_capacity(left.len() + 1);
        let mut numbers_right = Vec::with_capacity(right.len() + 1);
        numbers_left.push(0);
        numbers_right.push(0);
        loop {
            let (one, other) = (
                left.at(numbers_left.len() - 1),
                right.at(numbers_right.len() - 1),
            );
            let (order, text) = match (one, other) {
                (Some(one), Some(other)) => (one.cmp(other), one.min(other)),
                (Some(one), None) => (Ordering::Less, one),
                (None, Some(other)) => (Ordering::Greater, other),
                (None, None) => return (all, numbers_left, numbers_right),
            };
            all.push(text);
            let number = u32::try_from(all.len()).unwrap_or(u32::MAX);
            if order.is_le() {
                numbers_left.push(number);
            }
            if order.is_ge() {
                numbers_right.push(number);
            }
        }
    }
}

/// How many bytes two texts begin with alike, in whole characters.
pub(super) fn shared(one: &str, other: &str) -> usize {
    let pairs = one.bytes().zip(other.bytes());
    let mut shared = pairs.take_while(|(one, other)| one == other).count();
    while !other.is_char_boundary(shared) {
        shared -= 1;
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> Texts {
        let mut all = Texts::default();
        for text in texts {
            all.push(text);
        }
        all
    }

    #[test]
    fn texts_are_read_as_they_were_put() {
        let texts = of(&["", "a", "ada", "adb", "zä", "zö"]);
        let mut out = Vec::new();
        texts.put(&mut out);
        let read = Texts::read(&mut Rest(&out)).unwrap();
        assert_eq!((&read.bytes, &read.ends), (&texts.bytes, &texts.ends));
        assert!(out.len() < 23, "what is shared stands once: {}", out.len());
        for broken in [&[200_u8][..], &[1, 1, 2, b'a'], &[2, 0, 2, b'a', 9, 1]] {
            assert!(Texts::read(&mut Rest(broken)).is_err());
        }
    }

    #[test]
    fn merged_texts_are_each_there_once_and_in_order() {
        let (all, left, right) = Texts::merged(&of(&["a", "c", "d"]), &of(&["b", "c"]));
        let texts: Vec<_> = (1..=4).map(|number| all.get(number).unwrap()).collect();
        assert_eq!(texts, ["a", "b", "c", "d"]);
        assert_eq!((&*left, &*right), (&[0, 1, 3, 4][..], &[0, 2, 3][..]));
        assert_eq!(all.get(0), None);
    }
}
