//! `[listen]`: the addresses we answer on, and who stands in front of them.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;

use crate::reader::{Section, Seen, Text};

/// Addresses and who stands in front of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listen {
    /// Where apps of the own tenant are reached.
    pub proxy: Vec<SocketAddr>,
    /// Certificate and key of [`Listen::proxy`]; `None` where it is plain.
    pub tls: Option<TlsFiles>,
    /// Where routes to external tenants are reached.
    pub egress: Vec<SocketAddr>,
    /// The Graph-compatible API and the console.
    pub admin: SocketAddr,
    /// `/metrics`, `/livez` and `/readyz`.
    pub metrics: SocketAddr,
    /// Whose `X-Forwarded-*` and `Forwarded` are believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// `[listen.tls]`: PEM files.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsFiles {
    /// The certificate, and those that vouch for it.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Listen {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let mut taken = Seen::new("give each listener an address of its own");
        let proxy = addresses(section, "proxy", &mut taken);
        let egress = addresses(section, "egress", &mut taken);
        let mut single = |section: &mut Section<'_>, name| {
            section.text(name, |text| free_address(text, &mut taken))
        };
        let admin = single(section, "admin");
        let metrics = single(section, "metrics");
        Self {
            proxy: proxy.unwrap_or_else(|| vec![DEFAULT_PROXY]),
            tls: section.section("tls", TlsFiles::read).flatten(),
            egress: egress.unwrap_or_default(),
            admin: admin.unwrap_or(DEFAULT_ADMIN),
            metrics: metrics.unwrap_or(DEFAULT_METRICS),
            trusted_proxies: section.texts("trusted_proxies", range).unwrap_or_default(),
        }
    }
}

impl TlsFiles {
    fn read(section: &mut Section<'_>) -> Option<Self> {
        let cert = section.required_text("cert", "the path of a PEM certificate", Text::path);
        let key = section.required_text("key", "the path of its PEM private key", Text::path);
        Some(Self {
            cert: cert?,
            key: key?,
        })
    }
}

fn addresses(
    section: &mut Section<'_>,
    name: &'static str,
    taken: &mut Seen<SocketAddr>,
) -> Option<Vec<SocketAddr>> {
    let items = section.field(name)?.items()?;
    let texts = items.iter().filter_map(|item| item.text());
    Some(
        texts
            .filter_map(|text| free_address(&text, taken))
            .collect(),
    )
}

fn free_address(text: &Text<'_>, taken: &mut Seen<SocketAddr>) -> Option<SocketAddr> {
    let Ok(address) = text.value().parse::<SocketAddr>() else {
        return text.refuse("is not an address and port; expected one such as `0.0.0.0:8443`");
    };
    // Port 0 asks for any free one, which is another each time.
    if address.port() != 0 {
        taken.note(address, text);
    }
    Some(address)
}

fn range(text: &Text<'_>) -> Option<IpNet> {
    if let Ok(address) = text.value().parse::<IpAddr>() {
        return Some(IpNet::from(address));
    }
    let Ok(range) = text.value().parse::<IpNet>() else {
        return text.refuse("is not an address range; expected one such as `10.0.0.0/8`");
    };
    if range != range.trunc() {
        let meant = range.trunc();
        return text.refuse(&format!(
            "has bits set beyond its prefix; expected `{meant}`"
        ));
    }
    Some(range)
}

/// All addresses of the machine: a gateway is there to be reached.
const DEFAULT_PROXY: SocketAddr =
    SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 8443);

/// Loopback: changing policy from elsewhere has to be asked for.
const DEFAULT_ADMIN: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8444);

/// Loopback: metrics name apps and traffic, which is nobody else's business.
const DEFAULT_METRICS: SocketAddr =
    SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9464);
