//! In which of a run of blocks a text may be, for columns whose values people know: texts in their order without their letter case, in pieces of
//! which one or two are read to look up one text or all that begin alike.

use std::collections::BTreeMap;

use super::bytes::{Rest, put_number, put_text};
use super::error::Broken;
use super::texts::shared;

/// The texts of a column in a run that is being made, with the blocks that they stand in, by bits.
#[derive(Default)]
pub(super) struct Names(BTreeMap<Box<str>, u64>);

/// Some of them, as they are written.
pub(super) struct Piece {
    /// The first text.
    pub(super) first: Box<str>,
    pub(super) bytes: Vec<u8>,
}

impl Names {
    /// A text stands in this block of the run.
    pub(super) fn add(&mut self, text: &str, block: usize) {
        let bit = 1_u64 << block.min(63);
        let text = text.to_ascii_lowercase();
        *self.0.entry(text.into()).or_default() |= bit;
    }

    pub(super) fn pieces(&self) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut before = "";
        for (text, blocks) in &self.0 {
            let full = pieces.last().is_none_or(|piece| piece.bytes.len() >= MOST);
            if full {
                before = "";
                pieces.push(Piece {
                    first: text.clone(),
                    bytes: Vec::new(),
                });
            }
            if let Some(Piece { bytes, .. }) = pieces.last_mut() {
                let (shared, rest) = text.split_at(shared(before, text));
                put_number(bytes, shared.len() as u64);
                put_text(bytes, Some(rest));
                put_blocks(bytes, *blocks);
            }
            before = text;
        }
        pieces
    }
}

/// Where the texts stand that are looked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted<'t> {
    /// This one, in small letters.
    Text(&'t str),
    /// Those that begin so, in small letters.
    Start(&'t str),
}

impl Wanted<'_> {
    fn is(self, text: &[u8]) -> bool {
        match self {
            Self::Text(wanted) => text == wanted.as_bytes(),
            Self::Start(start) => text.starts_with(start.as_bytes()),
        }
    }

    const fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Start(text) => text,
        }
    }
}

/// The blocks, by bits, of the texts of a piece that are wanted.
pub(super) fn blocks_of(piece: &[u8], wanted: Wanted<'_>) -> Result<u64, Broken> {
    let mut rest = Rest(piece);
    let (mut text, mut blocks) = (Vec::new(), 0);
    while !rest.is_empty() {
        let shared = usize::try_from(rest.number()?).map_err(|_| Broken)?;
        text.truncate(shared);
        text.extend_from_slice(rest.text()?.ok_or(Broken)?.as_bytes());
        let of = read_blocks(&mut rest)?;
        if wanted.is(&text) {
            blocks |= of;
        } else if *text > *wanted.text().as_bytes() {
            break;
        }
    }
    Ok(blocks)
}

/// Few blocks by their numbers, many by bits.
fn put_blocks(out: &mut Vec<u8>, blocks: u64) {
    let count = blocks.count_ones();
    if count >= u64::BITS / 8 {
        out.push(MANY);
        out.extend_from_slice(&blocks.to_le_bytes());
    } else {
        out.push(count as u8);
        out.extend((0..64).filter(|block| (blocks >> block) & 1 == 1));
    }
}

fn read_blocks(rest: &mut Rest<'_>) -> Result<u64, Broken> {
    let kind = rest.take(1)?.first().copied().unwrap_or_default();
    if kind == MANY {
        let bits = rest.take(8)?.first_chunk().copied().ok_or(Broken)?;
        return Ok(u64::from_le_bytes(bits));
    }
    let mut blocks = 0;
    for block in rest.take(usize::from(kind))? {
        blocks |= 1_u64.checked_shl(u32::from(*block)).ok_or(Broken)?;
    }
    Ok(blocks)
}

const MANY: u8 = u8::MAX;

/// Bytes of a piece, before it is packed: some hundred texts, which are read in some microseconds.
const MOST: usize = 8 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_and_a_beginning_are_found_in_the_blocks_that_they_stand_in() {
        let mut names = Names::default();
        for user in 0..5000 {
            names.add(&format!("User{user}@Partner.example"), user % 64);
        }
        for block in 0..20 {
            names.add("everybody", block);
        }
        let pieces = names.pieces();
        assert!(pieces.len() > 5);
        let find = |wanted| {
            let all = pieces.iter().map(|piece| blocks_of(&piece.bytes, wanted));
            all.fold(0, |all, blocks| all | blocks.unwrap())
        };
        assert_eq!(find(Wanted::Text("user77@partner.example")), 1 << 13);
        assert_eq!(find(Wanted::Text("user77")), 0);
        assert_eq!(find(Wanted::Start("user77@")), 1 << 13);
        let both = (1 << (4999 % 64)) | (1 << (499 % 64));
        assert_eq!(find(Wanted::Start("user499")) & both, both);
        assert_eq!(find(Wanted::Text("everybody")), (1 << 20) - 1);
        assert_eq!(find(Wanted::Start("zz")), 0);
        assert_eq!(find(Wanted::Start("a")), 0);
    }

    #[test]
    fn a_damaged_piece_is_told_of() {
        for bytes in [&[0_u8, 2, b'a', 3, 1][..], &[0, 2, b'a', 1, 64], &[0, 0, 0]] {
            assert!(blocks_of(bytes, Wanted::Text("z")).is_err(), "{bytes:?}");
        }
    }
}
