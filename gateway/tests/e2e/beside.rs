//! The listener at which other proxies ask: what is asked there is decided and recorded as if it had come in at a door, and what
//! is no clear question of somebody who is believed is refused.

use crate::requests::IDENTITY;
use crate::site::beside::Beside;
use crate::site::{PAYROLL_HOST, Stage, WINGTIP, nobody, partner};
use crossgate_testkit::curl::Curl;
use crossgate_testkit::programs::wait_for;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(10);

/// Asks, and checks status and reason. Nothing may have reached the app.
#[track_caller]
fn refused(beside: &Beside, what: &str, question: Curl, status: u16, reason: &str) -> Value {
    let (answer, event) = beside.site.ask(question);
    assert_eq!(
        (answer.status, &event["crossgate"]["reason"]),
        (status, &json!(reason)),
        "{what}\n{answer:?}\n{event:#}"
    );
    for name in IDENTITY {
        assert_eq!(answer.header(name), None, "{what}: {name}");
    }
    assert_eq!(beside.site.upstream.requests(), 0, "{what}");
    event
}

#[test]
fn a_question_is_decided_and_recorded_as_the_request_itself_and_forwards_nothing() {
    let beside = Stage::new().beside();
    let token = beside.site.guest().mint();
    for question in [
        beside.auth_request("POST", PAYROLL_HOST, "/a?b=c"),
        beside.forward_auth("POST", PAYROLL_HOST, "/a?b=c"),
        Curl::get(beside.authorize, PAYROLL_HOST, "/ext-authz/a?b=c")
            .header("X-Forwarded-Proto", "https")
            .header("X-Forwarded-For", "192.0.2.7"),
        // As Envoy talks, though this is no call of gRPC.
        beside
            .auth_request("GET", PAYROLL_HOST, "/a")
            .argument("--http2-prior-knowledge"),
    ] {
        let (answer, event) = beside
            .site
            .ask(question.bearer(&token).header("Cookie", "a=b"));
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("x-crossgate-home-tenant"), Some(WINGTIP));
        assert_eq!(
            answer.header("x-crossgate-access-type"),
            Some("b2bCollaboration")
        );
        assert!(answer.header("x-crossgate-assertion").is_some());
        assert_eq!(answer.header("cookie"), Some("a=b"));
        let passed_on = format!("Bearer {token}");
        assert_eq!(answer.header("authorization"), Some(&*passed_on));
        assert_eq!(
            answer.header("x-correlation-id"),
            event["correlationId"].as_str()
        );
        assert_eq!(
            (&event["ipAddress"], &event["crossgate"]["httpStatus"]),
            (&json!("192.0.2.7"), &json!(200)),
            "{event:#}"
        );
    }
    assert_eq!(beside.site.upstream.requests(), 0);
}

#[test]
fn a_proxy_that_keeps_its_connections_open_keeps_nobody_from_stopping() {
    let mut beside = Stage::new()
        .section("shutdown", "drain = \"60s\"")
        .section("limits", "request_head_timeout = \"1s\"")
        .beside();
    let silent = TcpStream::connect(beside.authorize).unwrap();
    let mut kept = TcpStream::connect(beside.authorize).unwrap();
    let question = "GET /auth-request HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut start = [0; 12];
    kept.write_all(question.as_bytes()).unwrap();
    kept.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 403");
    // Who says nothing is not waited for.
    let mut nothing = [0; 1];
    assert!(matches!((&silent).read(&mut nothing), Ok(0)));
    let begun = Instant::now();
    beside.site.gateway.terminate();
    assert!(beside.site.gateway.wait().status.success());
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_question_of_a_stranger_is_refused_whatever_it_says() {
    let beside = Stage::new().beside_of("10.0.0.0/8");
    let token = beside.site.member().mint();
    let stranger = "question_of_a_stranger";
    let nginx = beside.auth_request("GET", PAYROLL_HOST, "/");
    let event = refused(&beside, "nginx", nginx.bearer(&token), 403, stranger);
    assert_eq!(event["ipAddress"], "127.0.0.1", "who asked: {event:#}");
    let traefik = beside.forward_auth("GET", PAYROLL_HOST, "/");
    refused(&beside, "traefik", traefik.bearer(&token), 400, stranger);
}

#[test]
fn what_does_not_say_what_it_asks_about_is_refused() {
    let beside = Stage::new().beside();
    let token = beside.site.member().mint();
    let bare = |path: &str| Curl::get(beside.authorize, PAYROLL_HOST, path).bearer(&token);
    for (what, question, status, reason) in [
        ("nothing", bare("/auth-request"), 403, "method_not_told"),
        ("nothing", bare("/forward-auth"), 400, "method_not_told"),
        ("no scheme", bare("/ext-authz/"), 400, "scheme_not_told"),
        ("elsewhere", bare("/"), 400, "no_such_question"),
        ("below", bare("/auth-request/x"), 400, "no_such_question"),
        (
            "two targets",
            beside
                .auth_request("GET", PAYROLL_HOST, "/")
                .header("X-Original-URI", "/admin")
                .bearer(&token),
            403,
            "target_told_twice",
        ),
        (
            "a target and an address",
            beside
                .auth_request("GET", PAYROLL_HOST, "/")
                .header("X-Original-URL", "https://payroll.contoso.com/admin")
                .bearer(&token),
            403,
            "target_told_twice",
        ),
        (
            "two hosts",
            beside
                .forward_auth("GET", PAYROLL_HOST, "/")
                .header("X-Forwarded-Host", "other.contoso.com")
                .bearer(&token),
            400,
            "host_told_twice",
        ),
        (
            "hosts in one header",
            beside
                .forward_auth("GET", "payroll.contoso.com, other.contoso.com", "/")
                .bearer(&token),
            400,
            "host_odd",
        ),
        (
            "an identity that the proxy left in",
            beside
                .forward_auth("GET", PAYROLL_HOST, "/")
                .header("X_Ms-Client.Principal-Id", "spoofed")
                .bearer(&token),
            400,
            "identity_header_from_client",
        ),
        (
            "a method for nobody",
            beside
                .auth_request("TRACE", PAYROLL_HOST, "/")
                .bearer(&token),
            403,
            "method_refused",
        ),
        (
            "a tunnel, which no framework refuses here",
            beside
                .auth_request("CONNECT", PAYROLL_HOST, "/")
                .bearer(&token),
            403,
            "method_refused",
        ),
        (
            "a way past every later question",
            beside
                .forward_auth("GET", PAYROLL_HOST, "/")
                .header("Connection", "Upgrade")
                .header("Upgrade", "h2c")
                .bearer(&token),
            400,
            "upgrade_odd",
        ),
        (
            "a dot in the end",
            beside
                .auth_request("GET", "payroll.contoso.com.", "/")
                .bearer(&token),
            403,
            "leads_elsewhere_as_spelled",
        ),
    ] {
        refused(&beside, what, question, status, reason);
    }
}

#[test]
fn a_path_is_read_by_the_same_rules_as_at_a_door() {
    let admin = "[[app]]\nid = \"admin\"\nhosts = [\"payroll.contoso.com\"]\npaths = [\"/admin\"]\n\
                 audiences = [\"api://admin\"]\nupstreams = [\"http://127.0.0.1:9\"]\n";
    let beside = Stage::new().entries(admin).beside();
    let token = beside.site.member().mint();
    for (uri, reason) in [
        ("/a/../admin", "path_dot_segment"),
        ("/a//b", "path_empty_segment"),
        ("/a%2fb", "path_encoded_slash"),
        ("/a\\b", "path_backslash"),
        ("/a;b", "path_parameter"),
        ("/a%252e", "path_escaped_twice"),
        ("/a#b", "path_fragment"),
        ("a", "path_not_origin_form"),
        ("https://payroll.contoso.com/a", "path_not_origin_form"),
        // Of the other app; a proxy that does not decode it would take it to this one.
        ("/%61dmin", "leads_elsewhere_as_spelled"),
    ] {
        let question = beside.auth_request("GET", PAYROLL_HOST, uri).bearer(&token);
        refused(&beside, uri, question, 403, reason);
    }
    let spelled = beside.auth_request("GET", PAYROLL_HOST, "/%61/%c3%bc");
    let (answer, _) = beside.site.ask(spelled.bearer(&token));
    assert_eq!(answer.status, 200, "{answer:?}");
    // Longest prefix: a token for the one is none for the other.
    let other = beside.auth_request("GET", PAYROLL_HOST, "/admin/x");
    let (answer, event) = beside.site.ask(other.bearer(&token));
    assert_eq!(answer.status, 401, "{answer:?}");
    assert_eq!(event["resourceId"], "admin", "{event:#}");
}

#[test]
fn nginx_gets_401_and_403_and_the_rest_of_the_answer_in_headers() {
    let beside = Stage::new()
        .policy(
            "partners.json",
            &json!([partner(
                WINGTIP,
                json!({ "b2bCollaborationInbound": nobody() })
            )]),
        )
        .beside();
    let ask = |host| beside.auth_request("GET", host, "/a");
    let (answer, event) = beside.site.ask(ask(PAYROLL_HOST));
    assert_eq!(answer.status, 401);
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.contains("https://payroll.contoso.com/.well-known/oauth-protected-resource"));
    let problem: Value =
        serde_json::from_str(answer.header("x-crossgate-problem").unwrap()).unwrap();
    assert_eq!(problem, answer.json());
    assert_eq!(problem["correlationId"], event["correlationId"]);
    let guest = beside.site.guest().mint();
    // Who reads pages is told the same: nginx has no place for a page.
    let as_person = ask(PAYROLL_HOST)
        .bearer(&guest)
        .header("Accept", "text/html");
    let (answer, event) = beside.site.ask(as_person);
    assert_eq!(
        (answer.status, &event["status"]["errorCode"]),
        (403, &json!(500_213))
    );
    assert!(
        answer
            .header("x-crossgate-problem")
            .unwrap()
            .contains("AADSTS500213")
    );
    // An unknown host is not there: 403 here, 404 for those who can say so.
    let (answer, event) = beside.site.ask(ask("other.contoso.com"));
    assert_eq!(
        (answer.status, &event["crossgate"]["outcome"]),
        (403, &json!("not-found")),
        "{event:#}"
    );
    let traefik = beside.forward_auth("GET", "other.contoso.com", "/a");
    assert_eq!(beside.site.ask(traefik).0.status, 404);
}

#[test]
fn what_crossgate_answers_itself_is_never_done_by_a_question() {
    let beside = Stage::new()
        .payroll("sign_in = true\ncors_preflight = true")
        .entries(
            "[[provider]]\nname = \"fabrikam\"\nissuer = \"fabrikam\"\nclient_id = \"gateway\"\n",
        )
        .section("portal", "store = \"portal.db\"")
        .beside();
    for path in [
        "/.crossgate/me",
        "/.crossgate/callback/fabrikam?code=x",
        "/.crossgate/sign-out",
    ] {
        let question = beside.forward_auth("GET", PAYROLL_HOST, path);
        refused(&beside, path, question, 400, "own_page_not_routed");
    }
    // A preflight that is let through would reach the app, which the door keeps it from.
    let preflight = beside
        .auth_request("OPTIONS", PAYROLL_HOST, "/a")
        .header("Origin", "https://spa.contoso.com")
        .header("Access-Control-Request-Method", "GET");
    refused(&beside, "preflight", preflight, 401, "no_token");
}

#[test]
fn where_nobody_signs_in_at_a_host_the_paths_of_crossgates_pages_are_the_apps() {
    let beside = Stage::new().beside();
    let token = beside.site.member().mint();
    for path in ["/.crossgate/me", "/.well-known/crossgate/jwks.json"] {
        let question = || beside.forward_auth("GET", PAYROLL_HOST, path);
        refused(&beside, path, question(), 401, "no_token");
        let (answer, event) = beside.site.ask(question().bearer(&token));
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert!(answer.header("x-crossgate-assertion").is_some(), "{path}");
        assert_eq!(event["crossgate"]["outcome"], "allow", "{event:#}");
    }
}

#[test]
fn a_browser_is_sent_to_sign_in_by_whatever_proxy_asks() {
    let beside = Stage::new()
        .payroll("sign_in = true")
        .entries(
            "[[provider]]\nname = \"fabrikam\"\nissuer = \"fabrikam\"\nclient_id = \"gateway\"\n",
        )
        .section("portal", "store = \"portal.db\"")
        .beside();
    let person = |question: Curl| beside.site.ask(question.header("Accept", "text/html"));
    let issuer = beside.site.fabrikam.issuer();
    for (question, status) in [
        (beside.auth_request("GET", PAYROLL_HOST, "/a?b"), 401),
        (beside.forward_auth("GET", PAYROLL_HOST, "/a?b"), 302),
    ] {
        let (answer, event) = person(question);
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(
            answer.header("location").unwrap().starts_with(issuer),
            "{answer:?}"
        );
        let [cookie] = *answer.header_values("set-cookie") else {
            panic!("one cookie, for nginx hands one on: {answer:?}")
        };
        assert!(cookie.starts_with("__Host-crossgate-try-"), "{cookie}");
        assert_eq!(event["status"]["errorCode"], json!(50_058), "{event:#}");
    }
    // A form stays with the proxy, so it cannot be kept during a sign-in.
    let form = beside.forward_auth("POST", PAYROLL_HOST, "/a");
    let (answer, _) = person(form);
    assert!(!(200..400).contains(&answer.status), "{answer:?}");
}

#[test]
fn a_page_of_another_site_opens_no_websocket_in_a_persons_name() {
    // Who is signed in is told in `fronts`; here that a handshake is known as one, so that nobody is sent to sign in.
    let beside = Stage::new()
        .payroll("sign_in = true")
        .entries(
            "[[provider]]\nname = \"fabrikam\"\nissuer = \"fabrikam\"\nclient_id = \"gateway\"\n",
        )
        .section("portal", "store = \"portal.db\"")
        .beside();
    let handshake = beside
        .forward_auth("GET", PAYROLL_HOST, "/socket")
        .header("Accept", "text/html")
        .header("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")
        .header("Sec-WebSocket-Version", "13");
    let (answer, _) = beside.site.ask(handshake);
    assert_eq!(
        (answer.status, answer.header("location")),
        (401, None),
        "{answer:?}"
    );
}

#[test]
fn a_full_public_door_stops_no_question() {
    let beside = Stage::new()
        .section("limits", "max_connections = 3")
        .beside();
    let token = beside.site.guest().mint();
    let held: Vec<_> = (0..3)
        .map(|_| TcpStream::connect(beside.site.gateway.proxy()).unwrap())
        .collect();
    wait_for("three connections", SOON, || {
        let open = beside.site.gateway.metric("crossgate_connections", &[]);
        ((open - 3.0).abs() < 0.5).then_some(())
    });
    let question = beside.auth_request("GET", PAYROLL_HOST, "/").bearer(&token);
    assert_eq!(question.send().status, 200);
    drop(held);
}
