//! Some of an index's numbers, in one piece of memory.

use std::sync::Arc;

/// Numbers by hash, in cache lines that are looked through one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Share {
    lines: Arc<[Line]>,
    count: usize,
}

/// Twelve numbers, each with eight bits of its hash.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Line {
    /// The first eight numbers' bits; those of a place that is not taken are 0.
    tags: u64,
    /// The other four's.
    more_tags: u32,
    /// How many numbers would stand in this line, or came past it, and had no room. Where it is none, nothing that is looked
    /// for here stands further on.
    passed: u32,
    numbers: [u32; PLACES],
}

const PLACES: usize = 12;

/// Numbers for each line when room is made: it lasts for a while, and few are looked for in a second line.
const AT_FIRST: usize = 7;

/// More for each line make a share grow.
const AT_MOST: usize = 10;

impl Share {
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// What the first of a hash's numbers comes to for which it comes to anything. Numbers of other hashes are asked
    /// about too.
    #[inline]
    pub(super) fn find<R>(&self, hash: u64, with: impl FnMut(u32) -> Option<R>) -> Option<R> {
        find(&self.lines, hash, with)
    }

    /// Whether both are one piece of memory.
    #[cfg(test)]
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.lines, &other.lines)
    }

    /// All numbers, in no order; one that stands here for several hashes as often.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.lines.iter().flat_map(|line| {
            let places = line.numbers.iter().enumerate();
            let taken = places.filter(|(place, _)| line.tag_at(*place) != 0);
            taken.map(|(_, number)| *number)
        })
    }

    /// Whether there is room for some more.
    pub(super) fn has_room(&self, more: usize) -> bool {
        self.count + more <= self.lines.len() * AT_MOST
    }

    /// An empty share with room.
    pub(super) fn with_room(count: usize) -> Self {
        Self {
            lines: vec![Line::default(); count.div_ceil(AT_FIRST)].into(),
            count: 0,
        }
    }

    /// Adds numbers, where there is room. One that `bars` another takes its place.
    pub(super) fn put(&mut self, entries: &[(u64, u32)], mut bars: impl FnMut(u32, u32) -> bool) {
        let lines = Arc::make_mut(&mut self.lines);
        for &(hash, number) in entries {
            let before = find(lines, hash, |before| bars(number, before).then_some(before));
            let place = before.and_then(|before| place_of(lines, hash, before));
            if let Some((at, place)) = place {
                if let Some(line) = lines.get_mut(at) {
                    line.set(place, tag(hash), number);
                }
            } else if insert(lines, hash, number) {
                self.count += 1;
            }
        }
    }

    /// Removes a number; whether it was there.
    pub(super) fn remove(&mut self, hash: u64, number: u32) -> bool {
        let Some((at, place)) = place_of(&self.lines, hash, number) else {
            return false;
        };
        let lines = Arc::make_mut(&mut self.lines);
        if let Some(line) = lines.get_mut(at) {
            line.set(place, 0, 0);
            self.count -= 1;
        }
        let begin = first(hash, lines.len());
        pass(lines, begin, at, |passed| passed.wrapping_sub(1));
        true
    }
}

#[inline]
fn find<R>(lines: &[Line], hash: u64, mut with: impl FnMut(u32) -> Option<R>) -> Option<R> {
    let tag = tag(hash);
    let begin = first(hash, lines.len());
    let mut at = begin;
    loop {
        let line = lines.get(at)?;
        // One after the other: most numbers stand in the first eight places, and then the others need not be asked.
        for (group, first) in [(line.tagged(tag), 0), (line.more_tagged(tag), 8)] {
            for place in group {
                let found = with(*line.numbers.get(first + place)?);
                if found.is_some() {
                    return found;
                }
            }
        }
        if line.passed == 0 {
            return None;
        }
        at = next(at, lines.len());
        if at == begin {
            return None;
        }
    }
}

/// Line and place of a hash's number.
fn place_of(lines: &[Line], hash: u64, number: u32) -> Option<(usize, usize)> {
    let begin = first(hash, lines.len());
    let mut at = begin;
    loop {
        let line = lines.get(at)?;
        let here = |place: &usize| {
            // Of a number that stands here for two hashes, only this one's place.
            line.numbers.get(*place) == Some(&number) && line.tag_at(*place) == tag(hash)
        };
        if let Some(place) = line.places_of(tag(hash)).find(here) {
            return Some((at, place));
        }
        at = next(at, lines.len());
        if line.passed == 0 || at == begin {
            return None;
        }
    }
}

/// Puts a number into the first empty place; whether there is one.
fn insert(lines: &mut [Line], hash: u64, number: u32) -> bool {
    let begin = first(hash, lines.len());
    let mut at = begin;
    let Some(place) = empty_place(lines, &mut at, begin) else {
        return false;
    };
    if let Some(line) = lines.get_mut(at) {
        line.set(place, tag(hash), number);
    }
    pass(lines, begin, at, |passed| passed.wrapping_add(1));
    true
}

/// The next line with an empty place, and that.
fn empty_place(lines: &[Line], at: &mut usize, begin: usize) -> Option<usize> {
    loop {
        if let Some(place) = lines.get(*at)?.places_of(0).next() {
            return Some(place);
        }
        *at = next(*at, lines.len());
        if *at == begin {
            return None;
        }
    }
}

/// Counts a number at the lines that it came past.
fn pass(lines: &mut [Line], begin: usize, end: usize, count: impl Fn(u32) -> u32) {
    let mut at = begin;
    while at != end {
        let Some(line) = lines.get_mut(at) else {
            return;
        };
        line.passed = count(line.passed);
        at = next(at, lines.len());
    }
}

impl Line {
    /// Which of the first eight places may have this tag.
    #[inline]
    fn tagged(&self, tag: u8) -> Zeros {
        Zeros::of(self.tags ^ (u64::from(tag) * EACH))
    }

    /// Which of the other places.
    #[inline]
    fn more_tagged(&self, tag: u8) -> Zeros {
        // Above them there is no place, and no tag.
        let tags = u64::from(self.more_tags) ^ ((u64::from(tag) * EACH) & FEW);
        Zeros::of(tags | !FEW)
    }

    /// Places that may have this tag, among them all that do; the first one does.
    fn places_of(&self, tag: u8) -> impl Iterator<Item = usize> {
        self.tagged(tag)
            .chain(self.more_tagged(tag).map(|place| place + 8))
    }

    fn tag_at(&self, place: usize) -> u8 {
        let tags = if place < 8 {
            self.tags >> (place * 8)
        } else {
            u64::from(self.more_tags) >> ((place - 8) * 8)
        };
        (tags & 0xff) as u8
    }

    fn set(&mut self, place: usize, tag: u8, number: u32) {
        if let Some(before) = self.numbers.get_mut(place) {
            *before = number;
        }
        if place < 8 {
            let at = place * 8;
            self.tags = self.tags & !(0xff << at) | u64::from(tag) << at;
        } else {
            let at = (place - 8) * 8;
            self.more_tags = self.more_tags & !(0xff << at) | u32::from(tag) << at;
        }
    }
}

/// Which bytes are 0, and perhaps some above such a one: a byte that is 0 borrows from its highest bit when 1 is taken from
/// it, and only then can the byte above it look as if it were 0 too.
struct Zeros(u64);

impl Zeros {
    #[inline]
    const fn of(bytes: u64) -> Self {
        Self(bytes.wrapping_sub(EACH) & !bytes & (0x80 * EACH))
    }
}

impl Iterator for Zeros {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(bit / 8)
    }
}

const EACH: u64 = 0x0101_0101_0101_0101;
const FEW: u64 = 0xffff_ffff;

/// The bits of a hash that stand beside its number; never 0, and never 1, which alone could be taken for an empty place.
fn tag(hash: u64) -> u8 {
    (hash as u8).max(2)
}

/// The line to look in first.
const fn first(hash: u64, lines: usize) -> usize {
    // The highest bits are alike in a share, and the lowest stand in the line.
    ((((hash >> 16) & 0xffff_ffff) * lines as u64) >> 32) as usize
}

const fn next(at: usize, lines: usize) -> usize {
    if at + 1 == lines { 0 } else { at + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_twelve_numbers_fills_a_cache_line() {
        assert_eq!(size_of::<Line>(), 64);
    }

    #[test]
    fn every_place_with_a_tag_is_found_and_an_empty_one_first_of_all() {
        let mut line = Line::default();
        for place in 0..PLACES {
            assert!(line.places_of(0).any(|empty| empty == place));
            line.set(place, tag(place as u64 % 5 + 2), 1);
        }
        assert_eq!(line.places_of(0).next(), None);
        for wanted in 0..5 {
            let found: Vec<_> = line.places_of(tag(wanted + 2)).collect();
            let expected = (0..PLACES).filter(|place| *place as u64 % 5 == wanted);
            for place in expected {
                assert!(found.contains(&place), "{wanted}: {found:?}");
                assert_eq!(line.tag_at(place), tag(wanted + 2));
            }
            assert_eq!(line.tag_at(found[0]), tag(wanted + 2));
        }
        for place in [3, 9] {
            line.set(place, 0, 0);
        }
        for tag in (0..=255).map(tag) {
            assert!(line.places_of(tag).all(|place| place != 3 && place != 9));
        }
        assert_eq!(line.places_of(0).collect::<Vec<_>>(), [3, 9]);
        assert_eq!(
            line.numbers.iter().filter(|number| **number == 1).count(),
            10
        );
    }
}
