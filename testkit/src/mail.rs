//! A real mail server, `smtp-server` with `mailparser`: takes mail for everybody, and says what came.

use crate::node::Server;
use crate::programs::wait_for;
use serde_json::{Value, json};
use std::time::Duration;

/// A running mail server on loopback, without TLS. Whoever signs in may, with any password but `wrong`.
#[derive(Debug)]
pub struct MailServer(Server);

impl MailServer {
    /// Starts one, which has no mail.
    #[must_use]
    pub fn start() -> Self {
        Self(Server::start_with_others("smtp.mjs"))
    }

    /// Its port at 127.0.0.1.
    ///
    /// # Panics
    /// Where the program says none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.says("/port").parse().unwrap()
    }

    /// What came for an address, in the order in which it came: `{envelope: {from, to}, user, from: [{address, name}], to,
    /// copies, subject, text, html, headers, raw}`.
    ///
    /// # Panics
    /// Where the server does not say.
    #[must_use]
    pub fn mails(&self, to: &str) -> Vec<Value> {
        self.ask(&json!({ "to": to }))
    }

    /// What came for anybody.
    ///
    /// # Panics
    /// Where the server does not say.
    #[must_use]
    pub fn all(&self) -> Vec<Value> {
        self.ask(&json!({}))
    }

    /// Waits until `count` mails or more have come for an address, and answers the newest: mail is sent in the background.
    ///
    /// # Panics
    /// Where they do not come.
    #[must_use]
    pub fn newest(&self, to: &str, count: usize) -> Value {
        wait_for("mail", PATIENCE, || {
            let mut mails = self.mails(to);
            (mails.len() >= count).then(|| mails.pop()).flatten()
        })
    }

    /// Refuses so many of the next mails.
    pub fn fail(&self, times: u32) {
        drop(self.0.call("/control/fail", &json!({ "times": times })));
    }

    fn ask(&self, arguments: &Value) -> Vec<Value> {
        let answer = self.0.call("/control/mails", arguments);
        answer["mails"].as_array().unwrap().clone()
    }
}

const PATIENCE: Duration = Duration::from_secs(20);
