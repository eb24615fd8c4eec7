//! A draft itself: what it is called, who had a hand in it, and what became of it.

use crossgate_policy::subject::SubjectKind;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::stage::Scope;
use crate::administrator::{Administrator, Credential};
use crate::api::error::ApiError;
use crate::document::{Address, DocumentKind, Write};
use crate::store::{Sequence, Store, StoreError, Stored};
use crate::text::Document;

/// A draft.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// Its id.
    pub(crate) id: String,
    /// Its version: what an `ETag` names.
    pub(crate) since: Sequence,
    /// Counts what was changed in it; reviews, stages and publishing change nothing in it.
    pub(crate) revision: u64,
    /// What has become of it.
    pub(crate) state: State,
    document: Document,
}

/// What has become of a draft.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum State {
    /// It is worked on.
    Open,
    /// It binds for a share of the tenants.
    Staged(Scope),
    /// It was published.
    Published,
}

impl State {
    /// The name in calls and answers.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Staged(_) => "staged",
            Self::Published => "published",
        }
    }
}

/// What a reviewer says of a draft.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Review {
    /// It is good.
    Approve,
    /// It is not.
    Reject,
}

impl Review {
    /// The name in calls and answers.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }

    /// The one of a name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Approve, Self::Reject]
            .into_iter()
            .find(|review| review.name() == name)
    }
}

/// Somebody who has a hand in a draft.
#[derive(Clone, Debug)]
pub(crate) struct Draftee {
    /// Tells them from others.
    pub(crate) id: String,
    /// Whether it is a person of ours: programs and secrets that are handed around are no second pair of eyes.
    pub(crate) is_person: bool,
    shown: Value,
}

impl Draftee {
    /// Whoever makes a call.
    pub(crate) fn of(who: &Administrator) -> Self {
        let (id, is_person) = match &who.credential {
            Credential::Bootstrap => ("bootstrap".to_owned(), false),
            Credential::BreakGlass => ("break-glass".to_owned(), false),
            Credential::Session(person) => (person.user.to_string(), true),
            Credential::Token(subject) | Credential::Console(subject) => {
                let id = subject.user_id.as_ref().map(ToString::to_string);
                let is_person = subject.kind == SubjectKind::User && id.is_some();
                (id.unwrap_or_default(), is_person)
            }
        };
        let shown = json!({
            "id": id,
            "displayName": who.display_name.as_deref(),
            "userPrincipalName": who.user_principal_name.as_deref(),
        });
        Self {
            id,
            is_person,
            shown,
        }
    }
}

impl Draft {
    /// A new one.
    pub(crate) fn new(id: String, given: &Document, by: &Draftee, now: Timestamp) -> Self {
        let mut document = Document::default();
        document.set("id", &json!(id));
        document.merge(given);
        for (name, value) in [
            ("createdDateTime", json!(time(now))),
            ("createdBy", by.shown.clone()),
        ] {
            document.set(name, &value);
        }
        let mut draft = Self {
            id,
            since: 0,
            revision: 0,
            state: State::Open,
            document,
        };
        draft.edited(by, now);
        draft
    }

    /// The one of an id.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn of(store: &dyn Store, id: &str) -> Result<Option<Self>, StoreError> {
        let stored = store.get(&address(id))?;
        stored.as_ref().map(Self::read).transpose()
    }

    /// One that was kept.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn read(stored: &Stored) -> Result<Self, StoreError> {
        Self::parse(&stored.address.key, stored.since, &stored.text)
            .map_err(|error| StoreError::Corrupt(format!("{}: {error}", stored.address)))
    }

    /// The same from its text.
    pub(crate) fn parse(id: &str, since: Sequence, text: &str) -> Result<Self, String> {
        let document = Document::parse(text).map_err(|error| error.to_string())?;
        let revision = document.get("revision").and_then(|value| value.as_u64());
        let state = match document.text_of("state").as_deref() {
            Some("open") => State::Open,
            Some("published") => State::Published,
            Some("staged") => {
                let stage = document.get("stage").unwrap_or_default();
                State::Staged(Scope::read(&stage).ok_or("`stage` does not tell for whom")?)
            }
            Some(_) | None => return Err("`state` is none that a draft has".to_owned()),
        };
        Ok(Self {
            id: id.to_owned(),
            since,
            revision: revision.ok_or("`revision` is missing")?,
            state,
            document,
        })
    }

    /// As it is kept.
    pub(crate) fn kept(&self) -> Write {
        Write {
            address: address(&self.id),
            text: Some(self.document.to_text().into()),
        }
    }

    /// What it says of itself.
    pub(crate) const fn document(&self) -> &Document {
        &self.document
    }

    /// What it is called, for the audit.
    pub(crate) fn name(&self) -> Option<String> {
        self.document.text_of("displayName")
    }

    /// Refuses whoever wants to change what is in it while it is not worked on.
    pub(crate) fn check_open(&self) -> Result<(), ApiError> {
        match self.state {
            State::Open => Ok(()),
            State::Staged(_) => Err(ApiError::state(
                "the draft is staged: it binds for a share of the tenants as it is; return it to go on with it",
            )),
            State::Published => Err(ApiError::state(
                "the draft was published; what it was stays as it is, make another one",
            )),
        }
    }

    /// What was said of it before is about another one.
    pub(crate) fn voids_reviews(&mut self) {
        self.revision += 1;
        self.document.set("revision", &json!(self.revision));
    }

    /// It was changed.
    pub(crate) fn edited(&mut self, by: &Draftee, now: Timestamp) {
        self.voids_reviews();
        if !by.is_person {
            self.document.set(BY_PROGRAM, &json!(true));
        }
        let mut editors = self.editors();
        if !editors.contains(&by.id) {
            editors.push(by.id.clone());
        }
        for (name, value) in [
            ("lastModifiedDateTime", json!(time(now))),
            ("lastModifiedBy", by.shown.clone()),
            ("editors", json!(editors)),
        ] {
            self.document.set(name, &value);
        }
        self.enter(State::Open);
    }

    /// Takes over what somebody calls it from now on.
    pub(crate) fn merge(&mut self, changes: &Document) {
        self.document.merge(changes);
    }

    /// Who had a hand in what it says.
    pub(crate) fn editors(&self) -> Vec<String> {
        let editors = self.document.get("editors").unwrap_or_default();
        let editors = editors.as_array().map(Vec::as_slice).unwrap_or_default();
        let texts = editors.iter().filter_map(Value::as_str);
        texts.map(ToOwned::to_owned).collect()
    }

    /// Somebody says what they think of it as it is; what they said of it before counts no more.
    pub(crate) fn reviewed(
        &mut self,
        by: &Draftee,
        review: Review,
        comment: Option<&str>,
        now: Timestamp,
    ) {
        let mut reviews: Vec<Value> = self
            .reviews()
            .into_iter()
            .filter(|before| reviewer(before) != by.id || of_revision(before) != self.revision)
            .collect();
        reviews.push(json!({
            "decision": review.name(),
            "comment": comment,
            "reviewedBy": by.shown,
            "reviewedDateTime": time(now),
            "revision": self.revision,
        }));
        let old = reviews.len().saturating_sub(MOST_REVIEWS);
        self.document.set("reviews", &json!(reviews.split_off(old)));
    }

    fn reviews(&self) -> Vec<Value> {
        match self.document.get("reviews") {
            Some(Value::Array(reviews)) => reviews,
            Some(_) | None => Vec::new(),
        }
    }

    /// How many people must approve of it where so many are wanted: one more where a program or a secret had a hand in it, for whoever is
    /// behind that may be one of them.
    pub(crate) fn approvals_wanted(&self, reviewers: usize) -> usize {
        let is_by_program = self.document.written(BY_PROGRAM) == Some("true");
        match reviewers {
            0 => 0,
            reviewers => reviewers + usize::from(is_by_program),
        }
    }

    /// How many people who had no hand in it approve of it as it is, where nobody rejects it; or who does.
    ///
    /// # Errors
    /// Who rejects it, and why.
    pub(crate) fn approvals(&self) -> Result<usize, String> {
        let editors = self.editors();
        let mut approvals = 0;
        for review in self.reviews() {
            let text = |name: &str| review.get(name).and_then(Value::as_str).unwrap_or_default();
            if of_revision(&review) != self.revision
                || editors.iter().any(|id| *id == reviewer(&review))
            {
                continue;
            }
            match Review::from_name(text("decision")) {
                Some(Review::Approve) => approvals += 1,
                Some(Review::Reject) | None => {
                    return Err(format!("{}: {}", called(&review), text("comment")));
                }
            }
        }
        Ok(approvals)
    }

    /// From now on it is this.
    pub(crate) fn enter(&mut self, state: State) {
        self.document.set("state", &json!(state.name()));
        self.state = state;
    }

    /// Sets what is told of its stage, or of the end of it.
    pub(crate) fn tell(&mut self, name: &'static str, value: &Map<String, Value>) {
        self.document.set(name, &json!(value));
    }

    /// What is told of its stage.
    pub(crate) fn stage(&self) -> Map<String, Value> {
        match self.document.get("stage") {
            Some(Value::Object(stage)) => stage,
            Some(_) | None => Map::new(),
        }
    }

    /// Its stage is over.
    pub(crate) fn ends_stage(&mut self, ended: &Map<String, Value>) {
        self.document.remove("stage");
        self.tell("lastStage", ended);
    }
}

fn reviewer(review: &Value) -> &str {
    let by = review.get("reviewedBy").and_then(|by| by.get("id"));
    by.and_then(Value::as_str).unwrap_or_default()
}

/// The reviewer for people: by name where one was told, and by the id that tells them from others of that name.
fn called(review: &Value) -> String {
    let of = |name: &str| review.get("reviewedBy")?.get(name)?.as_str();
    match of("displayName").or_else(|| of("userPrincipalName")) {
        Some(name) => format!("{name} ({})", reviewer(review)),
        None => reviewer(review).to_owned(),
    }
}

fn of_revision(review: &Value) -> u64 {
    let revision = review.get("revision").and_then(Value::as_u64);
    revision.unwrap_or_default()
}

/// Where a draft is kept.
pub(crate) fn address(id: &str) -> Address {
    Address::new(DocumentKind::Draft, id)
}

/// A time, as answers show it.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

const BY_PROGRAM: &str = "isEditedByProgram";

/// The older ones are in the audit.
const MOST_REVIEWS: usize = 50;
