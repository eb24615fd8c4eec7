//! One call on its way: where it leads, who makes it, and what it said beside its body.

use serde_json::{Map, Value, json};

use super::call::{Call, CallIds};
use super::error::ApiError;
use super::routes::{Operation, Route};
use crate::administrator::{Administrator, Credential};
use crate::audit::{Activity, Attempt, Initiator, TargetResource};
use crate::ledger::{Confirmation, Current};
use crate::roles::Action;

/// A call that a route was found for, from a caller who is known.
#[derive(Debug)]
pub(super) struct Asked<'c> {
    /// The call.
    pub(super) call: &'c Call,
    /// Its ids.
    pub(super) ids: &'c CallIds,
    /// Where it leads.
    pub(super) route: &'static Route,
    /// What stands in the path's places, in their order.
    pub(super) parameters: Vec<String>,
    /// Who calls.
    pub(super) who: &'c Administrator,
    /// `v1.0` or `beta`.
    pub(super) version: &'static str,
    /// The draft that it leads through; `None` where it is about what is in force.
    pub(super) draft: Option<String>,
    /// The actions that it takes.
    pub(super) needed: Vec<Action>,
}

impl Asked<'_> {
    /// What stands in the path's first place.
    pub(super) fn parameter(&self) -> &str {
        self.parameters.first().map_or("", String::as_str)
    }

    /// Whether the query has this name anywhere in it.
    pub(super) fn names(&self, name: &str) -> bool {
        let query = self.call.query.as_deref().unwrap_or_default();
        let query = percent_encoding::percent_decode_str(query).decode_utf8_lossy();
        query.to_lowercase().contains(&name.to_lowercase())
    }

    /// `@odata.context` of what stands at this place of the metadata.
    pub(super) fn context(&self, place: &str) -> Value {
        json!(format!(
            "{}/{}/$metadata#{place}",
            self.call.origin, self.version
        ))
    }

    /// The address of this call without its options.
    pub(super) fn address(&self) -> String {
        format!("{}{}", self.call.origin, self.call.path)
    }

    /// An attempt of this caller.
    pub(super) fn attempt(&self, activity: Activity, target: TargetResource) -> Attempt<'_> {
        let mut details = Vec::new();
        if let Some(agent) = self.call.header("user-agent") {
            let agent: String = agent.chars().take(LONGEST_AGENT).collect();
            details.push(("User-Agent", agent));
        }
        match self.who.credential {
            Credential::Token(_) | Credential::Session(_) => {}
            Credential::Console(_) => details.push(("Credential", "console".to_owned())),
            Credential::Bootstrap => details.push(("Credential", "bootstrap".to_owned())),
            Credential::BreakGlass => details.push(("Credential", "break-glass".to_owned())),
        }
        if self.confirmed() {
            details.push(("Confirmed-Lock-Out", "true".to_owned()));
        }
        Attempt {
            activity,
            by: Initiator::Administrator(self.who, self.call.address),
            correlation: self.ids.request,
            target,
            details,
        }
    }

    /// Whether the caller means a change whatever it does.
    pub(super) fn confirmation(&self) -> Confirmation<'_> {
        if self.confirmed() {
            Confirmation::Given
        } else {
            Confirmation::Ask(self.who, self.call.address)
        }
    }

    /// Refuses a confirmation that is not one: whoever sends it wants to be heard.
    pub(super) fn check_confirmation(&self) -> Result<(), ApiError> {
        let headers = &self.call.headers;
        if !self.route.changes() {
            return Ok(());
        }
        if headers.contains_key(CONFIRM) && !self.confirmed() {
            return Err(ApiError::bad(
                "`Crossgate-Confirm-Lock-Out` has one value, `true`; leave the header out otherwise",
            ));
        }
        if !headers.contains_key(VALIDATE) {
            return Ok(());
        }
        if !self.says_true(VALIDATE) {
            return Err(ApiError::bad(
                "`Crossgate-Validate-Only` has one value, `true`; leave the header out otherwise",
            ));
        }
        if self.route.validates() {
            return Ok(());
        }
        Err(ApiError::bad(
            "this operation cannot be asked with `Crossgate-Validate-Only`; documents that are created, updated, reset or deleted can",
        ))
    }

    fn confirmed(&self) -> bool {
        self.says_true(CONFIRM)
    }

    /// Whether the caller asks what would become of a change, and does not want it made.
    pub(super) fn only_validates(&self) -> bool {
        self.route.validates() && self.says_true(VALIDATE)
    }

    /// Whether something is to be different afterwards.
    pub(super) fn changes(&self) -> bool {
        self.route.changes() && !self.only_validates()
    }

    fn says_true(&self, name: &'static str) -> bool {
        let mut values = self.call.headers.get_all(name).iter();
        values.next().is_some_and(|value| value == "true") && values.next().is_none()
    }

    /// Refuses a change of another version than the caller names in `If-Match` (RFC 9110, section 13.1.1).
    pub(super) fn check_version(&self, current: Option<&Current>) -> Result<(), ApiError> {
        if !self.call.headers.contains_key(http::header::IF_MATCH) {
            return Ok(());
        }
        let is = match current {
            Some(current) => Some(etag(current.since)),
            // What there always is has a version before anything was written about it.
            None => self.is_always_there().then(|| etag(0)),
        };
        let tags = self.call.headers.get_all(http::header::IF_MATCH).iter();
        let tags = tags.filter_map(|value| value.to_str().ok());
        let matches = tags
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .any(|tag| match (tag, &is) {
                (_, None) => false,
                ("*", Some(_)) => true,
                // Weak and strong tags name the same versions here.
                (tag, Some(is)) => tag.trim_start_matches("W/") == is.trim_start_matches("W/"),
            });
        if matches {
            return Ok(());
        }
        Err(ApiError::precondition(match is {
            Some(is) => format!(
                "the resource was changed since you read it: its ETag is {is} now; read it again and decide anew"
            ),
            None => "the resource is not there".to_owned(),
        }))
    }

    fn is_always_there(&self) -> bool {
        match self.route.operation {
            Operation::Get(resource)
            | Operation::List(resource)
            | Operation::Create(resource)
            | Operation::Update(resource)
            | Operation::Delete(resource)
            | Operation::Reset(resource) => resource.kind.is_single(),
            Operation::Special(_) => false,
        }
    }

    /// Whether the caller wants to see the resource as it is after the change (`Prefer: return=representation`, RFC 7240).
    pub(super) fn wants_representation(&self) -> bool {
        let values = self.call.headers.get_all("prefer").iter();
        let mut values = values.filter_map(|value| value.to_str().ok());
        values.any(|value| {
            value.split(',').any(|preference| {
                preference
                    .trim()
                    .eq_ignore_ascii_case("return=representation")
            })
        })
    }
}

/// The version of a resource as clients see it.
pub(super) fn etag(since: u64) -> String {
    format!("W/\"{since}\"")
}

/// A resource of a collection, with its version.
pub(super) fn tagged(mut shown: Map<String, Value>, since: u64) -> Map<String, Value> {
    shown.insert("@odata.etag".to_owned(), json!(etag(since)));
    shown
}

const CONFIRM: &str = "crossgate-confirm-lock-out";
const VALIDATE: &str = "crossgate-validate-only";

/// Names of programs are shorter.
const LONGEST_AGENT: usize = 256;
