//! In which of a run of blocks a value may be: sorted parts of fingerprints, in buckets of which one is read to look up one.

use super::bytes::{Rest, put_number};
use super::error::Broken;

/// Blocks of a run: as many as a number has bits.
pub(super) const RUN: usize = 64;

/// Buckets of a run.
pub(super) const BUCKETS: usize = 256;

/// The bucket of a fingerprint.
pub(super) const fn bucket(fingerprint: u64) -> u8 {
    (fingerprint >> 56) as u8
}

/// What of a fingerprint tells it from others of its bucket: with the bucket's own, 32 bits. What is found by chance costs
/// a look into a block.
const fn part(fingerprint: u64) -> u64 {
    (fingerprint >> 32) & 0x00ff_ffff
}

/// The needles of a run that is being made.
#[derive(Default)]
pub(super) struct Needles(Vec<u64>);

impl Needles {
    /// A value stands in this block of the run.
    pub(super) fn add(&mut self, fingerprint: u64, block: usize) {
        let block = block.min(RUN - 1) as u64;
        self.0
            .push((u64::from(bucket(fingerprint)) << 56) | (part(fingerprint) << 8) | block);
    }

    /// Each bucket's bytes.
    pub(super) fn pack(mut self) -> Vec<(u8, Vec<u8>)> {
        self.0.sort_unstable();
        self.0.dedup();
        let mut buckets: Vec<(u8, Vec<u8>)> = (0..BUCKETS)
            .map(|bucket| (bucket as u8, Vec::new()))
            .collect();
        let mut before = None;
        for needle in self.0 {
            let (bucket, part, block) = (needle >> 56, (needle >> 8) & 0x00ff_ffff, needle as u8);
            let last = match before {
                Some((own, last)) if own == bucket => last,
                Some(_) | None => 0,
            };
            if let Some((_, out)) = buckets.get_mut(bucket as usize) {
                put_number(out, part - last);
                out.push(block);
            }
            before = Some((bucket, part));
        }
        buckets
    }
}

/// The blocks, by bits, that a value may stand in, of its bucket's bytes.
pub(super) fn blocks_of(bucket: &[u8], fingerprint: u64) -> Result<u64, Broken> {
    let wanted = part(fingerprint);
    let mut rest = Rest(bucket);
    let (mut at, mut blocks) = (0, 0);
    while !rest.is_empty() {
        at += rest.number()?;
        let block = rest.take(1)?.first().copied().unwrap_or_default();
        if at == wanted {
            blocks |= 1_u64.checked_shl(u32::from(block)).ok_or(Broken)?;
        }
        if at > wanted {
            break;
        }
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use super::super::column::Column;
    use super::*;

    #[test]
    fn a_value_is_found_in_the_blocks_that_it_stands_in() {
        let mut needles = Needles::default();
        let of = |value: usize| Column::UserId.fingerprint(&value.to_string());
        for value in 0..20_000 {
            needles.add(of(value), value % RUN);
            needles.add(of(value % 10), value % RUN);
        }
        let buckets = needles.pack();
        let find = |value| {
            let (_, bytes) = &buckets[usize::from(bucket(of(value)))];
            blocks_of(bytes, of(value)).unwrap()
        };
        for value in 10..20_000 {
            assert_ne!(find(value) & (1 << (value % RUN)), 0);
        }
        assert_eq!(find(3).count_ones(), 32, "every other block");
        let chance = (20_000..120_000).filter(|value| find(*value) != 0).count();
        assert!(chance < 20, "{chance}");
    }
}
