//! A partner's identity provider: `oidc-provider`, certified by the OpenID Foundation.

use crate::node::Server;
use serde_json::{Value, json};

/// A running provider.
#[derive(Debug)]
pub struct Provider(Server);

impl Provider {
    /// Starts one, with keys of its own.
    #[must_use]
    pub fn start() -> Self {
        Self(Server::start_with_others("provider.mjs"))
    }

    /// Its issuer address.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.0.says("/issuer")
    }

    /// A user's access token, signed by the provider: `claims` stand beside what it puts in itself.
    #[must_use]
    pub fn user_token(&self, user: &str, audience: &str, claims: &Value) -> String {
        self.token(&json!({ "sub": user, "audience": audience, "claims": claims }))
    }

    /// An access token with every choice `/control/token` knows.
    ///
    /// # Panics
    /// Where the provider does not give one.
    #[must_use]
    pub fn token(&self, order: &Value) -> String {
        let answer = self.0.call("/control/token", order);
        answer["token"].as_str().unwrap().to_owned()
    }

    /// A token from the token endpoint, by client credentials for one resource.
    ///
    /// # Panics
    /// Where the endpoint refuses.
    #[must_use]
    pub fn client_token(&self, resource: &str) -> String {
        let answer = ureq::post(format!("{}/token", self.issuer()))
            .send_form([
                ("grant_type", "client_credentials"),
                ("client_id", self.0.says("/client_id")),
                ("client_secret", self.0.says("/client_secret")),
                ("resource", resource),
                ("scope", "access"),
            ])
            .unwrap_or_else(|error| panic!("token endpoint: {error}"))
            .body_mut()
            .read_to_string()
            .unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// Signs with new keys from now on; `keep` retired generations stay published.
    pub fn rotate(&self, keep: usize) {
        drop(self.0.call("/control/rotate", &json!({ "keep": keep })));
    }

    /// Publishes the next keys, and signs with the old ones until [`Self::use_announced_keys`].
    pub fn announce_keys(&self) {
        drop(self.0.call("/control/announce", &json!({})));
    }

    /// Signs with the announced keys from now on; the old ones stay published.
    pub fn use_announced_keys(&self) {
        drop(self.0.call("/control/use-announced", &json!({})));
    }

    /// Refuses connections from now on.
    pub fn go_down(&self) {
        drop(self.0.call("/control/down", &json!({})));
    }

    /// Answers again, at the same address.
    pub fn come_up(&self) {
        drop(self.0.call("/control/up", &json!({})));
    }

    /// How often its key set was asked for.
    ///
    /// # Panics
    /// Where the provider does not say.
    #[must_use]
    pub fn key_set_requests(&self) -> u64 {
        self.0.call("/control/stats", &json!({}))["jwks"]
            .as_u64()
            .unwrap()
    }
}
