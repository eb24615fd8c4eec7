//! What browsers keep for us and must neither read nor change.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Seals and opens with one key (AES-256-GCM, a random nonce each time).
///
/// What is sealed for one purpose opens for no other.
pub struct Sealer(RandomizedNonceKey);

/// The bytes of a key.
pub const KEY: usize = 32;

const NONCE: usize = 12;

/// The system gives no random numbers, or no key can be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the system gives no random numbers")]
pub struct NoRandom;

impl Sealer {
    /// # Errors
    /// The library refuses the key, which it does for none of this length.
    pub fn new(key: &[u8; KEY]) -> Result<Self, NoRandom> {
        RandomizedNonceKey::new(&AES_256_GCM, key)
            .map(Self)
            .map_err(|_| NoRandom)
    }

    /// Text that only [`Self::open`] of the same purpose understands.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<String, NoRandom> {
        let mut body = plain.to_vec();
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(purpose), &mut body)
            .map_err(|_| NoRandom)?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut body);
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What was sealed for this purpose; `None` for anything else.
    #[must_use]
    pub fn open(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        let mut sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, body) = sealed.split_at_mut_checked(NONCE)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self.0.open_in_place(nonce, Aad::from(purpose), body).ok()?;
        Some(plain.to_vec())
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

/// Bytes that nobody can guess.
///
/// # Errors
/// The system gives none.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandom> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| NoRandom)?;
    Ok(bytes)
}

/// Letters for addresses and cookies that nobody can guess: 128 bits.
///
/// # Errors
/// The system gives no random numbers.
pub fn random_text() -> Result<String, NoRandom> {
    Ok(URL_SAFE_NO_PAD.encode(random::<16>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_for_its_purpose_and_key_only() {
        let sealer = Sealer::new(&[7; KEY]).unwrap();
        let sealed = sealer.seal("session", b"abc").unwrap();
        assert_eq!(sealer.open("session", &sealed).unwrap(), b"abc");
        assert_eq!(sealer.open("attempt", &sealed), None);
        let other = Sealer::new(&[8; KEY]).unwrap();
        assert_eq!(other.open("session", &sealed), None);
        assert_ne!(sealer.seal("session", b"abc").unwrap(), sealed);
    }

    #[test]
    fn no_letter_of_it_can_be_changed_and_no_rubbish_opens() {
        let sealer = Sealer::new(&[7; KEY]).unwrap();
        let sealed = sealer.seal("session", b"abc").unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(sealer.open("session", &changed), None, "{place}");
        }
        for rubbish in ["", "A", "AAAA", "====", "ä", &"A".repeat(5000)] {
            assert_eq!(sealer.open("session", rubbish), None);
        }
    }
}
