//! The listeners: where connections come in, and what one of them may take.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crossgate_config::Limits;
use pingora::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream, ServerApp};
use pingora::listeners::tls::TlsSettings;
use pingora::protocols::Stream;
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::{H2Options, default_h2_options};
use pingora::proxy::{HttpProxy, http_proxy};
use pingora::server::ShutdownWatch;
use pingora::server::configuration::ServerConf;
use pingora::services::listening::Service;
use prometheus::IntGauge;
use rustls::server::ResolvesServerCert;

use super::{Certificates, Gateway};
use crate::ops::Counted;

/// Why a door cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The listener refused the settings.
    #[error("the listener cannot be set up: {0}")]
    Listener(Box<pingora::Error>),
}

/// The service of one door: its listeners, with TLS where it is configured.
///
/// # Errors
/// The framework refuses the TLS settings.
pub fn service(
    conf: &Arc<ServerConf>,
    name: &str,
    gateway: Gateway,
    addresses: &[SocketAddr],
    tls: Option<&Arc<Certificates>>,
    limits: &Limits,
) -> Result<Service<Counted<impl ServerApp + Send + Sync + 'static>>, DoorError> {
    let connections = gateway.metrics.connections.clone();
    let mut proxy = http_proxy(conf, gateway);
    proxy.server_options = Some(server_options(limits));
    proxy.h2_options = Some(h2_options(limits));
    let bounded = Bounded {
        app: Arc::new(Patient {
            proxy: Arc::new(proxy),
            head_timeout: limits.request_head_timeout,
        }),
        open: connections.clone(),
        most: i64::try_from(limits.max_connections).unwrap_or(i64::MAX),
    };
    let mut service = Service::new(name.to_owned(), Counted::new(bounded, connections));
    for address in addresses {
        match tls {
            None => service.add_tcp(&address.to_string()),
            Some(certificates) => {
                let settings = tls_settings(certificates)?;
                service.add_tls_with_settings(&address.to_string(), None, settings);
            }
        }
    }
    Ok(service)
}

fn server_options(limits: &Limits) -> HttpServerOptions {
    let mut options = HttpServerOptions::default();
    options.h2_idle_timeout = Some(limits.idle_timeout);
    // A tunnel is decided about once and then carries anything.
    options.allow_connect_method_proxying = false;
    options
}

fn h2_options(limits: &Limits) -> H2Options {
    let mut options = default_h2_options();
    options.max_header_list_size(u32::try_from(limits.max_request_head).unwrap_or(u32::MAX));
    options.max_concurrent_streams(STREAMS);
    // Streams that a client opens and cancels at once cost us, and nothing else bounds them.
    options.max_pending_accept_reset_streams(STREAMS as usize);
    options
}

fn tls_settings(certificates: &Arc<Certificates>) -> Result<TlsSettings, DoorError> {
    // The paths are not read where a resolver is set.
    let mut settings = TlsSettings::intermediate("", "").map_err(DoorError::Listener)?;
    settings.set_cert_resolver(Arc::clone(certificates) as Arc<dyn ResolvesServerCert>);
    settings.enable_h2();
    Ok(settings)
}

/// Closes connections beyond the limit at once, before anything is read from them.
struct Bounded<A> {
    app: Arc<A>,
    open: IntGauge,
    most: i64,
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> ServerApp for Bounded<A> {
    async fn process_new(
        self: &Arc<Self>,
        session: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        // This one is counted already.
        if self.open.get() > self.most {
            return None;
        }
        self.app.process_new(session, shutdown).await
    }

    async fn cleanup(&self) {
        self.app.cleanup().await;
    }
}

/// Waits for a request's head as long as the settings say, between any two of its parts.
struct Patient {
    proxy: Arc<HttpProxy<Gateway>>,
    head_timeout: Duration,
}

#[async_trait]
impl HttpServerApp for Patient {
    async fn process_new_http(
        self: &Arc<Self>,
        mut session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        session.set_read_timeout(Some(self.head_timeout));
        self.proxy.process_new_http(session, shutdown).await
    }

    fn h2_options(&self) -> Option<H2Options> {
        self.proxy.h2_options()
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        self.proxy.server_options()
    }

    async fn http_cleanup(&self) {
        self.proxy.http_cleanup().await;
    }
}

/// Requests that one HTTP/2 connection may have open: what browsers and gRPC clients expect, and a bound on our memory.
const STREAMS: u32 = 100;
