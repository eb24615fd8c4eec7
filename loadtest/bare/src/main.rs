//! A pingora that forwards everything and does nothing else, with the framework's own settings:
//! `crossgate-bare [--no-work-stealing] [--threads N] [--reuse-port] [--pool CONNECTIONS] LISTEN UPSTREAM [CERT KEY]`. With a certificate it
//! speaks TLS and HTTP/2.

use std::error::Error;

use async_trait::async_trait;
use pingora::listeners::TcpSocketOptions;
use pingora::listeners::tls::TlsSettings;
use pingora::prelude::*;
use pingora::server::configuration::ServerConf;

#[cfg(not(feature = "system-allocator"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Bare(String);

#[async_trait]
impl ProxyHttp for Bare {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn upstream_peer(&self, _: &mut Session, (): &mut ()) -> Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new(&self.0, false, String::new())))
    }
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut arguments = std::env::args().skip(1).peekable();
    let usage = || "usage: crossgate-bare [--no-work-stealing] [--threads N] [--reuse-port] [--pool CONNECTIONS] LISTEN UPSTREAM [CERT KEY]";
    let plain = arguments.next_if_eq("--no-work-stealing").is_some();
    let mut conf = ServerConf {
        work_stealing: !plain,
        ..ServerConf::default()
    };
    if arguments.next_if_eq("--threads").is_some() {
        conf.threads = arguments.next().ok_or_else(usage)?.parse()?;
    }
    let reuse_port = arguments.next_if_eq("--reuse-port").is_some();
    if arguments.next_if_eq("--pool").is_some() {
        conf.upstream_keepalive_pool_size = arguments.next().ok_or_else(usage)?.parse()?;
    }
    let listen = arguments.next().ok_or_else(usage)?;
    let upstream = arguments.next().ok_or_else(usage)?;
    let mut server = Server::new_with_opt_and_conf(None, conf);
    let mut service = http_proxy_service(&server.configuration, Bare(upstream));
    if let Some(cert) = arguments.next() {
        let key = arguments.next().ok_or_else(usage)?;
        let mut tls = TlsSettings::intermediate(&cert, &key)?;
        tls.enable_h2();
        service.add_tls_with_settings(&listen, None, tls);
    } else {
        let mut options = TcpSocketOptions::default();
        options.so_reuseport = Some(reuse_port);
        service.add_tcp_with_settings(&listen, options);
    }
    server.add_service(service);
    server.run_forever()
}
