//! The apps of the configuration as Graph's service principals, and who is assigned to them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crossgate_config::{AppSettings, Settings};
use crossgate_policy::ids::Id;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::asked::Asked;
use super::call::Reply;
use super::documents::missing;
use super::error::ApiError;
use super::{Api, body, delegated, listed, under};
use crate::audit::{Activity, TargetResource, modified};
use crate::delegation::{self, Capacity, DEFAULT_ACCESS, Thing};
use crate::document::{Address, DocumentKind, Write};
use crate::ledger::Planned;
use crate::model::{APP_ROLE_ASSIGNMENT, SERVICE_PRINCIPAL, show};
use crate::resource::USERS;
use crate::store::Store;
use crate::text::Document;

/// What assigning somebody to an app is called.
pub(super) const ASSIGN: Activity = Activity::new(
    "UserManagement",
    "Assign",
    "Add app role assignment grant to user",
);

/// All apps.
pub(super) fn list(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let settings = api.settings();
    let apps = settings.apps.iter().map(shown);
    listed::page_of(asked, &SERVICE_PRINCIPAL, "servicePrincipals", apps)
}

/// One app.
pub(super) fn get(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let settings = api.settings();
    let id = Id::new(asked.parameter());
    let app = settings.apps.iter().find(|app| app.id == id);
    let app = app.ok_or_else(|| missing(asked))?;
    let mut shown = listed::options(asked, &SERVICE_PRINCIPAL)?.select(shown(app));
    let context = asked.context("servicePrincipals/$entity");
    shown.insert("@odata.context".to_owned(), context);
    Ok(Reply::ok(Value::Object(shown)))
}

fn shown(app: &AppSettings) -> Map<String, Value> {
    let stored = [
        ("id", json!(app.id.to_string())),
        ("appId", json!(app.id.to_string())),
        ("displayName", json!(app.name)),
        ("appDisplayName", json!(app.name)),
        ("appRoleAssignmentRequired", json!(app.assignment_required)),
    ];
    let stored = stored.map(|(name, value)| (name.to_owned(), value));
    show(&SERVICE_PRINCIPAL, stored.into_iter().collect())
}

/// Who is assigned to an app.
pub(super) fn assigned(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let (thing, settings) = (delegated::thing(api, asked)?, api.settings());
    let prefix = format!("{}/", thing.id());
    let context = format!("servicePrincipals('{}')/appRoleAssignedTo", thing.id());
    under::page(
        api,
        asked,
        (&APP_ROLE_ASSIGNMENT, &context),
        (DocumentKind::AppRoleAssignment, &prefix),
        &|key, document| {
            let shown = assignment(api.ledger.store(), &settings, key, &document)?;
            Ok(Some(shown))
        },
    )
}

/// What a guest, or one of the own tenant's people, is assigned to by themselves.
pub(super) fn of_user(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let (settings, user) = (api.settings(), Id::new(asked.parameter()));
    let assignments = api.ledger.compiled().assignments;
    let mut all = Vec::new();
    for app in assignments.apps_of(&user) {
        let address = Thing::App(app.clone()).entry(&user.to_string());
        if let Some(document) = delegation::read(api.ledger.store(), &address)? {
            let store = api.ledger.store();
            all.push(assignment(store, &settings, &address.key, &document)?);
        }
    }
    let context = format!("users('{user}')/appRoleAssignments");
    listed::page_of(asked, &APP_ROLE_ASSIGNMENT, &context, all)
}

/// An assignment as it is shown, with the names as they are now.
fn assignment(
    store: &dyn Store,
    settings: &Settings,
    key: &str,
    document: &Document,
) -> Result<Map<String, Value>, ApiError> {
    let text = |name: &str| document.text_of(name).unwrap_or_default();
    let (app, principal) = (Id::new(&text("resourceId")), Id::new(&text("principalId")));
    let name = if text("principalType") == "Group" {
        Thing::Group(principal).name(store, settings)?
    } else {
        let guest = delegation::guest(store, &principal.to_string())?;
        guest.and_then(|guest| {
            guest
                .text_of("displayName")
                .or_else(|| guest.text_of("mail"))
        })
    };
    let mut members = document.members();
    members.insert("id".to_owned(), json!(URL_SAFE_NO_PAD.encode(key)));
    members.insert("principalDisplayName".to_owned(), json!(name));
    let app = Thing::App(app).name(store, settings)?;
    members.insert("resourceDisplayName".to_owned(), json!(app));
    Ok(show(&APP_ROLE_ASSIGNMENT, members))
}

/// `POST …/appRoleAssignedTo`: somebody is assigned to an app.
pub(super) fn assign(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let thing = delegated::thing(api, asked)?;
    let given = body::accept(&APP_ROLE_ASSIGNMENT, body::read(asked.call)?, None)?;
    let text = |name: &str| given.text_of(name).unwrap_or_default();
    if Id::new(&text("resourceId")) != *thing.id() {
        return Err(ApiError::property(
            "resourceId",
            format!("expected `{}`, the app of the path", thing.id()),
        ));
    }
    if given
        .text_of("appRoleId")
        .is_some_and(|role| role != DEFAULT_ACCESS)
    {
        return Err(ApiError::property(
            "appRoleId",
            format!(
                "roles of apps are told by tokens; only the default access `{DEFAULT_ACCESS}` is assigned here"
            ),
        ));
    }
    let principal = delegation::plain_id(&text("principalId"), "principalId")?;
    let (id, caller) = (principal.to_string(), asked.who.caller());
    let attempt = asked.attempt(ASSIGN, target(&id));
    let mut made = None;
    let change = &mut |store: &dyn Store, standing: &crossgate_graph::Standing| {
        let by = delegated::capacity(api, asked, &thing, store)?;
        let group = Address::new(DocumentKind::Group, &id);
        let is_group = store.get(&group)?.is_some();
        let guest = delegation::guest(store, &id)?;
        if let Capacity::Owner(owner) = &by {
            let guest = guest
                .as_ref()
                .filter(|guest| !is_group && (USERS.is)(guest));
            delegation::owner_may_add(owner, &caller, guest, standing)?;
        } else if !is_group && guest.is_some_and(|guest| !(USERS.is)(&guest)) {
            return Err(ApiError::property(
                "principalId",
                format!("the guest `{id}` was deleted; restore the guest first"),
            ));
        }
        let address = thing.entry(&id);
        if store.get(&address)?.is_some() {
            return Err(ApiError::property(
                "principalId",
                "Permission being assigned already exists on the object",
            ));
        }
        let document = thing.entry_of(&id, if is_group { "Group" } else { "User" });
        let planned = Planned {
            modified: modified(None, Some(&document)),
            writes: vec![Write {
                address: address.clone(),
                text: Some(document.to_text().into()),
            }],
            details: vec![("App", thing.id().to_string())],
        };
        made = Some((address, document));
        Ok(Some(planned))
    };
    let confirmation = asked.confirmation();
    let advisories = api
        .ledger
        .change_as_planned(&attempt, confirmation, change)?;
    let (address, document) = made.ok_or_else(ApiError::internal)?;
    let mut shown = assignment(api.ledger.store(), &api.settings(), &address.key, &document)?;
    let context = format!(
        "servicePrincipals('{}')/appRoleAssignedTo/$entity",
        thing.id()
    );
    shown.insert("@odata.context".to_owned(), asked.context(&context));
    let reply = Reply::json(StatusCode::CREATED, Value::Object(shown));
    Ok(reply.advising(advisories.unwrap_or_default()))
}

/// `DELETE …/appRoleAssignedTo/{id}`: somebody is assigned no more.
pub(super) fn unassign(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let thing = delegated::thing(api, asked)?;
    let id = asked.parameters.get(1).map_or("", String::as_str);
    let none = || ApiError::not_found(format!("there is no assignment `{id}` to this app"));
    let key = URL_SAFE_NO_PAD.decode(id).ok();
    let key = key.and_then(|key| String::from_utf8(key).ok());
    let key = key.ok_or_else(none)?;
    let principal = key.strip_prefix(&format!("{}/", thing.id()));
    let principal = Id::new(principal.ok_or_else(none)?).to_string();
    delegated::let_out(api, asked, &thing, &principal, &none)
}

pub(super) fn target(principal: &str) -> TargetResource {
    TargetResource {
        id: principal.to_owned(),
        name: None,
        kind: "User",
    }
}
