//! From the bytes of a token to a [`Verified`] one.

use std::sync::Arc;

use crossgate_policy::ids::Cloud;
use serde_json::Value;

use crate::claims::{Nonce, Use};
use crate::entra::EntraIssuer;
use crate::json::{self, MAX_NESTING};
use crate::{Claims, Identity, Issuer, Issuers, Jws, KeySet, TokenFault};

/// A genuine token: its issuer's signature was checked, and nothing it says contradicts itself or its issuer.
///
/// Not yet that it is for this application, nor that it is valid now; that is [`Verified::check`]. Owned, so that it can
/// be kept for as long as the token lives. Made by [`verify`] and by [`accept_unsigned`] only.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    issuer: Arc<str>,
    claims: Claims,
    identity: Identity,
}

impl Verified {
    /// The name of the configured issuer that signed it.
    #[must_use]
    pub const fn issuer(&self) -> &Arc<str> {
        &self.issuer
    }

    /// What it says.
    #[must_use]
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Whose account it speaks for.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// One that was packed as it is here.
    pub(crate) const fn unpacked(issuer: Arc<str>, claims: Claims, identity: Identity) -> Self {
        Self {
            issuer,
            claims,
            identity,
        }
    }

    /// Its parts, for whoever keeps them in another form.
    #[must_use]
    pub fn into_parts(self) -> (Arc<str>, Claims, Identity) {
        (self.issuer, self.claims, self.identity)
    }

    fn new(
        claims: Claims,
        form: Option<&EntraIssuer>,
        issuer: &Issuer,
        issuers: &Issuers,
    ) -> Result<Self, TokenFault> {
        let identity = Identity::read(&claims, form, issuer, issuers)?;
        Ok(Self {
            issuer: Arc::clone(&issuer.name),
            claims,
            identity,
        })
    }
}

/// Why a token is not verified.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unverified {
    /// It breaks a rule.
    #[error("{fault}")]
    Refused {
        /// The rule.
        fault: TokenFault,
        /// The configured issuer whose token it says it is. Nothing is known about who really made it.
        issuer: Option<Arc<str>>,
    },
    /// It names a key that is in no set of an issuer that may have signed it. The sets may be out of date: the caller
    /// may have them fetched again, and refuses with [`Unverified::fault`] until then.
    #[error("token signed with a key that is not in its issuer's key set")]
    UnknownKey {
        /// The key's `kid`, from a token that nothing is known about.
        key_id: Box<str>,
        /// The issuers whose sets lack it.
        not_in: Box<[Arc<str>]>,
        /// The issuers of which there is no set yet. One of them may have the key, so the token is not at fault.
        without_keys: Box<[Arc<str>]>,
    },
}

impl Unverified {
    /// The rule broken; `None` where the token is not at fault, for want of keys.
    #[must_use]
    pub fn fault(&self) -> Option<TokenFault> {
        match self {
            Self::Refused { fault, .. } => Some(*fault),
            Self::UnknownKey { without_keys, .. } if without_keys.is_empty() => {
                Some(TokenFault::UnknownKey)
            }
            Self::UnknownKey { .. } => None,
        }
    }

    /// The name of the configured issuer whose token it says it is; `None` where it names none, or one of several.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        match self {
            Self::Refused { issuer, .. } => issuer.as_deref(),
            Self::UnknownKey {
                not_in,
                without_keys,
                ..
            } => match (&**not_in, &**without_keys) {
                ([only], []) | ([], [only]) => Some(only),
                (_, _) => None,
            },
        }
    }

    fn refused(fault: TokenFault, issuer: &Issuer) -> Self {
        Self::Refused {
            fault,
            issuer: Some(Arc::clone(&issuer.name)),
        }
    }
}

impl From<TokenFault> for Unverified {
    /// Refused before anything told whose token it is said to be.
    fn from(fault: TokenFault) -> Self {
        Self::Refused {
            fault,
            issuer: None,
        }
    }
}

/// Verifies a token (RFC 7515, section 5.2; RFC 7519, section 7.2; RFC 8725).
///
/// `key_sets` gives the current key set of the issuer of a name. Of several rules broken, the one of the code that comes
/// first in decision.md, section 12, is reported: so claims are read before the signature is checked, and believed after.
pub fn verify<'k>(
    token: &str,
    issuers: &Issuers,
    key_sets: impl Fn(&str) -> Option<&'k KeySet>,
) -> Result<Verified, Unverified> {
    verify_for(token, issuers, key_sets, Use::Access)
}

/// Verifies an ID token that answers a sign-in: the same rules, but that it is one, and has this nonce.
///
/// Whom it is for is [`Verified::check_sign_in`].
///
/// # Errors
/// As for [`verify`].
pub fn verify_id_token<'k>(
    token: &str,
    issuers: &Issuers,
    key_sets: impl Fn(&str) -> Option<&'k KeySet>,
    nonce: Nonce<'_>,
) -> Result<Verified, Unverified> {
    verify_for(token, issuers, key_sets, Use::SignIn(nonce))
}

/// Reads an ID token again that was verified when it came, and kept where only this program writes. Its signature is not
/// looked at: the keys of then may be gone.
///
/// # Errors
/// It is none of this issuer's.
pub fn restore_id_token(
    token: &str,
    issuers: &Issuers,
    issuer: &str,
) -> Result<Verified, NotAccepted> {
    let issuer = issuers.named(issuer).ok_or(NotAccepted::NoSuchIssuer)?;
    let jws = Jws::parse(token)?;
    let claims = Claims::read_members(&jws.members()?, issuer, Use::Kept)?;
    accepted(claims, issuer, issuers)
}

fn verify_for<'k>(
    token: &str,
    issuers: &Issuers,
    key_sets: impl Fn(&str) -> Option<&'k KeySet>,
    used: Use<'_>,
) -> Result<Verified, Unverified> {
    let jws = Jws::parse(token)?;
    let payload = jws.members()?;
    let iss = Claims::issuer_of(&payload)?;
    let form = EntraIssuer::parse(iss);
    let form = form.as_ref();
    let candidates = issuers.candidates_of_form(iss, form).map(|issuer| {
        issuer.map(|issuer| Candidate {
            issuer,
            keys: key_sets(&issuer.name),
        })
    });
    let key_id = jws.header().key_id.as_deref();
    let Some(signer) = likely_signer(&candidates, key_id) else {
        Claims::read_common(&payload, used)?;
        // Of two faults, the header's is the one to report.
        jws.header()
            .algorithm
            .ok_or(TokenFault::AlgorithmNotAllowed)?;
        key_id.ok_or(TokenFault::NoKeyId)?;
        return Err(TokenFault::UnknownIssuer.into());
    };
    let issuer = signer.issuer;
    let refused = |fault| Unverified::refused(fault, issuer);
    let claims = Claims::read_members(&payload, issuer, used).map_err(refused)?;
    if !jws
        .header()
        .algorithm
        .is_some_and(|algorithm| issuer.algorithms.contains(&algorithm))
    {
        return Err(refused(TokenFault::AlgorithmNotAllowed));
    }
    let key_id = key_id.ok_or_else(|| refused(TokenFault::NoKeyId))?;
    let keys = match signer.keys {
        Some(keys) if keys.knows(key_id) => keys,
        Some(_) | None => return Err(unknown_key(&candidates, key_id)),
    };
    let verified = Verified::new(claims, form, issuer, issuers);
    // A key that is not for this tenant is unfit, which is told before a signature or an identity that is wrong.
    if let (Ok(verified), Some(key)) = (&verified, keys.get(key_id)) {
        let tenant = verified.identity.issuer.0;
        if !key.may_sign_for_form(iss, form, tenant, issuer.cloud) {
            return Err(refused(TokenFault::KeyOfAnotherIssuer));
        }
    }
    keys.verify(&jws).map_err(refused)?;
    verified.map_err(refused)
}

/// An issuer that may have signed a token, and its keys.
struct Candidate<'i, 'k> {
    issuer: &'i Issuer,
    keys: Option<&'k KeySet>,
}

type Candidates<'i, 'k> = [Option<Candidate<'i, 'k>>; Cloud::ALL.len()];

/// The one whose key set has the key, usable rather than left out; where none has, the first: whose rules are then
/// broken hardly matters.
fn likely_signer<'a, 'i, 'k>(
    candidates: &'a Candidates<'i, 'k>,
    key_id: Option<&str>,
) -> Option<&'a Candidate<'i, 'k>> {
    let first_where = |has_key: fn(&KeySet, &str) -> bool| {
        candidates.iter().flatten().find(|candidate| {
            let key = candidate.keys.zip(key_id);
            key.is_some_and(|(keys, key_id)| has_key(keys, key_id))
        })
    };
    first_where(|keys, key_id| keys.get(key_id).is_some())
        .or_else(|| first_where(KeySet::knows))
        .or_else(|| candidates.iter().flatten().next())
}

fn unknown_key(candidates: &Candidates<'_, '_>, key_id: &str) -> Unverified {
    let names = |with_keys: bool| {
        candidates
            .iter()
            .flatten()
            .filter(|candidate| candidate.keys.is_some() == with_keys)
            .map(|candidate| Arc::clone(&candidate.issuer.name))
            .collect()
    };
    Unverified::UnknownKey {
        key_id: key_id.into(),
        not_in: names(true),
        without_keys: names(false),
    }
}

/// Why claims that nobody signed are not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotAccepted {
    /// No configured issuer has the name given.
    #[error("no issuer has this name")]
    NoSuchIssuer,
    /// The claims break a rule.
    #[error(transparent)]
    Refused(#[from] TokenFault),
}

/// Takes the claims of a token as if the issuer of this name had signed them.
///
/// For deciding invented cases offline. **Never on the request path**: whoever calls this believes whoever wrote the
/// claims. Every rule that needs no signature applies.
pub fn accept_unsigned(
    payload: &Value,
    issuers: &Issuers,
    issuer: &str,
) -> Result<Verified, NotAccepted> {
    let issuer = issuers.named(issuer).ok_or(NotAccepted::NoSuchIssuer)?;
    let claims = payload.as_object().ok_or(TokenFault::NotAnObject)?;
    if !json::is_nested_at_most(payload, MAX_NESTING) {
        return Err(TokenFault::NestedTooDeep.into());
    }
    let claims = Claims::read(claims, issuer)?;
    accepted(claims, issuer, issuers)
}

/// Takes what this gateway itself found out about somebody who signed in with a browser, where no ID token tells it: an
/// assertion, a profile or a mailbox that it checked.
///
/// `issuer` stands for whoever is believed, and is none of those whose tokens open an application: nobody's signature is
/// taken for it.
///
/// # Errors
/// The claims break a rule.
pub fn vouch(claims: &Value, issuer: &Issuer, issuers: &Issuers) -> Result<Verified, NotAccepted> {
    let claims = claims.as_object().ok_or(TokenFault::NotAnObject)?;
    let claims = Claims::read(claims, issuer)?;
    accepted(claims, issuer, issuers)
}

fn accepted(claims: Claims, issuer: &Issuer, issuers: &Issuers) -> Result<Verified, NotAccepted> {
    if !issuer.admits(&claims.issuer) {
        return Err(TokenFault::UnknownIssuer.into());
    }
    let form = EntraIssuer::parse(&claims.issuer);
    Ok(Verified::new(claims, form.as_ref(), issuer, issuers)?)
}
