//! Tokens are carried, never written down.

use crate::site::{PAYROLL_HOST, Stage};
use crossgate_testkit::raw;
use std::time::Duration;

/// What nobody but the issuer can make: the last part of a token.
fn signature(token: &str) -> &str {
    token.rsplit('.').next().unwrap()
}

#[test]
fn a_token_is_found_in_no_answer_log_event_or_metric() {
    // Once forwarded, the upstream echoes what it got; so it gets no token here.
    let site = Stage::new().payroll("forward_authorization = false").open();
    let good = site.member().mint();
    let expired = site.member().fault("expired").mint();
    let forged = site.member().fault("bad-signature").mint();
    let unknown = site.member().fault("unknown-kid").mint();
    let blocked = site.direct().mint();
    let tokens = [&good, &expired, &forged, &unknown, &blocked];

    let mut answers = Vec::new();
    for token in tokens {
        let plain = site.payroll("/").bearer(token);
        let twice = site
            .payroll("/")
            .bearer(token)
            .header("Authorization", &format!("Bearer {token}"));
        let odd = site
            .payroll("/")
            .header("Authorization", &format!("Bearer {token} {token}"));
        let browser = site
            .payroll("/")
            .bearer(token)
            .header("Accept", "text/html");
        let elsewhere = site.payroll(&format!("/?access_token={token}"));
        let unknown_host =
            crossgate_testkit::curl::Curl::get(site.gateway.proxy(), "nowhere.example", "/")
                .bearer(token);
        for request in [plain, twice, odd, browser, elsewhere, unknown_host] {
            let answer = request.send();
            answers.push(format!("{:?} {}", answer, answer.text()));
        }
        // Cut short, so that the framework has something to say about it.
        let head = format!(
            "GET / HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\nAuthorization: Bearer {token}\r\n bad"
        );
        let answer = raw::send(
            site.gateway.proxy(),
            format!("{head}\r\n\r\n").as_bytes(),
            Duration::from_secs(1),
        );
        answers.push(String::from_utf8_lossy(&answer).into_owned());
    }
    site.upstream.go_down();
    answers.push(format!("{:?}", site.payroll("/").bearer(&good).send()));

    let (_, metrics) = site.gateway.operation("/metrics").unwrap();
    let stopped = site.gateway.stop();
    assert!(stopped.events.len() > 30, "{}", stopped.events.len());
    let events = serde_json::Value::from(stopped.events).to_string();
    for token in tokens {
        let secret = signature(token);
        for (place, text) in [
            ("answers", answers.join("\n")),
            ("log", stopped.log.clone()),
            ("events", events.clone()),
            ("metrics", metrics.clone()),
        ] {
            assert!(!text.contains(secret), "{secret} in the {place}: {text}");
        }
    }
}

#[test]
fn what_cannot_be_read_on_the_listeners_of_operators_is_not_written_down() {
    let site = Stage::new().with_store().open();
    let token = site.administrator(crate::site::admin::GLOBAL_ADMINISTRATOR);
    let break_glass = "cgx_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for secret in [token.as_str(), break_glass] {
        for listener in [site.gateway.admin(), site.gateway.operations()] {
            let long = format!("X: {}", "y".repeat(100_000));
            for odd in ["X: \0", "X\u{1}: y", " folded", "Content-Length: x", &long] {
                let head = format!(
                    "GET /v1.0/organization HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {secret}\r\n{odd}\r\n\r\n"
                );
                let answer = raw::send(listener, head.as_bytes(), Duration::from_secs(1));
                let answer = String::from_utf8_lossy(&answer).into_owned();
                assert!(!answer.contains(secret), "{answer}");
            }
        }
    }
    let log = site.gateway.stop().log;
    for secret in [signature(&token), break_glass] {
        assert!(!log.contains(secret), "{log}");
    }
}
