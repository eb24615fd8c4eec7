//! Beside other proxies: they ask about each request, and forward it themselves.
//!
//! nginx (`auth_request`), Traefik and Caddy (forward-auth) and Envoy (`ext_authz`, by HTTP or gRPC). Here a question is read
//! and an answer is written; what is decided, recorded and told is [`Gateway::check`]'s, on the way of every other request.

mod envoy;
mod grpc;
mod messages;
mod original;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE};
use pingora::Result;
use pingora::apps::{HttpPersistentSettings, HttpServerApp, HttpServerOptions, ReusedHttpStream};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::H2Options;
use pingora::server::ShutdownWatch;
use tokio::time::timeout;

use crate::ctx::RequestCtx;
use crate::proxy::{Came, Gateway, GoesOn, Verdict};
use crate::request::forwarded::is_trusted;
use crate::request::respond::{self, Answer};
use messages::CheckResponse;
use original::{Form, Original, Unclear};

/// The listener at which other proxies ask.
pub(crate) struct Beside {
    pub(crate) gateway: Gateway,
    pub(crate) server_options: HttpServerOptions,
    pub(crate) h2_options: H2Options,
    /// For the head of a first question.
    pub(crate) head: Duration,
    /// Between two of a connection.
    pub(crate) idle: Duration,
}

impl Beside {
    /// Answers one question. Exactly one event is made of it.
    async fn answer(&self, session: &mut ServerSession) -> Result<()> {
        let mut ctx = RequestCtx::new(self.gateway.live.take(), Instant::now());
        let peer = session
            .client_addr()
            .and_then(|peer| peer.as_inet())
            .copied();
        let trusted = &ctx.in_force.routes.trusted_proxies;
        let believed = peer.is_some_and(|peer| is_trusted(peer.ip().to_canonical(), trusted));
        if grpc::is_check(session.req_header()) && session.is_http2() {
            let response = self.envoy(session, peer, believed, &mut ctx).await;
            return grpc::write(session, &response).await;
        }
        let request = session.req_header();
        let path = request.raw_path();
        let path = path.split(|byte| *byte == b'?').next().unwrap_or_default();
        let form = Form::of(path);
        ctx.without_pages = form == Some(Form::AuthRequest);
        let original = match form {
            _ if !believed => Err(STRANGER),
            None => Err("no_such_question"),
            Some(form) => form.original(request, peer),
        };
        let (verdict, headers) = self.decide(original, request, peer, &mut ctx).await;
        let mut answer = match verdict {
            Verdict::GoesOn(goes_on) => respond::goes_on(with_credentials(goes_on)),
            Verdict::Stopped(answer) => answer,
        };
        if form == Some(Form::AuthRequest) {
            answer = respond::in_two_words(answer);
        }
        ctx.record_answer(&answer, &headers);
        write(session, answer).await
    }

    /// Answers Envoy by gRPC.
    async fn envoy(
        &self,
        session: &mut ServerSession,
        peer: Option<SocketAddr>,
        believed: bool,
        ctx: &mut RequestCtx,
    ) -> CheckResponse {
        let original = if believed {
            match timeout(self.head, grpc::read(session)).await {
                Ok(Some(message)) => envoy::original(&message),
                Ok(None) | Err(_) => Err("check_unreadable"),
            }
        } else {
            Err(STRANGER)
        };
        let (verdict, headers) = self.decide(original, session.req_header(), peer, ctx).await;
        match verdict {
            Verdict::GoesOn(goes_on) => {
                // Nothing of it but the status is recorded.
                ctx.record_answer(&respond::goes_on(HeaderMap::new()), &headers);
                envoy::goes_on(&goes_on, &headers)
            }
            Verdict::Stopped(answer) => {
                ctx.record_answer(&answer, &headers);
                envoy::stopped(&answer)
            }
        }
    }

    /// What becomes of the request that is asked about, and its headers; those of the question where it is not clear.
    async fn decide(
        &self,
        original: std::result::Result<Original, Unclear>,
        question: &RequestHeader,
        peer: Option<SocketAddr>,
        ctx: &mut RequestCtx,
    ) -> (Verdict, HeaderMap) {
        match original {
            Ok(original) => {
                let verdict = self.gateway.check(&original.came(), ctx).await;
                (verdict, original.request.as_owned_parts().headers)
            }
            Err(rule) => {
                let came = Came {
                    request: question,
                    raw: None,
                    peer,
                    secure: false,
                };
                let answer = self.gateway.refuse_question(&came, rule, ctx);
                (Verdict::Stopped(answer), question.headers.clone())
            }
        }
    }
}

/// What the app is told, with what is left of the client's own word, for proxies that copy headers of the answer.
fn with_credentials(goes_on: GoesOn) -> HeaderMap {
    let GoesOn {
        mut said,
        cookie,
        authorization,
    } = goes_on;
    for (name, value) in [(COOKIE, cookie), (AUTHORIZATION, authorization)] {
        if let Some(value) = value {
            said.insert(name, value);
        }
    }
    said
}

async fn write(session: &mut ServerSession, answer: Answer) -> Result<()> {
    let mut head = ResponseHeader::build(answer.status, Some(answer.headers.len() + 1))?;
    for (name, value) in answer.headers {
        head.append_header(name, value)?;
    }
    head.set_content_length(answer.body.len())?;
    let bodiless = answer.body.is_empty() || session.req_header().method == http::Method::HEAD;
    session.write_response_header(Box::new(head)).await?;
    if bodiless {
        session.write_response_body(bytes::Bytes::new(), true).await
    } else {
        session.write_response_body(answer.body, true).await
    }
}

#[async_trait]
impl HttpServerApp for Beside {
    async fn process_new_http(
        self: &Arc<Self>,
        mut session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        let mut ending = shutdown.clone();
        let read = tokio::select! {
            // What has come is answered.
            biased;
            read = timeout(self.head + self.idle, session.read_request()) => read.ok()?.ok()?,
            _ = ending.changed() => false,
        };
        if !read {
            return None;
        }
        session.set_keepalive(if *shutdown.borrow() {
            None
        } else {
            Some(self.idle.as_secs())
        });
        // A body that a proxy was told to send as well is read for so long and thrown away.
        session.set_close_on_response_before_downstream_finish(false);
        session.set_total_drain_timeout(Some(self.head));
        session.set_write_timeout(Some(self.head));
        if let Err(error) = self.answer(&mut session).await {
            tracing::debug!(%error, "whoever asked did not wait for the answer");
            return None;
        }
        let settings = HttpPersistentSettings::for_session(&session);
        let reusable = session.finish().await.ok()??;
        Some(ReusedHttpStream::from_reusable_stream(reusable, settings))
    }

    fn h2_options(&self) -> Option<H2Options> {
        Some(self.h2_options.clone())
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        Some(&self.server_options)
    }
}

/// Who asks is none of `trusted_proxies`.
const STRANGER: Unclear = "question_of_a_stranger";
