//! What browsers keep for us and must neither read nor change.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand;
use base64_simd::{AsOut as _, URL_SAFE_NO_PAD};

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
        Ok(URL_SAFE_NO_PAD.encode_to_string(sealed))
    }

    /// What was sealed for this purpose; `None` for anything else.
    #[must_use]
    pub fn open(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        let mut room = vec![0; URL_SAFE_NO_PAD.estimated_decoded_length(sealed.len())];
        self.open_in(&mut room, purpose, sealed).map(<[u8]>::to_vec)
    }

    /// The same in this room, for what is opened with every request; `None` also where the room is too small.
    #[must_use]
    pub fn open_in<'r>(&self, room: &'r mut [u8], purpose: &str, sealed: &str) -> Option<&'r [u8]> {
        let sealed = sealed.as_bytes();
        // More than there is room for would be a panic of the decoder.
        let room = room.get_mut(..URL_SAFE_NO_PAD.decoded_length(sealed).ok()?)?;
        let bytes = URL_SAFE_NO_PAD.decode(sealed, room.as_out()).ok()?;
        let (nonce, body) = bytes.split_at_mut_checked(NONCE)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self.0.open_in_place(nonce, Aad::from(purpose), body).ok()?;
        Some(plain)
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
    Ok(URL_SAFE_NO_PAD.encode_to_string(random::<16>()?))
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
    fn it_opens_in_as_much_room_as_it_takes_and_in_no_less() {
        let sealer = Sealer::new(&[7; KEY]).unwrap();
        let sealed = sealer.seal("session", b"abc").unwrap();
        let mut room = [0; NONCE + 3 + 16];
        let opened = sealer.open_in(&mut room, "session", &sealed);
        assert_eq!(opened, Some(&b"abc"[..]));
        let opened = sealer.open_in(&mut room[1..], "session", &sealed);
        assert_eq!(opened, None);
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
