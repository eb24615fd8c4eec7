//! People who sign in with a browser: what is decided about them beside their requests.

use crossgate_policy::context::Context;
use crossgate_policy::decision::TokenRefusal;
use crossgate_policy::ids::Id;
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::target::Target;
use crossgate_policy::{Caller, Decision};

use super::{Brought, ask, decide, unix_time};
use crate::ops::Metrics;
use crate::people::{Call, SignedIn};
use crate::request::restriction::restriction;
use crate::request::route::App;
use crate::request::token::KnownToken;

/// Decides about a sign-in that was refused, for the record of it.
#[must_use]
pub fn admit_refused(
    snapshot: &Snapshot,
    app: &App,
    brought: Brought<'_>,
    refusal: TokenRefusal,
    metrics: &Metrics,
) -> Decision {
    let caller = Caller::Refused(refusal);
    decide(snapshot, caller, &app.called.target, brought, metrics).0
}

/// Decides about somebody who has just signed in, for the record of it: whether the app lets them in, its next request asks.
#[must_use]
pub fn admit_signed_in(
    snapshot: &Snapshot,
    app: &App,
    brought: Brought<'_>,
    signed_in: &SignedIn,
    metrics: &Metrics,
) -> Decision {
    let token = signed_in.token();
    let caller = caller(token.as_deref());
    decide(snapshot, caller, &app.called.target, brought, metrics).0
}

/// Decides as if somebody had accepted these terms: to find those that are lacking, and what else they may open.
#[must_use]
pub fn admit_with_terms(
    call: &Call<'_>,
    target: &Target,
    who: &SignedIn,
    terms: &[Id],
) -> Decision {
    let token = who.token();
    let subject = token.as_ref().map(|token| &*token.subject);
    admit_by(call.in_force.policy_for(subject), call, target, who, terms)
}

/// Decides about whoever came to the console, or about nobody.
#[must_use]
pub fn admit_at_console(
    call: &Call<'_>,
    target: &Target,
    who: Option<&KnownToken>,
    terms: &[Id],
) -> Decision {
    ask_for(&call.in_force.snapshot, call, target, who, terms)
}

/// The same by another policy than the one that is in force for the call.
#[must_use]
pub fn admit_by(
    snapshot: &Snapshot,
    call: &Call<'_>,
    target: &Target,
    who: &SignedIn,
    terms: &[Id],
) -> Decision {
    let token = who.token();
    ask_for(snapshot, call, target, token.as_deref(), terms)
}

fn ask_for(
    snapshot: &Snapshot,
    call: &Call<'_>,
    target: &Target,
    who: Option<&KnownToken>,
    terms: &[Id],
) -> Decision {
    let context = Context {
        client_ip: call.client_ip,
        restriction: restriction(call.headers),
        terms_accepted: terms,
        ..Context::at(unix_time(call.at))
    };
    ask(snapshot, caller(who), target, &context)
}

/// Nobody, where there is no token to believe.
pub(super) fn caller(token: Option<&KnownToken>) -> Caller<'_> {
    token.map_or(Caller::Anonymous, |token| Caller::Verified(&token.subject))
}
