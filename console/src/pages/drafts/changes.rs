//! What a draft changes, document by document.

use serde_json::{Value, json};

use super::super::decision::{page_of, source};
use super::super::organizations::name_of;
use super::super::overview::or;
use super::super::versions::differences;
use super::{items, text};
use crate::api::{Ask, Failed, part};
use crate::draft::{DRAFTS, PAGE};
use crate::query::{href, skip_token};
use crate::render::Shown;

/// A page of changes, and where the next one is.
pub(super) fn changes(shown: &Shown<'_>, id: &str) -> Result<(Vec<Value>, Option<String>), Failed> {
    let token = shown.visit.asked("skiptoken");
    let asked = [("$top", "50"), ("$skiptoken", token.as_str())];
    let told = Ask::get(&format!("{DRAFTS}/{}/changes", part(id)))
        .query(&asked)
        .send(shown.api)?
        .body;
    let rows = items(&told).iter().map(|change| row(shown, id, change));
    let here = format!("{PAGE}/{}", part(id));
    let next = skip_token(&told).map(|next| href(&here, &[("skiptoken", &next)]));
    Ok((rows.collect(), next))
}

fn row(shown: &Shown<'_>, id: &str, change: &Value) -> Value {
    let document = text(change, "/id");
    let member = |name: &str| change.get(name).cloned().unwrap_or_default();
    let (mut before, mut after) = (member("before"), member("after"));
    let mut kind = text(change, "/change");
    if before.is_null()
        && !after.is_null()
        && let Some(initial) = initial(shown, &document)
    {
        (before, kind) = (initial, "update".to_owned());
    }
    for side in [&mut before, &mut after] {
        if let Some(members) = side.as_object_mut() {
            members.retain(|name, value| {
                let is_its_own = name.contains('@') || OF_ITS_OWN.contains(&name.as_str());
                !is_its_own && !value.is_null()
            });
        }
    }
    // A document is left out of what its reader may not read.
    let is_readable = !(before.is_null() && after.is_null());
    let called = or(text(&after, "/displayName"), &text(&before, "/displayName"));
    let name = match document.split_once('/') {
        Some(("partners", tenant)) => name_of(shown, tenant),
        Some((_, key)) => or(called, key),
        None => document.clone(),
    };
    // What is to be removed has no page in the draft.
    let page = page_of(&document).filter(|_| kind != "delete");
    json!({
        "id": document,
        "kind": kind,
        "source": source(&document),
        "name": name,
        "href": page.map(|page| href(&page, &[("draft", id)])),
        "is_moved": change.get("isBaseMoved").and_then(Value::as_bool).unwrap_or(false),
        "is_readable": is_readable,
        "differences": differences(&before, &after),
    })
}

/// What a document says that nobody has written yet, though there always is one.
fn initial(shown: &Shown<'_>, document: &str) -> Option<Value> {
    let (_, path) = ALWAYS_THERE.iter().find(|(name, _)| *name == document)?;
    Some(Ask::get(path).send(shown.api).ok()?.body)
}

/// Documents that there always are, and where each is.
const ALWAYS_THERE: [(&str, &str); 5] = [
    ("default", "policies/crossTenantAccessPolicy/default"),
    (
        "cross-tenant-access-policy",
        "policies/crossTenantAccessPolicy",
    ),
    ("authorization-policy", "policies/authorizationPolicy"),
    ("domain-policy", "legacy/policies/b2bManagementPolicy"),
    (
        "external-identities-policy",
        "policies/externalIdentitiesPolicy",
    ),
];

/// What follows from a document's being there, and nobody writes.
const OF_ITS_OWN: [&str; 2] = ["id", "isServiceDefault"];
