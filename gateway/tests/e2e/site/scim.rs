//! Partners that synchronise users and groups.

use crossgate_testkit::curl::{Answer, Curl};
use serde_json::{Value, json};

use super::admin::{GLOBAL_ADMINISTRATOR, PARTNERS};
use super::{Site, Stage, WINGTIP, partner};

/// Where they push.
pub const SCIM_HOST: &str = "scim.contoso.com";

/// Another partner that does.
pub const ACME: &str = "55555555-5555-4555-8555-555555555555";

pub const WINGTIP_TOKEN: &str = "wingtip-0123456789abcdef0123456789abcdef";
pub const ACME_TOKEN: &str = "acme-0123456789abcdef0123456789abcdef";

pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

impl Stage {
    /// Two partners may push, one by a token in a file.
    pub fn with_synchronization(self) -> Self {
        let file = self.directory().join("wingtip-scim");
        std::fs::write(file, format!("{WINGTIP_TOKEN}\n")).unwrap();
        self.with_store()
            .section("listen", "trusted_proxies = [\"127.0.0.0/8\"]")
            .section("synchronization", &format!("host = \"{SCIM_HOST}\""))
            .configure(|setup| {
                setup.replacing(
                    "name = \"Wingtip\"\n",
                    "name = \"Wingtip\"\nscim_token_file = \"wingtip-scim\"\n",
                )
            })
            .entries(&format!(
                "[[partner]]\ntenant = \"{ACME}\"\nname = \"Acme\"\nscim_token = \"{ACME_TOKEN}\"\n"
            ))
    }
}

impl Site {
    /// Lets a partner synchronise, with more for its document.
    pub fn lets_synchronize(&self, tenant: &str, more: Value) {
        let administrator = self.administrator(GLOBAL_ADMINISTRATOR);
        let made = self.send_meaning_it(&administrator, "POST", PARTNERS, &partner(tenant, more));
        assert_eq!(made.status, 201, "{made:?}");
        let path = format!("{PARTNERS}/{tenant}/identitySynchronization");
        let body = json!({"displayName": "Sync", "userSyncInbound": {"isSyncAllowed": true}});
        let made = self.send_meaning_it(&administrator, "PUT", &path, &body);
        assert_eq!(made.status, 204, "{made:?}");
    }

    /// A call of a partner's provisioning.
    pub fn scim(&self, tenant: &str, token: &str, method: &str, path: &str) -> Curl {
        let path = format!("/.crossgate/scim/{tenant}/v2{path}");
        let call = Curl::get(self.gateway.proxy(), SCIM_HOST, &path).method(method);
        call.header("X-Forwarded-Proto", "https")
            .header("X-Forwarded-For", "192.0.2.7")
            .bearer(token)
    }

    /// Wingtip pushes.
    pub fn push(&self, method: &str, path: &str, body: &Value) -> Answer {
        let call = self.scim(WINGTIP, WINGTIP_TOKEN, method, path);
        with(call, body).send()
    }

    /// Wingtip makes something; its id.
    #[track_caller]
    pub fn makes(&self, path: &str, body: &Value) -> String {
        let made = self.push("POST", path, body);
        assert_eq!(made.status, 201, "{made:?}");
        made.json()["id"].as_str().unwrap().to_owned()
    }
}

/// A call with a body, where it has one.
pub fn with(call: Curl, body: &Value) -> Curl {
    if body.is_null() {
        return call;
    }
    call.header("Content-Type", "application/scim+json")
        .body(body.to_string())
}

/// A user as a provisioning service sends them.
pub fn user(name: &str, home: &str) -> Value {
    json!({
        "schemas": [USER], "userName": format!("{name}@wingtip.com"), "externalId": home, "active": true,
        "displayName": name, "name": {"givenName": name, "familyName": "Wing"},
        "emails": [{"type": "work", "value": format!("{name}@wingtip.com"), "primary": true}],
    })
}

/// A change of this kind.
pub fn patch(operations: Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
}
