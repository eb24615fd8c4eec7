//! Host names and domains, compared in lower case.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Why a text is no host or no domain.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum HostError {
    #[error("is not a host name; expected one such as `payroll.contoso.com`")]
    NotAHost,
    #[error("is a wildcard, which is not supported; name each host")]
    Wildcard,
    #[error("has a port; expected the host alone, requests match it on any port")]
    Port,
    #[error("is a URL or has a path; expected the host alone, paths stand in `paths`")]
    Path,
    #[error("has letters beyond ASCII; write the name as DNS has it, `xn--…`")]
    NotAscii,
    #[error("is not a domain; expected one such as `contoso.com`")]
    NotADomain,
}

/// A host: a name, an IPv4 address, or an IPv6 address in brackets.
pub(crate) fn host(text: &str) -> Result<String, HostError> {
    if text.contains('*') {
        return Err(HostError::Wildcard);
    }
    if text.contains(['/', '?', '#', '@']) {
        return Err(HostError::Path);
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (address, after) = rest.split_once(']').ok_or(HostError::NotAHost)?;
        if after.starts_with(':') {
            return Err(HostError::Port);
        }
        return match address.parse::<Ipv6Addr>() {
            Ok(address) if after.is_empty() => Ok(format!("[{address}]")),
            Ok(_) | Err(_) => Err(HostError::NotAHost),
        };
    }
    if text.contains(':') {
        return Err(HostError::Port);
    }
    if !text.is_ascii() {
        return Err(HostError::NotAscii);
    }
    let name = text.to_ascii_lowercase();
    let numeric = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    // A name that ends in a number is read as an address by everyone, so it must be a whole one.
    if name.rsplit('.').next().is_some_and(numeric) && name.parse::<Ipv4Addr>().is_err() {
        return Err(HostError::NotAHost);
    }
    // Underscores are no part of host names, but container networks hand them out.
    if is_name(&name, |byte| byte == b'_') {
        Ok(name)
    } else {
        Err(HostError::NotAHost)
    }
}

/// A domain of an organisation: at least two labels, the last no number.
pub(crate) fn domain(text: &str) -> Result<String, HostError> {
    let name = text.to_ascii_lowercase();
    if !name.is_ascii() {
        return Err(HostError::NotAscii);
    }
    let last = name.rsplit_once('.').map(|(_, last)| last);
    let named = last.is_some_and(|last| last.bytes().any(|byte| !byte.is_ascii_digit()));
    if named && is_name(&name, |_| false) {
        Ok(name)
    } else {
        Err(HostError::NotADomain)
    }
}

/// Whether the host is this machine, where nobody listens in on plain HTTP.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        || bare.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback())
}

fn is_name(name: &str, also: impl Fn(u8) -> bool) -> bool {
    let is_label = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || also(byte))
    };
    name.len() <= LONGEST_NAME && name.split('.').all(is_label)
}

/// Octets of a DNS label (RFC 1035).
const LONGEST_LABEL: usize = 63;

/// Characters of a DNS name in text (RFC 1035: 255 octets on the wire).
const LONGEST_NAME: usize = 253;
