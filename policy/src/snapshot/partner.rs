//! What holds for one partner, and for everybody without an entry.

use std::sync::Arc;

use super::setting::{Access, Setting};
use crate::ids::{Cloud, Guid};

/// A partner document: what is `None` is inherited from [`DefaultSettings`] (decision.md, section 5).
///
/// Settings are shared: most partners have one of few.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct PartnerSettings {
    /// `b2bCollaborationInbound`.
    pub collaboration_inbound: Option<Arc<Setting>>,
    /// `b2bCollaborationOutbound`.
    pub collaboration_outbound: Option<Arc<Setting>>,
    /// `b2bDirectConnectInbound`.
    pub direct_connect_inbound: Option<Arc<Setting>>,
    /// `b2bDirectConnectOutbound`.
    pub direct_connect_outbound: Option<Arc<Setting>>,
    /// `tenantRestrictions`.
    pub tenant_restrictions: Option<Arc<Setting>>,
    /// `inboundTrust`, inherited member by member.
    pub trust: TrustOverrides,
    /// `automaticUserConsentSettings.inboundAllowed`.
    pub automatic_consent_inbound: Option<bool>,
    /// `automaticUserConsentSettings.outboundAllowed`: what the partner's gateway is told.
    pub automatic_consent_outbound: Option<bool>,
    /// `isServiceProvider`.
    pub is_service_provider: bool,
}

/// The default configuration: every setting filled.
#[derive(Clone, Debug)]
pub struct DefaultSettings {
    /// `id`: the policy id that a v2 restriction header names; absent where no document gives one.
    pub id: Option<Guid>,
    /// `b2bCollaborationInbound`.
    pub collaboration_inbound: Arc<Setting>,
    /// `b2bCollaborationOutbound`.
    pub collaboration_outbound: Arc<Setting>,
    /// `b2bDirectConnectInbound`.
    pub direct_connect_inbound: Arc<Setting>,
    /// `b2bDirectConnectOutbound`.
    pub direct_connect_outbound: Arc<Setting>,
    /// `tenantRestrictions`.
    pub tenant_restrictions: Arc<Setting>,
    /// `inboundTrust`; an unset member is not accepted.
    pub trust: TrustOverrides,
}

impl DefaultSettings {
    /// Entra's initial values: collaboration open both ways, direct connect and restrictions closed, nothing trusted.
    #[must_use]
    pub fn initial() -> Self {
        let open = Arc::new(Setting::initial(Access::Allowed));
        let closed = Arc::new(Setting::initial(Access::Blocked));
        Self {
            id: None,
            collaboration_inbound: Arc::clone(&open),
            collaboration_outbound: open,
            direct_connect_inbound: Arc::clone(&closed),
            direct_connect_outbound: Arc::clone(&closed),
            tenant_restrictions: closed,
            trust: TrustOverrides::default(),
        }
    }
}

/// `inboundTrust` as written: a member that is absent or null is `None`.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct TrustOverrides {
    /// `isMfaAccepted`.
    pub mfa: Option<bool>,
    /// `isCompliantDeviceAccepted`.
    pub compliant_device: Option<bool>,
    /// `isHybridAzureADJoinedDeviceAccepted`.
    pub hybrid_joined_device: Option<bool>,
}

/// What Graph's partner document has no place for.
#[derive(Clone, Debug)]
pub struct PartnerFacts {
    /// The partner's cloud, where configured.
    pub cloud: Option<Cloud>,
    /// Its verified domains.
    pub domains: Box<[Box<str>]>,
    /// How it consents to direct connect.
    pub consent: Consent,
}

/// The partner's half of direct connect (decision.md, section 7).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Consent {
    /// Its service issues a token for our app only if it wants to.
    #[default]
    TokenIssuance,
    /// Its gateway publishes a signed cross-tenant document; without one it does not consent.
    Published,
}
