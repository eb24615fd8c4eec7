//! What an upstream sees: first everything goes that only the gateway may say, in every spelling, then it says it.
//!
//! Pingora has removed hop-by-hop headers, and those that the client named in `Connection`, before this runs; so a
//! client cannot have ours removed. Trailers of requests are not passed on at all.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::{BufMut as _, BytesMut};
use http::header::{AUTHORIZATION, FORWARDED, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use pingora::http::RequestHeader;
use pingora::{Error, ErrorType, OrErr as _};
use uuid::Uuid;

use super::forwarded::Client;
use super::identity::Identity;
use super::names;
use super::route::Restriction;
use super::scribe::header_value;
use crossgate_policy::Permit;
use crossgate_portal::cookies;

/// Everything that is said to an upstream about one request.
#[derive(Debug)]
pub struct Said<'a> {
    /// Proof that the request may go on.
    pub permit: &'a Permit,
    /// Who calls; `None` for an anonymous call.
    pub identity: Option<&'a Identity>,
    /// The client's side.
    pub client: &'a Client,
    /// Browsers may bring cookies of ours, which are not the app's to see.
    pub sessions: bool,
    /// The id under which the request is found again.
    pub correlation_id: &'a CorrelationId,
    /// The token goes on.
    pub forward_authorization: bool,
    /// What becomes of tenant-restriction headers.
    pub restriction: Restriction,
    /// Our own restriction policy, `<tenant>:<policy>`, where there is one.
    pub own_restriction: Option<&'a str>,
}

/// The id under which a request is found again, in logs, events and answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CorrelationId {
    /// Ours: that of the decision.
    Own(Uuid),
    /// The one that a believed proxy told.
    Told(Arc<str>),
}

impl std::fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Own(id) => id.fmt(f),
            Self::Told(id) => f.write_str(id),
        }
    }
}

/// Strips, then stamps.
///
/// # Errors
/// A value cannot stand in a header, which no value of ours does.
pub fn rewrite(request: &mut RequestHeader, said: &Said<'_>) -> pingora::Result<()> {
    open(request, |parts| {
        let headers = &mut parts.headers;
        strip(headers, said.restriction);
        if said.sessions {
            cookies::strip(headers);
        }
        if !said.forward_authorization {
            headers.remove(AUTHORIZATION);
        }
        headers.try_reserve(MOST_SAID).map_err(|_| too_many())?;
        if let (Restriction::Inject, Some(policy)) = (said.restriction, said.own_restriction) {
            let policy = HeaderValue::from_str(policy);
            set(headers, &names::RESTRICTION_POLICY, policy.ok())?;
        }
        stamp_forwarded(headers, said.client)?;
        set(
            headers,
            &names::CORRELATION_ID,
            correlation_id(said.correlation_id),
        )?;
        stamp_identity(headers, said.permit, said.identity)
    })
}

/// What an app is told of a caller who was let through, where another proxy tells it in our place.
///
/// # Errors
/// A value cannot stand in a header, which no value of ours does.
pub fn told(
    permit: &Permit,
    identity: Option<&Identity>,
    id: &CorrelationId,
) -> pingora::Result<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(MOST_SAID);
    set(&mut headers, &names::CORRELATION_ID, correlation_id(id))?;
    stamp_identity(&mut headers, permit, identity)?;
    Ok(headers)
}

/// Changes the parts of a request, keeping its target as it is written.
///
/// Names of headers lose their case, which means nothing (RFC 9110, section 5.1). Kept, every header that is added would cost
/// three allocations.
fn open(
    request: &mut RequestHeader,
    change: impl FnOnce(&mut Parts) -> pingora::Result<()>,
) -> pingora::Result<()> {
    let in_uri = request.uri.path_and_query().map(|target| target.as_str());
    let odd = in_uri.is_none_or(|target| target.as_bytes() != request.raw_path());
    let target = odd.then(|| request.raw_path().to_vec());
    let nothing = http::Request::new(()).into_parts().0;
    let mut parts: Parts = std::mem::replace(request, nothing.into()).into();
    change(&mut parts)?;
    *request = parts.into();
    match target {
        Some(target) => request.set_raw_path(&target),
        None => Ok(()),
    }
}

fn set(
    headers: &mut HeaderMap,
    name: &HeaderName,
    value: Option<HeaderValue>,
) -> pingora::Result<()> {
    // `or_err` makes the error first and throws it away.
    let value = value.ok_or_else(|| Error::explain(ErrorType::InvalidHTTPHeader, "odd value"))?;
    headers.try_insert(name, value).map_err(|_| too_many())?;
    Ok(())
}

fn too_many() -> Box<Error> {
    Error::explain(ErrorType::InvalidHTTPHeader, "too many headers")
}

fn stamp_identity(
    headers: &mut HeaderMap,
    permit: &Permit,
    identity: Option<&Identity>,
) -> pingora::Result<()> {
    let Some(identity) = identity else {
        return Ok(());
    };
    let values = [
        (&names::PRINCIPAL, &identity.principal),
        (&names::PRINCIPAL_ID, &identity.user),
        (&names::PRINCIPAL_NAME, &identity.name),
        (&names::PRINCIPAL_IDP, &identity.idp),
        (&names::ASSERTION, &identity.assertion),
        (&names::HOME_TENANT, &identity.home_tenant),
    ];
    for (name, value) in values {
        if value.is_some() {
            set(headers, name, value.clone())?;
        }
    }
    if let Some(access_type) = permit.access_type() {
        let name = HeaderValue::from_static(access_type.name());
        set(headers, &names::ACCESS_TYPE, Some(name))?;
    }
    Ok(())
}

fn correlation_id(id: &CorrelationId) -> Option<HeaderValue> {
    header_value(|page| match id {
        CorrelationId::Own(id) => {
            let mut text = Uuid::encode_buffer();
            page.put_slice(id.hyphenated().encode_lower(&mut text).as_bytes());
        }
        CorrelationId::Told(id) => page.put_slice(id.as_bytes()),
    })
}

fn strip(headers: &mut HeaderMap, restriction: Restriction) {
    let drop_restriction = restriction != Restriction::Pass;
    let spoken_for = |name: &HeaderName| {
        is_ours(name.as_str()) || (drop_restriction && is_restriction(name.as_str()))
    };
    // Usually there is none, and then this allocates nothing.
    let names: Vec<HeaderName> = headers
        .keys()
        .filter(|name| spoken_for(name))
        .cloned()
        .collect();
    for name in names {
        headers.remove(&name);
    }
}

/// Whether some server could take this name for one that only the gateway, or a proxy it believes, may use.
#[must_use]
pub fn is_ours(name: &str) -> bool {
    let first = name.bytes().next().map(|byte| byte.to_ascii_lowercase());
    let may_be = first.is_some_and(|first| FIRST_LETTERS.contains(&first));
    may_be && is_listed(name)
}

/// Whether some server could take this name for one that tells an app who calls.
#[must_use]
pub fn names_a_caller(name: &str) -> bool {
    CALLERS.iter().any(|ours| spells(name, ours)) || is_of(name, &CALLER_FAMILIES)
}

fn is_listed(name: &str) -> bool {
    EXACT.iter().any(|ours| spells(name, ours)) || is_of(name, &FAMILIES)
}

fn is_of(name: &str, families: &[&str]) -> bool {
    families.iter().any(|family| {
        name.get(..family.len())
            .is_some_and(|start| spells(start, family))
    })
}

fn is_restriction(name: &str) -> bool {
    [
        &names::RESTRICTION_POLICY,
        &names::RESTRICTION_TENANTS,
        &names::RESTRICTION_CONTEXT,
    ]
    .iter()
    .any(|restriction| spells(name, restriction.as_str()))
}

/// CGI and its heirs turn `-` into `_`, and some of them every other sign too: to them these are one name.
fn spells(name: &str, ours: &str) -> bool {
    name.len() == ours.len()
        && name.bytes().zip(ours.bytes()).all(|(byte, ours)| {
            let byte = if byte.is_ascii_alphanumeric() {
                byte.to_ascii_lowercase()
            } else {
                b'-'
            };
            byte == ours.to_ascii_lowercase()
        })
}

fn stamp_forwarded(headers: &mut HeaderMap, client: &Client) -> pingora::Result<()> {
    let told = client.told.as_ref();
    let chain = told.map_or("", |told| told.chain.as_str());
    if client.peer.is_some() || !chain.is_empty() {
        let chain = header_value(|page| {
            page.put_slice(chain.as_bytes());
            if let Some(peer) = client.peer {
                continue_list(page, chain);
                append_address(page, peer);
            }
        });
        set(headers, &names::FORWARDED_FOR, chain)?;
    }
    let scheme = HeaderValue::from_static(client.scheme());
    set(headers, &names::FORWARDED_PROTO, Some(scheme))?;
    set(headers, &names::FORWARDED_HOST, Some(client.host.clone()))?;
    let before = told.map_or("", |told| told.forwarded.as_str());
    let element = header_value(|page| {
        page.put_slice(before.as_bytes());
        continue_list(page, before);
        match client.peer {
            Some(peer @ IpAddr::V6(_)) => {
                page.put_slice(b"for=\"[");
                append_address(page, peer);
                page.put_slice(b"]\";");
            }
            Some(peer @ IpAddr::V4(_)) => {
                page.put_slice(b"for=");
                append_address(page, peer);
                page.put_slice(b";");
            }
            None => {}
        }
        // A host was checked to have no quote in it.
        for part in [
            b"host=\"",
            client.host.as_bytes(),
            b"\";proto=",
            client.scheme().as_bytes(),
        ] {
            page.put_slice(part);
        }
    });
    set(headers, &FORWARDED, element)
}

fn continue_list(page: &mut BytesMut, list: &str) {
    if !list.is_empty() {
        page.put_slice(b", ");
    }
}

/// As `Display` has it, and IPv4 in a tenth of the time.
fn append_address(page: &mut BytesMut, address: IpAddr) {
    let IpAddr::V4(address) = address else {
        // Writing to memory does not fail.
        let _ = write!(page, "{address}");
        return;
    };
    for (place, octet) in address.octets().into_iter().enumerate() {
        if place > 0 {
            page.put_u8(b'.');
        }
        let (hundreds, tens, ones) = (octet / 100, octet / 10 % 10, octet % 10);
        if hundreds > 0 {
            page.put_u8(b'0' + hundreds);
        }
        if octet >= 10 {
            page.put_u8(b'0' + tens);
        }
        page.put_u8(b'0' + ones);
    }
}

/// Brings the target into the form that routing and policy saw. `target` is `None` where it stands in it already.
///
/// # Errors
/// The target or the host cannot stand in a request, which was excluded before.
pub fn set_target(request: &mut RequestHeader, target: Option<&str>) -> pingora::Result<()> {
    if !request.headers.contains_key(HOST)
        && let Some(authority) = request.uri.authority()
    {
        let authority = HeaderValue::from_str(authority.as_str());
        let authority = authority.or_err(ErrorType::InvalidHTTPHeader, "odd host")?;
        request.insert_header(HOST, authority)?;
    }
    match target {
        Some(target) => request.set_raw_path(target.as_bytes()),
        None => Ok(()),
    }
}

/// Names of the gateway, and of things that only whoever ends TLS or rewrites paths can know.
const EXACT: [&str; 18] = [
    "x-correlation-id",
    "forwarded",
    "x-forwarded",
    "x-real-ip",
    "x-client-ip",
    "client-ip",
    "true-client-ip",
    "remote-user",
    "x-remote-user",
    "x-original-url",
    "x-original-host",
    "x-original-uri",
    "x-rewrite-url",
    "client-cert",
    "client-cert-chain",
    "x-client-cert",
    "x-arr-clientcert",
    "x-ms-client-principal",
];

/// Beginnings of names.
const FAMILIES: [&str; 5] = [
    "x-crossgate-",
    "x-ms-client-principal-",
    // App Service's own tokens of the caller.
    "x-ms-token-",
    "x-forwarded-",
    "x-original-forwarded-",
];

/// Of the exact names those that tell who calls.
const CALLERS: [&str; 3] = ["x-ms-client-principal", "remote-user", "x-remote-user"];

/// Of the beginnings those that tell who calls.
const CALLER_FAMILIES: [&str; 3] = ["x-crossgate-", "x-ms-client-principal-", "x-ms-token-"];

/// With which all of these begin.
const FIRST_LETTERS: [u8; 5] = *b"cfrtx";

/// Headers that are added at most.
const MOST_SAID: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::identity;
    use crate::request::testing::{OWN, app, known, permit, routes, signer};

    static OURS: CorrelationId = CorrelationId::Own(Uuid::nil());

    fn client() -> Client {
        Client {
            address: Some([192, 0, 2, 7].into()),
            peer: Some([192, 0, 2, 7].into()),
            secure: true,
            host: HeaderValue::from_static("payroll.contoso.com"),
            told: None,
        }
    }

    fn request(headers: &[(&str, &str)]) -> RequestHeader {
        let mut request = RequestHeader::build("GET", b"/", None).unwrap();
        for (name, value) in headers {
            request.append_header((*name).to_owned(), *value).unwrap();
        }
        request
    }

    fn said<'a>(permit: &'a Permit, client: &'a Client) -> Said<'a> {
        Said {
            permit,
            identity: None,
            client,
            sessions: true,
            correlation_id: &OURS,
            forward_authorization: true,
            restriction: Restriction::Pass,
            own_restriction: None,
        }
    }

    fn values<'a>(request: &'a RequestHeader, name: &str) -> Vec<&'a str> {
        let values = request.headers.get_all(name).iter();
        values.map(|value| value.to_str().unwrap()).collect()
    }

    #[test]
    fn client_supplied_identity_header_never_reaches_upstream() {
        let (permit, client) = (permit(), client());
        let names = EXACT.iter().map(ToString::to_string);
        let family = FAMILIES.iter().map(|family| format!("{family}anything"));
        for name in names.chain(family) {
            for spelling in [
                name.clone(),
                name.to_uppercase(),
                name.replace('-', "_"),
                name.replace('-', "."),
                name.replacen('-', "_", 1),
                name.replacen('-', ".", 1),
            ] {
                let mut request = request(&[(&spelling, "spoofed"), (&spelling, "again")]);
                rewrite(&mut request, &said(&permit, &client)).unwrap();
                assert!(
                    !format!("{:?}", request.headers).contains("spoofed"),
                    "{spelling}"
                );
                assert!(
                    !format!("{:?}", request.headers).contains("again"),
                    "{spelling}"
                );
            }
        }
    }

    #[test]
    fn headers_that_only_look_alike_pass() {
        let (permit, client) = (permit(), client());
        let names = [
            "x-crossgate",
            "x-ms-client",
            "x-forward",
            "cookie",
            "accept",
            "x-ms-version",
        ];
        for name in names {
            let mut request = request(&[(name, "kept")]);
            rewrite(&mut request, &said(&permit, &client)).unwrap();
            assert_eq!(values(&request, name), ["kept"], "{name}");
        }
    }

    #[test]
    fn an_identified_caller_is_stamped_and_an_anonymous_one_is_not() {
        let (permit, client) = (permit(), client());
        let mut with = request(&[]);
        let (signer, routes) = (signer(), routes(&["payroll"]));
        let app = app(&routes, "payroll");
        let identity = identity::of(&known(OWN), &permit, app, &signer, 1000).unwrap();
        let identified = Said {
            identity: Some(&identity),
            ..said(&permit, &client)
        };
        rewrite(&mut with, &identified).unwrap();
        assert_eq!(values(&with, "x-ms-client-principal-id"), ["ada"]);
        let assertion = identity.assertion.as_ref().unwrap().to_str().unwrap();
        assert_eq!(values(&with, "x-crossgate-assertion"), [assertion]);
        assert_eq!(
            values(&with, "x-ms-client-principal-name"),
            ["ada@contoso.com"]
        );
        assert_eq!(
            values(&with, "x-crossgate-access-type"),
            ["b2bCollaboration"]
        );
        assert_eq!(
            values(&with, "x-crossgate-home-tenant"),
            ["00000000-0000-0000-0000-000000000002"]
        );
        let mut without = request(&[]);
        rewrite(&mut without, &said(&permit, &client)).unwrap();
        assert_eq!(
            values(&without, "x-correlation-id"),
            [Uuid::nil().to_string()]
        );
        let named = |name: &HeaderName| {
            name.as_str().starts_with("x-ms-") || name.as_str().starts_with("x-crossgate-")
        };
        assert!(!without.headers.keys().any(named), "{without:?}");
    }

    #[test]
    fn the_way_here_is_told_anew_and_continued_for_a_trusted_proxy_only() {
        let permit = permit();
        let spoofed = [
            ("X-Forwarded-For", "203.0.113.4"),
            ("Forwarded", "for=203.0.113.4"),
        ];
        let mut direct = request(&spoofed);
        let client = client();
        rewrite(&mut direct, &said(&permit, &client)).unwrap();
        assert_eq!(values(&direct, "x-forwarded-for"), ["192.0.2.7"]);
        assert_eq!(values(&direct, "x-forwarded-proto"), ["https"]);
        let element = "for=192.0.2.7;host=\"payroll.contoso.com\";proto=https";
        assert_eq!(values(&direct, "forwarded"), [element]);

        let told = crate::request::forwarded::Told {
            chain: "203.0.113.4".to_owned(),
            forwarded: "for=203.0.113.4".to_owned(),
            correlation_id: None,
        };
        let client = Client {
            told: Some(told),
            ..client
        };
        let mut proxied = request(&spoofed);
        rewrite(&mut proxied, &said(&permit, &client)).unwrap();
        assert_eq!(
            values(&proxied, "x-forwarded-for"),
            ["203.0.113.4, 192.0.2.7"]
        );
        assert_eq!(
            values(&proxied, "forwarded"),
            [format!("for=203.0.113.4, {element}")]
        );
    }

    #[test]
    fn authorization_goes_on_only_where_the_app_wants_it() {
        let (permit, client) = (permit(), client());
        for (forward_authorization, seen) in [(true, vec!["Bearer t"]), (false, vec![])] {
            let mut request = request(&[("Authorization", "Bearer t")]);
            let said = Said {
                forward_authorization,
                ..said(&permit, &client)
            };
            rewrite(&mut request, &said).unwrap();
            assert_eq!(values(&request, "authorization"), seen);
        }
    }

    #[test]
    fn restriction_headers_pass_inwards_and_are_replaced_outwards() {
        let (permit, client) = (permit(), client());
        for (restriction, policy, list) in [
            (Restriction::Pass, vec!["theirs"], vec!["list"]),
            (Restriction::Strip, vec![], vec![]),
            (Restriction::Inject, vec!["ours"], vec![]),
        ] {
            let mut request = request(&[
                (names::RESTRICTION_POLICY.as_str(), "theirs"),
                ("sec_restrict_tenant_access_policy", "theirs"),
                (names::RESTRICTION_TENANTS.as_str(), "list"),
            ]);
            let said = Said {
                restriction,
                own_restriction: Some("ours"),
                ..said(&permit, &client)
            };
            rewrite(&mut request, &said).unwrap();
            assert_eq!(values(&request, names::RESTRICTION_POLICY.as_str()), policy);
            assert_eq!(values(&request, names::RESTRICTION_TENANTS.as_str()), list);
            let other = values(&request, "sec_restrict_tenant_access_policy");
            assert_eq!(other.is_empty(), restriction != Restriction::Pass);
        }
    }

    #[test]
    fn the_target_is_rewritten_where_it_was_spelled_otherwise() {
        let mut request = RequestHeader::build("GET", b"/%61?x=1", None).unwrap();
        // As it comes over HTTP/2.
        request.set_uri("https://payroll.contoso.com/%61?x=1".parse().unwrap());
        set_target(&mut request, Some("/a?x=1")).unwrap();
        assert_eq!(request.raw_path(), b"/a?x=1");
        assert_eq!(values(&request, "host"), ["payroll.contoso.com"]);
    }

    #[test]
    fn addresses_are_written_as_they_are_displayed() {
        for octet in 0..=u8::MAX {
            let address = IpAddr::from([octet, 0, 255, octet]);
            let mut page = BytesMut::new();
            append_address(&mut page, address);
            assert_eq!(page, address.to_string().as_bytes());
        }
        let mut page = BytesMut::new();
        append_address(&mut page, IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]));
        assert_eq!(page, "::1".as_bytes());
    }

    #[test]
    fn a_target_stays_as_it_is_written_byte_by_byte() {
        let (permit, client) = (permit(), client());
        for target in ["/a?x=1", "/a|b?{}", "http://payroll.contoso.com/a"] {
            let mut request = RequestHeader::build("GET", target.as_bytes(), None).unwrap();
            rewrite(&mut request, &said(&permit, &client)).unwrap();
            assert_eq!(request.raw_path(), target.as_bytes());
        }
    }

    #[test]
    fn every_name_of_ours_begins_with_a_letter_that_is_looked_for() {
        for name in EXACT.iter().chain(&FAMILIES) {
            assert!(FIRST_LETTERS.contains(&name.as_bytes()[0]), "{name}");
        }
    }
}
