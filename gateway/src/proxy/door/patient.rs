//! How long a client may take for the head of a request.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use pingora::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream};
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::H2Options;
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;

use crate::proxy::Gateway;

/// Lets go of clients whose head is not there in time, however slowly it trickles.
///
/// The framework has times for the first byte only, and for pauses.
pub(super) struct Patient {
    pub(super) proxy: Arc<HttpProxy<Gateway>>,
    /// For a head. On a connection that was used before, the time that it may idle is added.
    pub(super) head: Duration,
    /// See [`Patient::head`].
    pub(super) idle: Duration,
}

tokio::task_local! {
    static HEAD_READ: Cell<bool>;
    static USED_BEFORE: Cell<bool>;
}

/// Serves one connection, within which a first head is told from later ones.
pub(super) async fn connection<T>(served: impl Future<Output = T>) -> T {
    USED_BEFORE.scope(Cell::new(false), served).await
}

/// To be called as soon as the head of the request that this task serves has been read.
pub(in crate::proxy) fn head_was_read() {
    // A test may make a context without a connection.
    let _ = HEAD_READ.try_with(|read| read.set(true));
}

#[async_trait]
impl HttpServerApp for Patient {
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        // Of HTTP/2 the head is there already, and each request is a task of its own.
        let used_before = USED_BEFORE
            .try_with(|used| used.replace(true))
            .unwrap_or_default();
        let patience = if used_before {
            self.head + self.idle
        } else {
            self.head
        };
        let served = self.proxy.process_new_http(session, shutdown);
        HEAD_READ
            .scope(Cell::new(false), async {
                let mut served = pin!(served);
                let mut patience = pin!(tokio::time::sleep(patience));
                poll_fn(|cx| {
                    if let Poll::Ready(reused) = served.as_mut().poll(cx) {
                        return Poll::Ready(reused);
                    }
                    if HEAD_READ.with(Cell::get) {
                        return Poll::Pending;
                    }
                    patience.as_mut().poll(cx).map(|()| None)
                })
                .await
            })
            .await
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
