//! The sign-in log, filtered as the workbook is.

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
}

/// The ranges that one chooses from, in hours.
const RANGES: [(&str, i64); 4] = [("1h", 1), ("24h", 24), ("7d", 7 * 24), ("30d", 30 * 24)];

impl Chosen {
    pub(super) fn of(visit: &Visit) -> Self {
        let asked = |name: &str| visit.asked(name);
        let (since, until) = (asked("since"), asked("until"));
        let named = asked("range");
        let known = RANGES.iter().find(|(name, _)| *name == named);
        let custom = named == "custom" && moment(&since).is_some();
        let (range, hours) = known.copied().unwrap_or(("24h", 24));
        let now = visit.now;
        let to = moment(&until).filter(|_| custom).unwrap_or(now);
        let before = to.saturating_sub(SignedDuration::from_hours(hours));
        let from = moment(&since).filter(|from| custom && *from < to);
        Self {
            range: if custom { "custom" } else { range }.to_owned(),
            from: from.unwrap_or_else(|| before.unwrap_or(now)),
            to,
            since,
            until,
            direction: asked("direction"),
            tenant: asked("tenant"),
            app: asked("app"),
            user: asked("user"),
            status: asked("status"),
        }
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
            ("direction", self.direction.clone()),
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

    pub(super) fn shown(&self) -> Value {
        let ranges = RANGES.iter().map(|(name, _)| *name).chain(["custom"]);
        let ranges = ranges.map(|name| json!({ "key": name, "chosen": name == self.range }));
        let options = |names: &[&str], chosen: &str| -> Vec<Value> {
            let options = names.iter();
            options
                .map(|name| json!({ "key": name, "chosen": *name == chosen }))
                .collect()
        };
        let code = self.status.bytes().all(|byte| byte.is_ascii_digit());
        json!({
            "ranges": ranges.collect::<Vec<_>>(),
            "since": self.since,
            "until": self.until,
            "directions": options(&["", "inbound", "outbound"], &self.direction),
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
    fn filter(&self) -> String {
        let at = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let mut all = vec![
            format!("createdDateTime ge {}", at(self.from)),
            format!("createdDateTime le {}", at(self.to)),
        ];
        match self.direction.as_str() {
            "inbound" | "outbound" => {
                let direction = &self.direction;
                all.push(format!("crossgate/direction eq '{direction}'"));
            }
            _ => {}
        }
        if !self.tenant.is_empty() {
            let tenant = quoted(&self.tenant);
            all.push(format!(
                "(homeTenantId eq {tenant} or resourceTenantId eq {tenant})"
            ));
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
    let token = shown.visit.asked("skiptoken");
    let filter = chosen.filter();
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
        "chosen": chosen.shown(),
        "rows": rows.collect::<Vec<_>>(),
        "first": (!token.is_empty()).then(|| chosen.href("/console/sign-ins", &[])),
        "next": next,
        "activity": chosen.href("/console/activity", &[]),
    });
    shown.page("sign-ins.html", "sign-ins", &values)
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
