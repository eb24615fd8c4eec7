//! Envoy's question and the answer to it: `envoy.service.auth.v3.Authorization/Check`.

use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use prost::Message as _;

use super::messages::{
    Bool, CheckRequest, CheckResponse, Denied, HeaderOption, HeaderPair, Http, HttpResponse,
    HttpStatus, Passed, Status,
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
    let mut set: Vec<HeaderOption> = said
        .iter()
        .map(|(name, value)| option(name, value))
        .collect();
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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::messages::HeaderMap as RawHeaders;
    use super::super::messages::{Address, Attributes, Peer, Request, SocketAddress};
    use super::*;

    fn http(headers: &[(&str, &str)]) -> Http {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Http {
            method: "POST".to_owned(),
            headers: headers.collect::<HashMap<_, _>>(),
            path: "/a?b=c".to_owned(),
            host: "payroll.contoso.com".to_owned(),
            scheme: "https".to_owned(),
            header_map: None,
        }
    }

    fn read(http: Http) -> Result<Original, Unclear> {
        let address = SocketAddress {
            address: "192.0.2.7".to_owned(),
            port_value: 4_711,
        };
        let source = Peer {
            address: Some(Address {
                socket_address: Some(address),
            }),
        };
        let check = CheckRequest {
            attributes: Some(Attributes {
                source: Some(source),
                request: Some(Request { http: Some(http) }),
            }),
        };
        original(&check.encode_to_vec())
    }

    #[test]
    fn a_question_tells_the_request_and_who_sent_it() {
        let original = read(http(&[
            (":path", "/a?b=c"),
            ("content-length", "7"),
            ("transfer-encoding", "chunked"),
            ("cookie", "a=b"),
        ]))
        .unwrap();
        let came = original.came();
        assert_eq!(came.peer, Some("192.0.2.7:4711".parse().unwrap()));
        assert!(came.secure);
        let request = came.request;
        assert_eq!(
            (request.method.as_str(), request.raw_path()),
            ("POST", &b"/a?b=c"[..])
        );
        let names: Vec<_> = request.headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(names.len(), 3, "{names:?}");
        for name in ["host", "content-length", "cookie"] {
            assert!(names.contains(&name), "{names:?}");
        }
    }

    #[test]
    fn headers_may_come_as_bytes_and_only_in_one_of_two_places() {
        let header = |key: &str, value: &str, raw_value: &[u8]| HeaderPair {
            key: key.to_owned(),
            value: value.to_owned(),
            raw_value: raw_value.to_vec(),
        };
        let raw = RawHeaders {
            headers: vec![
                header("x", "", b"\xe4"),
                header("authorization", "Bearer a", b""),
                header("authorization", "", b"Bearer b"),
            ],
        };
        let original = read(Http {
            header_map: Some(raw.clone()),
            ..http(&[])
        })
        .unwrap();
        let headers = &original.request.headers;
        assert_eq!(headers["x"].as_bytes(), b"\xe4");
        assert_eq!(headers.get_all(AUTHORIZATION).iter().count(), 2);
        let both = Http {
            header_map: Some(raw),
            ..http(&[("a", "b")])
        };
        assert_eq!(read(both).unwrap_err(), "headers_told_twice");
    }

    #[test]
    fn what_is_not_told_or_contradicts_itself_is_no_question() {
        for (http, fault) in [
            (
                Http {
                    method: String::new(),
                    ..http(&[])
                },
                "method_not_told",
            ),
            (
                Http {
                    host: String::new(),
                    ..http(&[])
                },
                "host_not_told",
            ),
            (
                Http {
                    path: String::new(),
                    ..http(&[])
                },
                "target_not_told",
            ),
            (
                Http {
                    scheme: String::new(),
                    ..http(&[])
                },
                "scheme_not_told",
            ),
            (http(&[(":path", "/admin")]), "target_told_twice"),
            (http(&[(":authority", "other")]), "target_told_twice"),
            (http(&[("a b", "c")]), "header_odd"),
        ] {
            assert_eq!(read(http).unwrap_err(), fault);
        }
        assert_eq!(original(b"\xff").unwrap_err(), "check_unreadable");
        assert_eq!(original(b"").unwrap_err(), "check_unreadable");
    }

    #[test]
    fn what_a_client_wrote_is_taken_away_and_ours_set_in_its_place() {
        let mut said = HeaderMap::new();
        said.insert(&names::HOME_TENANT, HeaderValue::from_static("home"));
        let mut client = HeaderMap::new();
        for name in [
            "x-ms-client-principal",
            "x_ms_client_principal_id",
            "x-crossgate-home-tenant",
            "x.crossgate.anything",
            "authorization",
            "cookie",
            "accept",
        ] {
            client.append(name, HeaderValue::from_static("spoofed"));
        }
        let passed = |cookie: Option<&'static str>| {
            let answer = GoesOn {
                said: said.clone(),
                cookie: cookie.map(HeaderValue::from_static),
                authorization: None,
            };
            match goes_on(&answer, &client).http_response {
                Some(HttpResponse::Passed(passed)) => passed,
                other => panic!("{other:?}"),
            }
        };
        let set = |passed: &Passed| -> Vec<String> {
            let set = passed.headers.iter().map(|option| {
                assert_eq!(option.append, Some(Bool { value: false }));
                option.header.clone().unwrap().key
            });
            set.collect()
        };
        let nothing_left = passed(None);
        assert_eq!(set(&nothing_left), ["x-crossgate-home-tenant"]);
        let mut removed = nothing_left.headers_to_remove.clone();
        removed.sort_unstable();
        assert_eq!(
            removed,
            [
                "authorization",
                "cookie",
                "x-correlation-id",
                "x-crossgate-access-type",
                "x-crossgate-assertion",
                "x-ms-client-principal",
                "x-ms-client-principal-id",
                "x-ms-client-principal-idp",
                "x-ms-client-principal-name",
                "x.crossgate.anything",
                "x_ms_client_principal_id",
            ]
        );
        let some_left = passed(Some("a=b"));
        assert_eq!(set(&some_left), ["x-crossgate-home-tenant", "cookie"]);
        assert!(!some_left.headers_to_remove.contains(&"cookie".to_owned()));
    }

    #[test]
    fn a_refusal_is_told_whole_and_each_header_of_it() {
        let answer = Answer {
            status: 401,
            headers: ["Bearer a", "Bearer b"]
                .map(|value| {
                    (
                        http::header::WWW_AUTHENTICATE,
                        HeaderValue::from_static(value),
                    )
                })
                .to_vec(),
            body: "no".into(),
        };
        let response = stopped(&answer);
        assert_eq!(
            response.status,
            Some(Status {
                code: UNAUTHENTICATED
            })
        );
        let Some(HttpResponse::Denied(denied)) = response.http_response else {
            panic!("no refusal")
        };
        assert_eq!(
            (denied.status, &*denied.body),
            (Some(HttpStatus { code: 401 }), "no")
        );
        let append = denied
            .headers
            .iter()
            .map(|header| header.append.as_ref().unwrap().value);
        assert_eq!(append.collect::<Vec<_>>(), [false, true]);
    }
}
