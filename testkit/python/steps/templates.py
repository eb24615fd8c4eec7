"""The templates of a multitenant organization."""

from msgraph.generated.models.cross_tenant_access_policy_inbound_trust import CrossTenantAccessPolicyInboundTrust
from msgraph.generated.models.cross_tenant_user_sync_inbound import CrossTenantUserSyncInbound
from msgraph.generated.models.inbound_outbound_policy_configuration import InboundOutboundPolicyConfiguration
from msgraph.generated.models.multi_tenant_organization_identity_sync_policy_template import (
    MultiTenantOrganizationIdentitySyncPolicyTemplate,
)
from msgraph.generated.models.multi_tenant_organization_partner_configuration_template import (
    MultiTenantOrganizationPartnerConfigurationTemplate,
)
from msgraph.generated.models.template_application_level import TemplateApplicationLevel as Level

from .suite import Suite, holds, same


async def run(suite: Suite) -> None:
    templates = suite.client.policies.cross_tenant_access_policy.templates
    configuration = templates.multi_tenant_organization_partner_configuration
    synchronization = templates.multi_tenant_organization_identity_synchronization
    both = [Level.NewPartners, Level.ExistingPartners]

    async def get() -> None:
        for template in (configuration, synchronization):
            found = await template.get()
            holds(found.id, "it has no `id`")
            same("templateApplicationLevel", found.template_application_level, both)
            suite.at_the_end(template.reset_to_default_settings.post)

    async def patch_configuration() -> None:
        # The SDK sends one flag of a kind of flags, and drops a list of them.
        await configuration.patch(
            MultiTenantOrganizationPartnerConfigurationTemplate(
                inbound_trust=CrossTenantAccessPolicyInboundTrust(is_mfa_accepted=True),
                automatic_user_consent_settings=InboundOutboundPolicyConfiguration(inbound_allowed=True),
                template_application_level=Level.NewPartners,
            )
        )
        found = await configuration.get()
        same("inboundTrust.isMfaAccepted", found.inbound_trust.is_mfa_accepted, True)
        same("inboundAllowed", found.automatic_user_consent_settings.inbound_allowed, True)
        same("templateApplicationLevel", found.template_application_level, [Level.NewPartners])

    async def patch_synchronization() -> None:
        await synchronization.patch(
            MultiTenantOrganizationIdentitySyncPolicyTemplate(
                user_sync_inbound=CrossTenantUserSyncInbound(is_sync_allowed=True),
                additional_data={"templateApplicationLevel": "newPartners,existingPartners"},
            )
        )
        found = await synchronization.get()
        same("userSyncInbound.isSyncAllowed", found.user_sync_inbound.is_sync_allowed, True)
        same("templateApplicationLevel", found.template_application_level, both)

    async def reset() -> None:
        await configuration.reset_to_default_settings.post()
        found = await configuration.get()
        same("templateApplicationLevel", found.template_application_level, both)
        holds(not (found.inbound_trust and found.inbound_trust.is_mfa_accepted), "inboundTrust is as it was patched")
        await synchronization.reset_to_default_settings.post()
        allowed = (await synchronization.get()).user_sync_inbound
        holds(not (allowed and allowed.is_sync_allowed), "userSyncInbound is as it was patched")

    await suite.step("templates: get", get)
    await suite.step("templates: patch multiTenantOrganizationPartnerConfiguration", patch_configuration)
    await suite.step("templates: patch multiTenantOrganizationIdentitySynchronization", patch_synchronization)
    await suite.step("templates: resetToDefaultSettings", reset)
