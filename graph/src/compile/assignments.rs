//! Assignments to apps, groups, and who is in them and who owns what.

use crossgate_policy::ids::Id;
use crossgate_policy::snapshot::{AppAssignment, GroupMember, Principal};

use crate::documents::assignment::{
    AppRoleAssignmentDocument, GroupDocument, GroupMemberDocument, OwnedName, OwnerDocument,
    PrincipalTypeName,
};
use crate::reader::path::At;
use crate::reader::report::Notes;
use crate::reader::values::{AnyId, set};

/// Compiles an assignment; `None` where it has faults, which are noted.
pub(crate) fn assignment(
    document: AppRoleAssignmentDocument,
    notes: &mut Notes<'_>,
) -> Option<AppAssignment> {
    let AppRoleAssignmentDocument {
        principal_id,
        principal_type,
        resource_id,
        app_role_id,
        deleted_date_time,
        ..
    } = document;
    let app = part("resourceId", "the id of an app", resource_id, notes);
    let principal = part(
        "principalId",
        "the id of who is assigned",
        principal_id,
        notes,
    );
    if principal_type.is_none() {
        notes.fault(
            &At::Root.member("principalType"),
            "`principalType` is missing; expected `User` or `Group`",
        );
    }
    if let Some(AnyId(role)) = app_role_id
        && *role.text() != *DEFAULT_ACCESS
    {
        notes.fault(
            &At::Root.member("appRoleId"),
            format!(
                "`{role}` is a role of the app, which tokens tell of; only the default access `{DEFAULT_ACCESS}` is \
                 assigned here"
            ),
        );
    }
    if set(deleted_date_time) {
        notes.fault(
            &At::Root.member("deletedDateTime"),
            "the assignment was deleted, and would let its principal in; expected null, or no such document",
        );
    }
    let principal = principal?;
    Some(AppAssignment {
        app: app?,
        principal: match principal_type? {
            PrincipalTypeName::User => Principal::User(principal),
            PrincipalTypeName::Group => Principal::Group(principal),
        },
    })
}

/// What an assignment is found by.
pub(crate) fn key_of_assignment(assignment: &AppAssignment) -> String {
    let (Principal::User(principal) | Principal::Group(principal)) = &assignment.principal;
    format!("{}/{principal}", assignment.app)
}

/// Compiles a membership; `None` where it has faults, which are noted.
pub(crate) fn member(document: GroupMemberDocument, notes: &mut Notes<'_>) -> Option<GroupMember> {
    let group = part("groupId", "the id of a group", document.group_id, notes);
    let member = part("memberId", "the id of a guest", document.member_id, notes);
    Some(GroupMember {
        group: group?,
        member: member?,
    })
}

/// What a membership is found by.
pub(crate) fn key_of_member(member: &GroupMember) -> String {
    format!("{}/{}", member.group, member.member)
}

/// Checks a group and answers with its id; `None` where it has none, which is noted.
pub(crate) fn group(document: GroupDocument, notes: &mut Notes<'_>) -> Option<Id> {
    let id = part("id", "the group's id", document.id, notes);
    let root = At::Root;
    if document.display_name.is_none() {
        notes.fault(
            &root.member("displayName"),
            "`displayName` is missing; expected what people call the group",
        );
    }
    if document.mail_enabled == Some(true) {
        notes.fault(
            &root.member("mailEnabled"),
            "no mail reaches a group here; expected false",
        );
    }
    if document.security_enabled == Some(false) {
        notes.fault(
            &root.member("securityEnabled"),
            "a group is here to be assigned to apps; expected true",
        );
    }
    if set(document.group_types) {
        notes.fault(
            &root.member("groupTypes"),
            "a group here has the members that it is given; expected an empty list",
        );
    }
    id
}

/// Compiles an ownership to what it is found by; `None` where it has faults, which are noted.
pub(crate) fn owner(document: OwnerDocument, notes: &mut Notes<'_>) -> Option<String> {
    let owner = part("ownerId", "the id of who owns", document.owner_id, notes);
    let object = part(
        "objectId",
        "the id of what is owned",
        document.object_id,
        notes,
    );
    let Some(kind) = document.object_type else {
        notes.fault(
            &At::Root.member("objectType"),
            "`objectType` is missing; expected `servicePrincipal` or `group`",
        );
        return None;
    };
    let kind = match kind {
        OwnedName::ServicePrincipal => "servicePrincipal",
        OwnedName::Group => "group",
    };
    Some(format!("{}/{kind}/{}", owner?, object?))
}

/// An id that is part of what a document is found by.
fn part(member: &'static str, what: &str, id: Option<AnyId>, notes: &mut Notes<'_>) -> Option<Id> {
    let at = At::Root;
    let at = at.member(member);
    let Some(AnyId(id)) = id else {
        notes.fault(&at, format!("`{member}` is missing; expected {what}"));
        return None;
    };
    if id.text().contains('/') {
        notes.fault(
            &at,
            format!("`{id}` has a `/`, which parts the names of documents; expected an id without"),
        );
        return None;
    }
    Some(id)
}

/// Graph's `appRoleId` of an assignment that gives no role of the app.
const DEFAULT_ACCESS: &str = "00000000-0000-0000-0000-000000000000";
