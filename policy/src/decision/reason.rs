//! Why a request is refused, and what that is called.

use super::Outcome;

/// Why the token step refused: the verifier's word for it, and its AADSTS number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TokenRefusal {
    /// AADSTS number.
    pub code: u32,
    /// Snake-case rule, for events and metrics.
    pub reason: &'static str,
}

/// Every reason to refuse.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// No token came.
    NoToken,
    /// The token cannot be accepted.
    Token(TokenRefusal),
    /// User, guest, session, token or home tenant was revoked after the sign-in.
    Revoked,
    /// Tenant-restriction headers cannot be read.
    MalformedRestrictionHeaders,
    /// The v2 header names a policy that is not ours.
    WrongRestrictionPolicy,
    /// The token was issued under another restriction policy than the header's.
    RestrictionClaimMismatch,
    /// The v1 list does not name the resource tenant.
    ResourceTenantNotListed,
    /// `restrict-msa`, and this is a Microsoft account.
    MicrosoftAccountsRestricted,
    /// A restriction policy came, and the token carries no `xms_trpid`.
    RestrictionClaimMissing,
    /// Inbound: the home tenant's cloud is not enabled for it.
    HomeCloudNotEnabled,
    /// Outbound: the resource tenant's cloud is not enabled for it.
    ResourceCloudNotEnabled,
    /// Inbound settings do not admit.
    InboundNotAdmitted,
    /// A workload of another tenant that the app does not list.
    AppNotListed,
    /// The partner does not consent to direct connect.
    PartnerDidNotConsent,
    /// Inbound settings would need a membership that is not known.
    InboundMembershipUnknown,
    /// Outbound settings do not admit.
    OutboundNotAdmitted,
    /// Outbound settings would need a membership that is not known.
    OutboundMembershipUnknown,
    /// Tenant restrictions do not admit.
    TenantRestricted,
    /// Tenant restrictions would need a membership that is not known.
    RestrictionMembershipUnknown,
    /// No guest record, or one of somebody else.
    GuestUnknown,
    /// Deleted, or the account is disabled.
    GuestDisabled,
    /// Not redeemed.
    GuestPending,
    /// Consent not given.
    GuestConsentMissing,
    /// A Conditional Access policy blocks.
    BlockedByPolicy,
    /// The device is not compliant, or its claim does not count.
    DeviceNotCompliant,
    /// The device is not hybrid joined, or its claim does not count.
    DeviceNotHybridJoined,
    /// MFA is needed and can be met neither here nor at home.
    MfaCannotBeMet,
    /// MFA, a strength or a context is missing.
    MfaRequired,
    /// Terms of use were not accepted.
    TermsOfUseRequired,
    /// The app does not take this client, scope, role or user.
    AppRule,
    /// No app for this host and path.
    UnknownApp,
}

impl Reason {
    /// AADSTS number (decision.md, section 12).
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::NoToken => 50_058,
            Self::Token(refusal) => refusal.code,
            Self::Revoked => 50_173,
            Self::MalformedRestrictionHeaders => 9_002_313,
            Self::WrongRestrictionPolicy | Self::RestrictionClaimMismatch => 1_000_108,
            Self::ResourceTenantNotListed => 500_021,
            Self::MicrosoftAccountsRestricted => 500_022,
            Self::RestrictionClaimMissing => 2_000_020,
            Self::HomeCloudNotEnabled
            | Self::InboundNotAdmitted
            | Self::AppNotListed
            | Self::PartnerDidNotConsent
            | Self::InboundMembershipUnknown => 500_213,
            Self::ResourceCloudNotEnabled
            | Self::OutboundNotAdmitted
            | Self::OutboundMembershipUnknown => 500_212,
            Self::TenantRestricted | Self::RestrictionMembershipUnknown => 5_000_211,
            Self::GuestUnknown => 50_020,
            Self::GuestDisabled => 50_057,
            Self::GuestPending => 50_014,
            Self::GuestConsentMissing => 65_001,
            Self::BlockedByPolicy | Self::MfaCannotBeMet => 53_003,
            Self::DeviceNotCompliant => 53_000,
            Self::DeviceNotHybridJoined => 53_001,
            Self::MfaRequired => 50_076,
            Self::TermsOfUseRequired => 50_158,
            Self::AppRule => 50_105,
            Self::UnknownApp => 0,
        }
    }

    /// What kind of answer this is.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::NoToken | Self::Token(_) | Self::Revoked => Outcome::Unauthenticated,
            Self::MalformedRestrictionHeaders => Outcome::BadRequest,
            Self::RestrictionClaimMissing | Self::MfaRequired | Self::TermsOfUseRequired => {
                Outcome::StepUp
            }
            Self::GuestPending => Outcome::Redeem,
            Self::GuestConsentMissing => Outcome::Consent,
            Self::UnknownApp => Outcome::NotFound,
            Self::WrongRestrictionPolicy
            | Self::RestrictionClaimMismatch
            | Self::ResourceTenantNotListed
            | Self::MicrosoftAccountsRestricted
            | Self::HomeCloudNotEnabled
            | Self::ResourceCloudNotEnabled
            | Self::InboundNotAdmitted
            | Self::AppNotListed
            | Self::PartnerDidNotConsent
            | Self::InboundMembershipUnknown
            | Self::OutboundNotAdmitted
            | Self::OutboundMembershipUnknown
            | Self::TenantRestricted
            | Self::RestrictionMembershipUnknown
            | Self::GuestUnknown
            | Self::GuestDisabled
            | Self::BlockedByPolicy
            | Self::DeviceNotCompliant
            | Self::DeviceNotHybridJoined
            | Self::MfaCannotBeMet
            | Self::AppRule => Outcome::Block,
        }
    }

    /// HTTP status where it binds.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self.outcome() {
            Outcome::Allow => 200,
            Outcome::BadRequest => 400,
            Outcome::Unauthenticated | Outcome::StepUp => 401,
            Outcome::Block | Outcome::Redeem | Outcome::Consent => 403,
            Outcome::NotFound => 404,
        }
    }

    /// Snake-case name for output, events and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoToken => "no_token",
            Self::Token(refusal) => refusal.reason,
            Self::Revoked => "revoked",
            Self::MalformedRestrictionHeaders => "restriction_headers_malformed",
            Self::WrongRestrictionPolicy => "restriction_policy_wrong",
            Self::RestrictionClaimMismatch => "restriction_claim_mismatch",
            Self::ResourceTenantNotListed => "resource_tenant_not_listed",
            Self::MicrosoftAccountsRestricted => "microsoft_accounts_restricted",
            Self::RestrictionClaimMissing => "restriction_claim_missing",
            Self::HomeCloudNotEnabled => "home_cloud_not_enabled",
            Self::ResourceCloudNotEnabled => "resource_cloud_not_enabled",
            Self::InboundNotAdmitted | Self::OutboundNotAdmitted => "not_admitted",
            Self::AppNotListed => "app_not_listed",
            Self::PartnerDidNotConsent => "partner_did_not_consent",
            Self::InboundMembershipUnknown
            | Self::OutboundMembershipUnknown
            | Self::RestrictionMembershipUnknown => "membership_unknown",
            Self::TenantRestricted => "tenant_restricted",
            Self::GuestUnknown => "guest_unknown",
            Self::GuestDisabled => "guest_disabled",
            Self::GuestPending => "guest_pending",
            Self::GuestConsentMissing => "guest_consent_missing",
            Self::BlockedByPolicy => "blocked_by_policy",
            Self::DeviceNotCompliant => "device_not_compliant",
            Self::DeviceNotHybridJoined => "device_not_hybrid_joined",
            Self::MfaCannotBeMet => "mfa_cannot_be_met",
            Self::MfaRequired => "mfa_required",
            Self::TermsOfUseRequired => "terms_of_use_required",
            Self::AppRule => "app_rule",
            Self::UnknownApp => "unknown_app",
        }
    }
}
