//! Who is at the other end, as far as those in between may be believed.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::header::FORWARDED;
use ipnet::IpNet;

use super::host;

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
    pub host: Box<str>,
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
    pub correlation_id: Option<Box<str>>,
}

impl Client {
    /// Reads who calls. `authority` is the host of the request as it was sent, checked already.
    #[must_use]
    pub fn read(
        headers: &HeaderMap,
        peer: Option<SocketAddr>,
        secure: bool,
        authority: &str,
        trusted: &[IpNet],
    ) -> Self {
        let peer = peer.map(|peer| peer.ip().to_canonical());
        let direct = Self {
            address: peer,
            peer,
            secure,
            host: authority.into(),
            told: None,
        };
        if !peer.is_some_and(|peer| is_trusted(peer, trusted)) {
            return direct;
        }
        let told = Told {
            chain: list(headers, FOR),
            forwarded: list(headers, FORWARDED.as_str()),
            correlation_id: correlation_id(headers),
        };
        let proto = list(headers, PROTO);
        let named = list(headers, HOST);
        let address = if told.chain.is_empty() {
            rightmost_untrusted(forwarded_for(&told.forwarded), trusted)
        } else {
            rightmost_untrusted(told.chain.rsplit(','), trusted)
        };
        Self {
            address,
            secure: match proto.as_str() {
                "https" => true,
                "http" => false,
                _ => secure,
            },
            host: if host::normalise(&named).is_ok() {
                named.into()
            } else {
                direct.host
            },
            told: Some(told),
            ..direct
        }
    }

    /// The scheme the caller used.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
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

/// The `for` of each element of `Forwarded` (RFC 7239), from the right; an element without one is unreadable.
fn forwarded_for(list: &str) -> impl Iterator<Item = &str> {
    let elements = list
        .rsplit(',')
        .filter(|element| !element.trim().is_empty());
    elements.map(|element| {
        let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))
            .map_or("", |(_, value)| value)
    })
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

fn correlation_id(headers: &HeaderMap) -> Option<Box<str>> {
    let mut values = headers.get_all(CORRELATION_ID).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    let value = value.to_str().ok()?;
    let sane = (1..=LONGEST_CORRELATION_ID).contains(&value.len())
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
    sane.then(|| value.into())
}

/// Header of the addresses a request came through.
pub const FOR: &str = "x-forwarded-for";
/// Header of the caller's scheme.
pub const PROTO: &str = "x-forwarded-proto";
/// Header of the host the caller named.
pub const HOST: &str = "x-forwarded-host";
/// Header of the id under which a request is found again.
pub const CORRELATION_ID: &str = "x-correlation-id";

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
            "payroll.contoso.com",
            &trusted,
        )
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
            (client.secure, &*client.host),
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
            (client.secure, &*client.host),
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
