//! The compiled policy: one immutable value that every request of a moment reads.

mod assignments;
mod conditional_access;
mod guests;
mod index;
mod list;
mod partner;
mod partners;
mod redemption;
mod revocations;
mod setting;
mod side;
mod sign_in;
mod tables;

pub use assignments::{AppAssignment, AssignedBy, Assignments, GroupMember, Principal};
pub use conditional_access::{
    AccessPolicy, AppCondition, ClientApps, Controls, ExternalTenants, GuestKind, GuestKinds,
    LocationCondition, Operator, PolicyState, Strength, UserScope,
};
pub use guests::{
    DirectoryMode, Expiry, Guest, GuestDirectory, GuestRecords, Redemption, SameGuest, UserType,
};
pub use partner::{Consent, DefaultSettings, PartnerFacts, PartnerSettings, TrustOverrides};
pub use partners::{Kept, PartnerBook, Partners};
pub use redemption::{FallbackProvider, PrimaryProvider, RedemptionOrder};
pub use revocations::{Revocation, RevocationKind, Revocations};
pub use setting::{Access, AppTargets, Origin, Setting, UserTargets};
pub use side::PartnerSide;
pub use sign_in::{SignInIdentity, SignInNames, Witness};
pub use tables::{ByTenant, Hashing};

use std::sync::Arc;

use crate::ids::{Cloud, TenantId};

/// What a snapshot is made of. The maker checks documents; this crate only reads them.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The organisation that runs this gateway.
    pub own: OwnTenant,
    /// Other clouds that may come in (`allowedCloudEndpoints`).
    pub allowed_clouds: Box<[Cloud]>,
    /// Settings for tenants without their own.
    pub default: DefaultSettings,
    /// Partner documents by tenant.
    pub partners: Partners,
    /// What the configuration adds about partners.
    pub partner_facts: ByTenant<PartnerFacts>,
    /// What partners' gateways publish of their side, as far as it was verified and has not expired.
    pub partner_sides: Arc<ByTenant<PartnerSide>>,
    /// The own directory's guests.
    pub guests: GuestDirectory,
    /// Conditional Access policies that are enabled or report-only, in document order.
    pub conditional_access: Arc<[AccessPolicy]>,
    /// Revoked users, guests, sessions, tokens and tenants.
    pub revocations: Revocations,
    /// Who is assigned to apps by documents, beside those whom apps list themselves.
    pub assignments: Assignments,
    /// Where guests sign in.
    pub redemption: RedemptionOrder,
}

/// The own tenant.
#[derive(Clone, Debug)]
pub struct OwnTenant {
    /// Its id.
    pub id: TenantId,
    /// Its cloud.
    pub cloud: Cloud,
    /// Its verified domains.
    pub domains: Box<[Box<str>]>,
}

impl Snapshot {
    /// Whether the MFA that a tenant's people did at home counts here (`inboundTrust.isMfaAccepted`).
    #[must_use]
    pub fn accepts_mfa_of(&self, tenant: TenantId) -> bool {
        let partner = self.partners.get(tenant);
        let own = partner.and_then(|partner| partner.trust.mfa);
        own.or(self.default.trust.mfa).unwrap_or(false)
    }

    /// The domains of a tenant, as far as configured.
    #[must_use]
    pub fn domains_of(&self, tenant: TenantId) -> &[Box<str>] {
        if tenant == self.own.id {
            return &self.own.domains;
        }
        self.partner_facts
            .get(&tenant)
            .map_or(&[], |facts| &facts.domains)
    }
}
