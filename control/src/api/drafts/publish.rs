//! A draft comes to bind: for all at once, or for some first.

use http::header::IF_MATCH;
use jiff::Timestamp;
use serde_json::Value;

use super::changes::publishable;
use super::{Api, Draft, DraftChange, OfDraft, check_needs, check_version, existing};
use crate::api::asked::Asked;
use crate::api::body;
use crate::api::call::Reply;
use crate::api::error::ApiError;
use crate::api::permission;
use crate::audit::{Modified, modified, modified_in};
use crate::document::Write;
use crate::drafts::stage::{returned, target};
use crate::drafts::{Drafted, Percent, Reach, Scope, State};
use crate::ledger::Planned;
use crate::store::Store;
use crate::text::Document;

/// How a draft comes to bind.
enum Mode {
    All,
    Staged(Scope),
}

impl Mode {
    fn read(given: &Document, here: &str) -> Result<Self, ApiError> {
        body::only(given, &["mode", "percent", "gateway", "maxNewRefusals"])?;
        let number = |name: &str| match given.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or_else(|| {
                ApiError::property(name, "is no whole number; expected one such as `10`")
            }),
        };
        let (percent, most) = (number("percent")?, number("maxNewRefusals")?);
        let gateway = match given.get("gateway") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name),
            Some(_) => {
                return Err(ApiError::property("gateway", "is no name of a gateway"));
            }
        };
        let is_staged = |mode: &str| match mode {
            "all" => Some(false),
            "staged" => Some(true),
            _ => None,
        };
        if body::named(given, "mode", "`all` or `staged`", is_staged)? {
            return Ok(Self::Staged(Scope {
                reach: reach(gateway, percent, here)?,
                most_new_refusals: most_new_refusals(most)?,
            }));
        }
        if percent.is_some() || gateway.is_some() || most.is_some() {
            return Err(ApiError::bad(
                "`percent`, `gateway` and `maxNewRefusals` are for `staged`: a draft that binds for all is not returned of itself",
            ));
        }
        Ok(Self::All)
    }
}

/// For whom a staged draft is to bind, at a gateway that is called `here`.
fn reach(gateway: Option<String>, percent: Option<u64>, here: &str) -> Result<Reach, ApiError> {
    match (gateway, percent) {
        (Some(_), Some(_)) => Err(ApiError::property(
            "gateway",
            "a draft is staged for a share of the tenants or at one gateway; leave `percent` or `gateway` out",
        )),
        // Elsewhere it would bind for nobody, and a stage that nobody notices proves nothing.
        (Some(gateway), None) if gateway != here => Err(ApiError::property(
            "gateway",
            format!("`{gateway}` is not known; this gateway is called `{here}`"),
        )),
        (Some(gateway), None) => Ok(Reach::Gateway(gateway.into())),
        (None, Some(percent)) => Percent::new(percent).map(Reach::Tenants).ok_or_else(|| {
            ApiError::property(
                "percent",
                format!("`{percent}` is no share; expected 1 to 99: of a hundred tenants so many"),
            )
        }),
        (None, None) => Err(ApiError::property(
            "percent",
            "this or `gateway` is needed where `mode` is `staged`; expected 1 to 99: of a hundred tenants so many",
        )),
    }
}

/// How many more refusals than without the draft end its stage.
fn most_new_refusals(given: Option<u64>) -> Result<u64, ApiError> {
    let wrong = match given {
        Some(most) if most <= MOST_REFUSALS => return Ok(most),
        Some(most) => format!("`{most}` is too many"),
        None => "is needed where `mode` is `staged`".to_owned(),
    };
    Err(ApiError::property(
        "maxNewRefusals",
        format!(
            "{wrong}; expected 0 to {MOST_REFUSALS}: more users of apps than this who would be let in without the draft end its stage"
        ),
    ))
}

/// They are held in memory, each once.
const MOST_REFUSALS: u64 = 100_000;

/// `POST drafts/{id}/publish`.
pub(super) fn publish(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let mode = Mode::read(&body::read(asked.call)?, &api.ledger.enforcer().gateway())?;
    let mut tags = asked.call.headers.get_all(IF_MATCH).iter();
    // Any version is none.
    if tags.next().is_none_or(|tag| tag == "*") || tags.next().is_some() {
        return Err(ApiError::version_needed());
    }
    binds(api, asked, OfDraft::Publish, &|store, draft| {
        draft.check_open()?;
        let changes = publishable(store, asked, draft)?;
        check_needs(api, asked, &changes)?;
        check_approvals(api, draft)?;
        match &mode {
            Mode::All => for_all(store, draft, &changes),
            Mode::Staged(scope) => {
                // The name may be another one since.
                check_bound(api, scope)?;
                let before = draft.document().clone();
                draft.tell("stage", &scope.begins(Timestamp::now()));
                draft.enter(State::Staged(scope.clone()));
                let documents = changes.iter().map(|one| document(&one.address.to_string()));
                Ok(Planned {
                    modified: modified(Some(&before), Some(draft.document())),
                    writes: vec![draft.kept()],
                    details: documents.collect(),
                })
            }
        }
    })
}

/// `POST drafts/{id}/complete`.
pub(super) fn complete(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    binds(api, asked, OfDraft::Complete, &|store, draft| {
        check_staged(draft)?;
        if let State::Staged(scope) = &draft.state {
            check_bound(api, scope)?;
        }
        let changes = publishable(store, asked, draft)?;
        check_needs(api, asked, &changes)?;
        check_approvals(api, draft)?;
        let mut ended = draft.stage();
        ended.insert("outcome".to_owned(), Value::from("completed"));
        draft.ends_stage(&ended);
        for_all(store, draft, &changes)
    })
}

/// `POST drafts/{id}/return`.
pub(super) fn give_back(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let named = super::draft(api, asked)?;
    let plan = &mut |store: &dyn Store| {
        let mut draft = existing(store, &named.id)?;
        check_version(asked, &draft)?;
        check_staged(&draft)?;
        let before = draft.document().clone();
        returned(
            &mut draft,
            "an administrator returned it",
            &[],
            Timestamp::now(),
        );
        Ok(Planned {
            modified: modified(Some(&before), Some(draft.document())),
            writes: vec![draft.kept()],
            details: Vec::new(),
        })
    };
    super::planned(api, asked, OfDraft::Return.told(), &named, plan)?;
    super::shown(api, asked, &named.id)
}

/// What is to be done about a draft, by the store as it is then.
type Binding<'a> = dyn Fn(&dyn Store, &mut Draft) -> Result<Planned, ApiError> + 'a;

/// One step of the ledger, in which what is asserted is proved.
fn binds(api: &Api, asked: &Asked<'_>, of: OfDraft, plan: &Binding<'_>) -> Result<Reply, ApiError> {
    let named = super::draft(api, asked)?;
    let attempt = asked.attempt(of.told(), target(&named.id, named.name()));
    let advisories =
        api.ledger
            .publish_as_planned(&attempt, asked.confirmation(), &mut |store, _| {
                permission::by_role(api, asked, &api.ledger.roles())?;
                let mut draft = existing(store, &named.id)?;
                plan(store, &mut draft).map(Some)
            })?;
    let reply = super::shown(api, asked, &named.id)?;
    Ok(reply.advising(advisories.unwrap_or_default()))
}

fn for_all(
    store: &dyn Store,
    draft: &mut Draft,
    changes: &[DraftChange],
) -> Result<Planned, ApiError> {
    draft.enter(State::Published);
    let mut writes: Vec<Write> = changes.iter().map(DraftChange::write).collect();
    writes.push(draft.kept());
    let (mut all, mut details): (Vec<Modified>, _) = (Vec::new(), Vec::new());
    for change in changes {
        let before = Drafted::in_force(store).current(&change.address)?;
        let before = before.as_ref().map(|current| &current.document);
        let named = change.address.to_string();
        all.extend(modified_in(&named, before, change.document.as_ref()));
        details.push(document(&named));
    }
    Ok(Planned {
        writes,
        modified: all,
        details,
    })
}

fn document(named: &str) -> (&'static str, String) {
    ("Document", named.to_owned())
}

fn check_staged(draft: &Draft) -> Result<(), ApiError> {
    match draft.state {
        State::Staged(_) => Ok(()),
        State::Open | State::Published => Err(ApiError::state(format!(
            "the draft is not staged but {}",
            draft.state.name()
        ))),
    }
}

/// Refuses a draft that binds for nobody though it is staged: nothing was seen of what it does.
fn check_bound(api: &Api, scope: &Scope) -> Result<(), ApiError> {
    match scope.elsewhere(&api.ledger.enforcer().gateway()) {
        None => Ok(()),
        Some(why) => Err(ApiError::state(format!(
            "{why}; return it and stage it anew"
        ))),
    }
}

/// Refuses a draft of which not enough people approve as it is.
fn check_approvals(api: &Api, draft: &Draft) -> Result<(), ApiError> {
    let wanted = draft.approvals_wanted(api.settings().admin.draft_reviewers);
    if wanted == 0 {
        return Ok(());
    }
    match draft.approvals() {
        Ok(approvals) if approvals >= wanted => Ok(()),
        Ok(approvals) => Err(ApiError::state(format!(
            "revision {} of the draft has {approvals} of the {wanted} approvals that it takes; who had a hand in it gives none",
            draft.revision
        ))),
        Err(by) => Err(ApiError::state(format!("the draft was rejected by {by}"))),
    }
}
