//! What an administrator would have written: `crossgate.toml` and the policy directory.

use crate::provider::Provider;
use crate::{Fault, ports};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The own tenant.
pub(crate) const CONTOSO: &str = "11111111-1111-4111-8111-111111111111";
/// A partner whose people are our guests.
pub(crate) const FABRIKAM: &str = "22222222-2222-4222-8222-222222222222";
/// A partner that the tour blocks.
pub(crate) const NORTHWIND: &str = "33333333-3333-4333-8333-333333333333";
/// Another organisation, whose app is reached through the egress listener.
pub(crate) const TAILSPIN: &str = "44444444-4444-4444-8444-444444444444";

/// Any guest may open it.
pub(crate) const PAYROLL: App = App {
    id: "aaaaaaaa-0000-4000-8000-000000000001",
    name: "Payroll",
    host: "payroll.localhost",
    audience: "api://payroll",
};
/// Guests need MFA that we believe.
pub(crate) const TREASURY: App = App {
    id: "aaaaaaaa-0000-4000-8000-000000000002",
    name: "Treasury",
    host: "treasury.localhost",
    audience: "api://treasury",
};
/// Tailspin's, not ours.
pub(crate) const PORTAL: App = App {
    id: "aaaaaaaa-0000-4000-8000-000000000003",
    name: "Tailspin portal",
    host: "portal.localhost",
    audience: "api://tailspin-portal",
};

/// An app as requests and policies name it.
#[derive(Clone, Copy)]
pub(crate) struct App {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) host: &'static str,
    pub(crate) audience: &'static str,
}

/// The demo's directory and addresses.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) directory: PathBuf,
    pub(crate) proxy: SocketAddr,
    pub(crate) egress: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) operations: SocketAddr,
}

impl Site {
    /// Writes the directory anew.
    pub(crate) fn write(
        directory: &Path,
        contoso: &Provider,
        fabrikam: &Provider,
        app: SocketAddr,
    ) -> Result<Self, Fault> {
        if directory.exists() {
            // Only what this program wrote: a mistyped `--directory` must not cost anyone their files.
            if !directory.join("crossgate.toml").is_file() && directory.read_dir()?.next().is_some()
            {
                return Err(format!("{} holds something else", directory.display()).into());
            }
            std::fs::remove_dir_all(directory)?;
        }
        std::fs::create_dir_all(directory.join("tokens"))?;
        let directory = directory.canonicalize()?;
        let site = Self {
            proxy: ports::near(8088)?,
            egress: ports::near(8089)?,
            admin: ports::near(8444)?,
            operations: ports::near(9464)?,
            directory,
        };
        std::fs::write(
            site.directory.join("crossgate.toml"),
            site.config(contoso, fabrikam, app),
        )?;
        for (path, document) in policy() {
            site.write_policy(path, &document)?;
        }
        // One JSON object a line.
        std::fs::write(
            site.directory.join("policy/guests.jsonl"),
            format!("{}\n", guest()),
        )?;
        Ok(site)
    }

    /// Writes one document of the policy directory, whole or not at all.
    pub(crate) fn write_policy(&self, path: &str, document: &Value) -> Result<(), Fault> {
        let path = self.directory.join("policy").join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let new = path.with_extension("new");
        std::fs::write(&new, format!("{document:#}\n"))?;
        std::fs::rename(new, path)?;
        Ok(())
    }

    fn config(&self, contoso: &Provider, fabrikam: &Provider, app: SocketAddr) -> String {
        let Self {
            directory,
            proxy,
            egress,
            admin,
            operations,
        } = self;
        let store = directory.join("policy.db");
        let events = directory.join("sign-ins.jsonl");
        let mut config = format!(
            r#"[tenant]
id = "{CONTOSO}"
name = "Contoso"
domains = ["contoso.com"]

[listen]
proxy = ["{proxy}"]
egress = ["{egress}"]
admin = "{admin}"
metrics = "{operations}"

[policy]
source = "sqlite:{store}"

[sign_ins]
sinks = ["file:{events}"]

[[partner]]
tenant = "{FABRIKAM}"
name = "Fabrikam"
domains = ["fabrikam.com"]

[[partner]]
tenant = "{NORTHWIND}"
name = "Northwind"
domains = ["northwind.com"]
"#,
            store = store.display(),
            events = events.display(),
        );
        for (name, provider, tenant) in [
            ("contoso", contoso, CONTOSO),
            ("fabrikam", fabrikam, FABRIKAM),
        ] {
            let issuer = &provider.issuer;
            config += &format!(
                r#"
[[issuer]]
name = "{name}"
kind = "oidc"
issuer = "{issuer}"
tenant = "{tenant}"
algorithms = ["ES256"]
"#
            );
        }
        for (served, resource_tenant) in [(PAYROLL, "own"), (TREASURY, "own"), (PORTAL, TAILSPIN)] {
            let App {
                id,
                name,
                host,
                audience,
            } = served;
            config += &format!(
                r#"
[[app]]
id = "{id}"
name = "{name}"
hosts = ["{host}"]
audiences = ["{audience}"]
upstreams = ["http://{app}"]
resource_tenant = "{resource_tenant}"
"#
            );
        }
        config
    }
}

/// One of ours who may change all of it.
pub(crate) const ADMINISTRATOR: &str = "eeeeeeee-0000-4000-8000-000000000002";

/// Entra's id of the role Security Administrator.
const SECURITY_ADMINISTRATOR: &str = "194ae4cb-b126-40b2-bd5b-6091b380977d";

/// The policy at the start. What is not written keeps Entra's initial value: collaboration open, direct connect and
/// foreign accounts on our network blocked, nothing trusted.
fn policy() -> [(&'static str, Value); 3] {
    [
        (
            "partners/fabrikam.json",
            json!({ "tenantId": FABRIKAM, "inboundTrust": { "isMfaAccepted": false } }),
        ),
        (
            "role-assignments/administrator.json",
            json!({
                "id": "cccccccc-0000-4000-8000-000000000001",
                "principalId": ADMINISTRATOR,
                "roleDefinitionId": SECURITY_ADMINISTRATOR,
                "directoryScopeId": "/",
            }),
        ),
        (
            "conditional-access/guests-need-mfa.json",
            json!({
                "id": "bbbbbbbb-0000-4000-8000-000000000001",
                "displayName": "Guests need MFA in Treasury",
                "state": "enabled",
                "conditions": {
                    "clientAppTypes": ["all"],
                    "users": { "includeUsers": ["GuestsOrExternalUsers"] },
                    "applications": { "includeApplications": [TREASURY.id] },
                },
                "grantControls": { "operator": "OR", "builtInControls": ["mfa"] },
            }),
        ),
    ]
}

/// Ada of Fabrikam, as the own directory knows her.
pub(crate) const GUEST: &str = "dddddddd-0000-4000-8000-000000000001";

fn guest() -> Value {
    json!({
        "id": GUEST,
        "displayName": "Ada Lovelace",
        "mail": "ada@fabrikam.com",
        "userPrincipalName": "ada_fabrikam.com#EXT#@contoso.com",
        "userType": "Guest",
        "accountEnabled": true,
        "externalUserState": "Accepted",
        "crossgate": { "homeTenantId": FABRIKAM, "homeUserId": "ada", "consentGiven": true },
    })
}
