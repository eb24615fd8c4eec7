//! Guests who go, and come back: a deleted one is kept, and lets nobody in.

use crossgate_graph::Standing;
use crossgate_policy::ids::Id;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::asked::{Asked, etag};
use super::body;
use super::call::Reply;
use super::documents::{self, address_of, missing, target};
use super::error::ApiError;
use super::{Api, gone, permission};
use crate::audit::modified;
use crate::delegation;
use crate::document::{Address, DocumentKind, Write};
use crate::expiry;
use crate::invitations;
use crate::ledger::{Edit, Planned};
use crate::model::{USER, show};
use crate::resource::{DELETED_USERS, USERS};
use crate::roles::Action;
use crate::scim::here;
use crate::store::{Share, Store};
use crate::text::Document;

/// Has a path that names a guest by `userPrincipalName` name the id instead, as Graph's `users/{id}` takes either.
pub(super) fn by_name(api: &Api, asked: &mut Asked<'_>) -> Result<(), ApiError> {
    if !asked.route.path.starts_with("users/{id}") {
        return Ok(());
    }
    if let Some(id) = named(api, asked, asked.parameter())?
        && let Some(place) = asked.parameters.first_mut()
    {
        *place = id;
    }
    Ok(())
}

/// The guest of this name. It is made of an address, by which guests are found at once; of some it was made otherwise.
fn named(api: &Api, asked: &Asked<'_>, name: &str) -> Result<Option<String>, ApiError> {
    let Some((local, _)) = name.split_once(EXTERNAL) else {
        return Ok(None);
    };
    let is = |text: &str| {
        let document = Document::parse(text).ok().filter(|user| (USERS.is)(user))?;
        let own = document.text_of("userPrincipalName")?;
        own.eq_ignore_ascii_case(name).then_some(())
    };
    let store = api.ledger.store();
    if let Some((before, domain)) = local.rsplit_once('_') {
        let records = api.ledger.compiled().guests.records;
        for record in records.with_mail(&format!("{before}@{domain}")) {
            let address = Address::new(DocumentKind::Guest, &record.id.to_string());
            let stored = store.get(&address)?;
            if stored.is_some_and(|stored| is(&stored.text).is_some()) {
                return Ok(Some(record.id.to_string()));
            }
        }
    }
    // Looking through all of them is for those who may read them.
    if permission::by_role(api, asked, &api.ledger.roles()).is_err() {
        return Ok(None);
    }
    let mut found = None;
    store.each(DocumentKind::Guest, Share::WHOLE, &mut |key, text| {
        if found.is_none() && is(text).is_some() {
            found = Some(key.to_owned());
        }
    })?;
    Ok(found)
}

/// What stands in every guest's `userPrincipalName`.
const EXTERNAL: &str = "#EXT#";

/// A guest goes. Whoever signs in with the record is refused from now on.
pub(super) fn delete(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    if permission::by_role(api, asked, &api.ledger.roles()).is_err() {
        return delete_as_owner(api, asked);
    }
    let address = address_of(&USERS, asked)?;
    let attempt = asked.attempt(USERS.delete, target(api, &USERS, &address.key));
    let changed = api.change(
        asked,
        &attempt,
        &address,
        &|current| {
            let current = current.filter(|current| (USERS.is)(&current.document));
            let Some(current) = current else {
                return Err(missing(asked));
            };
            asked.check_version(Some(current))?;
            let mut document = current.document.clone();
            document.set("deletedDateTime", &json!(now()));
            here::decided_here(&mut document);
            Ok(Edit::Write(document))
        },
        &[],
    )?;
    Ok(Reply::nothing().advising(changed.advisories))
}

/// The same by an owner, whose guest it must be.
fn delete_as_owner(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let address = address_of(&USERS, asked)?;
    let attempt = asked.attempt(USERS.delete, target(api, &USERS, &address.key));
    let change = &mut |store: &dyn Store, standing: &Standing| {
        owner_may_delete(api, asked, store, standing)?;
        let current = api.ledger.current(&address)?;
        let current = current.filter(|current| (USERS.is)(&current.document));
        let current = current.ok_or_else(|| missing(asked))?;
        asked.check_version(Some(&current))?;
        let mut document = current.document.clone();
        document.set("deletedDateTime", &json!(now()));
        here::decided_here(&mut document);
        Ok(Some(Planned {
            modified: modified(Some(&current.document), Some(&document)),
            writes: vec![Write {
                address: address.clone(),
                text: Some(document.to_text().into()),
            }],
            details: vec![("Deleted-By", "owner".to_owned())],
        }))
    };
    let confirmation = asked.confirmation();
    let advisories = api
        .ledger
        .change_as_planned(&attempt, confirmation, change)?;
    Ok(Reply::nothing().advising(advisories.unwrap_or_default()))
}

/// Refuses whoever is no owner that the guest is of.
fn owner_may_delete(
    api: &Api,
    asked: &Asked<'_>,
    store: &dyn Store,
    standing: &Standing,
) -> Result<(), ApiError> {
    let (roles, caller) = (api.ledger.roles(), asked.who.caller());
    let by_role = permission::by_role(api, asked, &roles);
    let Some(user) = delegation::acts_for(&caller, Action::UsersDelete) else {
        return by_role;
    };
    let id = Id::new(asked.parameter());
    let guest = delegation::guest(store, &id.to_string())?;
    let guest = guest.filter(USERS.is).unwrap_or_default();
    let all = (store, standing, &*roles);
    delegation::may_delete(user, &guest, &id, all, &api.settings())
}

/// A guest who was deleted comes back.
pub(super) fn restore(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let address = address_of(&DELETED_USERS, asked)?;
    let attempt = asked.attempt(
        DELETED_USERS.update,
        target(api, &DELETED_USERS, &address.key),
    );
    let changed = api.change(
        asked,
        &attempt,
        &address,
        &|current| {
            let current = current.filter(|current| (DELETED_USERS.is)(&current.document));
            let Some(current) = current else {
                return Err(missing(asked));
            };
            asked.check_version(Some(current))?;
            let mut document = current.document.clone();
            document.remove("deletedDateTime");
            here::decided_here(&mut document);
            Ok(Edit::Write(document))
        },
        &[],
    )?;
    let document = changed.document.unwrap_or_default();
    let mut shown = show(&USER, document.members());
    shown.insert(
        "@odata.context".to_owned(),
        asked.context("directoryObjects/$entity"),
    );
    Ok(Reply::ok(Value::Object(shown))
        .tagged(etag(changed.since))
        .advising(changed.advisories))
}

/// Some of a guest's properties change. Whoever is signed in by an account that may no longer be the guest's has to sign in anew.
pub(super) fn update(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let body = body::read(asked.call)?;
    let who = ["mail", "identities", "crossgate"];
    let is_named = |name: &&str| {
        let only_ends = *name == "crossgate" && expiry::is_all_of(&body);
        body.written(name).is_some() && !only_ends
    };
    let beside = if who.iter().any(is_named) {
        let id = address_of(&USERS, asked)?.key;
        // An invitation to the address of before counts no more either.
        vec![sign_in_anew(&id), uninvited(&id)]
    } else {
        Vec::new()
    };
    let amend = |before: &Document, changes: &Document, after: &mut Document| {
        let is_put_off = expiry::amend(before, changes, after)?;
        let is_held = match changes.written("accountEnabled") {
            Some(enabled) => enabled == "false",
            // Who was disabled because their time was up was held for no other reason.
            None => here::is_held(before) && !is_put_off,
        };
        here::holds(after, is_held);
        Ok(())
    };
    documents::update_beside(api, asked, &USERS, &amend, &beside)
}

/// A guest who was deleted goes for good, with the invitation that may be open and all that the guest was in.
pub(super) fn purge(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let address = address_of(&DELETED_USERS, asked)?;
    let guest = Id::new(&address.key);
    let attempt = asked.attempt(
        DELETED_USERS.delete,
        target(api, &DELETED_USERS, &address.key),
    );
    let traces = |store: &dyn Store, standing: &Standing| {
        let mut writes = delegation::traces_of(store, standing, &guest)?;
        writes.push(uninvited(&address.key));
        Ok(writes)
    };
    gone::remove(api, asked, (&DELETED_USERS, &address), &attempt, &traces)
}

fn uninvited(guest: &str) -> Write {
    Write {
        address: invitations::address_of(guest),
        text: None,
    }
}

/// Nothing that a guest signed in with before counts from now on.
pub(crate) fn sign_in_anew(guest: &str) -> Write {
    let document = json!({"kind": "guest", "id": guest, "notBefore": Timestamp::now().to_string()});
    Write {
        address: Address::new(DocumentKind::Revocation, &format!("guest/{guest}")),
        text: Some(document.to_string().into()),
    }
}

/// A time as the directory keeps it.
pub(crate) fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
