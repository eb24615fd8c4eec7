//! A collector of traces: takes OTLP over HTTP and reads it by the public description of the protocol.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

/// A running collector; ends where it is dropped.
pub struct Collector {
    at: SocketAddr,
    told: Arc<Told>,
    serving: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Told {
    requests: Mutex<Vec<ExportTraceServiceRequest>>,
    refuses: AtomicBool,
    ends: AtomicBool,
}

impl Collector {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let told = Arc::<Told>::default();
        let shared = Arc::clone(&told);
        let serving = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.ends.load(Ordering::SeqCst) {
                    return;
                }
                serve(&stream.unwrap(), &shared);
            }
        });
        Self {
            at,
            told,
            serving: Some(serving),
        }
    }

    /// Its address, as the configuration names it.
    pub fn address(&self) -> String {
        format!("http://{}", self.at)
    }

    /// Refuses everything from now on.
    pub fn refuse(&self) {
        self.told.refuses.store(true, Ordering::SeqCst);
    }

    /// All spans that it was told.
    pub fn spans(&self) -> Vec<Span> {
        let requests = self.told.requests.lock().unwrap();
        let resources = requests.iter().flat_map(|told| &told.resource_spans);
        let scopes = resources.flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    /// What each request said of whose spans they are: `service.name`.
    pub fn services(&self) -> Vec<String> {
        let requests = self.told.requests.lock().unwrap();
        let resources = requests.iter().flat_map(|told| &told.resource_spans);
        let services = resources.filter_map(|resource| {
            let attributes = &resource.resource.as_ref()?.attributes;
            let named = attributes.iter().find(|pair| pair.key == "service.name");
            text(named?.value.as_ref()?.value.as_ref()?)
        });
        services.collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.told.ends.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.at));
        if let Some(serving) = self.serving.take() {
            let _ = serving.join();
        }
    }
}

/// An attribute of a span, as text.
pub fn attribute(span: &Span, name: &str) -> Option<String> {
    let pair = span.attributes.iter().find(|pair| pair.key == name)?;
    text(pair.value.as_ref()?.value.as_ref()?)
}

fn text(value: &Value) -> Option<String> {
    if let Value::StringValue(text) = value {
        return Some(text.clone());
    }
    if let Value::IntValue(number) = value {
        return Some(number.to_string());
    }
    None
}

/// One request on each connection.
fn serve(stream: &TcpStream, told: &Told) {
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let head = head.to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let is_good = head.starts_with("post /v1/traces http/1.1")
        && head.contains("\r\ncontent-type: application/x-protobuf\r\n");
    let request = ExportTraceServiceRequest::decode(&*body);
    let status = match request {
        _ if told.refuses.load(Ordering::SeqCst) => "400 Bad Request",
        Ok(request) if is_good => {
            told.requests.lock().unwrap().push(request);
            "200 OK"
        }
        Ok(_) | Err(_) => "400 Bad Request",
    };
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let mut writer = stream;
    let _ = writer.write_all(answer.as_bytes());
}
