"""`$batch`."""

from msgraph import GraphServiceClient
from msgraph.generated.models.cross_tenant_access_policy_configuration_partner import (
    CrossTenantAccessPolicyConfigurationPartner as Partner,
)
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem

from .suite import LITWARE, NOBODY, Suite, holds, same


async def run(suite: Suite, fresh: GraphServiceClient) -> None:
    async def relative() -> None:
        await several(fresh, "/policies/")

    async def absolute() -> None:
        await several(suite.client, f"{suite.client.request_adapter.base_url}/policies/")

    await suite.step("$batch: relative addresses", relative)
    await suite.step("$batch: absolute addresses", absolute)


async def several(client: GraphServiceClient, address: str) -> None:
    """One that reads, one that changes, one that is refused, and one that reads what was changed."""
    partners = client.policies.cross_tenant_access_policy.partners
    litware = partners.by_cross_tenant_access_policy_configuration_partner_tenant_id(LITWARE)
    nobody = partners.by_cross_tenant_access_policy_configuration_partner_tenant_id(NOBODY)
    changed = Partner(is_service_provider=True, additional_data={"inboundTrust": None})

    # A request of the SDK shares its dictionary of addresses with all others of the client, so all are made first.
    asked = [
        litware.to_get_request_information(),
        litware.to_patch_request_information(changed),
        nobody.to_get_request_information(),
        litware.to_get_request_information(),
    ]
    items = [BatchRequestItem(each, id=str(number)) for number, each in enumerate(asked, 1)]
    items[1].set_depends_on(["1"])
    items[3].set_depends_on(["2"])
    holds(all(each.url.startswith(address) for each in items), f"the SDK sent {items[0].url}")
    answer = await client.batch.post(BatchRequestContent({each.id: each for each in items}))

    same("statuses", answer.get_response_status_codes(), {"1": 200, "2": 204, "3": 404, "4": 200})
    same("tenantId", answer.get_response_by_id("1", Partner).tenant_id, LITWARE)
    holds(answer.get_response_by_id("3", ODataError).error.code, "the error has no `code`")
    found = answer.get_response_by_id("4", Partner)
    same("isServiceProvider", found.is_service_provider, True)
    same("inboundTrust", found.inbound_trust, None)
