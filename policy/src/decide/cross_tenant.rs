//! Step 5: the cross-tenant settings of the direction (decision.md, sections 5, 7 and 9, second part).

mod values;

use std::sync::Arc;

use super::matching::{self, Listed, Match, Verdict};
use super::parties::Parties;
use super::{Request, app_line};
use crate::decision::{AccessType, Direction, Reason, Refusal, Step};
use crate::explanation::{Recorder, Values, line, list};
use crate::snapshot::{
    Access, Consent, DefaultSettings, Origin, PartnerSettings, Setting, Snapshot,
};
use crate::subject::{Home, Subject, SubjectKind};
use crate::target::{Resource, Target};

pub(super) fn check(request: &Request<'_>, recorder: &mut impl Recorder) -> Result<(), Refusal> {
    match request.parties.direction {
        Direction::Internal => {
            recorder.record(|| {
                line(
                    Step::Inbound,
                    "",
                    "",
                    "own account and own app: no cross-tenant setting applies",
                )
            });
            Ok(())
        }
        Direction::Inbound => inbound(request, recorder),
        Direction::Outbound => outbound(request, recorder),
        Direction::TenantRestricted => restrictions(request, recorder),
    }
}

/// One property of the cross-tenant documents.
struct Property {
    name: &'static str,
    of_partner: fn(&PartnerSettings) -> Option<&Arc<Setting>>,
    of_default: fn(&DefaultSettings) -> &Arc<Setting>,
}

const COLLABORATION_INBOUND: Property = Property {
    name: "b2bCollaborationInbound",
    of_partner: |partner| partner.collaboration_inbound.as_ref(),
    of_default: |default| &default.collaboration_inbound,
};
const DIRECT_CONNECT_INBOUND: Property = Property {
    name: "b2bDirectConnectInbound",
    of_partner: |partner| partner.direct_connect_inbound.as_ref(),
    of_default: |default| &default.direct_connect_inbound,
};
const COLLABORATION_OUTBOUND: Property = Property {
    name: "b2bCollaborationOutbound",
    of_partner: |partner| partner.collaboration_outbound.as_ref(),
    of_default: |default| &default.collaboration_outbound,
};
const DIRECT_CONNECT_OUTBOUND: Property = Property {
    name: "b2bDirectConnectOutbound",
    of_partner: |partner| partner.direct_connect_outbound.as_ref(),
    of_default: |default| &default.direct_connect_outbound,
};
const TENANT_RESTRICTIONS: Property = Property {
    name: "tenantRestrictions",
    of_partner: |partner| partner.tenant_restrictions.as_ref(),
    of_default: |default| &default.tenant_restrictions,
};

fn inbound(request: &Request<'_>, recorder: &mut impl Recorder) -> Result<(), Refusal> {
    if !matches!(request.subject.home, Home::Tenant { .. }) {
        recorder.record(|| {
            line(
                Step::Inbound,
                "",
                "",
                "identity without a tenant: no cross-tenant setting applies",
            )
        });
        return Ok(());
    }
    if request.parties.access_type == AccessType::Passthrough {
        listed_workload(request, recorder)?;
    }
    let direct_connect = request.parties.access_type == AccessType::DirectConnect;
    let property = if direct_connect {
        DIRECT_CONNECT_INBOUND
    } else {
        COLLABORATION_INBOUND
    };
    match apply(request, Step::Inbound, &property, recorder) {
        Verdict::Admits => {}
        Verdict::Refuses => return Err(Refusal::new(Step::Inbound, Reason::InboundNotAdmitted)),
        Verdict::Unknown => {
            return Err(Refusal::new(
                Step::Inbound,
                Reason::InboundMembershipUnknown,
            ));
        }
    }
    if direct_connect {
        partner_consents(request, recorder)
    } else {
        Ok(())
    }
}

/// A workload of another tenant comes in only where the app lists it.
fn listed_workload(request: &Request<'_>, recorder: &mut impl Recorder) -> Result<(), Refusal> {
    let client = request.subject.client.as_ref();
    let listed = client.is_some_and(|client| request.target.app_clients.contains(client));
    recorder.compare(
        || {
            let result = if listed {
                "lists the client"
            } else {
                "refuses: does not list the client"
            };
            app_line(Step::Inbound, request.target, "app_clients", result)
        },
        || {
            let seen = client.map_or_else(
                || "no client".to_owned(),
                |client| format!("client {client}"),
            );
            Values {
                explicit: listed,
                ..Values::implicit(seen, list(request.target.app_clients.iter()))
            }
        },
    );
    if listed {
        Ok(())
    } else {
        Err(Refusal::new(Step::Inbound, Reason::AppNotListed))
    }
}

/// Section 7: direct connect needs both sides.
fn partner_consents(request: &Request<'_>, recorder: &mut impl Recorder) -> Result<(), Refusal> {
    let consent = request
        .parties
        .counterpart
        .and_then(|tenant| request.snapshot.partner_facts.get(&tenant))
        .map_or(Consent::TokenIssuance, |facts| facts.consent);
    let (consents, result) = match consent {
        Consent::TokenIssuance => (true, "consents by issuing the token"),
        Consent::Published => published(request),
    };
    recorder.compare(
        || {
            line(
                Step::Inbound,
                request.parties.partner_document(),
                "consent",
                result,
            )
        },
        || {
            let wanted = match consent {
                Consent::TokenIssuance => "a token of the partner",
                Consent::Published => "a published document that admits this caller and this app",
            };
            Values {
                explicit: consents,
                ..Values::implicit("", wanted)
            }
        },
    );
    if consents {
        Ok(())
    } else {
        Err(Refusal::new(Step::Inbound, Reason::PartnerDidNotConsent))
    }
}

/// Whether the partner's outbound half, which its gateway publishes, admits this person to this app. Ids of people there are its own, as
/// in our inbound settings.
fn published(request: &Request<'_>) -> (bool, &'static str) {
    match side_admits(
        request.snapshot,
        request.subject,
        request.target,
        &request.parties,
    ) {
        None => (false, "refuses: no published document"),
        Some(Verdict::Admits) => (true, "consents by its published document"),
        Some(Verdict::Refuses) => (false, "refuses: the published document does not admit"),
        Some(Verdict::Unknown) => (
            false,
            "refuses: by the published document, membership unknown",
        ),
    }
}

fn side_admits(
    snapshot: &Snapshot,
    subject: &Subject,
    target: &Target,
    parties: &Parties<'_>,
) -> Option<Verdict> {
    let side = snapshot.partner_sides.get(&parties.counterpart?)?;
    let matched = matching::apply(
        &side.direct_connect_outbound,
        &parties.seen,
        target,
        subject.client.as_ref(),
    );
    Some(matched.verdict)
}

/// Whether what the home tenant's gateway publishes lets this person come to this app directly; `None` where it publishes nothing.
#[must_use]
pub fn published_consent(snapshot: &Snapshot, subject: &Subject, target: &Target) -> Option<bool> {
    let parties = Parties::of(snapshot, subject, target.resource);
    let verdict = side_admits(snapshot, subject, target, &parties)?;
    Some(verdict == Verdict::Admits)
}

fn outbound(request: &Request<'_>, recorder: &mut impl Recorder) -> Result<(), Refusal> {
    let property = match request.parties.access_type {
        AccessType::DirectConnect => DIRECT_CONNECT_OUTBOUND,
        AccessType::Collaboration
        | AccessType::None
        | AccessType::ServiceProvider
        | AccessType::Passthrough => COLLABORATION_OUTBOUND,
    };
    match apply(request, Step::Outbound, &property, recorder) {
        Verdict::Admits => Ok(()),
        Verdict::Refuses => Err(Refusal::new(Step::Outbound, Reason::OutboundNotAdmitted)),
        Verdict::Unknown => Err(Refusal::new(
            Step::Outbound,
            Reason::OutboundMembershipUnknown,
        )),
    }
}

/// Whether our restrictions bind this request: on a route that leads out of our network, or because the header names us.
pub(super) fn restrictions_in_force(request: &Request<'_>) -> bool {
    let managed = matches!(
        request.target.resource,
        Resource::External { managed: true, .. }
    );
    let named = request
        .context
        .restriction
        .policy()
        .is_some_and(|(tenant, _)| tenant == request.snapshot.own.id);
    request.parties.direction == Direction::TenantRestricted && (managed || named)
}

fn restrictions(request: &Request<'_>, recorder: &mut impl Recorder) -> Result<(), Refusal> {
    if !restrictions_in_force(request) {
        recorder.record(|| {
            app_line(
                Step::TenantRestrictions,
                request.target,
                "managed",
                "not in force here",
            )
        });
        return Ok(());
    }
    match apply(
        request,
        Step::TenantRestrictions,
        &TENANT_RESTRICTIONS,
        recorder,
    ) {
        Verdict::Admits => Ok(()),
        Verdict::Refuses => Err(Refusal::new(
            Step::TenantRestrictions,
            Reason::TenantRestricted,
        )),
        Verdict::Unknown => Err(Refusal::new(
            Step::TenantRestrictions,
            Reason::RestrictionMembershipUnknown,
        )),
    }
}

/// Matches the effective setting: the partner's where it is written, else the default's.
fn apply(
    request: &Request<'_>,
    step: Step,
    property: &Property,
    recorder: &mut impl Recorder,
) -> Verdict {
    let written = request.parties.partner.and_then(property.of_partner);
    let setting = written.unwrap_or_else(|| (property.of_default)(&request.snapshot.default));
    let matched = matching::apply(
        setting,
        &request.parties.seen,
        request.target,
        request.subject.client.as_ref(),
    );
    let document = |origin| match (origin, written.is_some()) {
        (Origin::Written, true) => request.parties.partner_document(),
        (Origin::Written, false) | (Origin::Default, _) => "default".to_owned(),
        (Origin::Initial, _) => "initial".to_owned(),
    };
    let (users, apps) = in_the_way(setting, &matched);
    let instead_of = || super::instead_of(&request.parties, written.is_some(), property.name);
    recorder.compare(
        || {
            line(
                step,
                document(setting.users.origin),
                format!("{}.usersAndGroups", property.name),
                format!(
                    "{}: {}",
                    access(setting.users.access),
                    user_result(&matched, request.subject.kind)
                ),
            )
            .refusing(users)
        },
        || Values {
            instead_of: instead_of(),
            ..values::of_users(&setting.users, &request.parties.seen, matched.user)
        },
    );
    recorder.compare(
        || {
            line(
                step,
                document(setting.apps.origin),
                format!("{}.applications", property.name),
                format!(
                    "{}: {}, {}",
                    access(setting.apps.access),
                    if matched.app { "listed" } else { "not listed" },
                    verdict(matched.verdict)
                ),
            )
            .refusing(apps)
        },
        || Values {
            instead_of: instead_of(),
            ..values::of_apps(&setting.apps, request, matched.app)
        },
    );
    matched.verdict
}

/// Which halves of a setting that does not admit are in the way of this request; both together where both block.
fn in_the_way(setting: &Setting, matched: &Match) -> (bool, bool) {
    if matched.verdict == Verdict::Admits {
        return (false, false);
    }
    let users = match (setting.users.access, matched.user) {
        (_, Listed::Unknown) => true,
        (Access::Allowed, listed) => listed == Listed::No,
        (Access::Blocked, listed) => listed == Listed::Yes,
    };
    let apps = match setting.apps.access {
        Access::Allowed => !matched.app,
        Access::Blocked => matched.app,
    };
    (users, apps)
}

const fn access(access: Access) -> &'static str {
    match access {
        Access::Allowed => "allowed",
        Access::Blocked => "blocked",
    }
}

const fn user_result(matched: &Match, kind: SubjectKind) -> &'static str {
    match (matched.user, kind) {
        (Listed::Yes, _) => "listed",
        (Listed::No, SubjectKind::User) => "not listed",
        (Listed::No, SubjectKind::App) => "service principal not listed",
        (Listed::Unknown, _) => "membership unknown",
    }
}

const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Admits => "admits",
        Verdict::Refuses => "refuses",
        Verdict::Unknown => "refuses: membership unknown",
    }
}
