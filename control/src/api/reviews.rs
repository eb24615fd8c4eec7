//! Access reviews, as Graph's `identityGovernance/accessReviews/definitions`.

use crossgate_policy::ids::Id;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::asked::Asked;
use super::call::Reply;
use super::documents::missing;
use super::error::ApiError;
use super::routes::{Operation, Special};
use super::{Api, body, listed, permission};
use crate::administrator::Credential;
use crate::audit::{Activity, TargetResource, modified};
use crate::ledger::Planned;
use crate::model::{ACCESS_REVIEW, ACCESS_REVIEW_DECISION, ACCESS_REVIEW_INSTANCE, show};
use crate::resource::ACCESS_REVIEWS;
use crate::reviews::mailing::{self, undecided};
use crate::reviews::{
    self, CATEGORY, Decision, Item, MOST_REVIEWS, Mailing, Occasion, Review, Status, TARGET,
    Verdict,
};
use crate::roles::{ActionSet, Caller};
use crate::store::Store;
use crate::text::Document;

/// Whether somebody without a role may do what is asked, because it is their own review.
pub(super) fn is_for_reviewer(api: &Api, asked: &Asked<'_>, caller: &Caller) -> bool {
    let Operation::Special(special) = asked.route.operation else {
        return false;
    };
    let is_theirs = matches!(
        special,
        Special::GetReview
            | Special::ListReviewInstances
            | Special::GetReviewInstance
            | Special::ListReviewDecisions
            | Special::GetReviewDecision
            | Special::DecideInReview
            | Special::AcceptRecommendations
            | Special::RecordDecisions
    );
    let Caller::Delegated { user, scopes, .. } = caller else {
        return false;
    };
    let needed: ActionSet = asked.needed.iter().copied().collect();
    if !is_theirs || !needed.without(scopes.permits()).is_empty() || user.to_string().is_empty() {
        return false;
    }
    let review = Review::of(api.ledger.store(), &asked.parameter().to_lowercase());
    matches!(review, Ok(Some(review)) if review.is_reviewer(user))
}

/// `POST definitions`.
pub(super) fn create(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let given = body::accept(&ACCESS_REVIEW, body::read(asked.call)?, None)?;
    let review = Review::new(
        Uuid::new_v4().to_string(),
        &given,
        &identity(asked),
        Timestamp::now(),
    )?;
    let advisories = planned(api, asked, CREATE, target_of(&review), &mut |store| {
        if store.count(ACCESS_REVIEWS.kind)? >= MOST_REVIEWS {
            return Err(ApiError::bad(format!(
                "there are {MOST_REVIEWS} access reviews already; delete some that have ended"
            )));
        }
        Ok(Planned {
            modified: modified(None, Some(&Document::of(&review.definition()))),
            writes: vec![review.kept()],
            details: Vec::new(),
        })
    })?;
    let mut advisories = advisories;
    if review.mails() {
        let store = api.ledger.store();
        advisories.extend(mailing::advisory(store, &api.settings(), &review)?);
    }
    let mut shown = show(&ACCESS_REVIEW, review.definition());
    shown.insert(
        "@odata.context".to_owned(),
        asked.context(&format!("{}/$entity", ACCESS_REVIEWS.context)),
    );
    Ok(Reply::json(StatusCode::CREATED, Value::Object(shown)).advising(advisories))
}

/// `GET definitions/{id}`.
pub(super) fn get(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let review = review(api, asked)?;
    let listing = listed::options(asked, &ACCESS_REVIEW)?;
    let mut shown = listing.select(show(&ACCESS_REVIEW, review.definition()));
    let context = format!("{}/$entity", ACCESS_REVIEWS.context);
    shown.insert("@odata.context".to_owned(), asked.context(&context));
    Ok(Reply::ok(Value::Object(shown)))
}

/// `DELETE definitions/{id}`: what was decided in it goes with it, and what came of it stays.
pub(super) fn delete(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let id = review(api, asked)?.id;
    let target = TargetResource {
        id: id.clone(),
        name: None,
        kind: TARGET,
    };
    let advisories = planned(api, asked, ACCESS_REVIEWS.delete, target, &mut |store| {
        let review = Review::of(store, &id)?.ok_or_else(|| missing(asked))?;
        Ok(Planned {
            modified: modified(Some(&Document::of(&review.definition())), None),
            writes: reviews::removed(store, &id)?,
            details: Vec::new(),
        })
    })?;
    Ok(Reply::nothing().advising(advisories))
}

/// `GET …/instances`: a review has one.
pub(super) fn list_instances(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let review = review(api, asked)?;
    let instance = show(&ACCESS_REVIEW_INSTANCE, review.instance());
    let context = format!("{}('{}')/instances", ACCESS_REVIEWS.context, review.id);
    listed::page_of(asked, &ACCESS_REVIEW_INSTANCE, &context, [instance])
}

/// `GET …/instances/{id}`.
pub(super) fn get_instance(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let review = instance(api, asked)?;
    let listing = listed::options(asked, &ACCESS_REVIEW_INSTANCE)?;
    let mut shown = listing.select(show(&ACCESS_REVIEW_INSTANCE, review.instance()));
    let context = format!(
        "{}('{}')/instances/$entity",
        ACCESS_REVIEWS.context, review.id
    );
    shown.insert("@odata.context".to_owned(), asked.context(&context));
    Ok(Reply::ok(Value::Object(shown)))
}

/// `GET …/decisions`, page by page in the order of the guests' ids.
pub(super) fn list_decisions(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let review = instance(api, asked)?;
    let listing = listed::options(asked, &ACCESS_REVIEW_DECISION)?;
    let store = api.ledger.store();
    let mut page = listed::Page::new(&listing);
    let mut after = listing.after().map(ToOwned::to_owned);
    let mut behind = after.clone();
    let mut count = 0_u64;
    let is_counted = listing.wants_count();
    'pages: loop {
        let items = reviews::item::page(store, &review.id, after.as_deref(), page.worth_reading())?;
        let Some(last) = items.last() else { break };
        after = Some(last.guest.clone());
        for item in items {
            let shown = shown(store, &item)?;
            if listing.filters() && !listing.admits(&Value::Object(shown.clone())) {
                continue;
            }
            if page.is_full() {
                let behind = behind.unwrap_or_default();
                page.goes_on(listing.options().order_by.position(&Value::Null, &behind));
                break 'pages;
            }
            page.push(Value::Object(listing.select(shown)));
            behind = Some(item.guest);
        }
    }
    if is_counted {
        let mut after: Option<String> = None;
        loop {
            let items = reviews::item::page(store, &review.id, after.as_deref(), COUNTED)?;
            let Some(last) = items.last() else { break };
            after = Some(last.guest.clone());
            for item in items {
                let shown = show(&ACCESS_REVIEW_DECISION, item.members());
                count += u64::from(listing.admits(&Value::Object(shown)));
            }
        }
    }
    let context = format!(
        "{}('{id}')/instances('{id}')/decisions",
        ACCESS_REVIEWS.context,
        id = review.id
    );
    Ok(page.reply(asked, asked.context(&context), is_counted.then_some(count)))
}

/// `GET …/decisions/{id}`.
pub(super) fn get_decision(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let review = instance(api, asked)?;
    let listing = listed::options(asked, &ACCESS_REVIEW_DECISION)?;
    let store = api.ledger.store();
    let item = Item::of(store, &review.id, &guest(asked))?.ok_or_else(|| missing(asked))?;
    let mut shown = listing.select(shown(store, &item)?);
    let context = format!(
        "{}('{id}')/instances('{id}')/decisions/$entity",
        ACCESS_REVIEWS.context,
        id = review.id
    );
    shown.insert("@odata.context".to_owned(), asked.context(&context));
    Ok(Reply::ok(Value::Object(shown)))
}

/// `PATCH …/decisions/{id}`: somebody decides.
pub(super) fn decide(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let id = instance(api, asked)?.id;
    let given = body::read(asked.call)?;
    let decision = decision(asked, &given)?;
    let verdict = decision.verdict.ok_or_else(|| {
        ApiError::property(
            "decision",
            "is needed; expected `Approve`, `Deny`, `DontKnow` or `NotReviewed`",
        )
    })?;
    let target = TargetResource {
        id: guest(asked),
        name: None,
        kind: "User",
    };
    let advisories = planned(api, asked, activity(verdict), target, &mut |store| {
        let now = Timestamp::now();
        let review = reviews::open(store, &id, now)?.ok_or_else(|| missing(asked))?;
        let item = Item::of(store, &id, &guest(asked))?.ok_or_else(|| missing(asked))?;
        body::accept(
            &ACCESS_REVIEW_DECISION,
            given.clone(),
            Some(item.document()),
        )?;
        let decided = reviews::decide(&review, &item, &decision, now)?;
        let decided = decided.ok_or_else(ApiError::internal)?;
        Ok(Planned {
            modified: modified(Some(item.document()), Some(decided.document())),
            writes: vec![decided.kept()],
            details: vec![("Access review", id.clone())],
        })
    })?;
    Ok(Reply::nothing().advising(advisories))
}

/// `POST …/batchRecordDecisions`: the same of all guests, or of one.
pub(super) fn record(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let given = body::read(asked.call)?;
    let known = ["decision", "justification", "principalId", "resourceId"];
    if let Some(name) = given.names().find(|name| !known.contains(name)) {
        return Err(ApiError::property(
            name,
            format!("is not supported; expected {}", known.join(", ")),
        ));
    }
    let principal = given.text_of("principalId").filter(|id| !id.is_empty());
    let decision = decision(asked, &given)?;
    if decision.verdict.is_none() {
        return Err(ApiError::property(
            "decision",
            "is needed; expected `Approve`, `Deny`, `DontKnow` or `NotReviewed`",
        ));
    }
    decide_many(api, asked, &decision, principal.as_deref())
}

/// `POST …/acceptRecommendations`: what is recommended, where nobody has decided.
pub(super) fn accept(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let decision = Decision {
        verdict: None,
        justification: Some("Recommended".to_owned()),
        by: identity(asked),
    };
    decide_many(api, asked, &decision, None)
}

/// Many at once, some hundred in each step.
fn decide_many(
    api: &Api,
    asked: &Asked<'_>,
    decision: &Decision,
    principal: Option<&str>,
) -> Result<Reply, ApiError> {
    let id = instance(api, asked)?.id;
    let mut after: Option<String> = None;
    loop {
        let mut last = None;
        planned_if(api, asked, MANY, target_id(&id), &mut |store| {
            let now = Timestamp::now();
            let review = reviews::open(store, &id, now)?.ok_or_else(|| missing(asked))?;
            let items = reviews::item::page(store, &id, after.as_deref(), AT_ONCE)?;
            last = items.last().map(|item| item.guest.clone());
            let (mut writes, mut details) = (Vec::new(), Vec::new());
            for item in &items {
                let is_meant = match (principal, decision.verdict) {
                    (Some(principal), _) => item.guest.eq_ignore_ascii_case(principal),
                    (None, Some(_)) => true,
                    // What somebody decided stays.
                    (None, None) => item.verdict() == Verdict::NotReviewed,
                };
                if is_meant && let Some(decided) = reviews::decide(&review, item, decision, now)? {
                    writes.push(decided.kept());
                    details.push(("Guest", item.guest.clone()));
                }
            }
            let verdict = decision.verdict.map_or("as recommended", Verdict::name);
            details.push(("Decision", verdict.to_owned()));
            // Where there is nothing to decide, nothing is recorded.
            Ok((!writes.is_empty()).then_some(Planned {
                details,
                writes,
                ..Planned::default()
            }))
        })?;
        let Some(last) = last else {
            return Ok(Reply::nothing());
        };
        after = Some(last);
    }
}

/// `POST …/stop`: it ends now.
pub(super) fn stop(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let id = instance(api, asked)?.id;
    turn(
        api,
        asked,
        &id,
        STOP,
        Status::InProgress,
        Status::Completing,
    )
}

/// `POST …/applyDecisions`: who is denied goes.
pub(super) fn apply(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let id = instance(api, asked)?.id;
    turn(api, asked, &id, APPLY, Status::Completed, Status::Applying)
}

/// `POST …/sendReminder`: whoever can be mailed is.
pub(super) fn remind(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let id = instance(api, asked)?.id;
    let settings = api.settings();
    let waiting = undecided(api.ledger.store(), &id)?;
    let mut told = None;
    planned(api, asked, REMIND, target_id(&id), &mut |store| {
        let now = Timestamp::now();
        let review = reviews::open(store, &id, now)?.ok_or_else(|| missing(asked))?;
        if let Some(rest) = review.rests(now) {
            return Err(ApiError::too_many(
                "the reviewers were reminded within the last hour; come again later",
                rest.as_secs().unsigned_abs() + 1,
            ));
        }
        let mailing = Mailing::plan(store, &settings, &review, Occasion::Reminder, waiting)?;
        told.clone_from(&mailing.advisory);
        Ok(mailing.planned(&review, now))
    })?;
    Ok(Reply::nothing().advising(told.into_iter().collect()))
}

fn turn(
    api: &Api,
    asked: &Asked<'_>,
    id: &str,
    activity: Activity,
    from: Status,
    to: Status,
) -> Result<Reply, ApiError> {
    planned(api, asked, activity, target_id(id), &mut |store| {
        let review = Review::of(store, id)?.ok_or_else(|| missing(asked))?;
        if review.status != from {
            return Err(ApiError::bad(format!(
                "the review is {}; this takes one that is {}",
                review.status.name(),
                from.name()
            )));
        }
        Ok(Planned {
            writes: vec![review.becomes(to, Timestamp::now())],
            ..Planned::default()
        })
    })?;
    Ok(Reply::nothing())
}

/// A change of this caller's, where they still may when their turn comes.
fn planned(
    api: &Api,
    asked: &Asked<'_>,
    activity: Activity,
    target: TargetResource,
    plan: &mut dyn FnMut(&dyn Store) -> Result<Planned, ApiError>,
) -> Result<Vec<String>, ApiError> {
    planned_if(api, asked, activity, target, &mut |store| {
        plan(store).map(Some)
    })
}

/// What is to be done, by the store as it is then.
type Plan<'a> = dyn FnMut(&dyn Store) -> Result<Option<Planned>, ApiError> + 'a;

/// The same where there may be nothing to change.
fn planned_if(
    api: &Api,
    asked: &Asked<'_>,
    activity: Activity,
    target: TargetResource,
    plan: &mut Plan<'_>,
) -> Result<Vec<String>, ApiError> {
    let attempt = asked.attempt(activity, target);
    let advisories =
        api.ledger
            .change_as_planned(&attempt, asked.confirmation(), &mut |store, _| {
                permission::check(api, asked, &api.ledger.roles())?;
                plan(store)
            })?;
    Ok(advisories.unwrap_or_default())
}

/// The review that a path names.
fn review(api: &Api, asked: &Asked<'_>) -> Result<Review, ApiError> {
    let id = asked.parameter().to_lowercase();
    Review::of(api.ledger.store(), &id)?.ok_or_else(|| missing(asked))
}

/// The review whose one instance a path names: it bears the review's id.
fn instance(api: &Api, asked: &Asked<'_>) -> Result<Review, ApiError> {
    let review = review(api, asked)?;
    let named = asked.parameters.get(1).map_or("", String::as_str);
    if !named.eq_ignore_ascii_case(&review.id) {
        return Err(ApiError::not_found(format!(
            "the review has no instance `{named}`; its one instance bears the review's id"
        )));
    }
    Ok(review)
}

/// The guest that a path names. Letter case counts, but in a GUID.
fn guest(asked: &Asked<'_>) -> String {
    let named = asked.parameters.get(2).map_or("", String::as_str);
    Id::new(named).to_string()
}

/// An item with what is known of the guest by now.
fn shown(store: &dyn Store, item: &Item) -> Result<Map<String, Value>, ApiError> {
    let mut shown = show(&ACCESS_REVIEW_DECISION, item.members());
    let activity = store.sign_in_activity(&item.guest)?;
    let came = activity.and_then(|activity| activity.successful);
    shown.insert(
        "insights".to_owned(),
        json!([{
            "@odata.type": "#microsoft.graph.userSignInInsight",
            "lastSignInDateTime": came.map(|came| came.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        }]),
    );
    Ok(shown)
}

fn decision(asked: &Asked<'_>, given: &Document) -> Result<Decision, ApiError> {
    let verdict = match given.text_of("decision") {
        None => None,
        Some(name) => Some(Verdict::from_name(&name).ok_or_else(|| {
            ApiError::property(
                "decision",
                format!(
                    "`{name}` is none; expected `Approve`, `Deny`, `DontKnow` or `NotReviewed`"
                ),
            )
        })?),
    };
    let justification = given.text_of("justification");
    if justification
        .as_ref()
        .is_some_and(|text| text.len() > LONGEST)
    {
        return Err(ApiError::property(
            "justification",
            format!("is too long; expected at most {LONGEST} bytes"),
        ));
    }
    Ok(Decision {
        verdict,
        justification,
        by: identity(asked),
    })
}

/// The caller as Graph's `userIdentity`.
fn identity(asked: &Asked<'_>) -> Value {
    let who = asked.who;
    let id = match &who.credential {
        Credential::Token(subject) | Credential::Console(subject) => {
            subject.user_id.as_ref().map(ToString::to_string)
        }
        Credential::Session(person) => Some(person.user.to_string()),
        Credential::Bootstrap | Credential::BreakGlass => None,
    };
    json!({
        "@odata.type": "#microsoft.graph.userIdentity",
        "id": id,
        "displayName": who.display_name.as_deref(),
        "userPrincipalName": who.user_principal_name.as_deref(),
    })
}

fn target_of(review: &Review) -> TargetResource {
    TargetResource {
        id: review.id.clone(),
        name: Some(review.name.clone()),
        kind: TARGET,
    }
}

fn target_id(id: &str) -> TargetResource {
    TargetResource {
        id: id.to_owned(),
        name: None,
        kind: TARGET,
    }
}

/// What a decision is called, as in Entra's audit.
const fn activity(verdict: Verdict) -> Activity {
    let name = match verdict {
        Verdict::Approve => "Approve decision",
        Verdict::Deny => "Deny decision",
        Verdict::DontKnow => "Don't know decision",
        Verdict::NotReviewed => "Reset decision",
    };
    Activity::new(CATEGORY, "Update", name)
}

const CREATE: Activity = ACCESS_REVIEWS.create;
/// What deciding many at once is called.
pub(super) const MANY: Activity = Activity::new(CATEGORY, "Update", "Bulk record decisions");
/// What ending a review is called.
pub(super) const STOP: Activity = Activity::new(CATEGORY, "Update", "Stop access review");
/// What applying one is called.
pub(super) const APPLY: Activity = Activity::new(CATEGORY, "Update", "Request apply review result");
/// What reminding reviewers is called.
pub(super) const REMIND: Activity = Activity::new(CATEGORY, "Update", "Send reminder");
/// What deciding is called where it is not known what.
pub(super) const DECIDE: Activity = Activity::new(CATEGORY, "Update", "Record decision");

/// Longer than any reason.
const LONGEST: usize = 4_000;

const AT_ONCE: usize = 500;

const COUNTED: usize = 1_000;
