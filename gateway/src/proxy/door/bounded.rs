//! As many connections as the settings allow.

use std::sync::Arc;

use async_trait::async_trait;
use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use pingora::server::ShutdownWatch;
use prometheus::IntGauge;

use super::patient;

/// Closes connections beyond the limit at once, before anything is read from them.
pub(super) struct Bounded<A> {
    pub(super) app: Arc<A>,
    /// Connections that are open, those in their TLS handshake too.
    pub(super) open: IntGauge,
    pub(super) most: i64,
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
        patient::connection(self.app.process_new(session, shutdown)).await
    }

    async fn cleanup(&self) {
        self.app.cleanup().await;
    }
}
