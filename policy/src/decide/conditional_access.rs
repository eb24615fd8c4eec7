//! Step 8: Conditional Access, for users on our own apps.

mod applies;
mod controls;

use std::borrow::Cow;

use super::{Request, app_line};
use crate::decision::{AccessType, Direction, Reason, Refusal, Requirement, Step};
use crate::explanation::{Recorder, Values, address, line, list};
use crate::snapshot::{AccessPolicy, PolicyState};
use crate::subject::SubjectKind;
use controls::{Unmet, Verdict};

const STEP: Step = Step::ConditionalAccess;

pub(super) fn check(request: &Request<'_>, recorder: &mut impl Recorder) -> Result<(), Refusal> {
    let governed = match (request.parties.direction, request.subject.kind) {
        (Direction::Internal | Direction::Inbound, SubjectKind::User) => true,
        (Direction::Internal | Direction::Inbound, SubjectKind::App)
        | (Direction::Outbound | Direction::TenantRestricted, _) => false,
    };
    if !governed {
        recorder.record(|| line(STEP, "", "", "does not apply"));
        return Ok(());
    }
    if request.snapshot.conditional_access.is_empty() {
        recorder.record(|| line(STEP, "conditional-access", "", "no policy"));
    }
    let mut unmet = Unmet::default();
    let mut blocked = false;
    for policy in request.snapshot.conditional_access.iter() {
        let verdict = evaluate(request, policy);
        recorder.compare(
            || policy_line(policy, &verdict),
            || values(request, policy, &verdict),
        );
        match (policy.state, verdict) {
            (PolicyState::ReportOnly, _)
            | (PolicyState::Enabled, Verdict::NotApplied | Verdict::Met) => {}
            (PolicyState::Enabled, Verdict::Blocks) => blocked = true,
            (PolicyState::Enabled, Verdict::Unmet(of_policy)) => unmet.add(of_policy),
        }
    }
    demanded_contexts(request, &mut unmet, recorder);
    if blocked {
        return Err(Refusal::new(STEP, Reason::BlockedByPolicy));
    }
    unmet.into_refusal(&request.target.auth_contexts)
}

fn evaluate(request: &Request<'_>, policy: &AccessPolicy) -> Verdict {
    if applies::applies(request, policy) {
        controls::evaluate(request, &policy.controls)
    } else {
        Verdict::NotApplied
    }
}

/// The app's own demand: each context must stand in `acrs` of a token that is believed there.
fn demanded_contexts(request: &Request<'_>, unmet: &mut Unmet, recorder: &mut impl Recorder) {
    let believed = request.parties.own_issued || request.trust.home_mfa;
    for context in &request.target.auth_contexts {
        let met = believed && request.subject.auth_contexts.contains(context);
        recorder.compare(
            || {
                let result = if met {
                    format!("{context} met")
                } else {
                    format!("refuses: {context} missing")
                };
                app_line(STEP, request.target, "auth_contexts", result)
            },
            || {
                let shown = list(request.subject.auth_contexts.iter());
                let seen = if believed {
                    shown
                } else {
                    format!("{shown}, in a token whose MFA is not accepted")
                };
                Values::explicit(seen, context.to_string())
            },
        );
        if !met {
            unmet.context_missing(context, mfa_cannot_be_met(request));
        }
    }
}

/// At direct connect MFA can only be done at home, and counts only where it is trusted.
fn mfa_cannot_be_met(request: &Request<'_>) -> bool {
    request.parties.access_type == AccessType::DirectConnect && !request.trust.home_mfa
}

/// What a caller showed that counts, and what the policy demands.
fn values(request: &Request<'_>, policy: &AccessPolicy, verdict: &Verdict) -> Values {
    if matches!(verdict, Verdict::NotApplied) {
        return Values::default();
    }
    let seen = format!(
        "mfa {}, device {}, from {}",
        request.trust.mfa.name(),
        request.trust.device.name(),
        address(request.context.client_ip)
    );
    let wanted = if policy.controls.block {
        "a request that the policy does not apply to".to_owned()
    } else {
        controls::told(&policy.controls)
    };
    Values::explicit(seen, wanted)
}

fn policy_line(policy: &AccessPolicy, verdict: &Verdict) -> crate::explanation::Line {
    let result: Cow<'static, str> = match verdict {
        Verdict::NotApplied => "does not apply".into(),
        Verdict::Met => "met".into(),
        Verdict::Blocks => "refuses: block".into(),
        Verdict::Unmet(unmet) => {
            let missing: Vec<String> = unmet
                .requirements(&[])
                .iter()
                .map(Requirement::to_string)
                .collect();
            format!("refuses: {}", missing.join(", ")).into()
        }
    };
    let (property, result) = match policy.state {
        PolicyState::Enabled => ("grantControls", result),
        PolicyState::ReportOnly => ("state", format!("report-only: {result}").into()),
    };
    line(
        STEP,
        format!("conditional-access/{}", policy.id),
        property,
        result,
    )
}
