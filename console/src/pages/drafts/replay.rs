//! Recorded sign-ins under a draft: who would lose access, and who would gain it.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::organizations::name_of;
use super::super::overview::{or, reason};
use super::super::sign_ins::moment;
use super::{acts, number, text, time};
use crate::api::{Ask, Failed, part};
use crate::draft::{DRAFTS, PAGE};
use crate::form::Problem;
use crate::render::Shown;
use crate::reply::Reply;

/// How far back one goes, in hours; `custom` has times of its own.
const RANGES: [(&str, i64); 3] = [("24h", 24), ("7d", 7 * 24), ("30d", 30 * 24)];

const CUSTOM: &str = "custom";

const AGAINST: [&str; 2] = ["recorded", "in-force"];

/// Rows of each table.
const TOP: &str = "200";

/// `/console/drafts/ID/replay`.
pub(in super::super) fn open(shown: &Shown<'_>, id: &str) -> Reply {
    if !shown.visit.changes() {
        return page(shown, id, None);
    }
    let path = format!("{DRAFTS}/{}/replay", part(id));
    let ask = if shown.visit.field(acts::DO) == "end" {
        Ok(Ask::of(Method::DELETE, &path))
    } else {
        wanted(shown).map(|body| Ask::of(Method::POST, &path).body(&body))
    };
    match ask.and_then(|ask| shown.change(ask)) {
        Ok(_) => Reply::Go(here(id)),
        Err(problem) if problem.more_needed() => Reply::MoreNeeded,
        Err(problem) => page(shown, id, Some(&problem)),
    }
}

fn here(id: &str) -> String {
    format!("{PAGE}/{}/replay", part(id))
}

/// What the form asks for.
fn wanted(shown: &Shown<'_>) -> Result<Value, Problem> {
    let visit = shown.visit;
    let range = visit.field("range");
    let (since, until) = if range == CUSTOM {
        let at = |name: &str| {
            let at = moment(visit.field(name));
            at.ok_or_else(|| Problem::of(name, shown.say("replay.no-time")))
        };
        let until = if visit.field("until").is_empty() {
            visit.now
        } else {
            at("until")?
        };
        (at("since")?, until)
    } else {
        let known = RANGES.iter().find(|(name, _)| *name == range);
        let (_, hours) = known.ok_or_else(|| Problem::of("range", shown.say("replay.no-range")))?;
        // Whoever fills in a time means it: another one is not taken in its place without a word.
        if ["since", "until"]
            .iter()
            .any(|name| !visit.field(name).is_empty())
        {
            return Err(Problem::of("range", shown.say("replay.two-times")));
        }
        let since = visit.now.checked_sub(SignedDuration::from_hours(*hours));
        (since.unwrap_or(Timestamp::UNIX_EPOCH), visit.now)
    };
    Ok(json!({
        "since": since.to_string(),
        "until": until.to_string(),
        "against": visit.field("against"),
    }))
}

/// What a draft's last replay found, if there was one, and who visits may see it.
fn last(shown: &Shown<'_>, id: &str, top: &str) -> Result<Option<Value>, Failed> {
    let path = format!("{DRAFTS}/{}/replay", part(id));
    match Ask::get(&path).query(&[("top", top)]).send(shown.api) {
        Ok(told) => Ok(Some(told.body)),
        Err(failed) if failed.status == StatusCode::NOT_FOUND => Ok(None),
        Err(failed) => Err(failed),
    }
}

/// The same in a few words; null for who may not see sign-ins.
pub(super) fn in_short(shown: &Shown<'_>, draft: &Value) -> Value {
    if !shown.may("signInReports/allProperties/read") {
        return Value::Null;
    }
    let found = last(shown, &text(draft, "/id"), "1").ok().flatten();
    let Some(found) = found else {
        return json!({ "state": "none" });
    };
    json!({
        "state": text(&found, "/state"),
        "looked_at": number(&found, "/eventsLookedAt"),
        "loses": number(&found, "/loses/users"),
        "gains": number(&found, "/gains/users"),
        "revision": number(&found, "/draftRevision"),
        "is_old": number(&found, "/draftRevision") != number(draft, "/revision"),
    })
}

fn page(shown: &Shown<'_>, id: &str, problem: Option<&Problem>) -> Reply {
    let values = match values(shown, id, problem) {
        Ok(values) => values,
        Err(failed) => return shown.failed("drafts", &failed),
    };
    match problem {
        Some(problem) => shown.page_with(problem.status(), "replay.html", "drafts", &values),
        None => shown.page("replay.html", "drafts", &values),
    }
}

fn values(shown: &Shown<'_>, id: &str, problem: Option<&Problem>) -> Result<Value, Failed> {
    let visit = shown.visit;
    let draft = Ask::get(&format!("{DRAFTS}/{}", part(id))).send(shown.api)?;
    let found = last(shown, id, TOP)?;
    let chosen = |name: &str, usual: &str| or(visit.field(name).to_owned(), usual);
    let (range, against) = (chosen("range", "30d"), chosen("against", "recorded"));
    let ranges = RANGES.iter().map(|(name, _)| *name).chain([CUSTOM]);
    let ranges = ranges.map(|name| json!({ "key": name, "chosen": name == range }));
    Ok(json!({
        "name": text(&draft.body, "/displayName"),
        "draft": format!("{PAGE}/{}", part(id)),
        "here": here(id),
        "found": found.map(|found| shown_of(shown, &draft.body, &found)),
        "ranges": ranges.collect::<Vec<_>>(),
        "since": visit.field("since"),
        "until": visit.field("until"),
        "against": AGAINST.map(|name| json!({ "key": name, "chosen": name == against })),
        "saved": false,
        "problem": problem.map(|problem| problem.shown(&acts::fields())),
    }))
}

/// A replay, under way or over.
fn shown_of(shown: &Shown<'_>, draft: &Value, found: &Value) -> Value {
    let sums = ["decided", "same", "otherwise", "reportOnly", "notDecided"];
    let sums = sums.map(|name| {
        let requests = number(found, &format!("/{name}/requests"));
        // Lines that are no events stand for no request.
        let count = requests.max(number(found, &format!("/{name}/events")));
        json!({ "key": name, "count": count })
    });
    let tables = ["loses", "gains"].map(|key| table(shown, key, found.get(key)));
    json!({
        "state": text(found, "/state"),
        "reason": text(found, "/reason"),
        "looked_at": number(found, "/eventsLookedAt"),
        "revision": number(found, "/draftRevision"),
        "is_old": number(found, "/draftRevision") != number(draft, "/revision"),
        "since": time(&text(found, "/since")),
        "until": time(&text(found, "/until")),
        "against": text(found, "/against"),
        "sums": sums,
        "tables": tables,
    })
}

fn table(shown: &Shown<'_>, key: &str, found: Option<&Value>) -> Value {
    let found = found.unwrap_or(&Value::Null);
    let rows = found.get("rows").and_then(Value::as_array);
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let rows = rows.into_iter().flatten().map(|row| {
        let (tenant, event) = (text(row, "/tenant"), text(row, "/sample/event"));
        let name = names.entry(tenant.clone());
        let name = name.or_insert_with(|| name_of(shown, &tenant));
        json!({
            "id": tenant,
            "tenant": name,
            "app": text(row, "/app"),
            "user": text(row, "/user"),
            "requests": number(row, "/requests"),
            "sample": {
                "href": format!("/console/sign-ins/{}", part(&event)),
                "at": time(&text(row, "/sample/time")),
                "before": answer(shown, row, "before"),
                "after": answer(shown, row, "after"),
                "change": text(row, "/sample/change"),
            },
        })
    });
    let rows: Vec<Value> = rows.collect();
    let users = number(found, "/users");
    let listed = u64::try_from(rows.len()).unwrap_or(users);
    json!({
        "key": key,
        "users": users,
        "requests": number(found, "/requests"),
        "rows": rows,
        "left_off": users.saturating_sub(listed),
    })
}

/// What was answered, or would be.
fn answer(shown: &Shown<'_>, row: &Value, which: &str) -> String {
    let member = |name: &str| format!("/sample/{which}/{name}");
    if text(row, &member("outcome")) == "allow" {
        return shown.say("status.success");
    }
    let code = number(row, &member("code")).to_string();
    format!("{} (AADSTS{code})", reason(shown, &code))
}
