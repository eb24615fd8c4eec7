//! The stage that end-to-end tests play on: Contoso's gateway before one app, Entra-shaped tokens, and Fabrikam with an
//! identity provider of its own.

pub mod admin;
pub mod beside;
pub mod collector;
pub mod command;
pub mod console;
pub mod entra;
pub mod line;
pub mod load;
pub mod outsiders;
pub mod people;
pub mod roles;
pub mod scim;
pub mod sign_in;
pub mod sign_up;
pub mod socket;
pub mod transmitter;
pub mod visitor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossgate_testkit::curl::{Answer, Curl};
use crossgate_testkit::gateway::{Gateway, OWN_TENANT, Setup};
use crossgate_testkit::mint::{Mint, Order};
use crossgate_testkit::programs::wait_for;
use crossgate_testkit::provider::Provider;
use crossgate_testkit::upstream::Upstream;
use serde_json::{Value, json};
use std::time::Duration;

/// A partner that runs its own OpenID provider.
pub const FABRIKAM: &str = "22222222-2222-4222-8222-222222222222";
/// A partner in Entra, in the global cloud.
pub const WINGTIP: &str = "33333333-3333-4333-8333-333333333333";
/// Owner of the app behind the egress listener.
pub const TAILSPIN: &str = "44444444-4444-4444-8444-444444444444";
/// Home of every Microsoft account.
pub const MICROSOFT_ACCOUNTS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
/// `id` of our default configuration, which the v2 restriction header names.
pub const POLICY_ID: &str = "5c027107-0000-4000-8000-7df394bffd0a";

pub const PAYROLL: &str = "aaaaaaaa-0000-4000-8000-000000000001";
pub const PAYROLL_HOST: &str = "payroll.contoso.com";
pub const AUDIENCE: &str = "api://payroll";
pub const PORTAL: &str = "aaaaaaaa-0000-4000-8000-000000000002";
pub const PORTAL_HOST: &str = "portal.tailspin.example";
pub const PORTAL_AUDIENCE: &str = "api://tailspin-portal";

/// The stage before the curtain: everything runs but the gateway.
pub struct Stage {
    pub mint: Mint,
    pub fabrikam: Provider,
    pub upstream: Upstream,
    setup: Setup,
    payroll: String,
    portal: String,
}

impl Stage {
    pub fn new() -> Self {
        let mint = Mint::start();
        let fabrikam = Provider::start();
        let upstream = Upstream::start();
        let mut entries = format!(
            r#"
[[issuer]]
name = "fabrikam"
kind = "oidc"
issuer = "{issuer}"
tenant = "{FABRIKAM}"
jwks = "{issuer}/jwks"

[[partner]]
tenant = "{FABRIKAM}"
name = "Fabrikam"
domains = ["fabrikam.com"]

[[partner]]
tenant = "{WINGTIP}"
name = "Wingtip"
domains = ["wingtip.com"]
cloud = "global"

[[partner]]
tenant = "{TAILSPIN}"
name = "Tailspin"
domains = ["tailspin.com"]
cloud = "global"
"#,
            issuer = fabrikam.issuer(),
        );
        for (cloud, host) in [
            ("global", "login.microsoftonline.com"),
            ("usgov", "login.microsoftonline.us"),
            ("china", "login.partner.microsoftonline.cn"),
        ] {
            let jwks = mint.jwks(cloud);
            entries += &format!(
                r#"
[[issuer]]
name = "entra-{cloud}"
kind = "entra"
issuer = "https://{host}/{{tenantid}}/v2.0"
tenants = "any"
cloud = "{cloud}"
jwks = "{jwks}"
"#
            );
        }
        let setup = Setup::new(env!("CARGO_BIN_EXE_crossgate"))
            .entries(&entries)
            .policy("default.json", &json!({ "id": POLICY_ID }));
        let at = upstream.address();
        let payroll = format!(
            r#"
[[app]]
id = "{PAYROLL}"
name = "Payroll"
hosts = ["{PAYROLL_HOST}", "localhost"]
audiences = ["{AUDIENCE}"]
upstreams = ["{at}"]
"#
        );
        let portal = format!(
            r#"
[[app]]
id = "{PORTAL}"
name = "Tailspin portal"
hosts = ["{PORTAL_HOST}"]
audiences = ["{PORTAL_AUDIENCE}"]
upstreams = ["{at}"]
resource_tenant = "{TAILSPIN}"
"#
        );
        Self {
            mint,
            fabrikam,
            upstream,
            setup,
            payroll,
            portal,
        }
    }

    /// Adds keys to the app of our own.
    pub fn payroll(mut self, keys: &str) -> Self {
        self.payroll += &format!("{keys}\n");
        self
    }

    /// Gives the app of our own other upstreams.
    pub fn payroll_upstreams(mut self, addresses: &[&str]) -> Self {
        let old = format!("upstreams = [\"{}\"]", self.upstream.address());
        self.payroll = self
            .payroll
            .replace(&old, &format!("upstreams = {addresses:?}"));
        self
    }

    /// Adds keys to the app behind the egress listener.
    pub fn portal(mut self, keys: &str) -> Self {
        self.portal += &format!("{keys}\n");
        self
    }

    /// Adds `[[app]]` and other entries.
    pub fn entries(self, toml: &str) -> Self {
        self.configure(|setup| setup.entries(toml))
    }

    /// An app where people sign in, so that guests can be invited to it.
    pub fn with_sign_in(self) -> Self {
        self.section("listen", "trusted_proxies = [\"127.0.0.1/32\"]")
            .section("portal", "store = \"portal.db\"")
            .entries(
                "[[provider]]\nname = \"fabrikam\"\nissuer = \"fabrikam\"\nclient_id = \"crossgate\"\n\
                 [[app]]\nid = \"aaaaaaaa-0000-4000-8000-000000000009\"\nhosts = [\"guests.contoso.com\"]\n\
                 upstreams = [\"http://127.0.0.1:9\"]\nsign_in = true\n\
                 [[connector]]\nhost = \"approvals.contoso.com\"\n",
            )
    }

    /// Adds lines to a section of the configuration.
    pub fn section(self, name: &'static str, lines: &str) -> Self {
        self.configure(|setup| setup.section(name, lines))
    }

    /// Writes a document of the policy directory.
    pub fn policy(self, path: &str, document: &Value) -> Self {
        self.configure(|setup| setup.policy(path, document))
    }

    pub fn configure(mut self, change: impl FnOnce(Setup) -> Setup) -> Self {
        self.setup = change(self.setup);
        self
    }

    /// Where the gateway's files will be.
    pub fn directory(&self) -> &std::path::Path {
        self.setup.directory()
    }

    /// Starts the gateway and waits until it is ready.
    pub fn open(self) -> Site {
        let mut site = self.open_unready();
        site.gateway.wait_until_ready();
        site
    }

    /// Starts the gateway and does not wait.
    pub fn open_unready(self) -> Site {
        let setup = self.setup.entries(&self.payroll).entries(&self.portal);
        Site {
            mint: self.mint,
            fabrikam: self.fabrikam,
            upstream: self.upstream,
            gateway: setup.spawn(),
        }
    }
}

/// The stage with the gateway running.
pub struct Site {
    pub mint: Mint,
    pub fabrikam: Provider,
    pub upstream: Upstream,
    pub gateway: Gateway,
}

impl Site {
    /// One of our own.
    pub fn member(&self) -> Order<'_> {
        let order = self.mint.token("member").issued_by(OWN_TENANT);
        order.audience(AUDIENCE)
    }

    /// A guest from Wingtip, with the token our tenant issued.
    pub fn guest(&self) -> Order<'_> {
        let order = self.mint.token("b2b-guest").issued_by(OWN_TENANT);
        order.home(WINGTIP).audience(AUDIENCE)
    }

    /// A Wingtip user with Wingtip's own token.
    pub fn direct(&self) -> Order<'_> {
        let order = self.mint.token("direct-connect").issued_by(WINGTIP);
        order.audience(AUDIENCE)
    }

    /// A request to the app of our own.
    pub fn payroll(&self, path: &str) -> Curl {
        Curl::get(self.gateway.proxy(), PAYROLL_HOST, path)
    }

    /// A request through the egress listener.
    pub fn portal(&self, path: &str) -> Curl {
        Curl::get(self.gateway.egress(), PORTAL_HOST, path)
    }

    /// Sends one request and answers with the event it made. For one request at a time: the next event is its own.
    pub fn ask(&self, request: Curl) -> (Answer, Value) {
        let before = self.settled_events();
        let answer = request.send();
        let event = wait_for("a sign-in event", Duration::from_secs(10), || {
            self.gateway.events().get(before).cloned()
        });
        sign_in::check(&event);
        assert_eq!(
            self.gateway.events().len(),
            before + 1,
            "one request, one event"
        );
        (answer, event)
    }

    /// How many events there are, once those of the requests sent before are written.
    fn settled_events(&self) -> usize {
        wait_for("earlier events", Duration::from_secs(10), || {
            let served = self.gateway.metric("crossgate_requests_total", &[]);
            let written = self.gateway.events().len();
            (u32::try_from(written).is_ok_and(|written| f64::from(written) >= served))
                .then_some(written)
        })
    }

    /// Sends one request and checks status and AADSTS number. Answers with the event.
    #[track_caller]
    pub fn expect(&self, what: &str, request: Curl, status: u16, code: u32) -> Value {
        let (answer, event) = self.ask(request);
        assert_eq!(
            (answer.status, &event["status"]["errorCode"]),
            (status, &json!(code)),
            "{what}\n{answer:?}\n{event:#}"
        );
        event
    }

    /// Changes a policy document and waits until the change is in force.
    pub fn change_policy(&self, path: &str, document: &Value) {
        let before = self.gateway.generation();
        self.gateway.write_policy(path, &document.to_string());
        wait_for("the changed policy", Duration::from_secs(10), || {
            (self.gateway.generation() != before).then_some(())
        });
    }
}

/// A partner's document that is closed in one setting.
pub fn partner(tenant: &str, members: Value) -> Value {
    let mut document = json!({ "tenantId": tenant });
    let members = members.as_object().unwrap().clone();
    document.as_object_mut().unwrap().extend(members);
    document
}

/// A setting that admits everyone to everything.
pub fn everyone() -> Value {
    setting("allowed")
}

/// A setting that admits nobody.
pub fn nobody() -> Value {
    setting("blocked")
}

fn setting(access: &str) -> Value {
    json!({
        "usersAndGroups": { "accessType": access, "targets": [{ "target": "AllUsers", "targetType": "user" }] },
        "applications": { "accessType": access, "targets": [{ "target": "AllApplications", "targetType": "application" }] },
    })
}

/// Guests need MFA wherever they go.
pub fn guests_need_mfa() -> Value {
    json!({
        "id": "bbbbbbbb-0000-4000-8000-000000000001",
        "displayName": "Guests need MFA",
        "state": "enabled",
        "conditions": {
            "clientAppTypes": ["all"],
            "users": { "includeUsers": ["GuestsOrExternalUsers"] },
            "applications": { "includeApplications": ["All"] },
        },
        "grantControls": { "operator": "OR", "builtInControls": ["mfa"] },
    })
}

/// The value of a quoted parameter of `WWW-Authenticate`, in any of its fields.
pub fn challenge<'a>(answer: &'a Answer, parameter: &str) -> Option<&'a str> {
    let start = format!("{parameter}=\"");
    answer
        .header_values("www-authenticate")
        .into_iter()
        .find_map(|value| {
            value.match_indices(&start).find_map(|(at, _)| {
                // `error` must not be found inside another parameter's name.
                let whole = at == 0 || matches!(value.as_bytes()[at - 1], b' ' | b',');
                let rest = &value[at + start.len()..];
                whole.then(|| rest.split('"').next().unwrap())
            })
        })
}

/// JSON out of standard base64.
pub fn from_base64(text: &str) -> Value {
    serde_json::from_slice(&STANDARD.decode(text).unwrap()).unwrap()
}
