//! What would be told of a draft if it were published, where its reader asks.

use serde_json::{Value, json};

use super::super::overview::or;
use super::{number, text};
use crate::api::{Ask, Failed, part};
use crate::draft::DRAFTS;
use crate::render::Shown;

/// What keeps a draft from being published, in this order, and what should be known besides.
const LISTS: [(&str, &str); 4] = [
    ("faults", "faults"),
    ("base-moved", "baseMoved"),
    ("shut-out", "shutOut"),
    ("assertions", "assertionsBroken"),
];

/// What a check says; null where nobody asks for one, for it can take long.
pub(super) fn check(shown: &Shown<'_>, id: &str) -> Result<Value, Failed> {
    if shown.visit.asked("check").is_empty() {
        return Ok(Value::Null);
    }
    let told = match Ask::get(&format!("{DRAFTS}/{}/check", part(id))).send(shown.api) {
        Ok(told) => told.body,
        // Another one is under way, or what is asserted cannot be read: the draft can be shown all the same.
        Err(failed) if failed.status == http::StatusCode::SERVICE_UNAVAILABLE => {
            return Ok(json!({ "failed": failed.message }));
        }
        Err(failed) => return Err(failed),
    };
    let rows = |member: &str| -> Vec<Value> {
        let rows = told.get(member).and_then(Value::as_array);
        let rows = rows.into_iter().flatten().map(|row| {
            let target = or(text(row, "/target"), &text(row, "/name"));
            json!({ "target": target, "message": text(row, "/message") })
        });
        rows.collect()
    };
    let lists = LISTS.map(|(key, member)| json!({ "key": key, "rows": rows(member) }));
    let advisories = told.get("advisories").and_then(Value::as_array);
    let advisories = advisories.into_iter().flatten();
    let advisories: Vec<Value> = advisories
        .map(|advisory| json!({ "target": null, "message": advisory }))
        .collect();
    let advisories = json!({ "key": "advisories", "rows": advisories });
    let (count, wanted) = (
        number(&told, "/approvals"),
        number(&told, "/reviewersWanted"),
    );
    let refusals = told.get("newRefusals").filter(|told| !told.is_null());
    let refusals = refusals
        .map(|told| json!({ "count": number(told, "/count"), "samples": told.get("samples") }));
    Ok(json!({
        "failed": null,
        "is_publishable": told.get("isPublishable").and_then(Value::as_bool).unwrap_or(false),
        "lists": lists.into_iter().chain([advisories]).collect::<Vec<_>>(),
        "approvals": (count < wanted).then(|| json!({ "count": count, "wanted": wanted })),
        "rejected_by": text(&told, "/rejectedBy"),
        "refusals": refusals,
    }))
}
