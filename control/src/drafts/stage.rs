//! A staged draft: it binds for a share of the tenants, or at one gateway, first, and for nobody again where it shuts out too many.

use std::sync::Arc;

use crossgate_policy::ids::{Guid, TenantId};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::draft::{self, time};
use super::{Draft, DraftChange, State};
use crate::api::error::ApiError;
use crate::audit::{Activity, Attempt, Initiator, TargetResource, modified};
use crate::document::{DocumentKind, Write};
use crate::ledger::{Confirmation, Ledger, Planned};
use crate::store::{Sequence, Store, StoreError};

/// For whom a staged draft binds, and how many it may shut out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scope {
    /// For whom it binds.
    pub reach: Reach,
    /// More users of an app than this who would be let in without the draft end its stage.
    pub most_new_refusals: u64,
}

/// For whom a staged draft binds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reach {
    /// The people of some tenants.
    Tenants(Percent),
    /// Everybody, at the gateway of this name.
    Gateway(Arc<str>),
}

/// Of a hundred tenants so many: from 1 to 99.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Percent(u8);

impl Percent {
    /// `None` where it is no share.
    #[must_use]
    pub fn new(percent: u64) -> Option<Self> {
        let percent = u8::try_from(percent).ok()?;
        (1..=99).contains(&percent).then_some(Self(percent))
    }

    /// Whether the draft of this id binds for the people of a tenant: the same ones for as long as it is staged, and others for another
    /// draft. Both ids are taken as numbers.
    #[must_use]
    pub const fn has(self, draft: Guid, home: TenantId) -> bool {
        (draft.as_u128() ^ home.0.as_u128()) % 100 < self.0 as u128
    }
}

impl Scope {
    /// What is told of it.
    pub(super) fn read(stage: &Value) -> Option<Self> {
        let number = |name: &str| stage.get(name).and_then(Value::as_u64);
        let reach = match stage.get(GATEWAY).and_then(Value::as_str) {
            Some(gateway) => Reach::Gateway(gateway.into()),
            None => Reach::Tenants(Percent::new(number(PERCENT)?)?),
        };
        Some(Self {
            reach,
            most_new_refusals: number("maxNewRefusals")?,
        })
    }

    /// Why it binds for nobody at the gateway of this name; `None` where it binds.
    pub(crate) fn elsewhere(&self, here: &str) -> Option<String> {
        match &self.reach {
            Reach::Gateway(named) if **named != *here => Some(format!(
                "the draft was staged at gateway `{named}` and binds for nobody, for this one is called `{here}` now"
            )),
            Reach::Gateway(_) | Reach::Tenants(_) => None,
        }
    }

    /// What is told of a stage that begins.
    pub(crate) fn begins(&self, now: Timestamp) -> Map<String, Value> {
        let (name, reach) = match &self.reach {
            Reach::Tenants(percent) => (PERCENT, json!(percent.0)),
            Reach::Gateway(gateway) => (GATEWAY, json!(&**gateway)),
        };
        let told = [
            (name, reach),
            ("maxNewRefusals", json!(self.most_new_refusals)),
            (STARTED, json!(now.to_string())),
        ];
        told.map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect()
    }
}

const PERCENT: &str = "percent";
const GATEWAY: &str = "gateway";

/// A staged draft with what it changes.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The draft's id.
    pub draft: Guid,
    /// When it was staged: tells this stage from others of the same draft.
    pub started: Box<str>,
    /// For whom it binds.
    pub scope: Scope,
    /// What it changes.
    pub(crate) changes: Vec<DraftChange>,
}

impl Stage {
    /// The one that a store is in.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn of(store: &dyn Store) -> Result<Option<Self>, StoreError> {
        let mut after: Option<Box<str>> = None;
        loop {
            let page = store.page(DocumentKind::Draft, after.as_deref(), PAGE)?;
            let Some(last) = page.last() else {
                return Ok(None);
            };
            after = Some(last.address.key.clone());
            for stored in &page {
                let draft = Draft::read(stored)?;
                let changes = || DraftChange::all(store, &draft.id);
                if let Some(stage) = Self::by(&draft, changes)? {
                    return Ok(Some(stage));
                }
            }
        }
    }

    /// That of a draft, where it is staged.
    pub(crate) fn by(
        draft: &Draft,
        changes: impl FnOnce() -> Result<Vec<DraftChange>, StoreError>,
    ) -> Result<Option<Self>, StoreError> {
        let (State::Staged(scope), Some(id)) = (&draft.state, Guid::parse(&draft.id)) else {
            return Ok(None);
        };
        Ok(Some(Self {
            draft: id,
            started: begun(draft).unwrap_or_default().into(),
            scope: scope.clone(),
            changes: changes()?,
        }))
    }

    /// The documents as they are then.
    pub(crate) fn writes(&self) -> Vec<Write> {
        self.changes.iter().map(DraftChange::write).collect()
    }

    /// The one that a store was in right after a change.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn at(store: &dyn Store, at: Sequence) -> Result<Option<Self>, StoreError> {
        let mut staged = None;
        store.each_at(DocumentKind::Draft, at, &mut |key, version| {
            // What cannot be read was never staged: the ledger reads each that is.
            if let Ok(draft) = Draft::parse(key, version.since, &version.text)
                && matches!(draft.state, State::Staged(_))
            {
                staged = Some(draft);
            }
        })?;
        let Some(draft) = staged else {
            return Ok(None);
        };
        let own = format!("{}/", draft.id);
        let (mut changes, mut broken) = (Vec::new(), None);
        store.each_at(DocumentKind::DraftChange, at, &mut |key, version| {
            if let Some(named) = key.strip_prefix(&own) {
                match DraftChange::parse(named, &version.text) {
                    Ok(change) => changes.push(change),
                    Err(error) => broken = Some(format!("draft-changes/{key}: {error}")),
                }
            }
        })?;
        match broken {
            Some(broken) => Err(StoreError::Corrupt(broken)),
            None => Self::by(&draft, || Ok(changes)),
        }
    }
}

/// Users of apps who were refused by a staged draft, and would have been let in without it.
#[derive(Clone, Debug, Default)]
pub struct NewRefusals {
    /// How many.
    pub count: usize,
    /// Some of them, for people.
    pub samples: Vec<String>,
}

/// Why a stage ends of itself.
#[derive(Clone, Debug)]
pub enum Why {
    /// It shuts out too many.
    Refuses(NewRefusals),
    /// Another program changed the store so that the draft does not go with it, or no gateway is called as the one where it is staged.
    Unfit(String),
}

/// Ends the stage of a draft that began then: it binds for nobody, and the audit says why. What was approved of it is to be looked at again.
/// Nothing is done where that stage is over.
///
/// # Errors
/// The store cannot be written.
pub fn end(ledger: &Ledger, draft: Guid, started: &str, why: &Why) -> Result<(), ApiError> {
    let id = draft.to_string();
    let (reason, samples) = match why {
        Why::Refuses(refusals) => (
            format!(
                "{} users of apps were refused who would have been let in without the draft",
                refusals.count
            ),
            refusals.samples.clone(),
        ),
        Why::Unfit(reason) => (reason.clone(), Vec::new()),
    };
    let attempt = Attempt {
        activity: RETURN,
        by: Initiator::Program("Crossgate staged publishing"),
        correlation: uuid::Uuid::new_v4(),
        target: target(&id, None),
        details: vec![("Reason", reason.clone())],
    };
    let now = Timestamp::now();
    let ended = ledger.change_as_planned(&attempt, Confirmation::Given, &mut |store, _| {
        let draft = Draft::of(store, &id)?;
        let is_it = |draft: &Draft| {
            matches!(draft.state, State::Staged(_)) && begun(draft).as_deref() == Some(started)
        };
        let Some(mut draft) = draft.filter(is_it) else {
            return Ok(None);
        };
        let before = draft.document().clone();
        draft.voids_reviews();
        returned(&mut draft, &reason, &samples, now);
        Ok(Some(Planned {
            modified: modified(Some(&before), Some(draft.document())),
            writes: vec![draft.kept()],
            details: samples
                .iter()
                .map(|sample| ("Sample", sample.clone()))
                .collect(),
        }))
    })?;
    // What does not fit any more was warned of when that was found.
    if let (Some(_), Why::Refuses(_)) = (ended, why) {
        tracing::warn!(draft = %id, "{reason}; its stage is over, and the audit names some of them");
    }
    Ok(())
}

/// When the stage that a draft is in began.
fn begun(draft: &Draft) -> Option<String> {
    let stage = draft.stage();
    stage
        .get(STARTED)
        .and_then(Value::as_str)
        .map(ToOwned::to_owned)
}

/// The draft is worked on again.
pub(crate) fn returned(draft: &mut Draft, reason: &str, samples: &[String], now: Timestamp) {
    let mut ended = draft.stage();
    for (name, value) in [
        ("endedDateTime", json!(time(now))),
        ("outcome", json!("returned")),
        ("reason", json!(reason)),
        ("newRefusals", json!(samples)),
    ] {
        ended.insert(name.to_owned(), value);
    }
    draft.ends_stage(&ended);
    draft.enter(State::Open);
}

/// A draft, for the audit.
pub(crate) fn target(id: &str, name: Option<String>) -> TargetResource {
    TargetResource {
        id: id.to_owned(),
        name,
        kind: TARGET,
    }
}

/// What the end of a stage is called.
pub(crate) const RETURN: Activity =
    Activity::new(super::CATEGORY, "Update", "Return staged policy draft");

/// `targetResources[].type` of a draft.
pub(crate) const TARGET: &str = "Policy";

const STARTED: &str = "startedDateTime";

const PAGE: usize = 100;

/// A stage is of the draft that a write leaves staged; `now` is the one that runs.
///
/// # Errors
/// The store cannot be read, or two drafts would be staged.
pub(crate) fn after(
    store: &dyn Store,
    now: Option<&Stage>,
    writes: &[Write],
) -> Result<Option<Stage>, ApiError> {
    let mut stage = now.cloned();
    let drafts = writes
        .iter()
        .filter(|write| write.address.kind == DocumentKind::Draft);
    for write in drafts {
        let id = &write.address.key;
        if stage
            .as_ref()
            .is_some_and(|stage| *stage.draft.to_string() == **id)
        {
            stage = None;
        }
        let Some(text) = &write.text else { continue };
        let draft = Draft::parse(id, 0, text)
            .map_err(|error| StoreError::Corrupt(format!("{}: {error}", draft::address(id))))?;
        let Some(staged) = Stage::by(&draft, || DraftChange::all(store, id))? else {
            continue;
        };
        if stage.replace(staged).is_some() {
            return Err(ApiError::state(
                "another draft is staged; complete or return it first",
            ));
        }
    }
    Ok(stage)
}
