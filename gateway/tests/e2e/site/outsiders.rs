//! Where people come from who are of no tenant with tokens of its own: a federation by SAML and one by WS-Federation, a
//! social provider, Facebook, and their mailboxes; and the guests of Contoso that they are.

use crossgate_testkit::browser::Tab;
use crossgate_testkit::facebook::Facebook;
use crossgate_testkit::mail::MailServer;
use crossgate_testkit::people::People;
use crossgate_testkit::saml::SamlProvider;
use serde_json::{Value, json};

use super::TAILSPIN;
use super::people::{Doors, Lobby};

/// All of them.
pub struct Outsiders {
    pub mail: MailServer,
    pub saml: SamlProvider,
    pub wsfed: SamlProvider,
    pub google: People,
    pub facebook: Facebook,
}

impl Outsiders {
    pub fn start() -> Self {
        let all = Self {
            mail: MailServer::start(),
            saml: SamlProvider::start(),
            wsfed: SamlProvider::start(),
            google: People::start(),
            facebook: Facebook::start(),
        };
        for (sub, mail, name) in [
            ("sam", "sam@acme.example", "Sam Federated"),
            ("eve", "ada@contoso.com", "Eve Federated"),
            ("stranger", "stranger@acme.example", "No Guest"),
        ] {
            all.saml.account(&federated(sub, mail, name));
        }
        all.wsfed
            .account(&federated("tess", "tess@tailspin.example", "Tess Tailspin"));
        all.google.account(&json!({
            "sub": "g-1", "email": "gwen@gmail.com", "name": "Gwen Social", "claims": { "email_verified": true },
        }));
        all.google.account(&json!({
            "sub": "g-2", "email": "olga@contractor.example", "name": "Olga Social", "claims": { "email_verified": true },
        }));
        all.facebook.account(
            &json!({ "id": "1001", "name": "Finn Social", "email": "finn@contractor.example" }),
        );
        all
    }

    /// Before an app that takes all of them.
    pub fn before(&self, lobby: Lobby) -> Lobby {
        lobby.write("policy/guests.jsonl", GUESTS);
        self.before_nobody(lobby)
    }

    /// The same, where nobody is a guest yet.
    pub fn before_nobody(&self, lobby: Lobby) -> Lobby {
        let callback =
            |lobby: &Lobby, name: &str| format!("{}/.crossgate/callback/{name}", lobby.origin());
        self.register_at_google(&lobby.origin(), true);
        self.facebook
            .app("fb-app", "fb-secret", &[callback(&lobby, "facebook")]);
        lobby.write("acme.pem", self.saml.certificate());
        lobby.write("tailspin.pem", self.wsfed.certificate());
        let entries = format!(
            r#"
[[issuer]]
name = "google"
kind = "social"
issuer = "{google}"
identity_provider = "google.com"
[[partner]]
tenant = "{TAILSPIN}"
name = "Tailspin"
[[provider]]
name = "google"
label = "Google"
issuer = "google"
client_id = "crossgate"
client_secret = "a-secret-of-this-test"
[[provider]]
name = "facebook"
label = "Facebook"
kind = "facebook"
client_id = "fb-app"
client_secret = "fb-secret"
authorization_url = "{facebook}/v24.0/dialog/oauth"
token_url = "{facebook}/v24.0/oauth/access_token"
profile_url = "{facebook}/v24.0/me"
[[provider]]
name = "acme"
label = "Acme"
kind = "saml"
issuer_uri = "{acme}"
passive_sign_in_uri = "{sso}"
signing_certificates = ["acme.pem"]
domains = ["acme.example"]
[[provider]]
name = "tailspin"
label = "Tailspin"
kind = "ws-fed"
issuer_uri = "{tailspin}"
passive_sign_in_uri = "{wsfed}"
signing_certificates = ["tailspin.pem"]
tenant = "{TAILSPIN}"
domains = ["tailspin.example"]
[[provider]]
name = "mail"
kind = "passcode"
"#,
            google = self.google.issuer(),
            facebook = self.facebook.origin(),
            acme = self.saml.issuer(),
            sso = self.saml.sso(),
            tailspin = self.wsfed.issuer(),
            wsfed = self.wsfed.wsfed(),
        );
        let mail = format!(
            "server = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nfrom = \"no-reply@contoso.example\"",
            self.mail.port()
        );
        lobby.configure(|setup| {
            setup
                .entries(&entries)
                .section("mail", &mail)
                .section("guests", "directory = \"required\"")
        })
    }

    /// Has Google know the gateway at that origin, and tell it the ends of its sessions: by their ids, or by account alone.
    pub fn register_at_google(&self, origin: &str, by_session: bool) {
        self.google.client(&json!({
            "client_id": "crossgate", "client_secret": "a-secret-of-this-test",
            "redirect_uris": [format!("{origin}/.crossgate/callback/google")],
            "post_logout_redirect_uris": [format!("{origin}/.crossgate/signed-out")],
            "backchannel_logout_uri": format!("{origin}/.crossgate/back-channel-logout/google"),
            "backchannel_logout_session_required": by_session,
            "frontchannel_logout_uri": format!("{origin}/.crossgate/front-channel-logout/google"),
        }));
    }

    /// An app to which guests can be invited, and where everybody accepts the house rules first.
    pub fn with_terms(&self, lobby: Lobby) -> Doors {
        lobby.write("rules.txt", "Be kind.\n\nAnd quiet after eight.\n");
        let portal = "privacy_url = \"https://contoso.example/privacy\"";
        let terms = "[[terms]]\nid = \"tou-1\"\nname = \"House rules\"\nversion = \"1\"\nfile = \"rules.txt\"\n";
        let lobby = self.before_nobody(lobby).with_store();
        let doors = lobby
            .configure(|setup| setup.section("portal", portal).entries(terms))
            .open();
        let policy = json!({
            "displayName": "Terms", "state": "enabled",
            "conditions": { "clientAppTypes": ["all"], "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] } },
            "grantControls": { "operator": "OR", "builtInControls": [], "termsOfUse": ["tou-1"] },
        });
        let made = doors.admin("POST", "identity/conditionalAccess/policies", &policy);
        assert_eq!(made.status, 201, "{}", made.text());
        doors
    }

    /// The code of the newest of so many mails.
    pub fn code(&self, to: &str, count: usize) -> String {
        let mail = self.mail.newest(to, count);
        let text = mail["text"].as_str().unwrap();
        let codes = text
            .split_whitespace()
            .filter(|word| word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit()));
        let [code] = codes.collect::<Vec<_>>()[..] else {
            panic!("no one code in {text}");
        };
        code.to_owned()
    }
}

/// Contoso's guests: each is known by another word.
const GUESTS: &str = concat!(
    r#"{"id":"aaaaaaaa-1111-4111-8111-000000000001","mail":"mia@contractor.example","displayName":"Mia Mail"}"#,
    "\n",
    r#"{"id":"aaaaaaaa-1111-4111-8111-000000000002","mail":"sam@acme.example"}"#,
    "\n",
    r#"{"id":"aaaaaaaa-1111-4111-8111-000000000003","mail":"gwen@gmail.com","identities":[{"signInType":"federated","issuer":"google.com","issuerAssignedId":null}]}"#,
    "\n",
    r#"{"id":"aaaaaaaa-1111-4111-8111-000000000004","mail":"finn@contractor.example","identities":[{"signInType":"federated","issuer":"facebook.com","issuerAssignedId":"1001"}]}"#,
    "\n",
    r#"{"id":"aaaaaaaa-1111-4111-8111-000000000005","mail":"olga@contractor.example"}"#,
    "\n",
    r#"{"id":"aaaaaaaa-1111-4111-8111-000000000006","mail":"dora@contractor.example","accountEnabled":false}"#,
    "\n",
    r#"{"id":"aaaaaaaa-1111-4111-8111-000000000007","mail":"ada@contoso.com"}"#,
    "\n",
);

/// The guest of that number.
pub fn guest(number: u8) -> String {
    format!("aaaaaaaa-1111-4111-8111-00000000000{number}")
}

impl Doors {
    /// Goes to the app and tells a mail address.
    pub fn tell_address(&self, tab: &Tab<'_>, path: &str, address: &str) {
        tab.goto(&self.app(path));
        tab.fill("[name=email]", address);
        tab.click("button[type=submit]");
    }

    /// Accepts the invitation whose consent a tab is asked for.
    pub fn accept(&self, tab: &Tab<'_>) {
        assert!(
            tab.page().text.contains("invites you to"),
            "{}",
            tab.page().text
        );
        tab.click("button[type=submit]");
    }

    /// Goes to the app and chooses where to sign in.
    pub fn choose(&self, tab: &Tab<'_>, path: &str, provider: &str) {
        tab.goto(&self.app(path));
        tab.click(&format!("a[href*='provider={provider}']"));
    }

    /// Signs in with Google in a browser of its own, which is given back with its session's cookie.
    pub fn with_google<'b>(
        &'b self,
        google: &People,
        browser: &str,
        who: &str,
    ) -> (Tab<'b>, String) {
        let tab = self.browser.open(browser);
        self.choose(&tab, "/", "google");
        google.sign_in(&tab, who, None);
        let cookie = self.cookie(&tab);
        assert_eq!(self.status_with(&cookie), 200);
        (tab, cookie)
    }

    /// The header of a tab's session.
    pub fn cookie(&self, tab: &Tab<'_>) -> String {
        assert_eq!(tab.page().place.url, self.app("/"), "{}", tab.page().text);
        format!("__Host-crossgate={}", Self::session_cookie(tab))
    }

    /// The id that the app was told of whoever comes.
    pub fn user(&self, tab: &Tab<'_>) -> Value {
        let told = self.told(tab);
        let values = crossgate_testkit::upstream::header_values(&told, "x-ms-client-principal-id");
        json!(values)
    }
}

/// An account whose address and name an assertion tells.
fn federated(sub: &str, mail: &str, name: &str) -> Value {
    json!({
        "sub": sub,
        "email": mail,
        "name": name,
        "attributes": {
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": mail,
            "http://schemas.microsoft.com/identity/claims/displayname": name,
        },
    })
}
