//! Access reviews of guests: for a while reviewers decide who keeps their access, and then it is done.

pub(crate) mod item;
pub(crate) mod mailing;
pub(crate) mod review;
mod reviewer;
mod run;
mod scope;

use jiff::Timestamp;
use serde_json::Value;

use crate::api::error::ApiError;
use crate::document::{DocumentKind, Write};
use crate::store::Store;
pub(crate) use item::{Item, Verdict};
pub(crate) use mailing::Mailing;
pub use mailing::{Occasion, Reviewing};
pub(crate) use review::{Review, Status};
pub use run::tend;

/// A decision as a reviewer makes it.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    /// What is decided; what is recommended where it is `None`.
    pub(crate) verdict: Option<Verdict>,
    /// Why.
    pub(crate) justification: Option<String>,
    /// Who decides, as Graph's `userIdentity`.
    pub(crate) by: Value,
}

/// The review of an id, while reviewers may decide in it.
pub(crate) fn open(
    store: &dyn Store,
    id: &str,
    now: Timestamp,
) -> Result<Option<Review>, ApiError> {
    let Some(review) = Review::of(store, id)? else {
        return Ok(None);
    };
    if review.status != Status::InProgress || now >= review.end {
        return Err(ApiError::bad(format!(
            "the review is not in progress but {}; decisions are made while it is",
            review.status.name()
        )));
    }
    Ok(Some(review))
}

/// One item, decided: as it was, and as it is to be kept.
pub(crate) fn decide(
    review: &Review,
    item: &Item,
    decision: &Decision,
    now: Timestamp,
) -> Result<Option<Item>, ApiError> {
    let Some(verdict) = decision.verdict.or(item.recommended()) else {
        return Ok(None);
    };
    let justification = decision.justification.as_deref().map(str::trim);
    let justification = justification.filter(|text| !text.is_empty());
    if verdict == Verdict::Approve
        && review.settings.justification_on_approval
        && justification.is_none()
    {
        return Err(ApiError::property(
            "justification",
            "the review wants a reason for every approval",
        ));
    }
    let mut decided = item.clone();
    decided.decide(verdict, justification, &decision.by, now);
    Ok(Some(decided))
}

/// What is written where a review goes with all that was decided in it.
pub(crate) fn removed(store: &dyn Store, id: &str) -> Result<Vec<Write>, ApiError> {
    let mut writes = vec![Write {
        address: review::address(id),
        text: None,
    }];
    let mut after: Option<String> = None;
    loop {
        let items = item::page(store, id, after.as_deref(), run::AT_ONCE)?;
        let Some(last) = items.last() else {
            return Ok(writes);
        };
        after = Some(last.guest.clone());
        writes.extend(items.iter().map(|item| Write {
            address: item::address(id, &item.guest),
            text: None,
        }));
    }
}

/// What reviews are called in the audit.
pub(crate) const CATEGORY: &str = "AccessReviews";

/// `targetResources[].type` of one.
pub(crate) const TARGET: &str = "AccessReview";

/// How many there are at a time, those that have ended counted.
pub(crate) const MOST_REVIEWS: u64 = 500;

/// Whether a review that is not over is about this guest.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn is_about(store: &dyn Store, guest: &str) -> Result<bool, ApiError> {
    let mut after: Option<Box<str>> = None;
    loop {
        let page = store.page(DocumentKind::AccessReview, after.as_deref(), PAGE)?;
        let Some(last) = page.last() else {
            return Ok(false);
        };
        after = Some(last.address.key.clone());
        for stored in &page {
            let id = &*stored.address.key;
            let Some(item) = Item::of(store, id, guest)? else {
                continue;
            };
            let review = Review::of(store, id)?;
            if !item.is_applied() && review.is_some_and(|review| !review.is_over()) {
                return Ok(true);
            }
        }
    }
}

/// Reviews that are read at a time.
const PAGE: usize = 100;
