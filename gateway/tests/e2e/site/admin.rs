//! Administrators, and what they ask of the admin API.

use crossgate_testkit::curl::{Answer, Curl};
use crossgate_testkit::gateway::OWN_TENANT;
use serde_json::{Value, json};

use super::{Site, Stage};

/// `aud` of administrators' tokens.
pub const ADMIN_AUDIENCE: &str = "api://crossgate";

/// A secret like those that `crossgate admin break-glass` draws, and its digest: it never expires.
pub const SECRET: &str = "cgx_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
pub const FINGERPRINT: &str =
    "sha256:91d9bbce87dc8cdf3fabd91ab3234a50ac4596ce960fd4596728137aa7f7c74e";

/// Template ids of Entra's roles.
pub const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
pub const SECURITY_ADMINISTRATOR: &str = "194ae4cb-b126-40b2-bd5b-6091b380977d";
pub const SECURITY_READER: &str = "5d6b6bb7-de71-4623-b4af-96380a352509";

/// Every permission that the API knows.
pub const ALL_SCOPES: &str = "CrossTenantInformation.ReadBasic.All Policy.Read.ConditionalAccess Policy.Read.All \
    Policy.ReadWrite.CrossTenantAccess Policy.ReadWrite.ConditionalAccess \
    Policy.ReadWrite.Authorization AuditLog.Read.All RoleManagement.Read.Directory \
    RoleManagement.Read.All Organization.Read.All Organization.ReadWrite.All \
    IdentityProvider.Read.All IdentityProvider.ReadWrite.All APIConnectors.Read.All \
    APIConnectors.ReadWrite.All IdentityUserFlow.Read.All IdentityUserFlow.ReadWrite.All \
    User.RevokeSessions.All User.Invite.All User.Read.All User.ReadWrite.All Directory.Read.All \
    RoleManagement.ReadWrite.Directory Directory.ReadWrite.All \
    AccessReview.Read.All AccessReview.ReadWrite.All \
    GroupMember.Read.All GroupMember.ReadWrite.All Group.Read.All Group.ReadWrite.All Application.Read.All \
    AppRoleAssignment.ReadWrite.All Application.ReadWrite.All";

impl Stage {
    /// Keeps the policy in a store.
    pub fn with_store(self) -> Self {
        self.section("policy", "source = \"sqlite:policy.db\"")
    }
}

impl Site {
    /// A token of somebody of ours with this role.
    pub fn administrator(&self, role: &str) -> String {
        self.caller(json!({ "wids": [role], "scp": ALL_SCOPES }))
    }

    /// A token of somebody of ours with these claims.
    pub fn caller(&self, claims: Value) -> String {
        let order = self.mint.token("member").issued_by(OWN_TENANT);
        order.audience(ADMIN_AUDIENCE).claims(claims).mint()
    }

    /// A call of the API below `/v1.0`.
    pub fn graph(&self, token: &str, method: &str, path: &str) -> Curl {
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/v1.0/{path}")
        };
        Curl::get(self.gateway.admin(), "localhost", &path)
            .method(method)
            .bearer(token)
    }

    /// The same with a body.
    pub fn send(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        self.graph(token, method, path)
            .header("Content-Type", "application/json")
            .body(body.to_string())
            .send()
    }

    /// The same where it is meant whomever it shuts out.
    pub fn send_meaning_it(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        self.graph(token, method, path)
            .header("Content-Type", "application/json")
            .header("Crossgate-Confirm-Lock-Out", "true")
            .body(body.to_string())
            .send()
    }

    /// What a GET answers.
    #[track_caller]
    pub fn read(&self, token: &str, path: &str) -> Value {
        let answer = self.graph(token, "GET", path).send();
        assert_eq!(answer.status, 200, "{path}\n{answer:?}");
        answer.json()
    }

    /// The secret that the gateway printed at its first run.
    pub fn bootstrap_secret(&self) -> String {
        let log = self.gateway.log();
        let secret = log.split_whitespace().find(|word| word.starts_with("cgb_"));
        secret.expect("no secret in the log").to_owned()
    }
}

/// Where partners are.
pub const PARTNERS: &str = "policies/crossTenantAccessPolicy/partners";
/// Where the default is.
pub const DEFAULT: &str = "policies/crossTenantAccessPolicy/default";
/// Where the audit is.
pub const AUDITS: &str = "auditLogs/directoryAudits";
/// Where Conditional Access policies are.
pub const POLICIES: &str = "identity/conditionalAccess/policies";
/// Where named locations are.
pub const LOCATIONS: &str = "identity/conditionalAccess/namedLocations";
/// The id of an administrator with a name.
pub const ADA: &str = "0b0e0000-0000-4000-8000-00000000000a";

/// An administrator with a name.
pub fn ada(site: &Site) -> String {
    let claims = json!({ "wids": [GLOBAL_ADMINISTRATOR], "scp": ALL_SCOPES, "oid": ADA, "upn": "ada@contoso.com" });
    site.caller(claims)
}
/// The one audit record of a call.
#[track_caller]
pub fn record_of(site: &Site, token: &str, answer: &Answer) -> Value {
    let id = answer.header("request-id").unwrap();
    let query = format!("{AUDITS}?$filter=correlationId%20eq%20'{id}'");
    let found = site.read(token, &query)["value"].clone();
    assert_eq!(found.as_array().unwrap().len(), 1, "{found:#}\n{answer:?}");
    found[0].clone()
}
/// All of a collection, page by page.
pub fn pages(site: &Site, token: &str, first: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut path = first.to_owned();
    loop {
        let page = site.read(token, &path);
        pages.push(page["value"].as_array().unwrap().clone());
        let Some(next) = page["@odata.nextLink"].as_str() else {
            return pages;
        };
        assert!(pages.len() < 100, "{next}");
        path = next[next.find("/v1.0/").unwrap()..].to_owned();
    }
}
