//! Sign-in events to receivers over the network, each in its form, held against the file that has the same events.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use crate::site::load::Client;
use crate::site::{PAYROLL_HOST, Site, Stage};
use crossgate_testkit::programs::wait_for;
use crossgate_testkit::receiver::{Nats, Program, Python, Received, Rsyslog};
use serde_json::Value;

/// One of each kind, each with what it calls an event's id and its own part.
struct Receivers {
    nats: Nats,
    rsyslog: Rsyslog,
    grpc: Python,
    http: Python,
    ingestion: Python,
}

const SINKS: [&str; 5] = ["stream", "collector", "otel-grpc", "otel-http", "azure"];

impl Receivers {
    fn start() -> Self {
        Self {
            nats: Nats::start(),
            rsyslog: Rsyslog::start(),
            grpc: Python::start(false),
            http: Python::start(false),
            ingestion: Python::start(false),
        }
    }

    /// `[[sign_ins.sink]]` for each of them, in the order of [`SINKS`].
    fn entries(&self) -> String {
        let (nats, rsyslog) = (self.nats.address(), self.rsyslog.address().port());
        let authority = self.rsyslog.authority();
        let (grpc, http, ingestion) = (self.grpc.grpc(), self.http.http(), self.ingestion.http());
        format!(
            r#"
[[sign_ins.sink]]
name = "stream"
kind = "nats"
address = "nats://{nats}"
spool = "spool/stream"
timeout = "2s"

[[sign_ins.sink]]
name = "collector"
kind = "syslog"
address = "tls://localhost:{rsyslog}"
ca_file = "{}"
form = "ocsf"
spool = "spool/collector"
timeout = "2s"

[[sign_ins.sink]]
name = "otel-grpc"
kind = "otlp-grpc"
address = "http://{grpc}"
form = "asim"
spool = "spool/otel-grpc"
timeout = "2s"

[[sign_ins.sink]]
name = "otel-http"
kind = "otlp-http"
address = "http://{http}/v1/logs"
spool = "spool/otel-http"
timeout = "2s"

[[sign_ins.sink]]
name = "azure"
kind = "http"
address = "http://{ingestion}/dataCollectionRules/dcr-1/streams/Custom-SignIns?api-version=2023-01-01"
token_url = "http://{ingestion}/token"
client_id = "crossgate"
client_secret = "${{AZURE_SECRET}}"
form = "entra"
spool = "spool/azure"
timeout = "2s"
"#,
            authority.display()
        )
    }

    fn programs(&mut self) -> [&mut Program; 5] {
        [
            &mut self.nats.program,
            &mut self.rsyslog.program,
            &mut self.grpc.program,
            &mut self.http.program,
            &mut self.ingestion.program,
        ]
    }

    /// What each of them has: id, and where the gateway says that it comes from.
    fn received(&self) -> [Vec<Arrival>; 5] {
        let of = |received: Vec<Received>, id: &str, own: &str| {
            let arrivals = received.iter().map(|received| {
                let own = received.event.pointer(own).unwrap();
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                assert_eq!(own["gateway"], "gw-e2e");
                Arrival {
                    id: text(received.event.pointer(id).unwrap()),
                    stream: text(&own["stream"]),
                    sequence: own["sequence"].as_u64().unwrap(),
                }
            });
            arrivals.collect()
        };
        [
            of(self.nats.received(), "/id", "/crossgate"),
            of(
                self.rsyslog.received(),
                "/metadata/uid",
                "/unmapped/crossgate",
            ),
            of(
                self.grpc.received("otlp-grpc"),
                "/EventOriginalUid",
                "/AdditionalFields",
            ),
            of(self.http.received("otlp-http"), "/id", "/crossgate"),
            of(self.ingestion.received("http"), "/Id", "/Crossgate"),
        ]
    }
}

struct Arrival {
    id: String,
    stream: String,
    sequence: u64,
}

fn open(receivers: &Receivers) -> Site {
    Stage::new()
        .section("sign_ins", "gateway = \"gw-e2e\"")
        .entries(&receivers.entries())
        .configure(|setup| setup.variable("AZURE_SECRET", "it is secret"))
        .open()
}

/// Two of three are let in.
fn traffic(site: &Site, requests: usize) {
    let guest = site.guest().mint();
    let ask = |token: &str| Client::connect(site.gateway.proxy(), PAYROLL_HOST, "/", token);
    let (mut good, mut bad) = (ask(&guest), ask("no.token.this"));
    for number in 0..requests {
        let (client, expected) = if number % 3 == 2 {
            (&mut bad, 401)
        } else {
            (&mut good, 200)
        };
        assert_eq!(client.ask().unwrap().0, expected);
    }
}

fn wait_until_delivered(site: &Site) {
    let served = |gateway: &crossgate_testkit::gateway::Gateway| {
        gateway.metric("crossgate_requests_total", &[])
    };
    wait_for(
        "every event at its receiver",
        Duration::from_secs(120),
        || {
            let served = served(&site.gateway);
            let is_there = SINKS.iter().all(|sink| {
                let sink = format!("sink=\"{sink}\"");
                let written = site.gateway.metric(
                    "crossgate_sign_in_events_total",
                    &[&sink, "result=\"written\""],
                );
                written >= served
                    && site
                        .gateway
                        .metric("crossgate_sign_in_spool_events", &[&sink])
                        == 0.0
            });
            is_there.then_some(())
        },
    );
}

#[test]
fn every_receiver_gets_what_the_file_gets_also_what_came_while_it_was_away_and_the_gateway_restarted()
 {
    let mut receivers = Receivers::start();
    let mut site = open(&receivers);
    traffic(&site, 300);
    wait_until_delivered(&site);
    for sink in SINKS {
        let count = |result: &str| {
            let labels = [format!("sink=\"{sink}\""), format!("result=\"{result}\"")];
            site.gateway.metric(
                "crossgate_sign_in_events_total",
                &labels.each_ref().map(|label| &**label),
            )
        };
        assert_eq!(
            (count("written"), count("delivered")),
            (300.0, 300.0),
            "{sink}"
        );
        assert_eq!((count("rejected"), count("lost")), (0.0, 0.0), "{sink}");
    }
    receivers.programs().into_iter().for_each(Program::kill);
    traffic(&site, 300);
    site.gateway.restart();
    traffic(&site, 30);
    for sink in SINKS {
        let sink = format!("sink=\"{sink}\"");
        let told = |name: &str| site.gateway.metric(name, &[&sink]);
        wait_for("the events in the spool", Duration::from_secs(10), || {
            (told("crossgate_sign_in_spool_events") == 330.0).then_some(())
        });
        assert!(told("crossgate_sign_in_spool_bytes") > 100_000.0);
        wait_for("the age of the oldest", Duration::from_secs(10), || {
            (told("crossgate_sign_in_spool_oldest_age_seconds") > 0.0).then_some(())
        });
    }
    receivers
        .programs()
        .into_iter()
        .for_each(Program::start_again);
    wait_until_delivered(&site);
    // Two processes for a while, each with a stream of its own.
    assert!(site.gateway.hand_over().success());
    site.gateway.wait_until_ready();
    traffic(&site, 30);
    wait_until_delivered(&site);
    let stopped = site.gateway.stop();
    let ids: Vec<&str> = stopped
        .events
        .iter()
        .map(|event| event["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 660);
    for (sink, arrivals) in SINKS.iter().zip(receivers.received()) {
        let mut seen = HashSet::new();
        let first: Vec<&Arrival> = arrivals
            .iter()
            .filter(|arrival| seen.insert(&*arrival.id))
            .collect();
        let got: Vec<&str> = first.iter().map(|arrival| &*arrival.id).collect();
        assert_eq!(got, ids, "{sink}");
        let mut streams = BTreeMap::<&str, Vec<u64>>::new();
        for arrival in first {
            streams
                .entry(&arrival.stream)
                .or_default()
                .push(arrival.sequence);
        }
        assert_eq!(streams.len(), 2, "{sink}");
        for sequence in streams.values() {
            let last = sequence.len() as u64;
            assert!(
                sequence.iter().copied().eq(1..=last),
                "{sink}: {sequence:?}"
            );
        }
    }
    assert!(!stopped.log.contains("it is secret"), "{}", stopped.log);
}

/// The first of the receivers, with a spool that is soon full.
fn only_stream(receivers: &Receivers, more: &str) -> String {
    let entries = receivers.entries();
    let end = entries.find("\n[[sign_ins.sink]]\nname = \"collector\"");
    format!("{}spool_size = \"1MiB\"\n{more}", &entries[..end.unwrap()])
}

#[test]
fn a_full_spool_is_as_any_sink_that_takes_nothing() {
    let receivers = Receivers::start();
    receivers.nats.program.halt();
    let site = Stage::new()
        .section("sign_ins", "on_full = \"refuse\"\nqueue = 64")
        .entries(&only_stream(&receivers, ""))
        .open();
    let token = site.guest().mint();
    let mut client = Client::connect(site.gateway.proxy(), PAYROLL_HOST, "/", &token);
    let refused = (0..100_000).find(|_| client.ask().unwrap().0 == 503);
    assert!(refused.is_some(), "requests passed without a record");
    receivers.nats.program.go_on();
    // Room comes back as it is delivered, and requests pass again.
    wait_for("an answer", Duration::from_secs(120), || {
        (client.ask().unwrap().0 == 200).then_some(())
    });
}

#[test]
fn a_full_spool_of_a_sink_that_may_drop_stops_nothing_and_drops_are_counted_for_it_alone() {
    let receivers = Receivers::start();
    receivers.nats.program.halt();
    // Room for what comes while a busy machine lets the writer wait.
    let site = Stage::new()
        .section("sign_ins", "on_full = \"refuse\"\nqueue = 8192")
        .entries(&only_stream(&receivers, "on_full = \"drop\"\n"))
        .open();
    let token = site.guest().mint();
    let mut client = Client::connect(site.gateway.proxy(), PAYROLL_HOST, "/", &token);
    let dropped = |labels: &[&str]| {
        site.gateway
            .metric("crossgate_sign_in_events_total", labels)
    };
    let of_this = ["sink=\"stream\"", "result=\"dropped\""];
    let found = (0..100).any(|_| {
        for _ in 0..1_000 {
            assert_eq!(client.ask().unwrap().0, 200);
        }
        dropped(&of_this) > 0.0
    });
    assert!(found, "no drop was counted");
    for other in ["sink=\"queue\"", "sink=\"file:"] {
        assert!(dropped(&[other, "result=\"dropped\""]) < 0.5, "{other}");
    }
    receivers.nats.program.go_on();
}
