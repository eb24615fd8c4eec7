//! A call of the API, and its answer, without sockets.

use std::net::IpAddr;

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
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body; empty for 204.
    pub body: Vec<u8>,
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
#[derive(Clone, Debug)]
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
    pub raw: Option<(&'static str, Vec<u8>)>,
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
                        body.to_string().into_bytes()
                    }
                    (None, Some((content_type, body))) => {
                        set(CONTENT_TYPE, content_type);
                        body
                    }
                    (None, None) => Vec::new(),
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
                (error.status, error.body(&inner).to_string().into_bytes())
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
