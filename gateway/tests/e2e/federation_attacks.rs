//! Assertions that must let nobody in, brought to the gateway itself; each is refused and recorded.

use std::time::Duration;

use crate::site::outsiders::Outsiders;
use crate::site::people::{Doors, Lobby};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossgate_testkit::curl::Answer;
use crossgate_testkit::programs::wait_for;
use crossgate_testkit::redirects::ELSEWHERE;
use crossgate_testkit::saml::Signer;
use crossgate_testkit::saml::wrapping::{replaced, wrappings};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

/// A sign-in at Acme that was begun, by whoever holds the cookie.
struct Begun {
    state: String,
    cookie: String,
}

impl Begun {
    /// What a browser is sent away with.
    fn by(answer: &Answer) -> Self {
        let cookies = answer.header_values("set-cookie");
        let cookie = cookies
            .iter()
            .find(|cookie| cookie.contains("-try-"))
            .unwrap();
        assert!(cookie.contains("SameSite=None"), "{cookie}");
        let pair = cookie.split(';').next().unwrap().to_owned();
        let name = pair.split('=').next().unwrap();
        let state = name.rsplit("-try-").next().unwrap();
        Self {
            state: state.to_owned(),
            cookie: pair,
        }
    }
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
        self.begin_for(provider, "/a")
    }

    /// The same, for whoever wants to go there afterwards.
    fn begin_for(&self, provider: &str, to: &str) -> Begun {
        let to: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
        let answer = self
            .doors
            .curl(&format!(
                "/.crossgate/sign-in?provider={provider}&return={to}"
            ))
            .header("Accept", "text/html")
            .send();
        assert_eq!(answer.status, 302, "{}", answer.text());
        Begun::by(&answer)
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
        let answer = self.brought_to(path, state, cookie, message);
        let cookies = answer.header_values("set-cookie");
        let lets_in = cookies
            .iter()
            .any(|cookie| cookie.starts_with("__Host-crossgate=") && !cookie.contains("Max-Age=0"));
        (answer.status, lets_in)
    }

    fn brought_to(&self, path: &str, state: &str, cookie: &str, message: &str) -> Answer {
        // Each provider's own fields; what another one's place reads is not there.
        let (answer, relayed) = if path.contains("/ws-fed/") {
            ("wresult", "wctx")
        } else {
            ("SAMLResponse", "RelayState")
        };
        let encoded = if answer == "wresult" {
            message.to_owned()
        } else {
            STANDARD.encode(message)
        };
        let form = Serializer::new(String::new())
            .append_pair(answer, &encoded)
            .append_pair(relayed, state)
            .finish();
        self.doors
            .curl(path)
            .method("POST")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Origin", "https://id.acme.example")
            .header("Sec-Fetch-Site", "cross-site")
            .header("Cookie", cookie)
            .body(form)
            .send()
    }

    /// Nobody is let in, and exactly one event says why.
    #[track_caller]
    fn refuses(&self, what: &str, reason: &str, bring: impl FnOnce() -> (u16, bool)) {
        let (status, lets_in) = self.doors.told_once(what, reason, bring);
        assert!(
            (400..500).contains(&status) && !lets_in,
            "{what}: {status} {lets_in}"
        );
    }

    /// The same of an assertion that is not believed; the log tells an administrator what is wrong with it.
    #[track_caller]
    fn disbelieves(&self, what: &str, fault: &str, begun: &Begun, message: &str) {
        let told = || {
            let log = self.doors.gateway.log();
            let lines = log
                .lines()
                .filter(|line| line.contains("an assertion is not believed"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        let before = told().len();
        let bring = || self.bring(begun, message);
        self.refuses(what, "assertion_not_believed", bring);
        let line = wait_for("a word of it in the log", Duration::from_secs(10), || {
            told().get(before).cloned()
        });
        assert!(line.contains(fault), "{what}: {line}");
    }

    /// What is done to an assertion is why it is refused: left alone it lets in, in the very same sign-in.
    #[track_caller]
    fn takes(&self, begun: &Begun, message: &str) {
        assert_eq!(self.bring(begun, message), (303, true), "the genuine one");
    }
}

#[test]
fn a_genuine_assertion_lets_in_once_and_in_the_browser_that_asked() {
    let scene = Scene::set();
    let begun = scene.begin("acme");
    let message = scene.response(&begun, &json!({}));
    let stranger = scene.begin("acme");
    let fault = "it answers another request";
    scene.disbelieves("another browser's sign-in", fault, &stranger, &message);
    let elsewhere = || scene.bring_to("/.crossgate/saml/acme", &begun.state, "a=b", &message);
    let reason = "sign_in_of_another_browser";
    scene.refuses(
        "without the cookie of the browser that asked",
        reason,
        elsewhere,
    );
    scene.takes(&begun, &message);
    // The browser could keep the cookie: the assertion is used up.
    let again = || scene.bring(&begun, &message);
    scene.refuses("the same once more", "assertion_used_before", again);
}

#[test]
fn a_wrapped_signature_lets_nobody_in() {
    let scene = Scene::set();
    let begun = scene.begin("acme");
    let genuine = scene.response(&begun, &json!({ "sign": "assertion" }));
    let forms = wrappings(
        &scene.response(&begun, &json!({ "sign": "response" })),
        &genuine,
        "sam@acme.example",
        "stranger@acme.example",
    );
    assert!(forms.len() > 8);
    for (form, message) in forms {
        scene.disbelieves(form, "", &begun, &message);
    }
    scene.takes(&begun, &genuine);
}

#[test]
fn what_is_not_signed_by_the_provider_for_us_and_for_this_sign_in_is_refused() {
    let scene = Scene::set();
    let begun = scene.begin("acme");
    let thief = Signer::rsa();
    let now = scene.response(&begun, &json!({}));
    let with = |more: &Value| scene.response(&begun, more);
    let doctype = |entities: &str, name: &str| {
        let root = "<samlp:Response";
        let declared = now.replacen(root, &format!("<!DOCTYPE r [{entities}]>{root}"), 1);
        replaced(&declared, "sam@acme.example", name)
    };
    let mut laughs = "<!ENTITY a0 \"ha\">".to_owned();
    for level in 1..10 {
        let ten = format!("&a{};", level - 1).repeat(10);
        laughs += &format!("<!ENTITY a{level} \"{ten}\">");
    }
    let passwords = "<!ENTITY d SYSTEM \"file:///etc/passwd\">";
    let remote = "<!ENTITY % d SYSTEM \"http://127.0.0.1:9/x.dtd\"> %d;";
    let deep = format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
    let many = format!("<a>{}</a>", "<b/>".repeat(36_000));
    for (what, fault, message) in [
        (
            "not signed",
            "neither the response nor the assertion is signed",
            with(&json!({ "sign": "none" })),
        ),
        (
            "signed by another key",
            "by no configured certificate",
            with(&json!({ "key": thief.key, "certificate": thief.certificate })),
        ),
        (
            "for another service",
            "it is for another service",
            with(&json!({ "audience": "https://other.example" })),
        ),
        (
            "for another address",
            "it was sent to another address",
            with(&json!({ "acs_url": "https://other.example" })),
        ),
        (
            "an answer to another request",
            "it answers another request",
            with(&json!({ "in_response_to": "_another" })),
        ),
        (
            "too old",
            "it no longer holds",
            with(&json!({ "lifetime": -3600 })),
        ),
        (
            "changed after it was signed",
            "what was signed was changed",
            replaced(&now, "sam@acme.example", "stranger@acme.example"),
        ),
        (
            "a comment in a signed address",
            "it has a comment",
            replaced(
                &now,
                "sam@acme.example",
                "sam@acme.example<!---->.evil.example",
            ),
        ),
        (
            "entities of entities",
            "it has a document type",
            doctype(&laughs, "&a9;"),
        ),
        (
            "a file as an entity",
            "it has a document type",
            doctype(passwords, "&d;"),
        ),
        (
            "a document type from elsewhere",
            "it has a document type",
            doctype(remote, "x"),
        ),
        ("deep nesting", "it has too much in it", deep),
        ("elements without end", "it has too much in it", many),
        ("no XML", "it is not XML", "SAML".to_owned()),
        ("nothing", "it is not XML", String::new()),
    ] {
        scene.disbelieves(what, fault, &begun, &message);
    }
    // What is larger than any assertion is not read at all.
    let large = "a".repeat(300_000);
    let bring = || scene.bring(&begun, &large);
    scene.refuses("too large", "sign_in_of_another_browser", bring);
    scene.takes(&begun, &now);
}

#[test]
fn an_assertion_counts_at_the_place_of_its_own_provider_only() {
    let scene = Scene::set();
    let begun = scene.begin("acme");
    let message = scene.response(&begun, &json!({}));
    for (path, reason) in [
        ("/.crossgate/saml/tailspin", "sign_in_mixed_up"),
        ("/.crossgate/saml/google", "sign_in_mixed_up"),
        ("/.crossgate/saml/mail", "sign_in_mixed_up"),
        ("/.crossgate/saml/nobody", "sign_in_mixed_up"),
        ("/.crossgate/ws-fed/acme", "provider_unknown"),
        ("/.crossgate/ws-fed/tailspin", "sign_in_mixed_up"),
    ] {
        let bring = || scene.bring_to(path, &begun.state, &begun.cookie, &message);
        scene.refuses(path, reason, bring);
    }
    // Tailspin's provider is asked, and Acme's answers.
    let other = scene.begin("tailspin");
    let at = "/.crossgate/ws-fed/tailspin";
    let bring = || scene.bring_to(at, &other.state, &other.cookie, &message);
    scene.refuses("another provider's answer", "assertion_not_believed", bring);
    scene.takes(&begun, &message);
}

#[test]
fn no_place_that_takes_a_way_back_leads_to_another_site() {
    let scene = Scene::set();
    let doors = &scene.doors;
    let page = doors.curl("/.crossgate/sign-out").send();
    let (_, token) = page
        .text()
        .split_once("name=\"crossgate-csrf\" value=\"")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let token = token.split('"').next().unwrap();
    let browser = page
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let post = |path: &str, jar: &str, fields: &[(&str, &str)]| {
        let mut body = Serializer::new(String::new());
        body.append_pair("crossgate-csrf", token)
            .extend_pairs(fields);
        doors
            .curl(path)
            .method("POST")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Cookie", jar)
            .body(body.finish())
            .send()
    };
    let lands = |begun: &Begun| {
        let message = scene.response(begun, &json!({}));
        scene.brought_to(
            "/.crossgate/saml/acme",
            &begun.state,
            &begun.cookie,
            &message,
        )
    };
    let arrived = lands(&scene.begin_for("acme", "/a?b=c"));
    assert_eq!(arrived.header("location"), Some("/a?b=c"));
    let session = arrived.header_values("set-cookie");
    let session = session
        .iter()
        .find(|cookie| cookie.starts_with("__Host-crossgate="));
    let session = session.unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(doors.status_with(&session), 200);

    for to in ELSEWHERE {
        let answer = lands(&scene.begin_for("acme", to));
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some("/")),
            "GET: {to:?}"
        );

        let fields = [("email", "sam@acme.example"), ("return-to", to)];
        let answer = post("/.crossgate/sign-in", &browser, &fields);
        assert_eq!(
            (answer.status, answer.header("location")),
            (200, None),
            "{to:?}"
        );
        let answer = lands(&Begun::by(&answer));
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some("/")),
            "POST: {to:?}"
        );

        let query: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
        for jar in [&session, &browser] {
            let asked = doors.curl(&format!("/.crossgate/terms?return={query}"));
            let answer = asked.header("Cookie", jar).send();
            assert_eq!(
                (answer.status, answer.header("location")),
                (303, Some("/")),
                "terms: {to:?}"
            );
        }
        let path = format!("/.crossgate/sign-out?return={query}&return-to={query}");
        let answer = post(&path, &browser, &[("return", to), ("return-to", to)]);
        let location = answer.header("location");
        assert_eq!(location, Some("/.crossgate/signed-out"), "sign-out: {to:?}");
    }
    // The address that somebody was sent to is a way back too.
    for target in ["//evil.example/", "/%5cevil.example", "/\\evil.example"] {
        let answer = doors.curl(target).header("Accept", "text/html").send();
        assert_eq!(answer.header("location"), None, "{target}");
        let page = answer.text();
        assert!(
            !page.contains("return=%2F%2F") && !page.contains("return=%2F%5C"),
            "{page}"
        );
    }
    let answer = post(
        "/.crossgate/sign-out",
        &format!("{session}; {browser}"),
        &[],
    );
    assert_eq!(answer.header("location"), Some("/.crossgate/signed-out"));
    assert_eq!(doors.status_with(&session), 401);
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
    let typed = || mallory.click("button[type=submit]").status;
    let status = scene
        .doors
        .told_once("another sign-in's", "not_the_code", typed);
    assert_eq!(status, 400);
    mia.fill("[name=passcode]", &code);
    assert_eq!(mia.click("button[type=submit]").url, scene.doors.app("/"));
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
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(
        scene.outsiders.mail.mails("mia@contractor.example").len(),
        5
    );
}
