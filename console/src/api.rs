//! The admin API as the pages ask it: JSON in, JSON or what is wrong out.

use crossgate_control::api::call::{Answer, Call};
use http::header::{CONTENT_TYPE, IF_MATCH, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// Who answers calls, for whoever visits.
pub trait Api {
    /// Answers a call. Blocks.
    fn answer(&self, call: Call) -> Answer;
}

/// A call that is being made up.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    query: Option<String>,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// What a call was answered with.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// The body; null where there is none.
    pub(crate) body: Value,
    /// The version of the resource.
    pub(crate) etag: Option<String>,
    /// What the caller should know although the change was made.
    pub(crate) advisories: Vec<String>,
}

/// Why a call failed.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    /// Its status.
    pub(crate) status: StatusCode,
    /// Graph's code.
    pub(crate) code: String,
    /// What is wrong.
    pub(crate) message: String,
    /// Every fault by the path of its property.
    pub(crate) details: Vec<(String, String)>,
    /// The caller has to show more than they did.
    pub(crate) more_needed: bool,
}

impl Ask {
    /// A GET of a path below `/v1.0/`, each part of which is encoded already.
    pub(crate) fn get(path: &str) -> Self {
        Self::of(Method::GET, path)
    }

    /// Any method.
    pub(crate) fn of(method: Method, path: &str) -> Self {
        let version = if path.starts_with("legacy/") || path.starts_with("policies/externalIdent") {
            "beta"
        } else {
            "v1.0"
        };
        Self {
            method,
            path: format!("/{version}/{path}"),
            query: None,
            headers: HeaderMap::new(),
            body: Vec::new(),
        }
    }

    /// With options.
    pub(crate) fn query(mut self, query: &[(&str, &str)]) -> Self {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in query.iter().filter(|(_, value)| !value.is_empty()) {
            text.append_pair(name, value);
        }
        let text = text.finish();
        self.query = (!text.is_empty()).then_some(text);
        self
    }

    /// With a body.
    pub(crate) fn body(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.header(CONTENT_TYPE, "application/json")
    }

    /// Only where the resource still has this version; of any where there is none.
    pub(crate) fn version(self, etag: &str) -> Self {
        if etag.is_empty() {
            return self;
        }
        self.header(IF_MATCH, etag)
    }

    /// Whomever it shuts out, where that is meant.
    pub(crate) fn confirmed(self, confirmed: bool) -> Self {
        if !confirmed {
            return self;
        }
        self.header(
            HeaderName::from_static("crossgate-confirm-lock-out"),
            "true",
        )
    }

    /// Not made: only told what would become of it.
    pub(crate) fn only_validated(self, only: bool) -> Self {
        if !only {
            return self;
        }
        self.header(HeaderName::from_static("crossgate-validate-only"), "true")
    }

    fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// Makes the call.
    pub(crate) fn send(self, api: &dyn Api) -> Result<Told, Failed> {
        let answer = api.answer(Call {
            method: self.method,
            path: self.path,
            query: self.query,
            headers: self.headers,
            body: self.body,
            origin: String::new(),
            address: None,
        });
        let body: Value = serde_json::from_slice(answer.body.bytes()).unwrap_or(Value::Null);
        if answer.status.is_success() {
            let text = |name: &str| Some(answer.headers.get(name)?.to_str().ok()?.to_owned());
            let told = answer.headers.get_all("crossgate-advisory").iter();
            return Ok(Told {
                etag: text("etag").or_else(|| text_of(&body, "/@odata.etag")),
                advisories: told
                    .filter_map(|value| Some(value.to_str().ok()?.to_owned()))
                    .collect(),
                body,
            });
        }
        let details = body.pointer("/error/details").and_then(Value::as_array);
        let details = details.into_iter().flatten().map(|detail| {
            (
                text_of(detail, "/target").unwrap_or_default(),
                text_of(detail, "/message").unwrap_or_default(),
            )
        });
        let challenge = answer.headers.get(WWW_AUTHENTICATE);
        let challenge = challenge.and_then(|value| value.to_str().ok());
        Err(Failed {
            status: answer.status,
            code: text_of(&body, "/error/code").unwrap_or_default(),
            message: text_of(&body, "/error/message").unwrap_or_default(),
            details: details.collect(),
            more_needed: challenge.is_some_and(|value| value.contains("insufficient_claims")),
        })
    }
}

impl Failed {
    /// The change would shut somebody out, and nobody has said that this is meant.
    pub(crate) fn is_lock_out(&self) -> bool {
        self.code == "Crossgate_LockOut"
    }
}

/// The text at a place of a document.
pub(crate) fn text_of(value: &Value, pointer: &str) -> Option<String> {
    Some(value.pointer(pointer)?.as_str()?.to_owned())
}

/// One part of a path, whatever it is.
pub(crate) fn part(text: &str) -> String {
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
    utf8_percent_encode(text, PLAIN).to_string()
}

/// A text within a `$filter`.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
