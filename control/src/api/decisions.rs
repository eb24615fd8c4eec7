//! `crossgate/decisions/{correlationId}`: why requests were let in or refused, step by step.

use crossgate_policy::{Decision, Line, NearestChange, SuppliedBy, explanation, nearest_change};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Api;
use super::asked::Asked;
use super::call::Reply;
use super::concealed;
use super::error::ApiError;
use super::listed;
use super::sign_ins::{log, may, may_see_policies};
use crate::enforcer::Enforcer;
use crate::model::DECISION;
use crate::odata::Outline;
use crate::roles::Action;
use crate::sign_ins::{Looked, SignInQuery, SignIns, Walked};

/// The decisions about the requests of a correlation id, the latest first.
pub(super) fn get(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let listing = listed::options(asked, &DECISION)?;
    let correlation_id = asked.parameter();
    let enforcer = api.ledger.enforcer();
    let events = find(log(enforcer.sign_ins())?, correlation_id)?;
    let sees_policies = may_see_policies(api, asked);
    let sees_settings = may(
        &api.ledger,
        asked.who,
        &[Action::DefaultRead, Action::PartnersRead],
    );
    let told = events.iter().filter_map(|line| {
        let event: Event = serde_json::from_str(line).ok()?;
        let mut told = tell(enforcer, line, &event);
        if !sees_policies {
            concealed::of_decision(&mut told);
        }
        if !sees_settings {
            concealed::wanted(&mut told);
        }
        Some(told)
    });
    let Value::Object(decision) =
        json!({"correlationId": correlation_id, "events": told.collect::<Vec<_>>()})
    else {
        return Err(ApiError::internal());
    };
    let mut shown = listing.select(decision);
    shown.insert(
        "@odata.context".to_owned(),
        asked.context("crossgate/decisions/$entity"),
    );
    Ok(Reply::ok(Value::Object(shown)))
}

/// The events of a correlation id: those that have it as their own, else those that count a request whose reference a person was shown.
fn find(log: &dyn SignIns, id: &str) -> Result<Vec<String>, ApiError> {
    let own = Outline::Is("correlationId".to_owned(), Some(id.into()));
    let (found, _) = walk(log, own, id, &|event| event.correlation_id == id)?;
    if !found.is_empty() {
        return Ok(found);
    }
    // Only who was not let in is shown one. These ids are not kept apart, so that each of those events is looked into.
    let refused = Outline::IsNot("crossgate/outcome".to_owned(), Some("allow".into()));
    let shown = |event: &Event| {
        let shown = &event.crossgate.correlation_ids;
        shown.iter().any(|shown| shown == id)
    };
    let (found, walked) = walk(log, refused, id, &shown)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let looked = match walked {
        Walked::All | Walked::Stopped => "",
        Walked::Tired(_) => "; the older events were not looked through",
    };
    Err(ApiError::not_found(format!(
        "no sign-in with the correlation id `{id}` is kept{looked}. Where `mode` under `[sign_ins]` is `first-then-count`, repeats of a \
         request, let in or refused, are counted without ids of their own, but for those that a person was shown on a page. Look for the \
         event of the first in `auditLogs/signIns`, by user, app and code"
    )))
}

fn walk(
    log: &dyn SignIns,
    outline: Outline<'_>,
    id: &str,
    is_meant: &dyn Fn(&Event) -> bool,
) -> Result<(Vec<String>, Walked), ApiError> {
    let query = SignInQuery {
        from: None,
        to: None,
        descending: true,
        after: None,
        outline,
    };
    // To look for the id takes less than to read an event, and most do not have it.
    let written = serde_json::to_string(id).map_err(|_| ApiError::internal())?;
    let mut found = Vec::new();
    let walked = log.walk(&query, &mut |at| {
        let has_id = || serde_json::from_str(at.event).is_ok_and(|event| is_meant(&event));
        if !(at.event.contains(&written) && has_id()) {
            return Looked::Miss;
        }
        if found.len() == MOST_EVENTS {
            return Looked::Enough;
        }
        found.push(at.event.to_owned());
        Looked::Hit
    });
    Ok((found, walked.map_err(ApiError::unavailable)?))
}

/// Events that are told of in one answer: each is decided again.
const MOST_EVENTS: usize = 50;

/// What is read of an event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    id: String,
    created_date_time: Value,
    #[serde(default)]
    correlation_id: String,
    status: Status,
    crossgate: Ours,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    error_code: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ours {
    outcome: String,
    reason: String,
    step: Option<String>,
    enforcement: Value,
    snapshot: String,
    #[serde(default)]
    requirements: Vec<String>,
    #[serde(default)]
    explanation: Vec<Recorded>,
    nearest_change: Option<String>,
    #[serde(default)]
    count: Value,
    #[serde(default)]
    correlation_ids: Vec<String>,
}

/// A line of an explanation as events keep it: without what was compared.
#[derive(Debug, Deserialize)]
struct Recorded {
    step: String,
    document: String,
    property: String,
    result: String,
}

fn tell(enforcer: &dyn Enforcer, line: &str, event: &Event) -> Value {
    let (steps, nearest, incomplete) = match enforcer.decided_again(line) {
        Ok((decision, lines)) => {
            let nearest = nearest_change(&decision, &lines);
            let nearest = nearest.map(|nearest| of_nearest(&nearest, &decision));
            (lines.iter().map(of_line).collect(), nearest, None)
        }
        Err(why) => {
            let steps: Vec<Value> = event.crossgate.explanation.iter().map(recorded).collect();
            (steps, recorded_nearest(event), Some(why))
        }
    };
    let Ours {
        outcome,
        reason,
        step,
        enforcement,
        snapshot,
        count,
        ..
    } = &event.crossgate;
    json!({
        "id": event.id, "createdDateTime": event.created_date_time, "outcome": outcome, "code": event.status.error_code, "reason": reason,
        "step": step, "enforcement": enforcement, "snapshot": snapshot, "count": count, "complete": incomplete.is_none(),
        "incompleteReason": incomplete, "steps": steps, "nearestChange": nearest,
    })
}

fn of_line(line: &Line) -> Value {
    let values = line.values.as_ref();
    json!({
        "step": line.step.name(), "result": line.result, "document": named(&line.document), "property": named(&line.property),
        "suppliedBy": line.supplied_by().map(SuppliedBy::name), "seen": values.and_then(|values| named(&values.seen)),
        "wanted": values.and_then(|values| named(&values.wanted)), "explicit": values.is_some_and(|values| values.explicit),
        "refuses": line.refuses, "text": line.told(),
    })
}

fn recorded(line: &Recorded) -> Value {
    let (document, property) = (named(&line.document), named(&line.property));
    json!({
        "step": line.step, "result": line.result, "document": document, "property": property,
        "suppliedBy": SuppliedBy::of(&line.document).map(SuppliedBy::name), "seen": null, "wanted": null, "explicit": null,
        "refuses": null, "text": explanation::told(&line.document, &line.property, &line.result),
    })
}

fn of_nearest(nearest: &NearestChange<'_>, decision: &Decision) -> Value {
    let requirements = decision.requirements().iter();
    json!({
        "text": nearest.text, "document": nearest.line.and_then(|line| named(&line.document)),
        "property": nearest.line.and_then(|line| named(&line.property)),
        "requirements": requirements.map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// As far as the event tells: its words name the place, and the line in the way may be told by its result.
fn recorded_nearest(event: &Event) -> Option<Value> {
    let text = event.crossgate.nearest_change.as_ref()?;
    let lines = event.crossgate.explanation.iter();
    let mut of_step = lines.filter(|line| Some(&line.step) == event.crossgate.step.as_ref());
    let line = of_step.rfind(|line| line.result.starts_with("refuses"));
    Some(json!({
        "text": text, "document": line.and_then(|line| named(&line.document)),
        "property": line.and_then(|line| named(&line.property)), "requirements": event.crossgate.requirements,
    }))
}

/// What is not there is null.
fn named(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
