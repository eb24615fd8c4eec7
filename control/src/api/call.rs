//! A call of the API, and its answer, without sockets.

use std::fmt;
use std::net::IpAddr;
use std::ops::ControlFlow;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::ApiError;

/// A call as it came.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path, still encoded; begins with `/`.
    pub path: String,
    /// What stands behind `?`.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
    /// Scheme and authority that the caller used, such as `https://gateway.contoso.com:8444`: addresses in answers begin with it.
    pub origin: String,
    /// The caller's address.
    pub address: Option<IpAddr>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// What stands behind them.
    pub body: Body,
}

/// The body of an answer.
#[derive(Debug)]
pub enum Body {
    /// All of it; empty for 204.
    Whole(Vec<u8>),
    /// It is made while it is sent.
    Streamed(Streamed),
}

impl Body {
    /// All of it; nothing where it is yet to be made.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Streamed(_) => &[],
        }
    }
}

/// A body that is too long to be held. Who drops it has given up on it.
pub struct Streamed(Box<Make>);

type Make = dyn FnOnce(&mut dyn Outlet) -> Result<(), String> + Send;

/// Where a body goes while it is made.
pub trait Outlet {
    /// Takes what comes next, and waits while the client is slow. `Break`: nobody wants any more.
    fn send(&mut self, bytes: &[u8]) -> ControlFlow<()>;

    /// Whether somebody still wants it.
    fn is_open(&self) -> ControlFlow<()>;
}

impl Streamed {
    /// A body that is made by this.
    #[must_use]
    pub fn new(make: impl FnOnce(&mut dyn Outlet) -> Result<(), String> + Send + 'static) -> Self {
        Self(Box::new(make))
    }

    /// Makes it: blocks for as long as that takes.
    ///
    /// # Errors
    /// Something is missing: its client must not take it for the whole. The reason is for the log.
    pub fn make(self, outlet: &mut dyn Outlet) -> Result<(), String> {
        self.0(outlet)
    }
}

impl fmt::Debug for Streamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streamed").finish_non_exhaustive()
    }
}

/// What tells one call from all others.
#[derive(Clone, Debug)]
pub struct CallIds {
    /// `request-id`: ours.
    pub request: Uuid,
    /// `client-request-id`: the caller's own, else ours.
    pub client: String,
}

impl CallIds {
    /// A new id for a call, beside the caller's own.
    #[must_use]
    pub fn of(call: &Call) -> Self {
        let request = Uuid::new_v4();
        let client = call.header("client-request-id").filter(|id| {
            !id.is_empty()
                && id.len() <= LONGEST_ID
                && id.bytes().all(|byte| byte.is_ascii_graphic())
        });
        Self {
            client: client.map_or_else(|| request.to_string(), ToOwned::to_owned),
            request,
        }
    }
}

impl Call {
    /// A header that came once, as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// What a handler answers with.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The JSON body.
    pub body: Option<Value>,
    /// `ETag`: the version of the resource.
    pub etag: Option<String>,
    /// What the caller should know although the change was made.
    pub advisories: Vec<String>,
    /// A body that is not JSON, and its type.
    pub raw: Option<(&'static str, Body)>,
}

impl Reply {
    /// A body.
    #[must_use]
    pub const fn json(status: StatusCode, body: Value) -> Self {
        Self {
            status,
            body: Some(body),
            etag: None,
            advisories: Vec::new(),
            raw: None,
        }
    }

    /// 200 with a body.
    #[must_use]
    pub const fn ok(body: Value) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// 204.
    #[must_use]
    pub const fn nothing() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: None,
            etag: None,
            advisories: Vec::new(),
            raw: None,
        }
    }

    /// 200 with a body that is not JSON.
    #[must_use]
    pub const fn raw(content_type: &'static str, body: Vec<u8>) -> Self {
        Self::of(content_type, Body::Whole(body))
    }

    /// 200 with a body that is made while it is sent.
    #[must_use]
    pub const fn streamed(content_type: &'static str, body: Streamed) -> Self {
        Self::of(content_type, Body::Streamed(body))
    }

    const fn of(content_type: &'static str, body: Body) -> Self {
        Self {
            status: StatusCode::OK,
            body: None,
            etag: None,
            advisories: Vec::new(),
            raw: Some((content_type, body)),
        }
    }

    /// The same with the version of the resource.
    #[must_use]
    pub fn tagged(self, etag: String) -> Self {
        Self {
            etag: Some(etag),
            ..self
        }
    }

    /// The same with what the caller should know.
    #[must_use]
    pub fn advising(self, advisories: Vec<String>) -> Self {
        Self { advisories, ..self }
    }
}

impl Answer {
    /// The answer to a call.
    #[must_use]
    pub fn of(result: Result<Reply, ApiError>, ids: &CallIds) -> Self {
        let mut headers = HeaderMap::new();
        let mut set = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.append(name, value);
            }
        };
        set(REQUEST_ID, &ids.request.to_string());
        set(CLIENT_REQUEST_ID, &ids.client);
        set(ODATA_VERSION, "4.0");
        set(CACHE_CONTROL, "no-store");
        let (status, body) = match result {
            Ok(reply) => {
                if let Some(etag) = &reply.etag {
                    set(ETAG, etag);
                }
                for advisory in &reply.advisories {
                    set(ADVISORY, &ascii(advisory));
                }
                let body = match (reply.body, reply.raw) {
                    (Some(mut body), _) => {
                        if !reply.advisories.is_empty()
                            && let Some(members) = body.as_object_mut()
                        {
                            members.insert(ADVISORIES.to_owned(), json!(reply.advisories));
                        }
                        set(CONTENT_TYPE, JSON);
                        Body::Whole(body.to_string().into_bytes())
                    }
                    (None, Some((content_type, body))) => {
                        set(CONTENT_TYPE, content_type);
                        body
                    }
                    (None, None) => Body::Whole(Vec::new()),
                };
                (reply.status, body)
            }
            Err(error) => {
                for (name, value) in &error.headers {
                    set(name.clone(), value);
                }
                set(CONTENT_TYPE, JSON);
                let inner = json!({
                    "date": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                    "request-id": ids.request.to_string(),
                    "client-request-id": ids.client,
                });
                let body = error.body(&inner).to_string().into_bytes();
                (error.status, Body::Whole(body))
            }
        };
        Self {
            status,
            headers,
            body,
        }
    }
}

/// Header values are ASCII; what is not is left out of them, the body has it.
fn ascii(text: &str) -> String {
    text.chars()
        .map(|letter| {
            if letter.is_ascii_graphic() || letter == ' ' {
                letter
            } else {
                '?'
            }
        })
        .collect()
}

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
const ODATA_VERSION: HeaderName = HeaderName::from_static("odata-version");
const ADVISORY: HeaderName = HeaderName::from_static("crossgate-advisory");

/// The annotation of a body that says what its caller should know.
pub(crate) const ADVISORIES: &str = "@crossgate.advisories";

const JSON: &str = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

/// Whoever sends more than that as an id wants something else.
const LONGEST_ID: usize = 128;
