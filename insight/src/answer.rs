//! An answer to compare: what two decisions of one request must agree on.

use std::borrow::Cow;

use crossgate_policy::Decision;
use serde::Serialize;

/// What a decision came to, in the words of events.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer<'a> {
    /// `outcome`.
    pub outcome: Cow<'a, str>,
    /// `status.errorCode`.
    pub code: u32,
    /// `reason`.
    pub reason: Cow<'a, str>,
    /// `step`.
    pub step: Option<Cow<'a, str>>,
    /// `enforcement`.
    pub enforcement: Cow<'a, str>,
    /// `direction`.
    pub direction: Option<Cow<'a, str>>,
    /// `crossTenantAccessType`.
    pub access_type: Option<Cow<'a, str>>,
    /// `homeTenantId`.
    pub home_tenant: Option<Cow<'a, str>>,
    /// `resourceTenantId`.
    pub resource_tenant: Option<Cow<'a, str>>,
    /// `mfa`.
    pub mfa: Cow<'a, str>,
    /// `device`.
    pub device: Cow<'a, str>,
    /// `requirements`.
    pub requirements: Vec<Cow<'a, str>>,
}

/// What two answers differ in.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Difference {
    /// The member of events.
    pub member: &'static str,
    /// As it was recorded.
    pub recorded: String,
    /// As it is now.
    pub decided: String,
}

impl Answer<'static> {
    /// What a decision comes to.
    #[must_use]
    pub fn of(decision: &Decision) -> Self {
        let facts = decision.facts();
        let tenant = |tenant: Option<String>| tenant.map(Cow::Owned);
        Self {
            outcome: decision.outcome_name().into(),
            code: decision.code(),
            reason: decision.reason().into(),
            step: decision.step().map(|step| step.name().into()),
            enforcement: decision.enforcement.name().into(),
            direction: facts.map(|facts| facts.direction.name().into()),
            access_type: decision.access_type().map(|access| access.name().into()),
            home_tenant: tenant(
                facts
                    .and_then(|facts| facts.home_tenant_id())
                    .map(|tenant| tenant.to_string()),
            ),
            resource_tenant: tenant(decision.resource_tenant.map(|tenant| tenant.0.to_string())),
            mfa: decision.mfa().name().into(),
            device: decision.device().name().into(),
            requirements: decision
                .requirements()
                .iter()
                .map(|requirement| requirement.to_string().into())
                .collect(),
        }
    }
}

impl Answer<'_> {
    /// Every member in which this recorded answer differs from one that was decided now.
    #[must_use]
    pub fn differences(&self, decided: &Answer<'_>) -> Vec<Difference> {
        let (before, now) = (self.members(), decided.members());
        let pairs = before.into_iter().zip(now);
        let differing = pairs.filter(|((_, before), (_, now))| before != now);
        differing
            .map(|((member, recorded), (_, decided))| Difference {
                member,
                recorded,
                decided,
            })
            .collect()
    }

    /// Every member by its name in events.
    fn members(&self) -> [(&'static str, String); 12] {
        let Self {
            outcome,
            code,
            reason,
            step,
            enforcement,
            direction,
            access_type,
            home_tenant,
            resource_tenant,
            mfa,
            device,
            requirements,
        } = self;
        let text = |value: &Option<Cow<'_, str>>| {
            value
                .as_deref()
                .map_or_else(|| NONE.to_owned(), str::to_owned)
        };
        [
            ("outcome", outcome.to_string()),
            ("errorCode", code.to_string()),
            ("reason", reason.to_string()),
            ("step", text(step)),
            ("enforcement", enforcement.to_string()),
            ("direction", text(direction)),
            ("crossTenantAccessType", text(access_type)),
            ("homeTenantId", text(home_tenant)),
            ("resourceTenantId", text(resource_tenant)),
            ("mfa", mfa.to_string()),
            ("device", device.to_string()),
            ("requirements", requirements.join(", ")),
        ]
    }
}

const NONE: &str = "null";
