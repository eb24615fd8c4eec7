//! A plain connection whose client may speak HTTP/2 at once: the framework would wait without end to see whether it does.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use pingora::server::ShutdownWatch;
use tokio::time::timeout;

/// Closes connections on which nothing comes for so long.
pub(super) struct Prompt<A> {
    pub(super) app: Arc<A>,
    pub(super) patience: Duration,
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> ServerApp for Prompt<A> {
    async fn process_new(
        self: &Arc<Self>,
        mut session: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        if session.get_ssl_digest().is_none() {
            let mut start = [0; PREFACE];
            let mut shutdown = shutdown.clone();
            tokio::select! {
                came = timeout(self.patience, session.try_peek(&mut start)) => came.ok()?.ok()?,
                _ = shutdown.changed() => return None,
            };
        }
        self.app.process_new(session, shutdown).await
    }

    async fn cleanup(&self) {
        self.app.cleanup().await;
    }
}

/// Bytes of HTTP/2's preface (RFC 9113, section 3.4); no request of HTTP/1.1 is shorter.
const PREFACE: usize = 24;
