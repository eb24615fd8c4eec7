//! Conditional Access policies: read, turned on and off, edited as documents.

use http::Method;
use serde_json::{Map, Value, json};

use super::settings::checked;
use super::{items, text, time};
use crate::api::{Told, part};
use crate::form::{self, Problem, checks};
use crate::query::skip_token;
use crate::render::Shown;
use crate::reply::Reply;

const POLICIES: &str = "identity/conditionalAccess/policies";
const STATES: [&str; 3] = ["enabled", "enabledForReportingButNotEnforced", "disabled"];

/// What nobody writes.
const READ_ONLY: [&str; 5] = [
    "id",
    "templateId",
    "createdDateTime",
    "modifiedDateTime",
    "deletedDateTime",
];

/// What a new policy begins as: it refuses nobody yet.
const NEW: &str = r#"{
  "displayName": "",
  "state": "enabledForReportingButNotEnforced",
  "conditions": {
    "clientAppTypes": ["all"],
    "users": { "includeUsers": ["GuestsOrExternalUsers"] },
    "applications": { "includeApplications": ["All"] }
  },
  "grantControls": { "operator": "OR", "builtInControls": ["mfa"] }
}"#;

/// `/console/conditional-access`.
pub(super) fn list(shown: &Shown<'_>) -> Reply {
    let token = shown.visit.asked("skiptoken");
    let asked = [("$top", "100"), ("$skiptoken", token.as_str())];
    let told = shown.setting(Method::GET, POLICIES).query(&asked);
    let told = match told.send(shown.api) {
        Ok(told) => told.body,
        Err(failed) => return shown.failed("conditional-access", &failed),
    };
    let rows = items(&told).iter().map(|policy| {
        json!({
            "name": text(policy, "/displayName"),
            "state": text(policy, "/state"),
            "at": time(&super::overview::or(text(policy, "/modifiedDateTime"), &text(policy, "/createdDateTime"))),
            "href": shown.of_settings(&format!("{HERE}/{}", part(&text(policy, "/id"))), &[]),
        })
    });
    let values = json!({
        "rows": rows.collect::<Vec<_>>(),
        "next": skip_token(&told).map(|next| shown.of_settings(HERE, &[("skiptoken", &next)])),
        "new": shown.of_settings(&format!("{HERE}/new"), &[]),
        "may_add": shown.may_set("conditionalAccessPolicies/create"),
    });
    shown.page("policies.html", "conditional-access", &values)
}

/// `/console/conditional-access/ID`, or `new`.
pub(super) fn open(shown: &Shown<'_>, id: &str) -> Reply {
    let is_new = id == "new";
    let told = if is_new {
        None
    } else {
        let path = format!("{POLICIES}/{}", part(id));
        match shown.setting(Method::GET, &path).send(shown.api) {
            Ok(told) => Some(told),
            Err(failed) => return shown.failed("conditional-access", &failed),
        }
    };
    if !shown.visit.changes() {
        return page(shown, id, told.as_ref(), None);
    }
    let body = match shown.visit.field("form") {
        "state" => Ok(json!({ "state": shown.visit.field("state") })),
        _ => whole(shown, told.as_ref()),
    };
    let (method, path) = if is_new {
        (Method::POST, POLICIES.to_owned())
    } else {
        (Method::PATCH, format!("{POLICIES}/{}", part(id)))
    };
    let changed = body.and_then(|body| shown.change(shown.setting(method, &path).body(&body)));
    if checks(shown.visit) {
        return checked(changed.as_ref(), &fields());
    }
    match changed {
        Ok(made) if is_new => {
            let here = format!("{HERE}/{}", part(&text(&made.body, "/id")));
            Reply::Go(shown.of_settings(&here, &[]))
        }
        Ok(told) => {
            let here = format!("{HERE}/{}", part(id));
            Reply::Go(shown.of_settings(&here, &[("saved", shown.saved(&told))]))
        }
        Err(problem) if problem.more_needed() => Reply::MoreNeeded,
        Err(problem) => page(shown, id, told.as_ref(), Some(&problem)),
    }
}

fn fields() -> Vec<String> {
    vec!["state".to_owned(), "document".to_owned()]
}

/// The document that was edited. A member that was taken out goes.
fn whole(shown: &Shown<'_>, told: Option<&Told>) -> Result<Value, Problem> {
    let read: Result<Map<String, Value>, _> = serde_json::from_str(shown.visit.field("document"));
    let mut document = read.map_err(|error| {
        let told = shown.say("policy.no-json");
        Problem::of("document", format!("{told} {error}"))
    })?;
    document.retain(|name, _| !name.contains('@') && !READ_ONLY.contains(&name.as_str()));
    let before = told.and_then(|told| told.body.as_object());
    for name in before.into_iter().flat_map(Map::keys) {
        let is_kept = name.contains('@') || READ_ONLY.contains(&name.as_str());
        if !is_kept && !document.contains_key(name) {
            document.insert(name.clone(), Value::Null);
        }
    }
    Ok(Value::Object(document))
}

fn page(shown: &Shown<'_>, id: &str, told: Option<&Told>, problem: Option<&Problem>) -> Reply {
    let document = told.and_then(|told| told.body.as_object()).map(|policy| {
        let shown = policy
            .iter()
            .filter(|(name, _)| !name.contains('@') && !READ_ONLY.contains(&name.as_str()));
        let shown: Map<String, Value> = shown
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        serde_json::to_string_pretty(&shown).unwrap_or_default()
    });
    let was_sent = problem.is_some() && shown.visit.field("form") == "document";
    let state = told.map_or_else(String::new, |told| text(&told.body, "/state"));
    let action = if told.is_some() {
        "basic/update"
    } else {
        "create"
    };
    let document = if was_sent {
        shown.visit.field("document").to_owned()
    } else {
        document.unwrap_or_else(|| NEW.to_owned())
    };
    let etag = told.and_then(|told| told.etag.as_deref());
    let values = json!({
        "id": told.map(|_| id),
        "name": told.map(|told| text(&told.body, "/displayName")),
        "here": format!("{HERE}/{}", part(id)),
        "state": state,
        "states": STATES.map(|name| json!({ "key": name, "chosen": name == state })),
        "document": document,
        "form": if problem.is_some() { shown.visit.field("form") } else { "" },
        "version": form::version(shown.visit, problem, etag.unwrap_or_default()),
        "may_change": shown.may_set(&format!("conditionalAccessPolicies/{action}")),
        "saved": !shown.visit.asked("saved").is_empty(),
        "problem": problem.map(|problem| {
            let mut shown = problem.shown(&fields());
            // Whatever is wrong within the document is shown at its field.
            let details = shown.get_mut("details").and_then(Value::as_array_mut);
            for detail in details.into_iter().flatten().filter_map(Value::as_object_mut) {
                if detail.get("field").is_none_or(Value::is_null) {
                    detail.insert("field".to_owned(), json!("document"));
                }
            }
            shown
        }),
        "list": shown.of_settings(HERE, &[]),
        "versions": shown.of_settings("/console/versions", &[("document", &format!("conditional-access/{id}"))]),
    });
    match problem {
        Some(problem) => shown.page_with(
            problem.status(),
            "policy.html",
            "conditional-access",
            &values,
        ),
        None => shown.page("policy.html", "conditional-access", &values),
    }
}

const HERE: &str = "/console/conditional-access";
