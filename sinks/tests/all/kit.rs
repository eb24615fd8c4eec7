//! Events with numbers, sinks whose tallies can be read, and what must have become of them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossgate_config::{
    ClientSecret, ClientTlsFiles, Endpoint, Form, HttpAuthorization, NatsCredentials, OnFull,
    OtlpProtocol, Receiver, SpooledSink as Settings,
};
use crossgate_sinks::{Sink, Tally};
use crossgate_testkit::programs::wait_up_to;
use crossgate_testkit::receiver::{Nats, Python, Received, Rsyslog};
use serde_json::Value;

/// The line of an event with this number: its id has it.
pub(crate) fn line(number: u64) -> String {
    format!(
        "{{\"id\":\"{}\",\"createdDateTime\":\"2026-01-02T03:04:05.678Z\",\"userId\":\"user-{number}\",\"userAgent\":\"{}\",\"status\":{{\"errorCode\":0}},\"crossgate\":{{\"outcome\":\"allow\",\"count\":1,\"firstSeen\":\"2026-01-02T03:04:05.678Z\",\"lastSeen\":\"2026-01-02T03:04:05.678Z\"}}}}\n",
        id(number),
        "x".repeat(600),
    )
}

pub(crate) fn lines(numbers: impl IntoIterator<Item = u64>) -> Vec<u8> {
    numbers
        .into_iter()
        .map(line)
        .collect::<String>()
        .into_bytes()
}

pub(crate) fn id(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// The number of a received event, in any form.
fn number(received: &Received) -> u64 {
    let pointers = ["/id", "/Id", "/EventOriginalUid", "/metadata/uid"];
    let id = pointers
        .iter()
        .find_map(|pointer| received.event.pointer(pointer)?.as_str());
    let id = id.unwrap_or_else(|| panic!("no id in {}", received.event));
    id.rsplit('-').next().unwrap().parse().unwrap()
}

/// The numbers of what was received, without those that came before, in the order in which they first came.
pub(crate) fn first_arrivals(received: &[Received]) -> Vec<u64> {
    let mut seen = HashSet::new();
    received
        .iter()
        .map(number)
        .filter(|number| seen.insert(*number))
        .collect()
}

/// What a sink counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counted(Arc<[AtomicU64; 4]>);

impl Counted {
    pub(crate) fn delivered(&self) -> u64 {
        self.0[0].load(Ordering::Relaxed)
    }

    pub(crate) fn rejected(&self) -> u64 {
        self.0[1].load(Ordering::Relaxed)
    }

    pub(crate) fn lost(&self) -> u64 {
        self.0[2].load(Ordering::Relaxed)
    }

    pub(crate) fn failed(&self) -> u64 {
        self.0[3].load(Ordering::Relaxed)
    }
}

impl Tally for Counted {
    fn delivered(&self, events: u64) {
        self.0[0].fetch_add(events, Ordering::Relaxed);
    }

    fn rejected(&self, events: u64) {
        self.0[1].fetch_add(events, Ordering::Relaxed);
    }

    fn lost(&self, events: u64) {
        self.0[2].fetch_add(events, Ordering::Relaxed);
    }

    fn failed(&self) {
        self.0[3].fetch_add(1, Ordering::Relaxed);
    }
}

/// A sink with its tally.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) sink: Sink,
    pub(crate) counted: Counted,
}

impl Line {
    pub(crate) fn open(name: &'static str, settings: &Settings) -> Self {
        let counted = Counted::default();
        let sink = Sink::open(settings, "gw-1", false, counted.clone()).unwrap();
        Self {
            name,
            sink,
            counted,
        }
    }

    /// Waits until nothing waits any more.
    pub(crate) fn wait_until_empty(&self, limit: Duration) {
        let status = self.sink.status();
        let empty = wait_up_to(limit, || (status.events() == 0).then_some(()));
        assert!(
            empty.is_some(),
            "{}: {} events wait, {:?}",
            self.name,
            status.events(),
            self.counted
        );
    }

    /// Waits until so many sendings have failed in all.
    pub(crate) fn wait_until_failed(&self, times: u64, limit: Duration) {
        let failed = wait_up_to(limit, || (self.counted.failed() >= times).then_some(()));
        assert!(failed.is_some(), "{}: {:?}", self.name, self.counted);
    }
}

/// Settings for a receiver that has time.
pub(crate) fn settings(receiver: Receiver, form: Form, spool: &Path) -> Settings {
    Settings {
        name: "test".to_owned(),
        receiver,
        form,
        receipts: false,
        spool: spool.to_owned(),
        spool_size: 1 << 30,
        on_full: OnFull::Refuse,
        timeout: Duration::from_secs(10),
        batch: 200,
    }
}

pub(crate) fn nats(nats: &Nats) -> Receiver {
    Receiver::Nats {
        server: Endpoint {
            host: "127.0.0.1".to_owned(),
            port: nats.address().port(),
            tls: false,
        },
        subject: "crossgate.sign-ins".to_owned(),
        credentials: NatsCredentials::None,
        tls: ClientTlsFiles::default(),
    }
}

pub(crate) fn syslog(rsyslog: &Rsyslog) -> Receiver {
    Receiver::Syslog {
        collector: Endpoint {
            host: "localhost".to_owned(),
            port: rsyslog.address().port(),
            tls: true,
        },
        tls: trusting(rsyslog.authority()),
    }
}

pub(crate) fn otlp_grpc(python: &Python) -> Receiver {
    otlp(OtlpProtocol::Grpc, format!("http://{}", python.grpc()))
}

pub(crate) fn otlp_http(python: &Python) -> Receiver {
    otlp(
        OtlpProtocol::Http,
        format!("http://{}/v1/logs", python.http()),
    )
}

pub(crate) fn otlp(protocol: OtlpProtocol, address: String) -> Receiver {
    Receiver::Otlp {
        protocol,
        address,
        headers: Vec::new(),
        token: ClientSecret::None,
        tls: ClientTlsFiles::default(),
    }
}

/// As Azure Monitor is reached. `folder` is for the secret.
pub(crate) fn ingestion(python: &Python, scheme: &str, folder: &Path) -> Receiver {
    let secret = folder.join("secret");
    std::fs::write(&secret, "it is secret\n").unwrap();
    let at = format!("{scheme}://localhost:{}", python.http().port());
    Receiver::Http {
        address: format!(
            "{at}/dataCollectionRules/dcr-1/streams/Custom-SignIns?api-version=2023-01-01"
        ),
        headers: Vec::new(),
        authorization: HttpAuthorization::ClientCredentials {
            token_url: format!("http://{}/token", python.http()),
            client_id: "crossgate".to_owned(),
            client_secret: ClientSecret::File(secret),
            scope: "https://monitor.azure.com/.default".to_owned(),
        },
        tls: ClientTlsFiles::default(),
    }
}

pub(crate) fn trusting(authority: PathBuf) -> ClientTlsFiles {
    ClientTlsFiles {
        authorities: Some(authority),
        client: None,
    }
}

/// The lines of the file of rejected events.
pub(crate) fn rejected(spool: &Path) -> Vec<Value> {
    aside(spool, "rejected.jsonl")
}

/// The lines of the file of batches that were given up.
pub(crate) fn given_up(spool: &Path) -> Vec<Value> {
    aside(spool, "given-up.jsonl")
}

fn aside(spool: &Path, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(spool.join(name)).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
