//! Sessions: several at a time, when they end by themselves, and by whom they are ended.

use std::time::Duration;

use crate::site::FABRIKAM;
use crate::site::outsiders::Outsiders;
use crate::site::people::{Doors, Lobby, SIGNALS_HOST};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crossgate_testkit::browser::Tab;
use crossgate_testkit::curl::Curl;
use crossgate_testkit::programs::wait_for;
use rusqlite::Connection;
use serde_json::{Value, json};

const RECEIVER: &str = "https://signals.contoso.example";
const REVOKED: &str = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";

#[test]
fn sign_ins_that_were_begun_in_several_tabs_at_several_providers_all_come_back_to_their_pages() {
    let outsiders = Outsiders::start();
    let doors = outsiders.before(Lobby::new()).open();
    let tabs = ["contoso", "fabrikam", "acme"].map(|provider| {
        let tab = doors.browser.open("one browser");
        doors.choose(&tab, &format!("/of?provider={provider}"), provider);
        (provider, tab)
    });
    for (provider, tab) in tabs.iter().rev() {
        match *provider {
            "contoso" => doors.contoso.sign_in(tab, "ada", None),
            "fabrikam" => doors.fabrikam.sign_in(tab, "frida", None),
            _ => outsiders.saml.sign_in(tab, "sam@acme.example"),
        };
        let page = tab.page();
        let wanted = doors.app(&format!("/of?provider={provider}"));
        assert_eq!(
            (page.place.status, &*page.place.url),
            (200, &*wanted),
            "{}",
            page.text
        );
        doors.told(tab);
    }
    // The last one to sign in is who comes from now on, in every tab.
    for (_, tab) in &tabs {
        tab.goto(&doors.app("/"));
        assert_eq!(doors.user(tab), json!(["ada"]));
    }
}

/// Has the file of sessions say that so many seconds have passed, while nobody has it open.
fn age(doors: &mut Doors, change: &str, seconds: i64) {
    doors.gateway.terminate();
    drop(doors.gateway.wait());
    let file = Connection::open(doors.gateway.directory().join("portal.db")).unwrap();
    let changed = file
        .execute(&format!("UPDATE sessions SET {change}"), [seconds])
        .unwrap();
    assert!(changed > 0);
    drop(file);
    doors.gateway.start_again();
}

/// When the session was used last, as the file has it.
fn seen(doors: &Doors) -> i64 {
    let file = Connection::open(doors.gateway.directory().join("portal.db")).unwrap();
    file.query_row("SELECT max(seen) FROM sessions", (), |row| row.get(0))
        .unwrap()
}

#[test]
fn a_session_slides_while_it_is_used_and_ends_when_it_was_not_used_or_its_time_is_up() {
    let mut doors = Lobby::new()
        .configure(|setup| setup.section("portal", "idle = \"10m\"\nlifetime = \"1h\""))
        .open();
    let cookie = {
        let tab = doors.browser.open("ada");
        tab.goto(&doors.app("/"));
        doors.sign_in(&tab, "contoso", "ada");
        format!("__Host-crossgate={}", Doors::session_cookie(&tab))
    };
    // Used after seven minutes, it has ten more.
    for _ in 0..2 {
        let all = "begun = begun - ?1, until = until - ?1, seen = seen - ?1";
        age(&mut doors, all, 7 * 60);
        assert_eq!(doors.status_with(&cookie), 200);
        // Uses are noted once a minute.
        wait_for("the note of the use", Duration::from_secs(130), || {
            (seen(&doors) + 120 > i64::try_from(crate::site::transmitter::now()).unwrap())
                .then_some(())
        });
    }
    age(&mut doors, "seen = seen - ?1", 11 * 60);
    assert_eq!(doors.status_with(&cookie), 401);

    let cookie = {
        let tab = doors.browser.open("ada at home");
        tab.goto(&doors.app("/"));
        doors.sign_in(&tab, "contoso", "ada");
        format!("__Host-crossgate={}", Doors::session_cookie(&tab))
    };
    age(
        &mut doors,
        "begun = begun - ?1, until = until - ?1",
        59 * 60,
    );
    assert_eq!(doors.status_with(&cookie), 200);
    age(&mut doors, "begun = begun - ?1, until = until - ?1", 2 * 60);
    assert_eq!(doors.status_with(&cookie), 401);
}

#[test]
fn an_open_socket_ends_with_its_sessions_time() {
    let mut doors = Lobby::new().open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    let cookie = Doors::session_cookie(&tab);
    let now = i64::try_from(crate::site::transmitter::now()).unwrap();
    age(&mut doors, "until = ?1", now + 20);
    let tab = doors.browser.open("ada");
    tab.set_cookie(&json!({
        "name": "__Host-crossgate", "value": cookie, "url": doors.app("/"), "secure": true, "path": "/",
    }));
    assert_eq!(tab.goto(&doors.app("/")).status, 200, "{}", tab.page().text);
    assert_eq!(tab.evaluate(&socket(&doors)), json!("open"));
    assert_eq!(left(&tab, 25), json!(1008));
}

/// Opens a socket to the app that notes how it ends.
fn socket(doors: &Doors) -> String {
    format!(
        "new Promise((r) => {{ window.left = 0; const s = new WebSocket('{}'); s.onopen = () => r('open'); \
         s.onclose = (e) => {{ window.left = e.code; r('closed'); }}; }})",
        doors.app("/ws").replace("https:", "wss:")
    )
}

/// With what code a tab's socket was closed, within so many seconds.
fn left(tab: &Tab<'_>, seconds: u64) -> Value {
    let closed = || tab.evaluate("window.left");
    wait_for("the end", Duration::from_secs(seconds), || {
        Some(closed()).filter(|code| *code != json!(0))
    })
}

/// Opens an event stream to the app that notes that it ended.
fn stream(doors: &Doors) -> String {
    format!(
        "new Promise((r) => {{ window.over = false; fetch('{}').then(async (answer) => {{ r('open'); \
         const reader = answer.body.getReader(); try {{ while (!(await reader.read()).done); }} catch {{ }} window.over = true; }}); }})",
        doors.app("/sse")
    )
}

#[test]
fn a_session_is_ended_by_its_provider_by_an_administrator_and_with_its_whole_tenant() {
    let transmitter = format!(
        "[[transmitter]]\nname = \"fabrikam\"\nissuer = \"fabrikam\"\naudience = \"{RECEIVER}\"\n"
    );
    let lobby = Lobby::new().with_store().configure(|setup| {
        setup
            .entries(&transmitter)
            .section("signals", &format!("host = \"{SIGNALS_HOST}\""))
    });
    let doors = lobby.open();
    let open = json!({ "b2bDirectConnectInbound": crate::site::everyone() });
    let answer = doors.admin("PATCH", "policies/crossTenantAccessPolicy/default", &open);
    assert_eq!(answer.status, 204, "{}", answer.text());
    let path = |path: &str| format!("/v1.0/{path}");
    let event = |subject: &Value| {
        let event = doors.fabrikam.event(RECEIVER, REVOKED, subject);
        let authority = doors.gateway.directory().join("tls-cert.pem");
        let place = "/.crossgate/signals/fabrikam";
        let answer = Curl::get_tls(doors.gateway.proxy(), SIGNALS_HOST, place, &authority)
            .method("POST")
            .header("Content-Type", "application/secevent+jwt")
            .body(event)
            .send();
        assert_eq!(answer.status, 202, "{}", answer.text());
    };
    let revoke = |place: &str| {
        let answer = doors.admin("POST", &path(place), &json!({}));
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    let issuer = doors.fabrikam.issuer().to_owned();
    let sid = || {
        let sessions = doors.fabrikam.signed_in();
        let of_frida = sessions
            .iter()
            .find(|session| session["sub"] == "frida")
            .unwrap();
        of_frida["clients"]["crossgate"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let ways: [(&str, &dyn Fn()); 4] = [
        ("the provider tells of the session", &|| {
            event(&json!({ "format": "complex", "session": { "format": "opaque", "id": sid() } }));
        }),
        ("the provider tells of the user", &|| {
            event(&json!({ "format": "iss_sub", "iss": issuer, "sub": "frida" }));
        }),
        ("an administrator revokes the user's sessions", &|| {
            revoke("users/frida/revokeSignInSessions")
        }),
        ("an administrator revokes the tenant's", &|| {
            revoke(&format!(
                "crossgate/tenants/{FABRIKAM}/revokeSignInSessions"
            ));
        }),
    ];
    let other = doors.browser.open("ada");
    other.goto(&doors.app("/"));
    doors.sign_in(&other, "contoso", "ada");
    assert_eq!(other.evaluate(&socket(&doors)), json!("open"));
    for (what, end) in ways {
        let tab = doors.browser.open(what);
        tab.goto(&doors.app("/"));
        doors.sign_in(&tab, "fabrikam", "frida");
        doors.told(&tab);
        assert_eq!(tab.evaluate(&socket(&doors)), json!("open"), "{what}");
        assert_eq!(tab.evaluate(&stream(&doors)), json!("open"), "{what}");
        let cookie = format!("__Host-crossgate={}", Doors::session_cookie(&tab));
        assert_eq!(doors.status_with(&cookie), 200, "{what}");
        end();
        assert_eq!(doors.status_with(&cookie), 401, "{what}");
        assert_eq!(left(&tab, 5), json!(1008), "{what}");
        wait_for("the end of the stream", Duration::from_secs(5), || {
            (tab.evaluate("window.over") == json!(true)).then_some(())
        });
        // Sessions of the same second would still be revoked.
        std::thread::sleep(Duration::from_millis(1100));
    }
    assert_eq!(other.evaluate("window.left"), json!(0));
}

#[test]
fn a_sign_in_by_an_assertion_ends_the_session_before_although_its_cookie_does_not_come_along() {
    let outsiders = Outsiders::start();
    let doors = outsiders.before(Lobby::new()).open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    let before = format!("__Host-crossgate={}", Doors::session_cookie(&tab));
    assert_eq!(doors.status_with(&before), 200);
    tab.goto(&doors.app("/.crossgate/sign-in?provider=acme"));
    outsiders.saml.sign_in(&tab, "sam@acme.example");
    doors.told(&tab);
    assert_eq!(doors.status_with(&before), 401);
}

#[test]
fn logout_tokens_with_invented_keys_wait_few_at_a_time_and_the_others_are_refused_at_once() {
    let doors = Lobby::new().open();
    let part = |part: Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let now = crate::site::transmitter::now();
    let token = format!(
        "{}.{}.{}",
        part(json!({ "alg": "RS256", "typ": "logout+jwt", "kid": "invented" })),
        part(json!({
            "iss": doors.contoso.issuer(), "aud": "crossgate", "iat": now, "exp": now + 60, "jti": "x", "sub": "ada",
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        })),
        URL_SAFE_NO_PAD.encode([1; 256]),
    );
    let ask = || {
        let answer = doors
            .curl("/.crossgate/back-channel-logout/contoso")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .method("POST")
            .body(format!("logout_token={token}"))
            .send();
        assert_eq!(answer.status, 400, "{}", answer.text());
        answer.waited
    };
    let mut waits = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        let waits = asked.into_iter().map(|one| one.join().unwrap());
        waits.collect::<Vec<_>>()
    });
    waits.sort_unstable();
    // A key that is new is waited for, five seconds; for four of them at a time.
    let long = waits.iter().filter(|wait| **wait > Duration::from_secs(4));
    assert_eq!(long.count(), 4, "{waits:?}");
}
