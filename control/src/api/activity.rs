//! When guests came last, as Graph's `signInActivity` of a user.

use serde_json::{Map, Value, json};

use super::Api;
use super::asked::Asked;
use super::error::ApiError;
use crate::resource::Resource;
use crate::resource::USERS;
use crate::store::{SignIn, SignInActivity};

/// The property.
const NAME: &str = "signInActivity";

/// Whether a call asks for it. What is known by now is in the store then.
pub(super) fn is_asked(
    api: &Api,
    asked: &Asked<'_>,
    resource: &Resource,
) -> Result<bool, ApiError> {
    if !std::ptr::eq(resource, &raw const USERS) || !asked.names(NAME) {
        return Ok(false);
    }
    let ledger = &api.ledger;
    ledger.enforcer().write_activity(ledger.store())?;
    Ok(true)
}

/// Puts it beside what is kept of a guest.
pub(super) fn put(
    api: &Api,
    guest: &str,
    members: &mut Map<String, Value>,
) -> Result<(), ApiError> {
    if let Some(activity) = api.ledger.store().sign_in_activity(guest)? {
        members.insert(NAME.to_owned(), shown(&activity));
    }
    Ok(())
}

fn shown(activity: &SignInActivity) -> Value {
    let at = |sign_in: &SignIn| sign_in.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let successful = activity.successful.as_ref();
    json!({
        "lastSignInDateTime": at(&activity.last),
        "lastSignInRequestId": activity.last.request,
        "lastSuccessfulSignInDateTime": successful.map(at),
        "lastSuccessfulSignInRequestId": successful.map(|successful| &successful.request),
    })
}
