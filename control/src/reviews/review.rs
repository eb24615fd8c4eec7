//! An access review as it is kept: Graph's definition with the state of its one instance.

use crossgate_policy::ids::Id;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::reviewer::{self, Reviewer};
use super::scope::{Scope, duration};
use crate::api::error::ApiError;
use crate::document::{Address, DocumentKind, Write};
use crate::store::{Store, StoreError};
use crate::text::Document;

/// Where a review stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Status {
    /// Its time has not come.
    NotStarted,
    /// Reviewers decide.
    InProgress,
    /// It has ended, and what nobody decided is decided as was set.
    Completing,
    /// Everything is decided.
    Completed,
    /// Guests who are denied are removed.
    Applying,
    /// They were.
    Applied,
}

/// What is decided of guests of whom nobody has decided.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Default {
    /// Nothing.
    Nothing,
    /// They stay.
    Approve,
    /// They go.
    Deny,
    /// What is recommended.
    Recommendation,
}

/// A review.
#[derive(Clone, Debug)]
pub(crate) struct Review {
    /// Its id, and that of its instance.
    pub(crate) id: String,
    /// `displayName`.
    pub(crate) name: String,
    /// Where it stands.
    pub(crate) status: Status,
    /// When it starts.
    pub(crate) start: Timestamp,
    /// When it ends by itself.
    pub(crate) end: Timestamp,
    pub(super) scope: Scope,
    pub(super) reviewers: Vec<Reviewer>,
    /// When reviewers were last reminded.
    reminded: Option<Timestamp>,
    /// They were reminded half-way, where that was asked for.
    is_half_noted: bool,
    pub(super) settings: Settings,
    document: Document,
}

/// `settings`.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) default: Default,
    pub(super) auto_apply: bool,
    pub(super) justification_on_approval: bool,
    pub(super) look_back: SignedDuration,
    /// Reviewers are mailed when it starts.
    pub(super) mails_at_start: bool,
    /// They are mailed half-way.
    mails_half_way: bool,
    days: i64,
    begins: Option<Date>,
}

impl Status {
    const ALL: [(Self, &'static str); 6] = [
        (Self::NotStarted, "NotStarted"),
        (Self::InProgress, "InProgress"),
        (Self::Completing, "Completing"),
        (Self::Completed, "Completed"),
        (Self::Applying, "Applying"),
        (Self::Applied, "Applied"),
    ];

    /// The name in answers.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        let named = Self::ALL.into_iter().find(|(status, _)| *status == self);
        named.map_or("", |(_, name)| name)
    }

    fn from_name(name: &str) -> Option<Self> {
        let named = Self::ALL.into_iter().find(|(_, other)| *other == name);
        named.map(|(status, _)| status)
    }
}

impl Review {
    /// Whether nothing will come of it any more.
    pub(super) const fn is_over(&self) -> bool {
        matches!(self.status, Status::Applied)
    }

    /// A new one as a caller defines it, made now.
    ///
    /// # Errors
    /// What it asks for is not to be had here, with what to write.
    pub(crate) fn new(
        id: String,
        body: &Document,
        created_by: &Value,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let name = body.text_of("displayName").unwrap_or_default();
        if name.trim().is_empty() {
            return Err(ApiError::property("displayName", "a review needs a name"));
        }
        for nothing in ["fallbackReviewers", "additionalNotificationRecipients"] {
            let given = body.get(nothing).unwrap_or_default();
            let is_empty = given.is_null() || given.as_array().is_some_and(Vec::is_empty);
            if !is_empty {
                return Err(ApiError::property(
                    nothing,
                    "is not supported: reviewers are named one by one; leave it out",
                ));
            }
        }
        let settings = Settings::read(&body.get("settings").unwrap_or_default())?;
        let start = match settings.begins {
            Some(date) => {
                let midnight = date.to_zoned(TimeZone::UTC);
                midnight
                    .map_err(|_| {
                        ApiError::property(
                            "settings.recurrence.range.startDate",
                            "lies out of range",
                        )
                    })?
                    .timestamp()
                    .max(now)
            }
            None => now,
        };
        let end = start
            .checked_add(SignedDuration::from_hours(24 * settings.days))
            .map_err(|_| {
                ApiError::property("settings.instanceDurationInDays", "lies out of range")
            })?;
        let mut document = Document::default();
        document.set("id", &json!(id));
        document.merge(body);
        for (name, value) in [
            ("createdDateTime", json!(now.to_string())),
            ("lastModifiedDateTime", json!(now.to_string())),
            ("createdBy", created_by.clone()),
            ("status", json!(Status::NotStarted.name())),
            (START, json!(start.to_string())),
            (END, json!(end.to_string())),
        ] {
            document.set(name, &value);
        }
        let mut review = Self::read(document)?;
        review.settings = settings;
        Ok(review)
    }

    /// One that was kept.
    pub(super) fn read(document: Document) -> Result<Self, ApiError> {
        let time = |name: &str| -> Result<Timestamp, ApiError> {
            let text = document.text_of(name).unwrap_or_default();
            text.parse()
                .map_err(|_| ApiError::property(name, "is no time"))
        };
        let status = document.text_of("status").unwrap_or_default();
        Ok(Self {
            id: document.text_of("id").unwrap_or_default(),
            name: document.text_of("displayName").unwrap_or_default(),
            status: Status::from_name(&status)
                .ok_or_else(|| ApiError::property("status", "is no status"))?,
            start: time(START)?,
            end: time(END)?,
            scope: Scope::read(&document.get("scope").unwrap_or_default())?,
            reviewers: reviewer::read_all(&document.get("reviewers").unwrap_or_default())?,
            reminded: time(REMINDED).ok(),
            is_half_noted: document.get(HALF_WAY).is_some(),
            settings: Settings::read(&document.get("settings").unwrap_or_default())?,
            document,
        })
    }

    /// The one of an id; `None` where there is none.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn of(store: &dyn Store, id: &str) -> Result<Option<Self>, ApiError> {
        let address = address(id);
        let Some(stored) = store.get(&address)? else {
            return Ok(None);
        };
        let document = Document::parse(&stored.text)
            .map_err(|error| StoreError::Corrupt(format!("{address}: {error}")))?;
        Self::read(document).map(Some)
    }

    /// The same in another state.
    pub(crate) fn becomes(&self, status: Status, now: Timestamp) -> Write {
        let mut document = self.document.clone();
        document.set("status", &json!(status.name()));
        document.set("lastModifiedDateTime", &json!(now.to_string()));
        if self.status == Status::InProgress && now < self.end {
            document.set(END, &json!(now.to_string()));
        }
        Write {
            address: address(&self.id),
            text: Some(document.to_text().into()),
        }
    }

    /// The same, ended with nothing done, for this reason.
    pub(super) fn fails(&self, code: &str, message: &str, now: Timestamp) -> Write {
        let mut failed = self.clone();
        failed
            .document
            .set("errors", &json!([{ "code": code, "message": message }]));
        failed.becomes(Status::Applied, now)
    }

    /// As it is kept.
    pub(crate) fn kept(&self) -> Write {
        Write {
            address: address(&self.id),
            text: Some(self.document.to_text().into()),
        }
    }

    /// Whether somebody may decide in it without a role.
    #[must_use]
    pub(crate) fn is_reviewer(&self, user: &Id) -> bool {
        self.reviewers.iter().any(|reviewer| reviewer.id == *user)
    }

    /// Whether mail is asked for.
    pub(crate) const fn mails(&self) -> bool {
        self.settings.mails_at_start || self.settings.mails_half_way
    }

    /// How long nobody is reminded again; `None` where somebody may be.
    pub(crate) fn rests(&self, now: Timestamp) -> Option<SignedDuration> {
        let next = self.reminded?.checked_add(BETWEEN_REMINDERS).ok()?;
        let rest = next.duration_since(now);
        rest.is_positive().then_some(rest)
    }

    /// Whether it is time for the reminder that it sends by itself.
    pub(super) fn is_half_way(&self, now: Timestamp) -> bool {
        let half = self.start + self.end.duration_since(self.start) / 2;
        self.settings.mails_half_way
            && !self.is_half_noted
            && self.status == Status::InProgress
            && (half..self.end).contains(&now)
            && self.rests(now).is_none()
    }

    /// The same after it has reminded by itself.
    pub(super) fn passes_half(&self, now: Timestamp) -> Self {
        let mut passed = self.clone();
        passed.document.set(HALF_WAY, &json!(now.to_string()));
        passed
    }

    /// The same after reviewers were reminded.
    pub(crate) fn reminds(&self, now: Timestamp) -> Self {
        let mut reminded = self.clone();
        reminded.document.set(REMINDED, &json!(now.to_string()));
        reminded
    }

    /// The members of the definition, as kept.
    pub(crate) fn definition(&self) -> Map<String, Value> {
        self.document.members()
    }

    /// The members of the one instance.
    pub(crate) fn instance(&self) -> Map<String, Value> {
        let mut instance = self.document.members();
        instance.insert("startDateTime".to_owned(), json!(self.start.to_string()));
        instance.insert("endDateTime".to_owned(), json!(self.end.to_string()));
        instance
    }
}

impl Settings {
    fn read(given: &Value) -> Result<Self, ApiError> {
        let at = |name: &str| format!("settings.{name}");
        let Some(members) = given.as_object() else {
            return Err(ApiError::property(
                "settings",
                "is needed to create an access review; expected an object with `instanceDurationInDays`",
            ));
        };
        let unknown = members
            .keys()
            .find(|name| !KNOWN.contains(&name.as_str()) && !name.starts_with('@'));
        if let Some(name) = unknown {
            return Err(ApiError::property(
                at(name),
                format!("is not supported; expected {}", KNOWN.join(", ")),
            ));
        }
        let flag = |name: &str| -> Result<bool, ApiError> {
            match members.get(name) {
                None | Some(Value::Null) => Ok(false),
                Some(Value::Bool(flag)) => Ok(*flag),
                Some(_) => Err(ApiError::property(at(name), "expected true or false")),
            }
        };
        let days = members
            .get("instanceDurationInDays")
            .and_then(Value::as_i64);
        let days = days
            .filter(|days| (1..=MOST_DAYS).contains(days))
            .ok_or_else(|| {
                ApiError::property(
                    at("instanceDurationInDays"),
                    format!("expected a number of days from 1 to {MOST_DAYS}"),
                )
            })?;
        let default = match members.get("defaultDecision").and_then(Value::as_str) {
            None | Some("None" | "") => Default::Nothing,
            Some("Approve") => Default::Approve,
            Some("Deny") => Default::Deny,
            Some("Recommendation") => Default::Recommendation,
            Some(other) => {
                return Err(ApiError::property(
                    at("defaultDecision"),
                    format!(
                        "`{other}` is none; expected `None`, `Approve`, `Deny` or `Recommendation`"
                    ),
                ));
            }
        };
        let is_on = flag("defaultDecisionEnabled")?;
        if is_on && default == Default::Nothing {
            return Err(ApiError::property(
                at("defaultDecision"),
                "is needed where `defaultDecisionEnabled` is true; expected `Approve`, `Deny` or `Recommendation`",
            ));
        }
        let look_back = match members.get("recommendationLookBackDuration") {
            None | Some(Value::Null) => LOOK_BACK,
            Some(given) => duration(given, &at("recommendationLookBackDuration"))?,
        };
        flag("recommendationsEnabled")?;
        flag("decisionHistoriesForReviewersEnabled")?;
        actions(members.get("applyActions"))?;
        Ok(Self {
            default: if is_on { default } else { Default::Nothing },
            auto_apply: flag("autoApplyDecisionsEnabled")?,
            justification_on_approval: flag("justificationRequiredOnApproval")?,
            look_back,
            mails_at_start: flag("mailNotificationsEnabled")?,
            mails_half_way: flag("reminderNotificationsEnabled")?,
            days,
            begins: begins(members.get("recurrence"))?,
        })
    }
}

/// What is done to who is denied: whichever of Graph's is named, they are removed as by an administrator.
fn actions(given: Option<&Value>) -> Result<(), ApiError> {
    let actions = given.and_then(Value::as_array).into_iter().flatten();
    for action in actions {
        let kind = action.get("@odata.type").and_then(Value::as_str);
        let kind = kind
            .unwrap_or_default()
            .rsplit('.')
            .next()
            .unwrap_or_default();
        if !["removeAccessApplyAction", "disableAndDeleteUserApplyAction"].contains(&kind) {
            return Err(ApiError::property(
                "settings.applyActions",
                "expected `#microsoft.graph.removeAccessApplyAction`: a guest who is denied is deleted, and can be restored",
            ));
        }
    }
    Ok(())
}

/// The day on which it begins, of a review that takes place once.
fn begins(given: Option<&Value>) -> Result<Option<Date>, ApiError> {
    let Some(recurrence) = given.filter(|given| !given.is_null()) else {
        return Ok(None);
    };
    let pattern = recurrence.get("pattern").unwrap_or(&Value::Null);
    if !pattern.is_null() {
        return Err(ApiError::property(
            "settings.recurrence.pattern",
            "reviews that recur are not supported; leave the pattern out, and create one each time",
        ));
    }
    let range = recurrence.get("range").unwrap_or(&Value::Null);
    let Some(date) = range.get("startDate").filter(|date| !date.is_null()) else {
        return Ok(None);
    };
    let date = date.as_str().and_then(|date| date.parse().ok());
    date.map(Some).ok_or_else(|| {
        ApiError::property(
            "settings.recurrence.range.startDate",
            "expected a day such as `2027-01-31`",
        )
    })
}

/// Where a review is kept.
pub(crate) fn address(id: &str) -> Address {
    Address::new(DocumentKind::AccessReview, id)
}

const KNOWN: [&str; 12] = [
    "instanceDurationInDays",
    "defaultDecisionEnabled",
    "defaultDecision",
    "autoApplyDecisionsEnabled",
    "mailNotificationsEnabled",
    "reminderNotificationsEnabled",
    "justificationRequiredOnApproval",
    "recommendationsEnabled",
    "recommendationLookBackDuration",
    "recurrence",
    "applyActions",
    "decisionHistoriesForReviewersEnabled",
];

/// The instance's times, beside the definition.
const START: &str = "instanceStartDateTime";
const END: &str = "instanceEndDateTime";

/// What is noted of reminders, there too.
const REMINDED: &str = "instanceRemindedDateTime";
const HALF_WAY: &str = "instanceHalfWayDateTime";

/// Of one review.
const BETWEEN_REMINDERS: SignedDuration = SignedDuration::from_hours(1);

const MOST_DAYS: i64 = 365;

/// As in Entra.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24 * 30);
