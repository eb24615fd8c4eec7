"""What belongs to the directory: `authorizationPolicy`, roles, the organization, other tenants, sessions."""

from uuid import UUID

from msgraph.generated.models.allow_invites_from import AllowInvitesFrom
from msgraph.generated.models.authorization_policy import AuthorizationPolicy
from msgraph.generated.models.unified_role_assignment import UnifiedRoleAssignment
from msgraph.generated.models.unified_role_definition import UnifiedRoleDefinition
from msgraph.generated.models.unified_role_permission import UnifiedRolePermission
from msgraph.generated.role_management.directory.role_assignments.role_assignments_request_builder import (
    RoleAssignmentsRequestBuilder,
)

from .suite import FABRIKAM, NOBODY, OWN_TENANT, SOMEBODY, Suite, holds, query, refused, same

Query = RoleAssignmentsRequestBuilder.RoleAssignmentsRequestBuilderGetQueryParameters
READ = "microsoft.directory/crossTenantAccessPolicy/standard/read"
CREATE = "microsoft.directory/crossTenantAccessPolicy/partners/create"
RESTRICTED_GUEST = UUID("2af84b1e-32c8-42b7-82bc-daa82404023b")


async def run(suite: Suite) -> None:
    await authorization(suite)
    await roles(suite)
    await tenants(suite)


async def authorization(suite: Suite) -> None:
    policy = suite.client.policies.authorization_policy

    async def get() -> None:
        found = await policy.get()
        same("id", found.id, "authorizationPolicy")
        holds(found.allow_invites_from, "it has no `allowInvitesFrom` that the SDK knows")

        async def put_back() -> None:
            await policy.patch(
                AuthorizationPolicy(
                    allow_invites_from=found.allow_invites_from, guest_user_role_id=found.guest_user_role_id
                )
            )

        suite.at_the_end(put_back)

    async def patch() -> None:
        await policy.patch(
            AuthorizationPolicy(
                allow_invites_from=AllowInvitesFrom.AdminsAndGuestInviters, guest_user_role_id=RESTRICTED_GUEST
            )
        )
        found = await policy.get()
        same("allowInvitesFrom", found.allow_invites_from, AllowInvitesFrom.AdminsAndGuestInviters)
        same("guestUserRoleId", found.guest_user_role_id, RESTRICTED_GUEST)

    await suite.step("authorizationPolicy: get", get)
    await suite.step("authorizationPolicy: patch", patch)


async def roles(suite: Suite) -> None:
    definitions = suite.client.role_management.directory.role_definitions
    assignments = suite.client.role_management.directory.role_assignments
    made: dict[str, str] = {}

    def definition():
        return definitions.by_unified_role_definition_id(made["definition"])

    def assignment():
        return assignments.by_unified_role_assignment_id(made["assignment"])

    async def list_roles() -> None:
        found = (await suite.client.directory_roles.get()).value
        holds(found, "there is none")
        holds(all(each.id and each.display_name for each in found), "one has no `id` or no `displayName`")

    async def list_definitions() -> None:
        found = (await definitions.get()).value
        holds(any(each.is_built_in for each in found), "there is none that is built in")

    async def create_definition() -> None:
        found = await definitions.post(
            UnifiedRoleDefinition(
                display_name="Cross-tenant access reader",
                description="Reads",
                is_enabled=True,
                role_permissions=[UnifiedRolePermission(allowed_resource_actions=[READ])],
            )
        )
        holds(found.id, "it has no `id`")
        made["definition"] = found.id
        suite.at_the_end(definition().delete)
        same("isBuiltIn", found.is_built_in, False)

    async def get_definition() -> None:
        found = await definition().get()
        same("displayName", found.display_name, "Cross-tenant access reader")
        same("allowedResourceActions", found.role_permissions[0].allowed_resource_actions, [READ])

    async def patch_definition() -> None:
        await definition().patch(
            UnifiedRoleDefinition(
                display_name="Cross-tenant access partner administrator",
                role_permissions=[UnifiedRolePermission(allowed_resource_actions=[READ, CREATE])],
            )
        )
        found = await definition().get()
        same("displayName", found.display_name, "Cross-tenant access partner administrator")
        same("description", found.description, "Reads")
        same("allowedResourceActions", sorted(found.role_permissions[0].allowed_resource_actions), [CREATE, READ])

    async def assign() -> None:
        found = await assignments.post(
            UnifiedRoleAssignment(
                role_definition_id=made["definition"], principal_id=SOMEBODY, directory_scope_id="/"
            )
        )
        holds(found.id, "it has no `id`")
        made["assignment"] = found.id
        suite.at_the_end(assignment().delete)
        same("principalId", found.principal_id, SOMEBODY)

    async def list_assignments() -> None:
        found = (await assignments.get(query(Query(filter=f"principalId eq '{SOMEBODY}'")))).value
        same("ids", [each.id for each in found], [made["assignment"]])

    async def get_assignment() -> None:
        found = await assignment().get()
        same("roleDefinitionId", found.role_definition_id, made["definition"])
        same("directoryScopeId", found.directory_scope_id, "/")

    async def delete_assignment() -> None:
        await assignment().delete()
        await refused(assignment().get(), 404)

    async def delete_definition() -> None:
        await definition().delete()
        await refused(definition().get(), 404)

    await suite.step("directoryRoles: list", list_roles)
    await suite.step("roleDefinitions: list", list_definitions)
    await suite.step("roleDefinitions: create", create_definition)
    await suite.step("roleDefinitions: get", get_definition)
    await suite.step("roleDefinitions: patch", patch_definition)
    await suite.step("roleAssignments: create", assign)
    await suite.step("roleAssignments: list with $filter", list_assignments)
    await suite.step("roleAssignments: get", get_assignment)
    await suite.step("roleAssignments: delete", delete_assignment)
    await suite.step("roleDefinitions: delete", delete_definition)


async def tenants(suite: Suite) -> None:
    find = suite.client.tenant_relationships.find_tenant_information_by_tenant_id_with_tenant_id

    async def organization() -> None:
        found = (await suite.client.organization.get()).value
        same("ids", [each.id for each in found], [OWN_TENANT])

    async def find_one() -> None:
        found = await find(FABRIKAM).get()
        same("tenantId", found.tenant_id, FABRIKAM)
        same("displayName", found.display_name, "Fabrikam")
        same("defaultDomainName", found.default_domain_name, "fabrikam.com")

    async def find_none() -> None:
        await refused(find(NOBODY).get(), 404)

    async def revoke() -> None:
        same("value", (await suite.client.users.by_user_id(SOMEBODY).revoke_sign_in_sessions.post()).value, True)

    await suite.step("organization: list", organization)
    await suite.step("findTenantInformationByTenantId: one that is known", find_one)
    await suite.step("findTenantInformationByTenantId: one that is not", find_none)
    await suite.step("users: revokeSignInSessions", revoke)
