//! One Conditional Access policy, compiled from Graph's `conditionalAccessPolicy`.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::ids::{Id, TenantId};
use crate::target::Target;

/// A policy that is enabled or report-only.
#[derive(Clone, Debug)]
pub struct AccessPolicy {
    /// `id`, or the file's name where the document has none.
    pub id: Box<str>,
    /// `displayName`.
    pub name: Box<str>,
    /// Whether it binds.
    pub state: PolicyState,
    /// Who it includes.
    pub include: UserScope,
    /// Who it excludes; beats `include`.
    pub exclude: UserScope,
    /// Which apps and authentication contexts.
    pub apps: AppCondition,
    /// Which kinds of client.
    pub client_apps: ClientApps,
    /// From where; `None` is anywhere.
    pub locations: Option<LocationCondition>,
    /// What it demands.
    pub controls: Controls,
}

/// `state`, without `disabled`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PolicyState {
    /// `enabled`.
    Enabled,
    /// `enabledForReportingButNotEnforced`.
    ReportOnly,
}

/// One side of the users condition. An empty scope names nobody.
#[derive(Clone, Debug, Default)]
pub struct UserScope {
    /// `All`.
    pub all: bool,
    /// `GuestsOrExternalUsers`.
    pub guests_or_external: bool,
    /// User ids.
    pub users: Box<[Id]>,
    /// Group ids.
    pub groups: Box<[Id]>,
    /// Role template ids.
    pub roles: Box<[Id]>,
    /// Guest kinds with their external tenants.
    pub kinds: Option<GuestKinds>,
}

/// `includeGuestsOrExternalUsers`.
#[derive(Clone, Debug)]
pub struct GuestKinds {
    /// The kinds named.
    pub kinds: Box<[GuestKind]>,
    /// Of which home tenants; does not narrow [`GuestKind::InternalGuest`].
    pub tenants: ExternalTenants,
}

/// `guestOrExternalUserTypes`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GuestKind {
    /// `internalGuest`.
    InternalGuest,
    /// `b2bCollaborationGuest`.
    CollaborationGuest,
    /// `b2bCollaborationMember`.
    CollaborationMember,
    /// `b2bDirectConnectUser`.
    DirectConnectUser,
    /// `otherExternalUser`.
    OtherExternalUser,
    /// `serviceProvider`.
    ServiceProvider,
}

/// `externalTenants`.
#[derive(Clone, Debug)]
pub enum ExternalTenants {
    /// `all`, or not given.
    All,
    /// `enumerated`.
    Enumerated(Box<[TenantId]>),
}

/// `applications`.
#[derive(Clone, Debug, Default)]
pub struct AppCondition {
    /// `All` is included.
    pub all: bool,
    /// Apps included; Microsoft bundles match none and are left out.
    pub include: Box<[Id]>,
    /// Apps excluded.
    pub exclude: Box<[Id]>,
    /// Authentication contexts included.
    pub contexts: Box<[Box<str>]>,
}

impl AppCondition {
    /// Whether the condition holds for this app.
    #[must_use]
    pub fn covers(&self, target: &Target) -> bool {
        let included = self.all
            || self.include.contains(&target.id)
            || self
                .contexts
                .iter()
                .any(|context| target.auth_contexts.contains(context));
        included && !self.exclude.contains(&target.id)
    }
}

/// `clientAppTypes`, as far as a bearer token can tell them apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClientApps {
    /// Empty, or `all`, `browser` or `mobileAppsAndDesktopClients` is named: a bearer call may come from either.
    Modern,
    /// Only Exchange ActiveSync or legacy clients, which cannot present a bearer token.
    LegacyOnly,
}

/// `locations`, named locations filled in.
#[derive(Clone, Debug)]
pub struct LocationCondition {
    /// `All` is included, or nothing is.
    pub include_all: bool,
    /// Ranges included.
    pub include: Box<[IpNet]>,
    /// `All` is excluded.
    pub exclude_all: bool,
    /// Ranges excluded.
    pub exclude: Box<[IpNet]>,
}

impl LocationCondition {
    /// Whether the condition holds for this address; an unknown one is included and not excluded.
    #[must_use]
    pub fn covers(&self, address: Option<IpAddr>) -> bool {
        let Some(address) = address.map(|a| a.to_canonical()) else {
            return true;
        };
        let within = |ranges: &[IpNet]| ranges.iter().any(|range| range.contains(&address));
        (self.include_all || within(&self.include)) && !(self.exclude_all || within(&self.exclude))
    }
}

/// `grantControls`.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "one flag a built-in control")]
pub struct Controls {
    /// All of them, or one.
    pub operator: Operator,
    /// `block`.
    pub block: bool,
    /// `mfa`.
    pub mfa: bool,
    /// `compliantDevice`.
    pub compliant_device: bool,
    /// `domainJoinedDevice`.
    pub hybrid_joined_device: bool,
    /// `termsOfUse`: agreement ids, all needed; empty where the policy has no such control.
    pub terms_of_use: Box<[Id]>,
    /// `authenticationStrength`.
    pub strength: Option<Strength>,
}

/// `operator`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operator {
    /// All controls.
    And,
    /// One control.
    Or,
}

/// A built-in authentication strength.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Strength {
    /// `00000000-0000-0000-0000-000000000002`.
    Multifactor,
    /// `00000000-0000-0000-0000-000000000003`.
    Passwordless,
    /// `00000000-0000-0000-0000-000000000004`.
    PhishingResistant,
}

impl Strength {
    /// Every strength, from the weakest to the strongest.
    pub const ALL: [Self; 3] = [
        Self::Multifactor,
        Self::Passwordless,
        Self::PhishingResistant,
    ];

    /// The id in Graph.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Multifactor => "00000000-0000-0000-0000-000000000002",
            Self::Passwordless => "00000000-0000-0000-0000-000000000003",
            Self::PhishingResistant => "00000000-0000-0000-0000-000000000004",
        }
    }

    /// Reads the id in Graph; custom strengths are none of these.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strength| strength.id() == id)
    }
}
