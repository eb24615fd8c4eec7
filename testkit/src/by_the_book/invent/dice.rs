//! Chance that can be repeated.

/// A small generator of random numbers (SplitMix64): the same seed and number give the same draws on every machine.
pub(super) struct Dice {
    state: u64,
}

impl Dice {
    pub(super) fn new(seed: u64, number: u64) -> Self {
        let mut dice = Self { state: seed };
        // Mixed once, so that world 1 of seed 2 is not world 2 of seed 1.
        dice.state = dice.next() ^ number.wrapping_mul(0xd134_2543_de82_ef95);
        dice
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("an end");
        usize::try_from(self.next() % end).expect("below an end")
    }

    /// True so many times in a hundred.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// One of several, each as often as its weight says.
    pub(super) fn weighted<'a, T>(&mut self, from: &'a [(usize, T)]) -> &'a T {
        let mut left = self.below(from.iter().map(|(weight, _)| weight).sum());
        for (weight, one) in from {
            if left < *weight {
                return one;
            }
            left -= weight;
        }
        unreachable!("the draw is below the sum of weights")
    }

    /// From `least` to `most` of several, none twice, in any order.
    pub(super) fn some<T: Clone>(&mut self, from: &[T], least: usize, most: usize) -> Vec<T> {
        let mut left = from.to_vec();
        let many = (least + self.below(most - least + 1)).min(left.len());
        (0..many)
            .map(|_| left.swap_remove(self.below(left.len())))
            .collect()
    }

    /// A GUID as it stands, or now and then in capitals.
    pub(super) fn cased(&mut self, id: &str) -> String {
        if self.chance(6) {
            id.to_ascii_uppercase()
        } else {
            id.to_owned()
        }
    }
}
