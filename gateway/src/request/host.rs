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
    let shape = Shape::of(host).ok_or(ODD_HOST)?;
    // `0x7f.1` and `127.1` are addresses to some readers and names to others.
    if shape.numeric && host.parse::<Ipv4Addr>().is_err() {
        return Err(ODD_HOST);
    }
    Ok(if shape.upper {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    })
}

/// What the characters of a name tell.
struct Shape {
    /// Some are in upper case.
    upper: bool,
    /// The last label is a number to some readers.
    numeric: bool,
}

impl Shape {
    /// `None` where it is no name. Looks at each byte once: this is done for every request.
    fn of(host: &str) -> Option<Self> {
        let (mut upper, mut label, mut digits) = (false, 0_usize, true);
        for byte in host.bytes() {
            if byte == b'.' {
                if !(1..=LONGEST_LABEL).contains(&label) {
                    return None;
                }
                (label, digits) = (0, true);
                continue;
            }
            if !(byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
                return None;
            }
            label += 1;
            digits &= byte.is_ascii_digit();
            upper |= byte.is_ascii_uppercase();
        }
        let hexadecimal = || {
            let last = host.get(host.len().checked_sub(label)?..)?;
            Some(last.get(..2)?.eq_ignore_ascii_case("0x"))
        };
        let fits = (1..=LONGEST_LABEL).contains(&label) && host.len() <= LONGEST;
        fits.then(|| Self {
            upper,
            numeric: digits || hexadecimal() == Some(true),
        })
    }
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

/// Those of a part between dots (RFC 1035, section 2.3.4).
const LONGEST_LABEL: usize = 63;

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
            "a.1",
            "a.0X1",
        ] {
            assert!(normalise(authority).is_err(), "{authority}");
        }
        for (label, labels) in [(64, 1), (63, 4)] {
            let authority = vec!["a".repeat(label); labels].join(".");
            assert!(normalise(&authority).is_err(), "{authority}");
        }
        let longest = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(61));
        assert!(normalise(&longest).is_ok());
    }
}
