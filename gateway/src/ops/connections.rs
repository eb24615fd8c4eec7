//! How many clients are connected.

use std::sync::Arc;

use async_trait::async_trait;
use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use pingora::server::ShutdownWatch;
use prometheus::IntGauge;

/// Serves as the app inside does, and counts the connections that it holds.
pub struct Counted<A> {
    app: Arc<A>,
    connections: IntGauge,
}

impl<A> Counted<A> {
    /// Counts this app's connections.
    #[must_use]
    pub fn new(app: A, connections: IntGauge) -> Self {
        Self {
            app: Arc::new(app),
            connections,
        }
    }
}

#[async_trait]
impl<A: ServerApp + Send + Sync> ServerApp for Counted<A> {
    async fn process_new(
        self: &Arc<Self>,
        session: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        let _open = Open::count(&self.connections);
        self.app.process_new(session, shutdown).await
    }

    async fn cleanup(&self) {
        self.app.cleanup().await;
    }
}

impl<A> std::fmt::Debug for Counted<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counted")
            .field("connections", &self.connections.get())
            .finish_non_exhaustive()
    }
}

/// Counts until it is dropped: a request that panics takes its connection with it.
struct Open<'a>(&'a IntGauge);

impl<'a> Open<'a> {
    fn count(connections: &'a IntGauge) -> Self {
        connections.inc();
        Self(connections)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_counted_while_it_is_open_also_where_a_panic_ends_it() {
        let gauge = IntGauge::new("n", "h").unwrap();
        let first = Open::count(&gauge);
        let second = Open::count(&gauge);
        assert_eq!(gauge.get(), 2);
        drop(first);
        let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _second = second;
            panic!("on purpose");
        }));
        assert!(died.is_err());
        assert_eq!(gauge.get(), 0);
    }
}
