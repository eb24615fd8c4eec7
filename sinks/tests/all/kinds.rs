//! Each kind of receiver, as it is set up for good.

use std::time::Duration;

use crossgate_config::{
    ClientSecret, ClientTlsFiles, Endpoint, Form, HttpAuthorization, NatsCredentials, OtlpProtocol,
    Receiver,
};
use crossgate_testkit::receiver::{Nats, Python, Rsyslog};
use serde_json::json;
use tempfile::tempdir;

use crate::kit::{self, Line, first_arrivals, given_up, id, lines, rejected, settings, trusting};

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn nats_over_tls_with_a_token_stores_each_event_once_with_its_id_and_place() {
    let folder = tempdir().unwrap();
    let server = Nats::start_secured("open sesame");
    let token = folder.path().join("token");
    std::fs::write(&token, "open sesame\n").unwrap();
    let receiver = Receiver::Nats {
        server: Endpoint {
            host: "localhost".to_owned(),
            port: server.address().port(),
            tls: true,
        },
        subject: "crossgate.sign-ins".to_owned(),
        credentials: NatsCredentials::Token(ClientSecret::File(token)),
        tls: trusting(server.authority()),
    };
    let settings = settings(receiver, Form::Graph, &folder.path().join("spool"));
    let mut line = Line::open("nats", &settings);
    line.sink.append(&lines(1..=500)).unwrap();
    line.wait_until_empty(LIMIT);
    // The server forgets what comes twice.
    line.sink.append(&lines(400..=501)).unwrap();
    line.wait_until_empty(LIMIT);
    let received = server.received();
    assert_eq!(received.len(), 501);
    assert_eq!(first_arrivals(&received), (1..=501).collect::<Vec<_>>());
    let last = &received[500];
    assert_eq!(last.beside["Nats-Msg-Id"], format!("{}-test", id(501)));
    assert_eq!(last.beside["Crossgate-Gateway"], "gw-1");
    assert_eq!(last.beside["Crossgate-Sequence"], "602");
    assert_eq!(last.event["crossgate"]["sequence"], 602);
    assert_eq!(
        last.beside["Crossgate-Stream"],
        last.event["crossgate"]["stream"]
    );
    assert_eq!(line.counted.delivered(), 602);
}

#[test]
fn an_event_that_nats_does_not_take_for_its_size_is_kept_aside_and_the_others_go_on() {
    let folder = tempdir().unwrap();
    let server = Nats::start();
    let settings = settings(kit::nats(&server), Form::Graph, folder.path());
    let mut line = Line::open("nats", &settings);
    let mut bytes = lines(1..=10);
    let large = String::from_utf8(lines([11])).unwrap();
    bytes.extend(large.replace("xxx", &"y".repeat(1_000)).into_bytes());
    bytes.extend(lines(12..=20));
    line.sink.append(&bytes).unwrap();
    line.wait_until_empty(LIMIT);
    let mut expected: Vec<u64> = (1..=20).collect();
    expected.remove(10);
    assert_eq!(first_arrivals(&server.received()), expected);
    assert_eq!((line.counted.delivered(), line.counted.rejected()), (19, 1));
    let kept = rejected(folder.path());
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["event"]["id"], id(11));
    assert!(
        kept[0]["reason"].as_str().unwrap().contains("max_payload"),
        "{}",
        kept[0]["reason"]
    );
}

#[test]
fn an_event_that_the_stream_of_nats_does_not_store_for_its_size_does_not_block_those_behind_it() {
    let folder = tempdir().unwrap();
    // Larger than the others, and far below what the server takes.
    let server = Nats::start_with_stream_of(4_000);
    let settings = settings(kit::nats(&server), Form::Graph, folder.path());
    let mut line = Line::open("nats", &settings);
    let large = |number| {
        let line = String::from_utf8(lines([number])).unwrap();
        line.replace("xxx", &"y".repeat(30)).into_bytes()
    };
    // In the middle of a batch, and then alone: nothing else of its batch is taken.
    let mut bytes = lines(1..=10);
    bytes.extend(large(11));
    bytes.extend(lines(12..=20));
    line.sink.append(&bytes).unwrap();
    line.wait_until_empty(LIMIT);
    line.sink.append(&large(21)).unwrap();
    // What was taken last is known to the server as a repeat, which tells nothing of others.
    line.wait_until_failed(3, LIMIT);
    line.sink.append(&lines(22..=25)).unwrap();
    line.wait_until_empty(LIMIT);
    let received = server.received();
    let expected: Vec<u64> = (1..=25)
        .filter(|number| !matches!(number, 11 | 21))
        .collect();
    assert_eq!(first_arrivals(&received), expected);
    assert_eq!(received.len(), expected.len(), "nothing comes twice");
    assert_eq!((line.counted.delivered(), line.counted.rejected()), (23, 2));
    let kept = rejected(folder.path());
    let kept: Vec<_> = kept.iter().map(|line| &line["event"]["id"]).collect();
    assert_eq!(kept, [&json!(id(11)), &json!(id(21))]);
}

#[test]
fn a_stream_of_nats_that_is_set_up_too_small_is_given_no_event_up_for_that_it_knows_the_last_one() {
    let folder = tempdir().unwrap();
    let server = Nats::start();
    let settings = settings(kit::nats(&server), Form::Graph, folder.path());
    let mut line = Line::open("nats", &settings);
    line.sink.append(&lines(1..=10)).unwrap();
    line.wait_until_empty(LIMIT);
    server.change_stream(&json!({ "max_msg_size": 100 }));
    line.sink.append(&lines(11..=20)).unwrap();
    // Each is one round of all of them: more than what a batch is given up after.
    line.wait_until_failed(5, LIMIT);
    assert_eq!((line.counted.delivered(), line.counted.rejected()), (10, 0));
    server.change_stream(&json!({}));
    line.wait_until_empty(Duration::from_secs(60));
    assert_eq!((line.counted.delivered(), line.counted.rejected()), (20, 0));
    assert_eq!(
        first_arrivals(&server.received()),
        (1..=20).collect::<Vec<_>>()
    );
}

#[test]
fn a_batch_that_nats_refuses_is_given_up_when_it_stores_the_last_one_anew() {
    let folder = tempdir().unwrap();
    let server = Nats::start();
    // As short as the server takes it, in nanoseconds.
    let window = 100_000_000;
    server.change_stream(&json!({ "max_msg_size": 4_000, "duplicate_window": window }));
    let settings = settings(kit::nats(&server), Form::Graph, folder.path());
    let mut line = Line::open("nats", &settings);
    line.sink.append(&lines([1])).unwrap();
    line.wait_until_empty(LIMIT);
    let large = String::from_utf8(lines([2])).unwrap();
    let large = large.replace("xxx", &"y".repeat(30));
    line.sink.append(large.as_bytes()).unwrap();
    line.wait_until_empty(LIMIT);
    assert_eq!((line.counted.delivered(), line.counted.rejected()), (1, 1));
    assert_eq!(given_up(folder.path())[0]["event"]["id"], id(2));
    assert_eq!(rejected(folder.path()), [] as [serde_json::Value; 0]);
}

#[test]
fn rsyslog_over_tls_gets_messages_of_rfc_5424_and_confirms_them_by_the_end_of_the_connection() {
    let folder = tempdir().unwrap();
    let collector = Rsyslog::start();
    let settings = settings(kit::syslog(&collector), Form::Ocsf, folder.path());
    let mut line = Line::open("syslog", &settings);
    line.sink.append(&lines(1..=500)).unwrap();
    line.wait_until_empty(LIMIT);
    let received = collector.received();
    assert_eq!(
        first_arrivals(&received),
        (1..=500).collect::<Vec<_>>(),
        "{}",
        collector.program.log()
    );
    assert_eq!(received.len(), 500);
    let first = &received[0];
    assert_eq!(first.event["class_uid"], 3002);
    assert_eq!(first.event["metadata"]["sequence"], 1);
    assert_eq!(first.beside["priority"], "86");
    assert_eq!(first.beside["time"], "2026-01-02T03:04:05.678Z");
    assert_eq!(first.beside["host"], "gw-1");
    assert_eq!(
        (&first.beside["app"], &first.beside["id"]),
        (&json!("crossgate"), &json!("sign-in"))
    );
    let data = first.beside["data"].as_str().unwrap();
    assert!(
        data.starts_with("[meta sequenceId=\"1\"][origin software=\"crossgate\""),
        "{data}"
    );
    assert_eq!(line.counted.failed(), 0);
}

#[test]
fn a_collector_whom_nobody_vouches_for_is_told_nothing() {
    let folder = tempdir().unwrap();
    let collector = Rsyslog::start();
    let Receiver::Syslog { collector: at, .. } = kit::syslog(&collector) else {
        unreachable!()
    };
    let receiver = Receiver::Syslog {
        collector: at,
        tls: ClientTlsFiles::default(),
    };
    let mut line = Line::open("syslog", &settings(receiver, Form::Graph, folder.path()));
    line.sink.append(&lines(1..=3)).unwrap();
    let failed = crossgate_testkit::programs::wait_up_to(LIMIT, || {
        (line.counted.failed() >= 2).then_some(())
    });
    assert!(failed.is_some());
    assert_eq!(line.sink.status().events(), 3);
    assert!(collector.received().is_empty());
}

#[test]
fn opentelemetry_over_grpc_and_tls_gets_records_with_bodies_of_maps() {
    let folder = tempdir().unwrap();
    let python = Python::start(true);
    let token = folder.path().join("token");
    std::fs::write(&token, "not yet").unwrap();
    let receiver = Receiver::Otlp {
        protocol: OtlpProtocol::Grpc,
        address: format!("https://localhost:{}", python.grpc().port()),
        headers: Vec::new(),
        token: ClientSecret::File(token.clone()),
        tls: trusting(python.authority()),
    };
    let mut line = Line::open(
        "otlp-grpc",
        &settings(receiver, Form::Asim, &folder.path().join("spool")),
    );
    line.sink.append(&lines(1..=300)).unwrap();
    let refused = crossgate_testkit::programs::wait_up_to(LIMIT, || {
        (line.counted.failed() >= 1).then_some(())
    });
    assert!(
        refused.is_some(),
        "a wrong token is put right by somebody: nothing is given up"
    );
    // A token is read again for each session.
    std::fs::write(&token, "opentelemetry").unwrap();
    line.wait_until_empty(LIMIT);
    let received = python.received("otlp-grpc");
    assert_eq!(first_arrivals(&received), (1..=300).collect::<Vec<_>>());
    let first = &received[0];
    assert_eq!(first.event["EventSchema"], "Authentication");
    assert_eq!(first.event["EventCount"], 1);
    assert_eq!(first.event["AdditionalFields"]["sequence"], 1);
    assert_eq!(first.beside["resource"]["service.name"], "crossgate");
    assert_eq!(first.beside["resource"]["service.instance.id"], "gw-1");
    assert_eq!(first.beside["attributes"]["log.record.uid"], id(1));
    assert_eq!(first.beside["attributes"]["crossgate.sequence"], 1);
    assert_eq!(first.beside["time"], 1_767_323_045_678_000_000_u64);
    assert_eq!(first.beside["event_name"], "crossgate.sign_in");
    assert_eq!(line.counted.delivered(), 300);
}

#[test]
fn opentelemetry_over_http_may_take_some_and_refuse_others_which_are_not_sent_again() {
    let folder = tempdir().unwrap();
    let python = Python::start(false);
    python.control(&json!({"partly": 3}));
    let mut line = Line::open(
        "otlp-http",
        &settings(kit::otlp_http(&python), Form::Graph, folder.path()),
    );
    line.sink.append(&lines(1..=10)).unwrap();
    line.wait_until_empty(LIMIT);
    line.sink.append(&lines(11..=20)).unwrap();
    line.wait_until_empty(LIMIT);
    let received = python.received("otlp-http");
    assert_eq!(received.len(), 17);
    assert_eq!((line.counted.delivered(), line.counted.rejected()), (17, 3));
    // Which three is not told, so that all ten of the request are kept.
    let kept = rejected(folder.path());
    assert_eq!(kept.len(), 10);
    assert_eq!(kept[0]["reason"], "3 of these 10: these few");
}

#[test]
fn azure_monitors_ingestion_gets_arrays_with_a_granted_token_and_is_left_alone_as_long_as_it_asks()
{
    let folder = tempdir().unwrap();
    let python = Python::start(false);
    python.control(&json!({"answers": [
        {"status": 503}, {"status": 429, "headers": {"retry-after": "1"}},
    ]}));
    let receiver = kit::ingestion(&python, "http", folder.path());
    let mut line = Line::open(
        "http",
        &settings(receiver, Form::Entra, &folder.path().join("spool")),
    );
    line.sink.append(&lines(1..=2_000)).unwrap();
    line.wait_until_empty(LIMIT);
    let received = python.received("http");
    assert_eq!(first_arrivals(&received), (1..=2_000).collect::<Vec<_>>());
    assert_eq!(received.len(), 2_000);
    assert_eq!(received[0].event["ResultType"], "0");
    assert_eq!(received[0].event["Crossgate"]["gateway"], "gw-1");
    assert_eq!(line.counted.failed(), 2);
}

#[test]
fn an_event_that_is_refused_for_good_is_found_by_halves_and_all_others_arrive_in_order() {
    let folder = tempdir().unwrap();
    let python = Python::start(false);
    python.control(&json!({"poison": "user-77\"", "answers": [{"status": 503}, {"status": 502}]}));
    let receiver = kit::ingestion(&python, "http", folder.path());
    let spool = folder.path().join("spool");
    let mut line = Line::open("http", &settings(receiver, Form::Entra, &spool));
    let mut bytes = lines(1..=150);
    bytes.extend(b"no event at all\n");
    bytes.extend(lines(151..=200));
    line.sink.append(&bytes).unwrap();
    line.wait_until_empty(LIMIT);
    let mut expected: Vec<u64> = (1..=200).collect();
    expected.remove(76);
    let received = python.received("http");
    assert_eq!(first_arrivals(&received), expected);
    assert_eq!(received.len(), 199, "halves are not sent twice");
    assert_eq!(
        (line.counted.delivered(), line.counted.rejected()),
        (199, 2)
    );
    let kept = rejected(&spool);
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0]["event"]["id"], id(77));
    assert_eq!(kept[0]["reason"], "answered 400 Bad Request: poison");
    assert_eq!(kept[1]["event"], "no event at all");
    assert_eq!(line.counted.failed(), 2);
}

#[test]
fn https_is_verified_and_a_bearer_token_of_a_file_is_sent() {
    let folder = tempdir().unwrap();
    let python = Python::start(true);
    let token = folder.path().join("token");
    std::fs::write(&token, "granted\n").unwrap();
    let Receiver::Http { address, .. } = kit::ingestion(&python, "https", folder.path()) else {
        unreachable!()
    };
    let receiver = Receiver::Http {
        address,
        headers: Vec::new(),
        authorization: HttpAuthorization::Bearer(ClientSecret::File(token)),
        tls: trusting(python.authority()),
    };
    let mut line = Line::open(
        "http",
        &settings(receiver, Form::Graph, &folder.path().join("spool")),
    );
    line.sink.append(&lines(1..=10)).unwrap();
    line.wait_until_empty(LIMIT);
    assert_eq!(
        first_arrivals(&python.received("http")),
        (1..=10).collect::<Vec<_>>()
    );
}

#[test]
fn a_receiver_that_is_too_slow_for_many_events_gets_fewer_at_a_time() {
    let folder = tempdir().unwrap();
    let python = Python::start(false);
    // A second for two hundred, which is all that the sink gives it.
    python.control(&json!({"pace": 0.006}));
    let mut settings = settings(kit::otlp_http(&python), Form::Graph, folder.path());
    settings.timeout = Duration::from_secs(1);
    let mut line = Line::open("otlp-http", &settings);
    line.sink.append(&lines(1..=400)).unwrap();
    line.wait_until_empty(Duration::from_secs(60));
    let arrived = first_arrivals(&python.received("otlp-http"));
    assert_eq!(arrived, (1..=400).collect::<Vec<_>>());
    assert!(line.counted.failed() > 0);
}
