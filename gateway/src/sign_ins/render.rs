//! One observation in the words of Graph's `signIn` (beta), and ours under `crossgate`.

use std::borrow::Cow;

use crossgate_insight::receipt::Receipt;
use crossgate_policy::decision::Direction;
use crossgate_policy::ids::Id;
use crossgate_policy::snapshot::UserType;
use crossgate_policy::subject::{Account, Subject, SubjectKind};
use crossgate_policy::{Decision, Facts, Line, Requirement, nearest_change};
use serde::Serialize;

use super::conditional_access;
use super::event::time;
use super::failure_reasons::failure_reason;
use super::observation::{Ending, Observation};

/// The members of `signIn` that a gateway knows. What only a sign-in page could tell (risk, place, methods) is absent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignIn<'a> {
    id: String,
    created_date_time: String,
    user_display_name: Option<&'a str>,
    user_principal_name: Option<&'a str>,
    user_id: String,
    app_id: Option<String>,
    app_display_name: Option<&'a str>,
    ip_address: Option<String>,
    user_agent: Option<&'a str>,
    correlation_id: &'a str,
    conditional_access_status: &'static str,
    applied_conditional_access_policies: Vec<AppliedPolicy<'a>>,
    is_interactive: bool,
    resource_display_name: Option<&'a str>,
    resource_id: Option<String>,
    home_tenant_id: Option<String>,
    resource_tenant_id: Option<String>,
    service_principal_id: Option<String>,
    service_principal_name: Option<&'a str>,
    status: Status,
    device_detail: Option<DeviceDetail<'a>>,
    authentication_requirement: Option<&'static str>,
    cross_tenant_access_type: Option<&'static str>,
    is_tenant_restricted: bool,
    processing_time_in_milliseconds: i32,
    session_id: Option<Cow<'a, str>>,
    sign_in_event_types: [&'static str; 1],
    token_issuer_name: Option<&'a str>,
    token_issuer_type: Option<&'static str>,
    unique_token_identifier: Option<Cow<'a, str>>,
    user_type: Option<&'static str>,
    // Last, and its count last in it: see `Event`.
    crossgate: Crossgate<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    error_code: u32,
    failure_reason: Option<&'static str>,
    additional_details: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AppliedPolicy<'a> {
    id: &'a str,
    display_name: &'a str,
    enforced_grant_controls: Vec<&'static str>,
    enforced_session_controls: [&'static str; 0],
    result: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DeviceDetail<'a> {
    device_id: Option<&'a str>,
    /// `None` where nobody says: a token tells of good devices only.
    is_compliant: Option<bool>,
    /// See [`DeviceDetail::is_compliant`].
    is_managed: Option<bool>,
    trust_type: Option<&'static str>,
}

/// Ours.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Crossgate<'a> {
    decision_id: String,
    outcome: &'static str,
    reason: &'static str,
    step: Option<&'static str>,
    enforcement: &'static str,
    direction: Option<&'static str>,
    /// The `[[provider]]` at which a person signed in, or tried to.
    provider: Option<&'a str>,
    /// Names the content of the policy that decided.
    snapshot: &'a str,
    generation: u64,
    mfa: Option<&'static str>,
    device: Option<&'static str>,
    requirements: Vec<String>,
    explanation: Vec<Explained<'a>>,
    nearest_change: Option<String>,
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    /// What the decision was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<Receipt<'a>>,
}

#[derive(Debug, Serialize)]
struct Explained<'a> {
    step: &'static str,
    document: &'a str,
    property: &'a str,
    result: &'a str,
}

impl<'a> SignIn<'a> {
    pub(super) fn of(
        id: String,
        observation: &'a Observation,
        lines: &'a [Line],
        receipt: Option<Receipt<'a>>,
    ) -> Self {
        let decision = observation.ending.decision();
        let facts = decision.and_then(|decision| decision.facts());
        let subject = observation.subject.as_deref();
        let token = observation.token.as_deref();
        let app = observation.app.as_ref();
        let is_app = subject.is_some_and(|subject| subject.kind == SubjectKind::App);
        let caller = caller_id(facts, subject);
        let (user_id, service_principal_id) = if is_app {
            (String::new(), Some(caller))
        } else {
            (caller, None)
        };
        let client_name = token.and_then(|token| token.client_name.as_deref());
        Self {
            id,
            created_date_time: time(observation.arrived),
            user_display_name: token.and_then(|token| token.display_name.as_deref()),
            user_principal_name: token.and_then(|token| token.user_principal_name.as_deref()),
            user_id,
            app_id: subject
                .and_then(|subject| subject.client.as_ref())
                .map(ToString::to_string),
            app_display_name: client_name,
            ip_address: observation
                .client_address
                .map(|address| address.to_string()),
            user_agent: observation.user_agent.as_deref(),
            correlation_id: &observation.correlation_id,
            conditional_access_status: conditional_access::status(observation, lines),
            applied_conditional_access_policies: conditional_access::applied(observation, lines)
                .map(|(policy, result)| AppliedPolicy {
                    id: &policy.id,
                    display_name: &policy.name,
                    enforced_grant_controls: conditional_access::grant_controls(&policy.controls),
                    enforced_session_controls: [],
                    result,
                })
                .collect(),
            is_interactive: observation.signed_in_at.is_some(),
            resource_display_name: app.map(|app| &*app.name),
            resource_id: app.map(|app| app.target.id.to_string()),
            home_tenant_id: facts
                .and_then(|facts| facts.home)
                .map(|home| home.0.to_string()),
            resource_tenant_id: decision
                .and_then(|decision| decision.resource_tenant)
                .map(|tenant| tenant.0.to_string()),
            service_principal_id,
            service_principal_name: client_name.filter(|_| is_app),
            status: status(observation),
            device_detail: subject
                .map(|subject| device(subject, token.and_then(|token| token.device_id.as_deref()))),
            authentication_requirement: decision.and_then(authentication_requirement),
            cross_tenant_access_type: decision
                .and_then(|decision| decision.access_type())
                .map(crossgate_policy::decision::AccessType::name),
            is_tenant_restricted: facts.is_some_and(|facts| facts.tenant_restricted)
                || observation.ending.step() == Some(crossgate_policy::Step::TenantRestrictions),
            processing_time_in_milliseconds: i32::try_from(observation.duration.as_millis())
                .unwrap_or(i32::MAX),
            session_id: token
                .and_then(|token| token.session_id.as_ref())
                .map(Id::text),
            sign_in_event_types: [if is_app {
                "servicePrincipal"
            } else if observation.signed_in_at.is_some() {
                "interactiveUser"
            } else {
                "nonInteractiveUser"
            }],
            token_issuer_name: token.map(|token| &*token.issuer),
            token_issuer_type: token.and_then(|token| token.entra.then_some("AzureAD")),
            unique_token_identifier: token
                .and_then(|token| token.unique_token_identifier.as_ref())
                .map(Id::text),
            user_type: user_type(observation, facts, subject),
            crossgate: Crossgate::of(observation, lines, receipt),
        }
    }
}

impl<'a> Crossgate<'a> {
    fn of(observation: &'a Observation, lines: &'a [Line], receipt: Option<Receipt<'a>>) -> Self {
        let decision = observation.ending.decision();
        let facts = decision.and_then(|decision| decision.facts());
        Self {
            decision_id: observation.decision_id.to_string(),
            outcome: observation.ending.outcome(),
            reason: observation.ending.reason(),
            step: observation.ending.step().map(crossgate_policy::Step::name),
            enforcement: decision.map_or("enforce", |decision| decision.enforcement.name()),
            direction: facts.map(|facts| facts.direction.name()),
            provider: observation.signed_in_at.as_deref(),
            snapshot: observation
                .policy
                .as_ref()
                .map_or("none", |policy| &policy.hash),
            generation: observation
                .policy
                .as_ref()
                .map_or(0, |policy| policy.generation),
            mfa: decision.map(|decision| decision.mfa().name()),
            device: decision.map(|decision| decision.device().name()),
            requirements: decision
                .map(|decision| decision.requirements())
                .unwrap_or_default()
                .iter()
                .map(ToString::to_string)
                .collect(),
            explanation: lines
                .iter()
                .map(|line| Explained {
                    step: line.step.name(),
                    document: &line.document,
                    property: &line.property,
                    result: &line.result,
                })
                .collect(),
            nearest_change: decision
                .and_then(|decision| nearest_change(decision, lines))
                .map(|nearest| nearest.text),
            http_status: (observation.status > 0).then_some(observation.status),
            trace_id: observation.trace.as_ref().map(ToString::to_string),
            receipt,
        }
    }
}

/// The caller's id where the app is: in the own directory if it is known there, else at home, else as the token says.
/// Graph wants one in every event; a caller without is told by an empty one.
fn caller_id(facts: Option<&Facts>, subject: Option<&Subject>) -> String {
    facts
        .and_then(|facts| facts.own_user_id.as_ref().or(facts.home_user_id.as_ref()))
        .or_else(|| subject.and_then(|subject| subject.user_id.as_ref()))
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn status(observation: &Observation) -> Status {
    let code = match &observation.ending {
        Ending::Decided(decision) => decision.code(),
        // Nobody signed in, so it is no success.
        Ending::NotReady(_) if observation.signed_in_at.is_some() => NOT_AVAILABLE,
        Ending::NotReady(_)
        | Ending::Malformed(_)
        | Ending::Signal(_)
        | Ending::Synchronization(_)
        | Ending::Aborted => 0,
    };
    let reason = observation.ending.reason();
    Status {
        error_code: code,
        failure_reason: failure_reason(code),
        // The rule by name: a number stands for several.
        additional_details: (observation.ending.outcome() != "allow").then(|| reason.to_owned()),
    }
}

/// What Entra says where something of its own does not answer.
const NOT_AVAILABLE: u32 = 90_033;

fn device<'a>(subject: &Subject, device_id: Option<&'a str>) -> DeviceDetail<'a> {
    let (compliant, hybrid) = (
        subject.proofs.compliant_device,
        subject.proofs.hybrid_joined_device,
    );
    DeviceDetail {
        device_id,
        is_compliant: compliant.then_some(true),
        is_managed: (compliant || hybrid).then_some(true),
        trust_type: hybrid.then_some("Hybrid Azure AD joined"),
    }
}

/// Multifactor where it was demanded and lacked, or was shown and counts.
fn authentication_requirement(decision: &Decision) -> Option<&'static str> {
    use crossgate_policy::decision::Mfa;

    decision.facts()?;
    let demanded = decision
        .requirements()
        .iter()
        .any(|requirement| match requirement {
            Requirement::Mfa | Requirement::AuthStrength(_) | Requirement::AuthContext(_) => true,
            Requirement::TermsOfUse
            | Requirement::CompliantDevice
            | Requirement::HybridJoinedDevice
            | Requirement::RestrictionClaim => false,
        });
    let counted = match decision.mfa() {
        Mfa::Own | Mfa::HomeTrusted | Mfa::Resource => true,
        Mfa::None | Mfa::HomeUntrusted => false,
    };
    Some(if demanded || counted {
        "multiFactorAuthentication"
    } else {
        "singleFactorAuthentication"
    })
}

/// What the user is in the own directory; unknown for other directories and for workloads.
fn user_type(
    observation: &Observation,
    facts: Option<&Facts>,
    subject: Option<&Subject>,
) -> Option<&'static str> {
    let (facts, subject) = (facts?, subject?);
    let recorded = || {
        let guests = &observation.policy.as_ref()?.snapshot.guests;
        Some(guests.by_id(facts.own_user_id.as_ref()?)?.user_type)
    };
    match (subject.kind, facts.direction, subject.account) {
        (SubjectKind::App, _, _) | (SubjectKind::User, Direction::TenantRestricted, _) => None,
        (SubjectKind::User, Direction::Internal, Account::Guest) => Some("guest"),
        (
            SubjectKind::User,
            Direction::Internal | Direction::Outbound,
            Account::Member | Account::Unstated | Account::Guest,
        ) => Some("member"),
        (SubjectKind::User, Direction::Inbound, account) => {
            let own_issued = own_tenant(observation) == Some(subject.issuer.0);
            Some(match (recorded(), account) {
                (Some(UserType::Member), _) => "member",
                (None, Account::Member) if own_issued => "member",
                (Some(UserType::Guest) | None, _) => "guest",
            })
        }
    }
}

fn own_tenant(observation: &Observation) -> Option<crossgate_policy::ids::TenantId> {
    Some(observation.policy.as_ref()?.snapshot.own.id)
}
