//! What an app and its clients rely on in a proxy: long connections, large bodies, HTTP/2, several upstreams.

use crate::site::{PAYROLL_HOST, Site, Stage};
use crossgate_testkit::certificate::Certificate;
use crossgate_testkit::curl::Curl;
use crossgate_testkit::gateway::OWN_TENANT;
use crossgate_testkit::node::client;
use crossgate_testkit::programs::{wait_for, wait_up_to};
use crossgate_testkit::upstream::{Upstream, header_values};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);
const MEBIBYTE: u64 = 1024 * 1024;

fn over_tls() -> (Site, PathBuf) {
    let stage = Stage::new();
    let certificate = Certificate::make(stage.directory(), &[PAYROLL_HOST, "localhost"]);
    (
        stage.section("listen.tls", &certificate.settings()).open(),
        certificate.cert,
    )
}

/// Memory that the gateway's process holds.
fn resident(site: &Site) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", site.gateway.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
        .unwrap()
        * 1024
}

fn websocket(site: &Site, headers: &Value) -> Value {
    let url = format!("ws://localhost:{}/socket", site.gateway.proxy().port());
    client(
        "ws-client.mjs",
        &json!({ "url": url, "headers": headers, "messages": ["one", "two"] }),
    )
}

#[test]
fn a_websocket_opens_with_a_token_only() {
    let site = Stage::new().open();
    let refused = websocket(&site, &json!({}));
    assert_eq!(
        (&refused["opened"], &refused["status"]),
        (&json!(false), &json!(401)),
        "{refused}"
    );
    assert_eq!(site.upstream.requests(), 0);

    let token = site.guest().mint();
    let headers =
        json!({ "Authorization": format!("Bearer {token}"), "X-Crossgate-Home-Tenant": "spoofed" });
    let opened = websocket(&site, &headers);
    assert_eq!(opened["received"], json!(["one", "two"]), "{opened}");
    assert_eq!(opened["code"], 1000);
    let seen = site.upstream.seen();
    assert_eq!(
        header_values(&seen[0], "X-Crossgate-Home-Tenant"),
        [crate::site::WINGTIP]
    );
}

#[test]
fn the_first_server_sent_event_arrives_before_the_stream_ends() {
    let site = Stage::new().open();
    let token = site.member().mint();
    let request = site.payroll("/sse?events=3").bearer(&token);
    let mut curl = request.command().stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(curl.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    // The upstream holds the second event back until it is told.
    assert_eq!(lines.next().as_deref(), Some("id: 0"));
    assert_eq!(lines.next().as_deref(), Some("data: event 0"));
    assert_eq!(site.upstream.open(), 1);
    site.upstream.release();
    let rest: Vec<String> = lines.collect();
    assert!(rest.contains(&"data: event 2".to_owned()), "{rest:?}");
    assert!(curl.wait().unwrap().success());
}

#[test]
fn a_large_upload_streams_through() {
    let site = Stage::new().open();
    let token = site.member().mint();
    let total = 256 * MEBIBYTE;
    let mut stream = TcpStream::connect(site.gateway.proxy()).unwrap();
    write!(
        stream,
        "PUT /upload HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\nAuthorization: Bearer {token}\r\nContent-Length: {total}\r\n\
         Connection: close\r\n\r\n"
    )
    .unwrap();
    let chunk = vec![7; usize::try_from(MEBIBYTE).unwrap()];
    for _ in 0..128 {
        stream.write_all(&chunk).unwrap();
    }
    wait_for("half of the upload", SOON, || {
        (site.upstream.uploaded() > 100 * MEBIBYTE).then_some(())
    });
    assert!(
        resident(&site) < 128 * MEBIBYTE,
        "{} bytes held",
        resident(&site)
    );
    for _ in 0..128 {
        stream.write_all(&chunk).unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains(&format!("\"bytes\":{total}")), "{answer}");
}

#[test]
fn a_large_download_waits_for_a_slow_reader() {
    let site = Stage::new().open();
    let token = site.member().mint();
    let total = 512 * MEBIBYTE;
    let mut stream = TcpStream::connect(site.gateway.proxy()).unwrap();
    write!(
        stream,
        "GET /stream?bytes={total} HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\nAuthorization: Bearer {token}\r\n\
         Connection: close\r\n\r\n"
    )
    .unwrap();
    let mut first = [0; 1024];
    stream.read_exact(&mut first).unwrap();
    assert!(first.starts_with(b"HTTP/1.1 200"));
    // A gateway that buffered would have the whole of it soon.
    let finished = wait_up_to(Duration::from_secs(3), || {
        (site.upstream.open() == 0).then_some(())
    });
    assert_eq!(
        finished, None,
        "the upstream could finish although nobody reads"
    );
    assert!(
        resident(&site) < 128 * MEBIBYTE,
        "{} bytes held",
        resident(&site)
    );
    let rest = std::io::copy(&mut stream, &mut std::io::sink()).unwrap();
    assert!(rest + 1024 > total, "{rest} bytes of {total}");
}

#[test]
fn both_protocol_versions_are_served_over_tls() {
    let (site, authority) = over_tls();
    let token = site.member().mint();
    for (argument, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let request = Curl::get_tls(site.gateway.proxy(), PAYROLL_HOST, "/x", &authority);
        let (answer, event) = site.ask(request.bearer(&token).argument(argument));
        assert_eq!(
            (answer.status, answer.version.as_str()),
            (200, version),
            "{answer:?}"
        );
        assert_eq!(
            header_values(&answer.json(), "X-Forwarded-Proto"),
            ["https"]
        );
        assert_eq!(event["status"]["errorCode"], 0);
        let request = Curl::get_tls(site.gateway.proxy(), PAYROLL_HOST, "/x", &authority);
        assert_eq!(site.ask(request.argument(argument)).0.status, 401);
    }
}

/// A client that has never been here.
fn tls_client(authority: &Path) -> Arc<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(authority).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    Arc::new(client.with_root_certificates(roots).with_no_client_auth())
}

/// Asks once without a token; answers how the handshake went.
fn ask_over(client: &Arc<rustls::ClientConfig>, site: &Site) -> rustls::HandshakeKind {
    let name = PAYROLL_HOST.try_into().unwrap();
    let mut session = rustls::ClientConnection::new(Arc::clone(client), name).unwrap();
    let mut socket = TcpStream::connect(site.gateway.proxy()).unwrap();
    let mut stream = rustls::Stream::new(&mut session, &mut socket);
    write!(
        stream,
        "GET / HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut line = String::new();
    BufReader::new(&mut stream).read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 401"), "{line}");
    session.handshake_kind().unwrap()
}

#[test]
fn a_client_that_comes_again_resumes_its_tls_session_however_many_came_between() {
    let (site, authority) = over_tls();
    let client = tls_client(&authority);
    assert_eq!(ask_over(&client, &site), rustls::HandshakeKind::Full);
    for _ in 0..300 {
        let stranger = ask_over(&tls_client(&authority), &site);
        assert_eq!(stranger, rustls::HandshakeKind::Full);
    }
    assert_eq!(ask_over(&client, &site), rustls::HandshakeKind::Resumed);
}

#[test]
fn sighup_takes_up_a_renewed_certificate_and_refuses_one_that_is_broken() {
    let (site, authority) = over_tls();
    let token = site.member().mint();
    let asked = |authority: &Path| {
        let request = Curl::get_tls(site.gateway.proxy(), PAYROLL_HOST, "/", authority);
        request.bearer(&token).send().status
    };
    assert_eq!(asked(&authority), 200);
    let kept = |name: &str| {
        let kept = site.gateway.directory().join(name);
        std::fs::copy(&authority, &kept).unwrap();
        kept
    };
    let first = kept("first.pem");

    let renewed = Certificate::make(site.gateway.directory(), &[PAYROLL_HOST, "localhost"]);
    assert_eq!(renewed.cert, authority);
    site.gateway.reload();
    wait_for("the renewed certificate", SOON, || {
        (asked(&authority) == 200).then_some(())
    });
    assert_ne!(asked(&first), 200);
    let second = kept("second.pem");

    std::fs::write(&authority, "no PEM").unwrap();
    site.gateway.reload();
    wait_for("the refusal", SOON, || {
        let metric = "crossgate_policy_reloads_total";
        let refused = site.gateway.metric(metric, &["result=\"error\""]);
        (refused > 0.5).then_some(())
    });
    assert_eq!(asked(&second), 200);
    let log = site.gateway.log();
    assert!(log.contains("tls-cert.pem"), "{log}");
}

#[test]
fn streams_of_one_connection_are_decided_one_by_one() {
    let (site, authority) = over_tls();
    let token = site.member().mint();
    let authorization = format!("Bearer {token}");
    let requests: Vec<Value> = (0..40)
        .map(|number| match number % 4 {
            0 => json!({ "headers": { ":path": "/x" } }),
            1 => json!({ "headers": { ":path": "/x", "authorization": authorization } }),
            2 => json!({
                "headers": { ":path": "/x", ":method": "POST", "authorization": authorization, "x_crossgate_home_tenant": "spoofed" },
                "body": "hello",
                "trailers": { "x-crossgate-home-tenant": "spoofed", "x-ms-client-principal-id": "spoofed" },
            }),
            _ => json!({ "headers": { ":path": "/x", "authorization": "Bearer x" } }),
        })
        .collect();
    let url = format!("https://localhost:{}", site.gateway.proxy().port());
    let told = client(
        "h2-client.mjs",
        &json!({ "url": url, "ca": authority, "requests": requests }),
    );
    assert_eq!(told["protocol"], "h2", "{told}");
    for (number, answer) in told["answers"].as_array().unwrap().iter().enumerate() {
        let status = if matches!(number % 4, 1 | 2) {
            200
        } else {
            401
        };
        assert_eq!(answer["status"], status, "{number}: {answer}");
    }
    let seen = Value::from(site.upstream.seen());
    assert_eq!(seen.as_array().unwrap().len(), 20);
    assert!(!seen.to_string().contains("spoofed"), "{seen}");
    for request in seen.as_array().unwrap() {
        assert_eq!(
            header_values(request, "X-Crossgate-Home-Tenant"),
            [OWN_TENANT]
        );
    }
}

#[test]
fn requests_go_to_the_upstreams_in_turn() {
    let second = Upstream::start();
    let stage = Stage::new();
    let first = stage.upstream.address().to_owned();
    let site = stage.payroll_upstreams(&[&first, second.address()]).open();
    let token = site.member().mint();
    for _ in 0..10 {
        assert_eq!(site.payroll("/").bearer(&token).send().status, 200);
    }
    assert_eq!((site.upstream.requests(), second.requests()), (5, 5));
}

#[test]
fn a_dead_upstream_is_left_out_until_it_is_back() {
    let second = Upstream::start();
    let stage = Stage::new();
    let first = stage.upstream.address().to_owned();
    let site = stage.payroll_upstreams(&[&first, second.address()]).open();
    let token = site.member().mint();
    let ten_succeed = || (0..10).all(|_| site.payroll("/").bearer(&token).send().status == 200);

    second.go_down();
    wait_for(
        "the dead upstream to be left out",
        Duration::from_secs(30),
        || ten_succeed().then_some(()),
    );
    let before = second.requests();
    second.come_up();
    wait_for("the upstream that is back", Duration::from_secs(30), || {
        (ten_succeed() && second.requests() > before).then_some(())
    });
}

#[test]
fn an_app_without_a_live_upstream_is_a_bad_gateway_and_still_an_event() {
    let site = Stage::new().open();
    let token = site.member().mint();
    site.upstream.go_down();
    let (answer, event) = site.ask(site.payroll("/").bearer(&token));
    assert!(matches!(answer.status, 502 | 503), "{answer:?}");
    assert_eq!(event["status"]["errorCode"], 0, "the decision was to admit");
}
