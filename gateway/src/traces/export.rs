//! Tells the collector, by OTLP over HTTP, beside the requests.

use std::sync::Arc;
use std::time::Duration;

use crossgate_config::Traces as Settings;
use http::header::CONTENT_TYPE;
use prometheus::IntCounter;
use prost::Message as _;
use reqwest::{Client, StatusCode};

use super::Spans;
use super::messages::{ExportRequest, Resource, ResourceSpans, Scope, ScopeSpans, Span, text};

/// What tells the collector.
#[derive(Debug)]
pub struct Exporter {
    client: Client,
    url: String,
    service: String,
    spans: Arc<Spans>,
    exported: IntCounter,
    failed: IntCounter,
}

impl Exporter {
    pub(super) fn new(
        settings: &Settings,
        spans: Arc<Spans>,
        exported: IntCounter,
        failed: IntCounter,
    ) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .user_agent(concat!("crossgate/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()?;
        Ok(Self {
            client,
            url: format!("{}/v1/traces", settings.collector),
            service: settings.service.clone(),
            spans,
            exported,
            failed,
        })
    }

    /// Tells what has come, again and again.
    pub async fn run(self: Arc<Self>) {
        let mut tell = true;
        loop {
            tokio::time::sleep(PACE).await;
            match self.flush().await {
                Ok(()) => tell = true,
                Err(why) if tell => {
                    // Once, until it takes something again: the metric counts.
                    tell = false;
                    tracing::warn!(why, "traces: the collector takes no spans");
                }
                Err(_) => {}
            }
        }
    }

    /// Tells what has come by now.
    ///
    /// # Errors
    /// The collector did not take it, and it is gone. The reason of the last.
    pub async fn flush(&self) -> Result<(), String> {
        let mut outcome = Ok(());
        loop {
            let batch: Vec<Span> = std::iter::from_fn(|| self.spans.ended.pop())
                .take(MOST)
                .flat_map(|ended| ended.spans())
                .collect();
            if batch.is_empty() {
                return outcome;
            }
            let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
            match self.send(batch).await {
                Ok(()) => self.exported.inc_by(count),
                Err(why) => {
                    self.failed.inc_by(count);
                    outcome = Err(why);
                }
            }
        }
    }

    async fn send(&self, spans: Vec<Span>) -> Result<(), String> {
        let body = self.request(spans).encode_to_vec();
        let mut tries = 0;
        loop {
            tries += 1;
            let request = self
                .client
                .post(&self.url)
                .header(CONTENT_TYPE, "application/x-protobuf")
                .body(body.clone());
            let why = match request.send().await {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) if !may_be_tried_again(answer.status()) => {
                    return Err(format!("it answers {}", answer.status()));
                }
                Ok(answer) => format!("it answers {}", answer.status()),
                Err(error) => error.without_url().to_string(),
            };
            if tries == TRIES {
                return Err(why);
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    fn request(&self, spans: Vec<Span>) -> ExportRequest {
        let version = env!("CARGO_PKG_VERSION");
        ExportRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(Resource {
                    attributes: vec![
                        text("service.name", &*self.service),
                        text("service.version", version),
                    ],
                }),
                scope_spans: vec![ScopeSpans {
                    scope: Some(Scope {
                        name: "crossgate".to_owned(),
                        version: version.to_owned(),
                    }),
                    spans,
                }],
            }],
        }
    }
}

/// As the protocol's page names them.
fn may_be_tried_again(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

/// Spans are looked at by people, later: a second is soon.
const PACE: Duration = Duration::from_secs(1);

/// Requests told at once, at some 300 bytes each.
const MOST: usize = 512;

/// A collector that does not answer must not fill the queue for long.
const PATIENCE: Duration = Duration::from_secs(5);
const TRIES: u32 = 2;
const AGAIN: Duration = Duration::from_millis(500);
