//! The request that a proxy asks about, made again of what it tells.
//!
//! Each kind of proxy has a path of its own here, and at that path one set of headers is read: what the others write may have
//! been written by a client.

use std::net::SocketAddr;

use http::header::{
    CONNECTION, CONTENT_LENGTH, FORWARDED, HOST, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, TE,
    TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
use pingora::http::RequestHeader;

use crate::proxy::Came;
use crate::request::headers::names_a_caller;
use crate::request::names;

/// How a proxy asks over HTTP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// As nginx does: `X-Original-*`.
    AuthRequest,
    /// As Traefik and Caddy do: `X-Forwarded-*`.
    ForwardAuth,
    /// As Envoy does: by the original request itself, without its body, below a path.
    ExtAuthz,
}

/// What keeps a question from being clear, as events name it.
pub(super) type Unclear = &'static str;

/// The request that is asked about.
#[derive(Debug)]
pub(super) struct Original {
    pub(super) request: RequestHeader,
    target: String,
    /// Who connected to whoever asks, or that itself.
    peer: Option<SocketAddr>,
    secure: bool,
}

impl Original {
    /// Who connected to whoever asks.
    pub(super) const fn connected_from(&mut self, peer: Option<SocketAddr>) {
        self.peer = peer;
    }

    pub(super) fn came(&self) -> Came<'_> {
        Came {
            request: &self.request,
            // Nothing else is left of what came.
            raw: Some(self.target.as_bytes()),
            peer: self.peer,
            secure: self.secure,
        }
    }
}

impl Form {
    /// What asks at this path.
    pub(super) fn of(path: &[u8]) -> Option<Self> {
        match path {
            b"/auth-request" => Some(Self::AuthRequest),
            b"/forward-auth" => Some(Self::ForwardAuth),
            _ => path.starts_with(EXT_AUTHZ).then_some(Self::ExtAuthz),
        }
    }

    /// The request that this asks about. `peer` is who asks, and believed.
    pub(super) fn original(
        self,
        check: &RequestHeader,
        peer: Option<SocketAddr>,
    ) -> Result<Original, Unclear> {
        let headers = &check.headers;
        // Whoever asks over HTTP can be told to set a header, and not to take one away that is spelled in an odd way.
        if headers.keys().any(|name| names_a_caller(name.as_str())) {
            return Err("identity_header_from_client");
        }
        let told = match self {
            Self::AuthRequest => auth_request(headers)?,
            Self::ForwardAuth => Told {
                method: method(headers, &names::FORWARDED_METHOD)?,
                secure: scheme(one(headers, &names::FORWARDED_PROTO, SCHEME)?)?,
                host: one(headers, &names::FORWARDED_HOST, HOST_TOLD)?,
                target: one(headers, &names::FORWARDED_URI, TARGET)?,
            },
            Self::ExtAuthz => ext_authz(check)?,
        };
        let mut original = told.request(headers.iter().filter(|(name, _)| !is_told(name)))?;
        let (request, secure) = (&mut original.request, original.secure);
        for address in headers.get_all(&names::FORWARDED_FOR) {
            let _ = request.append_header(&names::FORWARDED_FOR, address.clone());
        }
        let scheme = if secure { "https" } else { "http" };
        let _ = request.insert_header(&names::FORWARDED_PROTO, scheme);
        original.connected_from(peer);
        Ok(original)
    }
}

/// What is told of a request besides its headers.
pub(super) struct Told<'a> {
    pub(super) method: Method,
    pub(super) secure: bool,
    pub(super) host: &'a str,
    pub(super) target: &'a str,
}

impl Told<'_> {
    /// The request with these headers. Those about a connection are left out: they are of the connection of whoever asks.
    pub(super) fn request<'h>(
        self,
        headers: impl Iterator<Item = (&'h HeaderName, &'h HeaderValue)>,
    ) -> Result<Original, Unclear> {
        if !self.target.starts_with('/') {
            return Err("path_not_origin_form");
        }
        let target = self.target.as_bytes();
        let mut request = RequestHeader::build_no_case(self.method, target, None)
            .map_err(|_| "path_odd_character")?;
        request.set_version(Version::HTTP_11);
        let mut websocket = false;
        for (name, value) in headers {
            // What an app would speak behind it, nobody would ask about.
            if *name == UPGRADE && !value.as_bytes().eq_ignore_ascii_case(b"websocket") {
                return Err("upgrade_odd");
            }
            websocket |= is_of_websocket(name, value);
            if *name == HOST || is_of_a_connection(name) {
                continue;
            }
            let appended = request.append_header(name, value.clone());
            appended.map_err(|_| "too_many_headers")?;
        }
        let host = HeaderValue::from_str(self.host).map_err(|_| "host_odd")?;
        let _ = request.insert_header(HOST, host);
        if websocket && request.method == Method::GET {
            // What tells it at a door, proxies do not pass on.
            let _ = request.insert_header(UPGRADE, "websocket");
            let _ = request.insert_header(CONNECTION, "upgrade");
            request.remove_header(&CONTENT_LENGTH);
        }
        Ok(Original {
            request,
            target: self.target.to_owned(),
            peer: None,
            secure: self.secure,
        })
    }
}

/// `X-Original-URL`, or its parts.
fn auth_request(headers: &HeaderMap) -> Result<Told<'_>, Unclear> {
    let method = method(headers, &names::ORIGINAL_METHOD)?;
    if !headers.contains_key(&names::ORIGINAL_URL) {
        return Ok(Told {
            method,
            secure: scheme(one(headers, &names::FORWARDED_PROTO, SCHEME)?)?,
            host: one(headers, &names::FORWARDED_HOST, HOST_TOLD)?,
            target: one(headers, &names::ORIGINAL_URI, TARGET)?,
        });
    }
    // One of the two is then not the proxy's.
    if headers.contains_key(&names::ORIGINAL_URI) {
        return Err("target_told_twice");
    }
    let url = one(headers, &names::ORIGINAL_URL, TARGET)?;
    let (named, rest) = url.split_once("://").ok_or("target_odd")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, target) = rest.split_at_checked(end).ok_or("target_odd")?;
    Ok(Told {
        method,
        secure: scheme(named)?,
        host,
        target: if target.is_empty() { "/" } else { target },
    })
}

fn ext_authz(check: &RequestHeader) -> Result<Told<'_>, Unclear> {
    let headers = &check.headers;
    let target = check.raw_path().get(BELOW..);
    let target = target.and_then(|target| std::str::from_utf8(target).ok());
    let authority = check.uri.authority().map(http::uri::Authority::as_str);
    Ok(Told {
        method: check.method.clone(),
        secure: scheme(one(headers, &names::FORWARDED_PROTO, SCHEME)?)?,
        host: match authority {
            Some(authority) => authority,
            None => one(headers, &HOST, HOST_TOLD)?,
        },
        target: target.ok_or("path_not_ascii")?,
    })
}

/// What is said where a header is missing, came twice, or is no text.
type Faults = [Unclear; 3];

/// The one value of a header.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName, faults: Faults) -> Result<&'a str, Unclear> {
    let [missing, twice, odd] = faults;
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(missing)?;
    if values.next().is_some() {
        return Err(twice);
    }
    let value = value.to_str().map_err(|_| odd)?;
    if value.is_empty() {
        Err(missing)
    } else {
        Ok(value)
    }
}

fn method(headers: &HeaderMap, name: &HeaderName) -> Result<Method, Unclear> {
    read_method(one(headers, name, METHOD)?)
}

pub(super) fn read_method(text: &str) -> Result<Method, Unclear> {
    text.parse().map_err(|_| "method_odd")
}

/// Whether the connection of the client is encrypted.
pub(super) fn scheme(text: &str) -> Result<bool, Unclear> {
    match text {
        "https" | "wss" => Ok(true),
        "http" | "ws" => Ok(false),
        _ => Err("scheme_odd"),
    }
}

/// Browsers send these with the handshake and with nothing else; no script can.
fn is_of_websocket(name: &HeaderName, value: &HeaderValue) -> bool {
    let upgrades = || *name == UPGRADE && value.as_bytes().eq_ignore_ascii_case(b"websocket");
    *name == SEC_WEBSOCKET_KEY || *name == SEC_WEBSOCKET_VERSION || upgrades()
}

fn is_of_a_connection(name: &HeaderName) -> bool {
    [CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE].contains(name)
        || *name == names::KEEP_ALIVE
        || *name == names::PROXY_CONNECTION
}

/// What the proxy tells by headers, and the check's own length: none of it is a header of the request that is asked about.
fn is_told(name: &HeaderName) -> bool {
    let name_is = |start: &str| name.as_str().starts_with(start);
    *name == FORWARDED
        || *name == CONTENT_LENGTH
        || name_is("x-forwarded-")
        || name_is("x-original-")
}

/// Below which Envoy asks over HTTP.
const EXT_AUTHZ: &[u8] = b"/ext-authz/";
const BELOW: usize = EXT_AUTHZ.len() - 1;

const METHOD: Faults = ["method_not_told", "method_told_twice", "method_odd"];
const SCHEME: Faults = ["scheme_not_told", "scheme_told_twice", "scheme_odd"];
const HOST_TOLD: Faults = ["host_not_told", "host_told_twice", "host_odd"];
const TARGET: Faults = ["target_not_told", "target_told_twice", "target_odd"];

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: &[(&str, &str)] = &[
        ("x-original-method", "POST"),
        ("x-original-uri", "/a%2Fb?c=d"),
        ("x-forwarded-method", "PUT"),
        ("x-forwarded-uri", "/other"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "payroll.contoso.com:8443"),
        ("x-forwarded-for", "192.0.2.7"),
        ("cookie", "a=b"),
        ("content-length", "7"),
        ("host", "127.0.0.1:8446"),
    ];

    fn check(path: &str, headers: &[(&str, &str)]) -> RequestHeader {
        let mut check = RequestHeader::build("GET", path.as_bytes(), None).unwrap();
        for (name, value) in headers {
            check.append_header((*name).to_owned(), *value).unwrap();
        }
        check
    }

    fn original(path: &str, headers: &[(&str, &str)]) -> Result<Original, Unclear> {
        let form = Form::of(path.as_bytes()).unwrap();
        form.original(&check(path, headers), None)
    }

    fn line(original: &Original) -> String {
        let request = &original.request;
        format!(
            "{} {} {}",
            request.method,
            request.headers[HOST].to_str().unwrap(),
            original.target
        )
    }

    #[test]
    fn each_kind_of_proxy_is_heard_in_its_own_words_only() {
        let nginx = original("/auth-request", TOLD).unwrap();
        assert_eq!(line(&nginx), "POST payroll.contoso.com:8443 /a%2Fb?c=d");
        let traefik = original("/forward-auth", TOLD).unwrap();
        assert_eq!(line(&traefik), "PUT payroll.contoso.com:8443 /other");
        let envoy = original("/ext-authz/x?y=z", TOLD).unwrap();
        assert_eq!(line(&envoy), "GET 127.0.0.1:8446 /x?y=z");
        for original in [&nginx, &traefik, &envoy] {
            assert!(original.secure);
            let headers = &original.request.headers;
            assert_eq!(headers["cookie"], "a=b");
            assert_eq!(headers["x-forwarded-for"], "192.0.2.7");
            for name in ["content-length", "x-original-uri", "x-forwarded-uri"] {
                assert!(!headers.contains_key(name), "{name}");
            }
        }
    }

    #[test]
    fn a_whole_address_tells_as_much_as_its_parts() {
        for (url, expected) in [
            ("https://a.example/b?c", "GET a.example /b?c"),
            ("https://a.example:1", "GET a.example:1 /"),
        ] {
            let headers = [("x-original-method", "GET"), ("x-original-url", url)];
            let original = original("/auth-request", &headers).unwrap();
            assert_eq!(
                (line(&original).as_str(), original.secure),
                (expected, true)
            );
        }
        for (url, fault) in [
            ("/b", "target_odd"),
            ("ftp://a.example/b", "scheme_odd"),
            ("https://a.example?b", "path_not_origin_form"),
        ] {
            let headers = [("x-original-method", "GET"), ("x-original-url", url)];
            assert_eq!(original("/auth-request", &headers).unwrap_err(), fault);
        }
    }

    #[test]
    fn what_is_not_told_or_told_twice_is_no_question() {
        for (path, name, rule) in [
            ("/auth-request", "x-original-method", "method"),
            ("/auth-request", "x-original-uri", "target"),
            ("/auth-request", "x-forwarded-host", "host"),
            ("/auth-request", "x-forwarded-proto", "scheme"),
            ("/forward-auth", "x-forwarded-method", "method"),
            ("/forward-auth", "x-forwarded-uri", "target"),
            ("/forward-auth", "x-forwarded-host", "host"),
            ("/forward-auth", "x-forwarded-proto", "scheme"),
            ("/ext-authz/", "x-forwarded-proto", "scheme"),
        ] {
            let told = || TOLD.iter().copied();
            let without: Vec<_> = told().filter(|(other, _)| *other != name).collect();
            let fault = original(path, &without).unwrap_err();
            assert_eq!(fault, format!("{rule}_not_told"), "{path} {name}");
            let twice: Vec<_> = told().chain(told().filter(|(n, _)| *n == name)).collect();
            let fault = original(path, &twice).unwrap_err();
            assert_eq!(fault, format!("{rule}_told_twice"), "{path} {name}");
        }
        let both = [TOLD, &[("x-original-url", "https://a.example/")]].concat();
        assert_eq!(
            original("/auth-request", &both).unwrap_err(),
            "target_told_twice"
        );
    }

    #[test]
    fn nobody_who_asks_over_http_may_have_left_a_callers_identity_in() {
        for name in [
            "X-MS-CLIENT-PRINCIPAL",
            "x_ms_client_principal_id",
            "X-Crossgate.Home-Tenant",
            "x-crossgate-assertion",
            "Remote_User",
        ] {
            let headers = [TOLD, &[(name, "forged")]].concat();
            let fault = original("/forward-auth", &headers).unwrap_err();
            assert_eq!(fault, "identity_header_from_client", "{name}");
        }
    }

    #[test]
    fn a_handshake_is_known_by_what_proxies_pass_on() {
        for (name, value) in [
            ("sec-websocket-key", "x"),
            ("sec-websocket-version", "13"),
            ("upgrade", "WebSocket"),
        ] {
            let told = TOLD.iter().copied();
            let told = told.filter(|(other, _)| *other != "x-original-method");
            let method = [("x-original-method", "GET"), (name, value)];
            let headers: Vec<_> = told.chain(method).collect();
            let original = original("/auth-request", &headers).unwrap();
            assert_eq!(original.request.headers[UPGRADE], "websocket", "{name}");
        }
        let headers = [TOLD, &[("upgrade", "h2c"), ("connection", "upgrade")]].concat();
        assert_eq!(
            original("/auth-request", &headers).unwrap_err(),
            "upgrade_odd"
        );
    }
}
