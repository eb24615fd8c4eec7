//! Assertions that must let nobody in, brought to the gateway itself; each is refused and recorded.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod site;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossgate_testkit::saml::Signer;
use crossgate_testkit::saml::wrapping::{replaced, wrappings};
use serde_json::{Value, json};
use site::outsiders::Outsiders;
use site::people::{Doors, Lobby};
use url::form_urlencoded::Serializer;

/// A sign-in at Acme that was begun, by whoever holds the cookie.
struct Begun {
    state: String,
    cookie: String,
}

struct Scene {
    outsiders: Outsiders,
    doors: Doors,
    here: String,
}

impl Scene {
    fn set() -> Self {
        let outsiders = Outsiders::start();
        let doors = outsiders.before(Lobby::new()).open();
        let here = doors.app("/.crossgate/saml/acme");
        Self {
            outsiders,
            doors,
            here,
        }
    }

    fn begin(&self, provider: &str) -> Begun {
        let answer = self
            .doors
            .curl(&format!(
                "/.crossgate/sign-in?provider={provider}&return=%2Fa"
            ))
            .header("Accept", "text/html")
            .send();
        assert_eq!(answer.status, 302, "{}", answer.text());
        let cookie = answer
            .header_values("set-cookie")
            .into_iter()
            .find(|cookie| cookie.contains("-try-"))
            .unwrap();
        assert!(
            cookie.contains("SameSite=None; ") || cookie.contains("SameSite=None"),
            "{cookie}"
        );
        let pair = cookie.split(';').next().unwrap().to_owned();
        let state = pair
            .split('=')
            .next()
            .unwrap()
            .rsplit("-try-")
            .next()
            .unwrap();
        Begun {
            state: state.to_owned(),
            cookie: pair,
        }
    }

    /// What Acme says to it of Sam, with members of the control call beside.
    fn response(&self, begun: &Begun, more: &Value) -> String {
        let mut asked = json!({
            "login": "sam", "audience": self.here, "acs_url": self.here, "in_response_to": format!("_{}", begun.state),
        });
        asked
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.outsiders.saml.response(&asked)
    }

    /// Brings it, and answers the status and whether it made a session.
    fn bring(&self, begun: &Begun, message: &str) -> (u16, bool) {
        self.bring_to(
            "/.crossgate/saml/acme",
            &begun.state,
            &begun.cookie,
            message,
        )
    }

    fn bring_to(&self, path: &str, state: &str, cookie: &str, message: &str) -> (u16, bool) {
        let form = Serializer::new(String::new())
            .append_pair("SAMLResponse", &STANDARD.encode(message))
            .append_pair("RelayState", state)
            .finish();
        let answer = self
            .doors
            .curl(path)
            .method("POST")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Origin", "https://id.acme.example")
            .header("Sec-Fetch-Site", "cross-site")
            .header("Cookie", cookie)
            .body(form)
            .send();
        let cookies = answer.header_values("set-cookie");
        let lets_in = cookies
            .iter()
            .any(|cookie| cookie.starts_with("__Host-crossgate=") && !cookie.contains("Max-Age=0"));
        (answer.status, lets_in)
    }

    fn refuses(&self, what: &str, begun: &Begun, message: &str) {
        let (status, lets_in) = self.bring(begun, message);
        assert!(
            (400..500).contains(&status) && !lets_in,
            "{what}: {status} {lets_in}"
        );
    }
}

#[test]
fn a_genuine_assertion_lets_in_once_and_in_the_browser_that_asked() {
    let scene = Scene::set();
    let begun = scene.begin("acme");
    let message = scene.response(&begun, &json!({}));
    let stranger = scene.begin("acme");
    scene.refuses("another browser's sign-in", &stranger, &message);
    let (status, _) = scene.bring_to("/.crossgate/saml/acme", &begun.state, "a=b", &message);
    assert_eq!(status, 400, "without the cookie of the browser that asked");
    assert_eq!(scene.bring(&begun, &message), (303, true));
    // The browser could keep the cookie: the assertion is used up.
    scene.refuses("the same once more", &begun, &message);
    assert!(scene.doors.event("assertion_used_before").is_object());
}

#[test]
fn a_wrapped_signature_lets_nobody_in() {
    let scene = Scene::set();
    let begun = scene.begin("acme");
    let forms = wrappings(
        &scene.response(&begun, &json!({ "sign": "response" })),
        &scene.response(&begun, &json!({ "sign": "assertion" })),
        "sam@acme.example",
        "stranger@acme.example",
    );
    assert!(forms.len() > 8);
    for (form, message) in forms {
        scene.refuses(form, &begun, &message);
    }
    assert!(scene.doors.event("assertion_not_believed").is_object());
}

#[test]
fn what_is_not_signed_by_the_provider_for_us_and_for_this_sign_in_is_refused() {
    let scene = Scene::set();
    let begun = scene.begin("acme");
    let thief = Signer::rsa();
    let now = scene.response(&begun, &json!({}));
    let bomb = now.replacen(
        "<samlp:Response",
        "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">\
         <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d SYSTEM \"file:///etc/passwd\">]><samlp:Response",
        1,
    );
    let deep = format!("{}{}", "<a>".repeat(60_000), "</a>".repeat(60_000));
    for (what, message) in [
        (
            "not signed",
            scene.response(&begun, &json!({ "sign": "none" })),
        ),
        (
            "signed by another key",
            scene.response(
                &begun,
                &json!({ "key": thief.key, "certificate": thief.certificate }),
            ),
        ),
        (
            "for another service",
            scene.response(&begun, &json!({ "audience": "https://other.example" })),
        ),
        (
            "for another address",
            scene.response(&begun, &json!({ "acs_url": "https://other.example" })),
        ),
        (
            "an answer to another request",
            scene.response(&begun, &json!({ "in_response_to": "_another" })),
        ),
        (
            "too old",
            scene.response(&begun, &json!({ "lifetime": -3600 })),
        ),
        (
            "changed after it was signed",
            replaced(&now, "sam@acme.example", "stranger@acme.example"),
        ),
        (
            "a comment in a signed address",
            replaced(
                &now,
                "sam@acme.example",
                "sam@acme.example<!---->.evil.example",
            ),
        ),
        ("entities", bomb),
        ("deep nesting", deep),
        ("no XML", "SAML".to_owned()),
        ("nothing", String::new()),
    ] {
        scene.refuses(what, &begun, &message);
    }
    assert_eq!(
        scene.bring(&begun, &now),
        (303, true),
        "the right one still does"
    );
}

#[test]
fn an_assertion_counts_at_the_place_of_its_own_provider_only() {
    let scene = Scene::set();
    let begun = scene.begin("acme");
    let message = scene.response(&begun, &json!({}));
    for path in [
        "/.crossgate/saml/tailspin",
        "/.crossgate/ws-fed/acme",
        "/.crossgate/ws-fed/tailspin",
        "/.crossgate/saml/google",
        "/.crossgate/saml/mail",
    ] {
        let (status, lets_in) = scene.bring_to(path, &begun.state, &begun.cookie, &message);
        assert!((400..500).contains(&status) && !lets_in, "{path}: {status}");
    }
    // Tailspin's provider is asked, and Acme's answers.
    let other = scene.begin("tailspin");
    let (status, lets_in) = scene.bring_to(
        "/.crossgate/ws-fed/tailspin",
        &other.state,
        &other.cookie,
        &message,
    );
    assert!((400..500).contains(&status) && !lets_in, "{status}");
}

#[test]
fn a_code_that_was_mailed_for_another_sign_in_is_none_here() {
    let scene = Scene::set();
    let (mia, mallory) = (
        scene.doors.browser.open("mia"),
        scene.doors.browser.open("mallory"),
    );
    scene
        .doors
        .tell_address(&mia, "/", "mia@contractor.example");
    let code = scene.outsiders.code("mia@contractor.example", 1);
    scene
        .doors
        .tell_address(&mallory, "/", "mia@contractor.example");
    mallory.fill("[name=passcode]", &code);
    assert_eq!(mallory.click("button[type=submit]").status, 400);
    mia.fill("[name=passcode]", &code);
    assert_eq!(mia.click("button[type=submit]").url, scene.doors.app("/"));
    // A form of another site types nothing in.
    let tab = scene.doors.browser.open("other");
    scene
        .doors
        .tell_address(&tab, "/", "mia@contractor.example");
    let cookies: Vec<String> = tab
        .cookies()
        .iter()
        .map(|cookie| {
            format!(
                "{}={}",
                cookie["name"].as_str().unwrap(),
                cookie["value"].as_str().unwrap()
            )
        })
        .collect();
    let state = cookies
        .iter()
        .find_map(|cookie| {
            cookie
                .split('=')
                .next()?
                .split("-try-")
                .nth(1)
                .map(str::to_owned)
        })
        .unwrap();
    let answer = scene
        .doors
        .curl(&format!("/.crossgate/passcode?state={state}"))
        .method("POST")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Sec-Fetch-Site", "cross-site")
        .header("Cookie", &cookies.join("; "))
        .body(format!(
            "passcode={}",
            scene.outsiders.code("mia@contractor.example", 3)
        ))
        .send();
    assert!(
        answer
            .header_values("set-cookie")
            .iter()
            .all(|cookie| !cookie.starts_with("__Host-crossgate="))
    );
}

#[test]
fn codes_are_mailed_only_so_often_to_one_address() {
    let scene = Scene::set();
    for number in 0..8 {
        let tab = scene.doors.browser.open(&format!("asker {number}"));
        scene
            .doors
            .tell_address(&tab, "/", "mia@contractor.example");
        assert_eq!(tab.page().place.status, 200);
    }
    let _newest = scene.outsiders.mail.newest("mia@contractor.example", 5);
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(
        scene.outsiders.mail.mails("mia@contractor.example").len(),
        5
    );
}
