//! Requests that are under way: what they would be told that came now.

use std::sync::Arc;

use crossgate_policy::context::{Context, RestrictionHeaders};
use crossgate_policy::decision::TokenRefusal;
use crossgate_policy::ids::UnixTime;
use crossgate_policy::{Caller, Decision};
use crossgate_token::TokenFault;

use super::{accept, ask};
use crate::connections::{Open, Opener};
use crate::live::InForce;
use crate::people::{Here, PersonSession, still_counts};
use crate::request::route::App;
use crate::request::subject::refusal;
use crate::request::token::KnownToken;
use crate::sign_ins::RestrictionValues;

/// Decides about a request that is under way, as one that came now would be decided. Off the request path.
#[must_use]
pub fn admit_again(in_force: &InForce, now: UnixTime, app: &App, open: &Open) -> Decision {
    let known = |known: &KnownToken| {
        let issuer = known.verified.issuer();
        // By another entry of that name it might not have been believed, or have said something else.
        if !Arc::ptr_eq(&open.issuers, &in_force.issuers) {
            let (then, now_is) = (open.issuers.named(issuer), in_force.issuers.named(issuer));
            if now_is.is_none() || then != now_is {
                return Err(TokenFault::UnknownIssuer);
            }
        }
        accept(now, app.addressee(), known)
    };
    let signed_in = match &open.opener {
        Opener::Session(session) => still_signed_in(in_force, now, app, session),
        Opener::Anybody | Opener::Token(_) => None,
    };
    let caller = match &open.opener {
        Opener::Anybody => Caller::Anonymous,
        Opener::Token(token) => match known(token) {
            Ok(()) => Caller::Verified(&token.subject),
            Err(fault) => Caller::Refused(refusal(fault)),
        },
        Opener::Session(_) => match &signed_in {
            Some(here) => Caller::Verified(&here.token.subject),
            None => Caller::Refused(SIGNED_OUT),
        },
    };
    let values = open.restriction.as_deref();
    let accepted = signed_in.as_ref().and_then(|here| here.accepted.clone());
    let context = Context {
        client_ip: open.client_ip,
        restriction: values.map_or(RestrictionHeaders::Absent, RestrictionValues::read),
        terms_accepted: accepted.as_deref().unwrap_or_default(),
        ..Context::at(now)
    };
    let subject = match &open.opener {
        Opener::Anybody => None,
        Opener::Token(token) => Some(&*token.subject),
        Opener::Session(_) => signed_in.as_ref().map(|here| &*here.token.subject),
    };
    ask(
        in_force.policy_for(subject),
        caller,
        &app.called.target,
        &context,
    )
}

/// Who it is, where a session that a request was opened with still counts. While the request is under way the session is in use.
fn still_signed_in(
    in_force: &InForce,
    now: UnixTime,
    app: &App,
    session: &Arc<PersonSession>,
) -> Option<Here> {
    let until = UnixTime::from_secs(u32::try_from(session.until).unwrap_or(u32::MAX));
    let settings = in_force.routes.people.as_ref()?;
    let counts = app.sign_in && !session.has_ended() && now < until;
    counts
        .then(|| still_counts(Arc::clone(session), settings, in_force))
        .flatten()
}

/// The session ended: its person signed out, their provider said so, or its time was up.
const SIGNED_OUT: TokenRefusal = TokenRefusal {
    code: 50_058,
    reason: "session_ended",
};
