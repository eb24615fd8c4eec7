//! The cross-tenant access activity workbook: who came from where and went where, from a tenant down to a user and an app.

use http::StatusCode;
use serde_json::{Value, json};

use super::overview::or;
use super::sign_ins::{Chosen, WAYS_OF_ACTIVITY, of_log};
use super::{items, number, text};
use crate::api::Ask;
use crate::chart::{Bar, bars, share};
use crate::query::href;
use crate::render::Shown;
use crate::reply::Reply;

/// `/console/activity`.
pub(super) fn show(shown: &Shown<'_>) -> Reply {
    let chosen = Chosen::of(shown.visit);
    let ways = &WAYS_OF_ACTIVITY;
    if chosen.is_faulty() {
        let values =
            json!({ "chosen": chosen.shown(ways), "faulty": true, "fault": null, "tables": [] });
        return shown.page_with(
            StatusCode::BAD_REQUEST,
            "activity.html",
            "activity",
            &values,
        );
    }
    let sums = |by: &str| {
        let asked = chosen.of_activity(by);
        let asked: Vec<(&str, &str)> = asked
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        Ask::get("crossgate/activity").query(&asked).send(shown.api)
    };
    let over_time = match sums(chosen.step()) {
        Ok(told) => told.body,
        Err(failed) if failed.status == StatusCode::BAD_REQUEST => {
            let values = json!({ "chosen": chosen.shown(ways), "faulty": false, "fault": failed.message, "tables": [] });
            return shown.page_with(failed.status, "activity.html", "activity", &values);
        }
        Err(failed) => return shown.failed("activity", &failed),
    };
    let days = of_several_days(items(&over_time));
    let drawn: Vec<Bar> = items(&over_time)
        .iter()
        .map(|row| Bar {
            label: label(&text(row, "/from"), chosen.step(), days),
            counts: [number(row, "/inbound"), number(row, "/outbound")],
        })
        .collect();
    let mut complete = is_complete(&over_time);
    let total = |name: &str| -> u64 {
        let rows = items(&over_time).iter();
        rows.map(|row| number(row, &format!("/{name}"))).sum()
    };
    let mut tables = Vec::new();
    let wanted: &[&str] = match (chosen.tenant.is_empty(), chosen.user.is_empty()) {
        (true, true) => &["tenant", "app", "user", "status"],
        (false, true) => &["user", "app", "status"],
        (_, false) => &["app", "status"],
    };
    for by in wanted {
        let told = match sums(by) {
            Ok(told) => told.body,
            Err(failed) => return shown.failed("activity", &failed),
        };
        complete &= is_complete(&told);
        tables.push(table(shown, &chosen, by, &told));
    }
    let values = json!({
        "chosen": chosen.shown(ways),
        "faulty": false,
        "fault": null,
        "chart": bars(&drawn),
        "totals": [
            { "key": "inbound", "count": total("inbound") },
            { "key": "outbound", "count": total("outbound") },
            { "key": "succeeded", "count": total("successSignIns") },
            { "key": "failed", "count": total("failedSignIns") },
            { "key": "requests", "count": total("requests") },
        ],
        "complete": complete,
        "tables": tables,
        "sign_ins": chosen.href("/console/sign-ins", &of_log(&chosen)),
    });
    shown.page("activity.html", "activity", &values)
}

fn is_complete(told: &Value) -> bool {
    told.get("complete")
        .and_then(Value::as_bool)
        .unwrap_or(false)
}

/// Whether rows begin on more than one day.
fn of_several_days(rows: &[Value]) -> bool {
    let day = |row: &Value| text(row, "/from").split('T').next().map(str::to_owned);
    rows.first().map(day) != rows.last().map(day)
}

fn label(from: &str, step: &str, several_days: bool) -> String {
    let at = from.parse::<jiff::Timestamp>();
    let form = match step {
        "hour" if several_days => "%m-%d %H:%M",
        "hour" => "%H:%M",
        _ => "%m-%d",
    };
    at.map_or_else(|_| from.to_owned(), |at| at.strftime(form).to_string())
}

/// Sums by one thing, each with where it leads.
fn table(shown: &Shown<'_>, chosen: &Chosen, by: &str, told: &Value) -> Value {
    let rows = items(told);
    let most = rows.iter().map(|row| number(row, "/signIns")).max();
    let rows = rows.iter().map(|row| {
        let (id, name) = match by {
            "tenant" => (text(row, "/tenantId"), text(row, "/displayName")),
            "app" => (text(row, "/appId"), text(row, "/displayName")),
            "user" => (text(row, "/userId"), text(row, "/displayName")),
            _ => {
                let code = text(row, "/errorCode");
                let told = if code == "0" {
                    shown.say("activity.let-in")
                } else {
                    super::overview::reason(shown, &code)
                };
                (code, told)
            }
        };
        let path = match by {
            // A user's next step is what was decided about them.
            "user" if !chosen.tenant.is_empty() => "/console/sign-ins",
            "app" if !chosen.user.is_empty() => "/console/sign-ins",
            "status" => "/console/sign-ins",
            _ => "/console/activity",
        };
        let tenant = text(row, "/tenantId");
        let mut more = vec![(by, id.as_str())];
        if path == "/console/sign-ins" {
            more.extend(of_log(chosen));
        }
        if by == "user" && chosen.tenant.is_empty() {
            more.push(("tenant", &tenant));
        }
        json!({
            "id": id,
            "name": or(name, &id),
            "direction": row.get("direction"),
            "href": (!id.is_empty()).then(|| chosen.href(path, &more)),
            "count": number(row, "/signIns"),
            "failed": row.get("failedSignIns"),
            "users": row.get("users"),
            "requests": number(row, "/requests"),
            "share": share(number(row, "/signIns"), most.unwrap_or_default()),
        })
    });
    json!({
        "by": by,
        "rows": rows.collect::<Vec<_>>(),
        "left_off": number(told, "/leftOff"),
        "all": href("/console/activity", &[]),
    })
}
