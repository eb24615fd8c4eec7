//! Whoever waits at our own pages takes nothing from those who call apps, nor from people of other networks.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::site::{PAYROLL_HOST, Site, Stage};

/// More than there is room for.
const VISITORS: usize = 1100;

fn site() -> Site {
    Stage::new()
        .payroll("sign_in = true")
        .entries(
            "[[provider]]\nname = \"fabrikam\"\nissuer = \"fabrikam\"\nclient_id = \"gateway\"\n",
        )
        .section("portal", "store = \"portal.db\"")
        .section("listen", "trusted_proxies = [\"127.0.0.0/8\"]")
        .open()
}

/// Visitors who never finish their forms, and how many of them were turned away.
fn flood(site: &Site, network: impl Fn(usize) -> usize) -> (Vec<TcpStream>, usize) {
    let mut waiting = Vec::new();
    for number in 0..VISITORS {
        let mut visitor = TcpStream::connect(site.gateway.proxy()).unwrap();
        let head = format!(
            "POST /.crossgate/sign-in HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\nX-Forwarded-Proto: https\r\n\
             X-Forwarded-For: 198.51.100.{}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: 1000\r\n\r\nemail=",
            network(number)
        );
        visitor.write_all(head.as_bytes()).unwrap();
        waiting.push(visitor);
    }
    std::thread::sleep(Duration::from_secs(2));
    let mut turned_away = 0;
    for visitor in &mut waiting {
        visitor.set_nonblocking(true).unwrap();
        let mut start = [0; 12];
        if visitor.read_exact(&mut start).is_ok() {
            assert_eq!(&start, b"HTTP/1.1 503");
            turned_away += 1;
        }
    }
    (waiting, turned_away)
}

#[test]
fn strangers_who_never_finish_their_forms_keep_nobody_from_an_app() {
    let site = site();
    let (_waiting, turned_away) = flood(&site, |number| number / 50);
    assert!((50..=100).contains(&turned_away), "{turned_away}");
    let answer = site.payroll("/a").bearer(&site.member().mint()).send();
    assert_eq!(answer.status, 200);
}

#[test]
fn one_network_of_them_keeps_nobody_else_from_signing_in_or_a_provider_from_ending_sessions() {
    let site = site();
    let (_waiting, turned_away) = flood(&site, |_| 1);
    assert!(turned_away > VISITORS - 100, "{turned_away}");
    for place in ["sign-in", "back-channel-logout/fabrikam"] {
        let call = site
            .payroll(&format!("/.crossgate/{place}"))
            .header("X-Forwarded-Proto", "https")
            .header("X-Forwarded-For", "203.0.113.7")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .method("POST")
            .body("logout_token=a.b.c");
        let answer = call.send();
        assert_eq!(answer.status, 400, "{place}: {}", answer.text());
    }
}
