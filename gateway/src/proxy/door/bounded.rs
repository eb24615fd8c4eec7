//! As many connections as the settings allow, counted while they are open.

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
    pub(super) connections: IntGauge,
    pub(super) most: i64,
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> ServerApp for Bounded<A> {
    async fn process_new(
        self: &Arc<Self>,
        session: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        let _open = Open::count(&self.connections);
        // This one is counted already.
        if self.connections.get() > self.most {
            return None;
        }
        patient::connection(self.app.process_new(session, shutdown)).await
    }

    async fn cleanup(&self) {
        self.app.cleanup().await;
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
