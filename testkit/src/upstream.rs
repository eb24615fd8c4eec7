//! An app behind the gateway that tells what reached it.

use crate::node::Server;
use serde_json::{Value, json};

/// A running app.
#[derive(Debug)]
pub struct Upstream(Server);

impl Upstream {
    /// Starts one.
    #[must_use]
    pub fn start() -> Self {
        Self(Server::start("upstream.mjs"))
    }

    /// Its address, `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> &str {
        self.0.says("/address")
    }

    /// How many requests reached it.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.number("requests")
    }

    /// Bytes of uploads that have arrived.
    #[must_use]
    pub fn uploaded(&self) -> u64 {
        self.number("upload_bytes")
    }

    /// Requests it has not finished answering.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.number("open")
    }

    /// The requests that reached it: method, target, headers as they came, trailers where there were any.
    ///
    /// # Panics
    /// Where the app does not say.
    #[must_use]
    pub fn seen(&self) -> Vec<Value> {
        let Value::Array(seen) = self.0.call("/requests", &json!({})) else {
            panic!("requests are a list")
        };
        seen
    }

    /// Lets waiting event streams go on.
    pub fn release(&self) {
        drop(self.0.call("/release", &json!({})));
    }

    /// Refuses connections from now on.
    pub fn go_down(&self) {
        drop(self.0.call("/down", &json!({})));
    }

    /// Answers again, at the same address.
    pub fn come_up(&self) {
        drop(self.0.call("/up", &json!({})));
    }

    fn number(&self, member: &str) -> u64 {
        self.0.call("/stats", &json!({}))[member].as_u64().unwrap()
    }
}

/// The values of a header in an echoed or remembered request, whatever the case of its name.
#[must_use]
pub fn header_values<'a>(seen: &'a Value, name: &str) -> Vec<&'a str> {
    seen["headers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|pair| {
            pair[0]
                .as_str()
                .is_some_and(|n| n.eq_ignore_ascii_case(name))
        })
        .filter_map(|pair| pair[1].as_str())
        .collect()
}
