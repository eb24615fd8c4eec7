//! The resources of the API that are documents: where each is kept, what it is called in answers and in the audit.

use crate::audit::Activity;
use crate::document::DocumentKind;
use crate::model::{self, EntityType};
use crate::reviews::CATEGORY;
use crate::text::Document;

/// A resource that is a document, or a collection of such.
#[derive(Debug)]
pub struct Resource {
    /// What is kept.
    pub kind: DocumentKind,
    /// What it looks like.
    pub entity: &'static EntityType,
    /// Its place in `@odata.context`.
    pub context: &'static str,
    /// `targetResources[].type` of the audit.
    pub target: &'static str,
    /// What reading it is called.
    pub read: Activity,
    /// What making it is called.
    pub create: Activity,
    /// What changing it is called.
    pub update: Activity,
    /// What removing it is called.
    pub delete: Activity,
    /// Which documents are such: those that were deleted are another resource.
    pub is: fn(&Document) -> bool,
}

const XTAP: &str = "CrossTenantAccessSettings";
const SYNC: &str = "CrossTenantIdentitySyncSettings";
const POLICY: &str = "Policy";
const ROLES: &str = "RoleManagement";

/// Four activities of one category.
macro_rules! resource {
    ($kind:ident, $entity:expr, $context:literal, $target:literal, $category:expr, $read:literal, $create:literal, $update:literal, $delete:literal) => {
        Resource {
            kind: DocumentKind::$kind,
            entity: &$entity,
            context: $context,
            target: $target,
            read: Activity::new($category, "Read", $read),
            create: Activity::new($category, "Add", $create),
            update: Activity::new($category, "Update", $update),
            delete: Activity::new($category, "Delete", $delete),
            is: |_| true,
        }
    };
}

/// `crossTenantAccessPolicy`.
pub static CROSS_TENANT_POLICY: Resource = resource!(
    Policy,
    model::POLICY,
    "policies/crossTenantAccessPolicy",
    "Policy",
    XTAP,
    "Read cross-tenant access settings",
    "Add cross-tenant access settings",
    "Update cross-tenant access settings",
    "Delete cross-tenant access settings"
);

/// Its default configuration. Deleting it is resetting it.
pub static DEFAULT: Resource = resource!(
    Default,
    model::DEFAULT,
    "policies/crossTenantAccessPolicy/default",
    "Policy",
    XTAP,
    "Read the company default cross-tenant access setting",
    "Update the company default cross-tenant access setting",
    "Update the company default cross-tenant access setting",
    "Reset the cross-tenant access default setting"
);

/// Partner configurations.
pub static PARTNERS: Resource = resource!(
    Partner,
    model::PARTNER,
    "policies/crossTenantAccessPolicy/partners",
    "Policy",
    XTAP,
    "Read partner cross-tenant access settings",
    "Add a partner to cross-tenant access setting",
    "Update a partner cross-tenant access setting",
    "Delete partner specific cross-tenant access setting"
);

/// A partner's `identitySynchronization`, which is kept in the partner's document.
pub static SYNCHRONIZATION: Resource = resource!(
    Partner,
    model::IDENTITY_SYNCHRONIZATION,
    "policies/crossTenantAccessPolicy/partners/identitySynchronization",
    "Policy",
    SYNC,
    "Read a partner cross-tenant identity sync setting",
    "Create a partner cross-tenant identity sync setting",
    "Update a partner cross-tenant identity sync setting",
    "Delete a partner cross-tenant identity sync setting"
);

/// The template for partners of a multi-tenant organisation.
pub static PARTNER_TEMPLATE: Resource = resource!(
    PartnerTemplate,
    model::PARTNER_TEMPLATE,
    "policies/crossTenantAccessPolicy/templates/multiTenantOrganizationPartnerConfiguration",
    "Policy",
    XTAP,
    "Read the multitenant organization partner configuration template",
    "Update the multitenant organization partner configuration template",
    "Update the multitenant organization partner configuration template",
    "Reset the multitenant organization partner configuration template"
);

/// The template for their synchronisation.
pub static SYNCHRONIZATION_TEMPLATE: Resource = resource!(
    SynchronizationTemplate,
    model::SYNCHRONIZATION_TEMPLATE,
    "policies/crossTenantAccessPolicy/templates/multiTenantOrganizationIdentitySynchronization",
    "Policy",
    SYNC,
    "Read the multitenant organization identity sync template",
    "Update the multitenant organization identity sync template",
    "Update the multitenant organization identity sync template",
    "Reset the multitenant organization identity sync template"
);

/// External collaboration settings.
pub static AUTHORIZATION_POLICY: Resource = resource!(
    Authorization,
    model::AUTHORIZATION_POLICY,
    "policies/authorizationPolicy",
    "AuthorizationPolicy",
    "AuthorizationPolicy",
    "Read authorization policy",
    "Update authorization policy",
    "Update authorization policy",
    "Delete authorization policy"
);

/// The list of domains that may be invited or not.
pub static DOMAIN_POLICY: Resource = resource!(
    Domains,
    model::DOMAIN_POLICY,
    "legacy/policies",
    "Policy",
    POLICY,
    "Read policy",
    "Add policy",
    "Update policy",
    "Delete policy"
);

/// Whether guests may leave by themselves.
pub static EXTERNAL_IDENTITIES: Resource = resource!(
    ExternalIdentities,
    model::EXTERNAL_IDENTITIES_POLICY,
    "policies/externalIdentitiesPolicy",
    "Policy",
    POLICY,
    "Read external identities policy",
    "Update external identities policy",
    "Update external identities policy",
    "Delete external identities policy"
);

/// Whether people may sign up.
pub static AUTHENTICATION_FLOWS: Resource = resource!(
    AuthenticationFlows,
    model::AUTHENTICATION_FLOWS_POLICY,
    "policies/authenticationFlowsPolicy",
    "Policy",
    POLICY,
    "Read authentication flows policy",
    "Update authentication flows policy",
    "Update authentication flows policy",
    "Delete authentication flows policy"
);

const FLOWS: &str = "ResourceManagement";

/// API connectors.
pub static API_CONNECTORS: Resource = resource!(
    ApiConnector,
    model::API_CONNECTOR,
    "identity/apiConnectors",
    "Other",
    FLOWS,
    "Get API connector",
    "Create API connector",
    "Update API connector",
    "Delete API connector"
);

/// Custom attributes of user flows.
pub static USER_FLOW_ATTRIBUTES: Resource = resource!(
    UserFlowAttribute,
    model::USER_FLOW_ATTRIBUTE,
    "identity/userFlowAttributes",
    "Other",
    FLOWS,
    "Get user attribute",
    "Create user attribute",
    "Update user attribute",
    "Delete user attribute"
);

/// User flows.
pub static USER_FLOWS: Resource = resource!(
    UserFlow,
    model::USER_FLOW,
    "identity/b2xUserFlows",
    "Other",
    FLOWS,
    "Get user flow",
    "Create user flow",
    "Update user flow",
    "Delete user flow"
);

/// Conditional Access policies.
pub static CONDITIONAL_ACCESS: Resource = resource!(
    ConditionalAccess,
    model::CONDITIONAL_ACCESS_POLICY,
    "identity/conditionalAccess/policies",
    "Policy",
    POLICY,
    "Read conditional access policy",
    "Add conditional access policy",
    "Update conditional access policy",
    "Delete conditional access policy"
);

/// Named locations.
pub static NAMED_LOCATIONS: Resource = resource!(
    NamedLocation,
    model::NAMED_LOCATION,
    "identity/conditionalAccess/namedLocations",
    "Policy",
    POLICY,
    "Read named location",
    "Add named location",
    "Update named location",
    "Delete named location"
);

/// Custom and built-in roles; only custom ones are documents.
pub static ROLE_DEFINITIONS: Resource = resource!(
    RoleDefinition,
    model::ROLE_DEFINITION,
    "roleManagement/directory/roleDefinitions",
    "Role",
    ROLES,
    "Read role definition",
    "Add role definition",
    "Update role definition",
    "Delete role definition"
);

/// Who has which role.
pub static ROLE_ASSIGNMENTS: Resource = Resource {
    create: Activity::new(ROLES, "Assign", "Add member to role"),
    delete: Activity::new(ROLES, "Unassign", "Remove member from role"),
    ..resource!(
        RoleAssignment,
        model::ROLE_ASSIGNMENT,
        "roleManagement/directory/roleAssignments",
        "Role",
        ROLES,
        "Read role assignment",
        "Add member to role",
        "Update member of role",
        "Remove member from role"
    )
};

const USERS_OF: &str = "UserManagement";

/// Guests.
pub static USERS: Resource = Resource {
    is: |user| !was_deleted(user),
    ..resource!(
        Guest,
        model::USER,
        "users",
        "User",
        USERS_OF,
        "Read user",
        "Add user",
        "Update user",
        "Delete user"
    )
};

/// Guests who were deleted, and can be brought back.
pub static DELETED_USERS: Resource = Resource {
    update: Activity::new(USERS_OF, "Update", "Restore user"),
    is: was_deleted,
    ..resource!(
        Guest,
        model::USER,
        "directory/deletedItems/microsoft.graph.user",
        "User",
        USERS_OF,
        "Read deleted user",
        "Add user",
        "Restore user",
        "Hard delete user"
    )
};

/// Access reviews of guests.
pub static ACCESS_REVIEWS: Resource = resource!(
    AccessReview,
    model::ACCESS_REVIEW,
    "identityGovernance/accessReviews/definitions",
    "AccessReview",
    CATEGORY,
    "Read access review",
    "Create access review",
    "Update access review",
    "Delete access review"
);

/// Groups of guests.
pub static GROUPS: Resource = resource!(
    Group,
    model::GROUP,
    "groups",
    "Group",
    "GroupManagement",
    "Read group",
    "Add group",
    "Update group",
    "Delete group"
);

/// People who signed up and wait for approval.
pub static SIGN_UP_REQUESTS: Resource = Resource {
    is: |request| crate::sign_up_requests::is_open(request, jiff::Timestamp::now()),
    ..resource!(
        SignUpRequest,
        model::SIGN_UP_REQUEST,
        "crossgate/signUpRequests",
        "Other",
        USERS_OF,
        "Read sign-up request",
        "Request to sign up",
        "Update sign-up request",
        "Delete sign-up request"
    )
};

/// Drafts of changes to the policy.
pub static DRAFTS: Resource = resource!(
    Draft,
    model::POLICY_DRAFT,
    "crossgate/drafts",
    "Policy",
    crate::drafts::CATEGORY,
    "Read policy draft",
    "Add policy draft",
    "Update policy draft",
    "Delete policy draft"
);

fn was_deleted(user: &Document) -> bool {
    user.written("deletedDateTime")
        .is_some_and(|at| at != "null")
}
