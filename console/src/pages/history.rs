//! What was changed and attempted, by whom, and how it was before.

use serde_json::{Value, json};

use super::overview::or;
use super::{items, text, time};
use crate::api::{Ask, part};
use crate::query::{href, skip_token};
use crate::render::Shown;
use crate::reply::Reply;

const AUDITS: &str = "auditLogs/directoryAudits";

/// `/console/history`.
pub(super) fn list(shown: &Shown<'_>) -> Reply {
    let (result, token) = (shown.visit.asked("result"), shown.visit.asked("skiptoken"));
    let known = ["success", "failure"].contains(&result.as_str());
    let filter = if known {
        format!("result eq '{result}'")
    } else {
        String::new()
    };
    let asked = [("$top", "50"), ("$filter", &filter), ("$skiptoken", &token)];
    let told = match Ask::get(AUDITS).query(&asked).send(shown.api) {
        Ok(told) => told.body,
        Err(failed) => return shown.failed("history", &failed),
    };
    let rows = items(&told).iter().map(|record| {
        let id = text(record, "/targetResources/0/id");
        json!({
            "at": time(&text(record, "/activityDateTime")),
            "name": text(record, "/activityDisplayName"),
            "by": by(record),
            "target": or(text(record, "/targetResources/0/displayName"), &id),
            "done": text(record, "/result") == "success",
            "href": format!("{HERE}/{}", part(&text(record, "/id"))),
        })
    });
    let next = skip_token(&told);
    let next = next.map(|next| href(HERE, &[("result", &result), ("skiptoken", &next)]));
    let results = ["", "success", "failure"];
    let values = json!({
        "results": results.map(|name| json!({ "key": name, "chosen": name == result })),
        "rows": rows.collect::<Vec<_>>(),
        "first": (!token.is_empty()).then(|| href(HERE, &[("result", &result)])),
        "next": next,
    });
    shown.page("history.html", "history", &values)
}

/// `/console/history/ID`: one record, with what it changed.
pub(super) fn one(shown: &Shown<'_>, id: &str) -> Reply {
    let record = match Ask::get(&format!("{AUDITS}/{}", part(id))).send(shown.api) {
        Ok(told) => told.body,
        Err(failed) => return shown.failed("history", &failed),
    };
    let modified = record.pointer("/targetResources/0/modifiedProperties");
    let modified = modified.and_then(Value::as_array).into_iter().flatten();
    let modified = modified.map(|property| {
        json!({
            "name": text(property, "/displayName"),
            "old": pretty(property, "/oldValue"),
            "new": pretty(property, "/newValue"),
        })
    });
    let details = record.get("additionalDetails").and_then(Value::as_array);
    let details = details
        .into_iter()
        .flatten()
        .map(|detail| json!({ "key": text(detail, "/key"), "value": text(detail, "/value") }));
    let document = document_of(&record);
    let values = json!({
        "name": text(&record, "/activityDisplayName"),
        "at": time(&text(&record, "/activityDateTime")),
        "by": by(&record),
        "address": text(&record, "/initiatedBy/user/ipAddress"),
        "target": text(&record, "/targetResources/0/id"),
        "done": text(&record, "/result") == "success",
        "reason": text(&record, "/resultReason"),
        "modified": modified.collect::<Vec<_>>(),
        "details": details.collect::<Vec<_>>(),
        "versions": document.map(|document| href("/console/versions", &[("document", &document)])),
    });
    shown.page("change.html", "history", &values)
}

/// The document that a record is about, where its versions are shown.
fn document_of(record: &Value) -> Option<String> {
    let id = text(record, "/targetResources/0/id");
    let name = text(record, "/activityDisplayName");
    let one = |document: &str| Some(document.to_owned());
    if name.contains("default setting") || name.contains("company default") {
        one("default")
    } else if name.contains("partner") && !id.is_empty() {
        Some(format!("partners/{id}"))
    } else if name.contains("conditional access policy") && !id.is_empty() {
        Some(format!("conditional-access/{id}"))
    } else if name.contains("named location") && !id.is_empty() {
        Some(format!("named-locations/{id}"))
    } else {
        None
    }
}

/// JSON that is kept as text, in lines.
fn pretty(property: &Value, pointer: &str) -> Option<String> {
    let kept = property.pointer(pointer)?.as_str()?;
    let read: Option<Value> = serde_json::from_str(kept).ok();
    let lines = read.and_then(|read| serde_json::to_string_pretty(&read).ok());
    Some(lines.unwrap_or_else(|| kept.to_owned()))
}

/// Who it was.
pub(super) fn by(record: &Value) -> String {
    let user = or(
        text(record, "/initiatedBy/user/userPrincipalName"),
        &text(record, "/initiatedBy/user/displayName"),
    );
    let app = text(record, "/initiatedBy/app/displayName");
    or(user, &or(app, &text(record, "/initiatedBy/user/id")))
}

const HERE: &str = "/console/history";
