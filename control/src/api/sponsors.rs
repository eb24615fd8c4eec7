//! Who answers for a guest, as Graph's `users/{id}/sponsors`.

use serde_json::json;

use super::Api;
use super::asked::Asked;
use super::body;
use super::call::Reply;
use super::documents::{address_of, missing, target};
use super::error::ApiError;
use super::listed;
use crate::audit::Activity;
use crate::ledger::{Current, Edit};
use crate::model::{DIRECTORY_OBJECT, show};
use crate::resource::USERS;
use crate::sponsors::Sponsor;
use crate::text::Document;

/// What adding a sponsor is called.
pub(super) const ADD: Activity = Activity::new("UserManagement", "Assign", "Add sponsor to user");

/// What taking one away is called.
pub(super) const REMOVE: Activity =
    Activity::new("UserManagement", "Unassign", "Remove sponsor from user");

/// The sponsors of a guest.
pub(super) fn list(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let current = api.ledger.current(&address_of(&USERS, asked)?)?;
    let guest = existing(asked, current.as_ref())?;
    let sponsors = Sponsor::of(&guest.document).into_iter().map(|sponsor| {
        let stored = [("id".to_owned(), json!(sponsor.id))];
        show(&DIRECTORY_OBJECT, stored.into_iter().collect())
    });
    listed::page_of(asked, &DIRECTORY_OBJECT, "directoryObjects", sponsors)
}

/// `POST …/sponsors/$ref`: somebody answers for a guest.
pub(super) fn add(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let body = body::read(asked.call)?;
    let named = body.text_of("@odata.id").unwrap_or_default();
    // The last part of the address says whom; which service and which collection it names does not matter.
    let id = named.trim_end_matches('/').rsplit('/').next();
    let sponsor = Sponsor::named(id.unwrap_or_default(), "@odata.id")?;
    change(api, asked, ADD, &|guest| sponsor.clone().added(guest))
}

/// `DELETE …/sponsors/{id}/$ref`: somebody answers for a guest no more.
pub(super) fn remove(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let id = asked.parameters.get(1).map_or("", String::as_str);
    change(api, asked, REMOVE, &|guest| {
        if Sponsor::removed(id, guest) {
            Ok(())
        } else {
            Err(ApiError::not_found(format!(
                "`{id}` is no sponsor of this guest"
            )))
        }
    })
}

fn change(
    api: &Api,
    asked: &Asked<'_>,
    activity: Activity,
    how: &dyn Fn(&mut Document) -> Result<(), ApiError>,
) -> Result<Reply, ApiError> {
    let address = address_of(&USERS, asked)?;
    let attempt = asked.attempt(activity, target(api, &USERS, &address.key));
    let edit = |current: Option<&Current>| {
        let current = existing(asked, current)?;
        asked.check_version(Some(current))?;
        let mut document = current.document.clone();
        how(&mut document)?;
        Ok(Edit::Write(document))
    };
    let changed = api.change(asked, &attempt, &address, &edit, &[])?;
    Ok(Reply::nothing().advising(changed.advisories))
}

fn existing<'c>(asked: &Asked<'_>, current: Option<&'c Current>) -> Result<&'c Current, ApiError> {
    current
        .filter(|current| (USERS.is)(&current.document))
        .ok_or_else(|| missing(asked))
}
