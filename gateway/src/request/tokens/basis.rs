//! What a verification rests on, and whether it still does.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::live::Keys;

/// The issuers and keys of one moment.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    keys: &'a Keys,
    issuers_since: u64,
}

impl<'a> Basis<'a> {
    /// These keys, and the issuers that came with this generation.
    #[must_use]
    pub const fn new(keys: &'a Keys, issuers_since: u64) -> Self {
        Self {
            keys,
            issuers_since,
        }
    }

    /// Tells this basis from all others.
    pub(super) const fn number(self) -> u64 {
        // Both count what an operator or an issuer does: neither gets to 2^32.
        self.issuers_since << 32 ^ self.keys.epoch
    }

    /// What a verification by this issuer's keys rests on; `None` where there are none.
    pub(super) fn footing(self, issuer: &str) -> Option<Footing> {
        Some(Footing {
            issuers_since: self.issuers_since,
            keys_since: self.keys.unbroken_since(issuer)?,
        })
    }
}

/// What one verification rests on: no issuer has changed since, and no key of the one that signed has left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Footing {
    issuers_since: u64,
    keys_since: u64,
}

impl Footing {
    pub(super) fn holds(self, basis: Basis<'_>, issuer: &str) -> bool {
        basis.footing(issuer) == Some(self)
    }
}

/// The last basis on which something was found to hold, so that the next request need not ask.
#[derive(Debug)]
pub(super) struct HeldOn(AtomicU64);

impl HeldOn {
    pub(super) const fn new(basis: Basis<'_>) -> Self {
        Self(AtomicU64::new(basis.number()))
    }

    pub(super) fn or_ask(&self, basis: Basis<'_>, ask: impl FnOnce() -> bool) -> bool {
        if self.0.load(Ordering::Relaxed) == basis.number() {
            return true;
        }
        let holds = ask();
        if holds {
            self.0.store(basis.number(), Ordering::Relaxed);
        }
        holds
    }
}
