//! A provider says that somebody is signed out (OpenID Connect Back-Channel Logout 1.0).

use std::sync::Arc;

use crossgate_policy::ids::{Id, UnixTime};

use crate::claims::audiences;
use crate::claims::read::{object, text, time};
use crate::entra::EntraIssuer;
use crate::header::ReadAs;
use crate::{CLOCK_SKEW_SECONDS, Claims, Issuer, IssuerKind, Jws, KeySet, TokenFault};

/// Whose sessions are over: those of one sign-in at the provider, or all of one person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Logout {
    /// `iss`.
    pub issuer: Arc<str>,
    /// `sub`.
    pub subject: Option<Id>,
    /// `sid`.
    pub session: Option<Id>,
    /// `jti`: the same token twice says no more than once.
    pub jwt_id: Box<str>,
}

/// What a logout token is held against.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedLogout<'a> {
    /// Who sends it.
    pub issuer: &'a Issuer,
    /// What that issuer knows this gateway as.
    pub client_id: &'a str,
    /// The time.
    pub now: UnixTime,
}

/// Verifies a logout token (section 2.6).
///
/// # Errors
/// The rule it breaks. [`TokenFault::UnknownKey`] may mean that `keys` are out of date.
pub fn verify_logout(
    token: &str,
    expected: &ExpectedLogout<'_>,
    keys: &KeySet,
) -> Result<Logout, TokenFault> {
    let ExpectedLogout {
        issuer,
        client_id,
        now,
    } = *expected;
    let jws = Jws::parse_as(token, ReadAs::Logout)?;
    let payload = jws.members()?;
    let iss = Claims::issuer_of(&payload)?;
    if !issuer.admits(iss) {
        return Err(TokenFault::UnknownIssuer);
    }
    let header = jws.header();
    if !header
        .algorithm
        .is_some_and(|algorithm| issuer.algorithms.contains(&algorithm))
    {
        return Err(TokenFault::AlgorithmNotAllowed);
    }
    let key_id = header.key_id.as_deref().ok_or(TokenFault::NoKeyId)?;
    let form = EntraIssuer::parse(iss);
    let tenant = match (&issuer.kind, &form) {
        (IssuerKind::Oidc { tenant, .. }, _) => *tenant,
        (IssuerKind::Entra { .. }, Some(form)) => form.tenant,
        (IssuerKind::Entra { .. }, None) => return Err(TokenFault::UnknownIssuer),
    };
    if let Some(key) = keys.get(key_id)
        && !key.may_sign_for_form(iss, form.as_ref(), tenant, issuer.cloud)
    {
        return Err(TokenFault::KeyOfAnotherIssuer);
    }
    keys.verify(&jws)?;
    if !audiences(&payload)?
        .iter()
        .any(|audience| **audience == *client_id)
    {
        return Err(TokenFault::WrongAudience);
    }
    // An ID token says that somebody is in; it must never be taken for the contrary.
    if payload.contains_key("nonce") {
        return Err(TokenFault::IdToken);
    }
    let events = object(&payload, "events")?.ok_or(TokenFault::Missing("events"))?;
    object(events, LOGOUT)?.ok_or(TokenFault::Missing("events"))?;
    let issued = time(&payload, "iat")?.ok_or(TokenFault::Missing("iat"))?;
    if issued.plus(-CLOCK_SKEW_SECONDS) > now {
        return Err(TokenFault::IssuedInTheFuture);
    }
    // Providers of before the final text leave `exp` out; without it an old token would end sessions for ever.
    let expires = time(&payload, "exp")?.unwrap_or(issued.plus(LONGEST_SECONDS));
    if now >= expires.plus(CLOCK_SKEW_SECONDS) {
        return Err(TokenFault::Expired);
    }
    let id = |name| text(&payload, name).map(|text| text.map(Id::new));
    let (subject, session) = (id("sub")?, id("sid")?);
    if subject.is_none() && session.is_none() {
        return Err(TokenFault::Missing("sub"));
    }
    Ok(Logout {
        issuer: iss.into(),
        subject,
        session,
        jwt_id: text(&payload, "jti")?
            .ok_or(TokenFault::Missing("jti"))?
            .into(),
    })
}

/// The event that makes a token one of these (section 2.4).
const LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What section 4 recommends at most.
const LONGEST_SECONDS: f64 = 120.0;
