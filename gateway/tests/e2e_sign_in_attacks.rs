//! What somebody who means ill can do to a sign-in: each is refused, and each refusal is on record.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod site;

use crossgate_testkit::browser::Tab;
use serde_json::{Value, json};
use site::people::{APP_HOST, Doors, Lobby};

/// A tab at a provider's page, and the parameters that it was sent there with.
fn sent<'d>(doors: &'d Doors, profile: &str, with: &str) -> (Tab<'d>, Value) {
    let tab = doors.browser.open(profile);
    tab.goto(&doors.app("/"));
    drop(tab.requests());
    tab.click(&format!("a[href*='provider={with}']"));
    let asked = sent_with(&tab.requests(), "code_challenge=");
    let (_, query) = asked.split_once('?').unwrap();
    let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
    (
        tab,
        pairs
            .map(|(name, value)| (name, json!(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    )
}

/// The first address with this in it that a browser went to.
fn sent_with(requests: &[Value], part: &str) -> String {
    let mut urls = requests
        .iter()
        .filter_map(|request| request["url"].as_str());
    urls.find(|url| url.contains(part))
        .unwrap_or_else(|| panic!("nobody was sent anywhere with {part}: {requests:?}"))
        .to_owned()
}

/// The address that a provider sends a browser back to, which the browser is kept from going to.
fn answer_of(doors: &Doors, tab: &Tab<'_>, who: &str, with: &str) -> String {
    let people = if with == "contoso" {
        &doors.contoso
    } else {
        &doors.fabrikam
    };
    drop(tab.requests());
    people.sign_in(tab, who, None);
    sent_with(&tab.requests(), "/.crossgate/callback/")
}

fn refused(doors: &Doors, tab: &Tab<'_>, address: &str, reason: &str) {
    let place = tab.goto(address);
    assert_eq!(place.status, 400, "{reason}: {}", tab.page().text);
    let recorded = doors.event(reason);
    assert_eq!(recorded["crossgate"]["step"], "token", "{recorded}");
    assert_ne!(tab.goto(&doors.app("/api")).status, 200, "{reason}");
}

#[test]
fn an_answer_counts_in_the_browser_that_asked_and_once() {
    let doors = Lobby::new().open();
    let (eve, _) = sent(&doors, "eve", "fabrikam");
    let answer = answer_of(&doors, &eve, "frida", "fabrikam");
    // Sent to somebody else, it would make them act as Frida without knowing.
    let mallory = doors.browser.open("mallory");
    refused(&doors, &mallory, &answer, "sign_in_of_another_browser");
    // The browser that asked has used it.
    let place = eve.goto(&answer);
    assert_eq!(place.status, 400);
}

#[test]
fn state_provider_and_issuer_of_an_answer_have_to_be_those_that_were_asked() {
    let doors = Lobby::new().open();
    let (tab, asked) = sent(&doors, "frida", "fabrikam");
    let state = asked["state"].as_str().unwrap().to_owned();
    let callback = |provider: &str, query: &str| {
        doors.app(&format!("/.crossgate/callback/{provider}?{query}"))
    };
    let issuer = doors.fabrikam.issuer();
    for (address, reason) in [
        (
            callback("contoso", &format!("code=x&state={state}")),
            "sign_in_mixed_up",
        ),
        (
            callback(
                "fabrikam",
                &format!("code=x&state={state}&state={state}&iss={issuer}"),
            ),
            "sign_in_of_another_browser",
        ),
        (callback("fabrikam", "code=x"), "sign_in_of_another_browser"),
        (
            callback("fabrikam", "code=x&state=AAAAAAAAAAAAAAAAAAAAAA"),
            "sign_in_of_another_browser",
        ),
        (
            callback("nobody", "code=x&state=../../x"),
            "sign_in_of_another_browser",
        ),
    ] {
        refused(&doors, &tab, &address, reason);
    }
    for (query, reason) in [
        (
            "code=x&iss=https://evil.example".to_owned(),
            "answer_of_another_issuer",
        ),
        ("code=x".to_owned(), "answer_of_another_issuer"),
        (format!("code=stolen&iss={issuer}"), "code_refused"),
        (format!("iss={issuer}"), "no_code"),
        (
            format!("error=access_denied&iss={issuer}"),
            "sign_in_denied",
        ),
        (
            format!("error=server_error&error_description=<script>&iss={issuer}"),
            "provider_error",
        ),
    ] {
        let (tab, asked) = sent(&doors, reason, "fabrikam");
        let state = asked["state"].as_str().unwrap();
        let place = tab.goto(&callback("fabrikam", &format!("{query}&state={state}")));
        assert!(matches!(place.status, 400 | 502), "{reason}: {place:?}");
        assert!(!tab.page().html.contains("<script"), "{reason}");
        let recorded = doors.event(reason);
        assert_eq!(recorded["crossgate"]["step"], "token", "{recorded}");
        assert_ne!(tab.goto(&doors.app("/api")).status, 200, "{reason}");
    }
}

#[test]
fn a_code_of_another_sign_in_is_refused_by_its_verifier_and_nonce() {
    let doors = Lobby::new().open();
    let (eve, _) = sent(&doors, "eve", "fabrikam");
    let stolen = doors.fabrikam_code(&eve, "frida");
    let (mallory, asked) = sent(&doors, "mallory", "fabrikam");
    let state = asked["state"].as_str().unwrap();
    assert_eq!(asked["code_challenge_method"], "S256");
    assert!(asked["nonce"].as_str().unwrap().len() >= 22);
    let issuer = doors.fabrikam.issuer();
    let address = doors.app(&format!(
        "/.crossgate/callback/fabrikam?code={stolen}&state={state}&iss={issuer}"
    ));
    refused(&doors, &mallory, &address, "code_refused");
}

#[test]
fn nobody_is_sent_to_another_site() {
    let doors = Lobby::new().open();
    // What a browser makes of each is a browser's business, so it is asked; more are in the portal's own tests.
    let evil = [
        "https://evil.example/",
        "/\\evil.example",
        "/%09/evil.example",
        "/\t/evil.example",
    ];
    for (number, to) in evil.iter().enumerate() {
        let profile = format!("p{number}");
        let tab = doors.browser.open(&profile);
        let query: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
        tab.goto(&doors.app(&format!(
            "/.crossgate/sign-in?provider=fabrikam&return={query}"
        )));
        doors.fabrikam.sign_in(&tab, "frida", None);
        let url = tab.page().place.url;
        assert!(url.starts_with(&doors.app("/")), "{to}: {url}");
        doors.browser.forget(&profile);
    }
}

#[test]
fn a_form_of_another_site_signs_nobody_out() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    let cookie = Doors::session_cookie(&tab);
    for (token, origin) in [
        ("", "https://evil.example"),
        ("crossgate-csrf=x", "https://payroll.contoso.example"),
        ("", "null"),
    ] {
        let answer = doors
            .curl("/.crossgate/sign-out")
            .header(
                "Cookie",
                &format!(
                    "__Host-crossgate={cookie}; __Host-crossgate-browser=AAAAAAAAAAAAAAAAAAAAAA"
                ),
            )
            .header("Origin", origin)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .method("POST")
            .body(token)
            .send();
        assert_eq!(answer.status, 200, "a question, and no more");
        assert_eq!(answer.header("set-cookie"), None);
    }
    assert_eq!(tab.goto(&doors.app("/")).status, 200);
    doors.told(&tab);
}

#[test]
fn a_session_is_never_one_that_a_browser_brought() {
    let doors = Lobby::new().open();
    let first = doors.browser.open("first");
    first.goto(&doors.app("/"));
    doors.sign_in(&first, "contoso", "ada");
    let before = first.cookie("__Host-crossgate").unwrap();
    // The same person signs in again with the cookie of before: it is worth nothing afterwards.
    first.goto(&doors.app("/.crossgate/sign-in?provider=fabrikam"));
    doors.fabrikam.sign_in(&first, "frida", None);
    let after = first.cookie("__Host-crossgate").unwrap();
    assert_ne!(before["value"], after["value"]);
    let ask = |cookies: &str| doors.status_with(cookies);
    let (before, after) = (
        before["value"].as_str().unwrap(),
        after["value"].as_str().unwrap(),
    );
    assert_eq!(ask(&format!("__Host-crossgate={before}")), 401);
    assert_eq!(ask(&format!("__Host-crossgate={after}")), 200);
    // Two cookies of the name, a changed one, and one under another name.
    assert_eq!(
        ask(&format!(
            "__Host-crossgate={after}; __Host-crossgate={after}"
        )),
        401
    );
    assert_eq!(
        ask(&format!("__Host-crossgate={}A", &after[..after.len() - 1])),
        401
    );
    assert_eq!(ask(&format!("__Host-Crossgate={after}")), 401);
    assert_eq!(ask(&format!("crossgate={after}")), 401);
}

#[test]
fn many_sign_ins_at_once_leave_a_browser_with_few_cookies() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("frida");
    for _ in 0..12 {
        tab.goto(&doors.app("/.crossgate/sign-in?provider=fabrikam"));
    }
    tab.goto(&doors.app("/"));
    let tries = tab
        .cookies()
        .iter()
        .filter(|cookie| cookie["name"].as_str().unwrap().contains("-try-"))
        .count();
    assert!(tries <= 6, "{tries}");
}

#[test]
fn a_session_opens_no_app_where_people_do_not_sign_in() {
    let lobby = Lobby::new();
    let api = format!(
        "[[app]]\nid = \"api\"\nname = \"API\"\nhosts = [\"{APP_HOST}\"]\npaths = [\"/api\"]\naudiences = [\"api://x\"]\n\
         upstreams = [\"{}\"]\n",
        lobby.upstream.address()
    );
    let doors = lobby.configure(|setup| setup.entries(&api)).open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    assert_eq!(tab.goto(&doors.app("/a")).status, 200);
    assert_eq!(tab.goto(&doors.app("/api/transfer")).status, 401);
    doors.event("no_token");
}

#[test]
fn a_form_of_another_site_is_not_kept_to_be_sent_in_the_persons_name() {
    let doors = Lobby::new().open();
    for (origin, kept) in [
        ("https://evil.example", false),
        (&*doors.app("").clone(), true),
    ] {
        let answer = doors
            .curl("/transfer")
            .header("Accept", "text/html")
            .header("Origin", origin)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .method("POST")
            .body("to=eve&amount=1000")
            .send();
        assert_eq!(answer.status, 401, "{origin}");
        let page = String::from_utf8(answer.body.clone()).unwrap();
        assert_eq!(page.contains("resume"), kept, "{origin}: {page}");
        // What is kept is for the browser that sent it.
        assert_eq!(answer.header("set-cookie").is_some(), kept);
    }
}

#[test]
fn who_was_revoked_has_to_sign_in_at_the_provider_anew() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("frida");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "fabrikam", "frida");
    // Later than the sign-in by more than a second, which is what times in tokens are told by.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let now = jiff::Timestamp::now();
    doors.change(|gateway| {
        gateway.write_policy(
            "revocations.jsonl",
            &json!({ "kind": "user", "id": "frida", "notBefore": now.to_string() }).to_string(),
        );
    });
    drop(tab.requests());
    // The provider's own session would do without a word; it is not taken, however she comes.
    tab.goto(&doors.app("/.crossgate/sign-in?provider=fabrikam"));
    assert!(
        tab.page().place.url.starts_with(doors.fabrikam.issuer()),
        "{}",
        tab.page().text
    );
    // What the browser is sent with is in its own hands: without the wish for a new sign-in the provider answers at once.
    let asked = sent_with(&tab.requests(), "prompt=login");
    let without = asked.replace("&prompt=login", "").replace("&max_age=0", "");
    let place = tab.goto(&without);
    // It is a sign-in from before the revocation, which is told, and not asked for again without end.
    assert_eq!(place.status, 401, "{place:?}: {}", tab.page().text);
    assert!(
        tab.page().text.contains("AADSTS50173"),
        "{}",
        tab.page().text
    );
    tab.click("a[href*='/.crossgate/sign-in']");
    std::thread::sleep(std::time::Duration::from_millis(1000));
    doors.fabrikam.sign_in(&tab, "frida", None);
    assert_eq!(tab.goto(&doors.app("/")).status, 200, "{}", tab.page().text);
    doors.told(&tab);
}

#[test]
fn a_session_ends_with_the_configuration_that_believed_its_provider() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("frida");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "fabrikam", "frida");
    let cookie = Doors::session_cookie(&tab);
    let ask = || {
        doors
            .curl("/a")
            .header(
                "Cookie",
                &format!("name=M\u{fc}ller; __Host-crossgate={cookie}"),
            )
            .send()
            .status
    };
    assert_eq!(ask(), 200);
    doors.change(|gateway| {
        gateway.rewrite_config(|config| {
            config.replace("name = \"fabrikam\"\nlabel = \"Fabrikam\"\nissuer = \"fabrikam\"\nclient_id = \"crossgate\"", "name = \"fabrikam\"\nlabel = \"Fabrikam\"\nissuer = \"fabrikam\"\nclient_id = \"another\"")
        });
        gateway.reload();
    });
    assert_eq!(ask(), 401);
}
