//! Section 8: what a payload alone can tell. Within the step the first code of section 12 is reported, so the rules stand in
//! that order: form (50027), issuer (50013), audience (50010), time (500133).
//!
//! Readings taken where the page is silent:
//! - a claim is read, and so must have its JSON type, whoever issued the token, also where it would then count as absent;
//! - an `aud` without any member is missing;
//! - `ver` is read of Entra's tokens only: other providers use the name for other things;
//! - any `cnf` needs a proof, whichever members it has.

use serde_json::Value;

use super::claim_map;
use super::home::{self, Token};
use super::ids::same;
use super::raw::{self, Book, flag, text};

/// The clocks of two machines may differ by a minute.
const LEEWAY: f64 = 60.0;

const TIMES: [&str; 4] = ["exp", "nbf", "iat", "auth_time"];
const STRINGS: [&str; 14] = [
    "iss",
    "sub",
    "oid",
    "tid",
    "idp",
    "azp",
    "appid",
    "scp",
    "idtyp",
    "home_oid",
    "sid",
    "uti",
    "jti",
    "xms_trpid",
];
const LISTS: [&str; 2] = ["roles", "wids"];

/// Step `token`: who the token says is calling, or the code it is refused with.
pub(super) fn check<'a>(
    book: &'a Book,
    case: &Value,
    app: &'a Value,
    issuer: &'a Value,
    claims: &'a Value,
) -> Result<Token<'a>, u64> {
    if ill_formed(issuer, claims) || depth(claims) > 16 || is_id_token(claims) {
        return Err(50027);
    }
    let token = home::token(book, app, issuer, claims).ok_or(50013_u64)?;
    let proven = case
        .get("facts")
        .is_some_and(|facts| flag(facts, "proofOfPossession"));
    if claims.get("cnf").is_some() && !proven {
        return Err(50013);
    }
    let audiences = raw::texts(app, "audiences");
    if !audience(claims).iter().any(|aud| audiences.contains(aud)) {
        return Err(50010);
    }
    let now = raw::seconds(text(case, "now").expect("a case has a time"));
    if out_of_time(claims, now) {
        return Err(500_133);
    }
    Ok(token)
}

fn ill_formed(issuer: &Value, claims: &Value) -> bool {
    let has = |name: &str| claims.get(name).is_some();
    if !has("iss") || !has("aud") || !has("exp") || (!has("sub") && !has("oid")) {
        return true;
    }
    let entra = text(issuer, "kind") == Some("entra");
    if entra && !has("tid") {
        return true;
    }
    let wrong =
        |name: &str, right: fn(&Value) -> bool| claims.get(name).is_some_and(|value| !right(value));
    TIMES.iter().any(|name| wrong(name, is_time))
        || STRINGS.iter().any(|name| wrong(name, Value::is_string))
        || LISTS.iter().any(|name| wrong(name, is_string_list))
        || wrong("aud", |aud| {
            aud.is_string() || (is_string_list(aud) && *aud != Value::Array(Vec::new()))
        })
        || (entra && wrong("ver", Value::is_string))
        || wrong("acct", Value::is_number)
        || wrong("hasgroups", Value::is_boolean)
        || wrong("_claim_names", |names| {
            names.is_object() && names.get("groups").is_none_or(Value::is_string)
        })
        || wrong("cnf", Value::is_object)
        || claim_map::ill_typed(issuer, claims)
}

/// How deep objects and lists are nested; the payload itself is the first.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn is_time(value: &Value) -> bool {
    value
        .as_f64()
        .is_some_and(|time| (0.0..9_007_199_254_740_992.0).contains(&time))
}

fn is_string_list(value: &Value) -> bool {
    value
        .as_array()
        .is_some_and(|list| list.iter().all(Value::is_string))
}

/// An ID token is not an access token: it bears a `nonce`, or is meant for the very client that calls.
fn is_id_token(claims: &Value) -> bool {
    let has = |name: &str| claims.get(name).is_some();
    if has("nonce") {
        return true;
    }
    if has("scp") || has("roles") || has("idtyp") {
        return false;
    }
    let clients = [text(claims, "azp"), text(claims, "appid")];
    clients
        .iter()
        .flatten()
        .any(|client| audience(claims).iter().any(|aud| same(aud, client)))
}

fn audience(claims: &Value) -> Vec<&str> {
    match text(claims, "aud") {
        Some(one) => vec![one],
        None => raw::texts(claims, "aud"),
    }
}

fn out_of_time(claims: &Value, now: f64) -> bool {
    let time = |name: &str| claims.get(name).and_then(Value::as_f64);
    let in_the_future = |name: &str| time(name).is_some_and(|time| time - LEEWAY > now);
    let expired = time("exp").is_none_or(|exp| now >= exp + LEEWAY);
    expired || in_the_future("nbf") || in_the_future("iat") || in_the_future("auth_time")
}
