//! The pages: which path leads to which.

mod activity;
mod collaboration;
mod conditional_access;
mod decision;
mod drafts;
mod health;
mod history;
mod organizations;
mod overview;
mod settings;
mod sign_ins;
mod versions;

use http::StatusCode;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::api::{Api, Ask};
use crate::draft::{Within, is_of_settings};
use crate::form::{checks, field};
use crate::render::{Console, Shown};
use crate::reply::Reply;
use crate::visit::Visit;

/// Answers a visit.
pub(crate) fn open(console: &Console, visit: &Visit, api: &dyn Api) -> Reply {
    let mut shown = Shown {
        console,
        visit,
        api,
        me: Value::Null,
        of_settings: false,
        within: Within::Force,
    };
    if visit.changes() && !visit.is_own {
        return shown.page_with(
            StatusCode::FORBIDDEN,
            "failed.html",
            "",
            &json!({ "kind": "forged", "status": 403, "message": null }),
        );
    }
    match Ask::get("crossgate/me").send(api) {
        Ok(told) => shown.me = told.body,
        Err(failed) => return shown.failed("", &failed),
    }
    let given = shown.me.get("allowedResourceActions");
    if given.and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return shown.page_with(StatusCode::FORBIDDEN, "no-role.html", "", &Value::Null);
    }
    // What a script asks of a form is asked of the page that the form is for.
    let path = if Console::checks(&visit.method, visit.path()) && checks(visit) {
        visit.field(field::CHECKS)
    } else {
        visit.path()
    };
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<String> = path
        .trim_matches('/')
        .split('/')
        .skip(1)
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    shown.of_settings = parts.first().is_some_and(|page| is_of_settings(page));
    if shown.of_settings
        && let Err(failed) = shown.enter_draft()
    {
        return shown.failed("drafts", &failed);
    }
    page(&shown, &parts)
}

fn page(shown: &Shown<'_>, parts: &[&str]) -> Reply {
    match (parts, shown.visit.changes()) {
        ([], false) => overview::show(shown),
        (["activity"], false) => activity::show(shown),
        (["sign-ins"], false) => sign_ins::show(shown),
        (["sign-ins", id], false) => decision::of_event(shown, id),
        (["decisions", id], false) => decision::show(shown, id),
        (["organizations"], false) => organizations::show(shown, None),
        (["organizations"], true) => organizations::add(shown),
        (["organizations", id, "remove"], true) => organizations::remove(shown, id),
        (["organizations", id], _) => settings::open(shown, Some(id)),
        (["default"], _) => settings::open(shown, None),
        (["collaboration"], _) => collaboration::open(shown),
        (["conditional-access"], false) => conditional_access::list(shown),
        (["conditional-access", id], _) => conditional_access::open(shown, id),
        (["drafts"], false) => drafts::list(shown, None),
        (["drafts"], true) => drafts::begin(shown),
        (["drafts", id], _) => drafts::open(shown, id),
        (["drafts", id, "replay"], _) => drafts::replay::open(shown, id),
        (["history"], false) => history::list(shown),
        (["history", id], false) => history::one(shown, id),
        (["versions"], _) => versions::open(shown),
        (["health"], false) => health::show(shown),
        (_, _) => shown.page_with(
            StatusCode::NOT_FOUND,
            "failed.html",
            "",
            &json!({ "kind": "not-found", "status": 404, "message": null }),
        ),
    }
}

/// Where scripts ask what a form would do.
pub(crate) const CHECK: &str = "/console/check";

/// A time as people read it, and as programs do.
fn time(text: &str) -> Value {
    let exact = text.parse::<jiff::Timestamp>();
    let shown = exact.map_or_else(
        |_| text.to_owned(),
        |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    );
    json!({ "exact": text, "shown": shown })
}

/// The text of a member, empty where there is none.
fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer);
    found.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The number of a member.
fn number(value: &Value, pointer: &str) -> u64 {
    value
        .pointer(pointer)
        .and_then(Value::as_u64)
        .unwrap_or_default()
}

/// The items of a page of the API.
pub(crate) fn items(page: &Value) -> &[Value] {
    page.get("value")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}
