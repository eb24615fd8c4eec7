//! Who may use and who looks after an app: Graph's `appRoleAssignment` and `group`, and its references to members and owners as
//! lines of Crossgate's own.

use serde::Deserialize;

use crate::reader::values::{AnyId, Kept, Text, words};

/// Graph's `appRoleAssignment`: a principal is assigned to an app.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct AppRoleAssignmentDocument {
    pub(crate) principal_id: Option<AnyId>,
    pub(crate) principal_type: Option<PrincipalTypeName>,
    pub(crate) resource_id: Option<AnyId>,
    pub(crate) app_role_id: Option<AnyId>,
    pub(crate) deleted_date_time: Option<Kept>,

    // What a directory export has about it; the ids say all that counts.
    #[serde(rename = "id")]
    _id: Option<Kept>,
    #[serde(rename = "createdDateTime")]
    _created_date_time: Option<Kept>,
    #[serde(rename = "principalDisplayName")]
    _principal_display_name: Option<Kept>,
    #[serde(rename = "resourceDisplayName")]
    _resource_display_name: Option<Kept>,
}

/// Graph's `group`, as far as it is more than a name for its members.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct GroupDocument {
    pub(crate) id: Option<AnyId>,
    pub(crate) display_name: Option<Text>,
    pub(crate) mail_enabled: Option<bool>,
    pub(crate) security_enabled: Option<bool>,
    pub(crate) group_types: Option<Kept>,

    #[serde(rename = "description")]
    _description: Option<Kept>,
    #[serde(rename = "mailNickname")]
    _mail_nickname: Option<Kept>,
    #[serde(rename = "createdDateTime")]
    _created_date_time: Option<Kept>,
}

/// One line of `group-members.jsonl`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct GroupMemberDocument {
    pub(crate) group_id: Option<AnyId>,
    pub(crate) member_id: Option<AnyId>,

    #[serde(rename = "createdDateTime")]
    _created_date_time: Option<Kept>,
}

/// One line of `owners.jsonl`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct OwnerDocument {
    pub(crate) owner_id: Option<AnyId>,
    pub(crate) object_type: Option<OwnedName>,
    pub(crate) object_id: Option<AnyId>,

    #[serde(rename = "createdDateTime")]
    _created_date_time: Option<Kept>,
}

words! {
    /// `principalType`.
    PrincipalTypeName, "a type of principal that can be assigned here", "`User` or `Group`" {
        User = "User",
        Group = "Group",
    }
}

words! {
    /// `objectType`.
    OwnedName, "what can have owners", "`servicePrincipal` or `group`" {
        ServicePrincipal = "servicePrincipal",
        Group = "group",
    }
}
