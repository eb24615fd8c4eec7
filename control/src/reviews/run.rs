//! What happens to a review by itself: it starts, it ends, what nobody decided is decided as was set, and who is denied goes. Each step is
//! one change, so that after a crash the next one goes on where it stopped.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::item::{self, Applied, Item, Verdict, recommendation};
use super::mailing::{Mailing, Occasion, undecided};
use super::review::{Default, Review, Status};
use crate::api::error::ApiError;
use crate::audit::{Activity, Attempt, Initiator, TargetResource, modified};
use crate::document::{Address, DocumentKind, Write};
use crate::ledger::{Confirmation, Ledger, Planned};
use crate::model::{USER, show};
use crate::resource::USERS;
use crate::scim::here;
use crate::store::StoreError;
use crate::text::Document;

/// Does what is due of all reviews.
///
/// # Errors
/// The store cannot be read or written. What was done is done.
pub fn tend(ledger: &Ledger, now: Timestamp) -> Result<(), ApiError> {
    let mut after: Option<Box<str>> = None;
    loop {
        let page = ledger
            .store()
            .page(DocumentKind::AccessReview, after.as_deref(), PAGE)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.address.key.clone());
        for stored in page {
            // One that cannot go on holds up no other.
            if let Err(error) = tend_one(ledger, &stored.address.key, now) {
                let review = &*stored.address.key;
                tracing::error!(review, %error.message, "an access review cannot go on yet");
            }
        }
    }
}

/// As far as it goes now.
fn tend_one(ledger: &Ledger, id: &str, now: Timestamp) -> Result<(), ApiError> {
    for _ in 0..Status::STEPS {
        let Some(review) = Review::of(ledger.store(), id)? else {
            return Ok(());
        };
        match review.status {
            Status::NotStarted if review.start <= now => start(ledger, &review, now)?,
            Status::InProgress if review.end <= now => {
                becomes(ledger, &review, Status::Completing, ENDED, now)?;
            }
            Status::InProgress if review.is_half_way(now) => remind(ledger, &review, now)?,
            Status::Completing => complete(ledger, &review, now)?,
            Status::Applying => apply(ledger, &review, now)?,
            Status::NotStarted | Status::InProgress | Status::Completed | Status::Applied => {
                return Ok(());
            }
        }
    }
    Ok(())
}

impl Status {
    /// From the first to the last.
    const STEPS: usize = 6;
}

/// Guests in its scope are its items from now on. They are looked for while others can change things.
fn start(ledger: &Ledger, review: &Review, now: Timestamp) -> Result<(), ApiError> {
    let store = ledger.store();
    ledger.enforcer().write_activity(store)?;
    let since = store.sign_ins_since()?;
    let mut items = Vec::new();
    let mut after: Option<Box<str>> = None;
    loop {
        let page = store.page(DocumentKind::Guest, after.as_deref(), GUESTS)?;
        let Some(last) = page.last() else { break };
        after = Some(last.address.key.clone());
        for stored in page {
            let guest = Document::parse(&stored.text)
                .map_err(|error| StoreError::Corrupt(format!("{}: {error}", stored.address)))?;
            let shown = Value::Object(show(&USER, guest.members()));
            if !(USERS.is)(&guest) || !review.scope.admits(&shown) {
                continue;
            }
            let came = store.sign_in_activity(&stored.address.key)?;
            let came = came.and_then(|activity| activity.successful);
            let came = came.map(|came| came.at);
            let created = guest.text_of("createdDateTime");
            let created = created.and_then(|created| created.parse().ok());
            if let Some(inactive) = review.scope.inactive {
                let limit = review.start.checked_sub(inactive);
                let limit = limit.map_err(|_| ApiError::internal())?;
                // Of whom nobody could have seen is not known that they stayed away.
                let was_watched = came.is_some() || since.is_some_and(|since| since <= limit);
                let newest = came.max(created);
                if !was_watched || newest.is_some_and(|newest| newest >= limit) {
                    continue;
                }
            }
            let look_back = review.settings.look_back;
            let recommended = recommendation(came, created, since, review.start, look_back);
            let Value::Object(shown) = shown else {
                continue;
            };
            items.push(Item::new(&review.id, &shown, recommended));
            if items.len() > MOST_ITEMS {
                break;
            }
        }
        if items.len() > MOST_ITEMS {
            let told = format!("more than {MOST_ITEMS} guests are in its scope; narrow it");
            change(ledger, review, STARTED, &mut || {
                Ok(Planned {
                    writes: vec![review.fails("TooManyItems", &told, now)],
                    details: vec![("Not started", told.clone())],
                    ..Planned::default()
                })
            })?;
            return Ok(());
        }
    }
    let mailing = if review.settings.mails_at_start {
        let settings = ledger.enforcer().settings();
        Mailing::plan(store, &settings, review, Occasion::Start, items.len())?
    } else {
        Mailing::default()
    };
    change(ledger, review, STARTED, &mut || {
        let mut writes = vec![review.becomes(Status::InProgress, now)];
        writes.extend(items.iter().map(Item::kept));
        writes.extend(mailing.writes.iter().cloned());
        let mut details = vec![("Guests", items.len().to_string())];
        details.extend(mailing.details.iter().cloned());
        Ok(Planned {
            writes,
            details,
            ..Planned::default()
        })
    })
}

/// Half-way reviewers are reminded, once: that they were is noted in the same step.
fn remind(ledger: &Ledger, review: &Review, now: Timestamp) -> Result<(), ApiError> {
    let settings = ledger.enforcer().settings();
    let waiting = undecided(ledger.store(), &review.id)?;
    let attempt = attempt(review, REMINDED);
    ledger.change_as_planned(&attempt, Confirmation::Given, &mut |store, _| {
        let review = Review::of(store, &review.id)?;
        let Some(review) = review.filter(|review| review.is_half_way(now)) else {
            return Ok(None);
        };
        let mailing = Mailing::plan(store, &settings, &review, Occasion::Reminder, waiting)?;
        let passed = review.passes_half(now);
        let mut planned = mailing.planned(&passed, now);
        if planned.writes.is_empty() {
            planned.writes.push(passed.kept());
        }
        Ok(Some(planned))
    })?;
    Ok(())
}

/// What nobody decided is decided as was set.
fn complete(ledger: &Ledger, review: &Review, now: Timestamp) -> Result<(), ApiError> {
    let by = json!({ "displayName": "Crossgate access reviews" });
    let decided = |item: &Item| {
        let undecided = matches!(item.verdict(), Verdict::NotReviewed | Verdict::DontKnow);
        let verdict = match review.settings.default {
            Default::Nothing => None,
            Default::Approve => Some(Verdict::Approve),
            Default::Deny => Some(Verdict::Deny),
            Default::Recommendation => item.recommended(),
        };
        verdict.filter(|_| undecided)
    };
    let mut after: Option<String> = None;
    loop {
        let items = item::page(ledger.store(), &review.id, after.as_deref(), AT_ONCE)?;
        let Some(last) = items.last() else { break };
        after = Some(last.guest.clone());
        let mut writes = Vec::new();
        for mut item in items {
            if let Some(verdict) = decided(&item) {
                item.decide(verdict, None, &by, now);
                writes.push(item.kept());
            }
        }
        if writes.is_empty() {
            continue;
        }
        let count = writes.len().to_string();
        change(ledger, review, DEFAULTS, &mut || {
            Ok(Planned {
                writes: writes.clone(),
                details: vec![("Decisions", count.clone())],
                ..Planned::default()
            })
        })?;
    }
    let next = if review.settings.auto_apply {
        Status::Applying
    } else {
        Status::Completed
    };
    becomes(ledger, review, next, COMPLETED, now)
}

/// Who is denied goes, one after the other.
fn apply(ledger: &Ledger, review: &Review, now: Timestamp) -> Result<(), ApiError> {
    let mut after: Option<String> = None;
    loop {
        let items = item::page(ledger.store(), &review.id, after.as_deref(), AT_ONCE)?;
        let Some(last) = items.last() else { break };
        after = Some(last.guest.clone());
        let mut kept = Vec::new();
        for mut item in items {
            if item.is_applied() {
                continue;
            }
            match item.verdict() {
                Verdict::Deny => remove(ledger, review, &item.guest, now)?,
                Verdict::Approve => {
                    item.apply(Applied::Successfully, now);
                    kept.push(item.kept());
                }
                Verdict::DontKnow | Verdict::NotReviewed => {}
            }
        }
        if !kept.is_empty() {
            let count = kept.len().to_string();
            change(ledger, review, APPLIED, &mut || {
                Ok(Planned {
                    writes: kept.clone(),
                    details: vec![("Guests who stay", count.clone())],
                    ..Planned::default()
                })
            })?;
        }
    }
    becomes(ledger, review, Status::Applied, APPLIED_ALL, now)
}

/// A guest who is denied goes, as if an administrator had deleted them: the next request is refused.
fn remove(ledger: &Ledger, review: &Review, guest: &str, now: Timestamp) -> Result<(), ApiError> {
    let address = Address::new(DocumentKind::Guest, guest);
    let attempt = Attempt {
        target: TargetResource {
            id: guest.to_owned(),
            name: None,
            kind: USERS.target,
        },
        details: vec![
            ("Access review", review.id.clone()),
            ("Access review name", review.name.clone()),
        ],
        ..attempt(review, APPLY)
    };
    ledger.change_as_planned(&attempt, Confirmation::Given, &mut |store, _| {
        // Deleted meanwhile, the review denies nobody.
        if !stands_at(Review::of(store, &review.id)?.as_ref(), review) {
            return Ok(None);
        }
        let item = Item::of(store, &review.id, guest)?;
        let Some(mut item) = item.filter(|item| !item.is_applied()) else {
            return Ok(None);
        };
        let before = match store.get(&address)? {
            None => None,
            Some(stored) => Some(
                Document::parse(&stored.text)
                    .map_err(|error| StoreError::Corrupt(format!("{address}: {error}")))?,
            ),
        };
        let before = before.filter(|guest| (USERS.is)(guest));
        let is_member = |guest: &Document| guest.text_of("userType").as_deref() == Some("Member");
        let after = match &before {
            None => {
                item.apply(Applied::NobodyThere, now);
                None
            }
            Some(before) if is_member(before) => {
                item.apply(Applied::NotAGuest, now);
                None
            }
            Some(before) => {
                item.apply(Applied::Successfully, now);
                let mut after = before.clone();
                let at = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
                after.set("deletedDateTime", &json!(at));
                here::decided_here(&mut after);
                Some(after)
            }
        };
        let mut writes = vec![item.kept()];
        writes.extend(after.as_ref().map(|after| Write {
            address: address.clone(),
            text: Some(after.to_text().into()),
        }));
        let changed = after
            .as_ref()
            .map(|after| modified(before.as_ref(), Some(after)));
        Ok(Some(Planned {
            modified: changed.unwrap_or_default(),
            writes,
            details: Vec::new(),
        }))
    })?;
    Ok(())
}

fn becomes(
    ledger: &Ledger,
    review: &Review,
    status: Status,
    activity: Activity,
    now: Timestamp,
) -> Result<(), ApiError> {
    change(ledger, review, activity, &mut || {
        Ok(Planned {
            writes: vec![review.becomes(status, now)],
            ..Planned::default()
        })
    })
}

/// A change of this program's own, where the review still stands as it did.
fn change(
    ledger: &Ledger,
    review: &Review,
    activity: Activity,
    plan: &mut dyn FnMut() -> Result<Planned, ApiError>,
) -> Result<(), ApiError> {
    let attempt = attempt(review, activity);
    ledger.change_as_planned(&attempt, Confirmation::Given, &mut |store, _| {
        if stands_at(Review::of(store, &review.id)?.as_ref(), review) {
            plan().map(Some)
        } else {
            Ok(None)
        }
    })?;
    Ok(())
}

fn stands_at(now: Option<&Review>, then: &Review) -> bool {
    now.is_some_and(|now| now.status == then.status)
}

fn attempt(review: &Review, activity: Activity) -> Attempt<'static> {
    Attempt {
        activity,
        by: Initiator::Program("Crossgate access reviews"),
        correlation: Uuid::new_v4(),
        target: TargetResource {
            id: review.id.clone(),
            name: Some(review.name.clone()),
            kind: super::TARGET,
        },
        details: Vec::new(),
    }
}

const STARTED: Activity = Activity::new(super::CATEGORY, "Update", "Access review started");
const REMINDED: Activity = Activity::new(super::CATEGORY, "Update", "Send reminder");
const ENDED: Activity = Activity::new(super::CATEGORY, "Update", "Access review ended");
const DEFAULTS: Activity = Activity::new(super::CATEGORY, "Update", "Apply default decisions");
const COMPLETED: Activity = Activity::new(super::CATEGORY, "Update", "Access review completed");
const APPLY: Activity = Activity::new(super::CATEGORY, "Update", "Apply decision");
const APPLIED: Activity = Activity::new(super::CATEGORY, "Update", "Apply approvals");
const APPLIED_ALL: Activity = Activity::new(super::CATEGORY, "Update", "Apply review");

/// Guests of one review: with more, nobody decides any more.
pub(super) const MOST_ITEMS: usize = 10_000;

/// Items that one change writes, so that others do not wait for long.
pub(super) const AT_ONCE: usize = 500;

const PAGE: usize = 100;

const GUESTS: usize = 1_000;
