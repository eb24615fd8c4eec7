//! Requests made to be misread: headers, targets and methods that must not get a caller what the policy does not.

use crate::site::{PAYROLL_HOST, Site, Stage};
use crossgate_testkit::gateway::OWN_TENANT;
use crossgate_testkit::raw;
use crossgate_testkit::upstream::header_values;
use serde_json::{Value, json};
use std::time::Duration;

/// Names that only the gateway may fill.
pub const IDENTITY: [&str; 8] = [
    "X-MS-CLIENT-PRINCIPAL",
    "X-MS-CLIENT-PRINCIPAL-ID",
    "X-MS-CLIENT-PRINCIPAL-NAME",
    "X-MS-CLIENT-PRINCIPAL-IDP",
    "X-Crossgate-Home-Tenant",
    "X-Crossgate-Access-Type",
    "X-Crossgate-Assertion",
    "X-Correlation-Id",
];

/// Names that only a trusted proxy may fill.
const FORWARDED: [&str; 4] = [
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "Forwarded",
];

/// Every way to write a name that some server would take for it.
pub fn spellings(name: &str) -> Vec<String> {
    vec![
        name.to_owned(),
        name.to_ascii_lowercase(),
        name.to_ascii_uppercase(),
        name.replace('-', "_"),
        name.to_ascii_lowercase().replace('-', "_"),
        name.replace('-', "."),
        name.replace('-', "~"),
        // The first separator only: half a spelling is one too.
        name.replacen('-', "_", 1),
        name.replacen('-', ".", 1),
    ]
}

#[track_caller]
fn nothing_spoofed(seen: &Value) {
    assert!(!seen.to_string().contains("spoofed"), "{seen:#}");
}

fn raw_request(site: &Site, request: &str) -> Vec<u16> {
    raw::statuses(&raw::send(
        site.gateway.proxy(),
        request.as_bytes(),
        Duration::from_secs(2),
    ))
}

#[test]
fn client_supplied_identity_headers_never_reach_the_upstream() {
    let site = Stage::new().open();
    let token = site.member().mint();
    for name in IDENTITY.iter().chain(&FORWARDED) {
        let mut request = site.payroll("/").bearer(&token);
        for spelling in spellings(name) {
            request = request
                .header(&spelling, "spoofed")
                .header(&spelling, "spoofed again");
        }
        let (answer, _) = site.ask(request);
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
        nothing_spoofed(&answer.json());
    }
}

#[test]
fn an_identity_header_named_in_connection_is_still_ours() {
    let site = Stage::new().open();
    let token = site.member().mint();
    for name in IDENTITY {
        let request = site.payroll("/").bearer(&token).header(name, "spoofed");
        let (answer, _) = site.ask(request.header("Connection", &format!("close, {name}")));
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
        nothing_spoofed(&answer.json());
        assert_eq!(
            header_values(&answer.json(), "X-Crossgate-Home-Tenant"),
            [OWN_TENANT],
            "{name}"
        );
        assert_eq!(
            header_values(&answer.json(), "X-Crossgate-Access-Type"),
            ["none"],
            "{name}"
        );
    }
}

#[test]
fn identity_headers_in_trailers_never_reach_the_upstream() {
    let site = Stage::new().open();
    let token = site.member().mint();
    let statuses = raw_request(
        &site,
        &format!(
            "POST / HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\nAuthorization: Bearer {token}\r\nTE: trailers\r\n\
             Trailer: X-Crossgate-Home-Tenant\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
             5\r\nhello\r\n0\r\nX-Crossgate-Home-Tenant: spoofed\r\nX-MS-CLIENT-PRINCIPAL-ID: spoofed\r\n\r\n"
        ),
    );
    // Refusing trailers is as good as dropping them.
    assert!(matches!(statuses[..], [200] | [400]), "{statuses:?}");
    nothing_spoofed(&site.upstream.seen().into());
}

#[test]
fn an_anonymous_request_carries_no_identity() {
    let site = Stage::new().payroll("anonymous = true").open();
    let mut request = site.payroll("/");
    for name in IDENTITY {
        request = request.header(name, "spoofed");
    }
    let (answer, event) = site.ask(request);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(event["crossTenantAccessType"], "passthrough");
    nothing_spoofed(&answer.json());
    for name in IDENTITY.iter().filter(|&&name| name != "X-Correlation-Id") {
        assert_eq!(
            header_values(&answer.json(), name),
            Vec::<&str>::new(),
            "{name}"
        );
    }
}

#[test]
fn forwarded_headers_are_believed_from_trusted_proxies_only() {
    let from = |stage: Stage| {
        let site = stage.open();
        let token = site.member().mint();
        let request = site.payroll("/").bearer(&token);
        let (answer, event) = site.ask(request.header("X-Forwarded-For", "203.0.113.4"));
        assert_eq!(answer.status, 200, "{answer:?}");
        let told = header_values(&answer.json(), "X-Forwarded-For").join(", ");
        (event["ipAddress"].as_str().unwrap().to_owned(), told)
    };
    let (address, told) = from(Stage::new());
    assert_eq!(
        (address.as_str(), told.as_str()),
        ("127.0.0.1", "127.0.0.1")
    );
    let (address, told) =
        from(Stage::new().section("listen", "trusted_proxies = [\"127.0.0.0/8\"]"));
    assert_eq!(address, "203.0.113.4");
    assert!(told.starts_with("203.0.113.4"), "{told}");
}

#[test]
fn an_upgrade_that_is_no_websocket_handshake_is_not_passed_on() {
    let site = Stage::new().open();
    let token = site.member().mint();
    for (upgrade, connection) in [
        ("websocket", "keep-alive"),
        ("x", "Upgrade"),
        ("h2c", "Upgrade"),
    ] {
        let request = site.payroll("/x").bearer(&token);
        let request = request.header("Upgrade", upgrade);
        let (answer, _) = site.ask(request.header("Connection", connection));
        assert_eq!(answer.status, 200, "{answer:?}");
        let told = answer.json();
        let seen = header_values(&told, "Upgrade");
        assert!(seen.is_empty(), "{upgrade} {connection}: {seen:?}");
    }
}

#[test]
fn the_token_is_passed_on_only_where_the_app_wants_it() {
    let site = Stage::new().open();
    let token = site.member().mint();
    let (answer, _) = site.ask(site.payroll("/").bearer(&token));
    assert_eq!(
        header_values(&answer.json(), "Authorization"),
        [format!("Bearer {token}")]
    );

    let site = Stage::new().payroll("forward_authorization = false").open();
    let token = site.member().mint();
    let (answer, _) = site.ask(site.payroll("/").bearer(&token));
    assert!(!answer.text().contains(&token), "{}", answer.text());
}

#[test]
fn two_authorization_headers_are_refused() {
    let site = Stage::new().open();
    let token = site.member().mint();
    for second in [
        format!("Bearer {token}"),
        "Basic YTpi".to_owned(),
        "Bearer x".to_owned(),
    ] {
        for name in ["Authorization", "authorization"] {
            let request = site.payroll("/").bearer(&token).header(name, &second);
            let (answer, _) = site.ask(request);
            assert_eq!(answer.status, 401, "{second}: {answer:?}");
        }
    }
    assert_eq!(site.upstream.requests(), 0);
}

#[test]
fn a_token_in_the_query_or_a_cookie_is_not_read() {
    let site = Stage::new().open();
    let token = site.member().mint();
    site.expect(
        "query",
        site.payroll(&format!("/?access_token={token}")),
        401,
        50_058,
    );
    let cookie = site
        .payroll("/")
        .header("Cookie", &format!("access_token={token}"));
    site.expect("cookie", cookie, 401, 50_058);
    let basic = site.payroll("/").header("Authorization", "Basic YTpi");
    assert_eq!(site.ask(basic).0.status, 401);
    assert_eq!(site.upstream.requests(), 0);
}

#[test]
fn every_method_needs_a_token() {
    let site = Stage::new().open();
    let token = site.member().mint();
    for method in [
        "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND",
    ] {
        let (answer, _) = site.ask(site.payroll("/").method(method));
        assert!(matches!(answer.status, 401 | 405), "{method}: {answer:?}");
    }
    assert_eq!(site.upstream.requests(), 0);
    let (answer, _) = site.ask(site.payroll("/").method("OPTIONS").bearer(&token));
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn a_cors_preflight_is_answered_here_and_only_where_the_app_opens_it() {
    let preflight = |site: &Site| {
        site.payroll("/")
            .method("OPTIONS")
            .header("Origin", "https://spa.contoso.com")
            .header("Access-Control-Request-Method", "PUT")
            .header("Access-Control-Request-Headers", "authorization")
    };
    let closed = Stage::new().open();
    assert_eq!(closed.ask(preflight(&closed)).0.status, 401);

    let open = Stage::new().payroll("cors_preflight = true").open();
    let answer = preflight(&open).send();
    assert!(matches!(answer.status, 200 | 204), "{answer:?}");
    assert!(
        answer.header("access-control-allow-methods").is_some(),
        "{answer:?}"
    );
    assert_eq!(
        open.payroll("/").method("OPTIONS").send().status,
        401,
        "no preflight, no exception"
    );
    assert_eq!(open.upstream.requests(), 0);
}

#[test]
fn a_target_that_names_another_host_than_the_host_header_is_refused() {
    let site = Stage::new().open();
    let token = site.member().mint();
    let rest = format!("Authorization: Bearer {token}\r\nConnection: close\r\n\r\n");
    for head in [
        format!("GET http://other.contoso.com/ HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\n"),
        format!("GET http://{PAYROLL_HOST}/ HTTP/1.1\r\nHost: other.contoso.com\r\n"),
        format!("GET http://ada@{PAYROLL_HOST}/ HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\nHost: {PAYROLL_HOST}\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\nHost: other.contoso.com\r\n"),
        "GET / HTTP/1.1\r\n".to_owned(),
    ] {
        let statuses = raw_request(&site, &format!("{head}{rest}"));
        assert_eq!(statuses, [400], "{head}");
    }
    assert_eq!(site.upstream.requests(), 0);
    let same = format!("GET http://{PAYROLL_HOST}/x HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\n{rest}");
    assert_eq!(raw_request(&site, &same), [200]);
}

#[test]
fn a_path_that_two_readers_could_take_differently_is_refused() {
    let site = Stage::new().open();
    let token = site.member().mint();
    for path in [
        "/a/../b",
        "/a/./b",
        "/..",
        "/a/%2e%2e/b",
        "/a/%2E%2e/b",
        "/a/.%2e/b",
        "/a/%2e/b",
        "//a",
        "/a//b",
        "/a%2fb",
        "/a%2Fb",
        "/a%5cb",
        "/a\\b",
        "/a;b/c",
        "/a/..;/b",
        "/a%3bb",
        "/a%00b",
        "/a%",
        "/a%zz",
        "/a%252e%252e/b",
        "/a%09b",
    ] {
        let (answer, _) = site.ask(site.payroll(path).bearer(&token));
        assert_eq!(answer.status, 400, "{path}: {answer:?}");
    }
    assert_eq!(site.upstream.requests(), 0);
}

#[test]
fn the_upstream_gets_the_path_that_chose_the_app() {
    let upstream = crossgate_testkit::upstream::Upstream::start();
    let admin = format!(
        r#"
[[app]]
id = "aaaaaaaa-0000-4000-8000-000000000009"
name = "Payroll administration"
hosts = ["{PAYROLL_HOST}"]
paths = ["/admin"]
audiences = ["api://payroll-admin"]
upstreams = ["{}"]
"#,
        upstream.address()
    );
    let site = Stage::new().entries(&admin).open();
    let token = site.member().mint();
    let admin_token = site.member().audience("api://payroll-admin").mint();
    for path in ["/admin", "/admin/", "/admin/x", "/admin?x=/"] {
        site.expect(path, site.payroll(path).bearer(&token), 401, 50_010);
        let (answer, _) = site.ask(site.payroll(path).bearer(&admin_token));
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert_eq!(answer.json()["target"], path);
    }
    for path in ["/", "/x", "/caf%C3%A9?q=%2F..%2F", "/a.b/c-d_e~f"] {
        let (answer, _) = site.ask(site.payroll(path).bearer(&token));
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert_eq!(answer.json()["target"], path);
    }
    assert_eq!((upstream.requests(), site.upstream.requests()), (4, 4));
}

#[test]
fn the_assertion_verifies_with_an_independent_library() {
    let site = Stage::new().open();
    let token = site.guest().mint();
    let (answer, event) = site.ask(site.payroll("/").bearer(&token));
    let told = answer.json();
    let assertion = header_values(&told, "X-Crossgate-Assertion");
    let port = site.gateway.proxy().port();
    let verified = crossgate_testkit::node::client(
        "verify.mjs",
        &json!({
            "token": assertion[0],
            "jwks": format!("http://localhost:{port}/.well-known/crossgate/jwks.json"),
            "audience": crate::site::PAYROLL,
        }),
    );
    assert_eq!(verified["header"]["alg"], "ES256", "{verified}");
    let claims = &verified["claims"];
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 300, "{claims}");
    assert!(
        claims.to_string().contains(crate::site::WINGTIP),
        "{claims}"
    );
    assert_eq!(event["status"]["errorCode"], 0);
    // A token of ours is none for the door itself.
    let (answer, _) = site.ask(site.payroll("/").bearer(assertion[0]));
    assert_eq!(answer.status, 401, "{answer:?}");
}

#[test]
fn a_token_for_another_app_does_not_open_this_one() {
    let site = Stage::new().open();
    let token = site
        .fabrikam
        .client_token("https://treasury.contoso.example");
    site.expect("audience", site.payroll("/").bearer(&token), 401, 50_010);
}
