//! The head of a request as one clear request, or the rule that keeps it from being one.
//!
//! Pingora has refused, before anything here runs and without an event, what it cannot parse: two `Host` headers, an
//! authority in the target that differs from `Host`, userinfo, contradictory lengths, and `CONNECT`.

use std::borrow::Cow;

use crossgate_config::{BodyLimit, Limits};
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderValue, Method, Version};
use pingora::http::RequestHeader;

use super::respond::Trouble;
use super::{host, path};

/// A head that everybody reads in the same way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head<'a> {
    /// The host as the client wrote it, with its port.
    pub authority: &'a str,
    /// The host in its one form.
    pub host: Cow<'a, str>,
    /// The path in its one form.
    pub path: Cow<'a, str>,
    /// The target that the upstream gets, where the client spelled it otherwise.
    pub target: Option<String>,
    /// The client asks to go on in WebSocket.
    pub websocket: bool,
}

/// Reads the head. `raw` are its bytes as they came, where the protocol has such.
///
/// # Errors
/// It breaks a rule or a limit.
pub fn read<'a>(
    request: &'a RequestHeader,
    raw: Option<&[u8]>,
    limits: &Limits,
) -> Result<Head<'a>, Trouble> {
    let fields = Fields::of(request);
    if fields.size > limits.max_request_head {
        return Err(Trouble::HeadTooLarge);
    }
    let authority = authority(request, &fields)?;
    let host = host::normalise(authority).map_err(Trouble::Malformed)?;
    // `TRACE` echoes credentials to whoever can make a browser send it; no app gets it, so it is refused before any is
    // looked for. `CONNECT` the framework refuses, but not where another proxy tells it.
    if matches!(request.method, Method::TRACE | Method::CONNECT) {
        return Err(Trouble::MethodRefused);
    }
    check_framing(request, &fields, raw, limits)?;
    let target = target(request)?;
    // The framework drops fragments without a word; a client that sends one is none.
    let line = raw.and_then(|raw| raw.split(|byte| *byte == b'\n').next());
    if line.is_some_and(|line| line.contains(&b'#')) {
        return Err(Trouble::Malformed("path_fragment"));
    }
    let (spelled, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let path = path::normalise(spelled).map_err(Trouble::Malformed)?;
    if let Some(query) = query {
        path::check_query(query).map_err(Trouble::Malformed)?;
    }
    let same = *path == *spelled && target.as_bytes() == request.raw_path();
    let rewritten = (!same).then(|| match query {
        Some(query) => format!("{path}?{query}"),
        None => path.clone().into_owned(),
    });
    Ok(Head {
        authority,
        host,
        path,
        target: rewritten,
        websocket: is_websocket(request, &fields),
    })
}

/// The headers that are looked at, found by going through all of them once: looking each up costs more.
#[derive(Default)]
struct Fields<'a> {
    host: Field<'a>,
    transfer_encoding: Field<'a>,
    content_length: Field<'a>,
    upgrade: Field<'a>,
    /// Of the whole head.
    size: u64,
}

/// The values that came under one name.
#[derive(Clone, Copy, Default)]
struct Field<'a> {
    first: Option<&'a HeaderValue>,
    repeated: bool,
}

impl<'a> Fields<'a> {
    fn of(request: &'a RequestHeader) -> Self {
        let mut fields = Self::default();
        let mut size = request.raw_path().len();
        for (name, value) in &request.headers {
            size += name.as_str().len() + value.len() + FIELD_OVERHEAD;
            let field = if *name == HOST {
                &mut fields.host
            } else if *name == CONTENT_LENGTH {
                &mut fields.content_length
            } else if *name == TRANSFER_ENCODING {
                &mut fields.transfer_encoding
            } else if *name == UPGRADE {
                &mut fields.upgrade
            } else {
                continue;
            };
            field.repeated |= field.first.is_some();
            field.first = field.first.or(Some(value));
        }
        fields.size = u64::try_from(size).unwrap_or(u64::MAX);
        fields
    }
}

fn authority<'a>(request: &'a RequestHeader, fields: &Fields<'a>) -> Result<&'a str, Trouble> {
    if fields.host.repeated {
        return Err(Trouble::Malformed("two_hosts"));
    }
    let host = match fields.host.first {
        Some(host) => Some(host.to_str().map_err(|_| Trouble::Malformed("host_odd"))?),
        None => None,
    };
    let in_target = request.uri.authority().map(http::uri::Authority::as_str);
    match (in_target, host) {
        (Some(authority), Some(host)) if authority != host => {
            Err(Trouble::Malformed("two_authorities"))
        }
        (Some(authority), _) => Ok(authority),
        (None, Some(host)) => Ok(host),
        (None, None) => Err(Trouble::Malformed("host_missing")),
    }
}

/// The target in origin form; of an absolute one, what follows the authority.
fn target(request: &RequestHeader) -> Result<&str, Trouble> {
    let raw = request.raw_path();
    let raw = std::str::from_utf8(raw).map_err(|_| Trouble::Malformed("path_not_ascii"))?;
    if raw.starts_with('/') {
        return Ok(raw);
    }
    let is_web = ["http://", "https://"].iter().any(|scheme| {
        raw.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    if !is_web {
        return Err(Trouble::Malformed("path_not_origin_form"));
    }
    let target = request.uri.path_and_query().map(|target| target.as_str());
    Ok(target
        .filter(|target| target.starts_with('/'))
        .unwrap_or("/"))
}

fn check_framing(
    request: &RequestHeader,
    fields: &Fields<'_>,
    raw: Option<&[u8]>,
    limits: &Limits,
) -> Result<(), Trouble> {
    if let Some(encoding) = fields.transfer_encoding.first {
        let chunked = encoding
            .as_bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(b"chunked");
        let repeated = fields.transfer_encoding.repeated;
        if !chunked || repeated || request.version != Version::HTTP_11 {
            return Err(Trouble::Malformed("transfer_encoding"));
        }
        // The framework has removed the length by now; that both came is how requests are smuggled.
        let both = raw.is_some_and(|raw| {
            raw.split(|byte| *byte == b'\n').any(|line| {
                line.get(..LENGTH_FIELD.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(LENGTH_FIELD))
            })
        });
        if both {
            return Err(Trouble::Malformed("length_and_transfer_encoding"));
        }
    }
    let Some(length) = fields.content_length.first else {
        return Ok(());
    };
    if fields.content_length.repeated {
        return Err(Trouble::Malformed("two_content_lengths"));
    }
    let text = length
        .to_str()
        .ok()
        .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    let length: u64 = text
        .and_then(|text| text.parse().ok())
        .ok_or(Trouble::Malformed("content_length"))?;
    match limits.max_request_body {
        BodyLimit::Bytes(most) if length > most => Err(Trouble::BodyTooLarge),
        BodyLimit::Bytes(_) | BodyLimit::Unlimited => Ok(()),
    }
}

/// The opening handshake (RFC 6455, section 4.1), which has no body. Other upgrades are not passed on; the request goes
/// on without.
fn is_websocket(request: &RequestHeader, fields: &Fields<'_>) -> bool {
    let asked_for = fields
        .upgrade
        .first
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    if !asked_for {
        return false;
    }
    let length = fields.content_length.first;
    let bodiless = fields.transfer_encoding.first.is_none()
        && length.is_none_or(|length| length.as_bytes().iter().all(|byte| *byte == b'0'));
    // Without it an upgrade is meant for the next hop that asks (RFC 9110, section 7.8).
    let of_us = request
        .headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade"));
    request.method == Method::GET && request.version == Version::HTTP_11 && bodiless && of_us
}

const LENGTH_FIELD: &[u8] = b"content-length:";

/// Colon, space and line end.
const FIELD_OVERHEAD: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        super::super::route::tests::settings("").limits
    }

    fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> RequestHeader {
        let mut request = RequestHeader::build(method, target.as_bytes(), None).unwrap();
        for (name, value) in headers {
            request.append_header((*name).to_owned(), *value).unwrap();
        }
        request
    }

    fn trouble(method: &str, target: &str, headers: &[(&str, &str)], raw: &str) -> Option<Trouble> {
        let request = request(method, target, headers);
        read(&request, Some(raw.as_bytes()), &limits()).err()
    }

    const HOSTED: &[(&str, &str)] = &[("Host", "payroll.contoso.com")];

    #[test]
    fn a_plain_request_is_read_and_its_target_not_touched() {
        let request = request("GET", "/a?q=%2F", &[("Host", "Payroll.contoso.com.:8443")]);
        let head = read(&request, None, &limits()).unwrap();
        assert_eq!((&*head.host, &*head.path), ("payroll.contoso.com", "/a"));
        assert_eq!(
            (head.authority, head.target),
            ("Payroll.contoso.com.:8443", None)
        );
        assert!(!head.websocket);
    }

    #[test]
    fn another_spelling_and_an_absolute_target_are_rewritten() {
        for (target, rewritten) in [
            ("/%61?x", "/a?x"),
            ("http://payroll.contoso.com/a?x", "/a?x"),
            ("HTTP://payroll.contoso.com/%61", "/a"),
            ("http://payroll.contoso.com", "/"),
        ] {
            let request = request("GET", target, HOSTED);
            let head = read(&request, None, &limits()).unwrap();
            assert_eq!(head.target.as_deref(), Some(rewritten), "{target}");
        }
    }

    #[test]
    fn what_is_not_one_clear_request_is_malformed() {
        let malformed = |rule| Some(Trouble::Malformed(rule));
        let with = |name: &'static str, value: &'static str| {
            vec![("Host", "payroll.contoso.com"), (name, value)]
        };
        for (target, headers, rule) in [
            ("/", vec![], "host_missing"),
            ("/", with("Host", "payroll.contoso.com"), "two_hosts"),
            ("/", vec![("Host", "a b")], "host_odd"),
            ("*", HOSTED.to_vec(), "path_not_origin_form"),
            (
                "ftp://payroll.contoso.com/",
                HOSTED.to_vec(),
                "path_not_origin_form",
            ),
            ("/a/../b", HOSTED.to_vec(), "path_dot_segment"),
            (
                "/",
                with("Transfer-Encoding", "gzip, chunked"),
                "transfer_encoding",
            ),
            ("/", with("Content-Length", "+1"), "content_length"),
            ("/", with("Content-Length", "1, 1"), "content_length"),
        ] {
            assert_eq!(
                trouble("GET", target, &headers, ""),
                malformed(rule),
                "{target} {headers:?}"
            );
        }
        let twice = [HOSTED, &[("Content-Length", "1"), ("Content-Length", "1")]].concat();
        assert_eq!(
            trouble("POST", "/", &twice, ""),
            malformed("two_content_lengths")
        );
        let raw = "POST / HTTP/1.1\r\ncontent-length: 5\r\nTransfer-Encoding: chunked\r\n\r\n";
        let chunked = with("Transfer-Encoding", "chunked");
        assert_eq!(
            trouble("POST", "/", &chunked, raw),
            malformed("length_and_transfer_encoding")
        );
        assert_eq!(trouble("POST", "/", &chunked, ""), None);
        assert_eq!(
            trouble("GET", "/a", HOSTED, "GET /a#b HTTP/1.1\r\n"),
            malformed("path_fragment")
        );
    }

    #[test]
    fn trace_is_refused_for_everybody() {
        assert_eq!(
            trouble("TRACE", "/", HOSTED, ""),
            Some(Trouble::MethodRefused)
        );
        for method in ["GET", "OPTIONS", "PROPFIND"] {
            assert_eq!(trouble(method, "/", HOSTED, ""), None, "{method}");
        }
    }

    #[test]
    fn limits_hold_at_their_very_byte() {
        let body = |length: u64| {
            let limits = Limits {
                max_request_body: BodyLimit::Bytes(10),
                ..limits()
            };
            let length = length.to_string();
            let headers = [HOSTED, &[("Content-Length", length.as_str())]].concat();
            read(&request("POST", "/", &headers), None, &limits).err()
        };
        assert_eq!((body(10), body(11)), (None, Some(Trouble::BodyTooLarge)));
        let head = |most: u64| {
            let limits = Limits {
                max_request_head: most,
                ..limits()
            };
            read(&request("GET", "/", HOSTED), None, &limits).err()
        };
        let size = Fields::of(&request("GET", "/", HOSTED)).size;
        assert_eq!(
            (head(size), head(size - 1)),
            (None, Some(Trouble::HeadTooLarge))
        );
    }

    #[test]
    fn only_a_websocket_is_an_upgrade() {
        for (upgrade, websocket) in [("websocket", true), ("WebSocket", true), ("h2c", false)] {
            let asked: &[_] = &[("Upgrade", upgrade), ("Connection", "keep-alive, Upgrade")];
            let with = request("GET", "/", &[HOSTED, asked].concat());
            let head = read(&with, None, &limits()).unwrap();
            assert_eq!(head.websocket, websocket, "{upgrade}");
            let without = request("GET", "/", &[HOSTED, &[("Upgrade", upgrade)]].concat());
            assert!(!read(&without, None, &limits()).unwrap().websocket);
        }
    }

    #[test]
    fn what_may_have_a_body_is_no_websocket() {
        for (method, name, value, websocket) in [
            ("GET", "Content-Length", "0", true),
            ("GET", "Content-Length", "5", false),
            ("GET", "Transfer-Encoding", "chunked", false),
            ("POST", "Content-Length", "0", false),
        ] {
            let asked: &[_] = &[("Upgrade", "websocket"), ("Connection", "Upgrade")];
            let headers = [HOSTED, asked, &[(name, value)]].concat();
            let request = request(method, "/", &headers);
            let head = read(&request, None, &limits()).unwrap();
            assert_eq!(head.websocket, websocket, "{method} {name}: {value}");
        }
    }
}
