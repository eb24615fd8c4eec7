//! Whether a policy applies: every condition holds; doubt includes and does not exclude.

use crate::decide::Request;
use crate::decision::{AccessType, Direction};
use crate::snapshot::{
    AccessPolicy, ClientApps, ExternalTenants, GuestKind, GuestKinds, UserScope, UserType,
};
use crate::subject::{Account, Home};

/// What to take an unknown membership for.
#[derive(Clone, Copy)]
enum Doubt {
    Counts,
    DoesNotCount,
}

pub(super) fn applies(request: &Request<'_>, policy: &AccessPolicy) -> bool {
    covers_user(request, &policy.include, Doubt::Counts)
        && !covers_user(request, &policy.exclude, Doubt::DoesNotCount)
        && policy.apps.covers(request.target)
        && policy.client_apps == ClientApps::Modern
        && policy
            .locations
            .as_ref()
            .is_none_or(|locations| locations.covers(request.context.client_ip))
}

fn covers_user(request: &Request<'_>, scope: &UserScope, doubt: Doubt) -> bool {
    let parties = &request.parties;
    let doubtful = matches!(doubt, Doubt::Counts);
    let kind = guest_kind(request);
    let group = || {
        let groups = &scope.groups;
        !groups.is_empty()
            && ((doubtful && !parties.own_groups.complete)
                || parties.own_groups.any(|group| groups.contains(group)))
    };
    // Directory roles stand in tokens of our own service; of anybody else they are not known.
    let role = || {
        !scope.roles.is_empty()
            && if parties.own_issued {
                let mut roles = request.subject.directory_roles.iter();
                roles.any(|role| scope.roles.contains(role))
            } else {
                doubtful
            }
    };
    scope.all
        || (scope.guests_or_external && kind.is_some())
        || parties
            .own_user
            .is_some_and(|user| scope.users.contains(user))
        || group()
        || role()
        || scope
            .kinds
            .as_ref()
            .is_some_and(|kinds| covers_kind(request.subject.home, kinds, kind))
}

fn covers_kind(home: Home, scope: &GuestKinds, kind: Option<GuestKind>) -> bool {
    let Some(kind) = kind.filter(|kind| scope.kinds.contains(kind)) else {
        return false;
    };
    match (kind, &scope.tenants) {
        (GuestKind::InternalGuest, _) | (_, ExternalTenants::All) => true,
        (_, ExternalTenants::Enumerated(tenants)) => home
            .recorded_tenant()
            .is_some_and(|tenant| tenants.contains(&tenant)),
    }
}

/// The kind of guest that the caller is; `None` for a member.
fn guest_kind(request: &Request<'_>) -> Option<GuestKind> {
    let parties = &request.parties;
    match (parties.direction, parties.access_type) {
        (Direction::Inbound, AccessType::DirectConnect) => Some(GuestKind::DirectConnectUser),
        (Direction::Inbound, AccessType::ServiceProvider) => Some(GuestKind::ServiceProvider),
        (
            Direction::Inbound,
            AccessType::Collaboration | AccessType::None | AccessType::Passthrough,
        ) => Some(collaboration_kind(request)),
        (Direction::Internal, _) => {
            (request.subject.account == Account::Guest).then_some(GuestKind::InternalGuest)
        }
        (Direction::Outbound | Direction::TenantRestricted, _) => None,
    }
}

/// The record's word goes before the token's.
fn collaboration_kind(request: &Request<'_>) -> GuestKind {
    let without_tenant = !matches!(request.subject.home, Home::Tenant { .. });
    match (
        request.parties.record.map(|record| record.user_type),
        request.subject.account,
    ) {
        (Some(UserType::Member), _) => GuestKind::CollaborationMember,
        (Some(UserType::Guest), _) => GuestKind::CollaborationGuest,
        (None, _) if without_tenant => GuestKind::OtherExternalUser,
        (None, Account::Member) => GuestKind::CollaborationMember,
        (None, Account::Guest | Account::Unstated) => GuestKind::CollaborationGuest,
    }
}
