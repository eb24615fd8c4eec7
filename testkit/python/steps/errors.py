"""Refusals reach the caller as `ODataError` with code and message."""

from msgraph.generated.models.cross_tenant_access_policy_configuration_partner import (
    CrossTenantAccessPolicyConfigurationPartner as Partner,
)

from .settings import APP, EVERYBODY, half, setting
from .suite import FABRIKAM, NOBODY, Suite, refused


async def run(suite: Suite) -> None:
    partners = suite.client.policies.cross_tenant_access_policy.partners
    by_tenant = partners.by_cross_tenant_access_policy_configuration_partner_tenant_id

    async def unknown_partner() -> None:
        await refused(by_tenant(NOBODY).get(), 404)

    async def no_tenant_id() -> None:
        await refused(partners.post(Partner(tenant_id="fabrikam")), 400)

    async def misspelt() -> None:
        body = Partner(additional_data={"b2BDirectConnectInbound": None})
        await refused(by_tenant(FABRIKAM).patch(body), 400, named="b2BDirectConnectInbound")

    async def conflicting() -> None:
        body = Partner(b2b_collaboration_inbound=setting(half("blocked", EVERYBODY), half("allowed", APP)))
        await refused(by_tenant(FABRIKAM).patch(body), 400)

    async def stranger() -> None:
        asked = suite.stranger.policies.cross_tenant_access_policy.get()
        await refused(asked, 401, "InvalidAuthenticationToken")

    await suite.step("errors: 404 for a partner that is not there", unknown_partner)
    await suite.step("errors: 400 for a tenantId that is none", no_tenant_id)
    await suite.step("errors: 400 for a misspelt property", misspelt)
    await suite.step("errors: 400 for halves that conflict", conflicting)
    await suite.step("errors: 401 for a token that is none", stranger)
