//! Section 6, step `guest`: what the guest directory says of the subject.
//!
//! Readings taken where the page is silent:
//! - a contradiction comes first, as 50020 does in section 12;
//! - for an identity without a tenant no automatic consent can stand in for the user's own;
//! - an identity provider that may be in two clouds is not in ours for sure, so consent is not automatic;
//! - of a home user's records one that is not deleted holds: the user was invited anew;
//! - where the directory is `off` a Microsoft account's own token finds no record and is refused.

use serde_json::Value;

use super::access::{Direction, Placed};
use super::answer::Refusal;
use super::home::Home;
use super::ids::{MICROSOFT_ACCOUNTS, same};
use super::people;
use super::raw::{Book, flag, seconds, set, text};

const STEP: &str = "guest";

/// The record that stands for the subject; read inbound only, and never for a service principal.
pub(super) fn record<'a>(book: &'a Book, placed: &Placed<'a>) -> Option<&'a Value> {
    if placed.direction != Direction::Inbound || placed.token.app_only || book.guest_mode() == "off"
    {
        return None;
    }
    if placed.own_issued {
        let id = people::own_user(placed)?;
        return book
            .policy
            .guests
            .iter()
            .find(|record| text(record, "id").is_some_and(|record| same(record, id)));
    }
    let home = placed.token.home.recorded()?;
    let user = people::home_user(placed)?;
    let theirs = |record: &&Value| {
        let Some(ours) = record.get("crossgate") else {
            return false;
        };
        let of = |member: &str, id: &str| text(ours, member).is_some_and(|value| same(value, id));
        of("homeTenantId", home) && of("homeUserId", user)
    };
    let records = || book.policy.guests.iter().filter(theirs);
    records()
        .find(|record| !deleted(record))
        .or_else(|| records().next())
}

/// Whether a record names another home than the token does.
pub(super) fn contradicts(record: &Value, placed: &Placed<'_>) -> bool {
    let named = record
        .get("crossgate")
        .and_then(|ours| text(ours, "homeTenantId"));
    let Some(named) = named else { return false };
    match &placed.token.home {
        Home::Tenant { id, .. } => !same(named, id),
        Home::MicrosoftAccount => !same(named, MICROSOFT_ACCOUNTS),
        Home::Nobody => true,
    }
}

/// Step `guest`.
pub(super) fn check(book: &Book, case: &Value, placed: &Placed<'_>) -> Result<(), Refusal> {
    if !placed.inbound_user() {
        return Ok(());
    }
    let Some(record) = placed.record else {
        let own_token_of_a_microsoft_account =
            !placed.own_issued && matches!(placed.token.home, Home::MicrosoftAccount);
        let unvouched = placed.own_issued && book.guest_mode() == "required";
        return if own_token_of_a_microsoft_account || unvouched {
            Err(Refusal::new(STEP, 50020))
        } else {
            Ok(())
        };
    };
    if contradicts(record, placed) {
        return Err(Refusal::new(STEP, 50020));
    }
    let enabled = record
        .get("accountEnabled")
        .and_then(Value::as_bool)
        .unwrap_or(true);
    if deleted(record) || !enabled || expired(record, case) {
        return Err(Refusal::new(STEP, 50057));
    }
    if text(record, "externalUserState") == Some("PendingAcceptance") {
        return Err(Refusal::new(STEP, 50014));
    }
    if !consent_given(record) && !consent_is_automatic(book, case, placed) {
        return Err(Refusal::new(STEP, 65001));
    }
    Ok(())
}

fn deleted(record: &Value) -> bool {
    set(record, "deletedDateTime").is_some()
}

/// From the second that its end lies in, however much of it has passed then.
fn expired(record: &Value, case: &Value) -> bool {
    let ends = record
        .get("crossgate")
        .and_then(|ours| text(ours, "expiresDateTime"));
    let now = text(case, "now").expect("a case has a time");
    ends.is_some_and(|ends| seconds(now) >= seconds(ends).floor())
}

fn consent_given(record: &Value) -> bool {
    record
        .get("crossgate")
        .and_then(|ours| ours.get("consentGiven"))
        .and_then(Value::as_bool)
        .unwrap_or(true)
}

fn consent_is_automatic(book: &Book, case: &Value, placed: &Placed<'_>) -> bool {
    let Home::Tenant { id, clouds } = &placed.token.home else {
        return false;
    };
    let one_cloud = clouds.iter().all(|cloud| *cloud == book.own_cloud());
    let theirs = case
        .get("facts")
        .is_some_and(|facts| flag(facts, "partnerOutboundAllowed"));
    let stated = |document: &Value| {
        document
            .pointer("/automaticUserConsentSettings/inboundAllowed")
            .and_then(Value::as_bool)
    };
    let ours = book
        .partner(id)
        .and_then(stated)
        .or_else(|| stated(&book.policy.default))
        .unwrap_or(false);
    ours && theirs && one_cloud
}
