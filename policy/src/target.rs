//! The app that is called, and what it demands of its callers.

use crate::ids::{Cloud, Id, ResourceTenant};

/// One app behind the gateway, or one route to a partner's app.
#[derive(Clone, Debug)]
pub struct Target {
    /// What policies name it by.
    pub id: Id,
    /// Who owns it.
    pub resource: Resource,
    /// Whether refusals bind.
    pub enforcement: Enforcement,
    /// Calls without a token pass, without an identity.
    pub anonymous: bool,
    /// A request under a tenant-restriction policy must carry a token issued under it.
    pub require_restriction_claim: bool,
    /// Authentication contexts demanded, `c1` to `c99`.
    pub auth_contexts: Box<[Box<str>]>,
    /// Calling clients allowed; [`Clients::Any`] where the app does not restrict them.
    pub clients: Clients,
    /// App-only callers of other tenants that may come in.
    pub app_clients: Box<[Id]>,
    /// Scopes that a user token must all carry.
    pub scopes: Box<[Box<str>]>,
    /// App roles of which one is needed, where any is named.
    pub roles: Box<[Box<str>]>,
    /// The caller must have a role or be assigned.
    pub assignment_required: bool,
    /// Own users and groups that are assigned.
    pub assigned: Box<[Id]>,
}

/// Which calling clients an app takes.
#[derive(Clone, Debug)]
pub enum Clients {
    /// No restriction.
    Any,
    /// Only these.
    Only(Box<[Id]>),
}

/// The owner of the target app.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Resource {
    /// The own tenant.
    Own,
    /// Another tenant: an egress route.
    External {
        /// That tenant.
        tenant: ResourceTenant,
        /// Its cloud.
        cloud: Cloud,
        /// The route leads out of our network: tenant restrictions are in force.
        managed: bool,
    },
}

/// Whether a refusal binds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Enforcement {
    /// It does.
    Enforce,
    /// It is computed and recorded, and the request goes on (decision.md, section 11).
    ReportOnly,
}

impl Enforcement {
    /// The name in configuration and events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::ReportOnly => "report-only",
        }
    }
}
