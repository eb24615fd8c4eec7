//! What others think of a draft.

use jiff::Timestamp;
use serde_json::Value;

use super::{Api, DraftChange, Draftee, OfDraft, check_needs, existing, planned};
use crate::api::asked::Asked;
use crate::api::body;
use crate::api::call::Reply;
use crate::api::error::ApiError;
use crate::audit::modified;
use crate::drafts::Review;
use crate::ledger::Planned;

/// `POST drafts/{id}/reviews`: of the revision that the reviewer has read, which is named.
pub(super) fn review(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let given = body::read(asked.call)?;
    body::only(&given, &["decision", "comment", "revision"])?;
    let expected = "`approve` or `reject`";
    let decision = body::named(&given, "decision", expected, Review::from_name)?;
    let revision = match given.get("revision") {
        None | Some(Value::Null) => Err("is needed"),
        Some(value) => value.as_u64().ok_or("is no whole number"),
    };
    let revision = revision.map_err(|wrong| {
        let told = format!("{wrong}; expected the `revision` of the draft that you have read");
        ApiError::property("revision", told)
    })?;
    let comment = given.text_of("comment");
    if comment.as_ref().is_some_and(|text| text.len() > LONGEST) {
        let told = format!("is too long; expected at most {LONGEST} bytes");
        return Err(ApiError::property("comment", told));
    }
    let by = Draftee::of(asked.who);
    if !by.is_person {
        return Err(ApiError::state(
            "only people review drafts, each with a token of their own",
        ));
    }
    let named = super::draft(api, asked)?;
    planned(api, asked, OfDraft::Review.told(), &named, &mut |store| {
        let mut draft = existing(store, &named.id)?;
        draft.check_open()?;
        if draft.revision != revision {
            return Err(ApiError::precondition(format!(
                "the draft is at revision {} now; read it again and decide anew",
                draft.revision
            )));
        }
        if draft.editors().contains(&by.id) {
            return Err(ApiError::denied(
                "you had a hand in the draft; somebody who had none reviews it",
            ));
        }
        // Who may not make a change has no say in whether others do.
        check_needs(api, asked, &DraftChange::all(store, &draft.id)?)?;
        let before = draft.document().clone();
        draft.reviewed(&by, decision, comment.as_deref(), Timestamp::now());
        Ok(Planned {
            modified: modified(Some(&before), Some(draft.document())),
            writes: vec![draft.kept()],
            details: vec![
                ("Decision", decision.name().to_owned()),
                ("Revision", revision.to_string()),
            ],
        })
    })?;
    super::shown(api, asked, &named.id)
}

/// Bytes of a comment.
const LONGEST: usize = 4_096;
