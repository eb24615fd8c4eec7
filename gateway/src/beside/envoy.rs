//! Envoy's question and the answer to it: `envoy.service.auth.v3.Authorization/Check`.

use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use prost::Message as _;

use super::messages::{
    Bool, CheckRequest, CheckResponse, Denied, HeaderOption, HeaderPair, HttpResponse, HttpStatus,
    Http, Passed, Status,
};
use super::original::{Original, Told, Unclear, read_method, scheme};
use crate::proxy::GoesOn;
use crate::request::headers::names_a_caller;
use crate::request::names;
use crate::request::respond::Answer;

/// Reads the request that Envoy asks about.
pub(super) fn original(message: &[u8]) -> Result<Original, Unclear> {
    let check = CheckRequest::decode(message).map_err(|_| "check_unreadable")?;
    let attributes = check.attributes.ok_or("check_unreadable")?;
    let peer = attributes.source.and_then(|source| source.address());
    let http = attributes.request.and_then(|request| request.http);
    let http = http.ok_or("check_unreadable")?;
    let told = |text: &str, missing| {
        if text.is_empty() {
            return Err(missing);
        }
        Ok(())
    };
    told(&http.method, "method_not_told")?;
    told(&http.host, "host_not_told")?;
    told(&http.path, "target_not_told")?;
    told(&http.scheme, "scheme_not_told")?;
    let headers = headers(&http)?;
    let mut original = Told {
        method: read_method(&http.method)?,
        secure: scheme(&http.scheme)?,
        host: &http.host,
        target: &http.path,
    }
    .request(headers.iter())?;
    original.connected_from(peer);
    Ok(original)
}

/// The headers, without what HTTP/2 tells beside them.
fn headers(http: &Http) -> Result<HeaderMap, Unclear> {
    let raw = http.header_map.iter().flat_map(|map| &map.headers);
    let raw = raw.map(|header| {
        let value = if header.raw_value.is_empty() {
            header.value.as_bytes()
        } else {
            &header.raw_value
        };
        (header.key.as_str(), value)
    });
    let plain = http.headers.iter();
    let plain = plain.map(|(name, value)| (name.as_str(), value.as_bytes()));
    if !http.headers.is_empty() && http.header_map.is_some() {
        return Err("headers_told_twice");
    }
    let mut headers = HeaderMap::new();
    for (name, value) in raw.chain(plain) {
        if let Some(name) = name.strip_prefix(':') {
            let told = match name {
                "method" => &http.method,
                "authority" => &http.host,
                "path" => &http.path,
                _ => continue,
            };
            if told.as_bytes() != value {
                return Err("target_told_twice");
            }
            continue;
        }
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| "header_odd")?;
        let value = HeaderValue::from_bytes(value).map_err(|_| "header_odd")?;
        let appended = headers.try_append(name, value);
        appended.map_err(|_| "too_many_headers")?;
    }
    Ok(headers)
}

/// The request may go on: what the app is to be told, and what is to be taken away of what the client sent.
pub(super) fn goes_on(goes_on: &GoesOn, client: &HeaderMap) -> CheckResponse {
    let GoesOn {
        said,
        cookie,
        authorization,
    } = goes_on;
    let mut set: Vec<HeaderOption> = said.iter().map(|(name, value)| option(name, value)).collect();
    let mut remove: Vec<String> = names::TOLD
        .iter()
        .filter(|name| !said.contains_key(**name))
        .map(ToString::to_string)
        .collect();
    for name in client.keys() {
        let odd = names_a_caller(name.as_str()) && !names::TOLD.contains(&name);
        let withheld = *name == AUTHORIZATION && authorization.is_none();
        if odd || withheld || (*name == COOKIE && cookie.is_none()) {
            remove.push(name.to_string());
        }
    }
    if let Some(cookie) = cookie
        && client.get(COOKIE) != Some(cookie)
    {
        set.push(option(&COOKIE, cookie));
    }
    CheckResponse {
        status: Some(Status { code: OK }),
        http_response: Some(HttpResponse::Passed(Passed {
            headers: set,
            headers_to_remove: remove,
        })),
    }
}

/// The request may not go on: what its client is to be told.
pub(super) fn stopped(answer: &Answer) -> CheckResponse {
    let mut headers: Vec<HeaderOption> = Vec::with_capacity(answer.headers.len());
    let mut before: Vec<&HeaderName> = Vec::with_capacity(answer.headers.len());
    for (name, value) in &answer.headers {
        let mut header = option(name, value);
        // A second of a name is one more.
        header.append = Some(Bool {
            value: before.contains(&name),
        });
        before.push(name);
        headers.push(header);
    }
    let code = match answer.status {
        401 => UNAUTHENTICATED,
        503 => UNAVAILABLE,
        _ => PERMISSION_DENIED,
    };
    CheckResponse {
        status: Some(Status { code }),
        http_response: Some(HttpResponse::Denied(Denied {
            status: Some(HttpStatus {
                code: i32::from(answer.status),
            }),
            headers,
            body: String::from_utf8_lossy(&answer.body).into_owned(),
        })),
    }
}

/// A header in the place of whatever stands there.
fn option(name: &HeaderName, value: &HeaderValue) -> HeaderOption {
    HeaderOption {
        header: Some(HeaderPair {
            key: name.to_string(),
            value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
            raw_value: Vec::new(),
        }),
        append: Some(Bool { value: false }),
    }
}

/// Codes of gRPC.
const OK: i32 = 0;
const PERMISSION_DENIED: i32 = 7;
const UNAVAILABLE: i32 = 14;
const UNAUTHENTICATED: i32 = 16;
