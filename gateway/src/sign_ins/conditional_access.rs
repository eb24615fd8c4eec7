//! What Conditional Access did, read from the lines of an explanation.

use crossgate_policy::snapshot::{AccessPolicy, Controls, PolicyState};
use crossgate_policy::{Line, Step};

use super::observation::Observation;

/// Graph's `conditionalAccessStatus`.
pub(super) fn status(observation: &Observation, lines: &[Line]) -> &'static str {
    let decided = observation.ending.step() == Some(Step::ConditionalAccess);
    let met = lines.iter().any(|line| {
        line.step == Step::ConditionalAccess
            && line.property == "grantControls"
            && line.result == "met"
    });
    match (decided, met) {
        (true, true | false) => "failure",
        (false, true) => "success",
        (false, false) => "notApplied",
    }
}

/// The policies that applied, with what came of each. Those that did not apply stand in the explanation only.
pub(super) fn applied<'a>(
    observation: &'a Observation,
    lines: &'a [Line],
) -> impl Iterator<Item = (&'a AccessPolicy, &'static str)> {
    let policies = observation
        .policy
        .iter()
        .flat_map(|policy| policy.snapshot.conditional_access.iter());
    policies.filter_map(|policy| {
        let document = format!("conditional-access/{}", policy.id);
        let line = lines.iter().find(|line| line.document == document)?;
        Some((policy, result(policy.state, &line.result)?))
    })
}

/// Graph's `appliedConditionalAccessPolicyResult`; `None` where the policy did not apply.
fn result(state: PolicyState, told: &str) -> Option<&'static str> {
    let told = told.strip_prefix("report-only: ").unwrap_or(told);
    Some(match (state, told) {
        (_, "does not apply") => return None,
        (PolicyState::Enabled, "met") => "success",
        (PolicyState::Enabled, _) => "failure",
        (PolicyState::ReportOnly, "met") => "reportOnlySuccess",
        // Graph tells apart what the caller could have done at sign-in from what not.
        (PolicyState::ReportOnly, told)
            if BEYOND_CALLERS.iter().any(|name| told.contains(name)) =>
        {
            "reportOnlyFailure"
        }
        (PolicyState::ReportOnly, _) => "reportOnlyInterrupted",
    })
}

/// What no caller can do at sign-in.
const BEYOND_CALLERS: [&str; 3] = ["block", "compliantDevice", "domainJoinedDevice"];

/// The controls by their names in Graph.
pub(super) fn grant_controls(controls: &Controls) -> Vec<&'static str> {
    let Controls {
        operator: _,
        block,
        mfa,
        compliant_device,
        hybrid_joined_device,
        terms_of_use,
        strength,
    } = controls;
    [
        (*block, "block"),
        (*mfa, "mfa"),
        (*compliant_device, "compliantDevice"),
        (*hybrid_joined_device, "domainJoinedDevice"),
        (!terms_of_use.is_empty(), "termsOfUse"),
        (strength.is_some(), "authenticationStrength"),
    ]
    .into_iter()
    .filter_map(|(demanded, name)| demanded.then_some(name))
    .collect()
}
