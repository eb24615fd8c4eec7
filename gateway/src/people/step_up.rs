//! What a sign-in is asked for besides who it is, and by whom it can be given.

use crossgate_policy::decision::{Outcome, Reason, Refusal, Requirement};
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::subject::Home;
use crossgate_portal::oidc::Wanted;

use super::provider::Provider;
use super::{PeopleSettings, SignedIn};
use crate::live::InForce;
use crate::request::respond;

/// What a refusal asks for, one word each, in the words of `crossgate decide`.
#[must_use]
pub(super) fn asked_for(refusal: &Refusal) -> Vec<String> {
    if refusal.reason == Reason::Revoked {
        return vec![SIGN_IN_AGAIN.to_owned()];
    }
    let requirements = refusal.requirements.iter();
    requirements.map(Requirement::to_string).collect()
}

/// What to ask the provider for, so that this refusal does not come again.
#[must_use]
pub(super) fn wanted(refusal: &Refusal) -> Wanted {
    match refusal.reason.outcome() {
        Outcome::StepUp => Wanted {
            claims: respond::sign_in_claims(refusal),
            acr_values: Some(respond::acr_values(refusal)),
            again: false,
            login_hint: None,
        },
        Outcome::Unauthenticated
        | Outcome::Allow
        | Outcome::Block
        | Outcome::Redeem
        | Outcome::Consent
        | Outcome::BadRequest
        | Outcome::NotFound => Wanted {
            // Who was revoked has to show themselves again: the provider's own session is as old as ours.
            again: refusal.reason == Reason::Revoked,
            ..Wanted::default()
        },
    }
}

/// Who can give what is lacking: the provider that they signed in with where its word counts here, else our own.
#[must_use]
pub(super) fn provider<'s>(
    settings: &'s PeopleSettings,
    in_force: &InForce,
    signed_in: &SignedIn,
    with: &str,
) -> Option<&'s Provider> {
    let token = signed_in.token()?;
    let subject = &token.subject;
    let snapshot = in_force.policy_for(Some(subject));
    let own = snapshot.own.id;
    let counts = match subject.home {
        Home::Tenant { tenant, .. } => tenant.0 == own || snapshot.accepts_mfa_of(tenant.0),
        // Nothing that they are asked for where they signed in counts.
        Home::MicrosoftAccount | Home::NoTenant => return settings.of_tenant(own),
    };
    let before = settings.provider(with);
    if counts || subject.issuer.0 == own {
        return before;
    }
    settings.of_tenant(own).or(before)
}

/// Whether there is nobody to give more of a sign-in: somebody without a tenant gives it at our own, if anywhere.
#[must_use]
pub(super) fn nobody_can(
    settings: &PeopleSettings,
    snapshot: &Snapshot,
    signed_in: &SignedIn,
) -> bool {
    match signed_in.token().map(|token| token.subject.home) {
        Some(Home::Tenant { .. }) | None => false,
        Some(Home::MicrosoftAccount | Home::NoTenant) => {
            settings.of_tenant(snapshot.own.id).is_none()
        }
    }
}

/// What is asked for where a revocation is newer than the sign-in.
const SIGN_IN_AGAIN: &str = "signInAgain";
