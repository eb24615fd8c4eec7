//! The admin listener: sockets and tokens of the control plane's API.

mod activity;
mod added_up;
mod assertions;
mod bodies;
mod callers;
mod console;
mod decided;
mod enforcer;
mod noted;
mod replays;
mod sign_in_log;
mod staged_refusals;
mod streamed;
mod upkeep;
mod visitors;
mod ways;

use std::sync::Arc;
use std::time::Instant;

use crossgate_control::api::Api;
use crossgate_control::api::call::{Answer, Body, Call, CallIds};
use crossgate_control::api::error::ApiError;
use crossgate_control::ledger::Ledger;
use http::{HeaderValue, Method, Response, StatusCode, Version, header};
use pingora::apps::{HttpPersistentSettings, ReusedHttpStream};
use pingora::http::ResponseHeader;
use pingora::protocols::http::{HttpTask, ServerSession};
use pingora::server::ShutdownWatch;

use crate::live::Live;
use crate::ops::Metrics;
use crate::people::People;
use crate::request::tokens::Tokens;
use crate::sign_ins::SignIns;
use bodies::{PATIENCE, Room, Taken};
use callers::Callers;
pub use callers::{admin_app, admin_target};
pub use console::ConsoleSettings;
pub use enforcer::{State, Stored};
pub use noted::Noted;
pub use sign_in_log::SignInLog;
pub use upkeep::upkeep;

/// The service of the admin listener.
pub struct Admin {
    api: Arc<Api>,
    callers: Arc<Callers>,
    metrics: Arc<Metrics>,
    room: Room,
    console: Option<console::Door>,
}

impl Admin {
    /// Serves the policy of a ledger to callers whose tokens are kept with those of apps, and to browsers where people can sign in.
    #[must_use]
    pub fn new(
        ledger: &Arc<Ledger>,
        live: Arc<Live>,
        tokens: Arc<Tokens>,
        metrics: Arc<Metrics>,
        people: Option<Arc<People>>,
        sign_ins: SignIns,
    ) -> Self {
        let api = Arc::new(Api::new(Arc::clone(ledger)));
        let door = |people| {
            let metrics = Arc::clone(&metrics);
            let record = console::Record { sign_ins, metrics };
            console::Door::new(Arc::clone(&live), people, Arc::clone(&api), record)
        };
        Self {
            console: people.map(door),
            api,
            callers: Arc::new(Callers {
                live,
                tokens,
                metrics: Arc::clone(&metrics),
                ledger: Arc::clone(ledger),
            }),
            metrics,
            room: Room::new(),
        }
    }

    async fn answer(&self, session: &mut ServerSession) -> Answer {
        let head = session.req_header();
        let secure = session
            .digest()
            .is_some_and(|digest| digest.ssl_digest.is_some());
        let call = Call {
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(ToOwned::to_owned),
            headers: head.headers.clone(),
            body: Vec::new(),
            origin: origin(head, secure),
            address: session
                .client_addr()
                .and_then(|peer| peer.as_inet())
                .map(std::net::SocketAddr::ip),
        };
        let ids = CallIds::of(&call);
        let failed = |error| Answer::of(Err(error), &ids);
        // A token is verified, and a change waits for the disk: nobody else should.
        let callers = Arc::clone(&self.callers);
        let identified = tokio::task::spawn_blocking(move || {
            let who = callers.identify(&call.headers, call.address);
            (call, who)
        });
        let Ok((mut call, who)) = identified.await else {
            return failed(ApiError::internal());
        };
        let mut taken = Taken::default();
        // Of nobody nothing is read, and nothing held.
        if who.is_ok() {
            match self.room.read(session).await {
                Ok(read) => (call.body, taken) = read,
                Err(error) => return failed(error),
            }
        }
        let api = Arc::clone(&self.api);
        let answered = tokio::task::spawn_blocking(move || {
            let answer = api.answer(&call, &who);
            drop((call, taken));
            answer
        });
        answered
            .await
            .unwrap_or_else(|_panicked| failed(ApiError::internal()))
    }
}

/// What the caller called us, where it can be part of an address.
fn origin(head: &pingora::http::RequestHeader, secure: bool) -> String {
    let authority = head
        .uri
        .authority()
        .map(|authority| authority.as_str())
        .or_else(|| head.headers.get(header::HOST)?.to_str().ok())
        .filter(|authority| {
            authority.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']')
            })
        });
    let scheme = if secure { "https" } else { "http" };
    format!("{scheme}://{}", authority.unwrap_or("localhost"))
}

impl Admin {
    /// Answers one call, and gives the connection back where another may come on it.
    pub(crate) async fn serve(
        &self,
        mut session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        if !session.read_request().await.ok()? {
            return None;
        }
        let (head, body) = self.response(&mut session).await.into_parts();
        let head = Box::new(ResponseHeader::from(head));
        let sent = match body {
            Body::Whole(bytes) => sent_whole(&mut session, head, bytes).await,
            Body::Streamed(body) => streamed::send(&mut session, head, body, shutdown).await,
        };
        if let Err(cut) = sent {
            tracing::debug!(%cut, "a call of the admin API was not answered to its end");
            // An HTTP/2 stream is reset; any other connection is closed without what ends a body.
            if session.is_http2() {
                session.shutdown().await;
            }
            return None;
        }
        let settings = HttpPersistentSettings::for_session(&session);
        let reusable = session.finish().await.ok()??;
        Some(ReusedHttpStream::from_reusable_stream(reusable, settings))
    }

    async fn response(&self, session: &mut ServerSession) -> Response<Body> {
        let begun = Instant::now();
        let method = session.req_header().method.clone();
        // What is left of a body is read for so long and thrown away: its sender gets the answer, and keeps the connection.
        session.set_close_on_response_before_downstream_finish(false);
        session.set_total_drain_timeout(Some(PATIENCE));
        let console = self.console.as_ref().and_then(|door| {
            let settings = door.is_for(session.req_header())?;
            Some((door, settings))
        });
        let mut response = match console {
            Some((door, settings)) => door.answer(session, &settings).await.map(Body::Whole),
            None => {
                let answer = self.answer(session).await;
                let mut response = Response::new(answer.body);
                *response.status_mut() = answer.status;
                *response.headers_mut() = answer.headers;
                response
            }
        };
        let is_streamed = matches!(response.body(), Body::Streamed(_));
        if is_streamed && session.req_header().version == Version::HTTP_10 {
            // Its end would look like that of a connection.
            *response.body_mut() = Body::Whole(Vec::new());
            *response.status_mut() = StatusCode::HTTP_VERSION_NOT_SUPPORTED;
        }
        let status = response.status();
        self.metrics
            .admin
            .call(&method, status.as_u16(), begun.elapsed());
        let length = match response.body() {
            // A 204 has no length (RFC 9110, section 8.6).
            Body::Whole(bytes) if status != StatusCode::NO_CONTENT => Some(bytes.len()),
            Body::Whole(_) | Body::Streamed(_) => None,
        };
        let headers = response.headers_mut();
        if let Some(length) = length {
            headers.insert(header::CONTENT_LENGTH, length.into());
        }
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        if method == Method::HEAD {
            *response.body_mut() = Body::Whole(Vec::new());
        }
        response
    }
}

async fn sent_whole(
    session: &mut ServerSession,
    head: Box<ResponseHeader>,
    body: Vec<u8>,
) -> Result<(), streamed::Cut> {
    let ends = body.is_empty();
    let mut tasks = vec![HttpTask::Header(head, ends)];
    if !ends {
        tasks.push(HttpTask::Body(Some(body.into()), true));
    }
    session.response_duplex_vec(tasks).await?;
    Ok(())
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admin").finish_non_exhaustive()
    }
}
