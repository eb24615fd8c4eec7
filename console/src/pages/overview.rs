//! The first page: the last day at a glance.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{items, number, text, time};
use crate::api::Ask;
use crate::chart::{share, sparkline};
use crate::query::href;
use crate::render::Shown;
use crate::reply::Reply;

/// `/console`.
pub(super) fn show(shown: &Shown<'_>) -> Reply {
    // Whole hours, which are kept added up, and what there was of this one.
    let second = shown.visit.now.as_second();
    let since = Timestamp::from_second(second - second.rem_euclid(HOUR) - 23 * HOUR);
    let since = since.unwrap_or(shown.visit.now).to_string();
    // What a visitor may not see is not asked for: the audit would keep it as an attempt.
    let sees_sign_ins = shown.may("signInReports/allProperties/read");
    let sums = |by: &str, more: &[(&str, &str)]| {
        if !sees_sign_ins {
            return None;
        }
        let asked = [("since", since.as_str()), ("by", by)];
        let asked: Vec<(&str, &str)> = asked.iter().chain(more).copied().collect();
        let told = Ask::get("crossgate/activity").query(&asked).send(shown.api);
        told.ok().map(|told| told.body)
    };
    let hours = sums("hour", &[("direction", "any")]);
    let of_hours = |name: &str| -> Vec<u64> {
        let rows = hours.as_ref().map(items).unwrap_or_default();
        rows.iter()
            .map(|row| number(row, &format!("/{name}")))
            .collect()
    };
    // Exactly these: what is added up here is what is listed there.
    let until = shown.visit.now.to_string();
    let these_hours = [
        ("range", "custom"),
        ("since", since.as_str()),
        ("until", until.as_str()),
    ];
    let tiles = [
        ("inbound", "inbound", &[("direction", "inbound")][..]),
        ("outbound", "outbound", &[("direction", "outbound")]),
        ("refused", "failedSignIns", &[("status", "failure")]),
    ];
    let tiles = tiles.map(|(key, member, query)| {
        let line = of_hours(member);
        json!({
            "key": key,
            "count": line.iter().sum::<u64>(),
            "line": sparkline(&line),
            "href": href("/console/sign-ins", &[&these_hours[..], query].concat()),
        })
    });
    let tenants = sums("tenant", &[("top", "5")]);
    let tenants = tenants.as_ref().map(items).unwrap_or_default();
    let most = tenants.iter().map(|row| number(row, "/signIns")).max();
    let tenants = tenants.iter().map(|row| {
        let id = text(row, "/tenantId");
        json!({
            "name": or(text(row, "/displayName"), &id),
            "direction": text(row, "/direction"),
            "count": number(row, "/signIns"),
            "share": share(number(row, "/signIns"), most.unwrap_or_default()),
            "href": href("/console/activity", &[&these_hours[..], &[("tenant", &id)]].concat()),
        })
    });
    let reasons = sums(
        "status",
        &[("status", "failure"), ("direction", "any"), ("top", "6")],
    );
    let reasons = reasons.as_ref().map(items).unwrap_or_default();
    let reasons = reasons.iter().map(|row| {
        let code = text(row, "/errorCode");
        let query = [&these_hours[..], &[("status", code.as_str())]].concat();
        json!({
            "code": code,
            "told": reason(shown, &code),
            "count": number(row, "/signIns"),
            "href": href("/console/sign-ins", &query),
        })
    });
    let health = Ask::get("crossgate/health").send(shown.api).ok();
    let health = health.map(|told| {
        let issuers = told.body.get("issuers").and_then(Value::as_array);
        let without = issuers.into_iter().flatten();
        let without = without.filter(|issuer| issuer.get("keys").is_none_or(Value::is_null));
        json!({
            "version": text(&told.body, "/version"),
            // Enough to tell it from others.
            "snapshot": text(&told.body, "/snapshot").chars().take(12).collect::<String>(),
            "enforcement": text(&told.body, "/enforcement"),
            "without_keys": without.count(),
        })
    });
    let sees_audits = shown.may("auditLogs/allProperties/read");
    let changes = sees_audits.then(|| {
        Ask::get("auditLogs/directoryAudits")
            .query(&[("$top", "5"), ("$filter", "result eq 'success'")])
            .send(shown.api)
    });
    let changes = changes.and_then(Result::ok);
    let changes = changes.map(|told| {
        let rows = items(&told.body).iter().map(|record| {
            json!({
                "name": text(record, "/activityDisplayName"),
                "by": super::history::by(record),
                "at": time(&text(record, "/activityDateTime")),
                "href": format!("/console/history/{}", crate::api::part(&text(record, "/id"))),
            })
        });
        rows.collect::<Vec<_>>()
    });
    let values = json!({
        "kept": hours.is_some(),
        "sees_sign_ins": sees_sign_ins,
        "tiles": tiles,
        "tenants": tenants.collect::<Vec<_>>(),
        "reasons": reasons.collect::<Vec<_>>(),
        "health": health,
        "changes": changes,
    });
    shown.page("overview.html", "overview", &values)
}

/// What a code means, in a few words.
pub(super) fn reason(shown: &Shown<'_>, code: &str) -> String {
    shown.say_or(&format!("code.{code}"), &shown.say("code.other"))
}

/// A text, or another where it is empty.
pub(super) fn or(text: String, other: &str) -> String {
    if text.is_empty() {
        other.to_owned()
    } else {
        text
    }
}

/// Seconds.
const HOUR: i64 = 60 * 60;
