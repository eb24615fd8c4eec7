//! The decision, step by step, in decision.md's order: one file a step.

mod app_rules;
mod cloud;
mod conditional_access;
mod cross_tenant;
mod guest;
mod headers;
mod matching;
mod parties;
mod revocation;
mod trust;

use std::borrow::Cow;

use crate::context::Context;
use crate::decision::{AccessType, Decision, Facts, Reason, Refusal, Step, TokenRefusal};
use crate::explanation::{Line, Recorder, Silent, Values, WithValues, line};
use crate::ids::ResourceTenant;
use crate::snapshot::Snapshot;
use crate::subject::Subject;
use crate::target::{Resource, Target};
pub use cross_tenant::published_consent;
pub use guest::consents_automatically;
pub use matching::Admitted;
use parties::Parties;
pub use revocation::newest_revocation;
use trust::Trust;

/// What the token step found. Whether a token can be accepted depends on keys and on the time, and is settled before.
#[derive(Clone, Copy, Debug)]
pub enum Caller<'a> {
    /// No token came.
    Anonymous,
    /// A token came that cannot be accepted.
    Refused(TokenRefusal),
    /// A token was verified, and accepted for this target at this time.
    Verified(&'a Subject),
}

/// Decides one request.
///
/// Total: every request gets an answer, and the answer to doubt is a refusal.
#[must_use]
pub fn decide(
    snapshot: &Snapshot,
    caller: Caller<'_>,
    target: &Target,
    context: &Context<'_>,
) -> Decision {
    run(snapshot, caller, target, context, &mut Silent)
}

/// Decides one request and says why: the same answer as [`decide`], with a line for every step that was reached.
#[must_use]
pub fn explain(
    snapshot: &Snapshot,
    caller: Caller<'_>,
    target: &Target,
    context: &Context<'_>,
) -> (Decision, Vec<Line>) {
    let mut lines = Vec::new();
    let decision = run(snapshot, caller, target, context, &mut lines);
    (decision, lines)
}

/// The same as [`explain`], and each line says what it compared. For those who ask about one decision: what is compared may be long.
#[must_use]
pub fn explain_with_values(
    snapshot: &Snapshot,
    caller: Caller<'_>,
    target: &Target,
    context: &Context<'_>,
) -> (Decision, Vec<Line>) {
    let mut lines = WithValues::default();
    let decision = run(snapshot, caller, target, context, &mut lines);
    (decision, lines.0)
}

/// Everything a step reads.
struct Request<'a> {
    snapshot: &'a Snapshot,
    subject: &'a Subject,
    target: &'a Target,
    context: &'a Context<'a>,
    parties: Parties<'a>,
    trust: Trust,
}

fn run(
    snapshot: &Snapshot,
    caller: Caller<'_>,
    target: &Target,
    context: &Context<'_>,
    recorder: &mut impl Recorder,
) -> Decision {
    let resource_tenant = match target.resource {
        Resource::Own => ResourceTenant(snapshot.own.id),
        Resource::External { tenant, .. } => tenant,
    };
    let subject = match caller {
        Caller::Verified(subject) => subject,
        Caller::Anonymous if target.anonymous => {
            recorder.compare(
                || app_line(Step::Token, target, "anonymous", "passes without a token"),
                || Values::explicit("no token", "a token or none"),
            );
            let outcome = headers::check(snapshot, target, context, None, recorder);
            return Decision::new(
                outcome,
                target.enforcement,
                None,
                Some(AccessType::Passthrough),
                resource_tenant,
            );
        }
        Caller::Anonymous | Caller::Refused(_) => {
            let reason = match caller {
                Caller::Refused(refusal) => Reason::Token(refusal),
                Caller::Anonymous | Caller::Verified(_) => Reason::NoToken,
            };
            recorder.compare(
                || line(Step::Token, "", "", format!("refuses: {}", reason.name())),
                || match caller {
                    Caller::Refused(refusal) => Values::implicit(
                        format!("a token that breaks the rule `{}`", refusal.reason),
                        "a token that breaks no rule",
                    ),
                    Caller::Anonymous | Caller::Verified(_) => {
                        Values::implicit("no token", "a bearer token")
                    }
                },
            );
            let refusal = Refusal::new(Step::Token, reason);
            return Decision::new(
                Err(refusal),
                target.enforcement,
                None,
                None,
                resource_tenant,
            );
        }
    };
    recorder.compare(
        || line(Step::Token, "", "", "accepted"),
        || Values::implicit(format!("a token of `{}`", subject.issuer.0), ""),
    );
    let parties = Parties::of(snapshot, subject, target.resource);
    let request = Request {
        snapshot,
        subject,
        target,
        context,
        trust: Trust::of(snapshot, subject, &parties),
        parties,
    };
    let outcome = steps(&request, recorder);
    let facts = Facts {
        direction: request.parties.direction,
        home: subject.home.recorded_tenant().map(crate::ids::HomeTenant),
        own_user_id: request.parties.own_user.cloned(),
        home_user_id: request.parties.home_user.cloned(),
        mfa: request.trust.mfa,
        device: request.trust.device,
        tenant_restricted: cross_tenant::restrictions_in_force(&request),
        expires: request.parties.record.and_then(|record| record.expires),
    };
    Decision::new(
        outcome,
        target.enforcement,
        Some(facts),
        Some(request.parties.access_type),
        resource_tenant,
    )
}

/// Steps 2 to 9; the first that refuses decides.
fn steps(request: &Request<'_>, recorder: &mut impl Recorder) -> Result<(), Refusal> {
    revocation::check(request, recorder)?;
    let caller = Some((request.subject, &request.parties));
    headers::check(
        request.snapshot,
        request.target,
        request.context,
        caller,
        recorder,
    )?;
    cloud::check(request, recorder)?;
    cross_tenant::check(request, recorder)?;
    guest::check(request, recorder)?;
    trust::record(request, recorder);
    conditional_access::check(request, recorder)?;
    app_rules::check(request, recorder)
}

/// Why the partner's document did not supply a property.
fn instead_of(parties: &Parties<'_>, by_partner: bool, property: &str) -> Cow<'static, str> {
    let document = parties.partner_document();
    match (by_partner, parties.partner) {
        (true, _) => Cow::Borrowed(""),
        (false, _) if document.is_empty() => Cow::Borrowed(""),
        (false, None) => format!("there is no `{document}`").into(),
        (false, Some(_)) => format!("`{document}` does not have `{property}`").into(),
    }
}

/// A line about the target's own configuration.
fn app_line(
    step: Step,
    target: &Target,
    property: &'static str,
    result: impl Into<Cow<'static, str>>,
) -> Line {
    line(step, format!("apps/{}", target.id), property, result)
}
