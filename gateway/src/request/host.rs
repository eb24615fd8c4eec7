//! The host of a request, in the form in which the configuration writes hosts.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The rule that a host breaks, as events name it.
pub type HostFault = &'static str;

/// The host alone, in lower case, without port and trailing dot.
///
/// # Errors
/// It is no host with an optional port.
pub fn normalise(authority: &str) -> Result<Cow<'_, str>, HostFault> {
    let (host, port) = split(authority)?;
    // `+80` and `080` are ports to some readers only.
    let is_odd = |port: &str| {
        !port.bytes().all(|byte| byte.is_ascii_digit())
            || port.starts_with('0')
            || port.parse::<u16>().is_err()
    };
    if port.is_some_and(is_odd) {
        return Err(ODD_PORT);
    }
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').ok_or(ODD_HOST)?;
        let address: Ipv6Addr = address.parse().map_err(|_| ODD_HOST)?;
        return Ok(Cow::Owned(format!("[{address}]")));
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    let labels_are_fine = host.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    });
    if host.len() > LONGEST || !labels_are_fine {
        return Err(ODD_HOST);
    }
    // `0x7f.1` and `127.1` are addresses to some readers and names to others.
    let last = host.rsplit('.').next().unwrap_or_default();
    let numeric = last.bytes().all(|byte| byte.is_ascii_digit())
        || last
            .get(..2)
            .is_some_and(|start| start.eq_ignore_ascii_case("0x"));
    if numeric && host.parse::<Ipv4Addr>().is_err() {
        return Err(ODD_HOST);
    }
    Ok(if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    })
}

fn split(authority: &str) -> Result<(&str, Option<&str>), HostFault> {
    if authority.starts_with('[') {
        let end = authority.find(']').ok_or(ODD_HOST)?;
        let (host, rest) = authority.split_at_checked(end + 1).ok_or(ODD_HOST)?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(ODD_HOST),
        };
    }
    Ok(match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

const ODD_HOST: HostFault = "host_odd";
const ODD_PORT: HostFault = "host_odd_port";

/// Characters of a DNS name in text (RFC 1035: 255 octets on the wire).
const LONGEST: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_port_and_trailing_dot_do_not_count() {
        for (authority, host) in [
            ("payroll.contoso.com", "payroll.contoso.com"),
            ("Payroll.Contoso.COM:8443", "payroll.contoso.com"),
            ("payroll.contoso.com.", "payroll.contoso.com"),
            ("payroll.contoso.com.:443", "payroll.contoso.com"),
            ("localhost", "localhost"),
            ("my_service:80", "my_service"),
            ("127.0.0.1:8080", "127.0.0.1"),
            ("[::1]:8080", "[::1]"),
            ("[0:0::1]", "[::1]"),
        ] {
            assert_eq!(normalise(authority).as_deref(), Ok(host), "{authority}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for authority in [
            "",
            ".",
            "a..b",
            "a b",
            "a/b",
            "a@b",
            "a,b",
            "ä.example",
            "a\\b",
            "a%2eb",
            "[::1",
            "::1",
            "[::1]x",
            "a:",
            "a:x",
            "a:99999",
            "a:1:2",
            "0x7f.0x1",
            "127.1",
            "a..",
            "[v1.x]",
        ] {
            assert!(normalise(authority).is_err(), "{authority}");
        }
    }
}
