//! Who a Conditional Access policy includes and excludes.

use crossgate_policy::ids::Id;
use crossgate_policy::snapshot::{ExternalTenants, GuestKinds, UserScope};

use super::conditional_access::{Unsupported, keyword};
use crate::documents::conditional_access::{
    ExternalTenantsDocument, ExternalTenantsType, GuestTypes, GuestsOrExternalUsers,
    MembershipKind, Users,
};
use crate::reader::path::At;
use crate::reader::report::Notes;
use crate::reader::values::{AnyId, Text};

/// Compiles both sides of the users condition.
pub(super) fn compile(
    users: &Users,
    at: &At<'_>,
    unsupported: &mut Unsupported,
    notes: &mut Notes<'_>,
) -> (UserScope, UserScope) {
    let include = Side {
        users: users.include_users.as_deref().unwrap_or_default(),
        users_name: "includeUsers",
        groups: users.include_groups.as_deref().unwrap_or_default(),
        roles: users.include_roles.as_deref().unwrap_or_default(),
        guests: users.include_guests_or_external_users.as_deref(),
        guests_name: "includeGuestsOrExternalUsers",
    };
    let exclude = Side {
        users: users.exclude_users.as_deref().unwrap_or_default(),
        users_name: "excludeUsers",
        groups: users.exclude_groups.as_deref().unwrap_or_default(),
        roles: users.exclude_roles.as_deref().unwrap_or_default(),
        guests: users.exclude_guests_or_external_users.as_deref(),
        guests_name: "excludeGuestsOrExternalUsers",
    };
    (
        scope(&include, at, unsupported, notes),
        scope(&exclude, at, unsupported, notes),
    )
}

struct Side<'d> {
    users: &'d [Text],
    users_name: &'static str,
    groups: &'d [AnyId],
    roles: &'d [AnyId],
    guests: Option<&'d GuestsOrExternalUsers>,
    guests_name: &'static str,
}

fn scope(
    side: &Side<'_>,
    at: &At<'_>,
    unsupported: &mut Unsupported,
    notes: &mut Notes<'_>,
) -> UserScope {
    let ids = |list: &[AnyId]| list.iter().map(|id| id.0.clone()).collect();
    let mut scope = UserScope {
        groups: ids(side.groups),
        roles: ids(side.roles),
        ..UserScope::default()
    };
    let mut users = Vec::new();
    let users_at = at.member(side.users_name);
    for (index, text) in side.users.iter().enumerate() {
        match keyword(&text.0, &["All", "None", "GuestsOrExternalUsers"]) {
            Ok(Some("All")) => scope.all = true,
            Ok(Some("GuestsOrExternalUsers")) => scope.guests_or_external = true,
            // `None` names nobody.
            Ok(Some(_)) => {}
            Ok(None) => users.push(Id::new(&text.0)),
            Err(why) => notes.fault(&users_at.item(index), why),
        }
    }
    scope.users = users.into_boxed_slice();
    let guests_at = at.member(side.guests_name);
    scope.kinds = side
        .guests
        .and_then(|guests| kinds(guests, &guests_at, notes));
    if scope.guests_or_external && scope.kinds.is_some() {
        let reason = format!(
            "`GuestsOrExternalUsers` cannot stand in `{}` beside `{}`",
            side.users_name, side.guests_name
        );
        unsupported.because(&guests_at, reason, "keep one of them");
    }
    scope
}

fn kinds(guests: &GuestsOrExternalUsers, at: &At<'_>, notes: &mut Notes<'_>) -> Option<GuestKinds> {
    let GuestsOrExternalUsers {
        guest_or_external_user_types,
        external_tenants,
    } = guests;
    let tenants = external_tenants
        .as_deref()
        .map_or(ExternalTenants::All, |written| {
            tenants(written, &at.member("externalTenants"), notes)
        });
    let GuestTypes(kinds) = guest_or_external_user_types.as_ref()?;
    if kinds.is_empty() {
        return None;
    }
    Some(GuestKinds {
        kinds: kinds.clone().into_boxed_slice(),
        tenants,
    })
}

fn tenants(
    written: &ExternalTenantsDocument,
    at: &At<'_>,
    notes: &mut Notes<'_>,
) -> ExternalTenants {
    let ExternalTenantsDocument {
        odata_type,
        membership_kind,
        members,
    } = written;
    let of_type = odata_type.map(|odata_type| match odata_type {
        ExternalTenantsType::All => MembershipKind::All,
        ExternalTenantsType::Enumerated => MembershipKind::Enumerated,
    });
    let listed: Box<[_]> = members.iter().flatten().map(|tenant| tenant.0).collect();
    let kind = match (membership_kind.or(of_type), of_type) {
        (Some(kind), Some(of_type)) if kind != of_type => {
            notes.fault(
                &at.member("membershipKind"),
                "contradicts `@odata.type`; make both say the same",
            );
            kind
        }
        (Some(kind), _) => kind,
        (None, _) if members.is_some() => MembershipKind::Enumerated,
        (None, _) => {
            notes.fault(
                &at.member("membershipKind"),
                "`membershipKind` is missing; expected `all` or `enumerated`",
            );
            MembershipKind::All
        }
    };
    match kind {
        MembershipKind::All if listed.is_empty() => ExternalTenants::All,
        MembershipKind::All => {
            notes.fault(
                &at.member("members"),
                "all tenants are meant, so none is listed; remove the list, or write `enumerated`",
            );
            ExternalTenants::All
        }
        MembershipKind::Enumerated => {
            if listed.is_empty() {
                notes.fault(
                    &at.member("members"),
                    "no tenants are listed, which names nobody; list them, or write `all`",
                );
            }
            ExternalTenants::Enumerated(listed)
        }
    }
}
