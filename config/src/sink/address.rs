//! Where a receiver listens.

use std::fmt;

use crate::host::{host, is_loopback};
use crate::reader::Text;

/// A host and port, and whether TLS is spoken there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint {
    /// A name in lower case, an IPv4 address, or an IPv6 address in brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Plain only towards this machine.
    pub tls: bool,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// `SCHEME://host:port`, where `secured` is the scheme of TLS, and `plain` that of none, which is for this machine alone.
pub(super) fn endpoint(
    text: &Text<'_>,
    secured: &str,
    plain: Option<&str>,
    usual_port: u16,
) -> Option<Endpoint> {
    let expected = format!("expected one such as `{secured}://siem.contoso.com:{usual_port}`");
    let Some((scheme, rest)) = text.value().split_once("://") else {
        return text.refuse(&format!("is not an address; {expected}"));
    };
    let tls = scheme == secured;
    if !tls && plain != Some(scheme) {
        return text.refuse(&format!(
            "has another scheme than is taken here; {expected}"
        ));
    }
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port.parse::<u16>().ok()),
        Some(_) | None => (authority, Some(usual_port)),
    };
    let (Ok(host), Some(port @ 1..)) = (host(name), port) else {
        return text.refuse(&format!("is not an address; {expected}"));
    };
    if !tls && !is_loopback(&host) {
        return text.refuse(&format!(
            "would be reached without TLS, where others can read who was where; {expected}"
        ));
    }
    Some(Endpoint { host, port, tls })
}
