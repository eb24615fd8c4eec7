//! Whether a caller may do what a route is for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::asked::Asked;
use super::directory::{self, LONGEST_ID};
use super::documents;
use super::error::ApiError;
use super::listed;
use super::reviews;
use super::routes::{Need, Operation, Special, Verb};
use super::sponsors;
use super::{Api, delegated, service_principals};
use crate::administrator::Credential;
use crate::audit::{Activity, Attempt, TargetResource};
use crate::delegation;
use crate::drafts::stage;
use crate::inviting;
use crate::resource;
use crate::roles::{Action, Required, Roles};
use crate::text::Document;

/// Refuses a caller who may not do all that a call takes, or has not shown enough for it.
pub(super) fn check(api: &Api, asked: &Asked<'_>, roles: &Roles) -> Result<(), ApiError> {
    if matches!(
        asked.route.operation,
        Operation::Special(Special::Invite | Special::BulkInvite)
    ) {
        let caller = asked.who.caller();
        // `allowInvitesFrom` may admit who has no role for it. What it says is asked again when the invitation is made.
        let inviters = api.ledger.compiled().external_collaboration.inviters;
        inviting::may_invite(inviters, roles, &caller)?;
        return step_up(api, asked);
    }
    match by_role(api, asked, roles) {
        // What exactly an owner may is asked when it is done.
        Err(_) if is_an_owners(api, asked)? => step_up(api, asked),
        Err(_) if reviews::is_for_reviewer(api, asked, &asked.who.caller()) => step_up(api, asked),
        checked => checked,
    }
}

/// The same where no owner counts.
pub(super) fn by_role(api: &Api, asked: &Asked<'_>, roles: &Roles) -> Result<(), ApiError> {
    let caller = asked.who.caller();
    if let Some(required) = Required::all(asked.needed.iter().copied().collect()) {
        roles
            .check(&caller, required)
            .map_err(|denied| ApiError::denied(denied.to_string()))?;
    }
    step_up(api, asked)
}

/// Whether a call is one that owners make, by somebody who owns what it is about, or for a guest who may be theirs.
fn is_an_owners(api: &Api, asked: &Asked<'_>) -> Result<bool, ApiError> {
    let Operation::Special(special) = asked.route.operation else {
        return Ok(false);
    };
    let Some(action) = asked.needed.first().copied() else {
        return Ok(false);
    };
    if special == Special::DeleteUser {
        return delegation::owns_anything(api.ledger.store(), &asked.who.caller(), action);
    }
    let is_owners = matches!(
        special,
        Special::ListAssigned
            | Special::Assign
            | Special::Unassign
            | Special::ListMembers
            | Special::AddMember
            | Special::RemoveMember
    );
    Ok(is_owners && delegated::owner_may(api, asked, action)?)
}

/// The actions that a call takes, by its route and the members of its body.
pub(super) fn needed(asked: &Asked<'_>) -> Vec<Action> {
    let body = std::str::from_utf8(&asked.call.body).unwrap_or_default();
    // A body that is none is refused once it is known that the caller might send one.
    let body = Document::parse(body).unwrap_or_default();
    let members: Vec<&str> = body
        .names()
        .filter(|name| !name.starts_with('@') && !name.contains("@odata."))
        .collect();
    let named = |name: &str| {
        asked.route.needs.iter().any(|need| match need {
            Need::ForMember(member, _) => *member == name,
            Need::Always(_) | Need::ForOthers(_) | Need::ForExpanded(..) | Need::ForNamed(..) => {
                false
            }
        })
    };
    let others = members.is_empty() || members.iter().any(|name| !named(name));
    let needed = asked.route.needs.iter().filter_map(|need| match need {
        Need::Always(action) => Some(*action),
        Need::ForMember(member, action) => members.contains(member).then_some(*action),
        Need::ForOthers(action) => others.then_some(*action),
        Need::ForExpanded(name, action) => expands(asked, name).then_some(*action),
        Need::ForNamed(name, action) => asked.names(name).then_some(*action),
    });
    needed.collect()
}

/// Whether a query asks for something to be shown along; one that cannot be read is refused by who answers it.
fn expands(asked: &Asked<'_>, name: &str) -> bool {
    let entity = match asked.route.operation {
        Operation::Get(resource) | Operation::List(resource) => resource.entity,
        Operation::Create(_)
        | Operation::Update(_)
        | Operation::Delete(_)
        | Operation::Reset(_)
        | Operation::Special(_) => return false,
    };
    listed::options(asked, entity).is_ok_and(|listing| listing.expands(name))
}

/// Asks for the authentication context of protected actions, where the configuration has one.
pub(super) fn step_up(api: &Api, asked: &Asked<'_>) -> Result<(), ApiError> {
    let settings = api.settings();
    let Some(context) = &settings.admin.protected_actions_context else {
        return Ok(());
    };
    let Some(action) = asked.needed.iter().find(|action| action.is_protected()) else {
        return Ok(());
    };
    let subject = match &asked.who.credential {
        Credential::Token(subject) | Credential::Console(subject) => subject,
        // For when nobody can sign in.
        Credential::Bootstrap | Credential::BreakGlass => return Ok(()),
        // No page of ours is for a protected action.
        Credential::Session(_) => {
            return Err(ApiError::denied("a protected action takes a token"));
        }
    };
    if subject.auth_contexts.iter().any(|met| **met == **context) {
        return Ok(());
    }
    let message = format!(
        "`{}` is a protected action; sign in again for the authentication context {context}",
        action.name()
    );
    match subject.kind {
        // Only people can meet one.
        crossgate_policy::subject::SubjectKind::App => Err(ApiError::denied(message)),
        crossgate_policy::subject::SubjectKind::User => {
            let claims = json!({"access_token": {"acrs": {"essential": true, "value": context}}});
            let claims = STANDARD.encode(claims.to_string());
            let challenge = format!("Bearer error=\"insufficient_claims\", claims=\"{claims}\"");
            Err(ApiError {
                headers: vec![(http::header::WWW_AUTHENTICATE, challenge)],
                ..ApiError::denied(message)
            })
        }
    }
}

/// The key that a body gives its resource, unless it is too long to be one.
fn key_in_body(asked: &Asked<'_>, resource: &crate::resource::Resource) -> Option<String> {
    let body = std::str::from_utf8(&asked.call.body).ok()?;
    let key = Document::parse(body).ok()?.text_of(resource.entity.key)?;
    (key.len() <= LONGEST_ID).then_some(key)
}

/// What a call attempts, for the audit.
pub(super) fn attempt<'a>(api: &Api, asked: &'a Asked<'_>) -> Attempt<'a> {
    let of = |resource: &crate::resource::Resource, activity: Activity| {
        let named = match asked.parameter() {
            // A new one is named by its body alone.
            "" => key_in_body(asked, resource),
            key => Some(key.to_owned()),
        };
        let key = named.filter(|_| !resource.kind.is_single());
        asked.attempt(
            activity,
            documents::target(api, resource, &key.unwrap_or_default()),
        )
    };
    let of_other = |category, activity: &'static str, id: &str| {
        let operation = if asked.route.method == Verb::Get {
            "Read"
        } else {
            "Update"
        };
        asked.attempt(
            Activity::new(category, operation, activity),
            TargetResource {
                id: id.to_owned(),
                name: None,
                kind: "Other",
            },
        )
    };
    let other = |category, activity| of_other(category, activity, asked.parameter());
    if let Some(draft) = &asked.draft {
        return asked.attempt(resource::DRAFTS.update, stage::target(draft, None));
    }
    let of_review = |activity| of(&resource::ACCESS_REVIEWS, activity);
    let of_guest = |activity| of(&resource::USERS, activity);
    match asked.route.operation {
        Operation::Get(resource) | Operation::List(resource) => of(resource, resource.read),
        Operation::Create(resource) => of(resource, resource.create),
        Operation::Update(resource) => of(resource, resource.update),
        Operation::Delete(resource) => of(resource, resource.delete),
        Operation::Reset(resource) => of(resource, documents::reset_of(resource)),
        Operation::Special(special) => match special {
            Special::GetSynchronization => {
                of(&resource::SYNCHRONIZATION, resource::SYNCHRONIZATION.read)
            }
            Special::PutSynchronization => {
                of(&resource::SYNCHRONIZATION, resource::SYNCHRONIZATION.create)
            }
            Special::UpdateSynchronization => {
                of(&resource::SYNCHRONIZATION, resource::SYNCHRONIZATION.update)
            }
            Special::DeleteSynchronization => {
                of(&resource::SYNCHRONIZATION, resource::SYNCHRONIZATION.delete)
            }
            Special::ListDomainPolicies => {
                of(&resource::DOMAIN_POLICY, resource::DOMAIN_POLICY.read)
            }
            Special::ListRoleDefinitions | Special::GetRoleDefinition => {
                of(&resource::ROLE_DEFINITIONS, resource::ROLE_DEFINITIONS.read)
            }
            Special::CreateRoleAssignment => of(
                &resource::ROLE_ASSIGNMENTS,
                resource::ROLE_ASSIGNMENTS.create,
            ),
            Special::UpdateUser => of(&resource::USERS, resource::USERS.update),
            Special::DeleteUser => of(&resource::USERS, resource::USERS.delete),
            Special::PurgeUser => of(&resource::DELETED_USERS, resource::DELETED_USERS.delete),
            Special::RestoreUser => of(&resource::DELETED_USERS, resource::DELETED_USERS.update),
            Special::Invite | Special::BulkInvite => other("UserManagement", inviting::INVITE.name),
            Special::ListServicePrincipals | Special::GetServicePrincipal => {
                other("ApplicationManagement", "Read service principal")
            }
            Special::ListAssigned | Special::ListAssignmentsOfUser => {
                other("UserManagement", "Read app role assignments")
            }
            Special::Assign => {
                asked.attempt(service_principals::ASSIGN, service_principals::target(""))
            }
            Special::Unassign => {
                asked.attempt(delegation::UNASSIGN, service_principals::target(""))
            }
            Special::ListMembers => other("GroupManagement", "Read members of group"),
            Special::AddMember => {
                asked.attempt(delegated::ADD_MEMBER, service_principals::target(""))
            }
            Special::RemoveMember => {
                let member = asked.parameters.get(1).map_or("", String::as_str);
                asked.attempt(
                    delegation::REMOVE_MEMBER,
                    service_principals::target(member),
                )
            }
            Special::DeleteGroup => of(&resource::GROUPS, resource::GROUPS.delete),
            Special::ListOwners => other("ApplicationManagement", "Read owners"),
            Special::AddOwner | Special::RemoveOwner => delegated::owner_attempt(asked),
            Special::AddSponsor => of_guest(sponsors::ADD),
            Special::RemoveSponsor => of_guest(sponsors::REMOVE),
            Special::ListSponsors => of(&resource::USERS, resource::USERS.read),
            Special::CreateReview => of_review(resource::ACCESS_REVIEWS.create),
            Special::GetReview
            | Special::ListReviewInstances
            | Special::GetReviewInstance
            | Special::ListReviewDecisions
            | Special::GetReviewDecision => of_review(resource::ACCESS_REVIEWS.read),
            Special::DeleteReview => of_review(resource::ACCESS_REVIEWS.delete),
            Special::DecideInReview => of_review(reviews::DECIDE),
            Special::RecordDecisions | Special::AcceptRecommendations => of_review(reviews::MANY),
            Special::StopReview => of_review(reviews::STOP),
            Special::ApplyReview => of_review(reviews::APPLY),
            Special::RemindReviewers => of_review(reviews::REMIND),
            Special::RevokeSessions => other("UserManagement", directory::REVOKE.name),
            Special::RevokeTenantSessions => other("UserManagement", directory::REVOKE_TENANT.name),
            Special::ListAudits | Special::GetAudit => other("AuditLogs", "Read directory audits"),
            Special::ListSignIns | Special::GetSignIn => other("AuditLogs", "Read sign-ins"),
            // The collection that is taken out, as Graph calls it: there is no key.
            Special::ExportSignIns => of_other("AuditLogs", "Export sign-ins", "auditLogs/signIns"),
            Special::GetDecision => other("AuditLogs", "Read decisions"),
            Special::ListDirectoryRoles | Special::GetDirectoryRole | Special::ListRoleMembers => {
                other("RoleManagement", "Read directory roles")
            }
            Special::ListOrganizations | Special::GetOrganization => {
                other("DirectoryManagement", "Read organization")
            }
            Special::TenantById | Special::TenantByDomain => {
                other("DirectoryManagement", "Find tenant information")
            }
            Special::Effective => other("Policy", "Read effective policy"),
            Special::Activity => other("AuditLogs", "Read cross-tenant access activity"),
            Special::Versions => other("Policy", "Read versions of a document"),
            Special::Health => other("DirectoryManagement", "Read gateway health"),
            Special::Me => other("RoleManagement", "Read own permissions"),
            Special::SignUp(part) => {
                let (resource, activity) = part.told();
                of(resource, activity)
            }
            Special::Draft(part) => of(&resource::DRAFTS, part.told()),
            Special::Metadata | Special::OpenApi | Special::Batch => {
                other("Other", "Describe the API")
            }
        },
    }
}
