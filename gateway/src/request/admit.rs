//! Whether a request may go on: the one place on the request path where a token is verified and `decide` is asked. Those that
//! are under way are decided again by the same rules.

mod again;
mod person;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use crossgate_policy::context::{Context, RestrictionHeaders};
use crossgate_policy::decision::TokenRefusal;
use crossgate_policy::ids::{Id, ResourceTenant, UnixTime};
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::target::Target;
use crossgate_policy::{Caller, Decision};
use crossgate_token::{Expected, Issuers, KeySet, TokenFault, Unverified, verify};
use http::HeaderMap;
use jiff::Timestamp;

use super::credential::{Credential, Presented};
use super::route::App;
use super::subject::refusal;
use super::token::KnownToken;
use super::tokens::{Basis, Found, TokenDigest, Tokens};
use crate::live::Staged;
use crate::ops::{ACCEPTED, Metrics, NO_KEYS};
use crate::people::{Here, SignedIn};
use crate::sign_ins::RestrictionValues;
pub use again::admit_again;
pub use person::{admit_at_console, admit_by, admit_refused, admit_signed_in, admit_with_terms};

/// What one request decides by: the same from its first step to its last.
pub struct Moment<'a, K> {
    /// The policy.
    pub snapshot: &'a Snapshot,
    /// The policy for some tenants, while a draft is staged.
    pub staged: Option<&'a Staged>,
    /// Who may sign tokens.
    pub issuers: &'a Issuers,
    /// The keys of the issuer of a name.
    pub keys: K,
    /// Tells the keys and issuers of this moment from those of others.
    pub basis: Basis<'a>,
}

/// Whom a request is for.
#[derive(Clone, Copy, Debug)]
pub struct Addressee<'a> {
    /// What it demands of its callers.
    pub target: &'a Target,
    /// Who owns it.
    pub resource: ResourceTenant,
    /// The `aud` of its tokens.
    pub audiences: &'a [Box<str>],
}

/// What a request brings, besides where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Brought<'a> {
    /// When it came.
    pub now: UnixTime,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Of them those that restrict tenants, where any came: all headers are looked through for them, once.
    pub restriction: Option<&'a RestrictionValues>,
    /// The caller's address.
    pub client_ip: Option<IpAddr>,
    /// Who is signed in with the browser that sends it. Counts only where it brings no token.
    pub session: Option<&'a SignedIn>,
    /// The terms of use that they accepted.
    pub terms_accepted: &'a [Id],
}

impl<'a> Brought<'a> {
    /// What its tenant-restriction headers say.
    fn restricts(self) -> RestrictionHeaders<'a> {
        let values = self.restriction;
        values.map_or(RestrictionHeaders::Absent, RestrictionValues::read)
    }

    /// The same from a browser with which somebody is signed in.
    #[must_use]
    pub fn by(self, who: Option<&'a Here>) -> Self {
        match who {
            None => self,
            Some(here) => Self {
                session: Some(&here.session.subject),
                terms_accepted: here.accepted.as_deref().unwrap_or_default(),
                ..self
            },
        }
    }
}

/// What became of a request.
#[derive(Debug)]
pub struct Admission {
    /// The decision; the issuer's name where there are no keys to verify its token with.
    pub verdict: Result<Decision, NoKeys>,
    /// The token, where it was verified. Not yet that it was accepted: the decision says that.
    pub token: Option<Arc<KnownToken>>,
    /// The token's digest, also of one that was refused.
    pub token_digest: TokenDigest,
    /// Issuers that may have a key newer than ours.
    pub outdated: Box<[Arc<str>]>,
    /// When it was decided.
    pub decided: Option<Instant>,
}

/// A time, as decisions know it.
#[must_use]
pub fn unix_time(at: Timestamp) -> UnixTime {
    // Whatever is no time is late: then everything has ended.
    UnixTime::new(at.as_duration().as_secs_f64()).unwrap_or(UnixTime::from_secs(u32::MAX))
}

/// Nothing is known of the issuer's keys yet, so the token can be neither accepted nor refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NoKeys;

/// Decides whether a request may go on.
pub fn admit<'k, K: Fn(&str) -> Option<&'k KeySet>>(
    moment: &Moment<'_, K>,
    addressee: Addressee<'_>,
    brought: Brought<'_>,
    tokens: &Tokens,
    metrics: &Metrics,
) -> Admission {
    let mut admission = Admission {
        verdict: Err(NoKeys),
        token: None,
        token_digest: TokenDigest::NONE,
        outdated: Box::default(),
        decided: None,
    };
    let refused = match Credential::read(brought.headers) {
        Credential::None => {
            if let Some(session) = brought.session {
                admission.token = session.token();
                admission.token_digest = session.digest;
            }
            None
        }
        Credential::Unacceptable(refusal) => {
            metrics.verifications.count(None, refusal.reason);
            Some(refusal)
        }
        Credential::Bearer(token) => {
            admission.token_digest = tokens.digest(token);
            match known(moment, token, admission.token_digest, tokens) {
                Err(NotKnown::NoToken(refusal)) => {
                    admission.token_digest = TokenDigest::NONE;
                    metrics.verifications.count(None, refusal.reason);
                    Some(refusal)
                }
                Ok((known, from)) => {
                    let accepted = accept(brought.now, addressee, &known);
                    keep(
                        (moment.basis, brought.now),
                        admission.token_digest,
                        &known,
                        accepted,
                        from,
                        tokens,
                    );
                    let issuer = Some(&**known.verified.issuer());
                    match (accepted, from) {
                        (Err(fault), _) => metrics.verifications.count(issuer, fault.reason()),
                        (Ok(()), From::Verifier) => metrics.verifications.count(issuer, ACCEPTED),
                        (Ok(()), From::Packed | From::Ready) => {}
                    }
                    admission.token = Some(known);
                    accepted.err().map(refusal)
                }
                Err(NotKnown::Unverified(unverified)) => {
                    let fault = unverified.fault();
                    let result = fault.map_or(NO_KEYS, TokenFault::reason);
                    metrics.verifications.count(unverified.issuer(), result);
                    if let Unverified::UnknownKey {
                        not_in,
                        without_keys,
                        ..
                    } = unverified
                    {
                        admission.outdated = not_in.iter().chain(&without_keys).cloned().collect();
                    }
                    let Some(fault) = fault else {
                        return admission;
                    };
                    Some(refusal(fault))
                }
            }
        }
    };
    let caller = match (&refused, &admission.token) {
        (Some(refusal), _) => Caller::Refused(*refusal),
        (None, Some(token)) => Caller::Verified(&token.subject),
        (None, None) => Caller::Anonymous,
    };
    let snapshot = match moment.staged {
        None => moment.snapshot,
        Some(staged) => staged.or(moment.snapshot, admission.token.as_deref()),
    };
    let (decision, decided) = decide(snapshot, caller, addressee.target, brought, metrics);
    admission.verdict = Ok(decision);
    admission.decided = Some(decided);
    admission
}

/// Decides about what the gateway itself answers to everybody on an app's behalf.
#[must_use]
pub fn admit_anybody(
    snapshot: &Snapshot,
    app: &App,
    brought: Brought<'_>,
    metrics: &Metrics,
) -> Decision {
    decide(snapshot, Caller::Anonymous, &app.open, brought, metrics).0
}

/// Asks policy, and takes the time of it.
fn decide(
    snapshot: &Snapshot,
    caller: Caller<'_>,
    target: &Target,
    brought: Brought<'_>,
    metrics: &Metrics,
) -> (Decision, Instant) {
    let context = Context {
        client_ip: brought.client_ip,
        restriction: brought.restricts(),
        terms_accepted: brought.terms_accepted,
        ..Context::at(brought.now)
    };
    let begun = Instant::now();
    let decision = ask(snapshot, caller, target, &context);
    let decided = Instant::now();
    metrics
        .decision_duration
        .observe(decided.duration_since(begun));
    (decision, decided)
}

/// The one caller of policy for requests: for those that come, and for those that are under way.
fn ask(
    snapshot: &Snapshot,
    caller: Caller<'_>,
    target: &Target,
    context: &Context<'_>,
) -> Decision {
    crossgate_policy::decide(snapshot, caller, target, context)
}

/// Where a verified token was had from.
#[derive(Clone, Copy)]
enum From {
    /// Its signature was checked for this request.
    Verifier,
    /// It was checked before, and the token is ready no more.
    Packed,
    /// It was checked before.
    Ready,
}

/// Why a token is not known.
enum NotKnown {
    /// It is none.
    NoToken(TokenRefusal),
    /// It is not genuine, as far as can be told.
    Unverified(Unverified),
}

/// The token, verified now or before.
fn known<'k, K: Fn(&str) -> Option<&'k KeySet>>(
    moment: &Moment<'_, K>,
    token: Presented<'_>,
    digest: TokenDigest,
    tokens: &Tokens,
) -> Result<(Arc<KnownToken>, From), NotKnown> {
    match tokens.find(digest, moment.basis, moment.issuers) {
        Some(Found::Ready(known)) => Ok((known, From::Ready)),
        Some(Found::Unpacked(known)) => Ok((known, From::Packed)),
        Some(Found::Refused(why)) => Err(NotKnown::Unverified(why)),
        None => match verify(
            token.token().map_err(NotKnown::NoToken)?.expose(),
            moment.issuers,
            &moment.keys,
        ) {
            Ok(verified) => {
                let known = KnownToken::new(verified, moment.issuers);
                Ok((Arc::new(known), From::Verifier))
            }
            Err(why) => {
                tokens.refuse(digest, moment.basis, &why);
                Err(NotKnown::Unverified(why))
            }
        },
    }
}

/// Keeps a verified token for those that come with it next. Ready, and counted as used, only where an app accepts it:
/// somebody with many genuine tokens for elsewhere takes no room from those that are for here.
fn keep(
    (basis, now): (Basis<'_>, UnixTime),
    digest: TokenDigest,
    known: &Arc<KnownToken>,
    accepted: Result<(), TokenFault>,
    from: From,
    tokens: &Tokens,
) {
    match from {
        From::Ready => return,
        From::Packed if accepted.is_ok() => tokens.used(digest),
        From::Packed => {}
        From::Verifier => tokens.keep(digest, basis, known, now),
    }
    if accepted.is_ok() {
        tokens.keep_ready(digest, basis, known);
    }
}

/// What depends on the app and on the time, which no verification before says anything about.
fn accept(now: UnixTime, addressee: Addressee<'_>, known: &KnownToken) -> Result<(), TokenFault> {
    known.verified.check(&Expected {
        resource: addressee.resource,
        audiences: addressee.audiences,
        // Neither client certificates nor DPoP proofs are read, so nothing is ever proven.
        possession_proven: false,
        now,
    })
}

#[cfg(test)]
mod tests;
