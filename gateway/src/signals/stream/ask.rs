//! What a transmitter is asked (SSF 1.0, sections 8.1.1 and 8.1.4).

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::StreamFault;
use crate::live::fetch::Fetcher;
use crate::signals::Transmitter;

/// Who asks whom, and with what.
pub(super) struct Asking<'a> {
    pub(super) fetcher: &'a Fetcher,
    pub(super) transmitter: &'a Transmitter,
    pub(super) token: String,
    pub(super) authorization: Option<String>,
}

/// An answer.
struct Told {
    status: u16,
    body: Vec<u8>,
}

impl Asking<'_> {
    /// Has the stream that pushes here be as it should; its id. One that there is is taken over.
    pub(super) async fn set_up(&self, at: &str) -> Result<String, StreamFault> {
        let listed = self.ask(&Method::GET, at, None).await?;
        let streams = match listed.status {
            200 => listed.streams(at)?,
            // As drafts had it where there is none.
            404 => Vec::new(),
            status => return Err(refused("a question for its streams", at, status)),
        };
        let ours = streams.into_iter().find(|stream| {
            let delivery = stream.delivery.as_ref();
            delivery.is_some_and(|delivery| delivery.endpoint_url == self.transmitter.endpoint)
        });
        let stream = match ours {
            Some(stream) if self.is_right(&stream) => stream,
            Some(stream) => {
                let wanted = self.wanted(Some(&stream.stream_id));
                self.write(&Method::PATCH, at, &wanted).await?
            }
            None => self.write(&Method::POST, at, &self.wanted(None)).await?,
        };
        self.look_at_audience(&stream);
        Ok(stream.stream_id)
    }

    /// Asks it to show that a stream works.
    pub(super) async fn verify(
        &self,
        at: &str,
        stream_id: &str,
        state: &str,
    ) -> Result<(), StreamFault> {
        let body = json!({ "stream_id": stream_id, "state": state });
        let told = self.ask(&Method::POST, at, Some(&body)).await?;
        match told.status {
            200..=299 => Ok(()),
            status => Err(refused("a request for verification", at, status)),
        }
    }

    /// What the stream is to be; one that there is has an id.
    fn wanted(&self, stream_id: Option<&str>) -> Value {
        let mut delivery = Map::new();
        delivery.insert("method".to_owned(), json!(PUSH));
        delivery.insert("endpoint_url".to_owned(), json!(self.transmitter.endpoint));
        if let Some(value) = &self.authorization {
            delivery.insert("authorization_header".to_owned(), json!(value));
        }
        let mut wanted = Map::new();
        if let Some(stream_id) = stream_id {
            wanted.insert("stream_id".to_owned(), json!(stream_id));
        }
        wanted.insert("events_requested".to_owned(), json!(EVENTS));
        wanted.insert("delivery".to_owned(), Value::Object(delivery));
        wanted.insert(
            "description".to_owned(),
            json!("Crossgate: sign-ins that count no more"),
        );
        Value::Object(wanted)
    }

    /// Whether a stream is that. Some transmitters do not show the header again, and are told it again.
    fn is_right(&self, stream: &Stream) -> bool {
        let has = |event: &str| stream.events_requested.iter().any(|known| known == event);
        EVENTS.into_iter().all(has)
            && stream.delivery.as_ref().is_some_and(|delivery| {
                delivery.method == PUSH && delivery.authorization_header == self.authorization
            })
    }

    /// Tokens for somebody else would all be refused.
    fn look_at_audience(&self, stream: &Stream) {
        let ours = &self.transmitter.settings.audience;
        let theirs = match &stream.aud {
            None => return,
            Some(Audience::One(audience)) => std::slice::from_ref(audience),
            Some(Audience::Many(audiences)) => audiences,
        };
        if !theirs.contains(ours) {
            tracing::warn!(
                "[[transmitter]] {}: its tokens will be for {theirs:?}, and refused: write that as `audience`",
                self.transmitter.settings.name,
            );
        }
    }

    async fn write(
        &self,
        method: &Method,
        at: &str,
        wanted: &Value,
    ) -> Result<Stream, StreamFault> {
        let what = "the configuration of a stream";
        let told = self.ask(method, at, Some(wanted)).await?;
        match told.status {
            // 202: as good as done.
            200..=202 => told.read(what, at),
            status => Err(refused(what, at, status)),
        }
    }

    async fn ask(
        &self,
        method: &Method,
        at: &str,
        body: Option<&Value>,
    ) -> Result<Told, StreamFault> {
        let wrong = |why: String| StreamFault::NoStream {
            what: "nobody",
            url: at.to_owned(),
            why,
        };
        let mut request = Request::builder()
            .method(method)
            .uri(at)
            .header(ACCEPT, "application/json")
            .body(
                body.map(|body| body.to_string().into_bytes())
                    .unwrap_or_default(),
            )
            .map_err(|error| wrong(error.to_string()))?;
        let bearer = HeaderValue::try_from(format!("Bearer {}", self.token)).map(|mut value| {
            value.set_sensitive(true);
            value
        });
        let bearer = bearer.map_err(|_| StreamFault::Secret {
            key: "token_file",
            why: "what it holds cannot stand in a header".to_owned(),
        })?;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, bearer);
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let answer = self.fetcher.send(request).await?;
        Ok(Told {
            status: answer.status().as_u16(),
            body: answer.into_body(),
        })
    }
}

impl Told {
    /// All streams; drafts answered with the only one.
    fn streams(&self, at: &str) -> Result<Vec<Stream>, StreamFault> {
        let what = "a question for its streams";
        match self.read(what, at)? {
            Streams::Many(streams) => Ok(streams),
            Streams::One(stream) => Ok(vec![*stream]),
        }
    }

    fn read<T: DeserializeOwned>(&self, what: &'static str, at: &str) -> Result<T, StreamFault> {
        serde_json::from_slice(&self.body).map_err(|error| StreamFault::NoStream {
            what,
            url: at.to_owned(),
            why: error.to_string(),
        })
    }
}

/// A stream, as far as anything hangs on it.
#[derive(Debug, Deserialize)]
struct Stream {
    stream_id: String,
    aud: Option<Audience>,
    #[serde(default)]
    events_requested: Vec<String>,
    delivery: Option<Delivery>,
}

#[derive(Debug, Deserialize)]
struct Delivery {
    #[serde(default)]
    method: String,
    #[serde(default)]
    endpoint_url: String,
    authorization_header: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Streams {
    Many(Vec<Stream>),
    One(Box<Stream>),
}

fn refused(what: &'static str, at: &str, status: u16) -> StreamFault {
    StreamFault::Refused {
        what,
        url: at.to_owned(),
        status,
    }
}

/// RFC 8935, as SSF 1.0, section 6.1.1, names it.
const PUSH: &str = "urn:ietf:rfc:8935";

/// What the gateway acts on (CAEP 1.0, section 3).
const EVENTS: [&str; 5] = [
    "https://schemas.openid.net/secevent/caep/event-type/session-revoked",
    "https://schemas.openid.net/secevent/caep/event-type/token-claims-change",
    "https://schemas.openid.net/secevent/caep/event-type/credential-change",
    "https://schemas.openid.net/secevent/caep/event-type/assurance-level-change",
    "https://schemas.openid.net/secevent/caep/event-type/device-compliance-change",
];
