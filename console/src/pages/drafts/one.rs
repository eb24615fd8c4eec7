//! The page of a draft.

use serde_json::{Value, json};

use super::super::overview::or;
use super::{acts, number, text, time};
use super::{changes::changes, check::check, replay};
use crate::api::{Ask, Failed, part};
use crate::draft::{DRAFTS, PAGE};
use crate::form::{self, Problem};
use crate::query::href;
use crate::render::Shown;
use crate::reply::Reply;

/// Pages of settings, which are edited in the draft.
const PAGES: [&str; 4] = [
    "organizations",
    "default",
    "collaboration",
    "conditional-access",
];

/// A draft, with what is in the way of what was wanted of it.
pub(super) fn page(shown: &Shown<'_>, id: &str, problem: Option<&Problem>) -> Reply {
    let values = match values(shown, id, problem) {
        Ok(values) => values,
        Err(failed) => return shown.failed("drafts", &failed),
    };
    match problem {
        Some(problem) => shown.page_with(problem.status(), "draft.html", "drafts", &values),
        None => shown.page("draft.html", "drafts", &values),
    }
}

fn values(shown: &Shown<'_>, id: &str, problem: Option<&Problem>) -> Result<Value, Failed> {
    let told = Ask::get(&format!("{DRAFTS}/{}", part(id))).send(shown.api)?;
    let draft = &told.body;
    let here = format!("{PAGE}/{}", part(id));
    let (changes, next) = changes(shown, id)?;
    let state = text(draft, "/state");
    let had_a_hand = had_a_hand(shown, draft);
    let (is_open, may) = (state == "open", shown.may_draft());
    let pages = PAGES.map(
        |page| json!({ "key": page, "href": href(&format!("/console/{page}"), &[("draft", id)]) }),
    );
    let gateway = if is_open && may {
        let health = Ask::get("crossgate/health").send(shown.api).ok();
        health.map(|told| text(&told.body, "/gateway"))
    } else {
        None
    };
    Ok(json!({
        "gateway": gateway,
        "facts": facts(shown, draft),
        "sent": sent(shown, draft, problem.is_some()),
        "here": here,
        "version": form::version(shown.visit, problem, told.etag.as_deref().unwrap_or_default()),
        "had_a_hand": is_open && had_a_hand,
        "pages": pages,
        "changes": changes,
        "next": next,
        "first": (!shown.visit.asked("skiptoken").is_empty()).then_some(&here),
        "check": check(shown, id)?,
        "replay": replay::in_short(shown, draft),
        "may": {
            // Whoever may change a document changes it in any draft.
            "edit": is_open,
            "write": is_open && may,
            "review": is_open && may && !had_a_hand,
            "complete": state == "staged" && may,
            "delete": state != "staged" && may,
        },
        "done": done(shown, draft),
        "form": if problem.is_some() { shown.visit.field(acts::DO) } else { "" },
        "saved": false,
        "problem": problem.map(|problem| problem.shown(&acts::fields())),
    }))
}

/// What was done, by the address of the page: anybody can write one, so it is said only where the draft is as that leaves it.
fn done(shown: &Shown<'_>, draft: &Value) -> Option<String> {
    let done = shown.visit.asked("done");
    let state = text(draft, "/state");
    let is_so = match done.as_str() {
        "rename" | "take-out" | "return" => state == "open",
        "approve" | "reject" => reviewed_by_me(shown, draft).is_some_and(|said| said == done),
        "stage" => state == "staged",
        "publish" | "complete" => state == "published",
        _ => false,
    };
    is_so.then_some(done)
}

/// What whoever visits said last of this revision.
fn reviewed_by_me(shown: &Shown<'_>, draft: &Value) -> Option<String> {
    let me = text(&shown.me, "/id");
    let reviews = draft.get("reviews").and_then(Value::as_array)?;
    let mine = reviews.iter().rev().find(|review| {
        text(review, "/reviewedBy/id") == me
            && number(review, "/revision") == number(draft, "/revision")
    });
    mine.map(|review| text(review, "/decision"))
}

/// What a draft says of itself.
fn facts(shown: &Shown<'_>, draft: &Value) -> Value {
    let stage = |name: &str| draft.get(name).filter(|stage| !stage.is_null());
    let by =
        |who: &str, at: &str| json!({ "by": person(draft, who), "at": time(&text(draft, at)) });
    json!({
        "name": text(draft, "/displayName"),
        "description": text(draft, "/description"),
        "state": text(draft, "/state"),
        "revision": number(draft, "/revision"),
        "begun": by("/createdBy", "/createdDateTime"),
        "changed": by("/lastModifiedBy", "/lastModifiedDateTime"),
        "approvals": approvals(shown, draft),
        "by_program": is_by_program(draft),
        "reviews": reviews(draft),
        "stage": stage("stage").map(|stage| json!({
            "percent": number(stage, "/percent"),
            "gateway": text(stage, "/gateway"),
            "most": number(stage, "/maxNewRefusals"),
            "at": time(&text(stage, "/startedDateTime")),
        })),
        "last_stage": stage("lastStage").map(|stage| json!({
            "percent": number(stage, "/percent"),
            "gateway": text(stage, "/gateway"),
            "returned": text(stage, "/outcome") == "returned",
            "reason": text(stage, "/reason"),
            "refused": stage.get("newRefusals").and_then(Value::as_array),
            "at": time(&text(stage, "/endedDateTime")),
        })),
    })
}

/// What stands in the fields: what was sent in vain, else what is there, or is usual.
fn sent(shown: &Shown<'_>, draft: &Value, in_vain: bool) -> Value {
    let or_usual = |name: &str, usual: &str| {
        let sent = if in_vain { shown.visit.field(name) } else { "" };
        or(sent.to_owned(), usual)
    };
    json!({
        "name": or_usual("displayName", &text(draft, "/displayName")),
        "description": or_usual("description", &text(draft, "/description")),
        "comment": or_usual("comment", ""),
        "percent": or_usual("percent", "10"),
        "at_gateway": in_vain && shown.visit.field("reach") == "gateway",
        "most": or_usual("maxNewRefusals", "5"),
    })
}

/// Whoever had a hand in a draft reviews it not.
fn had_a_hand(shown: &Shown<'_>, draft: &Value) -> bool {
    let me = text(&shown.me, "/id");
    let editors = draft.get("editors").and_then(Value::as_array);
    let mut editors = editors.into_iter().flatten();
    editors.any(|editor| editor.as_str() == Some(&*me))
}

fn is_by_program(draft: &Value) -> bool {
    let is_by_program = draft.get("isEditedByProgram").and_then(Value::as_bool);
    is_by_program.unwrap_or(false)
}

/// What somebody who had a hand in a draft is called.
pub(super) fn person(draft: &Value, pointer: &str) -> String {
    let member = |name: &str| text(draft, &format!("{pointer}/{name}"));
    or(
        member("displayName"),
        &or(member("userPrincipalName"), &member("id")),
    )
}

/// How many approve of a draft as it is, and how many have to. What it comes to says its check.
pub(super) fn approvals(shown: &Shown<'_>, draft: &Value) -> Value {
    let reviewers = shown.reviewers();
    let wanted = match reviewers {
        0 => 0,
        reviewers => reviewers + u64::from(is_by_program(draft)),
    };
    let reviews = draft.get("reviews").and_then(Value::as_array);
    let of_this = reviews
        .into_iter()
        .flatten()
        .filter(|review| number(review, "/revision") == number(draft, "/revision"));
    let (approve, reject): (Vec<&Value>, Vec<&Value>) =
        of_this.partition(|review| text(review, "/decision") == "approve");
    json!({ "count": approve.len(), "wanted": wanted, "rejected": !reject.is_empty() })
}

/// What was said of a draft, the latest first.
fn reviews(draft: &Value) -> Vec<Value> {
    let reviews = draft.get("reviews").and_then(Value::as_array);
    let reviews = reviews.into_iter().flatten().rev().map(|review| {
        json!({
            "approves": text(review, "/decision") == "approve",
            "comment": text(review, "/comment"),
            "by": person(review, "/reviewedBy"),
            "at": time(&text(review, "/reviewedDateTime")),
            "revision": number(review, "/revision"),
            "counts": number(review, "/revision") == number(draft, "/revision"),
        })
    });
    reviews.collect()
}
