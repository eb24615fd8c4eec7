//! `login.microsoftonline.com`, on loopback.

use crate::certificate::Certificate;
use crate::node::Server;
use crate::people::People;
use serde_json::{Value, json};

/// The host's front, with a tenant's provider behind each of its paths.
#[derive(Debug)]
pub struct Entra(Server);

impl Entra {
    /// The one name that it has.
    pub const HOST: &'static str = "login.microsoftonline.com";

    /// Starts it for these tenants, with a certificate of that name. Who comes without naming a tenant (`common`) is of the first.
    #[must_use]
    pub fn start(certificate: &Certificate, tenants: &[(&str, &People)]) -> Self {
        let common = tenants.first().map(|(tenant, _)| *tenant);
        let tenants = tenants
            .iter()
            .map(|(tenant, people)| ((*tenant).to_owned(), json!(people.address())));
        let server = Server::start("entra.mjs");
        drop(server.call(
            "/control/tenants",
            &json!({
                "cert": certificate.cert, "key": certificate.key,
                "tenants": Value::Object(tenants.collect()), "common": common,
            }),
        ));
        Self(server)
    }

    /// The proxy that leads there, and nowhere else.
    #[must_use]
    pub fn proxy(&self) -> &str {
        self.0.says("/proxy")
    }
}
