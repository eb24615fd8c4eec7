//! Tokens that were refused already.

use std::sync::Arc;

use crossgate_token::{TokenFault, Unverified};

use super::basis::Basis;
use super::digest::TokenDigest;
use super::table::Kept;

/// A token that broke a rule which neither the app nor the time has to do with.
pub(super) struct Refused {
    digest: u128,
    /// Nothing is told apart here: any change of keys or issuers has the token verified again.
    basis: u64,
    fault: TokenFault,
    issuer: Option<Arc<str>>,
}

impl Refused {
    /// `None` where the key was not known: it may be any time, and no signature was checked that could be saved.
    pub(super) fn new(digest: TokenDigest, basis: Basis<'_>, why: &Unverified) -> Option<Self> {
        match why {
            Unverified::Refused { fault, issuer } => Some(Self {
                digest: digest.0,
                basis: basis.number(),
                fault: *fault,
                issuer: issuer.clone(),
            }),
            Unverified::UnknownKey { .. } => None,
        }
    }

    pub(super) fn get(&self, basis: Basis<'_>) -> Option<Unverified> {
        (self.basis == basis.number()).then(|| Unverified::Refused {
            fault: self.fault,
            issuer: self.issuer.clone(),
        })
    }
}

impl Kept for Refused {
    fn digest(&self) -> u128 {
        self.digest
    }

    fn weight(&self) -> usize {
        WEIGHT
    }
}

/// One entry with its place.
pub(super) const WEIGHT: usize = 128;
