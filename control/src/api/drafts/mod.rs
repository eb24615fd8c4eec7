//! Drafts of the policy: made, changed by the paths of the documents themselves, looked at, reviewed and published as a whole.

pub(super) mod changes;
mod check;
mod publish;
mod replay;
mod review;

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::asked::{Asked, etag, tagged};
use super::call::Reply;
use super::documents::missing;
use super::error::ApiError;
use super::routes::OfDraft;
use super::{Api, body, permission};
use crate::administrator::Credential;
use crate::audit::{Activity, modified};
use crate::document::{DocumentKind, Write};
use crate::drafts::stage::target;
use crate::drafts::{Draft, DraftChange, Draftee, MOST_DRAFTS, State, change, holds};
use crate::ledger::{Current, Planned};
use crate::model::{POLICY_DRAFT, show};
use crate::resource::DRAFTS;
use crate::roles::Action;
use crate::store::Store;
use crate::text::Document;

/// Answers a call.
pub(super) fn perform(api: &Api, asked: &Asked<'_>, of: OfDraft) -> Result<Reply, ApiError> {
    match of {
        OfDraft::Create => create(api, asked),
        OfDraft::Update => update(api, asked),
        OfDraft::Delete => delete(api, asked),
        OfDraft::ListChanges => changes::list(api, asked),
        OfDraft::RemoveChange => changes::remove(api, asked),
        OfDraft::Check => check::check(api, asked),
        OfDraft::Replay => replay::begin(api, asked),
        OfDraft::GetReplay => replay::get(api, asked),
        OfDraft::ForgetReplay => replay::forget(api, asked),
        OfDraft::Review => review::review(api, asked),
        OfDraft::Publish => publish::publish(api, asked),
        OfDraft::Complete => publish::complete(api, asked),
        OfDraft::Return => publish::give_back(api, asked),
    }
}

/// Refuses a change of what is in force that has to come from a draft, for others have to approve of it.
pub(super) fn check_direct(
    api: &Api,
    asked: &Asked<'_>,
    kind: DocumentKind,
) -> Result<(), ApiError> {
    let reviewers = api.settings().admin.draft_reviewers;
    if reviewers == 0 || !holds(kind) {
        return Ok(());
    }
    match asked.who.credential {
        // For when nobody else can be asked.
        Credential::BreakGlass | Credential::Bootstrap => Ok(()),
        Credential::Token(_) | Credential::Session(_) | Credential::Console(_) => {
            Err(ApiError::denied(format!(
                "changes of the policy take the approval of {reviewers} others: make them in a draft, by the same path behind `/crossgate/drafts/ID`"
            )))
        }
    }
}

/// The draft of an id, wherever a path names it.
pub(super) fn existing(store: &dyn Store, id: &str) -> Result<Draft, ApiError> {
    Draft::of(store, id)?.ok_or_else(|| ApiError::not_found(format!("there is no draft `{id}`")))
}

/// The draft that a path names.
fn draft(api: &Api, asked: &Asked<'_>) -> Result<Draft, ApiError> {
    existing(api.ledger.store(), &id_of(asked))
}

fn id_of(asked: &Asked<'_>) -> String {
    asked.parameter().to_lowercase()
}

/// `POST drafts`.
fn create(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let given = body::accept(&POLICY_DRAFT, body::read(asked.call)?, None)?;
    check_words(&given)?;
    if given
        .text_of("displayName")
        .is_none_or(|name| name.trim().is_empty())
    {
        return Err(ApiError::property(
            "displayName",
            "is missing; say in a few words what the draft is for",
        ));
    }
    let id = Uuid::new_v4().to_string();
    let draft = Draft::new(id, &given, &Draftee::of(asked.who), Timestamp::now());
    let made = draft.clone();
    planned(api, asked, OfDraft::Create.told(), &draft, &mut |store| {
        if store.count(DocumentKind::Draft)? >= MOST_DRAFTS {
            return Err(ApiError::bad(format!(
                "there are {MOST_DRAFTS} drafts already; delete some that were published"
            )));
        }
        Ok(Planned {
            modified: modified(None, Some(made.document())),
            writes: vec![made.kept()],
            details: Vec::new(),
        })
    })?;
    shown_with(api, asked, &draft.id, StatusCode::CREATED)
}

/// `PATCH drafts/{id}`: another name is another revision, for reviewers have read it.
fn update(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let given = body::read(asked.call)?;
    let named = draft(api, asked)?;
    let by = Draftee::of(asked.who);
    planned(api, asked, OfDraft::Update.told(), &named, &mut |store| {
        let mut draft = open(store, asked, &named.id)?;
        let before = draft.document().clone();
        let changes = body::accept(&POLICY_DRAFT, given.clone(), Some(&before))?;
        check_words(&changes)?;
        draft.merge(&changes);
        draft.edited(&by, Timestamp::now());
        Ok(Planned {
            modified: modified(Some(&before), Some(draft.document())),
            writes: vec![draft.kept()],
            details: Vec::new(),
        })
    })?;
    Ok(Reply::nothing().tagged(etag(draft(api, asked)?.since)))
}

fn check_words(given: &Document) -> Result<(), ApiError> {
    for (name, most) in [("displayName", 256), ("description", 8_192)] {
        if given.text_of(name).is_some_and(|text| text.len() > most) {
            return Err(ApiError::property(
                name,
                format!("is too long; expected at most {most} bytes"),
            ));
        }
    }
    Ok(())
}

/// `DELETE drafts/{id}`.
fn delete(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let named = draft(api, asked)?;
    planned(api, asked, OfDraft::Delete.told(), &named, &mut |store| {
        let draft = existing(store, &named.id)?;
        check_version(asked, &draft)?;
        if let State::Staged(_) = draft.state {
            draft.check_open()?;
        }
        let mut writes = vec![removed(crate::drafts::draft::address(&draft.id))];
        let changes = DraftChange::all(store, &draft.id)?;
        let address = |one: &DraftChange| change::address(&draft.id, &one.address);
        writes.extend(changes.iter().map(|one| removed(address(one))));
        Ok(Planned {
            modified: modified(Some(draft.document()), None),
            writes,
            details: Vec::new(),
        })
    })?;
    if let Some(replays) = api.ledger.enforcer().replays() {
        replays.forget(&named.id);
    }
    Ok(Reply::nothing())
}

fn removed(address: crate::document::Address) -> Write {
    Write {
        address,
        text: None,
    }
}

/// The draft of an id, while it is worked on, in the version that the caller means.
fn open(store: &dyn Store, asked: &Asked<'_>, id: &str) -> Result<Draft, ApiError> {
    let draft = existing(store, id)?;
    check_version(asked, &draft)?;
    draft.check_open()?;
    Ok(draft)
}

fn check_version(asked: &Asked<'_>, draft: &Draft) -> Result<(), ApiError> {
    asked.check_version(Some(&Current {
        since: draft.since,
        document: Document::default(),
    }))
}

/// Changes nothing but the draft itself, where the caller still may when its turn comes.
fn planned(
    api: &Api,
    asked: &Asked<'_>,
    activity: Activity,
    draft: &Draft,
    plan: &mut dyn FnMut(&dyn Store) -> Result<Planned, ApiError>,
) -> Result<(), ApiError> {
    let attempt = asked.attempt(activity, target(&draft.id, draft.name()));
    let confirmation = asked.confirmation();
    api.ledger
        .change_as_planned(&attempt, confirmation, &mut |store, _| {
            permission::by_role(api, asked, &api.ledger.roles())?;
            plan(store).map(Some)
        })?;
    Ok(())
}

/// Refuses whoever may not do all that a draft changes.
fn check_needs(api: &Api, asked: &Asked<'_>, changes: &[DraftChange]) -> Result<(), ApiError> {
    let mut needed: Vec<Action> = asked.needed.clone();
    for need in changes.iter().flat_map(|change| &change.needs) {
        match need {
            change::Need::Known(action) if !needed.contains(action) => needed.push(*action),
            change::Need::Known(_) => {}
            change::Need::Unknown(name) => {
                return Err(ApiError::denied(format!(
                    "the draft takes `{name}`, which nobody can be allowed here; change its documents anew"
                )));
            }
        }
    }
    let asked = Asked {
        call: asked.call,
        ids: asked.ids,
        route: asked.route,
        parameters: Vec::new(),
        who: asked.who,
        version: asked.version,
        draft: None,
        needed,
    };
    permission::by_role(api, &asked, &api.ledger.roles())
}

fn shown(api: &Api, asked: &Asked<'_>, id: &str) -> Result<Reply, ApiError> {
    shown_with(api, asked, id, StatusCode::OK)
}

fn shown_with(
    api: &Api,
    asked: &Asked<'_>,
    id: &str,
    status: StatusCode,
) -> Result<Reply, ApiError> {
    let Some(draft) = Draft::of(api.ledger.store(), id)? else {
        return Err(missing(asked));
    };
    let mut shown: Map<String, Value> = show(&POLICY_DRAFT, draft.document().members());
    let context = asked.context(&format!("{}/$entity", DRAFTS.context));
    shown.insert("@odata.context".to_owned(), context);
    let shown = tagged(shown, draft.since);
    Ok(Reply::json(status, Value::Object(shown)).tagged(etag(draft.since)))
}
