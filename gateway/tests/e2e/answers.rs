//! What becomes of a request whose upstream, or whose client, does not keep to what is usual.

use crate::site::{PAYROLL_HOST, Site, Stage};
use crossgate_testkit::programs::wait_for;
use crossgate_testkit::raw;
use crossgate_testkit::upstream::Upstream;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

/// An upstream that writes these bytes, one string for each read, and then closes. Counts `POST`s.
fn scripted(answers: &'static [&'static str]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let posts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&posts);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, counted) = (stream.unwrap(), Arc::clone(&counted));
            std::thread::spawn(move || {
                let mut buffer = [0; 16 * 1024];
                for answer in answers.iter().chain([&""]) {
                    let Ok(read @ 1..) = stream.read(&mut buffer) else {
                        return;
                    };
                    let post = buffer[..read].starts_with(b"POST ");
                    counted.fetch_add(usize::from(post), Ordering::SeqCst);
                    stream.write_all(answer.as_bytes()).unwrap();
                }
            });
        }
    });
    (address, posts)
}

fn head(site: &Site, line: &str) -> String {
    let token = site.member().mint();
    format!("{line} HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\nAuthorization: Bearer {token}\r\n")
}

fn statuses(site: &Site, request: &str) -> Vec<u16> {
    raw::statuses(&raw::send(site.gateway.proxy(), request.as_bytes(), SOON))
}

/// The status that the one event of the site tells.
fn recorded(site: &Site) -> Value {
    let event = wait_for("the event", SOON, || site.gateway.events().first().cloned());
    assert_eq!(site.gateway.events().len(), 1);
    event["crossgate"]["httpStatus"].clone()
}

#[test]
fn a_post_that_asks_for_a_websocket_keeps_its_limits() {
    let site = Stage::new()
        .section("limits", "max_request_body = \"1KiB\"")
        .open();
    let body = "x".repeat(4096);
    let request = format!(
        "{}Upgrade: websocket\r\nConnection: upgrade\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n{body}\r\n0\r\n\r\n",
        head(&site, "POST /")
    );
    assert_eq!(statuses(&site, &request), [413]);
}

#[test]
fn a_websocket_may_be_silent_for_longer_than_other_answers() {
    let limits = "upstream_read_timeout = \"1s\"\nupstream_write_timeout = \"1s\"\nidle_timeout = \"1s\"\nmax_request_body = \"1\"";
    let site = Stage::new().section("limits", limits).open();
    let mut stream = TcpStream::connect(site.gateway.proxy()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let request = format!(
        "{}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        head(&site, "GET /socket")
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    assert_eq!(raw::statuses(&answer), [101]);
    assert_eq!(recorded(&site), 101, "while it is open");
    std::thread::sleep(Duration::from_secs(3));
    // A text frame of one letter, masked with zeros; it comes back unmasked.
    stream.write_all(b"\x81\x81\0\0\0\0x").unwrap();
    let mut echo = [0; 3];
    stream.read_exact(&mut echo).unwrap();
    assert_eq!(&echo, b"\x81\x01x");
    drop(stream);
    wait_for("its end", SOON, || {
        let ended = site
            .gateway
            .metric("crossgate_request_duration_seconds_count", &[]);
        (ended > 0.5).then_some(())
    });
    assert_eq!(recorded(&site), 101);
}

#[test]
fn a_failure_after_early_hints_is_answered() {
    let (upstream, _) = scripted(&["HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "HTTP"]);
    let site = Stage::new()
        .payroll_upstreams(&[&upstream])
        .section("limits", "upstream_read_timeout = \"1s\"")
        .open();
    let request = format!("{}Connection: close\r\n\r\n", head(&site, "GET /"));
    assert_eq!(statuses(&site, &request), [103, 504]);
    assert_eq!(recorded(&site), 504);
}

#[test]
fn a_post_goes_to_another_upstream_where_nothing_was_sent() {
    let second = Upstream::start();
    let stage = Stage::new();
    let first = stage.upstream.address().to_owned();
    let site = stage.payroll_upstreams(&[&first, second.address()]).open();
    let request = format!(
        "{}Content-Length: 5\r\nConnection: close\r\n\r\nhello",
        head(&site, "POST /")
    );
    second.go_down();
    for _ in 0..2 {
        assert_eq!(statuses(&site, &request), [200]);
    }
}

#[test]
fn a_post_that_was_sent_is_not_repeated() {
    // Kept open after the first answer, and closed at the second request.
    let (upstream, posts) = scripted(&["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]);
    let site = Stage::new().payroll_upstreams(&[&upstream]).open();
    let request = format!("{}Connection: close\r\n\r\n", head(&site, "GET /"));
    assert_eq!(statuses(&site, &request), [200]);
    let request = format!(
        "{}Content-Length: 0\r\nConnection: close\r\n\r\n",
        head(&site, "POST /")
    );
    assert_eq!(statuses(&site, &request), [502]);
    assert_eq!(posts.load(Ordering::SeqCst), 1);
}

#[test]
fn a_body_that_is_sent_twice_is_held_against_the_limit_once() {
    // The second request on a connection meets a close, and is repeated on another.
    let (upstream, _) = scripted(&["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]);
    let site = Stage::new()
        .section("limits", "max_request_body = \"1KiB\"")
        .payroll_upstreams(&[&upstream])
        .open();
    let request = format!("{}Connection: close\r\n\r\n", head(&site, "GET /"));
    assert_eq!(statuses(&site, &request), [200]);
    let request = format!(
        "{}Content-Length: 700\r\nConnection: close\r\n\r\n{}",
        head(&site, "PUT /"),
        "x".repeat(700)
    );
    assert_eq!(statuses(&site, &request), [200]);
}

#[test]
fn open_streams_hold_no_room_in_the_queue() {
    let site = Stage::new().section("sign_ins", "queue = 2").open();
    let request = format!("{}\r\n", head(&site, "GET /sse?events=2"));
    let mut streams = Vec::new();
    for opened in 1..=4 {
        let mut stream = TcpStream::connect(site.gateway.proxy()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut start = [0; 12];
        stream.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 200", "stream {opened}");
        streams.push(stream);
        wait_for("the writer", SOON, || {
            let requests = site.gateway.metric("crossgate_requests_total", &[]);
            let waiting = site.gateway.metric("crossgate_sign_in_queue_depth", &[]);
            (requests > f64::from(opened) - 0.5 && waiting < 0.5).then_some(())
        });
    }
    drop(streams);
    wait_for("their ends", SOON, || {
        (site.upstream.open() == 0).then_some(())
    });
    let requests = site.gateway.metric("crossgate_requests_total", &[]);
    assert!((requests - 4.0).abs() < 0.5, "{requests}");
}

#[test]
fn a_client_that_pauses_within_its_body_is_told_that_it_took_too_long() {
    let site = Stage::new()
        .section("limits", "idle_timeout = \"1s\"")
        .open();
    let request = format!("{}Content-Length: 10\r\n\r\nabc", head(&site, "POST /"));
    assert_eq!(statuses(&site, &request), [408]);
    assert_eq!(recorded(&site), 408);
}

#[test]
fn what_the_upstream_says_of_its_connection_stays_there() {
    let site = Stage::new().open();
    let token = site.member().mint();
    let answer = site.payroll("/").bearer(&token).send();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("keep-alive"), None);
}

/// An upstream that agrees to a WebSocket before it was asked for one, and then says back what it hears.
fn hasty() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let agreed = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
                stream.write_all(agreed.as_bytes()).unwrap();
                let mut asked = Vec::new();
                while !asked.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    if stream.read(&mut byte).unwrap_or(0) == 0 {
                        return;
                    }
                    asked.push(byte[0]);
                }
                // A text of one letter, masked with zeros, goes back unmasked.
                let mut heard = [0; 7];
                if stream.read_exact(&mut heard).is_ok() {
                    let _ = stream.write_all(&[0x81, 1, heard[6]]);
                }
            });
        }
    });
    address
}

#[test]
fn a_websocket_stays_open_however_fast_the_upstream_agrees() {
    let upstream = hasty();
    let site = Stage::new().payroll_upstreams(&[&upstream]).open();
    let token = site.guest().mint();
    for time in 0..40 {
        let mut socket = site.socket(&token);
        socket.say("x");
        let frame = socket.frame();
        assert_eq!(
            frame.payload, b"x",
            "the socket {time} times after the first"
        );
    }
}
