"""`crossTenantAccessPolicy` and its default configuration."""

from msgraph.generated.models.b2b_identity_providers_type import B2bIdentityProvidersType as Provider
from msgraph.generated.models.cross_tenant_access_policy import CrossTenantAccessPolicy
from msgraph.generated.models.cross_tenant_access_policy_configuration_default import (
    CrossTenantAccessPolicyConfigurationDefault,
)
from msgraph.generated.models.cross_tenant_access_policy_inbound_trust import CrossTenantAccessPolicyInboundTrust
from msgraph.generated.models.default_invitation_redemption_identity_provider_configuration import (
    DefaultInvitationRedemptionIdentityProviderConfiguration,
)

from .settings import (
    APP, CLOSED, EVERYBODY, EVERYTHING, GROUP, OPEN, half, plain, restrictions, setting, trust,
)
from .suite import Suite, holds, same


async def run(suite: Suite) -> None:
    policy = suite.client.policies.cross_tenant_access_policy

    async def get() -> None:
        found = await policy.get()
        holds(found.id, "it has no `id`")

        async def put_back() -> None:
            await policy.patch(
                CrossTenantAccessPolicy(
                    display_name=found.display_name, allowed_cloud_endpoints=found.allowed_cloud_endpoints or []
                )
            )

        suite.at_the_end(put_back)

    async def patch() -> None:
        await policy.patch(
            CrossTenantAccessPolicy(display_name="Ours", allowed_cloud_endpoints=["microsoftonline.us"])
        )
        found = await policy.get()
        same("displayName", found.display_name, "Ours")
        same("allowedCloudEndpoints", found.allowed_cloud_endpoints, ["microsoftonline.us"])

    async def patch_one_member() -> None:
        await policy.patch(CrossTenantAccessPolicy(allowed_cloud_endpoints=[]))
        found = await policy.get()
        same("displayName", found.display_name, "Ours")
        same("allowedCloudEndpoints", found.allowed_cloud_endpoints, [])

    async def get_default() -> None:
        found = await policy.default.get()
        holds(found.id, "it has no `id`")
        holds(found.is_service_default is not None, "it has no `isServiceDefault`")
        holds(found.inbound_trust, "it has no `inboundTrust`")
        holds(found.b2b_direct_connect_inbound, "it has no `b2bDirectConnectInbound`")

    async def patch_trust() -> None:
        await policy.default.patch(
            CrossTenantAccessPolicyConfigurationDefault(
                inbound_trust=CrossTenantAccessPolicyInboundTrust(
                    is_mfa_accepted=True,
                    is_compliant_device_accepted=True,
                    is_hybrid_azure_a_d_joined_device_accepted=False,
                )
            )
        )
        found = await policy.default.get()
        same("inboundTrust", trust(found.inbound_trust), (True, True, False))
        same("isServiceDefault", found.is_service_default, False)

    async def patch_settings() -> None:
        changed = CrossTenantAccessPolicyConfigurationDefault(
            b2b_collaboration_inbound=setting(half("allowed", EVERYBODY), half("allowed", APP)),
            b2b_collaboration_outbound=setting(half("blocked", GROUP), half("blocked", EVERYTHING)),
            b2b_direct_connect_inbound=setting(half("allowed", EVERYBODY), half("allowed", ("Office365", "application"))),
            b2b_direct_connect_outbound=setting(half("allowed", GROUP), half("allowed", EVERYTHING)),
        )
        wanted = {name: plain(getattr(changed, name)) for name in NAMES}
        await policy.default.patch(changed)
        found = await policy.default.get()
        for name in NAMES:
            same(name, plain(getattr(found, name)), wanted[name])
        same("inboundTrust, which was not sent,", trust(found.inbound_trust), (True, True, False))

    async def patch_restrictions() -> None:
        await policy.default.patch(
            CrossTenantAccessPolicyConfigurationDefault(
                tenant_restrictions=restrictions(half("allowed", EVERYBODY), half("allowed", APP))
            )
        )
        found = await policy.default.get()
        same(
            "tenantRestrictions",
            plain(found.tenant_restrictions),
            plain(setting(half("allowed", EVERYBODY), half("allowed", APP))),
        )

    async def patch_redemption() -> None:
        order = [Provider.ExternalFederation, Provider.AzureActiveDirectory, Provider.SocialIdentityProviders]
        await policy.default.patch(
            CrossTenantAccessPolicyConfigurationDefault(
                invitation_redemption_identity_provider_configuration=(
                    DefaultInvitationRedemptionIdentityProviderConfiguration(
                        primary_identity_provider_precedence_order=order,
                        fallback_identity_provider=Provider.EmailOneTimePasscode,
                    )
                )
            )
        )
        found = (await policy.default.get()).invitation_redemption_identity_provider_configuration
        same("primaryIdentityProviderPrecedenceOrder", found.primary_identity_provider_precedence_order, order)
        same("fallbackIdentityProvider", found.fallback_identity_provider, Provider.EmailOneTimePasscode)

    async def reset() -> None:
        await policy.default.reset_to_system_default.post()
        found = await policy.default.get()
        same("isServiceDefault", found.is_service_default, True)
        same("inboundTrust", trust(found.inbound_trust), (False, False, False))
        for name in NAMES:
            same(name, plain(getattr(found, name)), OPEN if "collaboration" in name else CLOSED)
        same("tenantRestrictions", plain(found.tenant_restrictions), CLOSED)

    await suite.step("crossTenantAccessPolicy: get", get)
    await suite.step("crossTenantAccessPolicy: patch displayName and allowedCloudEndpoints", patch)
    await suite.step("crossTenantAccessPolicy: patch one member and keep the other", patch_one_member)
    await suite.step("default: get", get_default)
    suite.at_the_end(policy.default.reset_to_system_default.post)
    await suite.step("default: patch inboundTrust", patch_trust)
    await suite.step("default: patch the four B2B settings", patch_settings)
    await suite.step("default: patch tenantRestrictions", patch_restrictions)
    await suite.step("default: patch invitationRedemptionIdentityProviderConfiguration", patch_redemption)
    await suite.step("default: resetToSystemDefault", reset)


NAMES = (
    "b2b_collaboration_inbound",
    "b2b_collaboration_outbound",
    "b2b_direct_connect_inbound",
    "b2b_direct_connect_outbound",
)
