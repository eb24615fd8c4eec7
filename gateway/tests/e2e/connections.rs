//! What is under way when policy changes: those that may not go on are closed, and nobody else is.

use crate::site::admin::{GLOBAL_ADMINISTRATOR, PARTNERS};
use crate::site::socket::Open;
use crate::site::{PAYROLL, PAYROLL_HOST, Site, Stage, WINGTIP, nobody, partner};
use crossgate_testkit::certificate::Certificate;
use crossgate_testkit::node::client;
use crossgate_testkit::programs::{wait_for, wait_up_to};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::time::{Duration, Instant, SystemTime};

const SOON: Duration = Duration::from_secs(10);
const BOB: &str = "0b0e0000-0000-4000-8000-00000000000b";
const EVE: &str = "0b0e0000-0000-4000-8000-00000000000e";

fn with_store() -> Site {
    Stage::new().with_store().open()
}

/// A token of one of ours.
fn of(site: &Site, user: &str) -> String {
    site.member().claims(json!({ "oid": user })).mint()
}

/// Ends a user's sessions, and answers when that was acknowledged.
fn revoke(site: &Site, user: &str) -> Instant {
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    // The last second of a token's time of issue is over.
    std::thread::sleep(Duration::from_millis(1100));
    let path = format!("users/{user}/revokeSignInSessions");
    let answer = site.send_meaning_it(&token, "POST", &path, &json!({}));
    assert_eq!(answer.status, 200, "{answer:?}");
    Instant::now()
}

fn block_wingtip(site: &Site) {
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let body = partner(WINGTIP, json!({ "b2bCollaborationInbound": nobody() }));
    let answer = site.send_meaning_it(&token, "POST", PARTNERS, &body);
    assert_eq!(answer.status, 201, "{answer:?}");
}

fn closed(site: &Site) -> f64 {
    site.gateway
        .metric("crossgate_connections_closed_total", &[])
}

#[test]
fn a_revoked_users_websockets_close_with_1008_and_nobody_elses() {
    let site = with_store();
    let (bob, eve) = (of(&site, BOB), of(&site, EVE));
    let mut bobs: Vec<Open> = (0..3).map(|_| site.socket(&bob)).collect();
    let mut eves: Vec<Open> = (0..3).map(|_| site.socket(&eve)).collect();
    for socket in bobs.iter_mut().chain(&mut eves) {
        socket.echoes("before");
    }
    let acknowledged = revoke(&site, BOB);
    for (number, socket) in bobs.iter_mut().enumerate() {
        let last = socket.frame();
        assert_eq!(
            last.closing(),
            (1008, "AADSTS50173: access has ended"),
            "{last:?}"
        );
        // Whether the client agrees or says nothing any more: the connection ends.
        if number == 0 {
            let agreed = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xf0];
            socket.write(&agreed).unwrap();
        }
        assert_eq!(socket.rest(), "");
    }
    assert!(acknowledged.elapsed() < Duration::from_secs(1));
    for socket in &mut eves {
        socket.echoes("after");
        assert!(socket.is_silent());
    }
    let metric = "crossgate_connections_closed_total";
    let revoked = site.gateway.metric(metric, &["reason=\"revoked\""]);
    assert!((revoked - 3.0).abs() < 0.1, "{revoked}");
    assert!((closed(&site) - 3.0).abs() < 0.1);
}

#[test]
fn the_last_frame_of_a_closed_websocket_follows_a_whole_one() {
    let site = with_store();
    let mut socket = site.socket(&of(&site, BOB));
    // Enough that much of it is still on its way, and nobody reads it.
    let large = 32 << 20;
    let mut frame = vec![0x82, 0xff];
    frame.extend(u64::try_from(large).unwrap().to_be_bytes());
    frame.extend([0; 4]);
    frame.resize(frame.len() + large, b'x');
    socket.write(&frame).unwrap();
    for _ in 0..20 {
        socket.say("small");
    }
    revoke(&site, BOB);
    // Longer than a frame that is being written is waited for.
    std::thread::sleep(Duration::from_millis(500));
    // It could not be finished while nobody read, so it has no end, and no last frame stands within it.
    let rest = socket.rest();
    assert!(!rest.contains("AADSTS"), "{} bytes", rest.len());
    assert!((closed(&site) - 1.0).abs() < 0.1);
}

#[test]
fn a_blocked_partners_event_stream_ends_in_its_middle_and_others_go_on() {
    let site = with_store();
    let (mut guest, head) = site.begin(&site.guest().mint(), "GET /sse?events=3", "");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let (mut member, _) = site.begin(&site.member().mint(), "GET /sse?events=3", "");
    for stream in [&mut guest, &mut member] {
        stream.read_until("event 0");
    }
    block_wingtip(&site);
    let rest = guest.rest();
    // Without the chunk that says that an answer is whole.
    assert!(!rest.contains("\r\n0\r\n\r\n"), "{rest}");
    wait_for("the app to be left", SOON, || {
        (site.upstream.open() == 1).then_some(())
    });
    site.upstream.release();
    member.read_until("event 2");
    assert!((closed(&site) - 1.0).abs() < 0.1);
}

#[test]
fn a_long_poll_is_answered_with_the_refusal_that_a_new_request_would_get() {
    let site = with_store();
    let bob = of(&site, BOB);
    let mut poll = site.send_off(&bob, "GET /slow?ms=60000", "");
    let mut other = site.send_off(&of(&site, EVE), "GET /slow?ms=4000", "");
    wait_for("both at the app", SOON, || {
        (site.upstream.open() == 2).then_some(())
    });
    revoke(&site, BOB);
    let answer = poll.rest();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(answer.contains("50173"), "{answer}");
    let event = refused_event(&site);
    assert_eq!(event["crossgate"]["httpStatus"], 401, "{event:#}");
    let answer = other.read_until("\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn an_upload_under_way_is_refused_in_its_middle() {
    let site = with_store();
    let mut upload = site.send_off(
        &of(&site, BOB),
        "PUT /upload",
        "Content-Length: 1000000\r\n",
    );
    upload.write(&[b'x'; 1000]).unwrap();
    wait_for("the first part", SOON, || {
        (site.upstream.uploaded() > 0).then_some(())
    });
    revoke(&site, BOB);
    let answer = upload.rest();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

/// Waits for the event of Bob's that says he was refused by his revocation.
fn refused_event(site: &Site) -> Value {
    wait_for("the event", SOON, || {
        let events = site.gateway.events();
        events
            .into_iter()
            .find(|event| event["status"]["errorCode"] == 50173)
    })
}

#[test]
fn an_upload_whose_client_keeps_sending_is_told_that_it_is_refused() {
    let site = with_store();
    let length = "Content-Length: 1000000000000\r\n";
    let mut upload = site.send_off(&of(&site, BOB), "PUT /upload", length);
    let writer = upload.keep_writing();
    wait_for("the first part", SOON, || {
        (site.upstream.uploaded() > 0).then_some(())
    });
    revoke(&site, BOB);
    let head = upload.read_until("\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 401"), "{head}");
    // Many send all they have before they read, and never read where that fails.
    std::thread::sleep(Duration::from_millis(100));
    assert!(!writer.is_finished(), "the connection was reset");
    let body = upload.rest();
    assert!(body.contains("AADSTS50173"), "{body}");
    writer.join().unwrap();
}

#[test]
fn an_upload_that_its_app_does_not_take_is_told_that_it_is_refused() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = format!("http://{}", deaf.local_addr().unwrap());
    let stage = Stage::new().with_store();
    let site = stage.payroll_upstreams(&[&at]).open();
    let length = "Content-Length: 1000000000000\r\n";
    let mut upload = site.send_off(&of(&site, BOB), "PUT /upload", length);
    let writer = upload.keep_writing();
    revoke(&site, BOB);
    let answer = upload.rest();
    assert!(
        answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"),
        "{answer}"
    );
    assert!(
        answer.contains("www-authenticate: Bearer error=\"invalid_token\""),
        "{answer}"
    );
    assert!(answer.contains("AADSTS50173"), "{answer}");
    writer.join().unwrap();
    let event = refused_event(&site);
    assert_eq!(event["crossgate"]["httpStatus"], 401, "{event:#}");
    assert!((closed(&site) - 1.0).abs() < 0.1);
}

#[test]
fn what_is_refused_while_it_waits_for_an_upstream_reaches_none() {
    // Connections are made by the system, and nobody ever answers their handshakes.
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = format!("https://{}", deaf.local_addr().unwrap());
    let stage = Stage::new().with_store();
    let live = stage.upstream.address().to_owned();
    let site = stage.payroll_upstreams(&[&at, &live]).open();
    let bob = of(&site, BOB);
    let mut post = (0..20)
        .map(|_| site.send_whole(&bob, "POST /order", "Content-Length: 5\r\n", "order"))
        .find_map(|mut post| post.is_silent().then_some(post))
        .unwrap();
    let before = site.upstream.requests();
    revoke(&site, BOB);
    wait_for("the closing", SOON, || (closed(&site) > 0.5).then_some(()));
    // Those that wait go on to the next upstream.
    drop(deaf);
    let answer = post.rest();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(answer.contains("AADSTS50173"), "{answer}");
    let event = refused_event(&site);
    assert_eq!(event["crossgate"]["httpStatus"], 401, "{event:#}");
    assert_eq!(site.upstream.requests(), before);
}

#[test]
fn an_issuer_believed_for_others_now_is_believed_by_no_open_connection() {
    let site = Stage::new().open();
    let mut socket = site.socket(&site.member().mint());
    let narrow = |cloud: &str| {
        let before = site.gateway.generation();
        site.gateway.rewrite_config(|config| {
            let (start, entry) = config
                .split_once(&format!("name = \"entra-{cloud}\""))
                .unwrap();
            let entry = entry.replacen("\"any\"", &format!("[\"{WINGTIP}\"]"), 1);
            format!("{start}name = \"entra-{cloud}\"{entry}")
        });
        site.gateway.reload();
        wait_for("the changed configuration", SOON, || {
            (site.gateway.generation() != before).then_some(())
        });
    };
    // Nobody's business here.
    narrow("usgov");
    socket.echoes("after");
    assert!(socket.is_silent());
    narrow("global");
    assert_eq!(socket.frame().closing(), (1008, "sign-in has ended"));
}

#[test]
fn a_websocket_over_tls_closes_with_1008_too() {
    let stage = Stage::new().with_store();
    let certificate = Certificate::make(stage.directory(), &[PAYROLL_HOST, "localhost"]);
    let site = stage.section("listen.tls", &certificate.settings()).open();
    let asked = json!({
        "url": format!("wss://localhost:{}/socket", site.gateway.proxy().port()),
        "ca": certificate.cert,
        "headers": { "Authorization": format!("Bearer {}", of(&site, BOB)) },
        "messages": ["before"],
        "stays": true,
    });
    let told = std::thread::scope(|scope| {
        let told = scope.spawn(|| client("ws-client.mjs", &asked));
        wait_for("the socket", SOON, || {
            (site.upstream.requests() == 1).then_some(())
        });
        revoke_over_tls(&site, &certificate);
        told.join().unwrap()
    });
    assert_eq!(told["received"], json!(["before"]), "{told}");
    assert_eq!(told["code"], 1008, "{told}");
    assert_eq!(told["reason"], "AADSTS50173: access has ended", "{told}");
}

#[test]
fn a_websocket_ends_with_its_token() {
    let site = Stage::new().open();
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    // With the minute that clocks may differ, three seconds are left.
    let short = site.member().claims(json!({ "exp": now - 57 })).mint();
    let mut ends = site.socket(&short);
    let mut stays = site.socket(&site.member().mint());
    ends.echoes("before");
    let last = ends.frame();
    let ended = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    assert_eq!(last.closing(), (1008, "sign-in has ended"));
    let late = ended.as_secs_f64() - Duration::from_secs(now + 3).as_secs_f64();
    assert!((0.0..0.5).contains(&late), "{late}");
    stays.echoes("after");
}

#[test]
fn report_only_keeps_open_what_it_would_refuse_but_not_what_a_revocation_ends() {
    let stage = Stage::new().with_store();
    let site = stage.payroll("enforcement = \"report-only\"").open();
    let mut guest = site.socket(&site.guest().mint());
    let mut bob = site.socket(&of(&site, BOB));
    block_wingtip(&site);
    guest.echoes("still");
    revoke(&site, BOB);
    assert_eq!(bob.frame().closing().0, 1008);
    guest.echoes("still");
    assert!(guest.is_silent());
}

#[test]
fn what_goes_to_an_app_that_is_configured_no_more_is_closed() {
    let other = "[[app]]\nid = \"other\"\nname = \"Other\"\nhosts = [\"other.example\"]\naudiences = [\"api://other\"]\n\
         upstreams = [\"http://127.0.0.1:9\"]\n";
    let site = Stage::new().entries(other).open();
    let mut socket = site.socket(&site.member().mint());
    site.gateway
        .rewrite_config(|config| config.replace(PAYROLL, "aaaaaaaa-0000-4000-8000-00000000000f"));
    site.gateway.reload();
    assert_eq!(socket.frame().closing().0, 1008);
    let mut socket = site.socket(&site.member().mint());
    // Nobody's business here.
    site.gateway
        .rewrite_config(|config| config.replace("api://other", "api://another"));
    let before = site.gateway.generation();
    site.gateway.reload();
    wait_for("the changed configuration", SOON, || {
        (site.gateway.generation() != before).then_some(())
    });
    socket.echoes("after");
    assert!(socket.is_silent());
}

#[test]
fn anybody_is_let_go_of_where_an_app_no_longer_lets_anybody_in() {
    let site = Stage::new().payroll("anonymous = true").open();
    let mut anybody = site.socket("");
    let mut member = site.socket(&site.member().mint());
    anybody.echoes("before");
    site.gateway
        .rewrite_config(|config| config.replace("anonymous = true", "anonymous = false"));
    site.gateway.reload();
    assert_eq!(anybody.frame().closing().0, 1008);
    member.echoes("after");
}

/// A stream: its user, its path, its kind of content.
type Stream<'a> = (&'a str, &'a str, &'a str);

/// Streams of one HTTP/2 connection, of which Bob is revoked and the last is somebody else's; their answers, and all events.
fn streams<const N: usize>(asked: [Stream<'_>; N]) -> ([Value; N], Vec<Value>) {
    let stage = Stage::new().with_store();
    let certificate = Certificate::make(stage.directory(), &[PAYROLL_HOST, "localhost"]);
    let site = stage.section("listen.tls", &certificate.settings()).open();
    let request = |(user, path, kind): Stream<'_>| {
        let authorization = format!("Bearer {}", of(&site, user));
        json!({ "headers": { ":path": path, "content-type": kind, "authorization": authorization } })
    };
    let url = format!("https://localhost:{}", site.gateway.proxy().port());
    let asked =
        json!({ "url": url, "ca": certificate.cert, "requests": asked.map(request).to_vec() });
    let answers = std::thread::scope(|scope| {
        let told = scope.spawn(|| client("h2-client.mjs", &asked));
        wait_for("all streams", SOON, || {
            (site.upstream.open() == N as u64).then_some(())
        });
        revoke_over_tls(&site, &certificate);
        let left = wait_up_to(SOON, || (site.upstream.open() == 1).then_some(()));
        // Or the client would wait without end for what should have been closed.
        site.upstream.release();
        let told = told.join().unwrap();
        assert_eq!(left, Some(()), "{told}");
        assert_eq!(told["failure"], Value::Null, "{told}");
        std::array::from_fn(|at| told["answers"][at].clone())
    });
    let events = wait_for("all events", SOON, || {
        let events = site.gateway.events();
        (events.len() >= N).then_some(events)
    });
    (answers, events)
}

const SSE: &str = "text/event-stream";
const GRPC: &str = "application/grpc";

fn revoke_over_tls(site: &Site, certificate: &Certificate) {
    use crossgate_testkit::curl::Curl;
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    std::thread::sleep(Duration::from_millis(1100));
    let path = format!("/v1.0/users/{BOB}/revokeSignInSessions");
    let call = Curl::get_tls(site.gateway.admin(), "localhost", &path, &certificate.cert);
    let call = call
        .method("POST")
        .bearer(&token)
        .header("Content-Type", "application/json");
    let answer = call
        .header("Crossgate-Confirm-Lock-Out", "true")
        .body("{}".to_owned())
        .send();
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn a_stream_is_reset_while_another_of_its_connection_goes_on() {
    let path = "/sse?events=3";
    let ([bobs, eves], _) = streams([(BOB, path, SSE), (EVE, path, SSE)]);
    assert_eq!((&bobs["reset"], &eves["reset"]), (&json!(8), &json!(0)));
    assert!(bobs["body"].to_string().contains("event 0"), "{bobs}");
    assert!(!bobs["body"].to_string().contains("event 1"), "{bobs}");
    assert_eq!(eves["error"], Value::Null, "{eves}");
    assert!(eves["body"].to_string().contains("event 2"), "{eves}");
}

#[test]
fn a_call_of_grpc_and_no_other_stream_ends_with_the_code_that_means_permission_denied() {
    let (sse, grpc) = ("/sse?events=3", "/sse?events=3&type=application/grpc");
    // As many as come to their ends at once.
    let mut asked = [(BOB, sse, SSE); 14];
    asked[6] = (BOB, grpc, GRPC);
    asked[13] = (EVE, grpc, GRPC);
    let (answers, _) = streams(asked);
    // INADEQUATE_SECURITY, by gRPC's own table.
    let resets = answers.each_ref().map(|answer| &answer["reset"]);
    assert_eq!(resets, [8, 8, 8, 8, 8, 8, 12, 8, 8, 8, 8, 8, 8, 0]);
    let eves = &answers[13];
    assert!(eves["body"].to_string().contains("event 2"), "{eves}");
}

#[test]
fn a_client_of_grpc_is_told_permission_denied_and_another_call_of_its_connection_goes_on() {
    let stage = Stage::new().with_store();
    let certificate = Certificate::make(stage.directory(), &[PAYROLL_HOST, "localhost"]);
    let site = stage.section("listen.tls", &certificate.settings()).open();
    let call = |user| {
        let authorization = format!("Bearer {}", of(&site, user));
        json!({ "headers": { "authorization": authorization } })
    };
    let asked = json!({
        "address": format!("localhost:{}", site.gateway.proxy().port()), "ca": certificate.cert,
        "method": "/grpc.Clock/Watch", "calls": [call(BOB), call(EVE)],
    });
    let told = std::thread::scope(|scope| {
        let told = scope.spawn(|| client("grpc-client.mjs", &asked));
        wait_for("both calls", SOON, || {
            (site.upstream.open() == 2).then_some(())
        });
        revoke_over_tls(&site, &certificate);
        let left = wait_up_to(SOON, || (site.upstream.open() == 1).then_some(()));
        site.upstream.release();
        let told = told.join().unwrap();
        assert_eq!(left, Some(()), "{told}");
        told
    });
    let [bobs, eves] = [0, 1].map(|at| &told["answers"][at]);
    // gRPC's status PERMISSION_DENIED.
    assert_eq!(
        (&bobs["code"], &bobs["messages"]),
        (&json!(7), &json!(["message 0"])),
        "{told}"
    );
    // The status of an app that speaks HTTP/1.1 stands in trailers, which are not passed on.
    let all = json!(["message 0", "message 1", "message 2"]);
    assert_eq!(eves["messages"], all, "{told}");
}

#[test]
fn the_event_of_a_stream_that_could_not_be_answered_says_that_it_was_refused() {
    let ([bobs, _], events) = streams([
        (BOB, "/slow?ms=60000", "text/plain"),
        (EVE, "/sse?events=3", SSE),
    ]);
    assert_eq!((&bobs["reset"], &bobs["status"]), (&json!(8), &Value::Null));
    let codes: Vec<_> = events
        .iter()
        .map(|event| &event["status"]["errorCode"])
        .collect();
    let refused = events
        .iter()
        .find(|event| event["status"]["errorCode"] == 50173);
    let refused = refused.unwrap_or_else(|| panic!("{codes:?}"));
    assert_eq!(
        refused["crossgate"]["httpStatus"],
        Value::Null,
        "{refused:#}"
    );
}
