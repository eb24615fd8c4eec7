"""Partner configurations: one by one, by query, and page by page."""

from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_http.middleware.options import HeadersInspectionHandlerOption
from msgraph.generated.models.cross_tenant_access_policy_configuration_partner import (
    CrossTenantAccessPolicyConfigurationPartner as Partner,
)
from msgraph.generated.models.cross_tenant_access_policy_inbound_trust import (
    CrossTenantAccessPolicyInboundTrust as InboundTrust,
)
from msgraph.generated.models.inbound_outbound_policy_configuration import InboundOutboundPolicyConfiguration
from msgraph.generated.policies.cross_tenant_access_policy.partners.partners_request_builder import (
    PartnersRequestBuilder,
)
from msgraph_core.tasks.page_iterator import PageIterator

from .settings import APP, EVERYBODY, EVERYTHING, GROUP, half, plain, setting, trust
from .suite import FABRIKAM, LITWARE, Suite, headers, holds, query, refused, same

Query = PartnersRequestBuilder.PartnersRequestBuilderGetQueryParameters
MANY = [f"77777777-7777-4777-8777-{number:012d}" for number in range(25)]
PAGE = 10


async def list_none(suite: Suite) -> None:
    """The store must have no partner: before the first step, and after the clean-up."""
    found = (await suite.client.policies.cross_tenant_access_policy.partners.get()).value
    same("tenantIds", [each.tenant_id for each in found], [])


async def run(suite: Suite) -> None:
    partners = suite.client.policies.cross_tenant_access_policy.partners

    def partner(tenant: str):
        return partners.by_cross_tenant_access_policy_configuration_partner_tenant_id(tenant)

    fabrikam = partner(FABRIKAM)

    async def create() -> None:
        suite.at_the_end(fabrikam.delete)
        inbound = setting(half("allowed", GROUP), half("allowed", APP))
        found = await partners.post(
            Partner(
                tenant_id=FABRIKAM,
                b2b_collaboration_inbound=inbound,
                b2b_direct_connect_outbound=setting(half("blocked", EVERYBODY), half("blocked", EVERYTHING)),
                inbound_trust=InboundTrust(is_mfa_accepted=True),
            )
        )
        same("tenantId", found.tenant_id, FABRIKAM)
        same("b2bCollaborationInbound", plain(found.b2b_collaboration_inbound), plain(inbound))
        same("inboundTrust.isMfaAccepted", found.inbound_trust.is_mfa_accepted, True)

    async def create_bare() -> None:
        suite.at_the_end(partner(LITWARE).delete)
        found = await partners.post(Partner(tenant_id=LITWARE))
        same("tenantId", found.tenant_id, LITWARE)
        for name in INHERITED:
            same(name, getattr(found, name), None)
        same("isServiceProvider", found.is_service_provider, None)
        same("isInMultiTenantOrganization", found.is_in_multi_tenant_organization, False)
        consent = found.automatic_user_consent_settings
        holds(consent, "it has no `automaticUserConsentSettings`")
        same("automaticUserConsentSettings", (consent.inbound_allowed, consent.outbound_allowed), (None, None))

    async def create_again() -> None:
        await refused(partners.post(Partner(tenant_id=FABRIKAM)), 409, "Request_MultipleObjectsWithSameKeyValue")

    async def get() -> None:
        found = await fabrikam.get()
        same("tenantId", found.tenant_id, FABRIKAM)
        same(
            "b2bCollaborationInbound",
            plain(found.b2b_collaboration_inbound),
            plain(setting(half("allowed", GROUP), half("allowed", APP))),
        )
        same("b2bCollaborationOutbound", found.b2b_collaboration_outbound, None)
        same("identitySynchronization, which was not asked for,", found.identity_synchronization, None)

    async def patch() -> None:
        outbound = setting(half("allowed", EVERYBODY), half("blocked", APP))
        await fabrikam.patch(
            Partner(
                b2b_collaboration_outbound=outbound,
                inbound_trust=InboundTrust(is_mfa_accepted=True, is_compliant_device_accepted=True),
                automatic_user_consent_settings=InboundOutboundPolicyConfiguration(
                    inbound_allowed=True, outbound_allowed=True
                ),
                is_service_provider=True,
            )
        )
        found = await fabrikam.get()
        same("b2bCollaborationOutbound", plain(found.b2b_collaboration_outbound), plain(outbound))
        same("inboundTrust", trust(found.inbound_trust)[:2], (True, True))
        consent = found.automatic_user_consent_settings
        same("automaticUserConsentSettings", (consent.inbound_allowed, consent.outbound_allowed), (True, True))
        same("isServiceProvider", found.is_service_provider, True)
        same(
            "b2bCollaborationInbound, which was not sent,",
            plain(found.b2b_collaboration_inbound),
            plain(setting(half("allowed", GROUP), half("allowed", APP))),
        )

    async def patch_half() -> None:
        only_apps = setting(apps=half("allowed", APP))
        await partner(LITWARE).patch(Partner(b2b_collaboration_inbound=only_apps))
        found = await partner(LITWARE).get()
        same("b2bCollaborationInbound", plain(found.b2b_collaboration_inbound), plain(only_apps))

    async def patch_null() -> None:
        # The SDK has no other way to say null: a member set to `None` is sent under Python's name for it.
        await fabrikam.patch(Partner(additional_data={"b2bCollaborationInbound": None, "inboundTrust": None}))
        found = await fabrikam.get()
        same("b2bCollaborationInbound", found.b2b_collaboration_inbound, None)
        same("inboundTrust", found.inbound_trust, None)
        holds(found.b2b_collaboration_outbound, "b2bCollaborationOutbound, which was not sent, is gone")

    async def send_back() -> None:
        # The SDK sends all it has read: `@odata.context`, read-only members and empty objects too.
        read = await partner(LITWARE).get()
        read.inbound_trust = InboundTrust(is_mfa_accepted=True)
        await partner(LITWARE).patch(read)
        found = await partner(LITWARE).get()
        same("inboundTrust.isMfaAccepted", found.inbound_trust.is_mfa_accepted, True)
        same("tenantId", found.tenant_id, LITWARE)

    async def prefer() -> None:
        found = await fabrikam.get(headers(Prefer="include-unknown-enum-members"))
        same("tenantId", found.tenant_id, FABRIKAM)

    async def precondition() -> None:
        seen = HeadersInspectionHandlerOption(inspect_response_headers=True)
        read = await fabrikam.get(RequestConfiguration(options=[seen]))
        tag = next(iter(seen.response_headers.get("etag")), None) or read.additional_data.get("@odata.etag")
        holds(tag, "the answer has neither `ETag` nor `@odata.etag`")
        await fabrikam.patch(Partner(is_service_provider=False), headers(if_match=tag))
        await refused(fabrikam.patch(Partner(is_service_provider=True), headers(if_match=tag)), 412)
        same("isServiceProvider", (await fabrikam.get()).is_service_provider, False)

    async def select() -> None:
        found = (await partners.get(query(Query(select=["tenantId", "isServiceProvider"])))).value
        same("tenantIds", sorted(each.tenant_id for each in found), [FABRIKAM, LITWARE])
        holds(all(each.b2b_collaboration_outbound is None for each in found), "members that were not selected are there")

    async def filtered() -> None:
        found = (await partners.get(query(Query(filter=f"tenantId eq '{LITWARE}'")))).value
        same("tenantIds", [each.tenant_id for each in found], [LITWARE])

    async def create_many() -> None:
        for tenant in MANY:
            suite.at_the_end(partner(tenant).delete)
            same("tenantId", (await partners.post(Partner(tenant_id=tenant))).tenant_id, tenant)

    async def pages() -> None:
        first = await partners.get(query(Query(top=PAGE)))
        same("partners on the first page", len(first.value), PAGE)
        holds(first.odata_next_link, "the first page has no `@odata.nextLink`")
        found: list[str] = []

        def take(each: Partner) -> bool:
            found.append(each.tenant_id)
            return True

        await PageIterator(first, suite.client.request_adapter).iterate(take)
        same("tenantIds of all pages", sorted(found), sorted([FABRIKAM, LITWARE, *MANY]))

    async def delete() -> None:
        # The first two stay until the clean-up: steps of other subjects need them.
        for tenant in MANY:
            await partner(tenant).delete()
        await refused(partner(MANY[0]).get(), 404)
        found = (await partners.get()).value
        same("tenantIds", sorted(each.tenant_id for each in found), [FABRIKAM, LITWARE])

    await suite.step("partners: list none", lambda: list_none(suite))
    await suite.step("partners: create", create)
    await suite.step("partners: create with tenantId only", create_bare)
    await suite.step("partners: create one that is there", create_again)
    await suite.step("partners: get", get)
    await suite.step("partners: patch", patch)
    await suite.step("partners: patch one half of a setting", patch_half)
    await suite.step("partners: null goes back to the default", patch_null)
    await suite.step("partners: change what was read and send it back", send_back)
    await suite.step("partners: get with Prefer", prefer)
    await suite.step("partners: If-Match", precondition)
    await suite.step("partners: $select", select)
    await suite.step("partners: $filter", filtered)
    await suite.step(f"partners: create {len(MANY)} more", create_many)
    await suite.step(f"partners: pages of {PAGE}", pages)
    await suite.step("partners: delete", delete)


INHERITED = (
    "inbound_trust",
    "b2b_collaboration_inbound",
    "b2b_collaboration_outbound",
    "b2b_direct_connect_inbound",
    "b2b_direct_connect_outbound",
    "tenant_restrictions",
)
