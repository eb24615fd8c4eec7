//! URLs of issuers, key sets and upstreams, and the paths that requests are routed by.

use std::fmt;

use crate::host::{host, is_loopback};
use crate::path;
use crate::reader::Text;

/// Where requests of an app are sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Upstream {
    /// Whether over TLS; certificates are verified.
    pub scheme: Scheme,
    /// A name in lower case, an IPv4 address, or an IPv6 address in brackets.
    pub host: String,
    /// The port; the scheme's own where the file names none.
    pub port: u16,
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port } = self;
        write!(f, "{}://{host}:{port}", scheme.name())
    }
}

/// Where browsers find something of ours: scheme, host and port, nothing after it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin {
    /// As browsers write it: `https://admin.contoso.com`.
    pub text: String,
    /// A name in lower case, an IPv4 address, or an IPv6 address in brackets.
    pub host: String,
    /// What stands in `Host`: the host, and the port where it is not the scheme's own.
    pub authority: String,
}

/// The scheme of a URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// How URLs write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn usual_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// An upstream's address: scheme, host and port, nothing after it.
pub(crate) fn upstream(text: &Text<'_>) -> Option<Upstream> {
    let url = split(text, "`http://host:port` or `https://host:port`")?;
    if !matches!(url.rest, "" | "/") {
        return text.refuse(
            "has more than a host and port; requests keep their own path, so write `http://host:port`",
        );
    }
    Some(Upstream {
        scheme: url.scheme,
        port: url.port.unwrap_or(url.scheme.usual_port()),
        host: url.host,
    })
}

/// An `https` URL, kept as written; plain `http` only to this machine.
pub(crate) fn web(text: &Text<'_>, expected: &str) -> Option<String> {
    let plain = "would be fetched over plain `http`, where keys can be forged on the way; expected `https://`";
    web_unless_plain(text, expected, plain)
}

/// The same, with what is wrong with plain `http`.
pub(crate) fn web_unless_plain(text: &Text<'_>, expected: &str, plain: &str) -> Option<String> {
    let url = split(text, expected)?;
    if url.scheme == Scheme::Http && !is_loopback(&url.host) {
        return text.refuse(plain);
    }
    if url.rest.contains('#') {
        return text.refuse("has a fragment; remove `#` and what follows");
    }
    Some(text.value().to_owned())
}

/// An origin to which browsers send cookies that are for secure connections only.
pub(crate) fn origin(text: &Text<'_>) -> Option<Origin> {
    let url = split(text, "an origin such as `https://admin.contoso.com`")?;
    if url.scheme == Scheme::Http && !is_loopback(&url.host) {
        return text
            .refuse("is plain `http`, over which browsers keep no sessions; expected `https://`");
    }
    if !matches!(url.rest, "" | "/") {
        return text
            .refuse("has more than a host and port; write `https://host` or `https://host:port`");
    }
    let port = url.port.filter(|port| *port != url.scheme.usual_port());
    let port = port.map_or_else(String::new, |port| format!(":{port}"));
    let authority = format!("{}{port}", url.host);
    Some(Origin {
        text: format!("{}://{authority}", url.scheme.name()),
        authority,
        host: url.host,
    })
}

/// A path as requests of our own ask for it: in the form that requests are brought into.
pub(crate) fn path(text: &Text<'_>) -> Option<String> {
    match path::normalise(text.value()) {
        Ok(normal) if normal == text.value() => Some(normal.into_owned()),
        Ok(normal) => text.refuse_spelling(&normal),
        Err(fault) => text.refuse(fault.advice()),
    }
}

/// A path that requests are matched by.
pub(crate) fn path_prefix(text: &Text<'_>) -> Option<String> {
    let path = path(text)?;
    match path::two_spellings(&path) {
        None => Some(path),
        Some(character) => text.refuse(&format!(
            "has a `{character}`, which is the same as its encoding to some servers and not to others; choose another path"
        )),
    }
}

struct Url<'t> {
    scheme: Scheme,
    host: String,
    port: Option<u16>,
    rest: &'t str,
}

fn split<'t>(text: &'t Text<'_>, expected: &str) -> Option<Url<'t>> {
    let (scheme, after) = if let Some(after) = text.value().strip_prefix("https://") {
        (Scheme::Https, after)
    } else if let Some(after) = text.value().strip_prefix("http://") {
        (Scheme::Http, after)
    } else {
        return text.refuse(&format!(
            "is not an `http` or `https` URL; expected {expected}"
        ));
    };
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (authority, rest) = after.split_at_checked(end)?;
    if authority.contains('@') {
        // Not quoted: what stands before the `@` may be a password.
        return text.refuse_unquoted("the URL names a user; remove what stands before the `@`");
    }
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => match port.parse::<u16>() {
            Ok(number) if number != 0 => (name, Some(number)),
            Ok(_) | Err(_) => {
                return text.refuse("has no valid port; expected a number from 1 to 65535");
            }
        },
        Some(_) | None => (authority, None),
    };
    let Ok(host) = host(name) else {
        return text.refuse(&format!("has no valid host; expected {expected}"));
    };
    Some(Url {
        scheme,
        host,
        port,
        rest,
    })
}
