//! Traces: a client's goes on through the gateway to the upstream, and a collector is told of it; where they are off, nothing changes.

use std::time::Duration;

use crossgate_testkit::programs::wait_for;
use crossgate_testkit::upstream::header_values;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::Value;

use crate::site::collector::{Collector, attribute};
use crate::site::{PAYROLL, Site, Stage};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT: &str = "00f067aa0ba902b7";
const STATE: &str = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";
const SOON: Duration = Duration::from_secs(10);

fn parent(flags: &str) -> String {
    format!("00-{TRACE}-{CLIENT}-{flags}")
}

fn traced(collector: &Collector, more: &str) -> Site {
    let lines = format!("collector = \"{}\"\n{more}", collector.address());
    Stage::new().section("traces", &lines).open()
}

/// What reached the upstream last: its one `traceparent` by its parts, and what it was told of the state.
fn told(site: &Site) -> (Vec<String>, Vec<String>) {
    let seen = site.upstream.seen();
    let last = seen.last().unwrap();
    let parents = header_values(last, "traceparent");
    assert_eq!(parents.len(), 1, "{last:#}");
    let parts = parents[0].split('-').map(ToOwned::to_owned);
    let states = header_values(last, "tracestate");
    (
        parts.collect(),
        states.into_iter().map(ToOwned::to_owned).collect(),
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn spans(collector: &Collector, count: usize) -> Vec<Span> {
    wait_for("spans at the collector", SOON, || {
        let spans = collector.spans();
        (spans.len() >= count).then_some(spans)
    })
}

#[test]
fn a_trace_goes_on_from_the_client_through_the_gateway_to_the_upstream() {
    let collector = Collector::start();
    let site = traced(&collector, "service = \"door\"");
    let token = site.guest().mint();
    let request = site
        .payroll("/wages?month=secret")
        .bearer(&token)
        .header("traceparent", &parent("01"))
        .header("tracestate", STATE);
    let event = site.expect("a guest", request, 200, 0);
    assert_eq!(event["crossgate"]["traceId"], TRACE);
    let (parts, states) = told(&site);
    assert_eq!(parts[..2], ["00", TRACE]);
    assert_ne!(parts[2], CLIENT, "the upstream is called by the gateway");
    assert_eq!(parts[3], "01");
    assert_eq!(states, [STATE]);

    let spans = spans(&collector, 2);
    assert_eq!(spans.len(), 2, "{spans:#?}");
    let of = |kind: SpanKind| {
        let mut found = spans.iter().filter(|span| span.kind == kind as i32);
        found.next().unwrap()
    };
    let (server, client) = (of(SpanKind::Server), of(SpanKind::Client));
    for span in &spans {
        assert_eq!(hex(&span.trace_id), TRACE);
        assert_eq!(span.name, "Payroll");
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano);
        assert_eq!(
            attribute(span, "http.response.status_code").as_deref(),
            Some("200")
        );
    }
    assert_eq!(hex(&server.parent_span_id), CLIENT);
    assert_eq!(client.parent_span_id, server.span_id);
    assert_eq!(hex(&client.span_id), parts[2]);
    assert!(server.start_time_unix_nano <= client.start_time_unix_nano);
    assert!(client.end_time_unix_nano <= server.end_time_unix_nano);
    for (name, value) in [
        ("crossgate.app.id", PAYROLL),
        ("crossgate.outcome", "allow"),
        ("crossgate.step", "app_rules"),
        (
            "crossgate.correlation_id",
            event["correlationId"].as_str().unwrap(),
        ),
    ] {
        assert_eq!(attribute(server, name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(collector.services(), ["door"]);
    let all = format!("{spans:?}");
    let user = event["userId"].as_str().unwrap();
    for private in ["wages", "secret", &token, user] {
        assert!(!all.contains(private), "{private}: {all}");
    }

    // A refusal has no upstream, and says by which step.
    let refused = site.payroll("/").header("traceparent", &parent("03"));
    site.expect("nobody", refused, 401, 50_058);
    let spans = self::spans(&collector, 3);
    let refusal = spans.last().unwrap();
    assert_eq!(
        attribute(refusal, "crossgate.outcome").as_deref(),
        Some("unauthenticated")
    );
    assert_eq!(
        attribute(refusal, "crossgate.step").as_deref(),
        Some("token")
    );
    let exported = site
        .gateway
        .metric("crossgate_spans_total", &["result=\"exported\""]);
    assert!((exported - 3.0).abs() < 0.5, "{exported}");
}

#[test]
fn a_parent_that_is_not_to_the_letter_begins_another_trace_without_its_state() {
    let collector = Collector::start();
    let site = traced(&collector, "sample = 1.0");
    let token = site.guest().mint();
    let bad = [
        vec![parent("01").to_uppercase()],
        vec![parent("01"), parent("01")],
        vec![parent("01").replace(TRACE, &"0".repeat(32))],
        vec![format!("{}-more", parent("01"))],
        vec![parent("01").replacen("00", "ff", 1)],
    ];
    let mut traces = Vec::new();
    for values in &bad {
        let mut request = site.payroll("/").bearer(&token).header("tracestate", STATE);
        for value in values {
            request = request.header("traceparent", value);
        }
        assert_eq!(request.send().status, 200);
        let (parts, states) = told(&site);
        assert_ne!(parts[1], TRACE, "{values:?}");
        assert!(!traces.contains(&parts[1]), "each is a trace of its own");
        assert_eq!(parts[3], "03", "kept, and of a random id");
        assert_eq!(states, Vec::<String>::new(), "{values:?}");
        traces.push(parts[1].clone());
    }
    let spans = spans(&collector, 2 * bad.len());
    let servers = spans
        .iter()
        .filter(|span| span.kind == SpanKind::Server as i32);
    let told: Vec<String> = servers.map(|span| hex(&span.trace_id)).collect();
    assert_eq!(told, traces);
    assert!(spans.iter().any(|span| span.parent_span_id.is_empty()));

    // A list that is none goes, the trace goes on.
    let request = site
        .payroll("/")
        .bearer(&token)
        .header("traceparent", &parent("01"))
        .header("tracestate", "not a list");
    assert_eq!(request.send().status, 200);
    let (parts, states) = self::told(&site);
    assert_eq!((&*parts[1], states.len()), (TRACE, 0));
}

#[test]
fn whoever_is_before_us_says_whether_a_trace_is_kept_and_else_the_sample_does() {
    let collector = Collector::start();
    let site = traced(&collector, "sample = 0");
    let token = site.guest().mint();
    let ask = |flags: Option<&str>| {
        let request = site.payroll("/").bearer(&token);
        let request = match flags {
            Some(flags) => request.header("traceparent", &parent(flags)),
            None => request,
        };
        assert_eq!(request.send().status, 200);
        told(&site).0
    };
    let not_kept = ask(Some("00"));
    assert_eq!((&*not_kept[1], &*not_kept[3]), (TRACE, "00"));
    let own = ask(None);
    assert_ne!(own[1], TRACE);
    assert_eq!(own[3], "02", "a random id, and not kept");
    let kept = ask(Some("01"));
    assert_eq!(kept[3], "01");
    // Those of the last are the only ones, and no others can come after them.
    let spans = spans(&collector, 2);
    assert_eq!(spans.len(), 2);
    assert!(spans.iter().all(|span| hex(&span.trace_id) == TRACE));
    let told = site.gateway.metric("crossgate_spans_total", &[]);
    assert!((told - 2.0).abs() < 0.5, "{told}");
}

#[test]
fn where_traces_are_off_headers_of_traces_pass_as_they_came() {
    let site = Stage::new().open();
    let token = site.guest().mint();
    let request = site
        .payroll("/")
        .bearer(&token)
        .header("traceparent", "whatever it is")
        .header("tracestate", "the same");
    let event = site.expect("a guest", request, 200, 0);
    let (parts, states) = told(&site);
    assert_eq!(parts, ["whatever it is"]);
    assert_eq!(states, ["the same"]);
    assert_eq!(event["crossgate"]["traceId"], Value::Null);
}

#[test]
fn a_collector_that_takes_nothing_costs_requests_nothing_and_lost_spans_are_counted() {
    let collector = Collector::start();
    collector.refuse();
    let site = traced(&collector, "sample = 1\nqueue = 1");
    let token = site.guest().mint();
    let lost = || {
        ["dropped", "failed"].map(|result| {
            site.gateway
                .metric("crossgate_spans_total", &[&format!("result=\"{result}\"")])
        })
    };
    wait_for("both kinds of loss", SOON, || {
        for _ in 0..10 {
            let answer = site.payroll("/").bearer(&token).send();
            assert_eq!(answer.status, 200);
        }
        let [dropped, failed] = lost();
        (dropped > 0.0 && failed > 0.0).then_some(())
    });
    assert!(collector.spans().is_empty());
    let log = site.gateway.log();
    assert!(log.contains("takes no spans"), "{log}");
}
