//! A sign-in event, read again: what was recorded of one decision.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answer::Answer;
use crate::case::{Case, Unreadable};

/// What is read of an event. Members that events have besides are not looked at.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event<'a> {
    /// `id`.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// `createdDateTime`.
    #[serde(borrow)]
    created_date_time: Cow<'a, str>,
    #[serde(borrow, default)]
    user_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    user_principal_name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    service_principal_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    resource_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    resource_display_name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    home_tenant_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    resource_tenant_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    cross_tenant_access_type: Option<Cow<'a, str>>,
    status: Status,
    #[serde(borrow)]
    crossgate: Ours<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    error_code: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ours<'a> {
    #[serde(borrow)]
    outcome: Cow<'a, str>,
    #[serde(borrow)]
    reason: Cow<'a, str>,
    #[serde(borrow, default)]
    step: Option<Cow<'a, str>>,
    #[serde(borrow)]
    enforcement: Cow<'a, str>,
    #[serde(borrow, default)]
    direction: Option<Cow<'a, str>>,
    #[serde(borrow)]
    snapshot: Cow<'a, str>,
    #[serde(borrow, default)]
    mfa: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    device: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    requirements: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    receipt: Option<KeptReceipt<'a>>,
    count: u64,
    #[serde(borrow)]
    last_seen: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeptReceipt<'a> {
    #[serde(borrow)]
    case: &'a RawValue,
}

impl<'a> Event<'a> {
    /// Reads a line of a file of events.
    ///
    /// # Errors
    /// It is no event, in words.
    pub fn read(line: &'a [u8]) -> Result<Self, String> {
        serde_json::from_slice(line).map_err(|error| format!("not a sign-in event: {error}"))
    }

    /// Requests that it stands for.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.crossgate.count
    }

    /// When the last of them came.
    #[must_use]
    pub fn last_seen(&self) -> Option<jiff::Timestamp> {
        self.crossgate.last_seen.parse().ok()
    }

    /// When the first of them came, as written.
    #[must_use]
    pub fn created(&self) -> &str {
        &self.created_date_time
    }

    /// Names the policy that decided.
    #[must_use]
    pub fn snapshot(&self) -> &str {
        &self.crossgate.snapshot
    }

    /// The receipt's case; `None` where there is no receipt.
    ///
    /// # Errors
    /// It is no case.
    pub fn case(&self) -> Option<Result<Case, Unreadable>> {
        let receipt = self.crossgate.receipt.as_ref()?;
        Some(Case::read_raw(receipt.case))
    }

    /// Whether anything was decided: not where a request was malformed, came too early, or went before it was decided.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        !matches!(
            &*self.crossgate.outcome,
            "not-ready" | "signal" | "synchronization" | "aborted" | "not-found"
        ) && self.crossgate.step.is_some()
    }

    /// Whether policy had no say: a token was refused before it was asked.
    #[must_use]
    pub fn is_of_token(&self) -> bool {
        self.crossgate.step.as_deref() == Some("token") && self.crossgate.outcome != "allow"
    }

    /// Whether it was let in, by what policy said.
    #[must_use]
    pub fn is_admitted(&self) -> bool {
        self.crossgate.outcome == "allow"
    }

    /// Whether a decision has the same number and reason.
    #[must_use]
    pub fn is_answered_as(&self, decision: &crossgate_policy::Decision) -> bool {
        self.status.error_code == decision.code() && self.crossgate.reason == decision.reason()
    }

    /// What was decided.
    #[must_use]
    pub fn answer(&self) -> Answer<'_> {
        let ours = &self.crossgate;
        Answer {
            outcome: Cow::Borrowed(&ours.outcome),
            code: self.status.error_code,
            reason: Cow::Borrowed(&ours.reason),
            step: ours.step.as_deref().map(Cow::Borrowed),
            enforcement: Cow::Borrowed(&ours.enforcement),
            direction: ours.direction.as_deref().map(Cow::Borrowed),
            access_type: self.cross_tenant_access_type.as_deref().map(Cow::Borrowed),
            home_tenant: self.home_tenant_id.as_deref().map(Cow::Borrowed),
            resource_tenant: self.resource_tenant_id.as_deref().map(Cow::Borrowed),
            mfa: ours
                .mfa
                .as_deref()
                .map_or(Cow::Borrowed("none"), Cow::Borrowed),
            device: ours
                .device
                .as_deref()
                .map_or(Cow::Borrowed("none"), Cow::Borrowed),
            requirements: ours
                .requirements
                .iter()
                .map(|text| Cow::Borrowed(&**text))
                .collect(),
        }
    }

    /// Who called, as people know them: the name that the token told, else the id.
    #[must_use]
    pub fn caller(&self) -> &str {
        let named = self.user_principal_name.as_deref();
        let user = self.user_id.as_deref().filter(|id| !id.is_empty());
        named
            .or(user)
            .or(self.service_principal_id.as_deref())
            .unwrap_or("(nobody)")
    }

    /// What was called.
    #[must_use]
    pub fn app(&self) -> &str {
        let name = self.resource_display_name.as_deref();
        name.or(self.resource_id.as_deref()).unwrap_or("(no app)")
    }

    /// The other organisation: whose account called, or whose app was.
    #[must_use]
    pub fn tenant(&self) -> &str {
        let outbound = self.crossgate.direction.as_deref() == Some("outbound");
        let tenant = if outbound {
            self.resource_tenant_id.as_deref()
        } else {
            self.home_tenant_id.as_deref()
        };
        tenant.unwrap_or("(no tenant)")
    }

    /// Whether a refusal would have been let pass all the same.
    #[must_use]
    pub fn is_report_only(&self) -> bool {
        self.crossgate.enforcement == "report-only"
    }
}
