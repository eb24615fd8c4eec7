//! The phases of one request, in the order in which they run.
//!
//! Each is a few lines that name the next step; what the steps do stands in `request/`. The answer is recorded before
//! it is sent, for the client may be gone.

mod certificates;
mod door;
mod gate;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use crossgate_config::BodyLimit;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorSource, ErrorType, Result};

pub use certificates::{CertificateFault, Certificates, Renewed};
pub use door::service;

use crate::ctx::RequestCtx;
use crate::live::Live;
use crate::ops::Metrics;
use crate::request::assertion::{About, Signer};
use crate::request::headers::{self, Identity, Said};
use crate::request::respond::{self, Answer, Asked, Trouble};
use crate::request::route::Door;
use crate::request::tokens::Tokens;
use crate::sign_ins::{Ending, SignIns};

/// What a door is made of. Cheap to clone, so that several doors share it.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Policy, settings and keys in force.
    pub live: Arc<Live>,
    /// Where events go.
    pub sign_ins: SignIns,
    /// Where counts go.
    pub metrics: Arc<Metrics>,
    /// What signs assertions.
    pub signer: Arc<Signer>,
    /// Tokens verified already.
    pub tokens: Arc<Tokens>,
    /// Which door this is.
    pub door: Door,
}

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = RequestCtx;

    fn new_ctx(&self) -> RequestCtx {
        door::patient::head_was_read();
        RequestCtx::new(self.live.in_force())
    }

    /// None: what an app compresses is its own business, and modules would see its bodies.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    async fn request_filter(&self, session: &mut Session, ctx: &mut RequestCtx) -> Result<bool> {
        set_timeouts(session, ctx);
        let answer = match self.sign_ins.reserve() {
            Ok(slot) => {
                ctx.slot = Some(slot);
                self.gate(session, ctx)
            }
            Err(_full) => {
                let trouble = Trouble::NotReady("sign_in_queue_full");
                ctx.ending = Ending::NotReady(trouble.rule());
                Some(respond::trouble(trouble, &asked(ctx)))
            }
        };
        let Some(answer) = answer else {
            return Ok(false);
        };
        ctx.status = answer.status;
        write(session, answer).await?;
        Ok(true)
    }

    /// Runs once per attempt. Must not count, decide or consume anything.
    async fn upstream_peer(
        &self,
        _session: &mut Session,
        ctx: &mut RequestCtx,
    ) -> Result<Box<HttpPeer>> {
        let (Some(_), Some(app)) = (ctx.permit(), &ctx.app) else {
            return Error::e_explain(ErrorType::InternalError, "no permit");
        };
        let Some(peer) = app.upstreams.next(&ctx.failed, ctx.websocket) else {
            // After a failed attempt it is that failure which is answered.
            if ctx.failed.is_empty() {
                ctx.trouble = Some(Trouble::NoUpstream);
            }
            return Err(Error::new_up(ErrorType::ConnectNoRoute));
        };
        ctx.upstream_begun
            .get_or_insert_with(std::time::Instant::now);
        Ok(peer)
    }

    /// Runs once per attempt, on a fresh copy of what the client sent.
    async fn upstream_request_filter(
        &self,
        _session: &mut Session,
        request: &mut RequestHeader,
        ctx: &mut RequestCtx,
    ) -> Result<()> {
        let (Some(permit), Some(app), Some(client)) = (ctx.permit(), &ctx.app, &ctx.client) else {
            return Error::e_explain(ErrorType::InternalError, "no permit");
        };
        let identity = match (&ctx.token, permit.facts()) {
            (Some(token), Some(facts)) => {
                let user = facts.own_user_id.as_ref().or(facts.home_user_id.as_ref());
                let user = user.or(token.subject.user_id.as_ref());
                let assertion = user.and_then(|user| {
                    let about = About {
                        app: &app.called.target.id,
                        user,
                        idp: token.idp(),
                        permit,
                    };
                    let now = u64::try_from(ctx.arrived.as_second()).unwrap_or_default();
                    token.assertion.get(&self.signer, &about, now)
                });
                Some(Identity {
                    principal: token.principal(app.resource),
                    user: user.map(ToString::to_string),
                    assertion,
                })
            }
            (Some(_) | None, None) | (None, Some(_)) => None,
        };
        let snapshot = &ctx.in_force.snapshot;
        let own_restriction = snapshot
            .default
            .id
            .map(|policy| format!("{}:{policy}", snapshot.own.id));
        headers::set_target(request, ctx.target.as_deref(), &ctx.authority)?;
        let said = Said {
            permit,
            identity,
            client,
            correlation_id: &ctx.correlation_id,
            forward_authorization: app.forward_authorization,
            restriction: app.restriction,
            own_restriction: own_restriction.as_deref(),
        };
        headers::rewrite(request, &said)
    }

    async fn request_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        _end_of_stream: bool,
        ctx: &mut RequestCtx,
    ) -> Result<()> {
        let read = body.as_ref().map_or(0, Bytes::len);
        ctx.body = ctx
            .body
            .saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        match ctx.in_force.routes.limits.max_request_body {
            // What flows through a WebSocket is no body.
            BodyLimit::Bytes(most) if ctx.body > most && !ctx.websocket => {
                ctx.trouble = Some(Trouble::BodyTooLarge);
                Err(Error::new_down(ErrorType::HTTPStatus(
                    Trouble::BodyTooLarge.status(),
                )))
            }
            BodyLimit::Bytes(_) | BodyLimit::Unlimited => Ok(()),
        }
    }

    async fn upstream_response_filter(
        &self,
        _session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut RequestCtx,
    ) -> Result<()> {
        let head = !response.status.is_informational() || response.status.as_u16() == SWITCHING;
        if head
            && let Some(begun) = ctx.upstream_begun.take()
            && let Some(app) = &ctx.app
        {
            app.metrics.upstream(begun.elapsed());
        }
        Ok(())
    }

    fn fail_to_connect(
        &self,
        session: &mut Session,
        peer: &HttpPeer,
        ctx: &mut RequestCtx,
        mut error: Box<Error>,
    ) -> Box<Error> {
        ctx.failed.push(peer._address.clone());
        let repeatable = session.req_header().method.is_idempotent()
            || session.as_downstream_mut().is_body_empty();
        let others = ctx
            .app
            .as_ref()
            .is_some_and(|app| ctx.failed.len() < app.upstreams.len());
        error.set_retry(repeatable && others);
        error
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        ctx: &mut RequestCtx,
    ) -> FailToProxy {
        let trouble = ctx.trouble.take().or_else(|| trouble_of(error));
        let answered = session.response_written().is_some();
        if let Some(trouble) = trouble
            && !answered
        {
            ctx.status = trouble.status();
            let answer = respond::trouble(trouble, &asked(ctx));
            session.set_keepalive(None);
            if write(session, answer).await.is_err() {
                ctx.status = 0;
            }
        }
        FailToProxy {
            error_code: ctx.status,
            can_reuse_downstream: false,
        }
    }

    async fn logging(&self, session: &mut Session, _error: Option<&Error>, ctx: &mut RequestCtx) {
        if let Some(response) = session.response_written() {
            ctx.status = response.status.as_u16();
        }
        ctx.finish();
    }

    /// Never the target: tokens were seen in query strings.
    fn request_summary(&self, _session: &Session, ctx: &RequestCtx) -> String {
        format!("correlation id {}", ctx.correlation_id)
    }
}

/// What to answer where the framework failed; nothing where the client is gone.
fn trouble_of(error: &Error) -> Option<Trouble> {
    let timed_out = matches!(
        error.etype(),
        ErrorType::ConnectTimedout
            | ErrorType::TLSHandshakeTimedout
            | ErrorType::ReadTimedout
            | ErrorType::WriteTimedout
    );
    let client_gone = matches!(
        error.etype(),
        ErrorType::WriteError
            | ErrorType::WriteTimedout
            | ErrorType::ReadError
            | ErrorType::ConnectionClosed
    );
    match error.esource() {
        ErrorSource::Upstream if timed_out => Some(Trouble::GatewayTimeout),
        ErrorSource::Upstream => Some(Trouble::BadGateway),
        ErrorSource::Downstream => (!client_gone).then_some(Trouble::ClientFailed),
        ErrorSource::Internal | ErrorSource::Unset => Some(Trouble::Internal),
    }
}

/// Who is answered.
fn asked(ctx: &RequestCtx) -> Asked<'_> {
    Asked {
        correlation_id: &ctx.correlation_id,
        at: ctx.arrived,
        origin: (!ctx.origin.is_empty()).then_some(&*ctx.origin),
        prefix: &ctx.prefix,
        browser: ctx.browser,
        entra: ctx.token.as_ref().is_none_or(|token| token.facts.entra),
    }
}

async fn write(session: &mut Session, answer: Answer) -> Result<()> {
    let mut response = ResponseHeader::build(answer.status, Some(answer.headers.len() + 2))?;
    for (name, value) in answer.headers {
        response.append_header(name, value)?;
    }
    let head_only = session.req_header().method == http::Method::HEAD;
    // 204 has no body, and must not say how long it is (RFC 9110, section 8.6).
    if answer.status != NO_CONTENT {
        response.set_content_length(answer.body.len())?;
    }
    // What the client still sends will not be read; a connection with unread bytes is no place for a next request.
    if !session.as_downstream_mut().is_body_done() {
        session.set_keepalive(None);
    }
    let empty = head_only || answer.body.is_empty();
    session
        .write_response_header(Box::new(response), empty)
        .await?;
    if !empty {
        session.write_response_body(Some(answer.body), true).await?;
    }
    Ok(())
}

/// From here on a client may think as long as connections may idle; in a WebSocket both sides may be silent longer.
fn set_timeouts(session: &mut Session, ctx: &RequestCtx) {
    let idle = ctx.in_force.routes.limits.idle_timeout;
    // `None` says that the client, or a shutdown, wants the connection closed.
    if session.get_keepalive().is_some() {
        session.set_keepalive(Some(idle.as_secs().max(1)));
    }
    let upgrading = session.is_upgrade_req();
    let patience = if upgrading { SILENCE } else { idle };
    session.set_read_timeout(Some(patience));
    session.set_write_timeout(Some(idle));
}

const NO_CONTENT: u16 = 204;
const SWITCHING: u16 = 101;

/// How long a WebSocket may be silent: those who keep one open send something within minutes, those who are gone never.
pub(crate) const SILENCE: Duration = Duration::from_secs(60 * 60);
