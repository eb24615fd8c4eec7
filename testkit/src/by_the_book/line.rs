//! Which lines of `crossgate decide` can be read at all.

use serde_json::Value;

use super::ids::{is_guid, same};

/// What is wrong with a line, if anything: the types of what the interface names. A payload is a token's matter, not the line's.
pub(super) fn unreadable(case: &Value) -> Option<&'static str> {
    if !case.get("app").is_some_and(Value::is_string) {
        return Some("`app` is not a string");
    }
    if !case.get("now").is_some_and(is_time) {
        return Some("`now` is not a time");
    }
    let address = case.get("client_ip").filter(|address| !address.is_null());
    if !address.is_none_or(|address| {
        address
            .as_str()
            .is_some_and(|text| text.parse::<std::net::IpAddr>().is_ok())
    }) {
        return Some("`client_ip` is not an address");
    }
    let revocations = case.pointer("/facts/revocations").and_then(Value::as_array);
    if !revocations.is_none_or(|list| list.iter().all(is_revocation)) {
        return Some("a revocation cannot be read");
    }
    None
}

fn is_revocation(revocation: &Value) -> bool {
    let kind = revocation
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let known = ["user", "guest", "session", "token", "tenant"].contains(&kind);
    let id = revocation.get("id").and_then(Value::as_str);
    let tenant = revocation.get("tenant").filter(|tenant| !tenant.is_null());
    let tenant_fits = tenant.is_none_or(|tenant| {
        let tenant = tenant.as_str().filter(|tenant| is_guid(tenant));
        tenant.is_some_and(|tenant| match kind {
            "guest" => false,
            "tenant" => id.is_some_and(|id| same(id, tenant)),
            _ => true,
        })
    });
    known && id.is_some() && tenant_fits && revocation.get("notBefore").is_some_and(is_time)
}

fn is_time(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok())
}
