//! NATS JetStream: an event is acknowledged when its stream has stored it. The server forgets repeats within its window, by `Nats-Msg-Id`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::{Context, ErrorCode};
use async_nats::{ConnectOptions, Event, HeaderMap};
use bytes::Bytes;
use crossgate_config::{ClientTlsFiles, Endpoint, NatsCredentials};
use tokio::sync::Notify;

use super::{Answer, Failure, secret};
use crate::form::Rendered;

pub(crate) struct Session {
    stream: Context,
    subject: String,
    /// Its name is in ids of messages.
    sink: String,
    /// The connection ended.
    lost: Arc<Notify>,
}

/// Where messages go, and whose they are.
pub(super) struct Destination<'a> {
    pub(super) server: &'a Endpoint,
    pub(super) subject: &'a str,
    pub(super) sink: &'a str,
}

impl Session {
    pub(super) async fn open(
        Destination {
            server,
            subject,
            sink,
        }: Destination<'_>,
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
            sink: sink.to_owned(),
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
        let waiting = acknowledgements.into_iter();
        let mut is_news = false;
        for (taken, stored) in waiting.map(IntoFuture::into_future).enumerate() {
            match stored.await {
                // A server may look for repeats before anything else that it would refuse.
                Ok(stored) => is_news |= !stored.duplicate,
                Err(error) => return of_the_rest(taken, &error),
            }
        }
        Ok(if is_news {
            Answer::Taken
        } else {
            Answer::Known
        })
    }

    async fn publish(&self, event: &Rendered) -> Result<PublishAckFuture, PublishErrorKind> {
        let mut headers = HeaderMap::new();
        // Of this sink: another one's in the same stream is no repeat.
        headers.insert("Nats-Msg-Id", format!("{}-{}", event.id, self.sink));
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

/// The answer where this many were stored, and the next one was not.
fn of_the_rest(taken: usize, error: &PublishError) -> Result<Answer, Failure> {
    if taken > 0 {
        return Ok(Answer::Begun { taken });
    }
    let cause = std::error::Error::source(error)
        .and_then(|cause| cause.downcast_ref::<async_nats::jetstream::Error>());
    match cause.map(async_nats::jetstream::Error::error_code) {
        Some(
            ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM | ErrorCode::STREAM_HEADER_EXCEEDS_MAXIMUM,
        ) => Ok(Answer::Refused(
            "larger than the stream's max_msg_size".to_owned(),
        )),
        _ => Err(Failure::of("NATS JetStream stores no events", error)),
    }
}

/// Longer than any session waits for an answer.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: u64) -> PublishError {
        let json = format!("{{\"code\":400,\"err_code\":{code},\"description\":\"no\"}}");
        let cause: async_nats::jetstream::Error = serde_json::from_str(&json).unwrap();
        PublishError::with_source(PublishErrorKind::Other, cause)
    }

    #[test]
    fn what_the_stream_finds_too_large_is_refused_and_all_else_is_tried_again() {
        let answer = of_the_rest(0, &error(10_054)).unwrap();
        assert!(
            matches!(&answer, Answer::Refused(why) if why.contains("max_msg_size")),
            "{answer:?}"
        );
        // A stream that is full.
        assert!(of_the_rest(0, &error(10_077)).is_err());
        assert!(of_the_rest(0, &PublishError::new(PublishErrorKind::TimedOut)).is_err());
    }

    #[test]
    fn what_was_stored_before_a_failure_is_not_sent_again() {
        for code in [10_054, 10_077] {
            let answer = of_the_rest(3, &error(code)).unwrap();
            assert!(matches!(answer, Answer::Begun { taken: 3 }), "{answer:?}");
        }
    }
}
