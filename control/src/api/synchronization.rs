//! A partner's `identitySynchronization`: a resource of its own in the API, a member of the partner's document in the store.

use serde_json::{Map, Value, json};

use super::Api;
use super::asked::{Asked, etag};
use super::body;
use super::call::Reply;
use super::documents::{address_of, existing, target, updated};
use super::error::ApiError;
use crate::ledger::Edit;
use crate::model::{IDENTITY_SYNCHRONIZATION, show};
use crate::resource::SYNCHRONIZATION;
use crate::text::Document;

/// Whether a partner has a synchronisation policy.
pub(super) fn is_set(partner: &Document) -> bool {
    partner
        .written(MEMBER)
        .is_some_and(|written| written != "null")
}

/// The policy.
pub(super) fn get(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let address = address_of(&SYNCHRONIZATION, asked)?;
    let current = api.reads(asked)?.current(&address)?;
    let current = existing(asked, current.as_ref())?;
    let policy = stored(&current.document).ok_or_else(none)?;
    let mut shown = show(&IDENTITY_SYNCHRONIZATION, policy);
    shown.insert("@odata.context".to_owned(), context(asked));
    Ok(Reply::ok(Value::Object(shown)).tagged(etag(current.since)))
}

/// A new policy.
pub(super) fn put(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    write(api, asked, true)
}

/// Some properties of the policy change.
pub(super) fn update(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    write(api, asked, false)
}

fn write(api: &Api, asked: &Asked<'_>, create: bool) -> Result<Reply, ApiError> {
    let address = address_of(&SYNCHRONIZATION, asked)?;
    let given = body::read(asked.call)?;
    let activity = if create {
        SYNCHRONIZATION.create
    } else {
        SYNCHRONIZATION.update
    };
    let attempt = asked.attempt(activity, target(api, &SYNCHRONIZATION, &address.key));
    let mut changed = api.change(
        asked,
        &attempt,
        &address,
        &|current| {
            let current = existing(asked, current)?;
            asked.check_version(Some(current))?;
            let before = stored(&current.document);
            let mut policy = match (before, create) {
                (Some(_), true) => {
                    return Err(ApiError::exists(
                        "tenantId",
                        "Another object with the same value for property tenantId already exists.",
                    ));
                }
                (None, false) => return Err(none()),
                (Some(policy), false) => Document::of(&policy),
                (None, true) => {
                    let mut policy = Document::default();
                    policy.set("tenantId", &json!(address.key));
                    policy
                }
            };
            let changes = body::accept(&IDENTITY_SYNCHRONIZATION, given.clone(), Some(&policy))?;
            policy.merge(&changes);
            let mut partner = current.document.clone();
            partner.set(MEMBER, &Value::Object(policy.members()));
            Ok(Edit::Write(partner))
        },
        &[],
    )?;
    changed.document = changed
        .document
        .and_then(|partner| stored(&partner))
        .map(|policy| Document::of(&policy));
    updated(asked, &SYNCHRONIZATION, changed)
}

/// The policy goes.
pub(super) fn delete(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let address = address_of(&SYNCHRONIZATION, asked)?;
    let attempt = asked.attempt(
        SYNCHRONIZATION.delete,
        target(api, &SYNCHRONIZATION, &address.key),
    );
    let changed = api.change(
        asked,
        &attempt,
        &address,
        &|current| {
            let current = existing(asked, current)?;
            asked.check_version(Some(current))?;
            if !is_set(&current.document) {
                return Err(none());
            }
            let mut partner = current.document.clone();
            partner.remove(MEMBER);
            Ok(Edit::Write(partner))
        },
        &[],
    )?;
    Ok(Reply::nothing().advising(changed.advisories))
}

fn stored(partner: &Document) -> Option<Map<String, Value>> {
    partner.get(MEMBER)?.as_object().cloned()
}

fn none() -> ApiError {
    ApiError::not_found("the partner has no identity synchronization policy")
}

fn context(asked: &Asked<'_>) -> Value {
    asked.context(&format!(
        "policies/crossTenantAccessPolicy/partners('{}')/identitySynchronization/$entity",
        asked.parameter()
    ))
}

const MEMBER: &str = "identitySynchronization";
