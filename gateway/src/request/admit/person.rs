//! People who sign in with a browser: what is decided about them beside their requests.

use std::sync::Arc;

use crossgate_policy::context::Context;
use crossgate_policy::decision::TokenRefusal;
use crossgate_policy::ids::Id;
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::{Caller, Decision};

use super::{Brought, ask, decide};
use crate::ops::Metrics;
use crate::people::{Call, Standing};
use crate::request::restriction::restriction;
use crate::request::route::App;
use crate::request::token::KnownToken;
use crate::request::tokens::TokenDigest;

/// Somebody who is signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// Their ID token, which was verified when it came.
    pub token: Arc<KnownToken>,
    /// What stands for the session where its uses are counted.
    pub digest: TokenDigest,
    /// How they stand by the settings in force.
    pub standing: Standing,
}

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
    let caller = Caller::Verified(&signed_in.token.subject);
    decide(snapshot, caller, &app.called.target, brought, metrics).0
}

/// Decides as if somebody had accepted these terms, to find those that are lacking.
#[must_use]
pub fn admit_with_terms(call: &Call<'_>, app: &App, who: &SignedIn, terms: &[Id]) -> Decision {
    let caller = Caller::Verified(&who.token.subject);
    let context = Context {
        client_ip: call.client_ip,
        restriction: restriction(call.headers),
        terms_accepted: terms,
        ..Context::default()
    };
    ask(
        &call.in_force.snapshot,
        caller,
        &app.called.target,
        &context,
    )
}
