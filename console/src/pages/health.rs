//! How the gateway is.

use serde_json::{Value, json};

use super::{number, text};
use crate::api::Ask;
use crate::render::Shown;
use crate::reply::Reply;

/// `/console/health`.
pub(super) fn show(shown: &Shown<'_>) -> Reply {
    let health = match Ask::get("crossgate/health").send(shown.api) {
        Ok(told) => told.body,
        Err(failed) => return shown.failed("health", &failed),
    };
    let rows = |name: &str| health.get(name).and_then(Value::as_array).cloned();
    let issuers = rows("issuers")
        .unwrap_or_default()
        .into_iter()
        .map(|issuer| {
            let age = issuer.get("keysAgeInSeconds").and_then(Value::as_f64);
            json!({
                "name": text(&issuer, "/name"),
                "issuer": text(&issuer, "/issuer"),
                "keys": issuer.get("keys"),
                "minutes": age.map(|age| (age / 60.0).floor()),
            })
        });
    let values = json!({
        "gateway": text(&health, "/gateway"),
        "version": text(&health, "/version"),
        "snapshot": text(&health, "/snapshot"),
        "generation": number(&health, "/generation"),
        "enforcement": text(&health, "/enforcement"),
        "last_change": number(&health, "/lastChange"),
        "sessions": number(&health, "/sessions"),
        "waiting": number(&health, "/waitingEvents"),
        "issuers": issuers.collect::<Vec<_>>(),
        "sinks": rows("sinks").unwrap_or_default(),
        "receivers": rows("receivers").unwrap_or_default(),
        "partners": rows("partnerGateways").unwrap_or_default(),
    });
    shown.page("health.html", "health", &values)
}
