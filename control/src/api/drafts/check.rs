//! What would be told of a draft if it were published.

use serde_json::{Value, json};

use super::changes::moved;
use super::{Api, DraftChange};
use crate::api::asked::{Asked, etag};
use crate::api::call::Reply;
use crate::api::error::{ApiError, Detail};
use crate::document::Write;
use crate::drafts::State;
use crate::ledger::Look;

/// `GET drafts/{id}/check`.
pub(super) fn check(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let store = api.ledger.store();
    let draft = super::draft(api, asked)?;
    let changes = DraftChange::all(store, &draft.id)?;
    let writes: Vec<Write> = changes.iter().map(DraftChange::write).collect();
    let look = Look::Everything(asked.who, asked.call.address);
    let examined = api.ledger.examine(&writes, look)?;
    let moved = match draft.check_open() {
        Ok(()) => moved(store, &changes)?,
        Err(_) => Vec::new(),
    };
    let wanted = draft.approvals_wanted(api.settings().admin.draft_reviewers);
    let approvals = draft.approvals();
    let is_approved = approvals
        .as_ref()
        .is_ok_and(|approvals| *approvals >= wanted);
    let is_publishable = !changes.is_empty()
        && draft.check_open().is_ok()
        && examined.faults.is_empty()
        && examined.broken.is_empty()
        && moved.is_empty()
        && is_approved;
    let broken = examined.broken.iter();
    let broken: Vec<Value> = broken
        .map(|one| json!({"name": one.name, "message": one.why}))
        .collect();
    let refusals = match draft.state {
        State::Staged(_) => api.ledger.enforcer().staged_refusals(),
        State::Open | State::Published => None,
    };
    let refusals =
        refusals.map(|refusals| json!({"count": refusals.count, "samples": refusals.samples}));
    let told = json!({
        "revision": draft.revision,
        "isPublishable": is_publishable,
        "faults": listed(&examined.faults),
        "baseMoved": listed(&moved),
        "shutOut": listed(&examined.shut_out),
        "assertionsBroken": broken,
        "advisories": examined.advisories,
        "newRefusals": refusals,
        "reviewersWanted": wanted,
        "approvals": approvals.as_ref().ok(),
        "rejectedBy": approvals.as_ref().err(),
    });
    Ok(Reply::ok(told).tagged(etag(draft.since)))
}

fn listed(details: &[Detail]) -> Vec<Value> {
    let details = details.iter();
    details
        .map(|one| json!({"code": one.code, "target": one.target, "message": one.message}))
        .collect()
}
