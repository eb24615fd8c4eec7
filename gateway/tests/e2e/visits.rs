//! Whoever waits at our own pages takes nothing from those who call apps.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::site::{PAYROLL_HOST, Stage};

/// More than there is room for.
const VISITORS: usize = 1100;

#[test]
fn strangers_who_never_finish_their_forms_keep_nobody_from_an_app() {
    let site = Stage::new()
        .payroll("sign_in = true")
        .entries(
            "[[provider]]\nname = \"fabrikam\"\nissuer = \"fabrikam\"\nclient_id = \"gateway\"\n",
        )
        .section("portal", "store = \"portal.db\"")
        .section("listen", "trusted_proxies = [\"127.0.0.0/8\"]")
        .open();
    let mut waiting = Vec::new();
    let mut turned_away = 0;
    for _ in 0..VISITORS {
        let mut visitor = TcpStream::connect(site.gateway.proxy()).unwrap();
        let head = format!(
            "POST /.crossgate/back-channel-logout/fabrikam HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\n\
             X-Forwarded-Proto: https\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: 1000\r\n\r\nlogout_token="
        );
        visitor.write_all(head.as_bytes()).unwrap();
        waiting.push(visitor);
    }
    std::thread::sleep(Duration::from_secs(2));
    for visitor in &mut waiting {
        visitor.set_nonblocking(true).unwrap();
        let mut start = [0; 12];
        if visitor.read_exact(&mut start).is_ok() {
            assert_eq!(&start, b"HTTP/1.1 503");
            turned_away += 1;
        }
    }
    assert!((50..=100).contains(&turned_away), "{turned_away}");
    let answer = site.payroll("/a").bearer(&site.member().mint()).send();
    assert_eq!(answer.status, 200);
}
