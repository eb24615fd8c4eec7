//! What is known of a caller and of how it crossed tenants, whatever was decided.

use crate::ids::{HomeTenant, Id, TenantId};
use crate::snapshot::Expiry;

/// What is known once a token was accepted, whatever step refuses.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Home tenant against resource tenant.
    pub direction: Direction,
    /// The home tenant that records show.
    pub home: Option<HomeTenant>,
    /// The user's id in the own directory.
    pub own_user_id: Option<Id>,
    /// The user's id in the home directory.
    pub home_user_id: Option<Id>,
    /// What MFA counts.
    pub mfa: Mfa,
    /// What device state counts.
    pub device: Device,
    /// Whether tenant restrictions were in force for this request.
    pub tenant_restricted: bool,
    /// When the guest's record lets them in no more, whatever else is decided.
    pub expires: Option<Expiry>,
}

/// Home tenant against resource tenant (decision.md, section 3).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Direction {
    /// Own account, own app.
    Internal,
    /// Other account, own app.
    Inbound,
    /// Own account, other app.
    Outbound,
    /// Other account, other app.
    TenantRestricted,
}

impl Direction {
    /// The name in output, events and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::TenantRestricted => "tenant-restricted",
        }
    }
}

/// Graph's `signInAccessType`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum AccessType {
    /// `none`.
    None,
    /// `b2bCollaboration`.
    Collaboration,
    /// `b2bDirectConnect`.
    DirectConnect,
    /// `serviceProvider`.
    ServiceProvider,
    /// `passthrough`.
    Passthrough,
}

impl AccessType {
    /// The name in Graph.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Collaboration => "b2bCollaboration",
            Self::DirectConnect => "b2bDirectConnect",
            Self::ServiceProvider => "serviceProvider",
            Self::Passthrough => "passthrough",
        }
    }
}

/// Whose MFA counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mfa {
    /// No claim, or not looked at.
    None,
    /// An own user's.
    Own,
    /// The home tenant's, trusted.
    HomeTrusted,
    /// The home tenant's, not trusted: counts as absent.
    HomeUntrusted,
    /// Done in the resource tenant.
    Resource,
}

impl Mfa {
    /// The name in output and events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Own => "own",
            Self::HomeTrusted => "home-trusted",
            Self::HomeUntrusted => "home-untrusted",
            Self::Resource => "resource",
        }
    }
}

/// The strongest device claim.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Device {
    /// No claim, or not looked at.
    None,
    /// An own user's, hybrid joined.
    OwnHybrid,
    /// An own user's, compliant.
    OwnCompliant,
    /// The home tenant's hybrid join, trusted.
    HybridTrusted,
    /// The home tenant's compliance, trusted.
    CompliantTrusted,
    /// The home tenant's hybrid join, not trusted.
    HybridUntrusted,
    /// The home tenant's compliance, not trusted.
    CompliantUntrusted,
}

impl Device {
    /// The name in output and events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::OwnHybrid => "own-hybrid",
            Self::OwnCompliant => "own-compliant",
            Self::HybridTrusted => "hybrid-trusted",
            Self::CompliantTrusted => "compliant-trusted",
            Self::HybridUntrusted => "hybrid-untrusted",
            Self::CompliantUntrusted => "compliant-untrusted",
        }
    }
}

impl Facts {
    /// The home tenant that records show, as a plain id.
    #[must_use]
    pub fn home_tenant_id(&self) -> Option<TenantId> {
        self.home.map(|home| home.0)
    }
}
