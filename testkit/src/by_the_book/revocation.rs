//! Section 6, step `revocation`.
//!
//! Readings taken where the page is silent:
//! - a revocation of tenant 9188040d-… revokes every Microsoft account;
//! - a record that contradicts the token is still the record that was found, so its revocation binds;
//! - one that names a `tenant` binds an id in that tenant's directory alone: a user's home id where the home tenant is that one,
//!   the own id where the own tenant is; a session or a token where that tenant issued the token.

use serde_json::Value;

use super::access::Placed;
use super::answer::Refusal;
use super::ids::same;
use super::people;
use super::raw::{Book, entries, seconds, text};

/// Step `revocation`: nothing about this subject was revoked after it signed in.
pub(super) fn check(book: &Book, case: &Value, placed: &Placed<'_>) -> Result<(), Refusal> {
    let given = case
        .get("facts")
        .map_or(&[][..], |facts| entries(facts, "revocations"));
    for revocation in book.policy.revocations.iter().chain(given) {
        if names(book, revocation, placed) && later(revocation, placed) {
            return Err(Refusal::new("revocation", 50173));
        }
    }
    Ok(())
}

fn names(book: &Book, revocation: &Value, placed: &Placed<'_>) -> bool {
    let id = text(revocation, "id").unwrap_or_default();
    let is = |subject: Option<&str>| subject.is_some_and(|subject| same(subject, id));
    let claim = |name: &str| text(placed.token.claims, name);
    let within = |tenant: Option<&str>| match text(revocation, "tenant") {
        Some(bound) => tenant.is_some_and(|tenant| same(tenant, bound)),
        None => true,
    };
    let issued_within = within(Some(placed.token.issuer_tenant));
    match text(revocation, "kind") {
        Some("user") => {
            let at_home = is(people::home_user(placed)) && within(placed.token.home.recorded());
            at_home || (is(people::own_user(placed)) && within(Some(book.own_tenant())))
        }
        Some("guest") => is(placed.record.and_then(|record| text(record, "id"))),
        Some("session") => is(claim("sid")) && issued_within,
        Some("token") => (is(claim("uti")) || is(claim("jti"))) && issued_within,
        Some("tenant") => is(placed.token.home.recorded()),
        _ => false,
    }
}

fn later(revocation: &Value, placed: &Placed<'_>) -> bool {
    let time = |name: &str| placed.token.claims.get(name).and_then(Value::as_f64);
    let earlier = match (time("auth_time"), time("iat")) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    let not_before = seconds(text(revocation, "notBefore").expect("a revocation has a time"));
    earlier.is_none_or(|signed_in| not_before > signed_in)
}
