//! People sign in with a real browser at real providers, and every request of their session is decided.

use crate::site::people::{Doors, Lobby};
use crate::site::{FABRIKAM, WINGTIP, nobody};
use crossgate_testkit::gateway::OWN_TENANT;
use crossgate_testkit::upstream::header_values;
use serde_json::json;

#[test]
fn a_person_signs_in_and_comes_to_the_page_that_they_wanted() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("frida");
    let place = tab.goto(&doors.app("/salaries?year=2026"));
    assert_eq!(place.status, 401, "{place:?}");
    assert!(tab.page().text.contains("Fabrikam"), "{}", tab.page().text);
    doors.sign_in(&tab, "fabrikam", "frida");
    let page = tab.page();
    assert_eq!(
        page.place.url,
        doors.app("/salaries?year=2026"),
        "{}",
        page.text
    );
    let told = doors.told(&tab);
    assert_eq!(
        header_values(&told, "x-crossgate-home-tenant"),
        [FABRIKAM],
        "{told}"
    );
    assert_eq!(header_values(&told, "x-ms-client-principal-id"), ["frida"]);
    assert!(!told.to_string().contains("__Host-crossgate"), "{told}");
    let cookie = tab.cookie("__Host-crossgate").unwrap();
    assert_eq!(
        (&cookie["secure"], &cookie["httpOnly"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        (&cookie["sameSite"], &cookie["path"]),
        (&json!("Lax"), &json!("/"))
    );
}

#[test]
fn every_request_of_a_session_is_decided_by_the_policy_in_force() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("frida");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "fabrikam", "frida");
    assert_eq!(tab.goto(&doors.app("/a")).status, 200);
    doors.change(|gateway| {
        let closed = json!({ "id": crate::site::POLICY_ID, "b2bDirectConnectInbound": nobody() });
        gateway.write_policy("default.json", &closed.to_string());
    });
    let place = tab.goto(&doors.app("/a"));
    assert_eq!(place.status, 403, "{}", tab.page().text);
    assert!(
        tab.page().text.contains("AADSTS500213"),
        "{}",
        tab.page().text
    );
}

#[test]
fn a_mail_address_leads_to_where_its_owner_signs_in() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("frida");
    tab.goto(&doors.app("/a?b=c"));
    tab.fill("[name=email]", "somebody@nowhere.example");
    assert_eq!(tab.click("button[type=submit]").status, 400);
    tab.fill("[name=email]", "Frida@Fabrikam.com");
    let place = tab.click("button[type=submit]");
    assert!(place.url.starts_with(doors.fabrikam.issuer()), "{place:?}");
    doors.fabrikam.sign_in(&tab, "frida", None);
    assert_eq!(tab.page().place.url, doors.app("/a?b=c"));
}

#[test]
fn where_a_browser_signed_in_last_is_offered_first_wherever_people_choose() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("frida");
    let choices = || {
        tab.evaluate(
            "[...document.querySelectorAll('main a, main button')].map((e) => e.textContent)",
        )
    };
    tab.goto(&doors.app("/.crossgate/sign-in"));
    let fresh = ["Continue", "Sign in with Contoso", "Sign in with Fabrikam"];
    assert_eq!(choices(), json!(fresh));
    doors.sign_in(&tab, "fabrikam", "frida");
    let known = ["Continue with Fabrikam", "Continue", "Sign in with Contoso"];
    tab.goto(&doors.app("/.crossgate/sign-in"));
    assert_eq!(choices(), json!(known));
    // After an address that leads nowhere too.
    tab.fill("[name=email]", "frida@nowhere.example");
    tab.click("button[type=submit]");
    assert_eq!(choices(), json!(known));
    let place = tab.click("main a");
    assert_eq!(place.url, doors.app("/"), "{}", tab.page().text);
    // Who signs out leaves nothing for the next.
    tab.goto(&doors.app("/.crossgate/sign-out"));
    tab.click("button[type=submit]");
    tab.goto(&doors.app("/.crossgate/sign-in"));
    assert_eq!(choices(), json!(fresh));
}

#[test]
fn a_policy_that_asks_for_mfa_sends_the_browser_for_it_and_back() {
    let doors = Lobby::new()
        .policy("conditional-access/mfa.json", &needs_mfa(&json!(["mfa"])))
        .open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/pay?month=11"));
    tab.click("a[href*='provider=contoso']");
    // Nobody asked for a code yet; the policy does, once it is known who it is.
    doors.contoso.sign_in(&tab, "ada", None);
    let place = tab.page().place;
    assert!(place.url.starts_with(doors.contoso.issuer()), "{place:?}");
    doors.contoso.sign_in(&tab, "ada", Some("123456"));
    assert_eq!(
        tab.page().place.url,
        doors.app("/pay?month=11"),
        "{}",
        tab.page().text
    );
    doors.told(&tab);
}

#[test]
fn what_a_provider_cannot_give_is_asked_for_once() {
    let doors = Lobby::new()
        .policy(
            "conditional-access/strength.json",
            &json!({
                "displayName": "Phishing-resistant", "state": "enabled",
                "conditions": { "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] } },
                "grantControls": { "operator": "OR", "builtInControls": [],
                    "authenticationStrength": { "id": "00000000-0000-0000-0000-000000000004" } },
            }),
        )
        .open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    tab.click("a[href*='provider=contoso']");
    doors.contoso.sign_in(&tab, "ada", None);
    doors.contoso.sign_in(&tab, "ada", Some("123456"));
    let page = tab.page();
    assert_eq!(
        (page.place.status, &*page.place.url),
        (401, &*doors.app("/")),
        "{}",
        page.text
    );
    assert!(page.text.contains("AADSTS50076"), "{}", page.text);
}

#[test]
fn a_form_that_was_sent_just_then_is_not_lost() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    tab.evaluate(
        "(() => { const f = document.createElement('form'); f.method = 'post'; f.action = '/pay?to=bob'; \
         for (const [n, v] of [['amount', '5 & 6'], ['amount', '<7>']]) { const i = document.createElement('input'); \
         i.name = n; i.value = v; f.append(i); } document.body.append(f); f.submit(); })()",
    );
    tab.rest();
    doors.sign_in(&tab, "contoso", "ada");
    let page = tab.page();
    assert!(page.text.contains("/pay?to=bob"), "{}", page.text);
    tab.click("button[type=submit]");
    let told = doors.told(&tab);
    assert_eq!(
        (&told["method"], &told["target"]),
        (&json!("POST"), &json!("/pay?to=bob"))
    );
    // amount=5+%26+6&amount=%3C7%3E
    assert_eq!(told["body"]["bytes"], 29, "{told}");
}

#[test]
fn a_program_is_told_401_and_never_sent_to_a_page() {
    let doors = Lobby::new().open();
    for headers in [
        &[("Accept", "application/json")][..],
        &[("Accept", "*/*")],
        &[("Accept", "text/html"), ("Sec-Fetch-Mode", "cors")],
        &[("Accept", "text/html"), ("Authorization", "Bearer a.b.c")],
        &[
            ("Accept", "text/html"),
            ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Dest", "iframe"),
        ],
    ] {
        let mut request = doors.curl("/a");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = request.send();
        assert_eq!(answer.status, 401, "{headers:?}");
        assert!(
            answer
                .header("www-authenticate")
                .unwrap()
                .starts_with("Bearer"),
            "{headers:?}"
        );
        assert_eq!(answer.header("location"), None, "{headers:?}");
    }
}

#[test]
fn signing_out_ends_the_session_here_and_at_the_provider() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    let cookie = Doors::session_cookie(&tab);
    let with_cookie = || doors.status_with(&format!("__Host-crossgate={cookie}"));
    assert_eq!(with_cookie(), 200);
    assert_eq!(doors.contoso.signed_in().len(), 1);
    tab.goto(&doors.app("/.crossgate/sign-out"));
    let place = tab.click("button[type=submit]");
    assert_eq!(
        place.url,
        doors.app("/.crossgate/signed-out"),
        "{}",
        tab.page().text
    );
    assert!(doors.contoso.signed_in().is_empty());
    // Whoever copied the cookie has nothing.
    assert_eq!(with_cookie(), 401);
    assert_eq!(tab.goto(&doors.app("/")).status, 401);
}

#[test]
fn a_provider_that_ends_its_session_ends_ours() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    assert_eq!(tab.goto(&doors.app("/")).status, 200);
    tab.goto(&format!("{}/session/end", doors.contoso.issuer()));
    tab.click("button");
    // Sent where the person signed in last, for nobody is signed in here any more.
    let place = tab.goto(&doors.app("/"));
    assert!(place.url.starts_with(doors.contoso.issuer()), "{place:?}");
}

#[test]
fn a_provider_ends_sessions_without_a_browser() {
    let doors = Lobby::new().open();
    let (tab, other) = (doors.browser.open("ada"), doors.browser.open("frida"));
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    other.goto(&doors.app("/"));
    doors.sign_in(&other, "fabrikam", "frida");
    let told = doors.contoso.sign_out("ada");
    assert!(
        told.iter().all(|client| client["error"].is_null()),
        "{told:?}"
    );
    let place = tab.goto(&doors.app("/"));
    assert!(place.url.starts_with(doors.contoso.issuer()), "{place:?}");
    assert_eq!(other.goto(&doors.app("/")).status, 200);
    let rubbish = doors
        .curl("/.crossgate/back-channel-logout/contoso")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .method("POST")
        .body("logout_token=a.b.c")
        .send();
    assert_eq!(rubbish.status, 400);
    doors.event("token_not_base64url");
}

#[test]
fn sessions_outlive_the_process_and_are_of_one_host() {
    let mut doors = Lobby::new().open();
    let tab = doors.browser.open("frida");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "fabrikam", "frida");
    let cookie = Doors::session_cookie(&tab);
    tab.goto(&doors.other("/"));
    tab.set_cookie(&json!({ "name": "__Host-crossgate", "value": cookie, "url": doors.other("/"), "secure": true, "path": "/" }));
    assert_eq!(tab.goto(&doors.other("/")).status, 401);
    doors.gateway.hand_over();
    assert_eq!(tab.goto(&doors.app("/")).status, 200, "{}", tab.page().text);
}

#[test]
fn a_provider_that_is_not_there_lets_nobody_in_and_the_record_refuses_nobody() {
    let gone = format!(
        "[[issuer]]\nname = \"gone\"\nkind = \"oidc\"\nissuer = \"http://127.0.0.1:9/\"\ntenant = \"{WINGTIP}\"\njwks = \"file:gone.json\"\n\
         [[provider]]\nname = \"gone\"\nlabel = \"Gone\"\nissuer = \"gone\"\nclient_id = \"crossgate\"\n"
    );
    let lobby = Lobby::new().configure(|setup| setup.entries(&gone));
    let keys = ureq::get(format!("{}/jwks", lobby.contoso.issuer())).call();
    let keys = keys.unwrap().body_mut().read_to_string().unwrap();
    lobby.write("gone.json", &keys);
    let doors = lobby.open();
    let tab = doors.browser.open("wilma");
    let place = tab.goto(&doors.app("/.crossgate/sign-in?provider=gone&return=/"));
    assert_eq!(place.status, 502, "{}", tab.page().text);
    let event = doors.event("provider_unreachable");
    assert_eq!(event["crossgate"]["outcome"], "not-ready", "{event}");
    assert_eq!(event["status"]["errorCode"], 90033, "{event}");
    assert_eq!(event["isInteractive"], true, "{event}");
    assert_eq!(event["crossgate"]["provider"], "gone", "{event}");
}

#[test]
fn a_provider_that_does_not_take_our_secret_is_our_trouble_and_not_the_persons() {
    let doors = Lobby::new().open();
    doors.contoso.client(&json!({
        "client_id": "crossgate", "client_secret": "another-secret-than-before",
        "redirect_uris": [doors.app("/.crossgate/callback/contoso")],
    }));
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    assert_eq!(tab.page().place.status, 502, "{}", tab.page().text);
    let event = doors.event("client_refused");
    assert_eq!(event["crossgate"]["outcome"], "not-ready", "{event}");
    assert_eq!(event["status"]["errorCode"], 90033, "{event}");
    assert_eq!(event["crossgate"]["provider"], "contoso", "{event}");
}

#[test]
fn who_am_i_tells_who_is_signed_in_and_what_counts() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("frida");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "fabrikam", "frida");
    tab.goto(&doors.app("/.crossgate/me"));
    let text = tab.page().text;
    for told in ["Frida Partner", "Fabrikam", FABRIKAM] {
        assert!(text.contains(told), "{told}: {text}");
    }
}

/// A policy that lets everybody in by these controls.
fn needs_mfa(controls: &serde_json::Value) -> serde_json::Value {
    json!({
        "displayName": "MFA", "state": "enabled",
        "conditions": { "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] } },
        "grantControls": { "operator": "OR", "builtInControls": controls },
    })
}

#[test]
fn what_a_session_has_open_ends_with_it() {
    let doors = Lobby::new().open();
    let (tab, other) = (doors.browser.open("ada"), doors.browser.open("frida"));
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    other.goto(&doors.app("/"));
    doors.sign_in(&other, "fabrikam", "frida");
    let open = format!(
        "new Promise((r) => {{ window.left = 0; const s = new WebSocket('{}'); s.onopen = () => r('open'); \
         s.onclose = (e) => {{ window.left = e.code; r('closed'); }}; }})",
        doors.app("/ws").replace("https:", "wss:")
    );
    assert_eq!(tab.evaluate(&open), json!("open"));
    assert_eq!(other.evaluate(&open), json!("open"));
    let leaving = doors.browser.open("ada");
    leaving.goto(&doors.app("/.crossgate/sign-out"));
    leaving.click("button[type=submit]");
    let closed = || tab.evaluate("window.left");
    let code =
        crossgate_testkit::programs::wait_for("the end", std::time::Duration::from_secs(5), || {
            (closed() != json!(0)).then(closed)
        });
    assert_eq!(code, json!(1008));
    assert_eq!(other.evaluate("window.left"), json!(0));
    // Pages of other sites open none in the person's name.
    let cookie = Doors::session_cookie(&other);
    for origin in ["https://evil.example", "null", ""] {
        let answer = doors
            .curl("/ws")
            .header("Cookie", &format!("__Host-crossgate={cookie}"))
            .header("Origin", origin)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .argument("--http1.1")
            .send();
        assert_eq!(answer.status, 401, "{origin}");
    }
}

#[test]
fn terms_of_use_are_accepted_once_for_each_version() {
    let terms = |version: &str| {
        format!(
            "[[terms]]\nid = \"tou-1\"\nname = \"House rules\"\nversion = \"{version}\"\nfile = \"rules.txt\"\n"
        )
    };
    let lobby = Lobby::new()
        .policy(
            "conditional-access/terms.json",
            &json!({
                "displayName": "Terms", "state": "enabled",
                "conditions": { "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] } },
                "grantControls": { "operator": "OR", "builtInControls": [], "termsOfUse": ["tou-1"] },
            }),
        )
        .configure(|setup| setup.entries(&terms("1")));
    lobby.write("rules.txt", "Be <kind>.\n\nAnd quiet.\n");
    let doors = lobby.open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/pay?a=b"));
    doors.sign_in(&tab, "contoso", "ada");
    let page = tab.page();
    assert!(
        page.text.contains("House rules") && page.text.contains("Be <kind>."),
        "{}",
        page.text
    );
    // Looking at them is not accepting them.
    tab.goto(&doors.app("/pay?a=b"));
    assert!(tab.page().text.contains("House rules"));
    tab.click("button[type=submit]");
    assert_eq!(
        tab.page().place.url,
        doors.app("/pay?a=b"),
        "{}",
        tab.page().text
    );
    doors.told(&tab);
    // Another browser of the same person is not asked.
    let other = doors.browser.open("ada at home");
    other.goto(&doors.app("/pay"));
    doors.sign_in(&other, "contoso", "ada");
    doors.told(&other);
    doors.change(|gateway| {
        gateway.rewrite_config(|config| config.replace(&terms("1"), &terms("2")));
        gateway.reload();
    });
    tab.goto(&doors.app("/pay"));
    assert!(
        tab.page().text.contains("House rules"),
        "{}",
        tab.page().text
    );
    tab.click("button[type=submit]");
    doors.told(&tab);
    let listed = std::process::Command::new(env!("CARGO_BIN_EXE_crossgate"))
        .args([
            "acceptances",
            "--config",
            "crossgate.toml",
            "--output",
            "json",
        ])
        .current_dir(doors.gateway.directory())
        .output()
        .unwrap();
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let told = listed.as_array().unwrap().iter().map(|one| {
        let of = |name: &str| one[name].as_str().unwrap();
        (
            of("agreementId"),
            of("agreementVersion"),
            of("userId"),
            of("tenantId"),
        )
    });
    let accepted = |version| ("tou-1", version, "ada", OWN_TENANT);
    assert_eq!(told.collect::<Vec<_>>(), [accepted("1"), accepted("2")]);
}
