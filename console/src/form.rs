//! A form that was sent: what the API says to it, and where on the page that belongs.

use http::StatusCode;
use serde_json::{Value, json};

use crate::api::{Ask, Failed, Told};
use crate::render::Shown;
use crate::visit::Visit;

/// Names of fields that every form has.
pub(crate) mod field {
    /// The version of the document that the form was made of.
    pub(crate) const VERSION: &str = "version";
    /// It is meant whomever it shuts out.
    pub const CONFIRM: &str = "confirm-lock-out";
    /// The address that the form is for, where a script asks what would become of it.
    pub(crate) const CHECKS: &str = "checks";
}

/// What is in the way of a change.
#[derive(Debug)]
pub(crate) struct Problem {
    failed: Failed,
}

impl Shown<'_> {
    /// Makes a change with the version and the confirmation of the form, or only asks what would become of it.
    pub(crate) fn change(&self, ask: Ask) -> Result<Told, Problem> {
        let ask = ask
            .version(self.visit.field(field::VERSION))
            // Who only asks what would become of it is told of a lock-out, whatever is ticked by then.
            .confirmed(self.visit.is_ticked(field::CONFIRM) && !checks(self.visit))
            .only_validated(checks(self.visit));
        self.make(ask).map_err(|failed| Problem { failed })
    }
}

/// Whether a script asks, and nothing is to be changed.
pub(crate) fn checks(visit: &Visit) -> bool {
    !visit.field(field::CHECKS).is_empty()
}

/// The version that a form is to be sent with: the one that stands there, but for who was slower than somebody else. They have not seen
/// what that is, and must not write over it by sending the same again.
pub(crate) fn version(visit: &Visit, problem: Option<&Problem>, now: &str) -> String {
    let slower =
        problem.is_some_and(|problem| problem.failed.status == StatusCode::PRECONDITION_FAILED);
    let version = if slower {
        visit.field(field::VERSION)
    } else {
        now
    };
    version.to_owned()
}

impl Problem {
    /// One that is found before anybody is asked.
    pub(crate) fn of(path: &str, message: String) -> Self {
        Self {
            failed: Failed {
                status: StatusCode::BAD_REQUEST,
                code: "InvalidProperty".to_owned(),
                message: message.clone(),
                details: vec![(path.to_owned(), message)],
                more_needed: false,
            },
        }
    }

    /// The caller has to show more than they did.
    pub(crate) const fn more_needed(&self) -> bool {
        self.failed.more_needed
    }

    /// With what status the page is shown again.
    pub(crate) const fn status(&self) -> StatusCode {
        self.failed.status
    }

    /// As the page shows it: faults by the field that they belong to, which is the longest of `fields` that a fault's path begins with.
    pub(crate) fn shown(&self, fields: &[String]) -> Value {
        let failed = &self.failed;
        let kind = match failed.status {
            StatusCode::PRECONDITION_FAILED => "changed-meanwhile",
            StatusCode::FORBIDDEN => "forbidden",
            StatusCode::CONFLICT if failed.is_lock_out() => "lock-out",
            _ if failed.details.is_empty() => "refused",
            _ => "faults",
        };
        let details = failed.details.iter().map(|(target, message)| {
            let under = |field: &&String| {
                target
                    .strip_prefix(field.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            };
            let field = fields.iter().filter(under).max_by_key(|field| field.len());
            json!({ "field": field, "target": target, "message": message })
        });
        let details: Vec<Value> = details.collect();
        let message = details.is_empty().then_some(&failed.message);
        json!({ "kind": kind, "message": message, "details": details })
    }
}
