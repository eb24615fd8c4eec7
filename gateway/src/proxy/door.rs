//! The listeners: where connections come in, and what one of them may take.

mod administered;
mod bounded;
pub(super) mod patient;
mod preface;
mod prompt;
mod resets;
mod secured;
mod tethered;
pub(super) mod under_way;
mod websocket;

use std::net::SocketAddr;
use std::sync::Arc;

use crossgate_config::{Limits, Listen};
use pingora::apps::{HttpServerOptions, ServerApp};
use pingora::protocols::http::v2::server::{H2Options, default_h2_options};
use pingora::proxy::http_proxy;
use pingora::server::configuration::ServerConf;
use pingora::services::listening::Service;
use prometheus::IntGauge;

use super::{Certificates, Gateway};
use crate::admin::Admin;
use crate::beside::Beside;
use crate::connections::Connections;
use administered::Administered;
use bounded::Bounded;
use patient::Patient;
use prompt::Prompt;
use secured::Secured;
use tethered::Tether;

/// The service of one door: its listeners, with TLS where there are certificates.
///
/// # Errors
/// The TLS library refuses its settings.
pub fn service(
    conf: &Arc<ServerConf>,
    name: &str,
    gateway: Gateway,
    under_way: &Arc<Connections>,
    addresses: &[SocketAddr],
    certificates: Option<&Arc<Certificates>>,
    limits: &Limits,
) -> Result<Service<impl ServerApp + Send + Sync + 'static>, rustls::Error> {
    let metrics = Arc::clone(&gateway.metrics);
    let connections = metrics.connections.clone();
    let mut proxy = http_proxy(conf, gateway);
    proxy.server_options = Some(server_options(limits));
    proxy.h2_options = Some(h2_options(limits));
    let patient = Patient {
        proxy: Arc::new(proxy),
        head: limits.request_head_timeout,
        idle: limits.idle_timeout,
        connections: Arc::clone(under_way),
        metrics,
    };
    let tether = Tether {
        app: Arc::new(patient),
    };
    let secured = Secured {
        app: Arc::new(tether),
        acceptor: certificates.map(secured::acceptor).transpose()?,
        patience: limits.request_head_timeout,
    };
    let most = i64::try_from(limits.max_connections).unwrap_or(i64::MAX);
    Ok(bounded(name, secured, connections, most, addresses))
}

/// The service of the admin listener, with the TLS of the proxy's where that has any.
///
/// # Errors
/// The TLS library refuses its settings.
pub fn admin_service(
    admin: Admin,
    connections: IntGauge,
    listen: &Listen,
    certificates: Option<&Arc<Certificates>>,
    limits: &Limits,
) -> Result<Service<impl ServerApp + Send + Sync + 'static>, rustls::Error> {
    let app = Administered {
        admin,
        server_options: server_options(limits),
        h2_options: h2_options(limits),
    };
    let secured = Secured {
        app: Arc::new(app),
        acceptor: certificates.map(secured::acceptor).transpose()?,
        patience: limits.request_head_timeout,
    };
    let addresses = [listen.admin];
    let mut service = bounded(
        "admin",
        secured,
        connections,
        MOST_ADMIN_CONNECTIONS,
        &addresses,
    );
    // Calls themselves run elsewhere: they may wait for the disk.
    service.threads = Some(1);
    Ok(service)
}

/// The service of the listener at which other proxies ask, with the TLS of the proxy's where that has any.
///
/// # Errors
/// The TLS library refuses its settings.
pub fn authorize_service(
    gateway: Gateway,
    listen: &Listen,
    certificates: Option<&Arc<Certificates>>,
    limits: &Limits,
) -> Result<Service<impl ServerApp + Send + Sync + 'static>, rustls::Error> {
    let mut server_options = server_options(limits);
    // Envoy speaks HTTP/2 from the first byte on.
    server_options.h2c = true;
    // A count of their own: clients that fill the public doors must not stop the proxies' questions, nor these them.
    let connections = gateway.metrics.authorize_connections.clone();
    let beside = Beside {
        gateway,
        server_options,
        h2_options: h2_options(limits),
        head: limits.request_head_timeout,
        idle: limits.idle_timeout,
    };
    let prompt = Prompt {
        app: Arc::new(beside),
        patience: limits.request_head_timeout,
    };
    let secured = Secured {
        app: Arc::new(prompt),
        acceptor: certificates.map(secured::acceptor).transpose()?,
        patience: limits.request_head_timeout,
    };
    let most = i64::try_from(limits.max_connections).unwrap_or(i64::MAX);
    Ok(bounded(
        "authorize",
        secured,
        connections,
        most,
        &listen.authorize,
    ))
}

/// Listeners that have together `most` connections open at a time.
fn bounded<A: ServerApp + Send + Sync + 'static>(
    name: &str,
    app: A,
    connections: IntGauge,
    most: i64,
    addresses: &[SocketAddr],
) -> Service<Bounded<A>> {
    let bounded = Bounded {
        app: Arc::new(app),
        connections,
        most,
    };
    let mut service = Service::new(name.to_owned(), bounded);
    for address in addresses {
        service.add_tcp(&address.to_string());
    }
    service
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

/// Administrators and their scripts; everybody else is at the proxy's doors.
const MOST_ADMIN_CONNECTIONS: i64 = 1_024;

/// Requests that one HTTP/2 connection may have open: what browsers and gRPC clients expect, and a bound on our memory.
const STREAMS: u32 = 100;
