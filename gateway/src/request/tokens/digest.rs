//! What stands for a token that is kept.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;

/// The keyed digest of a token, which stands for it where its uses are counted. Shown to nobody: `Debug` does not tell it, and
/// there is no `Display`. See [`Digests`] for why.
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq)]
pub struct TokenDigest(pub(crate) u128);

impl TokenDigest {
    /// That of a request without a token.
    pub const NONE: Self = Self(0);

    /// Whether there is a token.
    #[must_use]
    pub const fn is_some(self) -> bool {
        self.0 != Self::NONE.0
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_some() {
            "TokenDigest"
        } else {
            "none"
        })
    }
}

/// Makes digests with keys of this process alone.
///
/// A digest is the tag that AES-GCM gives for the whole token as associated data: GHASH, a polynomial over the token at
/// a secret point, so that two tokens of up to 16 KiB agree with a probability below 2^-117 whoever chose them, as long
/// as nothing of any tag is known outside. Therefore a digest is never shown, and the place of an entry, which timing
/// might tell, comes from the digest by another keyed function.
pub(super) struct Digests {
    key: LessSafeKey,
    places: RandomState,
}

impl Digests {
    pub(super) fn new() -> Result<Self, Unspecified> {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key)?;
        Ok(Self {
            key: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key)?),
            places: RandomState::new(),
        })
    }

    /// The digest of a token; none where there is no such thing.
    pub(super) fn of(&self, token: &[u8]) -> TokenDigest {
        // One nonce for all: what repeating it gives away, it gives to those who see two tags.
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce, Aad::from(token), &mut []);
        let tag = tag.as_ref().ok().and_then(|tag| tag.as_ref().first_chunk());
        TokenDigest(tag.map_or(0, |bytes| u128::from_ne_bytes(*bytes)))
    }

    /// Where what has this digest is kept.
    pub(super) fn place(&self, digest: TokenDigest) -> u64 {
        self.places.hash_one(digest.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_differ_between_tokens_and_between_processes() {
        let (one, other) = (Digests::new().unwrap(), Digests::new().unwrap());
        assert_eq!(one.of(b"a"), one.of(b"a"));
        assert_ne!(one.of(b"a"), other.of(b"a"));
        let long = vec![b'a'; 16 << 10];
        let mut seen = std::collections::HashSet::new();
        for length in (0..600).chain([16 << 10]) {
            assert!(seen.insert(one.of(&long[..length])), "{length}");
        }
        for place in 0..600 {
            let mut changed = long[..600].to_vec();
            changed[place] = b'b';
            assert!(seen.insert(one.of(&changed)), "{place}");
        }
        assert!(!seen.contains(&TokenDigest::NONE));
        assert_eq!(format!("{:?}", one.of(b"a")), "TokenDigest");
    }
}
