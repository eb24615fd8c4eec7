//! One guest of a review: what is recommended, what was decided, and what became of it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::document::{Address, DocumentKind, Write};
use crate::store::{Store, StoreError, Stored};
use crate::text::Document;

/// What somebody decides.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// The guest stays.
    Approve,
    /// The guest goes.
    Deny,
    /// They have looked, and cannot say.
    DontKnow,
    /// Nobody has decided.
    NotReviewed,
}

impl Verdict {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Approve, "Approve"),
        (Self::Deny, "Deny"),
        (Self::DontKnow, "DontKnow"),
        (Self::NotReviewed, "NotReviewed"),
    ];

    /// The name in calls and answers.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        let named = Self::ALL.into_iter().find(|(verdict, _)| *verdict == self);
        named.map_or("", |(_, name)| name)
    }

    /// The one of a name.
    #[must_use]
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let named = Self::ALL.into_iter().find(|(_, other)| *other == name);
        named.map(|(verdict, _)| verdict)
    }
}

/// What became of a decision.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Applied {
    /// It holds.
    Successfully,
    /// It was to remove a guest who was gone already.
    NobodyThere,
    /// It was to remove somebody who is a guest no more.
    NotAGuest,
}

impl Applied {
    const fn name(self) -> &'static str {
        match self {
            Self::Successfully => "AppliedSuccessfully",
            Self::NobodyThere => "AppliedSuccessfullyButObjectNotFound",
            Self::NotAGuest => "ApplyNotSupported",
        }
    }
}

/// A guest of a review.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// The guest's id, and the item's.
    pub(crate) guest: String,
    review: String,
    document: Document,
}

impl Item {
    /// That of a guest of whom nobody has decided.
    pub(super) fn new(review: &str, guest: &Map<String, Value>, recommendation: &str) -> Self {
        let text = |name: &str| guest.get(name).cloned().unwrap_or_default();
        let id = guest.get("id").and_then(Value::as_str).unwrap_or_default();
        let mut document = Document::default();
        for (name, value) in [
            ("id", json!(id)),
            ("accessReviewId", json!(review)),
            ("decision", json!(Verdict::NotReviewed.name())),
            ("recommendation", json!(recommendation)),
            ("applyResult", json!(NEW)),
            (
                "principal",
                json!({
                    "@odata.type": "#microsoft.graph.userIdentity",
                    "id": id,
                    "displayName": text("displayName"),
                    "userPrincipalName": text("userPrincipalName"),
                }),
            ),
        ] {
            document.set(name, &value);
        }
        Self {
            guest: id.to_owned(),
            review: review.to_owned(),
            document,
        }
    }

    /// One that was kept.
    pub(super) fn read(stored: &Stored) -> Result<Self, StoreError> {
        let document = Document::parse(&stored.text)
            .map_err(|error| StoreError::Corrupt(format!("{}: {error}", stored.address)))?;
        Ok(Self {
            guest: document.text_of("id").unwrap_or_default(),
            review: document.text_of("accessReviewId").unwrap_or_default(),
            document,
        })
    }

    /// The one of a guest; `None` where the review is not about them.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn of(
        store: &dyn Store,
        review: &str,
        guest: &str,
    ) -> Result<Option<Self>, StoreError> {
        let stored = store.get(&address(review, guest))?;
        stored.as_ref().map(Self::read).transpose()
    }

    /// What was decided.
    #[must_use]
    pub(crate) fn verdict(&self) -> Verdict {
        let named = self.document.text_of("decision").unwrap_or_default();
        Verdict::from_name(&named).unwrap_or(Verdict::NotReviewed)
    }

    /// What is recommended, where anything is.
    pub(super) fn recommended(&self) -> Option<Verdict> {
        let named = self.document.text_of("recommendation").unwrap_or_default();
        Verdict::from_name(&named)
    }

    /// Whether something came of it already.
    pub(super) fn is_applied(&self) -> bool {
        self.document.text_of("applyResult").as_deref() != Some(NEW)
    }

    /// Decided, by somebody or as it was set.
    pub(super) fn decide(
        &mut self,
        verdict: Verdict,
        justification: Option<&str>,
        by: &Value,
        now: Timestamp,
    ) {
        let is_reset = verdict == Verdict::NotReviewed;
        let unless_reset = |value: Value| if is_reset { Value::Null } else { value };
        for (name, value) in [
            ("decision", json!(verdict.name())),
            ("justification", unless_reset(json!(justification))),
            ("reviewedBy", unless_reset(by.clone())),
            ("reviewedDateTime", unless_reset(json!(now.to_string()))),
        ] {
            self.document.set(name, &value);
        }
    }

    /// Something came of it.
    pub(super) fn apply(&mut self, result: Applied, now: Timestamp) {
        self.document.set("applyResult", &json!(result.name()));
        self.document
            .set("appliedDateTime", &json!(now.to_string()));
    }

    /// As it is kept.
    pub(crate) fn kept(&self) -> Write {
        Write {
            address: address(&self.review, &self.guest),
            text: Some(self.document.to_text().into()),
        }
    }

    /// As it was.
    pub(crate) const fn document(&self) -> &Document {
        &self.document
    }

    /// Its members, as kept.
    #[must_use]
    pub(crate) fn members(&self) -> Map<String, Value> {
        self.document.members()
    }
}

/// The items of a review behind a guest's, in the order of their ids.
pub(crate) fn page(
    store: &dyn Store,
    review: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Item>, StoreError> {
    let begin = address(review, after.unwrap_or_default()).key;
    let stored = store.page(DocumentKind::AccessReviewDecision, Some(&begin), limit)?;
    let own = format!("{review}/");
    stored
        .iter()
        .take_while(|stored| stored.address.key.starts_with(&own))
        .map(Item::read)
        .collect()
}

/// Where an item is kept.
pub(super) fn address(review: &str, guest: &str) -> Address {
    Address::new(
        DocumentKind::AccessReviewDecision,
        &format!("{review}/{guest}"),
    )
}

/// What is recommended of a guest who came last then, or never. `since` is when sign-ins began to be kept: of whoever came before
/// that, nothing is known.
pub(super) fn recommendation(
    came: Option<Timestamp>,
    created: Option<Timestamp>,
    since: Option<Timestamp>,
    start: Timestamp,
    look_back: SignedDuration,
) -> &'static str {
    let Ok(limit) = start.checked_sub(look_back) else {
        return UNKNOWN;
    };
    // Who was invited lately has had no time to come.
    let newest = came.max(created);
    if newest.is_some_and(|newest| newest >= limit) {
        return Verdict::Approve.name();
    }
    if came.is_none() && since.is_none_or(|since| since > limit) {
        return UNKNOWN;
    }
    Verdict::Deny.name()
}

/// `applyResult` of what nothing came of yet.
const NEW: &str = "New";

/// `recommendation` where too little is known.
const UNKNOWN: &str = "NoInfoAvailable";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_came_lately_is_to_stay_and_who_did_not_to_go_and_nothing_is_guessed() {
        let at = |day: i64| Some(Timestamp::from_second(day * 86_400).unwrap());
        let start = at(1000).unwrap();
        let recommended = |came, created, since| {
            recommendation(
                came,
                created,
                since,
                start,
                SignedDuration::from_hours(24 * 30),
            )
        };
        assert_eq!(recommended(at(970), at(1), at(1)), "Approve");
        assert_eq!(recommended(at(969), at(1), at(1)), "Deny");
        assert_eq!(recommended(None, at(1), at(1)), "Deny");
        // Invited lately.
        assert_eq!(recommended(None, at(990), at(1)), "Approve");
        // Sign-ins are kept for too short a time.
        assert_eq!(recommended(None, at(1), at(990)), "NoInfoAvailable");
        assert_eq!(recommended(None, at(1), None), "NoInfoAvailable");
        assert_eq!(recommended(at(969), at(1), at(990)), "Deny");
    }
}
