//! What Graph's directory has beside cross-tenant access: authorization, roles, audit, the organisation.

use super::{
    ComplexType, EntityType, EnumType, boolean, choice, complex, complexes, date_time, guid, open,
    text, texts,
};

/// `authorizationPolicy`.
pub static AUTHORIZATION_POLICY: EntityType = EntityType {
    name: "authorizationPolicy",
    key: "",
    properties: &[
        text("id").read_only().initially("\"authorizationPolicy\""),
        text("displayName").initially("\"Authorization Policy\""),
        text("description")
            .initially("\"Used to manage authorization related settings across the company.\""),
        date_time("deletedDateTime").read_only().if_stored(),
        choice("allowInvitesFrom", &ALLOW_INVITES_FROM).initially("\"everyone\""),
        guid("guestUserRoleId").initially("\"10dae51f-b6af-4016-8d66-8c2a99b929b3\""),
        boolean("allowedToSignUpEmailBasedSubscriptions").if_stored(),
        boolean("allowedToUseSSPR").if_stored(),
        boolean("allowEmailVerifiedUsersToJoinOrganization").if_stored(),
        boolean("allowUserConsentForRiskyApps").if_stored(),
        boolean("blockMsolPowerShell").if_stored(),
        open("defaultUserRolePermissions").if_stored(),
    ],
};

/// The legacy `B2BManagementPolicy`, whose `definition` holds the list of allowed or blocked domains.
pub static DOMAIN_POLICY: EntityType = EntityType {
    name: "b2bManagementPolicy",
    key: "id",
    properties: &[
        text("id").read_only().initially("\"b2bManagementPolicy\""),
        text("displayName").initially("\"B2BManagementPolicy\""),
        text("description").if_stored(),
        text("type").read_only().initially("\"B2BManagementPolicy\""),
        boolean("isOrganizationDefault").initially("true"),
        texts("definition").initially(
            r#"["{\"B2BManagementPolicy\":{\"InvitationsAllowedAndBlockedDomainsPolicy\":{\"AllowedDomains\":[],\"BlockedDomains\":[]}}}"]"#,
        ),
    ],
};

/// `externalIdentitiesPolicy`.
pub static EXTERNAL_IDENTITIES_POLICY: EntityType = EntityType {
    name: "externalIdentitiesPolicy",
    key: "",
    properties: &[
        text("id")
            .read_only()
            .initially("\"externalIdentitiesPolicy\""),
        text("displayName").initially("\"External Identities Policy\""),
        text("description").if_stored(),
        date_time("deletedDateTime").read_only().if_stored(),
        boolean("allowExternalIdentitiesToLeave").initially("true"),
        boolean("allowDeletedIdentitiesDataRemoval").initially("false"),
    ],
};

static ALLOW_INVITES_FROM: EnumType = EnumType {
    name: "allowInvitesFrom",
    members: &[
        "none",
        "adminsAndGuestInviters",
        "adminsGuestInvitersAndAllMembers",
        "everyone",
    ],
};

/// `directoryAudit`.
pub static DIRECTORY_AUDIT: EntityType = EntityType {
    name: "directoryAudit",
    key: "id",
    properties: &[
        text("id").read_only(),
        text("category").read_only(),
        text("correlationId").read_only(),
        choice("result", &OPERATION_RESULT).read_only(),
        text("resultReason").read_only(),
        text("activityDisplayName").read_only(),
        date_time("activityDateTime").read_only(),
        text("loggedByService").read_only(),
        text("operationType").read_only(),
        complex("initiatedBy", &INITIATOR).read_only(),
        complexes("targetResources", &TARGET_RESOURCE)
            .read_only()
            .initially("[]"),
        complexes("additionalDetails", &KEY_VALUE)
            .read_only()
            .initially("[]"),
    ],
};

static OPERATION_RESULT: EnumType = EnumType {
    name: "operationResult",
    members: &["success", "failure", "timeout"],
};

static INITIATOR: ComplexType = ComplexType {
    name: "auditActivityInitiator",
    properties: &[
        complex("user", &USER_IDENTITY),
        complex("app", &APP_IDENTITY),
    ],
};

static USER_IDENTITY: ComplexType = ComplexType {
    name: "userIdentity",
    properties: &[
        text("id"),
        text("displayName"),
        text("userPrincipalName"),
        text("ipAddress"),
    ],
};

static APP_IDENTITY: ComplexType = ComplexType {
    name: "appIdentity",
    properties: &[
        text("appId"),
        text("displayName"),
        text("servicePrincipalId"),
        text("servicePrincipalName"),
    ],
};

static TARGET_RESOURCE: ComplexType = ComplexType {
    name: "targetResource",
    properties: &[
        text("id"),
        text("displayName"),
        text("type"),
        text("userPrincipalName"),
        text("groupType"),
        complexes("modifiedProperties", &MODIFIED_PROPERTY),
    ],
};

static MODIFIED_PROPERTY: ComplexType = ComplexType {
    name: "modifiedProperty",
    properties: &[text("displayName"), text("oldValue"), text("newValue")],
};

static KEY_VALUE: ComplexType = ComplexType {
    name: "keyValue",
    properties: &[text("key"), text("value")],
};

/// `directoryRole`: a built-in role, all of which are active.
pub static DIRECTORY_ROLE: EntityType = EntityType {
    name: "directoryRole",
    key: "id",
    properties: &[
        text("id").read_only(),
        date_time("deletedDateTime").read_only(),
        text("displayName").read_only(),
        text("description").read_only(),
        text("roleTemplateId").read_only(),
    ],
};

/// `directoryObject`: who holds a role.
pub static DIRECTORY_OBJECT: EntityType = EntityType {
    name: "directoryObject",
    key: "id",
    properties: &[text("id").read_only()],
};

/// `unifiedRoleDefinition`.
pub static ROLE_DEFINITION: EntityType = EntityType {
    name: "unifiedRoleDefinition",
    key: "id",
    properties: &[
        text("id").read_only(),
        text("displayName"),
        text("description"),
        boolean("isBuiltIn").read_only().initially("false"),
        boolean("isEnabled").initially("true"),
        texts("resourceScopes").initially("[\"/\"]"),
        text("templateId"),
        text("version"),
        complexes("rolePermissions", &ROLE_PERMISSION).initially("[]"),
    ],
};

static ROLE_PERMISSION: ComplexType = ComplexType {
    name: "unifiedRolePermission",
    properties: &[texts("allowedResourceActions"), text("condition")],
};

/// `unifiedRoleAssignment`.
pub static ROLE_ASSIGNMENT: EntityType = EntityType {
    name: "unifiedRoleAssignment",
    key: "id",
    properties: &[
        text("id").read_only(),
        text("principalId").at_creation(),
        text("roleDefinitionId").at_creation(),
        text("directoryScopeId").initially("\"/\""),
        text("appScopeId").if_stored(),
    ],
};

/// `organization`.
pub static ORGANIZATION: EntityType = EntityType {
    name: "organization",
    key: "id",
    properties: &[
        text("id").read_only(),
        date_time("deletedDateTime").read_only(),
        text("displayName").read_only(),
        text("tenantType").read_only().initially("\"AAD\""),
        complexes("verifiedDomains", &VERIFIED_DOMAIN)
            .read_only()
            .initially("[]"),
    ],
};

static VERIFIED_DOMAIN: ComplexType = ComplexType {
    name: "verifiedDomain",
    properties: &[
        text("capabilities"),
        boolean("isDefault"),
        boolean("isInitial"),
        text("name"),
        text("type"),
    ],
};

/// `tenantInformation`: a value, though Graph answers with it as with a resource.
pub static TENANT_INFORMATION: EntityType = EntityType {
    name: "tenantInformation",
    key: "",
    properties: &[
        text("tenantId").read_only(),
        text("displayName").read_only(),
        text("defaultDomainName").read_only(),
        text("federationBrandName").read_only(),
    ],
};
