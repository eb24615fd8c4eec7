//! Why: one decision, step by step, with what would have turned it.

use http::StatusCode;
use serde_json::{Value, json};

use super::overview::or;
use super::{items, text, time};
use crate::api::{Ask, Failed, part, quoted};
use crate::query::href;
use crate::render::Shown;
use crate::reply::Reply;

/// `/console/sign-ins/ID`: the decision of one event.
pub(super) fn of_event(shown: &Shown<'_>, id: &str) -> Reply {
    let path = format!("auditLogs/signIns/{}", part(id));
    match Ask::get(&path).send(shown.api) {
        Ok(told) => {
            let correlation = part(&text(&told.body, "/correlationId"));
            Reply::Go(format!("/console/decisions/{correlation}"))
        }
        Err(failed) => shown.failed("sign-ins", &failed),
    }
}

/// `/console/decisions/CORRELATION-ID`.
pub(super) fn show(shown: &Shown<'_>, id: &str) -> Reply {
    let event = match event(shown, id) {
        Ok(event) => event,
        Err(failed) => return shown.failed("sign-ins", &failed),
    };
    let refused = text(&event, "/crossgate/outcome") != "allow";
    let why = why(shown, id, &event);
    let explained = why.as_ref().and_then(|why| why.get("steps"));
    let explained = explained.or_else(|| event.pointer("/crossgate/explanation"));
    let explained = explained
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let (decided_at, last) = (
        text(&event, "/crossgate/step"),
        explained.len().saturating_sub(1),
    );
    let steps = explained.iter().enumerate().map(|(place, line)| {
        let (step, document) = (text(line, "/step"), text(line, "/document"));
        // Where the lines were not decided again, the last one is where it fell.
        let refuses = line.get("refuses").and_then(Value::as_bool);
        let fell = refuses.unwrap_or(place == last && step == decided_at);
        json!({
            "name": shown.say_or(&format!("step.{step}"), &step),
            "result": text(line, "/result"),
            "told": text(line, "/text"),
            "document": document,
            "source": source(&document),
            "href": page_of(&document),
            "property": text(line, "/property"),
            "seen": text(line, "/seen"),
            "wanted": text(line, "/wanted"),
            "implicit": line.get("explicit").and_then(Value::as_bool) == Some(false),
            "refused": refused && fell,
        })
    });
    let nearest = why.as_ref().map(|why| text(why, "/nearestChange/text"));
    let nearest = or(
        nearest.unwrap_or_default(),
        &text(&event, "/crossgate/nearestChange"),
    );
    let turns = why.as_ref().map(|why| text(why, "/nearestChange/document"));
    let turns = turns.and_then(|document| page_of(&document));
    let policies = event
        .get("appliedConditionalAccessPolicies")
        .and_then(Value::as_array);
    let policies = policies.into_iter().flatten().map(|policy| {
        json!({
            "name": or(text(policy, "/displayName"), &text(policy, "/id")),
            "result": applied(shown, &text(policy, "/result")),
            "href": format!("/console/conditional-access/{}", part(&text(policy, "/id"))),
        })
    });
    let code = event.pointer("/status/errorCode").and_then(Value::as_u64);
    let code = code.unwrap_or_default();
    let told = super::overview::reason(shown, &code.to_string());
    let (home, user) = (text(&event, "/homeTenantId"), text(&event, "/userId"));
    let is_foreign =
        |tenant: &String| !tenant.is_empty() && !tenant.eq_ignore_ascii_case(&shown.visit.own);
    // Who crosses from one foreign tenant to another is counted of the one they go to.
    let external = Some(text(&event, "/resourceTenantId")).filter(is_foreign);
    let external = external.or_else(|| Some(home.clone()).filter(is_foreign));
    let way = text(&event, "/crossgate/direction");
    let way = shown.say_or(&format!("way.{way}"), &way);
    let values = json!({
        "let_in": !refused,
        "code": code,
        "told": if refused { told } else { shown.say("decision.let-in") },
        "reason": text(&event, "/crossgate/reason"),
        "at": time(&text(&event, "/createdDateTime")),
        "facts": [
            fact("user", &or(text(&event, "/userDisplayName"), &user), &text(&event, "/userPrincipalName")),
            fact("home", &home, ""),
            fact("app", &text(&event, "/resourceDisplayName"), &text(&event, "/resourceId")),
            fact("direction", &way, &text(&event, "/crossTenantAccessType")),
            fact("address", &text(&event, "/ipAddress"), ""),
            fact("mfa", &text(&event, "/crossgate/mfa"), ""),
            fact("device", &text(&event, "/crossgate/device"), ""),
            fact("requirements", &list(&event, "/crossgate/requirements"), ""),
            fact("enforcement", &text(&event, "/crossgate/enforcement"), ""),
            fact("snapshot", &text(&event, "/crossgate/snapshot"), ""),
            fact("correlation", id, ""),
        ],
        "steps": steps.collect::<Vec<_>>(),
        "nearest": nearest,
        "turns": turns,
        "incomplete": why.as_ref().map(|why| text(why, "/incompleteReason")),
        "policies": policies.collect::<Vec<_>>(),
        "of_user": href("/console/sign-ins", &[("range", "7d"), ("user", &user)]),
        "of_tenant": external
            .map(|tenant| href("/console/activity", &[("range", "7d"), ("tenant", &tenant)])),
    });
    shown.page("decision.html", "sign-ins", &values)
}

/// The event of a request, by the id that whoever was refused quotes.
fn event(shown: &Shown<'_>, id: &str) -> Result<Value, Failed> {
    let filter = format!("correlationId eq {}", quoted(id));
    let asked = [("$filter", filter.as_str()), ("$top", "1")];
    let told = Ask::get("auditLogs/signIns")
        .query(&asked)
        .send(shown.api)?;
    let found = items(&told.body).first().cloned();
    found.ok_or_else(|| Failed {
        status: StatusCode::NOT_FOUND,
        code: String::new(),
        message: shown.say("decision.not-kept"),
        details: Vec::new(),
        more_needed: false,
    })
}

/// The same decision made again, with what each step compared; `None` where that cannot be had.
fn why(shown: &Shown<'_>, id: &str, event: &Value) -> Option<Value> {
    let told = Ask::get(&format!("crossgate/decisions/{}", part(id))).send(shown.api);
    let told = told.ok()?.body;
    let mut events = told.get("events")?.as_array()?.iter();
    events
        .find(|told| told.get("id") == event.get("id"))
        .cloned()
}

/// What became of a policy.
fn applied(shown: &Shown<'_>, result: &str) -> String {
    shown.say_or(&format!("applied.{result}"), result)
}

fn fact(key: &str, value: &str, more: &str) -> Value {
    json!({ "key": key, "value": value, "more": more })
}

fn list(event: &Value, pointer: &str) -> String {
    let all = event.pointer(pointer).and_then(Value::as_array);
    let all = all.into_iter().flatten().filter_map(Value::as_str);
    all.collect::<Vec<_>>().join(", ")
}

/// Which of the two documents that settings are merged of supplied the value.
pub(super) fn source(document: &str) -> &'static str {
    match document.split('/').next().unwrap_or_default() {
        "default" => "default",
        "initial" => "initial",
        "partners" => "partner",
        "conditional-access" => "conditional-access",
        "guests" => "guests",
        "revocations" => "revocations",
        "crossgate.toml" => "configuration",
        _ => "other",
    }
}

/// Where a document is shown and changed.
pub(super) fn page_of(document: &str) -> Option<String> {
    match document.split_once('/') {
        None if matches!(document, "default" | "initial") => Some("/console/default".to_owned()),
        None if COLLABORATION.contains(&document) => Some("/console/collaboration".to_owned()),
        Some(("partners", id)) => Some(format!("/console/organizations/{}", part(id))),
        Some(("conditional-access", id)) => {
            Some(format!("/console/conditional-access/{}", part(id)))
        }
        None | Some(_) => None,
    }
}

/// The documents of that page, by the names of the log and of the store.
const COLLABORATION: [&str; 4] = [
    "external-collaboration",
    "authorization-policy",
    "domain-policy",
    "external-identities-policy",
];
