//! Security event tokens: an issuer says that what it signed before counts no more.
//!
//! The receiver's half of OpenID Shared Signals (SSF 1.0) with the events of CAEP 1.0 and RISC 1.0, in the tokens of
//! RFC 8417 as RFC 8935 pushes them. What was received before is not known here: a `jti` seen twice is the caller's.

mod authority;
mod effect;
mod event;
mod fault;
mod subject;

use std::sync::Arc;

use crossgate_policy::ids::{TenantId, UnixTime};

use crate::claims::audiences;
use crate::claims::read::{object, text, time};
use crate::header::ReadAs;
use crate::json::Members;
use crate::validity::CLOCK_SKEW_SECONDS;
use crate::{Claims, Issuer, Jws, KeySet, TokenFault};
use authority::Authority;
use effect::Directory;
pub use effect::{Effect, Why};
pub use event::{
    Assurance, ChangeType, Compliance, Event, EventKind, Initiator, Reason, StreamStatus,
};
pub use fault::SetFault;
pub use subject::{ComplexSubject, Subject, SubjectId};

/// The most events one token may carry. SSF 1.0, section 4.2.1, has one, or several names of one.
const MAX_EVENTS: usize = 8;

/// The longest `jti`, in characters.
const MAX_JWT_ID: usize = 256;

/// Who pushes security events, and for whom it may speak.
#[derive(Clone, Copy, Debug)]
pub struct Transmitter<'a, A> {
    /// The issuer that signs the tokens: it speaks for its own users, and for nobody else's.
    pub issuer: &'a Issuer,
    /// What it calls this receiver, compared exactly.
    pub audience: &'a [A],
    /// The domains of its tenant, whose addresses are its users'; compared without regard to case, each for itself:
    /// `contoso.com` does not include `eu.contoso.com`.
    pub domains: &'a [A],
    /// What it calls its tenant besides the tenant's id, compared exactly. Empty for Entra.
    pub tenant_names: &'a [A],
}

/// A genuine security event token, for this receiver, of a transmitter that may speak for its subjects.
///
/// Made by [`verify_security_event`] only.
#[derive(Clone, Debug, PartialEq)]
pub struct SecurityEvent {
    issuer: Arc<str>,
    directory: Directory,
    jwt_id: Box<str>,
    issued_at: UnixTime,
    events: Box<[Event]>,
}

impl SecurityEvent {
    /// The name of the configured issuer that signed it.
    #[must_use]
    pub const fn issuer(&self) -> &Arc<str> {
        &self.issuer
    }

    /// The tenant whose service signed it. Every id in it is one of this tenant's directory.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.directory.tenant
    }

    /// `jti` (RFC 8417, section 2.2). Together with the issuer it tells a token that is pushed again.
    #[must_use]
    pub fn jwt_id(&self) -> &str {
        &self.jwt_id
    }

    /// `iat` (RFC 8417, section 2.2).
    #[must_use]
    pub const fn issued_at(&self) -> UnixTime {
        self.issued_at
    }

    /// `events` (RFC 8417, section 2.2); never empty.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// What it means here: of all its events together, each effect once.
    #[must_use]
    pub fn effect(&self) -> Vec<Effect> {
        let mut effects = Vec::new();
        for effect in self.events.iter().flat_map(|event| self.effect_of(event)) {
            if !effects.contains(&effect) {
                effects.push(effect);
            }
        }
        effects
    }

    /// What one of its events means here; never nothing said.
    #[must_use]
    pub fn effect_of(&self, event: &Event) -> Vec<Effect> {
        // `toe` (RFC 8417, section 2.2) is not read: `iat`, which is no earlier, revokes no less.
        let not_before = event.timestamp.unwrap_or(self.issued_at);
        self.directory.effect(event, not_before)
    }
}

/// Verifies a security event token (RFC 8417; RFC 8935, section 2; SSF 1.0, section 4.1).
///
/// `keys` is the transmitter's current key set; on [`SetFault::UnknownKey`] it may be out of date. What is inside is
/// looked at once the signature is checked, but for `iss`: of several rules broken, a stranger learns none of those.
/// How old a token is does not matter: an event delayed is an event still.
pub fn verify_security_event<A: AsRef<str>>(
    jws: &str,
    transmitter: &Transmitter<'_, A>,
    keys: &KeySet,
    now: UnixTime,
) -> Result<SecurityEvent, SetFault> {
    let jws = Jws::parse_as(jws, ReadAs::SecurityEvent)?;
    let payload = jws.members()?;
    let authority = Authority::of(Claims::issuer_of(&payload)?, transmitter)?;
    check_signature(&jws, &authority, keys)?;

    let is_ours = |audience: &str| {
        let mut ours = transmitter.audience.iter();
        ours.any(|ours| ours.as_ref() == audience)
    };
    if !audiences(&payload)?
        .iter()
        .any(|audience| is_ours(audience))
    {
        return Err(SetFault::WrongAudience);
    }
    // SSF 1.0, section 4.1: neither has a place in one, so that no other reader takes it for an access token.
    for (name, fault) in [("exp", SetFault::HasExpiry), ("sub", SetFault::HasSubject)] {
        if payload.contains_key(name) {
            return Err(fault);
        }
    }
    let issued_at = time(&payload, "iat")?.ok_or(TokenFault::Missing("iat"))?;
    if is_ahead(issued_at, now) {
        return Err(TokenFault::IssuedInTheFuture.into());
    }
    // Nothing asks for `nbf` here; one that is there holds all the same.
    if time(&payload, "nbf")?.is_some_and(|not_before| is_ahead(not_before, now)) {
        return Err(TokenFault::NotYetValid.into());
    }
    Ok(SecurityEvent {
        issuer: Arc::clone(&authority.issuer.name),
        directory: Directory::of(&authority),
        jwt_id: jwt_id(&payload)?.into(),
        issued_at,
        events: events(&payload, &authority, now)?,
    })
}

/// RFC 7515, section 5.2, with a key and an algorithm of this issuer's.
fn check_signature<A: AsRef<str>>(
    jws: &Jws<'_>,
    authority: &Authority<'_, A>,
    keys: &KeySet,
) -> Result<(), SetFault> {
    let header = jws.header();
    let algorithm = header.algorithm;
    if !algorithm.is_some_and(|algorithm| authority.issuer.algorithms.contains(&algorithm)) {
        return Err(TokenFault::AlgorithmNotAllowed.into());
    }
    let key_id = header.key_id.as_deref().ok_or(TokenFault::NoKeyId)?;
    if let Some(key) = keys.get(key_id)
        && !authority.admits_key(key)
    {
        return Err(TokenFault::KeyOfAnotherIssuer.into());
    }
    keys.verify(jws)?;
    Ok(())
}

fn jwt_id<'a>(payload: &'a Members<'_>) -> Result<&'a str, SetFault> {
    let jwt_id = text(payload, "jti")?.ok_or(TokenFault::Missing("jti"))?;
    if (1..=MAX_JWT_ID).contains(&jwt_id.chars().count()) {
        Ok(jwt_id)
    } else {
        Err(SetFault::JwtIdLength)
    }
}

fn events<A: AsRef<str>>(
    payload: &Members<'_>,
    authority: &Authority<'_, A>,
    now: UnixTime,
) -> Result<Box<[Event]>, SetFault> {
    let subject = match object(payload, "sub_id")? {
        Some(subject) => Some(Subject::read(subject, authority)?),
        None => None,
    };
    let events = object(payload, "events")?.ok_or(TokenFault::Missing("events"))?;
    match events.iter().len() {
        0 => Err(SetFault::NoEvent),
        1..=MAX_EVENTS => events
            .iter()
            .map(|(uri, event)| {
                let event = event.as_object().ok_or(TokenFault::WrongType("events"))?;
                Event::read(uri, event, subject.as_ref(), authority, now)
            })
            .collect(),
        _ => Err(SetFault::TooManyEvents),
    }
}

/// Further ahead than clocks may differ.
fn is_ahead(time: UnixTime, now: UnixTime) -> bool {
    time.plus(-CLOCK_SKEW_SECONDS) > now
}
