//! An Entra-shaped token service: the second, independent JOSE library signs what Entra would.

use crate::node::Server;
use serde_json::{Map, Value, json};

/// A running token service.
#[derive(Debug)]
pub struct Mint(Server);

impl Mint {
    /// Starts one, with keys of its own.
    #[must_use]
    pub fn start() -> Self {
        Self(Server::start_with_others("mint.mjs"))
    }

    /// Where the key set of a cloud (`global`, `usgov`, `china`) is.
    #[must_use]
    pub fn jwks(&self, cloud: &str) -> &str {
        self.0.says(&format!("/jwks/{cloud}"))
    }

    /// Begins a token of a kind: `member`, `b2b-guest`, `direct-connect`, `microsoft-account-guest`,
    /// `microsoft-account`, `app-only` or `groups-overage`.
    #[must_use]
    pub fn token(&self, kind: &str) -> Order<'_> {
        Order {
            mint: self,
            order: Map::from_iter([("kind".to_owned(), kind.into())]),
        }
    }

    /// Signs with new keys from now on; the retired ones stay published where `keep`.
    pub fn rotate(&self, keep: bool) {
        drop(self.0.call("/rotate", &json!({ "keep": keep })));
    }

    /// How often a key set was asked for.
    ///
    /// # Panics
    /// Where the service does not say.
    #[must_use]
    pub fn key_set_requests(&self) -> u64 {
        self.0.call("/stats", &json!({}))["jwks"].as_u64().unwrap()
    }
}

/// A token being ordered.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    mint: &'a Mint,
    order: Map<String, Value>,
}

impl Order<'_> {
    /// The tenant whose service issues it.
    #[must_use]
    pub fn issued_by(self, tenant: &str) -> Self {
        self.with("tenant", tenant)
    }

    /// The guest's home tenant.
    #[must_use]
    pub fn home(self, tenant: &str) -> Self {
        self.with("home", tenant)
    }

    /// What it is for.
    #[must_use]
    pub fn audience(self, audience: &str) -> Self {
        self.with("audience", audience)
    }

    /// `global` where not said.
    #[must_use]
    pub fn cloud(self, cloud: &str) -> Self {
        self.with("cloud", cloud)
    }

    /// `2.0` where not said.
    #[must_use]
    pub fn version(self, version: &str) -> Self {
        self.with("version", version)
    }

    /// The calling client.
    #[must_use]
    pub fn client(self, client: &str) -> Self {
        self.with("client", client)
    }

    /// One of the faults `mint.mjs` lists.
    #[must_use]
    pub fn fault(self, fault: &str) -> Self {
        self.with("fault", fault)
    }

    /// Claims that replace or join the kind's own; null leaves one out.
    ///
    /// # Panics
    /// Where `claims` is not an object.
    #[must_use]
    pub fn claims(mut self, claims: Value) -> Self {
        let Value::Object(claims) = claims else {
            panic!("claims are an object, not {claims}")
        };
        let ordered = self
            .order
            .entry("claims")
            .or_insert_with(|| Map::new().into());
        ordered.as_object_mut().unwrap().extend(claims);
        self
    }

    /// Header members that replace or join the usual ones; null leaves one out.
    #[must_use]
    pub fn header(self, header: Value) -> Self {
        self.with("header", header)
    }

    /// The key that signs: `common`, `consumers`, `es256` or `unpublished`.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.with("key", key)
    }

    /// Seconds until it ends; an hour where not said.
    #[must_use]
    pub fn expires_in(self, seconds: u64) -> Self {
        self.with("expires_in", seconds)
    }

    /// The token.
    ///
    /// # Panics
    /// Where the service does not know how; the message is the service's.
    #[must_use]
    pub fn mint(self) -> String {
        let answer = self.mint.0.call("/mint", &self.order.into());
        answer["token"].as_str().unwrap().to_owned()
    }

    fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.order.insert(member.to_owned(), value.into());
        self
    }
}
