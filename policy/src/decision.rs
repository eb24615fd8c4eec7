//! The answer: a permit or a refusal, with the facts that events and responses show.

use crate::ids::{HomeTenant, Id, ResourceTenant, TenantId};
use crate::snapshot::Strength;
use crate::target::Enforcement;

/// The answer to one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Admitted, or why not.
    pub outcome: Result<(), Refusal>,
    /// Whether a refusal binds this request.
    pub enforcement: Enforcement,
    /// Who called whom; `None` before a token was accepted.
    pub facts: Option<Facts>,
    /// The `crossTenantAccessType` of events.
    pub access_type: Option<AccessType>,
    /// Owner of the target; `None` for an unknown app only.
    pub resource_tenant: Option<ResourceTenant>,
    /// What lets the request through; private, so that only [`crate::decide()`] makes one.
    permit: Option<Permit>,
}

impl Decision {
    pub(crate) fn new(
        outcome: Result<(), Refusal>,
        app: Enforcement,
        facts: Option<Facts>,
        access_type: Option<AccessType>,
        resource_tenant: ResourceTenant,
    ) -> Self {
        let enforcement = match &outcome {
            Err(refusal) if refusal.always_binds() => Enforcement::Enforce,
            Ok(()) | Err(_) => app,
        };
        let passes = outcome.is_ok() || enforcement == Enforcement::ReportOnly;
        let permit = passes.then(|| Permit {
            facts: facts.clone(),
            access_type,
        });
        Self {
            outcome,
            enforcement,
            facts,
            access_type,
            resource_tenant: Some(resource_tenant),
            permit,
        }
    }

    /// The answer where no app is configured for what was called.
    #[must_use]
    pub fn unknown_app() -> Self {
        Self {
            outcome: Err(Refusal {
                step: None,
                reason: Reason::UnknownApp,
                requirements: Vec::new(),
            }),
            enforcement: Enforcement::Enforce,
            facts: None,
            access_type: None,
            resource_tenant: None,
            permit: None,
        }
    }

    /// The permit, where the request may go on: admitted, or refused in report-only mode.
    #[must_use]
    pub const fn permit(&self) -> Option<&Permit> {
        self.permit.as_ref()
    }

    /// The outcome as `crossgate decide` and events name it.
    #[must_use]
    pub fn outcome_name(&self) -> &'static str {
        match &self.outcome {
            Ok(()) => Outcome::Allow.name(),
            Err(refusal) => refusal.reason.outcome().name(),
        }
    }

    /// HTTP status: 200 where the request goes on.
    #[must_use]
    pub fn status(&self) -> u16 {
        match &self.outcome {
            Err(refusal) if self.permit.is_none() => refusal.reason.status(),
            Ok(()) | Err(_) => 200,
        }
    }

    /// AADSTS number, 0 where admitted.
    #[must_use]
    pub fn code(&self) -> u32 {
        self.outcome
            .as_ref()
            .err()
            .map_or(0, |refusal| refusal.reason.code())
    }

    /// Snake-case reason; `admitted` where nothing refused.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.outcome
            .as_ref()
            .err()
            .map_or("admitted", |refusal| refusal.reason.name())
    }

    /// Where the decision fell; `None` for an unknown app.
    #[must_use]
    pub fn step(&self) -> Option<Step> {
        match &self.outcome {
            Ok(()) => Some(Step::AppRules),
            Err(refusal) => refusal.step,
        }
    }

    /// What the caller could still do to be admitted, in the order of `interface.md`.
    #[must_use]
    pub fn requirements(&self) -> &[Requirement] {
        self.outcome
            .as_ref()
            .err()
            .map_or(&[], |refusal| &refusal.requirements)
    }

    /// `mfa` of `crossgate decide` and of events.
    #[must_use]
    pub fn mfa(&self) -> Mfa {
        self.facts.as_ref().map_or(Mfa::None, |facts| facts.mfa)
    }

    /// `device` of `crossgate decide` and of events.
    #[must_use]
    pub fn device(&self) -> Device {
        self.facts
            .as_ref()
            .map_or(Device::None, |facts| facts.device)
    }
}

/// Proof that a decision let this request through. Forwarding asks for one.
#[derive(Clone, Debug, PartialEq)]
pub struct Permit {
    facts: Option<Facts>,
    access_type: Option<AccessType>,
}

impl Permit {
    /// Who was let through; `None` for an anonymous call.
    #[must_use]
    pub const fn facts(&self) -> Option<&Facts> {
        self.facts.as_ref()
    }

    /// How the caller crossed tenants.
    #[must_use]
    pub const fn access_type(&self) -> Option<AccessType> {
        self.access_type
    }
}

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
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The step that refused; `None` for an unknown app.
    pub step: Option<Step>,
    /// Why.
    pub reason: Reason,
    /// Unmet controls; empty where nothing the caller does would help.
    pub requirements: Vec<Requirement>,
}

impl Refusal {
    pub(crate) const fn new(step: Step, reason: Reason) -> Self {
        Self {
            step: Some(step),
            reason,
            requirements: Vec::new(),
        }
    }

    /// Steps 1 and 2 and malformed headers bind in report-only mode too (decision.md, section 11).
    fn always_binds(&self) -> bool {
        matches!(self.step, None | Some(Step::Token | Step::Revocation))
            || self.reason == Reason::MalformedRestrictionHeaders
    }
}

/// The steps of decision.md, section 6.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Step {
    /// 1.
    Token,
    /// 2.
    Revocation,
    /// 3 (headers) and 5 (restrictions proper).
    TenantRestrictions,
    /// 4.
    Cloud,
    /// 5.
    Inbound,
    /// 5.
    Outbound,
    /// 6.
    Guest,
    /// 7; refuses nothing by itself.
    Trust,
    /// 8.
    ConditionalAccess,
    /// 9.
    AppRules,
}

impl Step {
    /// The name in output, events and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Revocation => "revocation",
            Self::TenantRestrictions => "tenant_restrictions",
            Self::Cloud => "cloud",
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Guest => "guest",
            Self::Trust => "trust",
            Self::ConditionalAccess => "conditional_access",
            Self::AppRules => "app_rules",
        }
    }
}

/// `outcome` of `crossgate decide`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Outcome {
    /// Forwarded.
    Allow,
    /// 403, nothing to do about it.
    Block,
    /// The caller can satisfy what is missing.
    StepUp,
    /// The invitation was not redeemed.
    Redeem,
    /// Consent was not given.
    Consent,
    /// No usable token.
    Unauthenticated,
    /// Malformed.
    BadRequest,
    /// Unknown app.
    NotFound,
}

impl Outcome {
    /// The name in output, events and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Block => "block",
            Self::StepUp => "step-up",
            Self::Redeem => "redeem",
            Self::Consent => "consent",
            Self::Unauthenticated => "unauthenticated",
            Self::BadRequest => "bad-request",
            Self::NotFound => "not-found",
        }
    }
}

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

/// One unmet control.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Requirement {
    /// `mfa`.
    Mfa,
    /// `authStrength:ID`.
    AuthStrength(Strength),
    /// `authContext:c1`.
    AuthContext(Box<str>),
    /// `termsOfUse`.
    TermsOfUse,
    /// `compliantDevice`.
    CompliantDevice,
    /// `domainJoinedDevice`.
    HybridJoinedDevice,
    /// `restrictionClaim`.
    RestrictionClaim,
}

impl std::fmt::Display for Requirement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Mfa => f.write_str("mfa"),
            Self::AuthStrength(strength) => write!(f, "authStrength:{}", strength.id()),
            Self::AuthContext(context) => write!(f, "authContext:{context}"),
            Self::TermsOfUse => f.write_str("termsOfUse"),
            Self::CompliantDevice => f.write_str("compliantDevice"),
            Self::HybridJoinedDevice => f.write_str("domainJoinedDevice"),
            Self::RestrictionClaim => f.write_str("restrictionClaim"),
        }
    }
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
