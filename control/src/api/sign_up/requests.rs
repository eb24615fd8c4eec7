//! Who waits for approval becomes a guest, or does not.

use crossgate_policy::ids::Id;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::Api;
use super::super::asked::Asked;
use super::super::call::Reply;
use super::super::documents::{address_of, missing, target};
use super::super::error::ApiError;
use super::super::permission;
use super::super::routes::{APPROVE, DENY};
use crate::audit::modified;
use crate::document::Write;
use crate::ledger::{Current, Edit, Planned};
use crate::model::{USER, show};
use crate::resource::SIGN_UP_REQUESTS;
use crate::sign_up_requests::{DENIED, applicant};
use crate::signing_up::{Made, NotSignedUp, found, made_a_guest, may_be_guest, record};
use crate::store::StoreError;
use crate::text::Document;

/// `POST …/approve`: the person is a guest, and is told so where mail is sent.
pub(super) fn approve(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let address = address_of(&SIGN_UP_REQUESTS, asked)?;
    let fresh = Id::new(&Uuid::new_v4().to_string());
    let attempt = asked.attempt(APPROVE, target(api, &SIGN_UP_REQUESTS, &address.key));
    let settings = api.settings();
    let mut made = None;
    let plan = &mut |store: &dyn crate::store::Store, standing: &crossgate_graph::Standing| {
        permission::check(api, asked, &api.ledger.roles())?;
        let stored = store.get(&address)?.ok_or_else(|| missing(asked))?;
        let request = Document::parse(&stored.text)
            .map_err(|error| StoreError::Corrupt(format!("{address}: {error}")))?;
        if !(SIGN_UP_REQUESTS.is)(&request) {
            return Err(missing(asked));
        }
        let who = applicant(&request)
            .ok_or_else(|| StoreError::Corrupt(format!("{address}: no request")))?;
        let policy = standing.compiled();
        let stands = found(&who.identity, &who.addresses, &policy).and_then(|known| {
            may_be_guest(&who.identity, who.address(), &policy, &settings).map(|()| known)
        });
        match stands {
            Ok(None) => {}
            Ok(Some(_)) => {
                return Err(ApiError::bad(
                    "the person is a guest already; deny the request to be rid of it",
                ));
            }
            Err(NotSignedUp::Fault(fault)) => return Err(fault),
            Err(why) => {
                return Err(ApiError::bad(format!(
                    "the person cannot be a guest: {}",
                    why.told()
                )));
            }
        }
        let attributes = request.get("attributes");
        let attributes = attributes.and_then(|all| all.as_object().cloned());
        let document = record(
            &fresh,
            &Made {
                identity: &who.identity,
                address: who.address(),
                name: who.name.as_deref(),
                attributes: &attributes.unwrap_or_else(Map::new),
            },
            &settings,
        );
        let mut writes = made_a_guest(&fresh, &document, &who.app, &settings);
        writes.push(Write {
            address: address.clone(),
            text: None,
        });
        if settings.mail.is_some() {
            writes.push(crate::outbox::approval(&fresh.to_string(), &who));
        }
        let planned = Planned {
            modified: modified(None, Some(&document)),
            writes,
            details: vec![("User", fresh.to_string())],
        };
        made = Some(document);
        Ok(Some(planned))
    };
    let advisories = api
        .ledger
        .change_as_planned(&attempt, asked.confirmation(), plan)?;
    let document = made.ok_or_else(ApiError::internal)?;
    let mut shown = show(&USER, document.members());
    shown.insert("@odata.context".to_owned(), asked.context("users/$entity"));
    Ok(Reply::ok(Value::Object(shown)).advising(advisories.unwrap_or_default()))
}

/// `POST …/deny`: the person is told so until the request expires, and asks for nothing more until then.
pub(super) fn deny(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let address = address_of(&SIGN_UP_REQUESTS, asked)?;
    let attempt = asked.attempt(DENY, target(api, &SIGN_UP_REQUESTS, &address.key));
    let edit = |current: Option<&Current>| {
        let current = current.filter(|current| (SIGN_UP_REQUESTS.is)(&current.document));
        let mut document = current.ok_or_else(|| missing(asked))?.document.clone();
        document.set("status", &json!(DENIED));
        Ok(Edit::Write(document))
    };
    let changed = api.change(asked, &attempt, &address, &edit, &[])?;
    Ok(Reply::nothing().advising(changed.advisories))
}
