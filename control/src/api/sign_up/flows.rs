//! User flows: for which apps, by which providers, asking which connectors. Each is one document with all its parts.

use http::StatusCode;
use serde_json::{Value, json};

use super::super::Api;
use super::super::asked::{Asked, etag};
use super::super::body;
use super::super::call::Reply;
use super::super::documents::{self, address_of, missing, represent, target};
use super::super::error::ApiError;
use super::super::listed;
use super::super::routes::Step;
use super::{providers, referenced};
use crate::document::{Address, DocumentKind};
use crate::ledger::{Current, Edit};
use crate::model::{CONNECTOR_CONFIGURATION, IDENTITY_PROVIDER, USER_FLOW, show};
use crate::resource::USER_FLOWS;
use crate::text::Document;

const PROVIDERS: &str = "userFlowIdentityProviders";
const CONFIGURATION: &str = "apiConnectorConfiguration";
const PREFIX: &str = "B2X_1_";

/// A flow is made, with the providers and connectors that its body names.
pub(super) fn create(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let mut given = body::read(asked.call)?;
    let mut named = Vec::new();
    // Clients of before say `identityProviders`.
    for member in [PROVIDERS, "identityProviders"] {
        let list = given.get(member).unwrap_or(Value::Null);
        for one in list.as_array().into_iter().flatten() {
            let id = one.get("id").or_else(|| one.get("@odata.id"));
            let id = referenced(id.and_then(Value::as_str).unwrap_or_default());
            named.push(providers::taken(id, &api.settings())?);
        }
        given.remove(member);
    }
    let configuration = given.get(CONFIGURATION).unwrap_or(Value::Null);
    given.remove(CONFIGURATION);
    let body = body::accept(&USER_FLOW, given, None)?;
    check_apps(api, &body)?;
    let name = body.text_of("id").unwrap_or_default();
    let id = if name.starts_with(PREFIX) {
        name
    } else {
        format!("{PREFIX}{name}")
    };
    let mut document = body;
    document.set("id", &json!(id));
    named.dedup();
    document.set(
        PROVIDERS,
        &named.iter().map(|name| json!({"id": name})).collect(),
    );
    for step in [Step::PostFederationSignup, Step::PostAttributeCollection] {
        if let Some(reference) = configuration
            .get(step.name())
            .filter(|given| !given.is_null())
        {
            let id = reference.get("@odata.id").or_else(|| reference.get("id"));
            let id = referenced(id.and_then(Value::as_str).unwrap_or_default());
            set_step(&mut document, step, Some(id));
        }
    }
    let address = Address::new(DocumentKind::UserFlow, &id);
    let attempt = asked.attempt(USER_FLOWS.create, target(api, &USER_FLOWS, &id));
    let edit = |current: Option<&Current>| {
        if current.is_some() {
            return Err(ApiError::exists(
                "id",
                "Another object with the same value for property id already exists.",
            ));
        }
        Ok(Edit::Write(document.clone()))
    };
    let changed = api.change(asked, &attempt, &address, &edit, &[])?;
    represent(asked, &USER_FLOWS, changed, StatusCode::CREATED)
}

/// What Crossgate adds to a flow changes.
pub(super) fn update(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    check_apps(api, &body::read(asked.call)?)?;
    // As for users: of `crossgate`, the members that are named change.
    let amend = |before: &Document, changes: &Document, after: &mut Document| {
        let given = changes.get("crossgate");
        if let Some(given) = given.as_ref().and_then(Value::as_object) {
            let kept = before.get("crossgate");
            let kept = kept.as_ref().and_then(Value::as_object).cloned();
            let mut kept = kept.unwrap_or_default();
            kept.extend(given.clone());
            kept.retain(|_, value| !value.is_null());
            after.set("crossgate", &Value::Object(kept));
        }
        Ok(())
    };
    documents::update_beside(api, asked, &USER_FLOWS, &amend, &[])
}

/// Whether people sign in at the apps that a flow is for.
fn check_apps(api: &Api, body: &Document) -> Result<(), ApiError> {
    let facts = body.get("crossgate").unwrap_or(Value::Null);
    let apps = facts.get("applications").and_then(Value::as_array);
    let settings = api.settings();
    for app in apps.into_iter().flatten().filter_map(Value::as_str) {
        let id = crossgate_policy::ids::Id::new(app);
        let mut known = settings.apps.iter();
        if !known.any(|known| known.id == id && known.sign_in) {
            return Err(ApiError::property(
                "crossgate.applications",
                format!("`{app}` is not the id of an `[[app]]` with `sign_in`"),
            ));
        }
    }
    Ok(())
}

/// By whom people sign up.
pub(super) fn list_providers(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let flow = flow(api, asked)?;
    let settings = api.settings();
    let named = names(&flow);
    let all = named
        .iter()
        .map(|name| match providers::named(name, &settings) {
            Some(provider) => providers::shown(provider, &settings),
            // It was configured when the flow was written.
            None => show(
                &IDENTITY_PROVIDER,
                [("id".to_owned(), json!(name))].into_iter().collect(),
            ),
        });
    listed::page_of(asked, &IDENTITY_PROVIDER, "identity/identityProviders", all)
}

/// `POST …/userFlowIdentityProviders/$ref`.
pub(super) fn add_provider(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let body = body::read(asked.call)?;
    let address = body.text_of("@odata.id").unwrap_or_default();
    let name = providers::taken(referenced(&address), &api.settings())?;
    change(api, asked, &|flow| {
        let mut all = names(flow);
        if all.contains(&name) {
            return Err(ApiError::property(
                PROVIDERS,
                format!("people sign up by `{name}` already"),
            ));
        }
        all.push(name.clone());
        set_names(flow, &all);
        Ok(())
    })
}

/// `DELETE …/userFlowIdentityProviders/{id}/$ref`.
pub(super) fn remove_provider(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let name = asked.parameters.get(1).map_or("", String::as_str);
    change(api, asked, &|flow| {
        let mut all = names(flow);
        let before = all.len();
        all.retain(|other| other != name);
        if all.len() == before {
            return Err(ApiError::not_found(format!(
                "nobody signs up by `{name}` with this user flow"
            )));
        }
        set_names(flow, &all);
        Ok(())
    })
}

/// Whom a flow asks.
pub(super) fn get_connectors(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let flow = flow(api, asked)?;
    let stored = flow.get(CONFIGURATION);
    let stored = stored.and_then(|stored| stored.as_object().cloned());
    let mut shown = show(&CONNECTOR_CONFIGURATION, stored.unwrap_or_default());
    shown.insert(
        "@odata.context".to_owned(),
        asked.context("identity/b2xUserFlows/apiConnectorConfiguration/$entity"),
    );
    Ok(Reply::ok(Value::Object(shown)))
}

/// `PUT …/{step}/$ref`: a connector, or by an empty object none.
pub(super) fn set_connector(api: &Api, asked: &Asked<'_>, step: Step) -> Result<Reply, ApiError> {
    let body = body::read(asked.call)?;
    let named = body.text_of("@odata.id");
    if named.is_none() && body.names().next().is_some() {
        return Err(ApiError::property(
            "@odata.id",
            "missing; expected the address of an API connector, or an empty object to ask none",
        ));
    }
    change(api, asked, &|flow| {
        set_step(flow, step, named.as_deref().map(referenced));
        Ok(())
    })
}

/// `DELETE …/{step}/$ref`.
pub(super) fn remove_connector(
    api: &Api,
    asked: &Asked<'_>,
    step: Step,
) -> Result<Reply, ApiError> {
    change(api, asked, &|flow| {
        set_step(flow, step, None);
        Ok(())
    })
}

fn set_step(flow: &mut Document, step: Step, connector: Option<&str>) {
    let before = flow.get(CONFIGURATION);
    let mut all = before
        .and_then(|before| before.as_object().cloned())
        .unwrap_or_default();
    match connector {
        Some(id) => all.insert(step.name().to_owned(), json!({"id": id})),
        None => all.remove(step.name()),
    };
    flow.set(CONFIGURATION, &Value::Object(all));
}

fn names(flow: &Document) -> Vec<String> {
    let list = flow.get(PROVIDERS).unwrap_or(Value::Null);
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|one| Some(one.get("id")?.as_str()?.to_owned()))
        .collect()
}

fn set_names(flow: &mut Document, names: &[String]) {
    flow.set(
        PROVIDERS,
        &names.iter().map(|name| json!({"id": name})).collect(),
    );
}

/// The flow that a path names.
pub(super) fn flow(api: &Api, asked: &Asked<'_>) -> Result<Document, ApiError> {
    let current = api.ledger.current(&address_of(&USER_FLOWS, asked)?)?;
    current
        .map(|current| current.document)
        .ok_or_else(|| missing(asked))
}

/// Changes the flow that a path names.
pub(super) fn change(
    api: &Api,
    asked: &Asked<'_>,
    how: &dyn Fn(&mut Document) -> Result<(), ApiError>,
) -> Result<Reply, ApiError> {
    let address = address_of(&USER_FLOWS, asked)?;
    let attempt = asked.attempt(USER_FLOWS.update, target(api, &USER_FLOWS, &address.key));
    let edit = |current: Option<&Current>| {
        let current = current.ok_or_else(|| missing(asked))?;
        asked.check_version(Some(current))?;
        let mut document = current.document.clone();
        how(&mut document)?;
        Ok(Edit::Write(document))
    };
    let changed = api.change(asked, &attempt, &address, &edit, &[])?;
    Ok(Reply::nothing()
        .tagged(etag(changed.since))
        .advising(changed.advisories))
}
