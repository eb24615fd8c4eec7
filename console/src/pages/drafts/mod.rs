//! Drafts: what is to change, tried and reviewed before it binds, and published as a whole.

mod acts;
mod changes;
mod check;
mod one;
pub(super) mod replay;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{items, number, text, time};
use crate::api::{Ask, part};
use crate::draft::{DRAFTS, PAGE};
use crate::form::Problem;
use crate::query::href;
use crate::render::Shown;
use crate::reply::Reply;

/// `/console/drafts`: those that were changed last first.
pub(super) fn list(shown: &Shown<'_>, problem: Option<&Problem>) -> Reply {
    let told = match Ask::get(DRAFTS).query(&[("$top", "500")]).send(shown.api) {
        Ok(told) => told.body,
        Err(failed) => return shown.failed("drafts", &failed),
    };
    let mut drafts: Vec<&Value> = items(&told).iter().collect();
    drafts.sort_by_key(|draft| std::cmp::Reverse(text(draft, "/lastModifiedDateTime")));
    let rows = drafts.into_iter().map(|draft| {
        json!({
            "name": text(draft, "/displayName"),
            "href": format!("{PAGE}/{}", part(&text(draft, "/id"))),
            "state": text(draft, "/state"),
            "by": one::person(draft, "/lastModifiedBy"),
            "at": time(&text(draft, "/lastModifiedDateTime")),
            "revision": number(draft, "/revision"),
            "approvals": one::approvals(shown, draft),
        })
    });
    let values = json!({
        "rows": rows.collect::<Vec<_>>(),
        "may_begin": shown.may_draft(),
        "sent": {
            "name": shown.visit.field("displayName"),
            "description": shown.visit.field("description"),
        },
        "saved": false,
        "problem": problem.map(|problem| problem.shown(&acts::fields())),
    });
    match problem {
        Some(problem) => shown.page_with(problem.status(), "drafts.html", "drafts", &values),
        None => shown.page("drafts.html", "drafts", &values),
    }
}

/// One is begun, with nothing in it.
pub(super) fn begin(shown: &Shown<'_>) -> Reply {
    let ask = Ask::of(Method::POST, DRAFTS).body(&acts::named(shown.visit));
    match shown.change(ask) {
        Ok(told) => Reply::Go(format!("{PAGE}/{}", part(&text(&told.body, "/id")))),
        Err(problem) if problem.more_needed() => Reply::MoreNeeded,
        Err(problem) => list(shown, Some(&problem)),
    }
}

/// `/console/drafts/ID`.
pub(super) fn open(shown: &Shown<'_>, id: &str) -> Reply {
    if !shown.visit.changes() {
        return one::page(shown, id, None);
    }
    let act = shown.visit.field(acts::DO);
    let Some(ask) = acts::ask(shown.visit, id) else {
        return shown.page_with(
            StatusCode::NOT_FOUND,
            "failed.html",
            "drafts",
            &json!({ "kind": "not-found", "status": 404, "message": null }),
        );
    };
    match shown.change(ask) {
        Ok(_) if act == acts::DELETE => Reply::Go(PAGE.to_owned()),
        Ok(_) => Reply::Go(href(&format!("{PAGE}/{}", part(id)), &[("done", act)])),
        Err(problem) if problem.more_needed() => Reply::MoreNeeded,
        Err(problem) => one::page(shown, id, Some(&problem)),
    }
}
