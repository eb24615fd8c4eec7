//! A pingora that forwards everything and does nothing else, with the framework's own settings: `crossgate-bare LISTEN UPSTREAM`.

use std::error::Error;

use async_trait::async_trait;
use pingora::prelude::*;

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
    let mut arguments = std::env::args().skip(1);
    let usage = || "usage: crossgate-bare LISTEN UPSTREAM";
    let listen = arguments.next().ok_or_else(usage)?;
    let upstream = arguments.next().ok_or_else(usage)?;
    let mut server = Server::new(None)?;
    let mut service = http_proxy_service(&server.configuration, Bare(upstream));
    service.add_tcp(&listen);
    server.add_service(service);
    server.run_forever()
}
