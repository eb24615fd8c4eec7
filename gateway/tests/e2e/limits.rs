//! What one client may take from the others, and what becomes of those who want more.

use crate::site::load::Client;
use crate::site::{PAYROLL_HOST, Site, Stage};
use crossgate_testkit::certificate::Certificate;
use crossgate_testkit::node::client;
use crossgate_testkit::programs::wait_for;
use crossgate_testkit::raw;
use serde_json::json;
use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(10);

fn served(site: &Site) -> bool {
    let token = site.member().mint();
    site.payroll("/").bearer(&token).send().status == 200
}

#[test]
fn a_client_that_does_not_finish_its_head_is_let_go() {
    let site = Stage::new()
        .section("limits", "request_head_timeout = \"1s\"")
        .open();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for beginning in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: payroll"] {
            let site = &site;
            scope.spawn(move || {
                let answer = raw::send(site.gateway.proxy(), beginning.as_bytes(), 2 * SOON);
                assert_eq!(raw::statuses(&answer), [0; 0]);
            });
        }
        scope.spawn(|| {
            // It never pauses for long, and never comes to an end.
            let mut stream = TcpStream::connect(site.gateway.proxy()).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nX: ").unwrap();
            let dripped = (0..100).find(|_| {
                std::thread::sleep(Duration::from_millis(100));
                stream.write_all(b"x").is_err()
            });
            assert!(dripped.is_some(), "a dripping client was kept");
        });
        assert!(served(&site), "others wait for the slow ones");
    });
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!(site.upstream.requests(), 1);
}

#[test]
fn a_kept_connection_may_idle_longer_than_a_head_may_take() {
    let site = Stage::new()
        .section("limits", "request_head_timeout = \"1s\"")
        .open();
    let token = site.member().mint();
    let mut client = Client::connect(site.gateway.proxy(), PAYROLL_HOST, "/status/200", &token);
    assert_eq!(client.ask().unwrap().0, 200);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(client.ask().unwrap().0, 200);
}

#[test]
fn a_kept_connection_without_another_request_is_closed() {
    let limits = "request_head_timeout = \"1s\"\nidle_timeout = \"1s\"";
    let site = Stage::new().section("limits", limits).open();
    let token = site.member().mint();
    let request =
        format!("GET / HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\nAuthorization: Bearer {token}\r\n\r\n");
    std::thread::scope(|scope| {
        // Silent, and with the beginning of a next head.
        for rest in ["", "GET / HT"] {
            let (site, request) = (&site, &request);
            scope.spawn(move || {
                let begun = Instant::now();
                let answer = raw::send(
                    site.gateway.proxy(),
                    format!("{request}{rest}").as_bytes(),
                    2 * SOON,
                );
                assert_eq!(raw::statuses(&answer), [200]);
                assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
            });
        }
    });
}

#[test]
fn silent_tls_connections_are_counted_and_let_go() {
    let stage = Stage::new().section(
        "limits",
        "request_head_timeout = \"2s\"\nmax_connections = 20",
    );
    let certificate = Certificate::make(stage.directory(), &[PAYROLL_HOST, "localhost"]);
    let site = stage.section("listen.tls", &certificate.settings()).open();
    let connections = || site.gateway.metric("crossgate_connections", &[]);
    let silent: Vec<_> = (0..20)
        .map(|_| TcpStream::connect(site.gateway.proxy()).unwrap())
        .collect();
    wait_for("the silent ones to be counted", SOON, || {
        (connections() > 19.5).then_some(())
    });
    let beyond = raw::send(site.gateway.proxy(), b"", SOON);
    assert!(beyond.is_empty());
    wait_for("the silent ones to be let go", SOON, || {
        (connections() < 0.5).then_some(())
    });
    drop(silent);
}

#[test]
fn connections_beyond_the_limit_are_closed_and_those_within_are_served() {
    let site = Stage::new().section("limits", "max_connections = 3").open();
    let token = site.member().mint();
    let held: Vec<_> = (0..3)
        .map(|_| TcpStream::connect(site.gateway.proxy()).unwrap())
        .collect();
    wait_for("three connections", SOON, || {
        let open = site.gateway.metric("crossgate_connections", &[]);
        ((open - 3.0).abs() < 0.5).then_some(())
    });
    let request =
        format!("GET / HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\nAuthorization: Bearer {token}\r\n\r\n");
    let answer = raw::send(site.gateway.proxy(), request.as_bytes(), SOON);
    assert_eq!(String::from_utf8_lossy(&answer), "");
    assert_eq!(site.upstream.requests(), 0);

    drop(held);
    wait_for("room", SOON, || {
        let answer = raw::send(
            site.gateway.proxy(),
            request.as_bytes(),
            Duration::from_secs(1),
        );
        (raw::statuses(&answer) == [200]).then_some(())
    });
}

#[test]
fn a_head_beyond_the_limit_is_refused_and_one_within_is_not() {
    let site = Stage::new().open();
    let token = site.member().mint();
    let statuses = |padding: usize| {
        let padding = "x".repeat(padding);
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\nAuthorization: Bearer {token}\r\nX-Padding: {padding}\r\n\
             Connection: close\r\n\r\n"
        );
        let answer = raw::send(site.gateway.proxy(), request.as_bytes(), SOON);
        raw::statuses(&answer)
    };
    assert_eq!(statuses(10 << 10), [200]);
    assert_eq!(statuses(70 << 10), [431]);
    // Where parsing ends there is an answer or none, but never an upstream.
    let told = statuses(4 << 20);
    assert!(matches!(told[..], [] | [400 | 431]), "{told:?}");
    assert_eq!(site.upstream.requests(), 1);
    assert!(served(&site));
}

#[test]
fn requests_beyond_the_limit_are_answered_503_and_a_body_that_stops_makes_room() {
    let stage = Stage::new()
        .section("limits", "max_connections = 10\nidle_timeout = \"2s\"")
        .payroll("anonymous = true");
    let certificate = Certificate::make(stage.directory(), &[PAYROLL_HOST, "localhost"]);
    let site = stage.section("listen.tls", &certificate.settings()).open();
    let url = format!("https://localhost:{}", site.gateway.proxy().port());
    let stalled = json!({ "headers": { ":method": "POST", ":path": "/x", ":authority": PAYROLL_HOST }, "stall": true });
    let begun = Instant::now();
    let told = client(
        "h2-client.mjs",
        &json!({ "url": url, "ca": certificate.cert, "requests": vec![stalled; 30] }),
    );
    let answers = told["answers"].as_array().unwrap();
    let refused = answers.iter().filter(|answer| answer["status"] == 503);
    assert_eq!(refused.count(), 20, "{told}");
    assert!(begun.elapsed() < 2 * SOON, "{:?}", begun.elapsed());
    let request = json!({ "headers": { ":path": "/x", ":authority": PAYROLL_HOST } });
    let after = client(
        "h2-client.mjs",
        &json!({ "url": url, "ca": certificate.cert, "requests": [request] }),
    );
    assert_eq!(after["answers"][0]["status"], 200, "{after}");
}

#[test]
fn a_flood_of_cancelled_streams_ends_its_connection_and_harms_nobody() {
    const STREAMS: u64 = 100_000;
    let stage = Stage::new();
    let certificate = Certificate::make(stage.directory(), &[PAYROLL_HOST, "localhost"]);
    let site = stage.section("listen.tls", &certificate.settings()).open();
    let token = site.member().mint();
    let port = site.gateway.proxy().port();
    let told = client(
        "h2-flood.mjs",
        &json!({
            "url": format!("https://localhost:{port}"),
            "ca": certificate.cert,
            "authority": PAYROLL_HOST,
            "authorization": format!("Bearer {token}"),
            "streams": STREAMS,
        }),
    );
    assert_eq!(told["ended"], true, "{told}");
    let reached = site.upstream.requests();
    assert!(reached < STREAMS / 10, "{reached} of {told}");
    assert_eq!(site.gateway.operation("/livez").unwrap().0, 200);
    let url = format!("https://localhost:{port}");
    let request = json!({ "headers": {
        ":path": "/x", ":authority": PAYROLL_HOST, "authorization": format!("Bearer {token}"),
    } });
    let after = client(
        "h2-client.mjs",
        &json!({ "url": url, "ca": certificate.cert, "requests": [request] }),
    );
    assert_eq!(after["answers"][0]["status"], 200, "{after}");
}
