//! NATS JetStream: an event is acknowledged when its stream has stored it. The server forgets repeats within its window, by `Nats-Msg-Id`.

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use async_nats::{ConnectOptions, Event, HeaderMap};
use bytes::Bytes;
use crossgate_config::{ClientTlsFiles, Endpoint, NatsCredentials};
use tokio::sync::Notify;

use super::{Answer, Failure, secret};
use crate::form::Rendered;

pub(crate) struct Session {
    stream: Context,
    subject: String,
    /// The connection ended.
    lost: Arc<Notify>,
}

impl Session {
    pub(super) async fn open(
        server: &Endpoint,
        subject: &str,
        credentials: &NatsCredentials,
        tls: &ClientTlsFiles,
        timeout: Duration,
    ) -> Result<Self, Failure> {
        let begun = Arc::new(AtomicBool::new(false));
        let has_begun = Arc::clone(&begun);
        let lost = Arc::new(Notify::new());
        let tell = Arc::clone(&lost);
        let mut options = ConnectOptions::new()
            .name("crossgate")
            .connection_timeout(timeout)
            .request_timeout(Some(timeout))
            // A session that lost its connection is over: what it has not sent is not to be sent behind what is sent again.
            .reconnect_delay_callback(move |_| {
                if has_begun.load(Ordering::Relaxed) {
                    NEVER
                } else {
                    Duration::ZERO
                }
            })
            .event_callback(move |event| {
                let tell = Arc::clone(&tell);
                async move {
                    if matches!(event, Event::Disconnected | Event::Closed) {
                        tell.notify_one();
                    }
                }
            })
            .require_tls(server.tls);
        if let Some(file) = &tls.authorities {
            options = options.add_root_certificates(file.clone());
        }
        if let Some((certificate, key)) = &tls.client {
            options = options.add_client_certificate(certificate.clone(), key.clone());
        }
        options = match credentials {
            NatsCredentials::None => options,
            NatsCredentials::File(file) => options
                .credentials_file(file)
                .await
                .map_err(|error| Failure::of(&file.display().to_string(), &error))?,
            NatsCredentials::Token(token) => {
                options.token(secret::read(token)?.unwrap_or_default())
            }
        };
        let scheme = if server.tls { "tls" } else { "nats" };
        let client = options
            .connect(format!("{scheme}://{server}"))
            .await
            .map_err(|error| Failure::of("the NATS server cannot be reached", &error))?;
        begun.store(true, Ordering::Relaxed);
        Ok(Self {
            stream: async_nats::jetstream::new(client),
            subject: subject.to_owned(),
            lost,
        })
    }

    pub(super) async fn send(&self, events: &[Rendered]) -> Result<Answer, Failure> {
        tokio::select! {
            answer = self.publish_all(events) => answer,
            () = self.lost.notified() => Err(Failure::new("the connection to the NATS server ended")),
        }
    }

    async fn publish_all(&self, events: &[Rendered]) -> Result<Answer, Failure> {
        // Sent one behind the other over one connection, so that they are stored in order; then all answers are waited for.
        let mut acknowledgements = Vec::with_capacity(events.len());
        for event in events {
            match self.publish(event).await {
                Ok(acknowledgement) => acknowledgements.push(acknowledgement),
                Err(PublishErrorKind::MaxPayloadExceeded) => {
                    return Ok(Answer::Refused(
                        "larger than the server's max_payload".to_owned(),
                    ));
                }
                Err(kind) => return Err(Failure::new(format!("NATS JetStream: {kind}"))),
            }
        }
        for acknowledgement in acknowledgements {
            acknowledgement
                .into_future()
                .await
                .map_err(|error| Failure::of("NATS JetStream stores no events", &error))?;
        }
        Ok(Answer::Taken)
    }

    async fn publish(&self, event: &Rendered) -> Result<PublishAckFuture, PublishErrorKind> {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", &*event.id);
        headers.insert("Crossgate-Gateway", &*event.origin.gateway);
        headers.insert("Crossgate-Stream", &*event.origin.stream);
        headers.insert("Crossgate-Sequence", event.origin.sequence.to_string());
        let payload = Bytes::copy_from_slice(event.text.as_bytes());
        let publishing = self
            .stream
            .publish_with_headers(self.subject.clone(), headers, payload);
        publishing.await.map_err(|error| error.kind())
    }
}

/// Longer than any session waits for an answer.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);
