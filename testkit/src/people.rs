//! An identity provider where people sign in by pages: `oidc-provider`, certified by the OpenID Foundation.
//!
//! Any password but `wrong` is right, and any six digits but `000000` are where a second factor is asked for.

use crate::browser::{Place, Tab};
use crate::node::Server;
use serde_json::{Value, json};

/// A running provider. Several can stand side by side in one browser.
#[derive(Debug)]
pub struct People {
    server: Server,
    issuer: String,
    pages: String,
}

impl People {
    /// Starts one, which knows nobody.
    #[must_use]
    pub fn start() -> Self {
        let server = Server::start_with_others("people.mjs");
        let issuer = server.says("/issuer").to_owned();
        Self {
            server,
            pages: format!("{issuer}/"),
            issuer,
        }
    }

    /// Starts one that is a tenant's in Entra: it is reached through [`Entra`](crate::entra::Entra).
    ///
    /// # Panics
    /// Where it does not say what it is called then.
    #[must_use]
    pub fn of_entra(tenant: &str) -> Self {
        let mut people = Self::start();
        let told = people.call("/control/tenant", &json!({ "tenant": tenant }));
        for (place, member) in [(&mut people.issuer, "issuer"), (&mut people.pages, "pages")] {
            *place = told[member].as_str().unwrap().to_owned();
        }
        people
    }

    /// Has it, which is that tenant in Entra, give this as the `iss` of its answers, without saying so beforehand (RFC 9207).
    pub fn names_in_answers(&self, tenant: &str, issuer: &str) {
        let asked = json!({ "tenant": tenant, "named": issuer });
        drop(self.call("/control/tenant", &asked));
    }

    /// Where it listens, whatever its issuer is called.
    pub(crate) fn address(&self) -> &str {
        self.server.says("/issuer")
    }

    /// What the addresses of all its pages begin with.
    #[must_use]
    pub fn pages(&self) -> &str {
        &self.pages
    }

    /// Its issuer address.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    fn call(&self, path: &str, arguments: &Value) -> Value {
        self.server.call(path, arguments)
    }

    /// Adds or replaces a person: `{sub, email, name, groups, claims, amr}`. `claims` stand in the id token beside the others;
    /// `amr` is what a sign-in without a second factor says, `["pwd"]` where not given.
    pub fn account(&self, account: &Value) {
        drop(self.call("/control/account", account));
    }

    /// Adds or replaces a relying party, by client metadata as a registration has it: `{client_id, client_secret,
    /// redirect_uris, post_logout_redirect_uris, backchannel_logout_uri, frontchannel_logout_uri, ...}`. With `require_pkce`
    /// false it may come without PKCE.
    ///
    /// # Panics
    /// Where the metadata is not valid.
    pub fn client(&self, metadata: &Value) {
        drop(self.call("/control/client", metadata));
    }

    /// Fills in the sign-in page that a tab is at, with a code where one is asked for, and goes on to where that leads.
    ///
    /// # Panics
    /// Where the tab is at no sign-in page, or the page asks for no code.
    pub fn sign_in(&self, tab: &Tab<'_>, login: &str, code: Option<&str>) -> Place {
        tab.fill("[name=login]", login)
            .fill("[name=password]", "right");
        if let Some(code) = code {
            tab.fill("[name=otp]", code);
        }
        tab.click("[value=sign-in]")
    }

    /// Who is signed in here: `{sub, amr, acr, acrs, auth_time, clients: {client_id: sid}}` for each session.
    ///
    /// # Panics
    /// Where the provider does not say.
    #[must_use]
    pub fn signed_in(&self) -> Vec<Value> {
        let answer = self.call("/control/signed-in", &json!({}));
        answer["sessions"].as_array().unwrap().clone()
    }

    /// Ends a person's sessions as an administrator would, and tells the relying parties by the back channel: `{client_id,
    /// error}` for each that was told, `error` null where it took it.
    ///
    /// # Panics
    /// Where the provider does not say.
    pub fn sign_out(&self, sub: &str) -> Vec<Value> {
        let answer = self.call("/control/sign-out", &json!({ "sub": sub }));
        answer["told"].as_array().unwrap().clone()
    }

    /// A security event token about a user or session of its own, `subject` being a Subject Identifier (RFC 9493).
    ///
    /// # Panics
    /// Where the provider signs none.
    #[must_use]
    pub fn event(&self, audience: &str, event: &str, subject: &Value) -> String {
        let asked = json!({ "audience": audience, "event": event, "subject": subject });
        let answer = self.call("/control/event", &asked);
        answer["event"].as_str().unwrap().to_owned()
    }

    /// Signs with a new key from now on; `keep` retired ones stay published.
    pub fn rotate(&self, keep: usize) {
        drop(self.call("/control/rotate", &json!({ "keep": keep })));
    }

    /// Refuses connections from now on.
    pub fn go_down(&self) {
        drop(self.call("/control/down", &json!({})));
    }

    /// Answers again, at the same address.
    pub fn come_up(&self) {
        drop(self.call("/control/up", &json!({})));
    }

    /// How often each happened: `discovery`, `jwks`, `authorize`, `token` and `userinfo` requests; sign-in `pages`, `logins`,
    /// `refused` ones, `logouts`; relying parties told by `backchannel`, and `backchannel_failed`.
    ///
    /// # Panics
    /// Where the provider does not count that.
    #[must_use]
    pub fn count(&self, what: &str) -> u64 {
        self.call("/control/stats", &json!({}))[what]
            .as_u64()
            .unwrap()
    }
}
