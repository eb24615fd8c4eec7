//! Contoso's gateway beside another proxy: where that asks, and what stands in front.

use std::net::SocketAddr;

use crossgate_testkit::curl::Curl;
use crossgate_testkit::front::{Before, Front, Kind};
use crossgate_testkit::ports;

use super::{PAYROLL_HOST, Site, Stage};

/// Where the client of a test connects from: no proxy of ours.
pub const CLIENT: &str = "127.0.0.2";

/// A site whose gateway is asked.
pub struct Beside {
    pub site: Site,
    pub authorize: SocketAddr,
}

impl Stage {
    /// Has the gateway be asked by proxies on this machine.
    pub fn beside(self) -> Beside {
        self.beside_of("127.0.0.1/32")
    }

    /// Has the gateway be asked by proxies of this range.
    pub fn beside_of(self, trusted: &str) -> Beside {
        let authorize = ports::free();
        let lines = format!("authorize = [\"{authorize}\"]\ntrusted_proxies = [\"{trusted}\"]");
        let site = self.section("listen", &lines).open();
        Beside { site, authorize }
    }
}

impl Beside {
    /// A proxy of this kind before the app.
    pub fn front(&self, kind: Kind) -> Front {
        let app = self.site.upstream.address();
        let app = app.strip_prefix("http://").unwrap().parse().unwrap();
        Front::start(
            kind,
            &Before {
                host: PAYROLL_HOST,
                app,
                authorize: self.authorize,
                gateway: self.site.gateway.proxy(),
                replacing: &[],
            },
        )
    }

    /// A question in nginx's words.
    pub fn auth_request(&self, method: &str, host: &str, uri: &str) -> Curl {
        Curl::get(self.authorize, "127.0.0.1", "/auth-request")
            .header("X-Original-Method", method)
            .header("X-Original-URI", uri)
            .header("X-Forwarded-Host", host)
            .header("X-Forwarded-Proto", "https")
            .header("X-Forwarded-For", "192.0.2.7")
    }

    /// A question in Traefik's.
    pub fn forward_auth(&self, method: &str, host: &str, uri: &str) -> Curl {
        Curl::get(self.authorize, "127.0.0.1", "/forward-auth")
            .header("X-Forwarded-Method", method)
            .header("X-Forwarded-Uri", uri)
            .header("X-Forwarded-Host", host)
            .header("X-Forwarded-Proto", "https")
            .header("X-Forwarded-For", "192.0.2.7")
    }
}

/// A request of the client through a front.
pub fn through(front: &Front, path: &str) -> Curl {
    Curl::get_tls(front.address(), PAYROLL_HOST, path, front.authority())
        .argument("--interface")
        .argument(CLIENT)
}
