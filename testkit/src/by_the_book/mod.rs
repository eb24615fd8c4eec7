//! The decision page, followed by hand: a second implementation to compare the real one with.
//!
//! Deliberately naive. It walks the documents as they lie on disk, in plain loops, for every request, and imports nothing from
//! the crates it checks. One file a section of the page; where the page is silent the stricter reading is taken and the doc
//! comment at that place says which.
//!
//! Assumes documents that are valid: conflicts and unsupported conditions are refused at loading, which is tested elsewhere.

mod access;
mod answer;
mod app_rules;
pub mod cases;
mod claim_map;
mod conditional_access;
mod cross_tenant;
mod guest;
mod headers;
mod home;
mod ids;
pub mod invent;
mod line;
mod people;
pub mod program;
mod raw;
mod revocation;
mod setting;
pub mod tally;
mod token;
mod trust;

use std::path::Path;

use serde_json::Value;

pub use answer::same_answer;
pub use raw::{Book, Documents};

use access::Placed;
use answer::{Answer, Refusal};

impl Book {
    /// Reads a policy directory and a `crossgate.toml` as they are.
    ///
    /// # Panics
    /// If a file cannot be read or is not JSON or TOML.
    #[must_use]
    pub fn read(policy: &Path, config: &Path) -> Self {
        let config = std::fs::read_to_string(config).expect("config file");
        Self::new(raw::policy_directory(policy), &config)
    }

    /// Answers one line of `crossgate decide`, without `explanation`, and with `reason` only where it is
    /// `membership_unknown`.
    ///
    /// An issuer name that no entry bears is an error line, as is a token without an issuer's name.
    #[must_use]
    pub fn decide(&self, case: &Value) -> Value {
        if let Some(fault) = line::unreadable(case) {
            return answer::error(case, fault);
        }
        let Some(app) = self.app(raw::text(case, "app").unwrap_or_default()) else {
            return answer::unknown_app(case);
        };
        let claims = case.get("claims").filter(|claims| !claims.is_null());
        let issuer = match raw::text(case, "issuer") {
            Some(name) => match self.issuer(name) {
                Some(issuer) => Some(issuer),
                None => return answer::error(case, "no issuer bears that name"),
            },
            None => None,
        };
        match claims {
            None if raw::flag(app, "anonymous") => self.anonymous(case, app),
            None => {
                Answer::before_token(self, case, app, Refusal::new("token", 50058)).into_value()
            }
            Some(claims) => match issuer {
                Some(issuer) => self.with_token(case, app, issuer, claims),
                None => answer::error(case, "a token needs an issuer"),
            },
        }
    }

    /// A call without a token on an app that takes them: step 3's headers apply, and nothing else.
    fn anonymous(&self, case: &Value, app: &Value) -> Value {
        let refusal = headers::check(self, case, app, None).err();
        Answer::anonymous(self, case, app, refusal).into_value()
    }

    /// Section 6: the steps in order; the first that refuses decides.
    fn with_token(&self, case: &Value, app: &Value, issuer: &Value, claims: &Value) -> Value {
        let token = match token::check(self, case, app, issuer, claims) {
            Ok(token) => token,
            Err(code) => {
                return Answer::before_token(self, case, app, Refusal::new("token", code))
                    .into_value();
            }
        };
        let placed = Placed::new(self, app, token);
        let refusal = self.first_refusal(case, &placed).err();
        Answer::after_token(self, case, &placed, refusal).into_value()
    }

    fn first_refusal(&self, case: &Value, placed: &Placed<'_>) -> Result<(), Refusal> {
        revocation::check(self, case, placed)?;
        headers::check(self, case, placed.app, Some(placed))?;
        cross_tenant::cloud(self, placed)?;
        cross_tenant::settings(self, case, placed)?;
        guest::check(self, case, placed)?;
        conditional_access::check(self, case, placed)?;
        app_rules::check(self, placed)
    }
}
