//! A synchronised group, as it is kept. Who is in it stands with each member.

use std::collections::BTreeSet;

use crossgate_policy::ids::TenantId;
use serde_json::{Map, Value, json};

use super::directory::{Team, one_form};
use super::schema::ResourceKind;
use super::values::Attributes;
use crate::text::Document;

/// What is looked for.
pub(super) fn known(document: &Document) -> Option<Team> {
    Some(Team {
        tenant: TenantId::parse(&document.text_of("tenantId")?)?,
        display_name: document.text_of("displayName")?,
        external_id: document
            .text_of("externalId")
            .filter(|id| !id.is_empty())
            .map(|id| one_form(&id)),
    })
}

/// The document of a group, over the one that was there.
pub(super) fn document(
    before: Option<&Document>,
    id: &str,
    tenant: TenantId,
    attributes: &Attributes,
    now: &str,
) -> Document {
    let mut document = before.cloned().unwrap_or_default();
    document.set("id", &json!(id));
    document.set("tenantId", &json!(tenant.to_string()));
    for name in ["displayName", "externalId"] {
        match attributes.get(name) {
            Some(value) => document.set(name, value),
            None => document.remove(name),
        }
    }
    if before.is_none() {
        document.set("created", &json!(now));
    }
    document.set("lastModified", &json!(now));
    // Its version tells of changes of members too, which stand elsewhere.
    let changes = document.get("changes").and_then(|changes| changes.as_u64());
    document.set("changes", &json!(changes.unwrap_or_default() + 1));
    document
}

/// Whether members' records may still name the id that the group had before.
pub(super) fn is_unsettled(document: &Document) -> bool {
    document.get(UNSETTLED) == Some(Value::Bool(true))
}

pub(super) fn set_unsettled(document: &mut Document, is_unsettled: bool) {
    if is_unsettled {
        document.set(UNSETTLED, &json!(true));
    } else {
        document.remove(UNSETTLED);
    }
}

/// What the partner told of it, but for its members.
pub(super) fn attributes(document: &Document) -> Attributes {
    let names = ["displayName", "externalId"];
    let told = names
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), document.get(name)?)));
    told.collect()
}

/// The resource, as the partner reads it.
pub(super) fn shown(
    base: &str,
    document: &Document,
    version: &str,
    members: Option<&BTreeSet<Box<str>>>,
) -> Map<String, Value> {
    let kind = ResourceKind::Group;
    let id = document.text_of("id").unwrap_or_default();
    let mut shown = Map::new();
    shown.insert("schemas".to_owned(), json!([kind.schema().urn]));
    shown.insert("id".to_owned(), json!(id));
    shown.extend(attributes(document));
    let members = members.into_iter().flatten().map(
        |member| json!({"value": member, "$ref": format!("{base}/Users/{member}"), "type": "User"}),
    );
    let members: Vec<_> = members.collect();
    if !members.is_empty() {
        shown.insert("members".to_owned(), Value::Array(members));
    }
    shown.insert(
        "meta".to_owned(),
        json!({
            "resourceType": kind.name(),
            "created": document.text_of("created"),
            "lastModified": document.text_of("lastModified"),
            "location": format!("{base}/Groups/{id}"),
            "version": version,
        }),
    );
    shown
}

const UNSETTLED: &str = "unsettled";
