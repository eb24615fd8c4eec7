//! Where an issuer's tokens say what: `[issuer.claims]`, and Entra's places where that is silent.
//!
//! Reading taken where the page is silent: `amr`, `groups`, `acrs` and `signin_state` are lists by definition, and a string is
//! of the wrong type there. What else an issuer names, `acr` for one, may be a string or a list of strings.

use serde_json::Value;

use super::raw::{text, texts};

/// Everything that a claim map places but the user's id.
const PLACED: [&str; 8] = [
    "groups",
    "auth_contexts",
    "mfa",
    "compliant_device",
    "hybrid_joined_device",
    "passwordless",
    "phishing_resistant",
    "resource_mfa",
];

/// The user's id at the issuer.
pub(super) fn user<'a>(issuer: &Value, claims: &'a Value) -> Option<&'a str> {
    found(issuer, claims, "user").and_then(Value::as_str)
}

/// The strings that stand there, or the one string.
pub(super) fn values<'a>(issuer: &Value, claims: &'a Value, name: &str) -> Vec<&'a str> {
    match found(issuer, claims, name) {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        Some(value) => value.as_str().into_iter().collect(),
        None => Vec::new(),
    }
}

/// Whether the claim there is, or contains, one of the values that prove a fact.
pub(super) fn shows(issuer: &Value, claims: &Value, name: &str) -> bool {
    let configured = issuer.get("claims").and_then(|map| map.get(name));
    let configured = configured.filter(|entry| entry.get("contains").is_some());
    let proofs = configured.map(|entry| texts(entry, "contains"));
    let proofs = proofs.unwrap_or_else(|| match name {
        "mfa" => vec!["mfa", "ngcmfa"],
        "compliant_device" => vec!["dvc_cmp"],
        "hybrid_joined_device" => vec!["dvc_dmjd"],
        "passwordless" => vec!["rsa", "swk", "hwk", "sc", "fido"],
        "phishing_resistant" => vec!["hwk", "sc", "fido"],
        _ => Vec::new(),
    });
    values(issuer, claims, name)
        .iter()
        .any(|value| proofs.contains(value))
}

/// Whether something of the wrong JSON type stands in one of the places.
pub(super) fn ill_typed(issuer: &Value, claims: &Value) -> bool {
    let user = found(issuer, claims, "user").is_some_and(|user| !user.is_string());
    user || PLACED.iter().any(|name| {
        let Some(value) = found(issuer, claims, name) else {
            return false;
        };
        let list_only = ["/amr", "/groups", "/acrs", "/signin_state"];
        let may_be_alone = !place(issuer, name).is_some_and(|place| list_only.contains(&place));
        let alone = value.is_string() && may_be_alone;
        let list = value
            .as_array()
            .is_some_and(|list| list.iter().all(Value::is_string));
        !alone && !list
    })
}

fn found<'a>(issuer: &Value, claims: &'a Value, name: &str) -> Option<&'a Value> {
    claims.pointer(place(issuer, name)?)
}

/// The JSON pointer to a fact.
fn place<'a>(issuer: &'a Value, name: &str) -> Option<&'a str> {
    let entra = text(issuer, "kind") == Some("entra");
    let configured = issuer.get("claims").and_then(|map| map.get(name));
    let configured = configured.and_then(|entry| entry.as_str().or_else(|| text(entry, "pointer")));
    configured.or(match name {
        "user" if entra => Some("/oid"),
        "user" => Some("/sub"),
        "groups" => Some("/groups"),
        "mfa" | "passwordless" | "phishing_resistant" => Some("/amr"),
        "compliant_device" | "hybrid_joined_device" => Some("/signin_state"),
        "auth_contexts" => Some("/acrs"),
        _ => None,
    })
}
