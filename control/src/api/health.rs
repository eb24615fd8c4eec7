//! `crossgate/health`: how the gateway is, for people who look after it. Alarms belong to its metrics.

use serde_json::json;

use super::Api;
use super::asked::Asked;
use super::call::Reply;
use super::error::ApiError;

/// What the gateway and the store tell of themselves.
pub(super) fn get(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    debug_assert!(asked.parameters.is_empty());
    let enforcer = api.ledger.enforcer();
    let health = enforcer.health();
    let settings = api.settings();
    let head = api.ledger.store().head()?;
    let issuers = health.issuers.iter().map(|issuer| {
        json!({
            "name": issuer.name, "issuer": issuer.issuer, "keys": issuer.keys, "keysAgeInSeconds": issuer.age,
        })
    });
    let sinks = health
        .sinks
        .iter()
        .map(|sink| json!({ "name": sink.name, "written": sink.written, "failed": sink.failed }));
    let receivers = health.receivers.iter().map(|receiver| {
        json!({
            "name": receiver.name, "waiting": receiver.waiting, "secondsBehind": receiver.behind, "delivered": receiver.delivered,
            "lost": receiver.lost, "failedSendings": receiver.failed,
        })
    });
    let partners = health.partner_gateways.iter().map(|partner| {
        json!({ "displayName": partner.name, "address": partner.address, "known": partner.known })
    });
    Ok(Reply::ok(json!({
        "version": health.version,
        "gateway": enforcer.gateway(),
        "snapshot": health.snapshot,
        "generation": health.generation,
        "enforcement": match settings.enforcement {
            crossgate_config::Enforcement::Enforce => "enforce",
            crossgate_config::Enforcement::ReportOnly => "report-only",
        },
        "lastChange": head.sequence,
        "signInsKept": enforcer.sign_ins().is_some(),
        "issuers": issuers.collect::<Vec<_>>(),
        "sinks": sinks.collect::<Vec<_>>(),
        "receivers": receivers.collect::<Vec<_>>(),
        "partnerGateways": partners.collect::<Vec<_>>(),
        "sessions": health.sessions,
        "waitingEvents": health.waiting_events,
    })))
}
