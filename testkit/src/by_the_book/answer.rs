//! Sections 10 to 12: the line that `crossgate decide` prints.

use serde_json::{Map, Value, json};

use super::access::Placed;
use super::raw::{Book, text};
use super::trust;

/// Where and why a request was refused.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    step: &'static str,
    code: u64,
    reason: Option<&'static str>,
    requirements: Vec<String>,
}

impl Refusal {
    pub(super) fn new(step: &'static str, code: u64) -> Self {
        Self {
            step,
            code,
            reason: None,
            requirements: Vec::new(),
        }
    }

    pub(super) fn because(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    pub(super) fn requiring(mut self, requirements: Vec<String>) -> Self {
        self.requirements = requirements;
        self
    }
}

/// An output line in the making.
pub(super) struct Answer {
    line: Map<String, Value>,
}

impl Answer {
    /// No token, or one that is not good: nothing is known of the caller.
    pub(super) fn before_token(book: &Book, case: &Value, app: &Value, refusal: Refusal) -> Self {
        Self::start(book, case, app, Some(refusal))
    }

    /// A call without a token on an app that takes them.
    pub(super) fn anonymous(
        book: &Book,
        case: &Value,
        app: &Value,
        refusal: Option<Refusal>,
    ) -> Self {
        let mut answer = Self::start(book, case, app, refusal);
        answer.put("crossTenantAccessType", "passthrough");
        answer
    }

    /// All tenant fields are computed, whatever step refuses.
    pub(super) fn after_token(
        book: &Book,
        case: &Value,
        placed: &Placed<'_>,
        refusal: Option<Refusal>,
    ) -> Self {
        let mut answer = Self::start(book, case, placed.app, refusal);
        let trust = trust::trust(book, placed);
        answer.put("direction", placed.direction.name());
        answer.put("crossTenantAccessType", placed.access);
        answer.put("mfa", trust.mfa_shown);
        answer.put("device", trust.device_shown);
        if let Some(home) = placed.token.home.recorded() {
            answer.put("homeTenantId", home);
        }
        answer
    }

    pub(super) fn into_value(self) -> Value {
        Value::Object(self.line)
    }

    fn start(book: &Book, case: &Value, app: &Value, refusal: Option<Refusal>) -> Self {
        let (step, code) = refusal
            .as_ref()
            .map_or(("app_rules", 0), |refusal| (refusal.step, refusal.code));
        let (outcome, status) = wire(code);
        let always = matches!(step, "token" | "revocation") || status == 400;
        let report_only = !always && enforcement(book, app) == "report-only";
        let requirements = refusal
            .as_ref()
            .map(|refusal| refusal.requirements.clone())
            .unwrap_or_default();
        let line = json!({
            "id": case.get("id"),
            "outcome": outcome,
            "status": if report_only { 200 } else { status },
            "code": code,
            "step": step,
            "enforcement": if report_only { "report-only" } else { "enforce" },
            "direction": null,
            "crossTenantAccessType": null,
            "homeTenantId": null,
            "resourceTenantId": book.resource_tenant(app),
            "mfa": "none",
            "device": "none",
            "requirements": requirements,
        });
        let Value::Object(mut line) = line else {
            unreachable!("an object was written")
        };
        if let Some(reason) = refusal.and_then(|refusal| refusal.reason) {
            line.insert("reason".to_owned(), reason.into());
        }
        Self { line }
    }

    fn put(&mut self, member: &str, value: &str) {
        self.line.insert(member.to_owned(), value.into());
    }
}

/// An app's own enforcement overrides the tenant's.
fn enforcement<'a>(book: &'a Book, app: &'a Value) -> &'a str {
    let tenant_wide = book
        .config
        .pointer("/policy/enforcement")
        .and_then(Value::as_str);
    text(app, "enforcement")
        .or(tenant_wide)
        .unwrap_or("enforce")
}

/// The outcome and status of a code.
fn wire(code: u64) -> (&'static str, u16) {
    match code {
        0 => ("allow", 200),
        50058 | 50027 | 50003 | 50006 | 50013 | 50010 | 500_133 | 50173 => ("unauthenticated", 401),
        9_002_313 => ("bad-request", 400),
        50014 => ("redeem", 403),
        65001 => ("consent", 403),
        2_000_020 | 50076 | 50158 => ("step-up", 401),
        _ => ("block", 403),
    }
}

/// The answer for an app that nobody configured.
pub(super) fn unknown_app(case: &Value) -> Value {
    json!({
        "id": case.get("id"), "outcome": "not-found", "status": 404, "code": 0, "step": null, "enforcement": "enforce",
        "direction": null, "crossTenantAccessType": null, "homeTenantId": null, "resourceTenantId": null,
        "mfa": "none", "device": "none", "requirements": [],
    })
}

/// A line that cannot be read.
pub(super) fn error(case: &Value, error: &str) -> Value {
    json!({ "id": case.get("id"), "error": error })
}

/// Whether a program's line says what the book says: every field of the book's, GUIDs in any letter case, and of an error line
/// only that there is an error. The program's `reason` and `explanation` are its own, unless the book names the reason.
#[must_use]
pub fn same_answer(book: &Value, program: &Value) -> bool {
    let Some(expected) = book.as_object() else {
        return false;
    };
    if expected.contains_key("error") {
        return program.get("error").is_some() && program.get("id") == expected.get("id");
    }
    expected.iter().all(|(member, value)| {
        let found = program.get(member);
        match (value.as_str(), found.and_then(Value::as_str)) {
            (Some(one), Some(other)) => super::ids::same(one, other),
            _ => found == Some(value),
        }
    })
}
