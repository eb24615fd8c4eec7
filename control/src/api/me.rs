//! `crossgate/me`: what the caller may do, so that nobody is offered what would be refused.

use serde_json::{Value, json};

use super::Api;
use super::asked::Asked;
use super::call::Reply;
use super::error::ApiError;
use crate::roles::Action;

/// The caller's name and actions, and how many others have to approve of changes of settings: where anybody has, those take a draft.
pub(super) fn get(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let who = asked.who;
    let given = api.ledger.roles().actions_of(&who.caller());
    let actions = Action::ALL.iter().filter(|action| given.contains(**action));
    let actions: Vec<Value> = actions.map(|action| json!(action.name())).collect();
    let id = who.subject().and_then(|subject| subject.user_id.as_ref());
    Ok(Reply::ok(json!({
        "id": id.map(ToString::to_string),
        "displayName": who.display_name.as_deref(),
        "userPrincipalName": who.user_principal_name.as_deref(),
        "allowedResourceActions": actions,
        "draftReviewers": api.settings().admin.draft_reviewers,
    })))
}
