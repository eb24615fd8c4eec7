//! The answer: a permit or a refusal, with the facts that events and responses show.

mod facts;
mod reason;

pub use facts::{AccessType, Device, Direction, Facts, Mfa};
pub use reason::{Reason, TokenRefusal};

use crate::ids::ResourceTenant;
use crate::snapshot::Strength;
use crate::target::Enforcement;

/// The answer to one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Admitted, or why not.
    pub outcome: Result<(), Refusal>,
    /// Whether a refusal binds this request.
    pub enforcement: Enforcement,
    /// Owner of the target; `None` for an unknown app only.
    pub resource_tenant: Option<ResourceTenant>,
    /// What is known of the caller, in a permit where the request may go on; private, so that only [`crate::decide()`]
    /// makes one.
    passage: Result<Permit, Known>,
}

/// Who called, and how.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    facts: Option<Facts>,
    access_type: Option<AccessType>,
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
        let known = Known { facts, access_type };
        Self {
            outcome,
            enforcement,
            resource_tenant: Some(resource_tenant),
            passage: if passes {
                Ok(Permit(known))
            } else {
                Err(known)
            },
        }
    }

    /// The answer where no app is configured for what was called.
    #[must_use]
    pub const fn unknown_app() -> Self {
        let refusal = Refusal {
            step: None,
            reason: Reason::UnknownApp,
            requirements: Vec::new(),
        };
        Self::refused(refusal, None)
    }

    /// A refusal for which no app was asked; there is no permit in it.
    #[must_use]
    pub const fn refused(refusal: Refusal, facts: Option<Facts>) -> Self {
        Self {
            outcome: Err(refusal),
            enforcement: Enforcement::Enforce,
            resource_tenant: None,
            passage: Err(Known {
                facts,
                access_type: None,
            }),
        }
    }

    /// The permit, where the request may go on: admitted, or refused in report-only mode.
    #[must_use]
    pub const fn permit(&self) -> Option<&Permit> {
        match &self.passage {
            Ok(permit) => Some(permit),
            Err(_) => None,
        }
    }

    /// Who called whom; `None` before a token was accepted.
    #[must_use]
    pub const fn facts(&self) -> Option<&Facts> {
        self.known().facts.as_ref()
    }

    /// The `crossTenantAccessType` of events.
    #[must_use]
    pub const fn access_type(&self) -> Option<AccessType> {
        self.known().access_type
    }

    const fn known(&self) -> &Known {
        match &self.passage {
            Ok(Permit(known)) | Err(known) => known,
        }
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
            Err(refusal) if self.passage.is_err() => refusal.reason.status(),
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
        self.facts().map_or(Mfa::None, |facts| facts.mfa)
    }

    /// `device` of `crossgate decide` and of events.
    #[must_use]
    pub fn device(&self) -> Device {
        self.facts()
            .as_ref()
            .map_or(Device::None, |facts| facts.device)
    }
}

/// Proof that a decision let this request through. Forwarding asks for one.
#[derive(Clone, Debug, PartialEq)]
pub struct Permit(Known);

impl Permit {
    /// Who was let through; `None` for an anonymous call.
    #[must_use]
    pub const fn facts(&self) -> Option<&Facts> {
        self.0.facts.as_ref()
    }

    /// How the caller crossed tenants.
    #[must_use]
    pub const fn access_type(&self) -> Option<AccessType> {
        self.0.access_type
    }
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
