//! Who is at the other end, as far as those in between may be believed.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::header::FORWARDED;
use http::{HeaderMap, HeaderValue};
use ipnet::IpNet;

use super::{host, names};

/// The client's side of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Client {
    /// The caller's address; unknown where a believed proxy does not tell it.
    pub address: Option<IpAddr>,
    /// Who connected to us.
    pub peer: Option<IpAddr>,
    /// `https` where the caller's connection is encrypted.
    pub secure: bool,
    /// The host the caller named, with its port.
    pub host: HeaderValue,
    /// What a believed proxy told of those before it, to be passed on.
    pub told: Option<Told>,
}

/// What a believed proxy told.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Told {
    /// `X-Forwarded-For`, all fields as one list.
    pub chain: String,
    /// `Forwarded`, all fields as one list.
    pub forwarded: String,
    /// `X-Correlation-Id`, where it is one that logs can hold.
    pub correlation_id: Option<Arc<str>>,
}

impl Client {
    /// Reads who calls. `authority` is the host of the request as it was sent, checked already; empty where it is odd.
    #[must_use]
    pub fn read(
        headers: &HeaderMap,
        peer: Option<SocketAddr>,
        secure: bool,
        authority: HeaderValue,
        trusted: &[IpNet],
    ) -> Self {
        let peer = peer.map(|peer| peer.ip().to_canonical());
        let direct = Self {
            address: peer,
            peer,
            secure,
            host: authority,
            told: None,
        };
        if !peer.is_some_and(|peer| is_trusted(peer, trusted)) {
            return direct;
        }
        let mut told = Told {
            chain: list(headers, FOR),
            forwarded: list(headers, FORWARDED.as_str()),
            correlation_id: correlation_id(headers),
        };
        let proto = list(headers, PROTO);
        let named = list(headers, HOST);
        let chained = rightmost_untrusted(told.chain.rsplit(','), trusted);
        let element = client_element(&told.forwarded, trusted);
        let stated = element.as_ref().and_then(|element| element.client);
        let address = match (told.chain.is_empty(), told.forwarded.is_empty()) {
            (_, true) => chained,
            (true, false) => stated,
            // A proxy that writes only one of the two passes on what a stranger wrote into the other.
            (false, false) => chained.filter(|_| chained == stated),
        };
        if !told.chain.is_empty() && !told.forwarded.is_empty() && chained != stated {
            told.forwarded.clear();
        }
        let (stated_proto, stated_host) = element.map_or((None, None), |element| {
            (
                element.proto,
                element.host.filter(|host| host::normalise(host).is_ok()),
            )
        });
        let proto = Some(proto).filter(|proto| !proto.is_empty());
        let named = Some(named).filter(|named| host::normalise(named).is_ok());
        Self {
            address,
            secure: match (proto.as_deref(), stated_proto.as_deref()) {
                (Some("https"), None | Some("https")) | (None, Some("https")) => true,
                (Some("http"), _) | (_, Some("http")) => false,
                (Some(_) | None, Some(_) | None) => secure,
            },
            host: match (named, stated_host) {
                (Some(named), Some(stated)) if named != stated => direct.host,
                (Some(host), _) | (None, Some(host)) => {
                    HeaderValue::try_from(host).unwrap_or(direct.host)
                }
                (None, None) => direct.host,
            },
            told: Some(told),
            ..direct
        }
    }

    /// `https://host` as the caller named it; `None` while that is not known.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        let host = self.host.to_str().ok().filter(|host| !host.is_empty())?;
        Some(format!("{}://{host}", self.scheme()))
    }

    /// The scheme the caller used.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }
}

/// Whether the word of whoever has this address counts.
#[must_use]
pub fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|range| range.contains(&address))
}

/// The last address that is not one of our own proxies: whatever stands before it, a stranger may have written. An
/// entry that cannot be read ends the search, for who wrote it is not known either.
fn rightmost_untrusted<'a>(
    from_the_right: impl Iterator<Item = &'a str>,
    trusted: &[IpNet],
) -> Option<IpAddr> {
    let mut first = None;
    for entry in from_the_right {
        let address = address(entry)?;
        if !is_trusted(address, trusted) {
            return Some(address);
        }
        first = Some(address);
    }
    first
}

fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim().trim_matches('"');
    let bare = match entry.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => entry,
    };
    let address = bare
        .parse()
        .or_else(|_| entry.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

/// What the element of `Forwarded` (RFC 7239) says that tells of the caller: the last whose `for` is none of our own
/// proxies. An element that cannot be read ends the search.
fn client_element(list: &str, trusted: &[IpNet]) -> Option<Element> {
    let mut first = None;
    for element in split(list, b',')?.into_iter().rev() {
        if element.trim().is_empty() {
            continue;
        }
        let element = Element::read(element)?;
        if !is_trusted(element.client?, trusted) {
            return Some(element);
        }
        first = Some(element);
    }
    first
}

struct Element {
    client: Option<IpAddr>,
    proto: Option<String>,
    host: Option<String>,
}

impl Element {
    fn read(element: &str) -> Option<Self> {
        let mut read = Self {
            client: None,
            proto: None,
            host: None,
        };
        for pair in split(element, b';')? {
            if pair.trim().is_empty() {
                continue;
            }
            let (name, value) = pair.split_once('=')?;
            let value = unquoted(value.trim());
            let twice = match name.trim().to_ascii_lowercase().as_str() {
                "for" => read.client.replace(address(&value)?).is_some(),
                "proto" => read.proto.replace(value.to_ascii_lowercase()).is_some(),
                "host" => read.host.replace(value).is_some(),
                _ => false,
            };
            if twice {
                return None;
            }
        }
        Some(read)
    }
}

/// Parts between separators that stand outside of quotes; `None` where a quote is not closed.
fn split(text: &str, separator: u8) -> Option<Vec<&str>> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            byte if byte == separator && !quoted => {
                parts.push(text.get(start..at)?);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..)?);
    (!quoted).then_some(parts)
}

fn unquoted(value: &str) -> String {
    let inner = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    inner.map_or_else(|| value.to_owned(), |inner| inner.replace('\\', ""))
}

/// All fields of a name as one list.
fn list(headers: &HeaderMap, name: &str) -> String {
    let mut all = String::new();
    for value in headers.get_all(name) {
        // An odd byte is no part of an address, and the entry it stands in is then unreadable.
        let value = value.to_str().unwrap_or("?");
        if !all.is_empty() {
            all.push_str(", ");
        }
        all.push_str(value.trim());
    }
    all
}

fn correlation_id(headers: &HeaderMap) -> Option<Arc<str>> {
    let mut values = headers.get_all(&names::CORRELATION_ID).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    let value = value.to_str().ok()?;
    let sane = (1..=LONGEST_CORRELATION_ID).contains(&value.len())
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
    sane.then(|| value.into())
}

const FOR: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";
const HOST: &str = "x-forwarded-host";

/// Room for a GUID and for what tracing systems write.
const LONGEST_CORRELATION_ID: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn read(headers: &[(&str, &str)], peer: &str) -> Client {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        Client::read(
            &map,
            Some(peer.parse().unwrap()),
            false,
            HeaderValue::from_static("payroll.contoso.com"),
            &trusted,
        )
    }

    #[test]
    fn a_stranger_cannot_choose_an_address_by_the_header_that_the_proxy_does_not_write() {
        let peer = "10.0.0.1:1";
        let only = [("Forwarded", "for=203.0.113.66;proto=https;host=a.example")];
        let client = read(&only, peer);
        assert_eq!(client.address, Some("203.0.113.66".parse().unwrap()));
        assert!(client.secure);
        assert_eq!(client.host, "a.example");
        for told in [
            [
                ("X-Forwarded-For", "192.0.2.7"),
                ("Forwarded", "for=203.0.113.66"),
            ],
            [("X-Forwarded-For", "192.0.2.7"), ("Forwarded", "for=\"x")],
        ] {
            assert_eq!(address_of(&told, peer), None, "{told:?}");
        }
        let quoted = [("Forwarded", r#"for=203.0.113.66;host="x,for=192.0.2.7""#)];
        assert_eq!(address_of(&quoted, peer).as_deref(), Some("203.0.113.66"));
        let twice = [("Forwarded", "for=203.0.113.66;for=192.0.2.7")];
        assert_eq!(address_of(&twice, peer), None);
    }

    fn address_of(headers: &[(&str, &str)], peer: &str) -> Option<String> {
        read(headers, peer)
            .address
            .map(|address| address.to_string())
    }

    #[test]
    fn a_stranger_is_believed_nothing() {
        let headers = [
            ("x-forwarded-for", "203.0.113.4"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil.example"),
            ("x-correlation-id", "mine"),
        ];
        let client = read(&headers, "192.0.2.7:1");
        assert_eq!(client.address, Some("192.0.2.7".parse().unwrap()));
        assert_eq!(
            (client.secure, client.host.to_str().unwrap()),
            (false, "payroll.contoso.com")
        );
        assert_eq!(client.told, None);
    }

    #[test]
    fn a_trusted_proxy_is_believed() {
        let headers = [
            ("x-forwarded-for", "203.0.113.4"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "public.contoso.com:8443"),
            ("x-correlation-id", "00-ab_c.d:1"),
        ];
        let client = read(&headers, "10.0.0.1:1");
        assert_eq!(client.address, Some("203.0.113.4".parse().unwrap()));
        assert_eq!(
            (client.secure, client.host.to_str().unwrap()),
            (true, "public.contoso.com:8443")
        );
        let told = client.told.unwrap();
        assert_eq!(told.correlation_id.as_deref(), Some("00-ab_c.d:1"));
    }

    #[test]
    fn the_caller_is_the_rightmost_address_that_is_not_ours() {
        for (chain, caller) in [
            ("198.51.100.1, 203.0.113.4", Some("203.0.113.4")),
            ("198.51.100.1, 203.0.113.4, 10.1.1.1", Some("203.0.113.4")),
            ("10.2.2.2, 10.1.1.1", Some("10.2.2.2")),
            ("203.0.113.4:5555", Some("203.0.113.4")),
            ("[2001:db8::1]:5555", Some("2001:db8::1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("::ffff:203.0.113.4", Some("203.0.113.4")),
            ("203.0.113.4, unknown", None),
            ("203.0.113.4,", None),
            ("unknown, 203.0.113.4", Some("203.0.113.4")),
        ] {
            let headers = [("x-forwarded-for", chain)];
            assert_eq!(
                address_of(&headers, "10.0.0.1:1").as_deref(),
                caller,
                "{chain}"
            );
        }
        let two = [
            ("x-forwarded-for", "198.51.100.1"),
            ("x-forwarded-for", "203.0.113.4"),
        ];
        assert_eq!(
            address_of(&two, "10.0.0.1:1").as_deref(),
            Some("203.0.113.4")
        );
    }

    #[test]
    fn a_trusted_proxy_that_tells_nothing_leaves_the_caller_unknown() {
        assert_eq!(address_of(&[], "10.0.0.1:1"), None);
        assert_eq!(address_of(&[], "192.0.2.7:1").as_deref(), Some("192.0.2.7"));
        let element = [(
            "forwarded",
            "for=198.51.100.1, for=\"[2001:db8::1]:7\";proto=https",
        )];
        assert_eq!(
            address_of(&element, "10.0.0.1:1").as_deref(),
            Some("2001:db8::1")
        );
        assert_eq!(
            address_of(&[("forwarded", "proto=https")], "10.0.0.1:1"),
            None
        );
    }

    #[test]
    fn a_correlation_id_that_logs_cannot_hold_is_replaced() {
        for id in ["", "a b", "a\"b", "ä", &"x".repeat(129)] {
            let client = read(&[("x-correlation-id", id)], "10.0.0.1:1");
            assert_eq!(client.told.unwrap().correlation_id, None, "{id}");
        }
    }
}
