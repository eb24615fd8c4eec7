//! TLS in front of an app. The framework's own grants a minute to connections that it does not count.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use pingora::apps::ServerApp;
use pingora::listeners::tls::Acceptor;
use pingora::protocols::l4::stream::Stream as Socket;
use pingora::protocols::{ALPN, Ssl as _, Stream};
use pingora::server::ShutdownWatch;
use rustls::ServerConfig;
use rustls::crypto::ring::{Ticketer, default_provider};
use tokio::time::timeout;

use super::preface::AwaitPreface;
use crate::proxy::Certificates;

/// Makes the TLS handshake where there is to be one, then serves as the app inside does.
pub(super) struct Secured<A> {
    pub(super) app: Arc<A>,
    pub(super) acceptor: Option<Acceptor>,
    /// For the handshake; and again until an HTTP/2 client has said so.
    pub(super) patience: Duration,
}

/// TLS 1.2 and 1.3 with these certificates, for HTTP/2 and HTTP/1.1.
pub(super) fn acceptor(certificates: &Arc<Certificates>) -> Result<Acceptor, rustls::Error> {
    let resolver = Arc::clone(certificates);
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    // A client that comes again costs no signature. Tickets are sealed with keys of this process, new ones every six hours, so nothing is
    // kept for a session.
    config.ticketer = Ticketer::new()?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Acceptor::from_server_config(Arc::new(config)))
}

impl<A> Secured<A> {
    /// The connection once it is secure; nothing where the client does not get there.
    async fn secure(&self, acceptor: &Acceptor, stream: Stream) -> Option<Stream> {
        let socket = stream.into_any().downcast::<Socket>().ok()?;
        let secure = match timeout(self.patience, acceptor.tls_handshake(*socket)).await {
            Ok(Ok(secure)) => secure,
            Ok(Err(error)) => {
                // Scanners and clients that do not trust our certificate: nothing an operator can act on.
                tracing::debug!(%error, "no TLS handshake");
                return None;
            }
            Err(_) => {
                tracing::debug!("no TLS handshake in time");
                return None;
            }
        };
        Some(match secure.selected_alpn_proto() {
            Some(ALPN::H2) => Box::new(AwaitPreface::new(secure, self.patience)),
            Some(_) | None => Box::new(secure),
        })
    }
}

impl<A: ServerApp + Send + Sync + 'static> Secured<A> {
    async fn serve(
        self: &Arc<Self>,
        acceptor: &Acceptor,
        session: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        let session = self.secure(acceptor, session).await?;
        self.app.process_new(session, shutdown).await
    }
}

// Written out, so that without TLS the app inside is polled, and not a future around it.
impl<A: ServerApp + Send + Sync + 'static> ServerApp for Secured<A> {
    fn process_new<'s, 'w, 'f>(
        self: &'s Arc<Self>,
        session: Stream,
        shutdown: &'w ShutdownWatch,
    ) -> Pin<Box<dyn Future<Output = Option<Stream>> + Send + 'f>>
    where
        's: 'f,
        'w: 'f,
        Self: 'f,
    {
        match &self.acceptor {
            Some(acceptor) => Box::pin(self.serve(acceptor, session, shutdown)),
            None => self.app.process_new(session, shutdown),
        }
    }

    fn cleanup<'s, 'f>(&'s self) -> Pin<Box<dyn Future<Output = ()> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        self.app.cleanup()
    }
}
