//! The phases of one request, in the order in which they run.
//!
//! Each is a few lines that name the next step; what the steps do stands in `request/`. A request is
//! recorded when the head of its answer is known, before it is sent: the client may be gone, and what follows the head may
//! last for days.

mod answer;
mod body;
mod certificates;
mod check;
mod door;
mod gate;
mod handshake;
mod hop;
mod in_flight;
mod late;
mod push;
mod synchronize;
mod visit;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use crossgate_config::BodyLimit;
use crossgate_policy::Permit;
use crossgate_portal::cookies;
use http::StatusCode;
use http::header::{SET_COOKIE, UPGRADE};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorSource, ErrorType, Result};

pub use certificates::{CertificateFault, Certificates, Renewed};
pub(crate) use check::{GoesOn, Verdict};
pub use door::{admin_service, authorize_service, service};
pub(crate) use gate::Came;
pub use in_flight::{Flight, InFlight};
pub(crate) use late::end as end_late;

use answer::{asked, trouble_of};
use door::under_way::Decided;
use visit::Stop;

use crate::connections::{Asker, Opener};
use crate::ctx::RequestCtx;
use crate::live::Live;
use crate::ops::Metrics;
use crate::people::People;
use crate::request::assertion::Signer;
use crate::request::headers::{self, Said};
use crate::request::identity::{self, Identity};
use crate::request::respond::{self, Answer, Trouble};
use crate::request::route::{App, Door, Restriction};
use crate::request::tokens::Tokens;
use crate::sign_ins::{Ending, SignIns};
use crate::signals::Signals;
use crate::synchronization::Synchronization;
use crate::traces::Traces;

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
    /// Who is signed in; `None` where nobody can.
    pub people: Option<Arc<People>>,
    /// Who receives security events; `None` where the policy is in no store.
    pub signals: Option<Arc<Signals>>,
    /// Who receives what partners synchronise; `None` where the policy is in no store.
    pub synchronization: Option<Arc<Synchronization>>,
    /// What begins traces and goes on with them; `None` where they are off.
    pub traces: Option<Arc<Traces>>,
    /// What is under way to upstreams, of all doors.
    pub in_flight: InFlight,
    /// Which door this is.
    pub door: Door,
}

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = RequestCtx;

    fn new_ctx(&self) -> RequestCtx {
        let now = Instant::now();
        door::patient::head_was_read(now);
        RequestCtx::new(self.live.take(), now)
    }

    /// None: what an app compresses is its own business, and modules would see its bodies.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    async fn request_filter(&self, session: &mut Session, ctx: &mut RequestCtx) -> Result<bool> {
        set_timeouts(session, ctx);
        if let Some(traces) = &self.traces {
            ctx.trace = Some(traces.place(&session.req_header().headers));
        }
        let has_no_body = session.as_downstream_mut().is_body_empty();
        let goes_on = match self.sign_ins.reserve() {
            Ok(slot) => {
                ctx.slot = Some(slot);
                self.gate(session, ctx)
                    .and_then(|()| self.take_off(session.req_header(), ctx))
            }
            Err(_full) => Err(Stop::Answer(no_room(session.req_header(), ctx))),
        };
        let stop = match goes_on {
            Ok(()) => {
                if answer::is_grpc(session.req_header()) {
                    door::under_way::is_grpc(session.as_downstream());
                }
                let decided = Decided {
                    begun: ctx.begun,
                    in_force: Arc::clone(&ctx.in_force),
                    mount: ctx.mount,
                    asker: Asker {
                        opener: match (&ctx.session, &ctx.token) {
                            (Some(here), _) => Opener::Session(Arc::clone(&here.session)),
                            (None, Some(token)) => Opener::Token(Arc::clone(token)),
                            (None, None) => Opener::Anybody,
                        },
                        client_ip: ctx.client.as_ref().and_then(|client| client.address),
                        restriction: ctx.restriction.clone(),
                        correlation_id: ctx.correlation_id.clone(),
                        expires: ctx.permit().and_then(|permit| permit.facts()?.expires),
                    },
                };
                door::patient::goes_on(decided, has_no_body);
                return Ok(false);
            }
            Err(stop) => stop,
        };
        if has_no_body {
            let _ = door::patient::body_came(true);
        }
        let answer = match stop {
            Stop::Answer(answer) => answer,
            Stop::Visit(visit) => Box::pin(self.visit(session, ctx, *visit)).await,
            Stop::Push(transmitter) => Box::pin(self.push(session, ctx, &transmitter)).await,
            Stop::Synchronize(path) => Box::pin(self.synchronize(session, ctx, &path)).await,
        };
        ctx.record_answer(&answer, &session.req_header().headers);
        // Boxed, so that requests that go on need no room for it.
        Box::pin(answer::write(session, answer)).await?;
        Ok(true)
    }

    /// Runs once per attempt. Must not count, decide or consume anything.
    async fn upstream_peer(
        &self,
        _session: &mut Session,
        ctx: &mut RequestCtx,
    ) -> Result<Box<HttpPeer>> {
        let (Some(_), Some(app)) = (ctx.permit(), ctx.app()) else {
            return Error::e_explain(ErrorType::InternalError, "no permit");
        };
        // The first is chosen at once; who tries another may be refused by now.
        if !ctx.failed.is_empty() {
            not_cut()?;
        }
        let Some(mut peer) = app.upstreams.next(&ctx.failed, ctx.websocket) else {
            // After a failed attempt it is that failure which is answered.
            if ctx.failed.is_empty() {
                ctx.trouble = Some(Trouble::NoUpstream);
            }
            return Err(Error::new_up(ErrorType::ConnectNoRoute));
        };
        if ctx.websocket {
            // The framework keeps to these in the open WebSocket too.
            peer.options.read_timeout = Some(SILENCE);
            peer.options.write_timeout = Some(SILENCE);
            handshake::by_itself(&mut peer);
            door::under_way::handshake_is_off();
        }
        if ctx.upstream_begun.is_none() {
            // Choosing the first takes no time; reading a clock would take more.
            ctx.upstream_begun = ctx.decided.or_else(|| Some(Instant::now()));
        }
        Ok(peer)
    }

    /// Runs once per attempt, on a fresh copy of what the client sent.
    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        ctx: &mut RequestCtx,
    ) -> Result<()> {
        if ctx.websocket && session.is_body_empty() {
            door::under_way::handshake_begins();
        }
        // A connection may have taken long, and what was read with the head would go out as soon as there is one.
        not_cut()?;
        if !ctx.websocket {
            // With it the framework would ask for the upgrade in the client's name, and take the upstream's word.
            request.remove_header(&UPGRADE);
        }
        // Another attempt sends the body from its beginning.
        ctx.body = 0;
        let (Some(permit), Some(app), Some(client)) = (ctx.permit(), ctx.app(), &ctx.client) else {
            return Error::e_explain(ErrorType::InternalError, "no permit");
        };
        let identity = self.identity(ctx, permit, app);
        let own_restriction = match app.restriction {
            Restriction::Inject => {
                let snapshot = &ctx.in_force.snapshot;
                let policy = snapshot.default.id;
                policy.map(|policy| format!("{}:{policy}", snapshot.own.id))
            }
            Restriction::Pass | Restriction::Strip => None,
        };
        headers::set_target(request, ctx.target.as_deref())?;
        let said = Said {
            permit,
            identity: identity.as_deref(),
            client,
            sessions: self.people.is_some(),
            correlation_id: &ctx.correlation_id,
            forward_authorization: app.forward_authorization,
            restriction: app.restriction,
            own_restriction: own_restriction.as_deref(),
        };
        headers::rewrite(request, &said)?;
        match &ctx.trace {
            Some(trace) => trace.stamp(request),
            None => Ok(()),
        }
    }

    async fn request_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut RequestCtx,
    ) -> Result<()> {
        if !door::patient::body_came(end_of_stream) {
            return Err(cut());
        }
        if end_of_stream {
            door::under_way::handshake_ends();
        }
        // What flows through an open WebSocket is no body; before the upstream agreed to one, everything is.
        if session.was_upgraded() {
            return Ok(());
        }
        let read = body.as_ref().map_or(0, Bytes::len);
        ctx.body = ctx
            .body
            .saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        match ctx.in_force.routes.limits.max_request_body {
            BodyLimit::Bytes(most) if ctx.body > most => {
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
        hop::strip(response)?;
        if self.people.is_some() {
            strip_our_cookies(response);
        }
        if answer::is_final(response)
            && let Some(begun) = ctx.upstream_begun.take()
            && let Some(app) = ctx.app()
        {
            let now = Instant::now();
            app.metrics.upstream(now.duration_since(begun));
            ctx.answered = Some(now);
            if let Some(trace) = &mut ctx.trace {
                trace.upstream(begun, now, response.status.as_u16());
            }
        }
        Ok(())
    }

    /// The last step before a head goes to the client.
    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut RequestCtx,
    ) -> Result<()> {
        if response.status == StatusCode::SWITCHING_PROTOCOLS {
            session.set_read_timeout(Some(SILENCE));
        }
        if answer::is_final(response) {
            let websocket = response.status == StatusCode::SWITCHING_PROTOCOLS;
            let goes_on = websocket || answer::streams(response);
            if goes_on {
                door::under_way::is_long(session.as_downstream());
            }
            if !door::patient::answers(goes_on, websocket) {
                return Err(cut());
            }
            ctx.record(
                response.status.as_u16(),
                Some(&session.req_header().headers),
            );
            if goes_on {
                ctx.goes_on();
            }
        }
        Ok(())
    }

    /// Runs before anything of the request was sent to this upstream. A body of which an earlier attempt read more than
    /// can be repeated has ended the request by then, so whatever the method, another upstream may be tried.
    fn fail_to_connect(
        &self,
        _session: &mut Session,
        peer: &HttpPeer,
        ctx: &mut RequestCtx,
        mut error: Box<Error>,
    ) -> Box<Error> {
        ctx.failed.push(peer._address.clone());
        let others = ctx
            .app()
            .is_some_and(|app| ctx.failed.len() < app.upstreams.len());
        error.set_retry(others && !door::under_way::is_cut());
        error
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        ctx: &mut RequestCtx,
    ) -> FailToProxy {
        let late = door::under_way::late();
        let trouble = ctx.trouble.take().or_else(|| trouble_of(error));
        tell(error, ctx);
        if let Some(late) = late
            && !ctx.is_recorded()
            && !answer::was_written(session)
        {
            return self.refuse_late(session, ctx, late).await;
        }
        if answer::was_written(session) && *error.esource() != ErrorSource::Downstream {
            door::under_way::breaks_off(session.as_downstream());
        }
        // An event that was recorded names the head that went out, or that nobody was there to take.
        if let Some(trouble) = trouble
            && !ctx.is_recorded()
            && !answer::was_written(session)
        {
            let request = session.req_header();
            let answer = respond::trouble(trouble, &asked(request, ctx));
            ctx.record_answer(&answer, &request.headers);
            answer::last(session, answer).await;
        }
        FailToProxy {
            error_code: trouble.map_or(0, Trouble::status),
            can_reuse_downstream: false,
        }
    }

    async fn logging(&self, _session: &mut Session, _error: Option<&Error>, ctx: &mut RequestCtx) {
        ctx.finish();
    }

    /// Never the target: tokens were seen in query strings.
    fn request_summary(&self, _session: &Session, ctx: &RequestCtx) -> String {
        format!("correlation id {}", ctx.correlation_id)
    }
}

impl Gateway {
    /// Who calls, as the app is told.
    fn identity(&self, ctx: &RequestCtx, permit: &Permit, app: &App) -> Option<Arc<Identity>> {
        let token = ctx.token.as_ref()?;
        let now = u64::try_from(ctx.arrived.as_second()).unwrap_or_default();
        identity::of(token, permit, app, &self.signer, now)
    }
}

/// The answer where nothing more can be recorded.
fn no_room(request: &RequestHeader, ctx: &mut RequestCtx) -> Answer {
    let trouble = Trouble::NotReady("sign_in_queue_full");
    ctx.ending = Ending::NotReady(trouble.rule());
    respond::trouble(trouble, &asked(request, ctx))
}

/// Says what went wrong without a word of what either side sent. What clients do is nothing an operator can act on.
fn tell(error: &Error, ctx: &RequestCtx) {
    let app = ctx.app().map_or("none", |app| &*app.called.name);
    let (what, at) = (error.etype().as_str(), error.esource().as_str());
    let correlation_id = tracing::field::display(&ctx.correlation_id);
    let trace = ctx
        .trace
        .as_ref()
        .map(|trace| tracing::field::display(trace.id()));
    match error.esource() {
        ErrorSource::Downstream => {
            tracing::debug!(app, what, at, correlation_id, trace, "request failed");
        }
        ErrorSource::Upstream | ErrorSource::Internal | ErrorSource::Unset => {
            tracing::warn!(app, what, at, correlation_id, trace, "request failed");
        }
    }
}

/// Nothing more of a request that is refused goes to an upstream, and nothing to its client but the refusal.
fn not_cut() -> Result<()> {
    if door::under_way::is_cut() {
        return Err(cut());
    }
    Ok(())
}

fn cut() -> Box<Error> {
    Error::new_down(ErrorType::ConnectionClosed)
}

/// An app that set a cookie of ours could choose whose session its visitor has.
fn strip_our_cookies(response: &mut ResponseHeader) {
    let cookies = response.headers.get_all(SET_COOKIE);
    if !cookies.iter().any(cookies::sets_ours) {
        return;
    }
    let apps: Vec<_> = cookies
        .iter()
        .filter(|cookie| !cookies::sets_ours(cookie))
        .cloned()
        .collect();
    response.remove_header(&SET_COOKIE);
    for cookie in apps {
        // It stood there before, so it can.
        let _ = response.append_header(SET_COOKIE, cookie);
    }
}

/// From here on a client may think as long as connections may idle.
fn set_timeouts(session: &mut Session, ctx: &RequestCtx) {
    let idle = ctx.in_force.routes.limits.idle_timeout;
    // `None` says that the client, or a shutdown, wants the connection closed.
    if session.get_keepalive().is_some() {
        // Zero is no time at all: how long a next request is waited for, the door keeps, with one timer for all requests.
        session.set_keepalive(Some(0));
    }
    session.set_read_timeout(Some(idle));
    session.set_write_timeout(Some(idle));
}

/// How long a WebSocket may be silent: those who keep one open send something within minutes, those who are gone never.
pub(crate) const SILENCE: Duration = Duration::from_secs(60 * 60);
