//! Tokens that were refused already: no signature is checked for them again.

use std::sync::Arc;

use crossgate_token::{TokenFault, Unverified, Verified};

use super::PackedToken;
use super::basis::Basis;
use super::digest::TokenDigest;
use super::table::Kept;

/// A token that opens nothing.
pub(super) enum Refused {
    /// It broke a rule which neither the app nor the time has to do with.
    Unverified(Refusal),
    /// It is genuine, and had expired when it came. What is wrong with it first is for each app to say.
    Expired(PackedToken),
}

/// What a refused token is found to be.
pub(super) enum Found {
    /// Not genuine, as far as can be told.
    Unverified(Unverified),
    /// Genuine.
    Verified(Box<Verified>),
}

/// Why a token is not taken for genuine.
pub(super) struct Refusal {
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
            Unverified::Refused { fault, issuer } => Some(Self::Unverified(Refusal {
                digest: digest.0,
                basis: basis.number(),
                fault: *fault,
                issuer: issuer.clone(),
            })),
            Unverified::UnknownKey { .. } => None,
        }
    }

    pub(super) fn get(&self, basis: Basis<'_>) -> Option<Found> {
        match self {
            Self::Unverified(refusal) => (refusal.basis == basis.number()).then(|| {
                Found::Unverified(Unverified::Refused {
                    fault: refusal.fault,
                    issuer: refusal.issuer.clone(),
                })
            }),
            Self::Expired(token) => Some(Found::Verified(Box::new(token.get(basis)?))),
        }
    }
}

impl Kept for Refused {
    fn digest(&self) -> u128 {
        match self {
            Self::Unverified(refusal) => refusal.digest,
            Self::Expired(token) => token.digest(),
        }
    }

    fn weight(&self) -> usize {
        match self {
            Self::Unverified(_) => WEIGHT,
            Self::Expired(token) => token.weight(),
        }
    }
}

/// One entry with its place, of a token that is not genuine.
pub(super) const WEIGHT: usize = 128;
