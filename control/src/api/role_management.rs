//! Roles: those that are built in, custom ones, and who has which.

use crossgate_policy::ids::Guid;
use serde_json::{Map, Value, json};

use super::Api;
use super::asked::{Asked, tagged};
use super::body;
use super::call::Reply;
use super::documents;
use super::error::{ApiError, Detail};
use super::listed;
use crate::administrator::Credential;
use crate::document::{Address, DocumentKind};
use crate::ledger::Confirmation;
use crate::model::{DIRECTORY_OBJECT, DIRECTORY_ROLE, DOMAIN_POLICY, ROLE_DEFINITION, show};
use crate::resource::{DOMAIN_POLICY as DOMAINS, ROLE_ASSIGNMENTS, ROLE_DEFINITIONS};

use crate::roles::{Action, BuiltInRole, RoleDefinition};
use crate::text::Document;

/// Built-in roles, which are all active.
pub(super) fn list_directory_roles(asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let all = BuiltInRole::ALL.iter().map(|role| directory_role(*role));
    listed::page_of(asked, &DIRECTORY_ROLE, "directoryRoles", all)
}

/// One of them.
pub(super) fn get_directory_role(asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let options = listed::options(asked, &DIRECTORY_ROLE)?;
    let mut shown = options.select(directory_role(built_in(asked)?));
    shown.insert(
        "@odata.context".to_owned(),
        asked.context("directoryRoles/$entity"),
    );
    Ok(Reply::ok(Value::Object(shown)))
}

fn built_in(asked: &Asked<'_>) -> Result<BuiltInRole, ApiError> {
    let id = asked.parameter();
    let role = Guid::parse(id).and_then(BuiltInRole::from_id);
    role.ok_or_else(|| ApiError::not_found(format!("there is no built-in role `{id}`")))
}

fn directory_role(role: BuiltInRole) -> Map<String, Value> {
    let id = role.id().to_string();
    let stored = [
        ("id", json!(id)),
        ("displayName", json!(role.display_name())),
        ("description", json!(role.description())),
        ("roleTemplateId", json!(id)),
    ];
    show(
        &DIRECTORY_ROLE,
        stored
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect(),
    )
}

/// Who has a built-in role.
pub(super) fn list_members(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let role = built_in(asked)?;
    let roles = api.ledger.roles();
    let members = roles.assignments_of(role.id()).map(|assignment| {
        let stored = [("id".to_owned(), json!(assignment.principal().to_string()))];
        show(&DIRECTORY_OBJECT, stored.into_iter().collect())
    });
    listed::page_of(asked, &DIRECTORY_OBJECT, "directoryObjects", members)
}

/// All roles.
pub(super) fn list_definitions(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let roles = api.ledger.roles();
    let all = roles.definitions().map(definition);
    listed::page_of(asked, &ROLE_DEFINITION, ROLE_DEFINITIONS.context, all)
}

/// One role.
pub(super) fn get_definition(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let id = asked.parameter();
    if let Some(role) = Guid::parse(id).and_then(BuiltInRole::from_id) {
        let options = listed::options(asked, &ROLE_DEFINITION)?;
        let mut shown = options.select(definition(&RoleDefinition::from(role)));
        let context = format!("{}/$entity", ROLE_DEFINITIONS.context);
        shown.insert("@odata.context".to_owned(), asked.context(&context));
        return Ok(Reply::ok(Value::Object(shown)));
    }
    documents::get(api, asked, &ROLE_DEFINITIONS)
}

fn definition(role: &RoleDefinition) -> Map<String, Value> {
    let stored = role.to_json().as_object().cloned();
    show(&ROLE_DEFINITION, stored.unwrap_or_default())
}

/// A role is given to somebody. The first one that is given ends the bootstrap secret.
pub(super) fn create_assignment(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let body = body::read(asked.call)?;
    let by_secret = match asked.who.credential {
        Credential::Bootstrap => true,
        Credential::Token(_)
        | Credential::Console(_)
        | Credential::BreakGlass
        | Credential::Session(_) => false,
    };
    if by_secret {
        leaves_somebody(api, asked, &body)?;
    }
    // Whoever shows it twice at once is let in twice before it is spent; while this is asked, nobody else changes anything.
    let may = || {
        if by_secret && api.ledger.bootstrap_secret()?.is_none() {
            return Err(ApiError::denied(
                "somebody has been given a role already, and the secret is good no more",
            ));
        }
        Ok(())
    };
    // Whoever gives it: a secret that nobody used must not be found and used later.
    let spent = [crate::bootstrap::spent()];
    documents::create_beside(api, asked, &ROLE_ASSIGNMENTS, &may, &spent)
}

/// Refuses to spend the secret on a role that gives nobody another, where that is not said to be meant.
fn leaves_somebody(api: &Api, asked: &Asked<'_>, body: &Document) -> Result<(), ApiError> {
    if matches!(asked.confirmation(), Confirmation::Given) {
        return Ok(());
    }
    let named = body.text_of("roleDefinitionId");
    let Some(named) = named.and_then(|id| Guid::parse(&id)) else {
        return Ok(());
    };
    let roles = api.ledger.roles();
    let gives = roles.definition(named).map(RoleDefinition::gives);
    if gives.is_none_or(|gives| gives.contains(Action::RoleAssignmentsManage)) {
        return Ok(());
    }
    Err(ApiError::lock_out(vec![Detail {
        code: "CallerShutOut",
        target: "roleDefinitionId".to_owned(),
        message: "this role cannot manage roles, and the secret gives only one; give Global Administrator or Privileged Role \
                  Administrator, whose holder can give all others"
            .to_owned(),
    }]))
}

/// The one policy of its kind, as the list that Graph has.
pub(super) fn list_domain_policies(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let current = api.ledger.current(&Address::only(DocumentKind::Domains))?;
    let since = current.as_ref().map_or(0, |current| current.since);
    let document = current.map(|current| current.document).unwrap_or_default();
    let shown = tagged(show(&DOMAIN_POLICY, document.members()), since);
    listed::page_of(asked, &DOMAIN_POLICY, DOMAINS.context, [shown])
}
