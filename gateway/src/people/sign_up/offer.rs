//! Whom an app's refusal leads to a sign-up.

use std::sync::Arc;

use crossgate_graph::UserFlow;
use crossgate_policy::Decision;
use crossgate_policy::decision::{Reason, Refusal};
use crossgate_policy::snapshot::DirectoryMode;
use crossgate_policy::subject::Home;

use super::super::PersonSession;
use crate::live::InForce;
use crate::request::route::App;

/// Whether a refusal is for want of a record alone, so that who has signed up is not refused any more for that.
const fn is_for_want_of_a_record(refusal: &Refusal) -> bool {
    matches!(
        refusal.reason,
        // The home organisation's own token, without a record: direct connect, which is not allowed.
        Reason::InboundNotAdmitted | Reason::InboundMembershipUnknown
            // A Microsoft account without a record.
            | Reason::GuestUnknown
    )
}

/// The flow of an app; none where there are no records that somebody could have.
pub(super) fn flow<'f>(in_force: &'f InForce, app: &App) -> Option<&'f Arc<UserFlow>> {
    let flow = in_force.sign_up.of_app(&app.called.target.id)?;
    match in_force.snapshot.guests.mode() {
        DirectoryMode::Off => None,
        DirectoryMode::Optional | DirectoryMode::Required => Some(flow),
    }
}

/// Whether somebody who is signed in and refused by an app is to be offered to sign up for it. Asked on the way of requests: look-ups
/// alone.
#[must_use]
pub fn offers(in_force: &InForce, app: &App, session: &PersonSession, decision: &Decision) -> bool {
    let Err(refusal) = &decision.outcome else {
        return false;
    };
    flow(in_force, app).is_some_and(|flow| flow.takes(&session.provider))
        && is_for_want_of_a_record(refusal)
        && session.subject.token().is_some_and(|token| {
            let lives_elsewhere = match token.subject.home {
                Home::Tenant { tenant, .. } => tenant.0 != in_force.snapshot.own.id,
                Home::MicrosoftAccount => true,
                Home::NoTenant => false,
            };
            let guests = &in_force.snapshot.guests;
            let known = token
                .subject
                .home
                .recorded_tenant()
                .zip(token.subject.user_id.as_ref())
                .and_then(|(tenant, user)| guests.by_home(tenant, user));
            lives_elsewhere && token.verified.identity().is_home_issued() && known.is_none()
        })
}
