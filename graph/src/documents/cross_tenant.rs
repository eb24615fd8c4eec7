//! Graph's `crossTenantAccessPolicy`, its default configuration and its partner configurations.

use crossgate_policy::ids::Cloud;
use serde::{Deserialize, Deserializer};

use super::target::TargetConfiguration;
use crate::reader::values::{AGuid, Kept, Label, Object, Tenant, read_text, words};

/// Graph's `crossTenantAccessPolicy`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct PolicyDocument {
    #[serde(rename = "id")]
    _id: Option<Label>,
    #[serde(rename = "deletedDateTime")]
    _deleted_date_time: Option<Label>,
    #[serde(rename = "displayName")]
    _display_name: Option<Label>,
    #[serde(rename = "description")]
    _description: Option<Label>,
    pub(crate) allowed_cloud_endpoints: Option<Vec<CloudEndpoint>>,
    // Only old answers have it.
    #[serde(rename = "definition")]
    _definition: Option<Kept>,
}

/// One of `allowedCloudEndpoints`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct CloudEndpoint(pub(crate) Cloud);

impl<'de> Deserialize<'de> for CloudEndpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXPECTED: &str =
            "`microsoftonline.com`, `microsoftonline.us` or `partner.microsoftonline.cn`";
        read_text(deserializer, EXPECTED, |text| {
            Cloud::from_endpoint(text)
                .map(Self)
                .ok_or_else(|| format!("`{text}` is not a cloud; expected {EXPECTED}"))
        })
    }
}

/// Graph's `crossTenantAccessPolicyConfigurationDefault`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct DefaultDocument {
    pub(crate) id: Option<AGuid>,
    #[serde(rename = "deletedDateTime")]
    _deleted_date_time: Option<Label>,
    #[serde(rename = "displayName")]
    _display_name: Option<Label>,
    #[serde(rename = "isServiceDefault")]
    _is_service_default: Option<bool>,
    pub(crate) inbound_trust: Option<Object<InboundTrust>>,
    #[serde(rename = "b2bCollaborationInbound")]
    pub(crate) b2b_collaboration_inbound: Option<Object<B2bSetting>>,
    #[serde(rename = "b2bCollaborationOutbound")]
    pub(crate) b2b_collaboration_outbound: Option<Object<B2bSetting>>,
    #[serde(rename = "b2bDirectConnectInbound")]
    pub(crate) b2b_direct_connect_inbound: Option<Object<B2bSetting>>,
    #[serde(rename = "b2bDirectConnectOutbound")]
    pub(crate) b2b_direct_connect_outbound: Option<Object<B2bSetting>>,
    pub(crate) tenant_restrictions: Option<Object<TenantRestrictions>>,
    pub(crate) automatic_user_consent_settings: Option<Object<InboundOutbound>>,
    pub(crate) invitation_redemption_identity_provider_configuration:
        Option<Object<RedemptionDocument>>,
    pub(crate) app_service_connect_inbound: Option<Kept>,
    #[serde(rename = "m365CollaborationInbound")]
    pub(crate) m365_collaboration_inbound: Option<Kept>,
    #[serde(rename = "m365CollaborationOutbound")]
    pub(crate) m365_collaboration_outbound: Option<Kept>,
    #[serde(rename = "m365Capabilities")]
    pub(crate) m365_capabilities: Option<Kept>,
    pub(crate) block_service_provider_outbound_access: Option<Kept>,
    pub(crate) cross_cloud_meeting_configuration: Option<Kept>,
    pub(crate) protected_content_sharing: Option<Kept>,
}

/// Graph's `crossTenantAccessPolicyConfigurationPartner`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct PartnerDocument {
    pub(crate) tenant_id: Option<Tenant>,
    #[serde(rename = "id")]
    _id: Option<Label>,
    pub(crate) deleted_date_time: Option<Kept>,
    #[serde(rename = "displayName")]
    _display_name: Option<Label>,
    pub(crate) inbound_trust: Option<Object<InboundTrust>>,
    #[serde(rename = "b2bCollaborationInbound")]
    pub(crate) b2b_collaboration_inbound: Option<Object<B2bSetting>>,
    #[serde(rename = "b2bCollaborationOutbound")]
    pub(crate) b2b_collaboration_outbound: Option<Object<B2bSetting>>,
    #[serde(rename = "b2bDirectConnectInbound")]
    pub(crate) b2b_direct_connect_inbound: Option<Object<B2bSetting>>,
    #[serde(rename = "b2bDirectConnectOutbound")]
    pub(crate) b2b_direct_connect_outbound: Option<Object<B2bSetting>>,
    pub(crate) tenant_restrictions: Option<Object<TenantRestrictions>>,
    pub(crate) automatic_user_consent_settings: Option<Object<InboundOutbound>>,
    pub(crate) is_service_provider: Option<bool>,
    pub(crate) is_in_multi_tenant_organization: Option<bool>,
    pub(crate) invitation_redemption_identity_provider_configuration: Option<Kept>,
    // Asked when the partner's administrators push, never when somebody comes in.
    #[serde(rename = "identitySynchronization")]
    _identity_synchronization: Option<Kept>,
    pub(crate) service_provider_constraints: Option<Kept>,
    pub(crate) app_service_connect_inbound: Option<Kept>,
    #[serde(rename = "m365CollaborationInbound")]
    pub(crate) m365_collaboration_inbound: Option<Kept>,
    #[serde(rename = "m365CollaborationOutbound")]
    pub(crate) m365_collaboration_outbound: Option<Kept>,
    #[serde(rename = "m365Capabilities")]
    pub(crate) m365_capabilities: Option<Kept>,
    pub(crate) block_service_provider_outbound_access: Option<Kept>,
    pub(crate) cross_cloud_meeting_configuration: Option<Kept>,
    pub(crate) protected_content_sharing: Option<Kept>,
}

/// Graph's `crossTenantAccessPolicyB2BSetting`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct B2bSetting {
    users_and_groups: Option<Object<TargetConfiguration>>,
    applications: Option<Object<TargetConfiguration>>,
}

/// Graph's `crossTenantAccessPolicyTenantRestrictions`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TenantRestrictions {
    users_and_groups: Option<Object<TargetConfiguration>>,
    applications: Option<Object<TargetConfiguration>>,
    devices: Option<Kept>,
}

/// What a B2B setting and tenant restrictions have in common, and what only the latter have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Halves<'d> {
    pub(crate) users_and_groups: Option<&'d TargetConfiguration>,
    pub(crate) applications: Option<&'d TargetConfiguration>,
    pub(crate) devices: Option<Kept>,
}

impl B2bSetting {
    pub(crate) fn halves(&self) -> Halves<'_> {
        Halves {
            users_and_groups: self.users_and_groups.as_deref(),
            applications: self.applications.as_deref(),
            devices: None,
        }
    }
}

impl TenantRestrictions {
    pub(crate) fn halves(&self) -> Halves<'_> {
        Halves {
            users_and_groups: self.users_and_groups.as_deref(),
            applications: self.applications.as_deref(),
            devices: self.devices,
        }
    }
}

/// Graph's `crossTenantAccessPolicyInboundTrust`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct InboundTrust {
    pub(crate) is_mfa_accepted: Option<bool>,
    pub(crate) is_compliant_device_accepted: Option<bool>,
    #[serde(rename = "isHybridAzureADJoinedDeviceAccepted")]
    pub(crate) is_hybrid_azure_ad_joined_device_accepted: Option<bool>,
    pub(crate) is_compliant_network_accepted: Option<bool>,
}

/// Graph's `inboundOutboundPolicyConfiguration`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct InboundOutbound {
    pub(crate) inbound_allowed: Option<bool>,
    pub(crate) outbound_allowed: Option<bool>,
}

/// Graph's `defaultInvitationRedemptionIdentityProviderConfiguration`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct RedemptionDocument {
    pub(crate) primary_identity_provider_precedence_order: Option<Vec<IdentityProvider>>,
    pub(crate) fallback_identity_provider: Option<IdentityProvider>,
}

words! {
    /// Graph's `b2bIdentityProvidersType`.
    IdentityProvider, "an identity provider", "`azureActiveDirectory`, `externalFederation`, `socialIdentityProviders`, `emailOneTimePasscode`, `microsoftAccount` or `defaultConfiguredIdp`" {
        AzureActiveDirectory = "azureActiveDirectory",
        ExternalFederation = "externalFederation",
        SocialIdentityProviders = "socialIdentityProviders",
        EmailOneTimePasscode = "emailOneTimePasscode",
        MicrosoftAccount = "microsoftAccount",
        DefaultConfiguredIdp = "defaultConfiguredIdp",
    }
}
