//! HTTP/1 as other projects found it abused: third-party vectors thrown at the front door.

use crate::site::{PAYROLL_HOST, Site, Stage};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossgate_testkit::raw;
use crossgate_testkit::upstream::header_values;
use serde_json::Value;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The lines of a vector file; `None`, said aloud, where the vectors do not stand beside the project.
fn vectors(file: &str, member: &str) -> Option<Vec<Vec<u8>>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/vectors/http1")
        .join(file);
    if !path.is_file() {
        println!("skipped: there is no {}", path.display());
        return None;
    }
    let text = std::fs::read_to_string(path).unwrap();
    let bytes = |line| {
        let vector: Value = serde_json::from_str(line).unwrap();
        STANDARD.decode(vector[member].as_str().unwrap()).unwrap()
    };
    Some(text.lines().map(bytes).collect())
}

/// Sends all of them, several at once.
fn throw(site: &Site, requests: &[Vec<u8>]) {
    const HANDS: usize = 24;
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..HANDS {
            scope.spawn(|| {
                while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let _ = raw::send(site.gateway.proxy(), request, Duration::from_millis(400));
                }
            });
        }
    });
}

/// The gateway lives on, in the same process, and still does its work.
fn unharmed(site: &Site) {
    assert_eq!(site.gateway.operation("/livez").unwrap().0, 200);
    assert!(
        !site.gateway.log().contains("panicked"),
        "{}",
        site.gateway.log()
    );
    let token = site.member().mint();
    assert_eq!(site.payroll("/").bearer(&token).send().status, 200);
}

#[test]
fn requests_that_parsers_disagree_about_reach_no_app_and_do_no_harm() {
    let Some(mut requests) = vectors("llhttp_requests.jsonl", "raw_b64") else {
        return;
    };
    requests.extend(vectors("httparse_requests.jsonl", "raw_b64").unwrap());
    let site = Stage::new().open();
    throw(&site, &requests);
    assert_eq!(site.upstream.requests(), 0, "{:#?}", site.upstream.seen());
    unharmed(&site);
}

#[test]
fn a_smuggled_request_never_reaches_the_app() {
    let Some(lines) = vectors("smuggler_te_mutations.jsonl", "line_b64") else {
        return;
    };
    let site = Stage::new().open();
    let token = site.member().mint();
    let smuggled = format!("GET /smuggled HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\nX: y\r\n\r\n");
    let requests: Vec<Vec<u8>> = lines
        .iter()
        .flat_map(|line| {
            let request = |length: usize, body: &str| {
                let mut bytes = format!(
                    "POST /outer HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\nAuthorization: Bearer {token}\r\n\
                     Content-Length: {length}\r\n"
                )
                .into_bytes();
                bytes.extend_from_slice(line);
                bytes.extend_from_slice(b"\r\n\r\n");
                bytes.extend_from_slice(body.as_bytes());
                bytes
            };
            // One reader goes by the length, the other by the chunks; either may be the gateway.
            let chunked_first = format!("0\r\n\r\n{smuggled}");
            let length_first = format!("{:x}\r\n{smuggled}\r\n0\r\n\r\n", smuggled.len());
            let size_line = length_first.find('\n').unwrap() + 1;
            [request(chunked_first.len(), &chunked_first), request(size_line, &length_first)]
        })
        .collect();
    throw(&site, &requests);
    for seen in site.upstream.seen() {
        assert_eq!(seen["target"], "/outer", "{seen:#}");
        let authorization = header_values(&seen, "Authorization");
        assert_eq!(authorization, [format!("Bearer {token}")], "{seen:#}");
    }
    unharmed(&site);
}
