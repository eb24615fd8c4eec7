//! A verified token in few bytes, for keeping many.
//!
//! Sixteen bytes for what is shaped like a GUID, two for what was said before, and one allocation for everything. What
//! is unpacked equals what was packed; nothing else is ever unpacked.

mod layout;
#[cfg(test)]
mod tests;
mod values;

use std::sync::Arc;

use crate::Verified;
use values::{Reader, Writer};

/// A [`Verified`] token, packed.
#[derive(Clone, Eq, PartialEq)]
pub struct Packed {
    issuer: Arc<str>,
    bytes: Box<[u8]>,
}

impl Packed {
    /// Packs a token.
    #[must_use]
    pub fn new(verified: &Verified) -> Self {
        let mut writer = Writer::default();
        writer.identity(verified.identity());
        writer.claims(verified.claims());
        Self {
            issuer: Arc::clone(verified.issuer()),
            bytes: writer.out.into(),
        }
    }

    /// The name of the issuer that signed the token.
    #[must_use]
    pub const fn issuer(&self) -> &Arc<str> {
        &self.issuer
    }

    /// The token. `None` would be a fault of this module.
    #[must_use]
    pub fn unpack(&self) -> Option<Verified> {
        let mut reader = Reader::new(&self.bytes);
        let identity = reader.identity()?;
        let claims = reader.claims()?;
        reader
            .is_at_end()
            .then(|| Verified::unpacked(Arc::clone(&self.issuer), claims, identity))
    }

    /// Bytes of memory it takes, besides its own size.
    #[must_use]
    pub const fn heap_bytes(&self) -> usize {
        self.bytes.len()
    }
}

impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packed")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}
