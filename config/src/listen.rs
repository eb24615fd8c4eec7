//! `[listen]`: the addresses we answer on, and who stands in front of them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;

use crate::Purpose;
use crate::reader::{Section, Text};

/// Addresses and who stands in front of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listen {
    /// Where apps of the own tenant are reached.
    pub proxy: Vec<SocketAddr>,
    /// Certificate and key of [`Listen::proxy`]; `None` where it is plain.
    pub tls: Option<TlsFiles>,
    /// Where routes to external tenants are reached.
    pub egress: Vec<SocketAddr>,
    /// Where other proxies ask about requests that they forward themselves; with the TLS of [`Listen::tls`].
    pub authorize: Vec<SocketAddr>,
    /// The admin API: with the TLS of [`Listen::tls`], or plain on a loopback address. Open where the policy is in a store.
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
        let listen = Self {
            proxy: addresses(section, "proxy").unwrap_or_else(|| vec![DEFAULT_PROXY]),
            tls: section.section("tls", TlsFiles::read).flatten(),
            egress: addresses(section, "egress").unwrap_or_default(),
            authorize: addresses(section, "authorize").unwrap_or_default(),
            admin: section.text("admin", address).unwrap_or(DEFAULT_ADMIN),
            metrics: section.text("metrics", address).unwrap_or(DEFAULT_METRICS),
            trusted_proxies: section.texts("trusted_proxies", range).unwrap_or_default(),
        };
        if section.purpose() == Purpose::Serve {
            listen.check_shared(section);
            // A list whose only items are faulty has been told of.
            if !listen.authorize.is_empty()
                && listen.trusted_proxies.is_empty()
                && section.lacks("trusted_proxies")
            {
                section.fault(
                    "authorize",
                    "nobody is believed who asks here; name the proxies that do in `trusted_proxies`",
                );
            }
        }
        listen
    }

    /// Whether the admin API would be reached from elsewhere without TLS.
    pub(crate) fn admin_is_exposed(&self) -> bool {
        self.tls.is_none() && !self.admin.ip().is_loopback()
    }

    pub(crate) fn refuse_exposed_admin(section: &mut Section<'_>) {
        section.fault(
            "admin",
            "administrators' tokens would cross the network in the clear; add `[listen.tls]`, or listen on a loopback address",
        );
    }

    /// Two listeners cannot have one address; a default counts as if it were written.
    fn check_shared(&self, section: &mut Section<'_>) {
        let listeners: [(&'static str, &[SocketAddr]); 5] = [
            ("proxy", &self.proxy),
            ("egress", &self.egress),
            ("authorize", &self.authorize),
            ("admin", &[self.admin]),
            ("metrics", &[self.metrics]),
        ];
        let mut taken: Vec<(&str, SocketAddr)> = Vec::new();
        for (name, addresses) in listeners {
            // Port 0 asks for any free one, which is another each time.
            for address in addresses.iter().filter(|address| address.port() != 0) {
                let first = taken
                    .iter()
                    .find(|(other, at)| *other != name && at == address);
                if let Some((other, _)) = first {
                    section.fault(
                        name,
                        format!(
                            "`{address}` is where `listen.{other}` listens; give each listener an address of its own"
                        ),
                    );
                }
                taken.push((name, *address));
            }
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

fn addresses(section: &mut Section<'_>, name: &'static str) -> Option<Vec<SocketAddr>> {
    let mut addresses = section.texts(name, address)?;
    // A list whose only items are faulty has been told of, and apps are not to miss it.
    if addresses.is_empty() && !section.lacks(name) {
        addresses.push(SOMEWHERE);
    }
    Some(addresses)
}

fn address(text: &Text<'_>) -> Option<SocketAddr> {
    let address = text.value().parse().ok();
    address
        .or_else(|| text.refuse("is not an address and port; expected one such as `0.0.0.0:8443`"))
}

/// One address, or a range of them.
pub(crate) fn range(text: &Text<'_>) -> Option<IpNet> {
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

/// Stands for an address that could not be read.
const SOMEWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// All addresses of the machine: a gateway is there to be reached.
const DEFAULT_PROXY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8443);

/// Loopback: changing policy from elsewhere has to be asked for.
const DEFAULT_ADMIN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8444);

/// Loopback: metrics name apps and traffic, which is nobody else's business.
const DEFAULT_METRICS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);
