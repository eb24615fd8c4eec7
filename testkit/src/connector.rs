//! A service of the operator's own that sign-ups ask: an API connector's other end.

use crate::certificate::Certificate;
use crate::node::Server;
use serde_json::{Value, json};

/// A running one, over HTTPS on loopback.
#[derive(Debug)]
pub struct Connector {
    server: Server,
    port: u64,
}

impl Connector {
    /// The name that its certificate has to have.
    pub const NAME: &'static str = "localhost";

    /// Starts one, which answers nothing but 404 yet.
    ///
    /// # Panics
    /// Where it does not come up.
    #[must_use]
    pub fn start(certificate: &Certificate) -> Self {
        let server = Server::start("connector.mjs");
        let files = json!({ "cert": certificate.cert, "key": certificate.key });
        let opened = server.call("/control/open", &files);
        let port = opened["port"].as_u64().unwrap();
        Self { server, port }
    }

    /// Its host, with its port.
    #[must_use]
    pub fn host(&self) -> String {
        format!("{}:{}", Self::NAME, self.port)
    }

    /// Has it answer so at a path: `{status, body, delay, headers}` each, the last again and again.
    pub fn answers(&self, path: &str, answers: &Value) {
        let told = json!({ "path": path, "answers": answers });
        drop(self.server.call("/control/answer", &told));
    }

    /// What it was asked since the last time: `{method, path, type, authorization, body}` each.
    ///
    /// # Panics
    /// Where it does not say.
    #[must_use]
    pub fn asked(&self) -> Vec<Value> {
        let told = self.server.call("/control/asked", &json!({}));
        told["asked"].as_array().unwrap().clone()
    }
}
