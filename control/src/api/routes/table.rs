//! The one table of what the API serves: method and path, what answers, and what its caller must be allowed to do. Calls are led by it, and the
//! documentation and the `OpenAPI` description are printed from it.

use super::super::listed::{
    OF_A_LOG, OF_MANY, OF_MANY_IN_ORDER, OF_MANY_WITH_MORE, OF_ONE, OF_ONE_WITH_MORE,
};
use super::Need::{Always, ForMember, ForOthers};
use super::Operation::{Create, Delete, Get, List, Reset, Special as Own, Update};
use super::Verb::{Delete as DELETE, Get as GET, Patch as PATCH, Post as POST, Put as PUT};
use super::needs::{
    OF_DEFAULT, OF_NEW_PARTNER, OF_PARTNER, READ_PARTNERS, READ_SIGN_INS, READ_USERS, REVOKE_TENANT,
};
use super::{Need, Operation, Route, Special, Verb, Versions};
use crate::odata::QueryOption;
use crate::resource;
use crate::roles::Action;

const SYNC: &[&str] = &["identitySynchronization"];

pub(super) const fn route(
    method: Verb,
    path: &'static str,
    operation: Operation,
    needs: &'static [Need],
    options: &'static [QueryOption],
    summary: &'static str,
) -> Route {
    Route {
        method,
        path,
        operation,
        needs,
        versions: Versions::Both,
        options,
        expand: &[],
        summary,
    }
}

/// One table of several.
pub(super) const fn joined<const ALL: usize, const PARTS: usize>(
    parts: [&'static [Route]; PARTS],
) -> [Route; ALL] {
    let mut all = [API_ITSELF; ALL];
    let mut rest: &mut [Route] = &mut all;
    let mut parts: &[&'static [Route]] = &parts;
    while let [part, others @ ..] = parts {
        let (places, left) = rest.split_at_mut(part.len());
        places.copy_from_slice(part);
        (rest, parts) = (left, others);
    }
    all
}

const API_ITSELF: Route = route(
    GET,
    "openapi.json",
    Own(Special::OpenApi),
    &[],
    &[],
    "Describe the API as OpenAPI does",
)
.only(Versions::Neither);

impl Route {
    const fn expanding(self, expand: &'static [&'static str]) -> Self {
        Self { expand, ..self }
    }

    const fn only(self, versions: Versions) -> Self {
        Self { versions, ..self }
    }
}

/// All that is here.
pub(super) const ROUTES: &[Route] = &[
    // Cross-tenant access
    route(
        GET,
        "policies/crossTenantAccessPolicy",
        Get(&resource::CROSS_TENANT_POLICY),
        &[Always(Action::CrossTenantAccessRead)],
        OF_ONE,
        "Get cross-tenant access settings",
    ),
    route(
        PATCH,
        "policies/crossTenantAccessPolicy",
        Update(&resource::CROSS_TENANT_POLICY),
        &[
            ForMember("allowedCloudEndpoints", Action::AllowedCloudEndpointsUpdate),
            ForOthers(Action::CrossTenantAccessUpdate),
        ],
        &[],
        "Update cross-tenant access settings",
    ),
    route(
        GET,
        "policies/crossTenantAccessPolicy/default",
        Get(&resource::DEFAULT),
        &[Always(Action::DefaultRead)],
        OF_ONE,
        "Get the default configuration",
    ),
    route(
        PATCH,
        "policies/crossTenantAccessPolicy/default",
        Update(&resource::DEFAULT),
        OF_DEFAULT,
        &[],
        "Update the default configuration",
    ),
    route(
        POST,
        "policies/crossTenantAccessPolicy/default/resetToSystemDefault",
        Reset(&resource::DEFAULT),
        &[
            Always(Action::DefaultB2bCollaborationUpdate),
            Always(Action::DefaultB2bDirectConnectUpdate),
            Always(Action::DefaultCrossCloudMeetingsUpdate),
            Always(Action::DefaultTenantRestrictionsUpdate),
        ],
        &[],
        "Reset the default configuration to Entra's initial values",
    ),
    route(
        GET,
        "policies/crossTenantAccessPolicy/partners",
        List(&resource::PARTNERS),
        READ_PARTNERS,
        OF_MANY_WITH_MORE,
        "List partner configurations",
    )
    .expanding(SYNC),
    route(
        POST,
        "policies/crossTenantAccessPolicy/partners",
        Create(&resource::PARTNERS),
        OF_NEW_PARTNER,
        &[],
        "Create a partner configuration",
    ),
    route(
        GET,
        "policies/crossTenantAccessPolicy/partners/{tenantId}",
        Get(&resource::PARTNERS),
        READ_PARTNERS,
        OF_ONE_WITH_MORE,
        "Get a partner configuration",
    )
    .expanding(SYNC),
    route(
        PATCH,
        "policies/crossTenantAccessPolicy/partners/{tenantId}",
        Update(&resource::PARTNERS),
        OF_PARTNER,
        &[],
        "Update a partner configuration",
    ),
    route(
        DELETE,
        "policies/crossTenantAccessPolicy/partners/{tenantId}",
        Delete(&resource::PARTNERS),
        &[Always(Action::PartnersDelete)],
        &[],
        "Delete a partner configuration",
    ),
    route(
        GET,
        "policies/crossTenantAccessPolicy/partners/{tenantId}/identitySynchronization",
        Own(Special::GetSynchronization),
        &[Always(Action::IdentitySynchronizationRead)],
        &[],
        "Get a partner's identity synchronization",
    ),
    route(
        PUT,
        "policies/crossTenantAccessPolicy/partners/{tenantId}/identitySynchronization",
        Own(Special::PutSynchronization),
        &[Always(Action::IdentitySynchronizationCreate)],
        &[],
        "Create a partner's identity synchronization",
    ),
    route(
        PATCH,
        "policies/crossTenantAccessPolicy/partners/{tenantId}/identitySynchronization",
        Own(Special::UpdateSynchronization),
        &[Always(Action::IdentitySynchronizationUpdate)],
        &[],
        "Update a partner's identity synchronization",
    ),
    route(
        DELETE,
        "policies/crossTenantAccessPolicy/partners/{tenantId}/identitySynchronization",
        Own(Special::DeleteSynchronization),
        &[Always(Action::IdentitySynchronizationUpdate)],
        &[],
        "Delete a partner's identity synchronization",
    ),
    route(
        GET,
        "policies/crossTenantAccessPolicy/templates/multiTenantOrganizationPartnerConfiguration",
        Get(&resource::PARTNER_TEMPLATE),
        &[Always(Action::PartnerTemplateRead)],
        OF_ONE,
        "Get the template for partners of a multitenant organization",
    ),
    route(
        PATCH,
        "policies/crossTenantAccessPolicy/templates/multiTenantOrganizationPartnerConfiguration",
        Update(&resource::PARTNER_TEMPLATE),
        &[Always(Action::PartnerTemplateUpdate)],
        &[],
        "Update the template for partners of a multitenant organization",
    ),
    route(
        POST,
        "policies/crossTenantAccessPolicy/templates/multiTenantOrganizationPartnerConfiguration/resetToDefaultSettings",
        Reset(&resource::PARTNER_TEMPLATE),
        &[Always(Action::PartnerTemplateReset)],
        &[],
        "Reset that template",
    ),
    route(
        GET,
        "policies/crossTenantAccessPolicy/templates/multiTenantOrganizationIdentitySynchronization",
        Get(&resource::SYNCHRONIZATION_TEMPLATE),
        &[Always(Action::SynchronizationTemplateRead)],
        OF_ONE,
        "Get the template for identity synchronization",
    ),
    route(
        PATCH,
        "policies/crossTenantAccessPolicy/templates/multiTenantOrganizationIdentitySynchronization",
        Update(&resource::SYNCHRONIZATION_TEMPLATE),
        &[Always(Action::SynchronizationTemplateUpdate)],
        &[],
        "Update the template for identity synchronization",
    ),
    route(
        POST,
        "policies/crossTenantAccessPolicy/templates/multiTenantOrganizationIdentitySynchronization/resetToDefaultSettings",
        Reset(&resource::SYNCHRONIZATION_TEMPLATE),
        &[Always(Action::SynchronizationTemplateReset)],
        &[],
        "Reset that template",
    ),
    // External collaboration
    route(
        GET,
        "policies/authorizationPolicy",
        Get(&resource::AUTHORIZATION_POLICY),
        &[Always(Action::AuthorizationPolicyRead)],
        OF_ONE,
        "Get external collaboration settings",
    ),
    route(
        PATCH,
        "policies/authorizationPolicy",
        Update(&resource::AUTHORIZATION_POLICY),
        &[Always(Action::AuthorizationPolicyManage)],
        &[],
        "Update external collaboration settings",
    ),
    route(
        GET,
        "policies/authorizationPolicy/authorizationPolicy",
        Get(&resource::AUTHORIZATION_POLICY),
        &[Always(Action::AuthorizationPolicyRead)],
        OF_ONE,
        "The same, as beta has it",
    )
    .only(Versions::Beta),
    route(
        PATCH,
        "policies/authorizationPolicy/authorizationPolicy",
        Update(&resource::AUTHORIZATION_POLICY),
        &[Always(Action::AuthorizationPolicyManage)],
        &[],
        "The same, as beta has it",
    )
    .only(Versions::Beta),
    route(
        GET,
        "policies/externalIdentitiesPolicy",
        Get(&resource::EXTERNAL_IDENTITIES),
        &[Always(Action::AuthorizationPolicyRead)],
        OF_ONE,
        "Get whether guests may leave by themselves",
    )
    .only(Versions::Beta),
    route(
        PATCH,
        "policies/externalIdentitiesPolicy",
        Update(&resource::EXTERNAL_IDENTITIES),
        &[Always(Action::AuthorizationPolicyManage)],
        &[],
        "Say whether guests may leave by themselves",
    )
    .only(Versions::Beta),
    route(
        GET,
        "legacy/policies",
        Own(Special::ListDomainPolicies),
        &[Always(Action::LegacyPoliciesRead)],
        OF_MANY,
        "List the policy with allowed or blocked domains",
    )
    .only(Versions::Beta),
    route(
        GET,
        "legacy/policies/b2bManagementPolicy",
        Get(&resource::DOMAIN_POLICY),
        &[Always(Action::LegacyPoliciesRead)],
        OF_ONE,
        "Get the policy with allowed or blocked domains",
    )
    .only(Versions::Beta),
    route(
        PATCH,
        "legacy/policies/b2bManagementPolicy",
        Update(&resource::DOMAIN_POLICY),
        &[Always(Action::LegacyPoliciesUpdate)],
        &[],
        "Update the policy with allowed or blocked domains",
    )
    .only(Versions::Beta),
    // Conditional Access
    route(
        GET,
        "identity/conditionalAccess/policies",
        List(&resource::CONDITIONAL_ACCESS),
        &[Always(Action::ConditionalAccessRead)],
        OF_MANY,
        "List Conditional Access policies",
    ),
    route(
        POST,
        "identity/conditionalAccess/policies",
        Create(&resource::CONDITIONAL_ACCESS),
        &[Always(Action::ConditionalAccessCreate)],
        &[],
        "Create a Conditional Access policy",
    ),
    route(
        GET,
        "identity/conditionalAccess/policies/{id}",
        Get(&resource::CONDITIONAL_ACCESS),
        &[Always(Action::ConditionalAccessRead)],
        OF_ONE,
        "Get a Conditional Access policy",
    ),
    route(
        PATCH,
        "identity/conditionalAccess/policies/{id}",
        Update(&resource::CONDITIONAL_ACCESS),
        &[Always(Action::ConditionalAccessUpdate)],
        &[],
        "Update a Conditional Access policy",
    ),
    route(
        DELETE,
        "identity/conditionalAccess/policies/{id}",
        Delete(&resource::CONDITIONAL_ACCESS),
        &[Always(Action::ConditionalAccessDelete)],
        &[],
        "Delete a Conditional Access policy",
    ),
    route(
        GET,
        "identity/conditionalAccess/namedLocations",
        List(&resource::NAMED_LOCATIONS),
        &[Always(Action::NamedLocationsRead)],
        OF_MANY,
        "List named locations",
    ),
    route(
        POST,
        "identity/conditionalAccess/namedLocations",
        Create(&resource::NAMED_LOCATIONS),
        &[Always(Action::NamedLocationsCreate)],
        &[],
        "Create a named location",
    ),
    route(
        GET,
        "identity/conditionalAccess/namedLocations/{id}",
        Get(&resource::NAMED_LOCATIONS),
        &[Always(Action::NamedLocationsRead)],
        OF_ONE,
        "Get a named location",
    ),
    route(
        PATCH,
        "identity/conditionalAccess/namedLocations/{id}",
        Update(&resource::NAMED_LOCATIONS),
        &[Always(Action::NamedLocationsUpdate)],
        &[],
        "Update a named location",
    ),
    route(
        DELETE,
        "identity/conditionalAccess/namedLocations/{id}",
        Delete(&resource::NAMED_LOCATIONS),
        &[Always(Action::NamedLocationsDelete)],
        &[],
        "Delete a named location",
    ),
    // Audit
    route(
        GET,
        "auditLogs/directoryAudits",
        Own(Special::ListAudits),
        &[Always(Action::AuditLogsRead)],
        OF_MANY_IN_ORDER,
        "List audit records",
    ),
    route(
        GET,
        "auditLogs/directoryAudits/{id}",
        Own(Special::GetAudit),
        &[Always(Action::AuditLogsRead)],
        OF_ONE,
        "Get an audit record",
    ),
    route(
        GET,
        "auditLogs/signIns",
        Own(Special::ListSignIns),
        READ_SIGN_INS,
        OF_A_LOG,
        "List sign-ins",
    ),
    route(
        GET,
        "auditLogs/signIns/{id}",
        Own(Special::GetSignIn),
        READ_SIGN_INS,
        OF_ONE,
        "Get a sign-in",
    ),
    // Roles
    route(
        GET,
        "directoryRoles",
        Own(Special::ListDirectoryRoles),
        &[Always(Action::DirectoryRolesRead)],
        OF_MANY,
        "List built-in roles",
    ),
    route(
        GET,
        "directoryRoles/{id}",
        Own(Special::GetDirectoryRole),
        &[Always(Action::DirectoryRolesRead)],
        OF_ONE,
        "Get a built-in role",
    ),
    route(
        GET,
        "directoryRoles/{id}/members",
        Own(Special::ListRoleMembers),
        &[Always(Action::DirectoryRoleMembersRead)],
        OF_MANY,
        "List who has a built-in role",
    ),
    route(
        GET,
        "roleManagement/directory/roleDefinitions",
        Own(Special::ListRoleDefinitions),
        &[Always(Action::RoleDefinitionsRead)],
        OF_MANY,
        "List roles",
    ),
    route(
        POST,
        "roleManagement/directory/roleDefinitions",
        Create(&resource::ROLE_DEFINITIONS),
        &[Always(Action::RoleDefinitionsCreate)],
        &[],
        "Create a custom role",
    ),
    route(
        GET,
        "roleManagement/directory/roleDefinitions/{id}",
        Own(Special::GetRoleDefinition),
        &[Always(Action::RoleDefinitionsRead)],
        OF_ONE,
        "Get a role",
    ),
    route(
        PATCH,
        "roleManagement/directory/roleDefinitions/{id}",
        Update(&resource::ROLE_DEFINITIONS),
        &[Always(Action::RoleDefinitionsManage)],
        &[],
        "Update a custom role",
    ),
    route(
        DELETE,
        "roleManagement/directory/roleDefinitions/{id}",
        Delete(&resource::ROLE_DEFINITIONS),
        &[Always(Action::RoleDefinitionsManage)],
        &[],
        "Delete a custom role",
    ),
    route(
        GET,
        "roleManagement/directory/roleAssignments",
        List(&resource::ROLE_ASSIGNMENTS),
        &[Always(Action::RoleAssignmentsRead)],
        OF_MANY,
        "List role assignments",
    ),
    route(
        POST,
        "roleManagement/directory/roleAssignments",
        Own(Special::CreateRoleAssignment),
        &[Always(Action::RoleAssignmentsCreate)],
        &[],
        "Assign a role to a user or a group",
    ),
    route(
        GET,
        "roleManagement/directory/roleAssignments/{id}",
        Get(&resource::ROLE_ASSIGNMENTS),
        &[Always(Action::RoleAssignmentsRead)],
        OF_ONE,
        "Get a role assignment",
    ),
    route(
        DELETE,
        "roleManagement/directory/roleAssignments/{id}",
        Delete(&resource::ROLE_ASSIGNMENTS),
        &[Always(Action::RoleAssignmentsManage)],
        &[],
        "Remove a role assignment",
    ),
    // Directory
    route(
        GET,
        "users",
        List(&resource::USERS),
        READ_USERS,
        OF_MANY,
        "List guests",
    ),
    route(
        GET,
        "users/{id}",
        Get(&resource::USERS),
        READ_USERS,
        OF_ONE,
        "Get a guest",
    ),
    route(
        PATCH,
        "users/{id}",
        Own(Special::UpdateUser),
        &[Always(Action::UsersUpdate)],
        &[],
        "Update a guest",
    ),
    route(
        DELETE,
        "users/{id}",
        Own(Special::DeleteUser),
        &[Always(Action::UsersDelete)],
        &[],
        "Delete a guest, who can be brought back",
    ),
    route(
        GET,
        "directory/deletedItems/microsoft.graph.user",
        List(&resource::DELETED_USERS),
        &[Always(Action::UsersRead)],
        OF_MANY,
        "List guests who were deleted",
    ),
    route(
        GET,
        "directory/deletedItems/{id}",
        Get(&resource::DELETED_USERS),
        &[Always(Action::UsersRead)],
        OF_ONE,
        "Get a guest who was deleted",
    ),
    route(
        POST,
        "directory/deletedItems/{id}/restore",
        Own(Special::RestoreUser),
        &[Always(Action::UsersRestore)],
        &[],
        "Bring back a guest who was deleted",
    ),
    route(
        DELETE,
        "directory/deletedItems/{id}",
        Own(Special::PurgeUser),
        &[Always(Action::DeletedUsersDelete)],
        &[],
        "Remove for good a guest who was deleted",
    ),
    route(
        POST,
        "invitations",
        Own(Special::Invite),
        &[Always(Action::UsersInvite)],
        &[],
        "Invite a guest",
    ),
    route(
        GET,
        "users/{id}/sponsors",
        Own(Special::ListSponsors),
        &[Always(Action::UsersRead)],
        OF_MANY,
        "List who answers for a guest",
    ),
    route(
        POST,
        "users/{id}/sponsors/$ref",
        Own(Special::AddSponsor),
        &[Always(Action::UsersUpdate)],
        &[],
        "Have a user or group answer for a guest",
    ),
    route(
        DELETE,
        "users/{id}/sponsors/{sponsorId}/$ref",
        Own(Special::RemoveSponsor),
        &[Always(Action::UsersUpdate)],
        &[],
        "Have a user or group answer for a guest no more",
    ),
    route(
        POST,
        "users/{id}/revokeSignInSessions",
        Own(Special::RevokeSessions),
        &[Always(Action::SessionsRevoke)],
        &[],
        "End a user's sessions",
    ),
    route(
        POST,
        "me/revokeSignInSessions",
        Own(Special::RevokeSessions),
        &[Always(Action::SessionsRevoke)],
        &[],
        "End one's own sessions",
    ),
    route(
        POST,
        "crossgate/tenants/{tenantId}/revokeSignInSessions",
        Own(Special::RevokeTenantSessions),
        REVOKE_TENANT,
        &[],
        "End the sessions of everybody who lives in a tenant, a partner or the own",
    ),
    route(
        GET,
        "organization",
        Own(Special::ListOrganizations),
        &[Always(Action::OrganizationRead)],
        OF_MANY,
        "Get the own organization, as a list of one",
    ),
    route(
        GET,
        "organization/{id}",
        Own(Special::GetOrganization),
        &[Always(Action::OrganizationRead)],
        OF_ONE,
        "Get the own organization",
    ),
    route(
        GET,
        "tenantRelationships/findTenantInformationByTenantId(tenantId='{tenantId}')",
        Own(Special::TenantById),
        &[Always(Action::TenantInformationRead)],
        &[],
        "Find a configured organization by its id",
    ),
    route(
        GET,
        "tenantRelationships/findTenantInformationByDomainName(domainName='{domainName}')",
        Own(Special::TenantByDomain),
        &[Always(Action::TenantInformationRead)],
        &[],
        "Find a configured organization by a domain",
    ),
    // The API itself
    route(
        POST,
        "$batch",
        Own(Special::Batch),
        &[],
        &[],
        "Make up to 20 calls in one",
    ),
    route(
        GET,
        "$metadata",
        Own(Special::Metadata),
        &[],
        &[],
        "Describe the model as OData does",
    ),
    API_ITSELF,
];
