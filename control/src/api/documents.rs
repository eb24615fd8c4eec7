//! Resources that are documents: shown, listed, made, changed, removed.

use crossgate_policy::ids::{Guid, Id, TenantId};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Api;
use super::activity;
use super::asked::{Asked, etag, tagged};
use super::body;
use super::call::Reply;
use super::error::ApiError;
use super::listed;
use super::synchronization;
use crate::audit::{Activity, TargetResource};
use crate::document::{Address, DocumentKind, Write};
use crate::drafts::Drafted;
use crate::ledger::{Changed, Current, Edit};
use crate::model::{self, show};
use crate::resource::Resource;
use crate::text::Document;

/// The resource that a path names.
pub(super) fn address_of(resource: &Resource, asked: &Asked<'_>) -> Result<Address, ApiError> {
    if resource.kind.is_single() {
        return Ok(Address::only(resource.kind));
    }
    let key = asked.parameter();
    if resource.kind == DocumentKind::Partner {
        return Ok(Address::new(
            resource.kind,
            &tenant(key, "tenantId")?.to_string(),
        ));
    }
    // Letter case counts, but in a GUID.
    Ok(Address::new(resource.kind, &Id::new(key).to_string()))
}

/// A tenant id out of a path or a body.
pub(super) fn tenant(text: &str, property: &str) -> Result<TenantId, ApiError> {
    TenantId::parse(text).ok_or_else(|| {
        ApiError::property(
            property,
            format!("`{text}` is not a tenant id; expected a GUID such as `3f2504e0-4f89-41d3-9a0c-0305e82c3301`"),
        )
    })
}

/// What a change is done to, for the audit.
pub(super) fn target(api: &Api, resource: &Resource, key: &str) -> TargetResource {
    let own = api.settings().tenant.id;
    let name = match resource.kind {
        DocumentKind::Policy
        | DocumentKind::Default
        | DocumentKind::Partner
        | DocumentKind::PartnerTemplate
        | DocumentKind::SynchronizationTemplate => {
            Some(format!("CrossTenantAccessPolicy for {own}"))
        }
        DocumentKind::ConditionalAccess
        | DocumentKind::NamedLocation
        | DocumentKind::Authorization
        | DocumentKind::Domains
        | DocumentKind::ExternalIdentities
        | DocumentKind::AuthenticationFlows
        | DocumentKind::ApiConnector
        | DocumentKind::UserFlowAttribute
        | DocumentKind::UserFlow
        | DocumentKind::Guest
        | DocumentKind::Revocation
        | DocumentKind::AppRoleAssignment
        | DocumentKind::Group
        | DocumentKind::GroupMember
        | DocumentKind::Owner
        | DocumentKind::RoleDefinition
        | DocumentKind::RoleAssignment
        | DocumentKind::Bootstrap
        | DocumentKind::Invitation
        | DocumentKind::Mail
        | DocumentKind::SynchronizedGroup
        | DocumentKind::AccessReview
        | DocumentKind::AccessReviewDecision
        | DocumentKind::SignUpRequest
        | DocumentKind::Draft
        | DocumentKind::DraftChange => None,
    };
    TargetResource {
        id: key.to_owned(),
        name,
        kind: resource.target,
    }
}

/// One resource.
pub(super) fn get(api: &Api, asked: &Asked<'_>, resource: &Resource) -> Result<Reply, ApiError> {
    let address = address_of(resource, asked)?;
    let current = api.reads(asked)?.current(&address)?;
    let current = current.filter(|current| (resource.is)(&current.document));
    if !is_there(resource, current.as_ref()) {
        return Err(missing(asked));
    }
    let since = current.as_ref().map_or(0, |current| current.since);
    let document = current.map(|current| current.document).unwrap_or_default();
    let options = listed::options(asked, resource.entity)?;
    let mut members = document.members();
    if activity::is_asked(api, asked, resource)? {
        activity::put(api, &address.key, &mut members)?;
    }
    let mut shown = options.select(show(resource.entity, members));
    if options.expands("identitySynchronization") {
        expand(&mut shown, &document);
    }
    let context = context_of(asked, resource);
    shown.insert("@odata.context".to_owned(), context);
    Ok(Reply::ok(Value::Object(tagged(shown, since))).tagged(etag(since)))
}

/// A page of a collection.
pub(super) fn list(api: &Api, asked: &Asked<'_>, resource: &Resource) -> Result<Reply, ApiError> {
    let options = listed::options(asked, resource.entity)?;
    let with_activity = activity::is_asked(api, asked, resource)?;
    let only = only(api, resource, &options);
    let mut page = listed::Page::new(&options);
    let mut after = options.after().map(ToOwned::to_owned);
    let store = api.reads(asked)?;
    'pages: loop {
        let stored = match &only {
            Some(keys) => {
                let behind = |key: &&String| after.as_ref().is_none_or(|after| after < *key);
                let keys = keys.iter().filter(behind);
                let stored = keys.map(|key| store.get(&Address::new(resource.kind, key)));
                stored
                    .filter_map(Result::transpose)
                    .collect::<Result<_, _>>()?
            }
            None => store.page(resource.kind, after.as_deref(), page.worth_reading())?,
        };
        let last = only.is_some() || stored.len() < page.worth_reading();
        for stored in stored {
            let document = Document::parse(&stored.text).map_err(|error| {
                crate::store::StoreError::Corrupt(format!("{}: {error}", stored.address))
            })?;
            if !(resource.is)(&document) {
                after = Some(stored.address.key.into());
                continue;
            }
            let mut members = document.members();
            if with_activity {
                activity::put(api, &stored.address.key, &mut members)?;
            }
            let shown = show(resource.entity, members);
            if options.filters() && !options.admits(&Value::Object(shown.clone())) {
                after = Some(stored.address.key.into());
                continue;
            }
            if page.is_full() {
                let behind = after.unwrap_or_default();
                page.goes_on(options.options().order_by.position(&Value::Null, &behind));
                break 'pages;
            }
            let mut shown = options.select(shown);
            if options.expands("identitySynchronization") {
                expand(&mut shown, &document);
            }
            page.push(Value::Object(tagged(shown, stored.since)));
            after = Some(stored.address.key.into());
        }
        if last {
            break;
        }
    }
    let count = options
        .wants_count()
        .then(|| count(api, &store, resource, &options, with_activity))
        .transpose()?;
    Ok(page.reply(asked, asked.context(resource.context), count))
}

/// The keys of all that a filter can admit, in their order, where it says that without a look at every one.
fn only(api: &Api, resource: &Resource, options: &listed::Listing) -> Option<Vec<String>> {
    // A filter compares without letter case, and the key of any other id counts it.
    let key = options.equals(resource.entity.key).and_then(Guid::parse);
    if let Some(key) = key {
        return Some(vec![key.to_string()]);
    }
    let mail = (resource.kind == DocumentKind::Guest).then(|| options.equals("mail"))??;
    if mail.is_empty() {
        return None;
    }
    let records = api.ledger.compiled().guests.records;
    let records = records.with_mail(mail);
    let mut keys: Vec<String> = records.iter().map(|record| record.id.to_string()).collect();
    keys.sort_unstable();
    Some(keys)
}

fn count(
    api: &Api,
    store: &Drafted<'_>,
    resource: &Resource,
    options: &listed::Listing,
    with_activity: bool,
) -> Result<u64, ApiError> {
    if with_activity && options.filters() {
        return count_with_activity(api, resource, options);
    }
    let all_count = !matches!(
        resource.kind,
        DocumentKind::Guest | DocumentKind::SignUpRequest
    );
    if !options.filters() && all_count {
        return Ok(store.count(resource.kind)?);
    }
    let mut count = 0;
    store.each(resource.kind, &mut |_, text| {
        let document = Document::parse(text);
        let document = document.ok().filter(|document| (resource.is)(document));
        let shown = document.map(|document| show(resource.entity, document.members()));
        if shown.is_some_and(|shown| options.admits(&Value::Object(shown))) {
            count += 1;
        }
    })?;
    Ok(count)
}

/// The same page by page: each of them is read with what stands beside it.
fn count_with_activity(
    api: &Api,
    resource: &Resource,
    options: &listed::Listing,
) -> Result<u64, ApiError> {
    let (mut count, mut after) = (0, None::<Box<str>>);
    loop {
        let store = api.ledger.store();
        let page = store.page(resource.kind, after.as_deref(), COUNTED_AT_ONCE)?;
        let Some(last) = page.last() else {
            return Ok(count);
        };
        after = Some(last.address.key.clone());
        for stored in page {
            let document = Document::parse(&stored.text).ok();
            let Some(document) = document.filter(|document| (resource.is)(document)) else {
                continue;
            };
            let mut members = document.members();
            activity::put(api, &stored.address.key, &mut members)?;
            let shown = show(resource.entity, members);
            count += u64::from(options.admits(&Value::Object(shown)));
        }
    }
}

const COUNTED_AT_ONCE: usize = 1_000;

/// A new resource.
pub(super) fn create(api: &Api, asked: &Asked<'_>, resource: &Resource) -> Result<Reply, ApiError> {
    create_beside(api, asked, resource, &|| Ok(()), &[])
}

/// The same where it still may be when it is made, with writes that are made in the same step.
pub(super) fn create_beside(
    api: &Api,
    asked: &Asked<'_>,
    resource: &Resource,
    may: &dyn Fn() -> Result<(), ApiError>,
    beside: &[Write],
) -> Result<Reply, ApiError> {
    let body = body::read(asked.call)?;
    let body = body::accept(resource.entity, body, None)?;
    let key = match resource.kind {
        DocumentKind::Partner => {
            let given = body.text_of("tenantId").unwrap_or_default();
            tenant(&given, "tenantId")?.to_string()
        }
        kind if kind.is_single() => String::new(),
        DocumentKind::Policy
        | DocumentKind::Default
        | DocumentKind::PartnerTemplate
        | DocumentKind::SynchronizationTemplate
        | DocumentKind::ConditionalAccess
        | DocumentKind::NamedLocation
        | DocumentKind::Authorization
        | DocumentKind::Domains
        | DocumentKind::ExternalIdentities
        | DocumentKind::AuthenticationFlows
        | DocumentKind::ApiConnector
        | DocumentKind::UserFlowAttribute
        | DocumentKind::UserFlow
        | DocumentKind::Guest
        | DocumentKind::Revocation
        | DocumentKind::AppRoleAssignment
        | DocumentKind::Group
        | DocumentKind::GroupMember
        | DocumentKind::Owner
        | DocumentKind::RoleDefinition
        | DocumentKind::RoleAssignment
        | DocumentKind::Bootstrap
        | DocumentKind::Invitation
        | DocumentKind::Mail
        | DocumentKind::SynchronizedGroup
        | DocumentKind::AccessReview
        | DocumentKind::AccessReviewDecision
        | DocumentKind::SignUpRequest
        | DocumentKind::Draft
        | DocumentKind::DraftChange => Uuid::new_v4().to_string(),
    };
    let address = Address::new(resource.kind, &key);
    let attempt = asked.attempt(resource.create, target(api, resource, &key));
    let changed = api.change(
        asked,
        &attempt,
        &address,
        &|current| {
            may()?;
            if current.is_some() {
                let property = if resource.entity.key.is_empty() {
                    "id"
                } else {
                    resource.entity.key
                };
                return Err(ApiError::exists(
                    property,
                    format!(
                        "Another object with the same value for property {property} already exists."
                    ),
                ));
            }
            let mut document = Document::default();
            stamp_new(resource.kind, &mut document, &key);
            document.merge(&body);
            complete(resource.kind, &mut document);
            Ok(Edit::Write(document))
        },
        beside,
    )?;
    represent(asked, resource, changed, StatusCode::CREATED)
}

/// A change of some properties.
pub(super) fn update(api: &Api, asked: &Asked<'_>, resource: &Resource) -> Result<Reply, ApiError> {
    update_beside(api, asked, resource, &|_, _, _| Ok(()), &[])
}

/// What a change of some properties means for others: the document before, the change, the document after.
type Amend<'a> = dyn Fn(&Document, &Document, &mut Document) -> Result<(), ApiError> + 'a;

/// The same, amended, with writes that are made in the same step.
pub(super) fn update_beside(
    api: &Api,
    asked: &Asked<'_>,
    resource: &Resource,
    amend: &Amend<'_>,
    beside: &[Write],
) -> Result<Reply, ApiError> {
    let address = address_of(resource, asked)?;
    let given = body::read(asked.call)?;
    let attempt = asked.attempt(resource.update, target(api, resource, &address.key));
    let changed = api.change(
        asked,
        &attempt,
        &address,
        &|current| {
            let current = current.filter(|current| (resource.is)(&current.document));
            if !is_there(resource, current) {
                return Err(missing(asked));
            }
            asked.check_version(current)?;
            let stored = current.map(|current| &current.document);
            let before = stored.cloned().unwrap_or_default();
            let changes = body::accept(resource.entity, given.clone(), Some(&before))?;
            let mut document = before.clone();
            document.merge(&changes);
            amend(&before, &changes, &mut document)?;
            if stored.is_some_and(|stored| stored.to_text() == document.to_text()) {
                return Ok(Edit::Keep);
            }
            stamp_change(resource.kind, &mut document);
            Ok(Edit::Write(document))
        },
        beside,
    )?;
    updated(asked, resource, changed)
}

/// A resource goes.
pub(super) fn delete(api: &Api, asked: &Asked<'_>, resource: &Resource) -> Result<Reply, ApiError> {
    let address = address_of(resource, asked)?;
    let attempt = asked.attempt(resource.delete, target(api, resource, &address.key));
    let changed = api.change(asked, &attempt, &address, &|current| {
            let Some(current) = current.filter(|current| (resource.is)(&current.document)) else {
                return Err(missing(asked));
            };
            asked.check_version(Some(current))?;
            if synchronization::is_set(&current.document) {
                return Err(ApiError::bad(
                    "the partner has an identity synchronization policy; delete `identitySynchronization` first",
                ));
            }
            Ok(Edit::Remove)
        }, &[])?;
    Ok(Reply::nothing().advising(changed.advisories))
}

/// A resource that there is always is again as it was at the beginning.
pub(super) fn reset(api: &Api, asked: &Asked<'_>, resource: &Resource) -> Result<Reply, ApiError> {
    let address = Address::only(resource.kind);
    let attempt = asked.attempt(reset_of(resource), target(api, resource, ""));
    let changed = api.change(
        asked,
        &attempt,
        &address,
        &|current| {
            asked.check_version(current)?;
            let Some(current) = current else {
                return Ok(Edit::Keep);
            };
            let Some(id) = current.document.get("id") else {
                return Ok(Edit::Remove);
            };
            let mut document = Document::default();
            document.set("id", &id);
            if resource.kind == DocumentKind::Default {
                document.set("isServiceDefault", &json!(true));
            }
            Ok(Edit::Write(document))
        },
        &[],
    )?;
    Ok(Reply::nothing().advising(changed.advisories))
}

/// What resetting a resource is called: nothing is gone after it.
pub(super) const fn reset_of(resource: &Resource) -> Activity {
    Activity {
        operation: "Update",
        ..resource.delete
    }
}

/// What a change is answered with: nothing, unless the caller wants to see it.
pub(super) fn updated(
    asked: &Asked<'_>,
    resource: &Resource,
    changed: Changed,
) -> Result<Reply, ApiError> {
    if asked.wants_representation() {
        return represent(asked, resource, changed, StatusCode::OK);
    }
    let etag = etag(changed.since);
    Ok(Reply::nothing().tagged(etag).advising(changed.advisories))
}

pub(super) fn represent(
    asked: &Asked<'_>,
    resource: &Resource,
    changed: Changed,
    status: StatusCode,
) -> Result<Reply, ApiError> {
    let document = changed.document.unwrap_or_default();
    let mut shown = show(resource.entity, document.members());
    shown.insert("@odata.context".to_owned(), context_of(asked, resource));
    let shown = tagged(shown, changed.since);
    Ok(Reply::json(status, Value::Object(shown))
        .tagged(etag(changed.since))
        .advising(changed.advisories))
}

fn context_of(asked: &Asked<'_>, resource: &Resource) -> Value {
    asked.context(&format!("{}/$entity", resource.context))
}

fn expand(shown: &mut Map<String, Value>, document: &Document) {
    let synchronization = document
        .get("identitySynchronization")
        .and_then(|value| value.as_object().cloned())
        .map(|stored| Value::Object(show(&model::IDENTITY_SYNCHRONIZATION, stored)));
    shown.insert(
        "identitySynchronization".to_owned(),
        synchronization.unwrap_or(Value::Null),
    );
}

/// There is nothing where a path leads.
pub(super) fn missing(asked: &Asked<'_>) -> ApiError {
    ApiError::not_found(format!(
        "Resource '{}' does not exist or one of its queried reference-property objects are not present.",
        asked.parameter()
    ))
}

/// Whether a path leads to something: resources of which there is one are there from the beginning.
const fn is_there(resource: &Resource, current: Option<&Current>) -> bool {
    resource.kind.is_single() || current.is_some()
}

/// What only Crossgate writes into a new document.
fn stamp_new(kind: DocumentKind, document: &mut Document, key: &str) {
    match kind {
        DocumentKind::Partner => document.set("tenantId", &json!(key)),
        DocumentKind::ConditionalAccess | DocumentKind::NamedLocation | DocumentKind::Group => {
            document.set("id", &json!(key));
            document.set("createdDateTime", &json!(now()));
        }
        DocumentKind::RoleDefinition => {
            document.set("id", &json!(key));
            document.set("templateId", &json!(key));
        }
        DocumentKind::RoleAssignment | DocumentKind::ApiConnector => {
            document.set("id", &json!(key));
        }
        DocumentKind::Policy
        | DocumentKind::Default
        | DocumentKind::PartnerTemplate
        | DocumentKind::SynchronizationTemplate
        | DocumentKind::Authorization
        | DocumentKind::Domains
        | DocumentKind::ExternalIdentities
        | DocumentKind::AuthenticationFlows
        | DocumentKind::UserFlowAttribute
        | DocumentKind::UserFlow
        | DocumentKind::Guest
        | DocumentKind::Revocation
        | DocumentKind::AppRoleAssignment
        | DocumentKind::GroupMember
        | DocumentKind::Owner
        | DocumentKind::Bootstrap
        | DocumentKind::Invitation
        | DocumentKind::Mail
        | DocumentKind::SynchronizedGroup
        | DocumentKind::AccessReview
        | DocumentKind::AccessReviewDecision
        | DocumentKind::SignUpRequest
        | DocumentKind::Draft
        | DocumentKind::DraftChange => {}
    }
}

/// What a new document is where its body does not say.
fn complete(kind: DocumentKind, document: &mut Document) {
    if kind == DocumentKind::RoleDefinition && document.written("isEnabled").is_none() {
        document.set("isEnabled", &json!(true));
    }
}

/// What only Crossgate writes into a document that changes.
fn stamp_change(kind: DocumentKind, document: &mut Document) {
    match kind {
        DocumentKind::Default => document.set("isServiceDefault", &json!(false)),
        DocumentKind::ConditionalAccess | DocumentKind::NamedLocation => {
            document.set("modifiedDateTime", &json!(now()));
        }
        DocumentKind::Policy
        | DocumentKind::Partner
        | DocumentKind::PartnerTemplate
        | DocumentKind::SynchronizationTemplate
        | DocumentKind::Authorization
        | DocumentKind::Domains
        | DocumentKind::ExternalIdentities
        | DocumentKind::AuthenticationFlows
        | DocumentKind::ApiConnector
        | DocumentKind::UserFlowAttribute
        | DocumentKind::UserFlow
        | DocumentKind::Guest
        | DocumentKind::Revocation
        | DocumentKind::AppRoleAssignment
        | DocumentKind::Group
        | DocumentKind::GroupMember
        | DocumentKind::Owner
        | DocumentKind::RoleDefinition
        | DocumentKind::RoleAssignment
        | DocumentKind::Bootstrap
        | DocumentKind::Invitation
        | DocumentKind::Mail
        | DocumentKind::SynchronizedGroup
        | DocumentKind::AccessReview
        | DocumentKind::AccessReviewDecision
        | DocumentKind::SignUpRequest
        | DocumentKind::Draft
        | DocumentKind::DraftChange => {}
    }
}

fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A document as it stands, or why there is none.
pub(super) fn existing<'c>(
    asked: &Asked<'_>,
    current: Option<&'c Current>,
) -> Result<&'c Current, ApiError> {
    current.ok_or_else(|| missing(asked))
}
