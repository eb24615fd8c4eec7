//! What an upstream sees: first everything goes that only the gateway may say, in every spelling, then it says it.
//!
//! Pingora has removed hop-by-hop headers, and those that the client named in `Connection`, before this runs; so a
//! client cannot have ours removed. Trailers of requests are not passed on at all.

use std::fmt::Write as _;

use http::header::{AUTHORIZATION, FORWARDED, HOST};
use http::{HeaderMap, HeaderName, HeaderValue};
use pingora::http::RequestHeader;

use super::forwarded::{self, Client};
use super::route::Restriction;
use super::token::Principal;
use crossgate_policy::Permit;
use crossgate_policy::context::{CONTEXT_HEADER, POLICY_HEADER, TENANTS_HEADER};

/// Everything that is said to an upstream about one request.
#[derive(Debug)]
pub struct Said<'a> {
    /// Proof that the request may go on.
    pub permit: &'a Permit,
    /// Who calls; `None` for an anonymous call.
    pub identity: Option<Identity<'a>>,
    /// The client's side.
    pub client: &'a Client,
    /// The id under which the request is found again.
    pub correlation_id: &'a str,
    /// The token goes on.
    pub forward_authorization: bool,
    /// What becomes of tenant-restriction headers.
    pub restriction: Restriction,
    /// Our own restriction policy, `<tenant>:<policy>`, where there is one.
    pub own_restriction: Option<&'a str>,
}

/// Who calls, as upstreams are told.
#[derive(Debug)]
pub struct Identity<'a> {
    /// The headers of App Service.
    pub principal: &'a Principal,
    /// The user's id there.
    pub user: Option<String>,
    /// The signed statement.
    pub assertion: Option<HeaderValue>,
}

/// Strips, then stamps.
///
/// # Errors
/// A value cannot stand in a header, which no value of ours does.
pub fn rewrite(request: &mut RequestHeader, said: &Said<'_>) -> pingora::Result<()> {
    strip(request, said.restriction);
    if !said.forward_authorization {
        request.remove_header(&AUTHORIZATION);
    }
    if let (Restriction::Inject, Some(policy)) = (said.restriction, said.own_restriction) {
        request.insert_header(POLICY_HEADER, policy)?;
    }
    stamp_forwarded(request, said.client)?;
    request.insert_header("X-Correlation-Id", said.correlation_id)?;
    let Some(identity) = &said.identity else {
        return Ok(());
    };
    let principal = identity.principal;
    let values = [
        ("X-MS-CLIENT-PRINCIPAL", principal.principal.clone()),
        (
            "X-MS-CLIENT-PRINCIPAL-ID",
            identity
                .user
                .as_deref()
                .and_then(|user| HeaderValue::from_bytes(user.as_bytes()).ok()),
        ),
        ("X-MS-CLIENT-PRINCIPAL-NAME", principal.name.clone()),
        ("X-MS-CLIENT-PRINCIPAL-IDP", principal.idp.clone()),
        ("X-Crossgate-Assertion", identity.assertion.clone()),
    ];
    for (name, value) in values {
        if let Some(value) = value {
            request.insert_header(name, value)?;
        }
    }
    if let Some(tenant) = said.permit.facts().and_then(|facts| facts.home_tenant_id()) {
        request.insert_header("X-Crossgate-Home-Tenant", tenant.to_string())?;
    }
    if let Some(access_type) = said.permit.access_type() {
        request.insert_header("X-Crossgate-Access-Type", access_type.name())?;
    }
    Ok(())
}

fn strip(request: &mut RequestHeader, restriction: Restriction) {
    let drop_restriction = restriction != Restriction::Pass;
    let spoken_for = |name: &HeaderName| {
        is_ours(name.as_str()) || (drop_restriction && is_restriction(name.as_str()))
    };
    let names: Vec<HeaderName> = names(&request.headers)
        .filter(|name| spoken_for(name))
        .cloned()
        .collect();
    for name in names {
        request.remove_header(&name);
    }
}

fn names(headers: &HeaderMap) -> impl Iterator<Item = &HeaderName> {
    headers.keys()
}

/// Whether some server could take this name for one that only the gateway, or a proxy it believes, may use.
#[must_use]
pub fn is_ours(name: &str) -> bool {
    EXACT.iter().any(|ours| spells(name, ours))
        || FAMILIES.iter().any(|family| {
            name.get(..family.len())
                .is_some_and(|start| spells(start, family))
        })
}

fn is_restriction(name: &str) -> bool {
    [POLICY_HEADER, TENANTS_HEADER, CONTEXT_HEADER]
        .iter()
        .any(|restriction| spells(name, restriction))
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

fn stamp_forwarded(request: &mut RequestHeader, client: &Client) -> pingora::Result<()> {
    let peer = client.peer.map(|peer| peer.to_string());
    let told = client.told.as_ref();
    let chain = told.map_or("", |told| told.chain.as_str());
    let chain = join(chain, peer.as_deref());
    if !chain.is_empty() {
        request.insert_header("X-Forwarded-For", chain)?;
    }
    request.insert_header("X-Forwarded-Proto", client.scheme())?;
    request.insert_header("X-Forwarded-Host", &*client.host)?;
    let mut element = String::with_capacity(96);
    match client.peer {
        Some(std::net::IpAddr::V6(peer)) => {
            let _ = write!(element, "for=\"[{peer}]\";");
        }
        Some(std::net::IpAddr::V4(peer)) => {
            let _ = write!(element, "for={peer};");
        }
        None => {}
    }
    // A host was checked to have no quote in it.
    let _ = write!(
        element,
        "host=\"{}\";proto={}",
        client.host,
        client.scheme()
    );
    let before = told.map_or("", |told| told.forwarded.as_str());
    request.insert_header(FORWARDED, join(before, Some(&element)))
}

fn join(list: &str, entry: Option<&str>) -> String {
    match entry {
        Some(entry) if list.is_empty() => entry.to_owned(),
        Some(entry) => format!("{list}, {entry}"),
        None => list.to_owned(),
    }
}

/// Brings the target into the form that routing and policy saw. `target` is `None` where it stands in it already.
///
/// # Errors
/// The target or the host cannot stand in a request, which was excluded before.
pub fn set_target(
    request: &mut RequestHeader,
    target: Option<&str>,
    authority: &str,
) -> pingora::Result<()> {
    if let Some(target) = target {
        request.set_raw_path(target.as_bytes())?;
    }
    if !request.headers.contains_key(HOST) {
        request.insert_header(HOST, authority)?;
    }
    Ok(())
}

/// Names of the gateway, and of things that only whoever ends TLS or rewrites paths can know.
const EXACT: [&str; 18] = [
    forwarded::CORRELATION_ID,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::testing::{OWN, known, permit};
    use crossgate_policy::ids::ResourceTenant;

    fn client() -> Client {
        Client {
            address: Some([192, 0, 2, 7].into()),
            peer: Some([192, 0, 2, 7].into()),
            secure: true,
            host: "payroll.contoso.com".into(),
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
            correlation_id: "ours",
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
        let (permit, client, token) = (permit(), client(), known(OWN));
        let mut with = request(&[]);
        let identity = Identity {
            principal: token.principal(ResourceTenant(OWN)),
            user: Some("ada".to_owned()),
            assertion: Some(HeaderValue::from_static("signed")),
        };
        let identified = Said {
            identity: Some(identity),
            ..said(&permit, &client)
        };
        rewrite(&mut with, &identified).unwrap();
        assert_eq!(values(&with, "x-ms-client-principal-id"), ["ada"]);
        assert_eq!(values(&with, "x-crossgate-assertion"), ["signed"]);
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
        assert_eq!(values(&without, "x-correlation-id"), ["ours"]);
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

        let told = forwarded::Told {
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
                (POLICY_HEADER, "theirs"),
                ("sec_restrict_tenant_access_policy", "theirs"),
                (TENANTS_HEADER, "list"),
            ]);
            let said = Said {
                restriction,
                own_restriction: Some("ours"),
                ..said(&permit, &client)
            };
            rewrite(&mut request, &said).unwrap();
            assert_eq!(values(&request, POLICY_HEADER), policy);
            assert_eq!(values(&request, TENANTS_HEADER), list);
            let other = values(&request, "sec_restrict_tenant_access_policy");
            assert_eq!(other.is_empty(), restriction != Restriction::Pass);
        }
    }

    #[test]
    fn the_target_is_rewritten_where_it_was_spelled_otherwise() {
        let mut request = RequestHeader::build("GET", b"/%61?x=1", None).unwrap();
        set_target(&mut request, Some("/a?x=1"), "payroll.contoso.com").unwrap();
        assert_eq!(request.raw_path(), b"/a?x=1");
        assert_eq!(values(&request, "host"), ["payroll.contoso.com"]);
    }
}
