//! People in browsers: Contoso and Fabrikam with identity providers where they sign in by pages, before an app that they
//! come to with a real Chromium.

use std::path::PathBuf;
use std::time::Duration;

use crossgate_testkit::browser::{Browser, Tab};
use crossgate_testkit::certificate::Certificate;
use crossgate_testkit::curl::{Answer, Curl};
use crossgate_testkit::gateway::{Gateway, OWN_TENANT, Setup};
use crossgate_testkit::people::People;
use crossgate_testkit::programs::wait_for;
use crossgate_testkit::upstream::Upstream;
use serde_json::{Value, json};

use super::{FABRIKAM, PAYROLL};

/// The host that people know the app by.
pub const APP_HOST: &str = "payroll.contoso.example";
/// Another host of the same gateway.
pub const OTHER_HOST: &str = "travel.contoso.example";
const TRAVEL: &str = "aaaaaaaa-0000-4000-8000-000000000003";

/// Where administrators find the console.
pub const CONSOLE_HOST: &str = "admin.contoso.example";

/// More than a password, as `acr_values` has it.
pub const MULTI_FACTOR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";

/// A host of no app, where providers tell what counts no more.
pub const SIGNALS_HOST: &str = "signals.contoso.example";

/// Everything but the gateway, and what it is to be started from.
pub struct Lobby {
    pub contoso: People,
    pub fabrikam: People,
    pub upstream: Upstream,
    setup: Setup,
    app: String,
    proxy: Option<String>,
}

/// The gateway's program: that of this build, unless times are taken of another one.
fn program() -> PathBuf {
    let other = std::env::var_os("CROSSGATE");
    other.map_or_else(|| env!("CARGO_BIN_EXE_crossgate").into(), PathBuf::from)
}

impl Lobby {
    pub fn new() -> Self {
        let (contoso, fabrikam) = (People::start(), People::start());
        contoso.account(&json!({
            "sub": "ada", "email": "ada@contoso.com", "name": "Ada Own", "claims": { "oid": "ada" },
        }));
        fabrikam.account(
            &json!({ "sub": "frida", "email": "frida@fabrikam.com", "name": "Frida Partner" }),
        );
        fabrikam.account(
            &json!({ "sub": "fred", "email": "fred@fabrikam.com", "name": "Fred Partner" }),
        );
        Self::of(contoso, fabrikam, |people, tenant| {
            let issuer = people.issuer();
            format!("kind = \"oidc\"\nissuer = \"{issuer}\"\ntenant = \"{tenant}\"")
        })
    }

    /// With these providers, whose issuers the configuration tells so.
    pub fn of(contoso: People, fabrikam: People, issuer: impl Fn(&People, &str) -> String) -> Self {
        let upstream = Upstream::start();
        let setup = Setup::new(program());
        let certificate = Certificate::make(
            setup.directory(),
            &[
                APP_HOST,
                OTHER_HOST,
                SIGNALS_HOST,
                CONSOLE_HOST,
                "localhost",
            ],
        );
        let origin = |host: &str| format!("https://{host}:{}", setup.proxy().port());
        let mut entries = String::new();
        for (name, tenant, people) in [
            ("contoso", OWN_TENANT, &contoso),
            ("fabrikam", FABRIKAM, &fabrikam),
        ] {
            let console = format!("https://{CONSOLE_HOST}:{}", setup.admin().port());
            let origins = [origin(APP_HOST), origin(OTHER_HOST), console];
            people.client(&json!({
                "client_id": "crossgate",
                "client_secret": "a-secret-of-this-test",
                "redirect_uris": origins.each_ref().map(|origin| format!("{origin}/.crossgate/callback/{name}")),
                "post_logout_redirect_uris": origins.each_ref().map(|origin| format!("{origin}/.crossgate/signed-out")),
                "backchannel_logout_uri": format!("{}/.crossgate/back-channel-logout/{name}", origin(APP_HOST)),
                "frontchannel_logout_uri": format!("{}/.crossgate/front-channel-logout/{name}", origin(APP_HOST)),
            }));
            let issuer = issuer(people, tenant);
            entries += &format!(
                "[[issuer]]\nname = \"{name}\"\n{issuer}\n\
                 [[provider]]\nname = \"{name}\"\nlabel = \"{label}\"\nissuer = \"{name}\"\nclient_id = \"crossgate\"\n\
                 client_secret = \"a-secret-of-this-test\"\n",
                label = if name == "contoso" {
                    "Contoso"
                } else {
                    "Fabrikam"
                },
            );
        }
        entries += &format!(
            "[[partner]]\ntenant = \"{FABRIKAM}\"\nname = \"Fabrikam\"\ndomains = [\"fabrikam.com\"]\n"
        );
        let at = upstream.address();
        let app = format!(
            "[[app]]\nid = \"{PAYROLL}\"\nname = \"Payroll\"\nhosts = [\"{APP_HOST}\"]\nupstreams = [\"{at}\"]\nsign_in = true\n"
        );
        let travel = format!(
            "[[app]]\nid = \"{TRAVEL}\"\nname = \"Travel\"\nhosts = [\"{OTHER_HOST}\"]\nupstreams = [\"{at}\"]\nsign_in = true\n"
        );
        let setup = setup
            .section("listen.tls", &certificate.settings())
            .section("portal", "store = \"portal.db\"")
            .entries(&entries)
            .entries(&travel)
            .policy("default.json", &direct_connect());
        Self {
            contoso,
            fabrikam,
            upstream,
            setup,
            app,
            proxy: None,
        }
    }

    /// Has gateway and browser reach what is not the test's own through this proxy.
    pub fn behind(mut self, proxy: &str) -> Self {
        self.proxy = Some(proxy.to_owned());
        self.configure(|setup| setup.variable("HTTPS_PROXY", proxy))
    }

    /// Adds keys to the app.
    pub fn app(mut self, keys: &str) -> Self {
        self.app += &format!("{keys}\n");
        self
    }

    pub fn configure(mut self, change: impl FnOnce(Setup) -> Setup) -> Self {
        self.setup = change(self.setup);
        self
    }

    pub fn policy(self, path: &str, document: &Value) -> Self {
        self.configure(|setup| setup.policy(path, document))
    }

    /// The app's origin.
    pub fn origin(&self) -> String {
        format!("https://{APP_HOST}:{}", self.setup.proxy().port())
    }

    /// The console's origin, where there is one.
    pub fn console(&self) -> String {
        format!("https://{CONSOLE_HOST}:{}", self.setup.admin().port())
    }

    /// Where the gateway's files will be.
    pub fn directory(&self) -> &std::path::Path {
        self.setup.directory()
    }

    /// Writes a file beside the configuration.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.setup.directory().join(name), text).unwrap();
    }

    /// Makes a folder beside the configuration.
    pub fn folder(&self, name: &str) {
        std::fs::create_dir(self.setup.directory().join(name)).unwrap();
    }

    /// Starts the gateway, which does not stay; answers with what it wrote.
    pub fn fails(self) -> String {
        let stopped = self.setup.entries(&self.app).spawn().wait();
        assert!(!stopped.status.success(), "{}", stopped.log);
        stopped.log
    }

    /// Keeps the policy in a store, which an administrator changes with the break-glass secret.
    pub fn with_store(self) -> Self {
        self.write("break-glass", super::admin::FINGERPRINT);
        self.configure(|setup| {
            setup
                .section("policy", "source = \"sqlite:policy.db\"")
                .section("admin", "break_glass_file = \"break-glass\"")
        })
    }

    /// Starts the gateway and the browser.
    pub fn open(self) -> Doors {
        let port = self.setup.proxy().port();
        let gateway = self.setup.entries(&self.app).start();
        Doors {
            contoso: self.contoso,
            fabrikam: self.fabrikam,
            _upstream: self.upstream,
            gateway,
            browser: Browser::behind(self.proxy.as_deref()),
            port,
        }
    }
}

/// The gateway, open, and a browser.
pub struct Doors {
    pub contoso: People,
    pub fabrikam: People,
    _upstream: Upstream,
    pub gateway: Gateway,
    pub browser: Browser,
    port: u16,
}

impl Doors {
    /// An address of the app.
    pub fn app(&self, path: &str) -> String {
        format!("https://{APP_HOST}:{}{path}", self.port)
    }

    /// An address of the other app.
    pub fn other(&self, path: &str) -> String {
        format!("https://{OTHER_HOST}:{}{path}", self.port)
    }

    /// A request to the app without a browser.
    pub fn curl(&self, path: &str) -> Curl {
        let authority = self.gateway.directory().join("tls-cert.pem");
        Curl::get_tls(self.gateway.proxy(), APP_HOST, path, &authority)
    }

    /// The same to the other app.
    pub fn curl_other(&self, path: &str) -> Curl {
        let authority = self.gateway.directory().join("tls-cert.pem");
        Curl::get_tls(self.gateway.proxy(), OTHER_HOST, path, &authority)
    }

    /// A call of the admin API.
    pub fn admin(&self, method: &str, path: &str, body: &Value) -> Answer {
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/v1.0/{path}")
        };
        let authority = self.gateway.directory().join("tls-cert.pem");
        Curl::get_tls(self.gateway.admin(), APP_HOST, &path, &authority)
            .method(method)
            .bearer(super::admin::SECRET)
            .header("Content-Type", "application/json")
            .header("Crossgate-Confirm-Lock-Out", "true")
            .body(body.to_string())
            .send()
    }

    /// Invites somebody to the app, and answers the invitation.
    #[track_caller]
    pub fn invite(&self, address: &str, more: &Value) -> Value {
        let mut body = json!({
            "invitedUserEmailAddress": address, "inviteRedirectUrl": self.app("/welcome"),
        });
        let members = more.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(members);
        let answer = self.admin("POST", "invitations", &body);
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    }

    /// Chooses where to sign in, and does.
    pub fn sign_in(&self, tab: &Tab<'_>, with: &str, who: &str) {
        tab.click(&format!("a[href*='provider={with}']"));
        let people = if with == "contoso" {
            &self.contoso
        } else {
            &self.fabrikam
        };
        people.sign_in(tab, who, None);
    }

    /// A code that Fabrikam gave this person, which the gateway was kept from using.
    pub fn fabrikam_code(&self, tab: &Tab<'_>, who: &str) -> String {
        // Without the cookie of its sign-in the answer is refused before the code is given back.
        for cookie in tab.cookies() {
            if cookie["name"]
                .as_str()
                .is_some_and(|name| name.contains("-try-"))
            {
                tab.set_cookie(
                    &json!({ "name": cookie["name"], "value": null, "url": self.app("/") }),
                );
            }
        }
        let place = self.fabrikam.sign_in(tab, who, None);
        assert_eq!(place.status, 400, "{place:?}");
        place.parameter("code").unwrap().to_owned()
    }

    /// What the app was told of the request that made this page.
    pub fn told(&self, tab: &Tab<'_>) -> Value {
        let text = tab.page().text;
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("no page of the app: {error}: {text}"))
    }

    /// The value of the cookie that a session has in a tab.
    pub fn session_cookie(tab: &Tab<'_>) -> String {
        let cookie = tab.cookie("__Host-crossgate").expect("a session");
        cookie["value"].as_str().unwrap().to_owned()
    }

    /// What a tab sends to the app as `Cookie`.
    pub fn jar(tab: &Tab<'_>) -> String {
        let text = |cookie: &Value, member: &str| cookie[member].as_str().unwrap().to_owned();
        let cookies = tab.cookies();
        let here = cookies
            .iter()
            .filter(|cookie| cookie["domain"] == APP_HOST)
            .map(|cookie| format!("{}={}", text(cookie, "name"), text(cookie, "value")));
        here.collect::<Vec<_>>().join("; ")
    }

    /// The status of a request to the app with these cookies.
    pub fn status_with(&self, cookies: &str) -> u16 {
        self.curl("/a").header("Cookie", cookies).send().status
    }

    /// Makes a change, and waits until it is in force.
    pub fn change(&self, change: impl FnOnce(&Gateway)) {
        let before = self.gateway.generation();
        change(&self.gateway);
        wait_for("the change", Duration::from_secs(10), || {
            (self.gateway.generation() != before).then_some(())
        });
    }

    /// Does something of which exactly one event has to tell, with this reason.
    #[track_caller]
    pub fn told_once<T>(&self, what: &str, reason: &str, doing: impl FnOnce() -> T) -> T {
        let before = self.settled_events();
        let done = doing();
        let after = self.settled_events();
        let events = self.gateway.events();
        let reasons: Vec<&str> = events[before..after]
            .iter()
            .filter_map(|event| event["crossgate"]["reason"].as_str())
            .collect();
        let told = reasons.iter().filter(|told| **told == reason).count();
        assert_eq!(told, 1, "{what}: {reason}, and not {reasons:?}");
        done
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

    /// Waits for an event with this reason.
    pub fn event(&self, reason: &str) -> Value {
        wait_for("an event of that reason", Duration::from_secs(10), || {
            let events = self.gateway.events();
            events.into_iter().find(|event| {
                event["status"]["failureReason"]
                    .as_str()
                    .is_some_and(|told| told.contains(reason))
                    || event.to_string().contains(&format!("\"{reason}\""))
            })
        })
    }
}

/// What the newest request to a provider's authorization endpoint asked for.
pub fn asked(tab: &Tab<'_>, issuer: &str) -> Vec<(String, String)> {
    let requests = tab.requests();
    let urls = requests
        .iter()
        .rev()
        .filter_map(|request| request["url"].as_str());
    let url = urls
        .filter(|url| url.starts_with(issuer) && url.contains("client_id="))
        .map(|url| url::Url::parse(url).unwrap())
        .next()
        .unwrap_or_else(|| panic!("nobody was sent to {issuer}: {requests:?}"));
    url.query_pairs().into_owned().collect()
}

/// A parameter of what was asked for, empty where it was not.
pub fn of<'a>(asked: &'a [(String, String)], name: &str) -> &'a str {
    let found = asked.iter().find(|(key, _)| key == name);
    found.map_or("", |(_, value)| value)
}

/// Fabrikam's people may come without being guests.
pub fn direct_connect() -> Value {
    json!({ "id": super::POLICY_ID, "b2bDirectConnectInbound": super::everyone() })
}
