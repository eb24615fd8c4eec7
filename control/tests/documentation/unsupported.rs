//! Operations of Graph on the same resources that are not served, and why not. Kept by hand.

/// Operations that are not served.
pub(crate) struct Unsupported {
    pub(crate) methods: &'static str,
    pub(crate) path: &'static str,
    pub(crate) why: &'static str,
}

const fn no(methods: &'static str, path: &'static str, why: &'static str) -> Unsupported {
    Unsupported { methods, path, why }
}

pub(crate) const UNSUPPORTED: &[Unsupported] = &[
    // Default configuration
    no(
        "GET, POST",
        "policies/crossTenantAccessPolicy/default/m365Capabilities",
        M365,
    ),
    no(
        "GET, PATCH, DELETE",
        "policies/crossTenantAccessPolicy/default/m365Capabilities/{name}",
        M365,
    ),
    // Partner configurations
    no(
        "GET, POST",
        "policies/crossTenantAccessPolicy/partners/{tenantId}/m365Capabilities",
        M365,
    ),
    no(
        "GET, PATCH, DELETE",
        "policies/crossTenantAccessPolicy/partners/{tenantId}/m365Capabilities/{name}",
        M365,
    ),
    no(
        "GET, PATCH, DELETE",
        "policies/crossTenantAccessPolicy/partners/{tenantId}/serviceProviderConstraints",
        "What a service provider may be given in Entra; no request to an app shows that",
    ),
    no("GET", "policies/deletedItems/crossTenantPartners", DELETED),
    no(
        "GET, DELETE",
        "policies/deletedItems/crossTenantPartners/{id}",
        DELETED,
    ),
    no(
        "POST",
        "policies/deletedItems/crossTenantPartners/{id}/restore",
        DELETED,
    ),
    no(
        "GET",
        "policies/deletedItems/crossTenantSyncPolicyPartners",
        DELETED,
    ),
    no(
        "GET, DELETE",
        "policies/deletedItems/crossTenantSyncPolicyPartners/{id}",
        DELETED,
    ),
    no(
        "POST",
        "policies/deletedItems/crossTenantSyncPolicyPartners/{id}/restore",
        DELETED,
    ),
    // Templates for multitenant organizations
    no(
        "GET, PUT, PATCH",
        "tenantRelationships/multiTenantOrganization",
        ORGANIZATIONS_OF_MANY,
    ),
    no(
        "GET, POST",
        "tenantRelationships/multiTenantOrganization/tenants",
        ORGANIZATIONS_OF_MANY,
    ),
    no(
        "GET, PATCH, DELETE",
        "tenantRelationships/multiTenantOrganization/tenants/{tenantId}",
        ORGANIZATIONS_OF_MANY,
    ),
    no(
        "GET, PATCH",
        "tenantRelationships/multiTenantOrganization/joinRequest",
        ORGANIZATIONS_OF_MANY,
    ),
    // External collaboration
    no(
        "POST",
        "legacy/policies",
        "There is one domain policy, always; change it",
    ),
    no(
        "DELETE",
        "legacy/policies/{id}",
        "There is one domain policy, always; send `definition` as null to empty it",
    ),
    // Self-service sign-up
    no(
        "GET",
        "identity/b2xUserFlows/{id}/identityProviders",
        "An older name; call `userFlowIdentityProviders`",
    ),
    no(
        "GET, POST",
        "identity/b2xUserFlows/{id}/languages",
        "What people read is set with the [pages](pages.md)",
    ),
    no(
        "GET",
        "identity/b2xUserFlows/{id}/userAttributeAssignments/getOrder",
        "Attributes are asked in the order in which they were added",
    ),
    no(
        "POST",
        "identity/b2xUserFlows/{id}/userAttributeAssignments/setOrder",
        "The same; remove an assignment and add it again",
    ),
    no(
        "POST",
        "identity/apiConnectors/{id}/uploadClientCertificate",
        "Connectors know this gateway by basic authentication",
    ),
    no("POST", "identity/identityProviders", PROVIDERS),
    no(
        "PATCH, DELETE",
        "identity/identityProviders/{id}",
        PROVIDERS,
    ),
    // Conditional Access
    no(
        "GET",
        "identity/conditionalAccess/deletedItems/policies",
        DELETED,
    ),
    no(
        "GET, DELETE",
        "identity/conditionalAccess/deletedItems/policies/{id}",
        DELETED,
    ),
    no(
        "POST",
        "identity/conditionalAccess/deletedItems/policies/{id}/restore",
        DELETED,
    ),
    no(
        "GET",
        "identity/conditionalAccess/templates",
        "Ready-made policies of Entra's portal; create a policy from its body",
    ),
    no(
        "GET",
        "identity/conditionalAccess/templates/{id}",
        "The same",
    ),
    no(
        "POST",
        "identity/conditionalAccess/evaluate",
        "`crossgate explain` and `crossgate decide` tell what would be decided",
    ),
    no(
        "GET, POST",
        "identity/conditionalAccess/authenticationContextClassReferences",
        CONTEXTS,
    ),
    no(
        "GET, PATCH, DELETE",
        "identity/conditionalAccess/authenticationContextClassReferences/{id}",
        CONTEXTS,
    ),
    no(
        "GET, POST",
        "identity/conditionalAccess/authenticationStrength/policies",
        STRENGTHS,
    ),
    no(
        "GET, PATCH, DELETE",
        "identity/conditionalAccess/authenticationStrength/policies/{id}",
        STRENGTHS,
    ),
    no(
        "GET",
        "identity/conditionalAccess/authenticationStrength/authenticationMethodModes",
        STRENGTHS,
    ),
    no(
        "GET, POST",
        "policies/authenticationStrengthPolicies",
        STRENGTHS,
    ),
    no(
        "GET, PATCH, DELETE",
        "policies/authenticationStrengthPolicies/{id}",
        STRENGTHS,
    ),
    no(
        "POST",
        "policies/authenticationStrengthPolicies/{id}/updateAllowedCombinations",
        STRENGTHS,
    ),
    no(
        "GET, POST",
        "policies/authenticationStrengthPolicies/{id}/combinationConfigurations",
        STRENGTHS,
    ),
    no(
        "GET",
        "policies/authenticationStrengthPolicies/{id}/usage",
        STRENGTHS,
    ),
    no(
        "GET, POST",
        "identityGovernance/termsOfUse/agreements",
        TERMS,
    ),
    // Named locations
    no(
        "GET",
        "identity/conditionalAccess/deletedItems/namedLocations",
        DELETED,
    ),
    no(
        "GET, DELETE",
        "identity/conditionalAccess/deletedItems/namedLocations/{id}",
        DELETED,
    ),
    no(
        "POST",
        "identity/conditionalAccess/deletedItems/namedLocations/{id}/restore",
        DELETED,
    ),
    // Audit and sign-ins
    no(
        "GET",
        "auditLogs/getSummarizedNonInteractiveSignIns(aggregationWindow='{window}')",
        SIGN_INS,
    ),
    no(
        "GET",
        "auditLogs/getSummarizedServicePrincipalSignIns(aggregationWindow='{window}')",
        SIGN_INS,
    ),
    no(
        "GET",
        "auditLogs/provisioning",
        "Nothing is provisioned from here",
    ),
    // Roles
    no(
        "POST",
        "directoryRoles",
        "Every built-in role is active from the beginning",
    ),
    no(
        "GET",
        "directoryRoles(roleTemplateId='{id}')",
        "A role's id is its template's here; ask for it by that",
    ),
    no("POST", "directoryRoles/{id}/members/$ref", ASSIGN),
    no("DELETE", "directoryRoles/{id}/members/{id}/$ref", ASSIGN),
    no(
        "GET, POST",
        "directoryRoles/{id}/scopedMembers",
        "Roles are assigned for the whole directory",
    ),
    no(
        "GET",
        "directoryRoleTemplates",
        "Every built-in role is its own template",
    ),
    no(
        "GET",
        "directoryRoleTemplates/{id}",
        "Every built-in role is its own template",
    ),
    no(
        "GET",
        "roleManagement/directory/roleDefinitions/{id}/inheritsPermissionsFrom",
        "No role inherits here; each has all its actions",
    ),
    no(
        "GET",
        "roleManagement/directory/transitiveRoleAssignments",
        "Not here: who is in a group only tokens tell",
    ),
    no(
        "GET, POST",
        "roleManagement/directory/roleAssignmentScheduleRequests",
        TIMES,
    ),
    no(
        "GET, POST",
        "roleManagement/directory/roleEligibilityScheduleRequests",
        TIMES,
    ),
    no(
        "GET",
        "roleManagement/directory/resourceNamespaces",
        PROTECTED,
    ),
    no(
        "GET, PATCH",
        "roleManagement/directory/resourceNamespaces/{id}/resourceActions/{id}",
        PROTECTED,
    ),
    // Users and guests
    no("POST", "users", USERS),
    no(
        "POST",
        "users/{id}/invalidateAllRefreshTokens",
        "An older name; call `revokeSignInSessions`",
    ),
    // Organizations
    no(
        "PATCH",
        "organization/{id}",
        "What the organization is called stands in `[tenant]` of `crossgate.toml`",
    ),
];

const M365: &str = "What Microsoft 365 lets partners see; no request to an app shows that";
const DELETED: &str = "What is deleted is gone from here; the store has its history, see [policy-store.md](policy-store.md)";
const ORGANIZATIONS_OF_MANY: &str =
    "Not here: membership is Entra's; the templates are kept and applied to nobody";
const CONTEXTS: &str = "The contexts `c1` to `c99` are there always, and have no names; apps ask for them in `crossgate.toml`";
const TERMS: &str = "Terms are files of `[[terms]]`; who accepted which is kept with the [sessions](sign-in.md), and not served";
const STRENGTHS: &str = "The three built-in strengths are named by their ids in a policy; custom ones cannot be judged here";
const SIGN_INS: &str = "Repeats of a request are one event with their count (`crossgate.count`); `crossgate activity` adds up, see [sign-in-log.md](sign-in-log.md)";
const ASSIGN: &str = "Assign with `roleManagement/directory/roleAssignments`";
const TIMES: &str = "An assignment holds from its answer until it is removed";
const PROTECTED: &str = "Which actions are protected is Entra's list; what they ask for is `[admin] protected_actions_context`";
const PROVIDERS: &str =
    "Providers are the `[[provider]]`s of `crossgate.toml`, see [sign-in.md](sign-in.md)";
const USERS: &str = "Guests are invited; the own tenant's people are its identity provider's";
