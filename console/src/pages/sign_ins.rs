//! The sign-in log, filtered as the workbook is.

use crossgate_control::sign_ins::Crossed;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::overview::or;
use super::{items, text, time};
use crate::api::{Ask, part, quoted};
use crate::query::{href, skip_token};
use crate::render::Shown;
use crate::reply::Reply;
use crate::visit::Visit;

/// What was chosen in the filter above workbook and log.
pub(super) struct Chosen {
    pub(super) range: String,
    pub(super) since: String,
    pub(super) until: String,
    pub(super) direction: String,
    pub(super) tenant: String,
    pub(super) app: String,
    pub(super) user: String,
    pub(super) status: String,
    from: Timestamp,
    to: Timestamp,
    /// Fields of which nothing can be made, each with the text that says so.
    faults: Vec<(&'static str, &'static str)>,
}

/// The ranges that one chooses from, in hours.
const RANGES: [(&str, i64); 4] = [("1h", 1), ("24h", 24), ("7d", 7 * 24), ("30d", 30 * 24)];

/// Both ways over the border: what the workbook shows where no way is chosen, and the log only if asked.
const CROSSING: &str = "crossing";

impl Chosen {
    pub(super) fn of(visit: &Visit) -> Self {
        let asked = |name: &str| visit.asked(name);
        let (since, until) = (asked("since"), asked("until"));
        let named = asked("range");
        let known = RANGES.iter().find(|(name, _)| *name == named);
        let (range, hours) = known.copied().unwrap_or(("24h", 24));
        let custom = named == "custom";
        let mut faults = Vec::new();
        let mut read = |name, text: &str| {
            let at = moment(text);
            if custom && at.is_none() && !text.is_empty() {
                faults.push((name, "filter.no-time"));
            }
            at.filter(|_| custom)
        };
        let (first, last) = (read("since", &since), read("until", &until));
        let to = last.unwrap_or(visit.now);
        let before = to.saturating_sub(SignedDuration::from_hours(hours));
        let from = first.unwrap_or_else(|| before.unwrap_or(to));
        if custom && from >= to && faults.is_empty() {
            faults.push(("since", "filter.not-before"));
        }
        Self {
            range: if custom { "custom" } else { range }.to_owned(),
            from,
            to,
            since,
            until,
            direction: asked("direction"),
            tenant: asked("tenant"),
            app: asked("app"),
            user: asked("user"),
            status: asked("status"),
            faults,
        }
    }

    /// Nothing can be asked for by this choice.
    pub(super) const fn is_faulty(&self) -> bool {
        !self.faults.is_empty()
    }

    /// How time is taken apart in a chart.
    pub(super) fn step(&self) -> &'static str {
        let hours = self.to.duration_since(self.from).as_hours();
        if hours <= 72 { "hour" } else { "day" }
    }

    /// The query of sums.
    pub(super) fn of_activity(&self, by: &str) -> Vec<(&'static str, String)> {
        vec![
            ("since", self.from.to_string()),
            ("until", self.to.to_string()),
            ("by", by.to_owned()),
            (
                "direction",
                if self.direction == CROSSING {
                    ""
                } else {
                    &self.direction
                }
                .to_owned(),
            ),
            ("tenant", self.tenant.clone()),
            ("app", self.app.clone()),
            ("user", self.user.clone()),
            ("status", self.status.clone()),
            ("top", "25".to_owned()),
            // How many users there were is dear where there were very many.
            (
                "count",
                if by == "tenant" { "users" } else { "" }.to_owned(),
            ),
        ]
    }

    /// The same choice with some of it replaced, elsewhere.
    pub(super) fn href(&self, path: &str, other: &[(&str, &str)]) -> String {
        let mut all: Vec<(&str, &str)> = self.pairs().to_vec();
        for (name, value) in other {
            match all.iter_mut().find(|(known, _)| known == name) {
                Some(known) => known.1 = value,
                None => all.push((name, value)),
            }
        }
        href(path, &all)
    }

    fn pairs(&self) -> [(&str, &str); 8] {
        [
            ("range", &self.range),
            ("since", &self.since),
            ("until", &self.until),
            ("direction", &self.direction),
            ("tenant", &self.tenant),
            ("app", &self.app),
            ("user", &self.user),
            ("status", &self.status),
        ]
    }

    /// The filter as a page shows it, with these ways to choose from.
    pub(super) fn shown(&self, ways: &[&str]) -> Value {
        let ranges = RANGES.iter().map(|(name, _)| *name).chain(["custom"]);
        let ranges = ranges.map(|name| json!({ "key": name, "chosen": name == self.range }));
        let options = |names: &[&str], chosen: &str| -> Vec<Value> {
            let options = names.iter();
            options
                .map(|name| json!({ "key": name, "chosen": *name == chosen }))
                .collect()
        };
        let code = self.status.bytes().all(|byte| byte.is_ascii_digit());
        let fault = |field: &str| {
            let (_, text) = self.faults.iter().find(|(name, _)| *name == field)?;
            Some(*text)
        };
        json!({
            "ranges": ranges.collect::<Vec<_>>(),
            "since": self.since,
            "until": self.until,
            "faults": { "since": fault("since"), "until": fault("until") },
            "directions": options(ways, &self.direction),
            "statuses": options(&["", "success", "failure"], &self.status),
            "code": if code { self.status.as_str() } else { "" },
            "tenant": self.tenant,
            "app": self.app,
            "user": self.user,
            "from": time(&self.from.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            "to": time(&self.to.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        })
    }

    /// The `$filter` of the log.
    fn filter(&self, own: &str) -> String {
        let at = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        // As sums have it: the end belongs to what comes next.
        let mut all = vec![
            format!("createdDateTime ge {}", at(self.from)),
            format!("createdDateTime lt {}", at(self.to)),
        ];
        let tenant = Some(self.tenant.as_str()).filter(|tenant| !tenant.is_empty());
        let way = |way: Crossed| way.filter(own, tenant);
        let both = || format!("({} or {})", way(Crossed::Inbound), way(Crossed::Outbound));
        match (self.direction.as_str(), tenant) {
            ("inbound", _) => all.push(way(Crossed::Inbound)),
            ("outbound", _) => all.push(way(Crossed::Outbound)),
            (CROSSING, _) => all.push(both()),
            // Of the own tenant nobody crossed to or from it.
            (_, Some(tenant)) if tenant.eq_ignore_ascii_case(own) => {
                let own = quoted(own);
                all.push(format!(
                    "(homeTenantId eq {own} or resourceTenantId eq {own})"
                ));
            }
            (_, Some(_)) => all.push(both()),
            (_, None) => {}
        }
        if !self.app.is_empty() {
            all.push(format!("resourceId eq {}", quoted(&self.app)));
        }
        if !self.user.is_empty() {
            let user = quoted(&self.user);
            all.push(format!("(userId eq {user} or userPrincipalName eq {user})"));
        }
        match self.status.as_str() {
            "success" => all.push("status/errorCode eq 0".to_owned()),
            "failure" => all.push("status/errorCode ne 0".to_owned()),
            code if !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit()) => {
                all.push(format!("status/errorCode eq {code}"));
            }
            _ => {}
        }
        all.join(" and ")
    }
}

/// A time as a form sends it, or as the API does.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let whole = if text.ends_with('Z') {
        text.to_owned()
    } else if text.len() == "2026-01-31T12:00".len() {
        format!("{text}:00Z")
    } else {
        format!("{text}Z")
    };
    whole.parse().ok()
}

/// `/console/sign-ins`.
pub(super) fn show(shown: &Shown<'_>) -> Reply {
    let chosen = Chosen::of(shown.visit);
    if chosen.is_faulty() {
        let values = json!({ "chosen": chosen.shown(&WAYS_OF_LOG), "rows": [], "faulty": true });
        return shown.page_with(
            StatusCode::BAD_REQUEST,
            "sign-ins.html",
            "sign-ins",
            &values,
        );
    }
    let token = shown.visit.asked("skiptoken");
    let filter = chosen.filter(&shown.visit.own);
    let asked = [
        ("$filter", filter.as_str()),
        ("$top", "50"),
        ("$skiptoken", &token),
    ];
    let told = match Ask::get("auditLogs/signIns").query(&asked).send(shown.api) {
        Ok(told) => told.body,
        Err(failed) => return shown.failed("sign-ins", &failed),
    };
    let rows = items(&told).iter().map(row);
    let next = skip_token(&told).map(|next| {
        let (until, since) = (chosen.to.to_string(), chosen.from.to_string());
        // The times of now would be others on the next page.
        let fixed = [("range", "custom"), ("since", &since), ("until", &until)];
        chosen.href(
            "/console/sign-ins",
            &[&fixed[..], &[("skiptoken", &next)]].concat(),
        )
    });
    let values = json!({
        "chosen": chosen.shown(&WAYS_OF_LOG),
        "faulty": false,
        "rows": rows.collect::<Vec<_>>(),
        "first": (!token.is_empty()).then(|| chosen.href("/console/sign-ins", &[])),
        "next": next,
        "activity": chosen.href("/console/activity", &of_activity(&chosen)),
    });
    shown.page("sign-ins.html", "sign-ins", &values)
}

/// Ways that the log can be filtered by.
const WAYS_OF_LOG: [&str; 4] = ["", CROSSING, "inbound", "outbound"];

/// Ways that the workbook can be.
pub(super) const WAYS_OF_ACTIVITY: [&str; 3] = ["", "inbound", "outbound"];

/// The workbook shows who crossed the border, whatever way is chosen.
fn of_activity(chosen: &Chosen) -> Vec<(&'static str, &'static str)> {
    let all_ways = chosen.direction == CROSSING;
    all_ways.then_some(("direction", "")).into_iter().collect()
}

/// The log shows everybody where no way is chosen: what leads there from the workbook chooses those that it shows.
pub(super) fn of_log(chosen: &Chosen) -> Vec<(&'static str, &'static str)> {
    let all_ways = chosen.direction.is_empty();
    all_ways
        .then_some(("direction", CROSSING))
        .into_iter()
        .collect()
}

/// Which way somebody went; `None` where nobody knows.
fn direction(event: &Value) -> Option<&str> {
    let named = event
        .pointer("/crossgate/direction")
        .and_then(Value::as_str);
    named.filter(|named| WAYS.contains(named))
}

/// As events name them.
const WAYS: [&str; 4] = ["inbound", "outbound", "internal", "tenant-restricted"];

fn row(event: &Value) -> Value {
    let code = event.pointer("/status/errorCode").and_then(Value::as_u64);
    let code = code.unwrap_or_default();
    let outcome = text(event, "/crossgate/outcome");
    let user = or(
        text(event, "/userDisplayName"),
        &text(event, "/servicePrincipalName"),
    );
    json!({
        "at": time(&text(event, "/createdDateTime")),
        "user": or(user, &text(event, "/userPrincipalName")),
        "upn": text(event, "/userPrincipalName"),
        "app": or(text(event, "/resourceDisplayName"), &text(event, "/resourceId")),
        "home": text(event, "/homeTenantId"),
        "direction": direction(event),
        "let_in": outcome == "allow",
        "code": code,
        "address": text(event, "/ipAddress"),
        "count": event.pointer("/crossgate/count"),
        "href": format!("/console/decisions/{}", part(&text(event, "/correlationId"))),
    })
}
