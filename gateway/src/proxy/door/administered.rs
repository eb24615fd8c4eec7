//! The admin API as an app of a listener.

use std::sync::Arc;

use async_trait::async_trait;
use pingora::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream};
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::H2Options;
use pingora::server::ShutdownWatch;

use crate::admin::Admin;

/// The admin API, and what a connection to it may take.
pub(super) struct Administered {
    pub(super) admin: Admin,
    pub(super) server_options: HttpServerOptions,
    pub(super) h2_options: H2Options,
}

#[async_trait]
impl HttpServerApp for Administered {
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        self.admin.serve(session, shutdown).await
    }

    fn h2_options(&self) -> Option<H2Options> {
        Some(self.h2_options.clone())
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        Some(&self.server_options)
    }
}
