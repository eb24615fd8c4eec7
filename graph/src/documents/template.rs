//! Graph's templates of a multitenant organization.

use serde::Deserialize;

use super::cross_tenant::{B2bSetting, InboundOutbound, InboundTrust};
use crate::reader::values::{Label, Object};

/// Graph's `multiTenantOrganizationPartnerConfigurationTemplate`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct PartnerTemplate {
    #[serde(rename = "id")]
    _id: Option<Label>,
    #[serde(rename = "templateApplicationLevel")]
    _template_application_level: Option<Label>,
    pub(crate) inbound_trust: Option<Object<InboundTrust>>,
    #[serde(rename = "b2bCollaborationInbound")]
    pub(crate) b2b_collaboration_inbound: Option<Object<B2bSetting>>,
    #[serde(rename = "b2bCollaborationOutbound")]
    pub(crate) b2b_collaboration_outbound: Option<Object<B2bSetting>>,
    #[serde(rename = "b2bDirectConnectInbound")]
    pub(crate) b2b_direct_connect_inbound: Option<Object<B2bSetting>>,
    #[serde(rename = "b2bDirectConnectOutbound")]
    pub(crate) b2b_direct_connect_outbound: Option<Object<B2bSetting>>,
    #[serde(rename = "automaticUserConsentSettings")]
    _automatic_user_consent_settings: Option<Object<InboundOutbound>>,
}

/// Graph's `multiTenantOrganizationIdentitySyncPolicyTemplate`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct SynchronizationTemplate {
    #[serde(rename = "id")]
    _id: Option<Label>,
    #[serde(rename = "templateApplicationLevel")]
    _template_application_level: Option<Label>,
    #[serde(rename = "userSyncInbound")]
    _user_sync_inbound: Option<Object<UserSyncInbound>>,
}

/// Graph's `crossTenantUserSyncInbound`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct UserSyncInbound {
    #[serde(rename = "isSyncAllowed")]
    _is_sync_allowed: Option<bool>,
}
