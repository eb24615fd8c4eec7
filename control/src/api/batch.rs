//! `$batch`: several calls in one (Graph's JSON batching).

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Answer, Call, CallIds, Reply};
use super::error::ApiError;
use super::routes::{self, Operation, Special, Verb};

/// The body of a batch.
#[derive(Debug, Deserialize)]
struct Batch {
    requests: Vec<Request>,
}

/// One call of a batch. Clients put in members of their own.
#[derive(Debug, Deserialize)]
struct Request {
    id: String,
    method: Verb,
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<Value>,
    /// One of Microsoft's clients spells it in its own way.
    #[serde(default, rename = "dependsOn", alias = "depends_on")]
    depends_on: Option<Vec<String>>,
}

/// Makes the calls of a batch, one after the other in their order; `answer` makes one.
///
/// # Errors
/// The batch itself is malformed. What goes wrong in a call stands in its own answer.
pub(super) fn run(
    call: &Call,
    version: &str,
    answer: &dyn Fn(&Call) -> Answer,
) -> Result<Reply, ApiError> {
    let batch: Batch = serde_json::from_slice(&call.body)
        .map_err(|error| ApiError::bad(format!("the batch is malformed: {error}")))?;
    if batch.requests.len() > MOST_REQUESTS {
        return Err(ApiError::bad(format!(
            "a batch takes {MOST_REQUESTS} requests; this one has {}",
            batch.requests.len()
        )));
    }
    check(&batch.requests)?;
    let mut failed: Vec<String> = Vec::new();
    let mut responses = Vec::new();
    for request in batch.requests {
        let mut needed = request.depends_on.iter().flatten();
        let answer = match needed.find(|needed| failed.contains(needed)) {
            Some(needed) => Err(ApiError::dependency(needed)),
            None => one(call, version, &request).map(|inner| answer(&inner)),
        };
        let answer = answer.unwrap_or_else(|error| Answer::of(Err(error), &CallIds::of(call)));
        responses.push(told(&request.id, &answer));
        if !answer.status.is_success() {
            failed.push(request.id);
        }
    }
    Ok(Reply::ok(json!({ "responses": responses })))
}

/// Refuses a batch whose calls cannot be told apart or put in order, before any of them is made.
fn check(requests: &[Request]) -> Result<(), ApiError> {
    let mut before: Vec<&str> = Vec::new();
    for Request { id, depends_on, .. } in requests {
        if before.contains(&&**id) {
            return Err(ApiError::bad(format!(
                "two requests have the id `{id}`; give each its own"
            )));
        }
        let mut needed = depends_on.iter().flatten();
        if let Some(needed) = needed.find(|needed| !before.contains(&&***needed)) {
            return Err(ApiError::bad(format!(
                "request `{id}` depends on `{needed}`, which does not stand before it"
            )));
        }
        before.push(id);
    }
    Ok(())
}

/// A call of a batch, as if it had come alone: from the same caller.
fn one(batch: &Call, version: &str, request: &Request) -> Result<Call, ApiError> {
    let url = request
        .url
        .strip_prefix(&batch.origin)
        .unwrap_or(&request.url);
    let (path, query) = match url.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (url, None),
    };
    let path = format!("/{}", path.trim_start_matches('/'));
    let absolute = ["/v1.0/", "/beta/"]
        .iter()
        .any(|start| path.starts_with(start));
    let path = if absolute {
        path
    } else {
        format!("/{version}{path}")
    };
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let named = HeaderName::from_bytes(name.as_bytes()).ok();
        let value = HeaderValue::from_str(value).ok();
        let (Some(named), Some(value)) = (named, value) else {
            return Err(ApiError::bad(format!("header `{name}` is malformed")));
        };
        headers.append(named, value);
    }
    let body = request.body.as_ref();
    let call = Call {
        method: request.method.method(),
        path,
        query,
        headers,
        body: body
            .map(|body| body.to_string().into_bytes())
            .unwrap_or_default(),
        origin: batch.origin.clone(),
        address: batch.address,
    };
    // By where it leads: an address can be written in more than one way.
    let route = routes::find(&call).ok().map(|found| found.route);
    match route.map(|route| (route.operation, route.streams())) {
        Some((Operation::Special(Special::Batch), _)) => {
            Err(ApiError::bad("a batch cannot hold another"))
        }
        Some((_, true)) => Err(ApiError::bad(
            "a batch cannot hold what is sent while it is made; ask for it alone",
        )),
        Some((_, false)) | None => Ok(call),
    }
}

fn told(id: &str, answer: &Answer) -> Value {
    let headers: Map<String, Value> = answer
        .headers
        .iter()
        .filter_map(|(name, value)| Some((spelt(name), json!(value.to_str().ok()?))))
        .collect();
    let mut told = Map::new();
    told.insert("id".to_owned(), json!(id));
    told.insert("status".to_owned(), json!(answer.status.as_u16()));
    told.insert("headers".to_owned(), Value::Object(headers));
    let body = answer.body.bytes();
    if !body.is_empty() {
        let body = serde_json::from_slice(body).unwrap_or(Value::Null);
        told.insert("body".to_owned(), body);
    }
    Value::Object(told)
}

/// Clients look for these in the letters that Graph writes them in.
fn spelt(name: &HeaderName) -> String {
    match *name {
        http::header::CONTENT_TYPE => "Content-Type".to_owned(),
        http::header::ETAG => "ETag".to_owned(),
        http::header::RETRY_AFTER => "Retry-After".to_owned(),
        http::header::CACHE_CONTROL => "Cache-Control".to_owned(),
        _ => name.to_string(),
    }
}

/// Graph's limit.
const MOST_REQUESTS: usize = 20;
