//! Facebook Login as an app meets it, by what Facebook documents.
//!
//! Any password but `wrong` is right.

use crate::browser::{Place, Tab};
use crate::node::Server;
use serde_json::{Value, json};

/// A running one.
#[derive(Debug)]
pub struct Facebook(Server);

impl Facebook {
    /// Starts one, which knows nobody and no app.
    #[must_use]
    pub fn start() -> Self {
        Self(Server::start_with_others("facebook.mjs"))
    }

    /// Where it answers.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.0.says("/origin")
    }

    /// Adds or replaces a person: `{id, name, email}`.
    pub fn account(&self, account: &Value) {
        drop(self.0.call("/control/account", account));
    }

    /// Adds or replaces an app.
    pub fn app(&self, id: &str, secret: &str, redirect_uris: &[String]) {
        let app =
            json!({ "client_id": id, "client_secret": secret, "redirect_uris": redirect_uris });
        drop(self.0.call("/control/app", &app));
    }

    /// Fills in the dialog that a tab is at, and goes on to where that leads.
    ///
    /// # Panics
    /// Where the tab is at no dialog.
    pub fn sign_in(&self, tab: &Tab<'_>, login: &str) -> Place {
        tab.fill("[name=login]", login)
            .fill("[name=password]", "right")
            .click("[value=sign-in]")
    }
}
