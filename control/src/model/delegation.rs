//! Apps, groups of guests, and who is assigned to an app.

use super::{EntityType, boolean, date_time, guid, text, texts};

/// `servicePrincipal`: an app of the configuration.
pub static SERVICE_PRINCIPAL: EntityType = EntityType {
    name: "servicePrincipal",
    key: "id",
    properties: &[
        text("id").read_only(),
        boolean("accountEnabled").read_only().initially("true"),
        text("appDisplayName").read_only(),
        text("appId").read_only(),
        boolean("appRoleAssignmentRequired").read_only(),
        text("displayName").read_only(),
        text("servicePrincipalType")
            .read_only()
            .initially("\"Application\""),
    ],
};

/// `appRoleAssignment`: somebody is assigned to an app.
pub static APP_ROLE_ASSIGNMENT: EntityType = EntityType {
    name: "appRoleAssignment",
    key: "id",
    properties: &[
        text("id").read_only(),
        date_time("deletedDateTime").read_only(),
        guid("appRoleId").initially("\"00000000-0000-0000-0000-000000000000\""),
        date_time("createdDateTime").read_only(),
        text("principalDisplayName").read_only(),
        text("principalId").at_creation(),
        text("principalType").read_only(),
        text("resourceDisplayName").read_only(),
        text("resourceId").at_creation(),
    ],
};

/// `group`, of which only groups of guests are kept here: the own tenant's are its identity provider's.
pub static GROUP: EntityType = EntityType {
    name: "group",
    key: "id",
    properties: &[
        text("id").read_only(),
        date_time("createdDateTime").read_only(),
        text("description"),
        text("displayName"),
        texts("groupTypes").initially("[]"),
        boolean("mailEnabled").initially("false"),
        text("mailNickname"),
        boolean("securityEnabled").initially("true"),
    ],
};
