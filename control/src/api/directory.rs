//! The organisation and others that are configured, and the end of a user's sessions.

use crossgate_config::Settings;
use crossgate_policy::ids::Id;
use crossgate_policy::subject::SubjectKind;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Api;
use super::asked::Asked;
use super::call::Reply;
use super::documents::tenant;
use super::error::ApiError;
use super::listed;
use crate::administrator::Credential;
use crate::audit::{Activity, Attempt, TargetResource};
use crate::document::{Address, DocumentKind};
use crate::ledger::Edit;
use crate::model::{ORGANIZATION, TENANT_INFORMATION, show};
use crate::text::Document;

/// What ending a user's sessions is called.
pub(super) const REVOKE: Activity = Activity::new(
    "UserManagement",
    "Update",
    "Update StsRefreshTokenValidFrom Timestamp",
);

/// What ending the sessions of everybody in a tenant is called. Entra has no such activity.
pub(super) const REVOKE_TENANT: Activity = Activity::new(
    "UserManagement",
    "Update",
    "Revoke sign-in sessions of a tenant",
);

/// The own organisation, which is the only one.
pub(super) fn organizations(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let own = organization(&api.settings());
    listed::page_of(asked, &ORGANIZATION, "organization", [own])
}

/// The own organisation by its id.
pub(super) fn get_organization(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let settings = api.settings();
    let options = listed::options(asked, &ORGANIZATION)?;
    if tenant(asked.parameter(), "id")? != settings.tenant.id {
        return Err(ApiError::not_found("there is no such organization here"));
    }
    let mut shown = options.select(organization(&settings));
    shown.insert(
        "@odata.context".to_owned(),
        asked.context("organization/$entity"),
    );
    Ok(Reply::ok(Value::Object(shown)))
}

fn organization(settings: &Settings) -> Map<String, Value> {
    let own = &settings.tenant;
    let domains = own.domains.iter().enumerate().map(|(index, name)| {
        json!({
            "capabilities": "Email, OfficeCommunicationsOnline", "isDefault": index == 0, "isInitial": index == 0,
            "name": name, "type": "Managed",
        })
    });
    let stored = [
        ("id", json!(own.id.to_string())),
        ("displayName", json!(own.name)),
        ("verifiedDomains", domains.collect()),
    ];
    show(
        &ORGANIZATION,
        stored
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect(),
    )
}

/// A configured organisation by its id.
pub(super) fn tenant_by_id(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let id = tenant(asked.parameter(), "tenantId")?;
    let settings = api.settings();
    let found = known(&settings)
        .into_iter()
        .find(|known| known.id == id.to_string());
    told(asked, found)
}

/// A configured organisation by one of its domains.
pub(super) fn tenant_by_domain(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let domain = asked.parameter().to_lowercase();
    let settings = api.settings();
    let found = known(&settings)
        .into_iter()
        .find(|known| known.domains.contains(&domain));
    told(asked, found)
}

/// What is configured of an organisation.
struct Known {
    id: String,
    name: String,
    domains: Vec<String>,
}

fn known(settings: &Settings) -> Vec<Known> {
    let own = &settings.tenant;
    let own = Known {
        id: own.id.to_string(),
        name: own.name.clone(),
        domains: own.domains.clone(),
    };
    let partners = settings.partners.iter().map(|partner| Known {
        id: partner.tenant.to_string(),
        name: partner.name.clone(),
        domains: partner.domains.clone(),
    });
    std::iter::once(own).chain(partners).collect()
}

fn told(asked: &Asked<'_>, found: Option<Known>) -> Result<Reply, ApiError> {
    let found = found.ok_or_else(|| {
        ApiError::not_found(
            "no organization of this id or domain is configured; add a `[[partner]]`",
        )
    })?;
    let stored = [
        ("tenantId", json!(found.id)),
        ("displayName", json!(found.name)),
        ("defaultDomainName", json!(found.domains.first())),
    ];
    let mut shown = show(
        &TENANT_INFORMATION,
        stored
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect(),
    );
    shown.insert(
        "@odata.context".to_owned(),
        asked.context("microsoft.graph.tenantInformation"),
    );
    Ok(Reply::ok(Value::Object(shown)))
}

/// Sign-ins of a user before now no longer count: of our own by their id, of a guest by the id of the record or at home.
pub(super) fn revoke_sessions(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let user = match asked.parameter() {
        "" => match &asked.who.credential {
            Credential::Token(subject) | Credential::Console(subject)
                if subject.kind == SubjectKind::User =>
            {
                subject.user_id.as_ref().map(ToString::to_string)
            }
            Credential::Session(person) => Some(person.user.to_string()),
            Credential::Token(_)
            | Credential::Console(_)
            | Credential::Bootstrap
            | Credential::BreakGlass => None,
        },
        id if is_id(id) => Some(Id::new(id).to_string()),
        _ => {
            return Err(ApiError::property(
                "id",
                format!("not an id; expected at most {LONGEST_ID} characters without spaces"),
            ));
        }
    };
    let user = user.ok_or_else(|| {
        ApiError::bad("`me` is nobody here: the caller is not a user who has an id")
    })?;
    let kind = if api
        .ledger
        .current(&Address::new(DocumentKind::Guest, &user))?
        .is_some()
    {
        "guest"
    } else {
        "user"
    };
    let address = Address::new(DocumentKind::Revocation, &format!("{kind}/{user}"));
    let attempt = asked.attempt(
        REVOKE,
        TargetResource {
            id: user.clone(),
            name: None,
            kind: "User",
        },
    );
    revoke(
        api,
        asked,
        &attempt,
        &address,
        &[("kind", json!(kind)), ("id", json!(user))],
    )
}

/// Sign-ins before now of everybody who lives in a tenant no longer count: of a partner's people, or of our own.
pub(super) fn revoke_tenant(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let id = tenant(asked.parameter(), "tenantId")?.to_string();
    let address = Address::new(DocumentKind::Revocation, &format!("tenant/{id}"));
    let target = TargetResource {
        id: id.clone(),
        name: known(&api.settings())
            .into_iter()
            .find(|known| known.id == id)
            .map(|known| known.name),
        kind: "Tenant",
    };
    let attempt = asked.attempt(REVOKE_TENANT, target);
    revoke(
        api,
        asked,
        &attempt,
        &address,
        &[("kind", json!("tenant")), ("id", json!(id))],
    )
}

/// Writes a revocation that holds from now.
fn revoke(
    api: &Api,
    asked: &Asked<'_>,
    attempt: &Attempt<'_>,
    address: &Address,
    thing: &[(&str, Value)],
) -> Result<Reply, ApiError> {
    let changed = api.change(
        asked,
        attempt,
        address,
        &|current| {
            let now = Timestamp::now();
            // One that was imported may be for a time that is still to come.
            let before = current.and_then(|current| current.document.text_of("notBefore"));
            if before
                .is_some_and(|before| before.parse().is_ok_and(|before: Timestamp| before > now))
            {
                return Ok(Edit::Keep);
            }
            let mut members: Map<String, Value> = thing
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect();
            members.insert("notBefore".to_owned(), json!(now.to_string()));
            Ok(Edit::Write(Document::of(&members)))
        },
        &[],
    )?;
    let body = json!({"@odata.context": asked.context("Edm.Boolean"), "value": true});
    Ok(Reply::ok(body).advising(changed.advisories))
}

pub(crate) fn is_id(text: &str) -> bool {
    text.len() <= LONGEST_ID
        && !text
            .chars()
            .any(|letter| letter.is_whitespace() || letter.is_control())
}

/// Ids are shorter, as those of roles and their holders.
pub(crate) const LONGEST_ID: usize = 200;
