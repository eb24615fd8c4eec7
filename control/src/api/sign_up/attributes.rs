//! What user flows can ask, and what each asks and how.

use crossgate_graph::{BUILT_IN_ATTRIBUTES, BuiltInAttribute};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::super::Api;
use super::super::asked::{Asked, tagged};
use super::super::body;
use super::super::call::Reply;
use super::super::documents::{missing, represent, target};
use super::super::error::ApiError;
use super::super::listed;
use super::flows;
use crate::document::{Address, DocumentKind};
use crate::ledger::{Current, Edit};
use crate::model::{ASSIGNMENT, USER_FLOW_ATTRIBUTE, show};
use crate::resource::USER_FLOW_ATTRIBUTES;
use crate::store::{Share, StoreError};
use crate::text::Document;

const ASSIGNMENTS: &str = "userAttributeAssignments";

/// Built-in attributes, and custom ones.
pub(super) fn list(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let mut all: Vec<Map<String, Value>> = BUILT_IN_ATTRIBUTES.iter().map(built_in).collect();
    let mut broken = None;
    let kind = DocumentKind::UserFlowAttribute;
    let mut take = |key: &str, text: &str| match Document::parse(text) {
        Ok(document) => all.push(show(&USER_FLOW_ATTRIBUTE, document.members())),
        Err(error) => broken = Some(StoreError::Corrupt(format!("{key}: {error}"))),
    };
    api.ledger.store().each(kind, Share::WHOLE, &mut take)?;
    if let Some(broken) = broken {
        return Err(broken.into());
    }
    listed::page_of(
        asked,
        &USER_FLOW_ATTRIBUTE,
        USER_FLOW_ATTRIBUTES.context,
        all,
    )
}

/// One of them.
pub(super) fn get(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let options = listed::options(asked, &USER_FLOW_ATTRIBUTE)?;
    let id = asked.parameter();
    let known = BUILT_IN_ATTRIBUTES.iter().find(|known| known.id == id);
    let shown = match known {
        Some(known) => built_in(known),
        None => {
            let address = Address::new(DocumentKind::UserFlowAttribute, id);
            let current = api
                .ledger
                .current(&address)?
                .ok_or_else(|| missing(asked))?;
            let shown = show(&USER_FLOW_ATTRIBUTE, current.document.members());
            tagged(shown, current.since)
        }
    };
    let mut shown = options.select(shown);
    let context = format!("{}/$entity", USER_FLOW_ATTRIBUTES.context);
    shown.insert("@odata.context".to_owned(), asked.context(&context));
    Ok(Reply::ok(Value::Object(shown)))
}

fn built_in(known: &BuiltInAttribute) -> Map<String, Value> {
    let stored = [
        ("id", known.id),
        ("displayName", known.name),
        (
            "userFlowAttributeType",
            if known.required {
                "required"
            } else {
                "builtIn"
            },
        ),
        ("dataType", "string"),
    ];
    let stored = stored.map(|(name, value)| (name.to_owned(), json!(value)));
    show(&USER_FLOW_ATTRIBUTE, stored.into_iter().collect())
}

/// A custom attribute is made: its id is its name, behind the own tenant's.
pub(super) fn create(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let mut document = body::accept(&USER_FLOW_ATTRIBUTE, body::read(asked.call)?, None)?;
    let name = document.text_of("displayName").unwrap_or_default();
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    if name.is_empty() {
        return Err(ApiError::property(
            "displayName",
            "has no letter or digit in plain ASCII, of which the attribute's id could be made",
        ));
    }
    let own = api.settings().tenant.id.to_string().replace('-', "");
    let id = format!("extension_{own}_{name}");
    document.set("id", &json!(id));
    document.set("userFlowAttributeType", &json!("custom"));
    let address = Address::new(DocumentKind::UserFlowAttribute, &id);
    let target = target(api, &USER_FLOW_ATTRIBUTES, &id);
    let attempt = asked.attempt(USER_FLOW_ATTRIBUTES.create, target);
    let edit = |current: Option<&Current>| {
        if current.is_some() {
            return Err(ApiError::exists(
                "displayName",
                "Another object with the same value for property displayName already exists.",
            ));
        }
        Ok(Edit::Write(document.clone()))
    };
    let changed = api.change(asked, &attempt, &address, &edit, &[])?;
    represent(asked, &USER_FLOW_ATTRIBUTES, changed, StatusCode::CREATED)
}

/// What a flow asks.
pub(super) fn list_assignments(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let flow = flows::flow(api, asked)?;
    let all = assignments(&flow);
    let all = all.into_iter().map(|one| show(&ASSIGNMENT, one));
    listed::page_of(asked, &ASSIGNMENT, CONTEXT, all)
}

/// One thing that it asks.
pub(super) fn get_assignment(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let flow = flows::flow(api, asked)?;
    let id = attribute(asked);
    let mut all = assignments(&flow).into_iter();
    let one = all.find(|one| is(one, id)).ok_or_else(|| missing(asked))?;
    let options = listed::options(asked, &ASSIGNMENT)?;
    let mut shown = options.select(show(&ASSIGNMENT, one));
    let context = asked.context(&format!("{CONTEXT}/$entity"));
    shown.insert("@odata.context".to_owned(), context);
    Ok(Reply::ok(Value::Object(shown)))
}

/// It asks one thing more.
pub(super) fn assign(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let mut given = body::accept(&ASSIGNMENT, body::read(asked.call)?, None)?;
    let named = given.get("userAttribute").unwrap_or(Value::Null);
    let id = named.get("id").and_then(Value::as_str).unwrap_or_default();
    let known = BUILT_IN_ATTRIBUTES
        .iter()
        .find(|known| known.id.eq_ignore_ascii_case(id));
    let id = known.map_or(id, |known| known.id).to_owned();
    if id.is_empty() {
        return Err(ApiError::property(
            "userAttribute",
            "expected an object with the `id` of one of `identity/userFlowAttributes`",
        ));
    }
    given.remove("userAttribute");
    given.set("id", &json!(id));
    spelt(&mut given);
    flows::change(api, asked, &|flow| {
        let mut all = assignments(flow);
        if all.iter().any(|one| is(one, &id)) {
            return Err(ApiError::exists(
                "userAttribute",
                "Another object with the same value for property userAttribute already exists.",
            ));
        }
        all.push(given.members());
        set(flow, all);
        Ok(())
    })?;
    let mut shown = show(&ASSIGNMENT, given.members());
    let context = asked.context(&format!("{CONTEXT}/$entity"));
    shown.insert("@odata.context".to_owned(), context);
    Ok(Reply::json(StatusCode::CREATED, Value::Object(shown)))
}

/// It asks it otherwise.
pub(super) fn update_assignment(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let given = body::read(asked.call)?;
    let id = attribute(asked);
    flows::change(api, asked, &|flow| {
        let mut all = assignments(flow);
        let one = all.iter_mut().find(|one| is(one, id));
        let one = one.ok_or_else(|| missing(asked))?;
        let mut after = Document::of(one);
        let changes = body::accept(&ASSIGNMENT, given.clone(), Some(&after))?;
        after.merge(&changes);
        after.remove("userAttribute");
        spelt(&mut after);
        *one = after.members();
        set(flow, all);
        Ok(())
    })
}

/// It asks it no more.
pub(super) fn remove_assignment(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let id = attribute(asked);
    flows::change(api, asked, &|flow| {
        let mut all = assignments(flow);
        let before = all.len();
        all.retain(|one| !is(one, id));
        if all.len() == before {
            return Err(missing(asked));
        }
        set(flow, all);
        Ok(())
    })
}

/// Clients write the type of input with a capital, as examples of Graph's do.
fn spelt(assignment: &mut Document) {
    if let Some(written) = assignment.text_of("userInputType") {
        let mut letters = written.chars();
        let first = letters.next().map(|first| first.to_ascii_lowercase());
        let spelt: String = first.into_iter().chain(letters).collect();
        assignment.set("userInputType", &json!(spelt));
    }
}

fn attribute<'a>(asked: &'a Asked<'_>) -> &'a str {
    asked.parameters.get(1).map_or("", String::as_str)
}

fn is(assignment: &Map<String, Value>, id: &str) -> bool {
    let own = assignment.get("id").and_then(Value::as_str);
    own.is_some_and(|own| own == id)
}

fn assignments(flow: &Document) -> Vec<Map<String, Value>> {
    let list = flow.get(ASSIGNMENTS).unwrap_or(Value::Null);
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|one| one.as_object().cloned()).collect()
}

fn set(flow: &mut Document, assignments: Vec<Map<String, Value>>) {
    let all = assignments.into_iter().map(Value::Object);
    flow.set(ASSIGNMENTS, &all.collect());
}

const CONTEXT: &str = "identity/b2xUserFlows/userAttributeAssignments";
