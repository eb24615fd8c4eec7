"""`identitySynchronization` of a partner. The SDK has no PATCH for it."""

from msgraph.generated.models.cross_tenant_identity_sync_policy_partner import CrossTenantIdentitySyncPolicyPartner
from msgraph.generated.models.cross_tenant_user_sync_inbound import CrossTenantUserSyncInbound
from msgraph.generated.policies.cross_tenant_access_policy.partners.item import (
    cross_tenant_access_policy_configuration_partner_tenant_item_request_builder as item,
)
from msgraph.generated.policies.cross_tenant_access_policy.partners.partners_request_builder import (
    PartnersRequestBuilder,
)

from .suite import FABRIKAM, LITWARE, Suite, query, refused, same

Query = PartnersRequestBuilder.PartnersRequestBuilderGetQueryParameters
_Item = item.CrossTenantAccessPolicyConfigurationPartnerTenantItemRequestBuilder
ItemQuery = _Item.CrossTenantAccessPolicyConfigurationPartnerTenantItemRequestBuilderGetQueryParameters


async def run(suite: Suite) -> None:
    partners = suite.client.policies.cross_tenant_access_policy.partners
    partner = partners.by_cross_tenant_access_policy_configuration_partner_tenant_id(FABRIKAM)
    synchronization = partner.identity_synchronization
    policy = CrossTenantIdentitySyncPolicyPartner(
        display_name="Fabrikam", user_sync_inbound=CrossTenantUserSyncInbound(is_sync_allowed=True)
    )

    async def get_none() -> None:
        await refused(synchronization.get(), 404)

    async def put() -> None:
        suite.at_the_end(synchronization.delete)
        await synchronization.put(policy)
        found = await synchronization.get()
        same("tenantId", found.tenant_id, FABRIKAM)
        same("displayName", found.display_name, "Fabrikam")
        same("userSyncInbound.isSyncAllowed", found.user_sync_inbound.is_sync_allowed, True)

    async def put_again() -> None:
        error = await refused(synchronization.put(policy), 409)
        same("details[0].code", error.error.details[0].code, "ConflictingObjects")

    async def expand() -> None:
        found = await partner.get(query(ItemQuery(expand=["identitySynchronization"])))
        same("identitySynchronization.displayName", found.identity_synchronization.display_name, "Fabrikam")

    async def expand_list() -> None:
        found = (await partners.get(query(Query(expand=["identitySynchronization"])))).value
        names = {
            each.tenant_id: each.identity_synchronization and each.identity_synchronization.display_name
            for each in found
        }
        same("displayNames", names, {FABRIKAM: "Fabrikam", LITWARE: None})

    async def delete_partner() -> None:
        await refused(partner.delete(), 400)

    async def delete() -> None:
        await synchronization.delete()
        await refused(synchronization.get(), 404)

    await suite.step("identitySynchronization: get none", get_none)
    await suite.step("identitySynchronization: put", put)
    await suite.step("identitySynchronization: put where one is", put_again)
    await suite.step("partners: get with $expand", expand)
    await suite.step("partners: list with $expand", expand_list)
    await suite.step("partners: delete one that has identitySynchronization", delete_partner)
    await suite.step("identitySynchronization: delete", delete)
