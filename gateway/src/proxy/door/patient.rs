//! How long a client may take for the head of a request, and pause in its body.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use pingora::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream};
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::H2Options;
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;
use tokio::time::{Sleep, sleep_until};

use super::resets::Dropped;
use super::under_way::{self, Decided, Served, UnderWay};
use crate::connections::Connections;
use crate::ops::Metrics;
use crate::proxy::Gateway;

/// Lets go of clients whose head is not there in time, however slowly it trickles, and of those whose body has stopped.
///
/// The framework has times for the first byte of a head only and for its pauses, and none for a body over HTTP/2.
pub(super) struct Patient {
    pub(super) proxy: Arc<HttpProxy<Gateway>>,
    /// For a head. On a connection that was used before, the time that it may idle is added.
    pub(super) head: Duration,
    /// See [`Patient::head`].
    pub(super) idle: Duration,
    /// Where requests that take long are seen by who may have them closed.
    pub(super) connections: Arc<Connections>,
    pub(super) metrics: Arc<Metrics>,
}

tokio::task_local! {
    static CONNECTION: Connection;
}

/// What is known of the connection that a task serves, or of its one request where that is of HTTP/2.
struct Connection {
    awaited: Cell<Awaited>,
    /// Bodies are waited for too. Those over HTTP/1 the framework times, and answers where they stop.
    with_bodies: bool,
    /// Requests came before.
    used: Cell<bool>,
    /// Kept as it was set: to set one costs more than one that rings too early once in a minute.
    alarm: Cell<Option<Pin<Box<Sleep>>>>,
    under_way: UnderWay,
}

impl Connection {
    fn new(with_bodies: bool) -> Self {
        Self {
            awaited: Cell::new(Awaited::Head),
            with_bodies,
            used: Cell::new(false),
            alarm: Cell::new(None),
            under_way: UnderWay::default(),
        }
    }
}

/// The request that this task serves; none in a test that makes a context without a connection.
pub(super) fn here<T>(with: impl FnOnce(&UnderWay) -> T) -> Option<T> {
    CONNECTION
        .try_with(|connection| with(&connection.under_way))
        .ok()
}

/// What a request's client still has to send.
#[derive(Clone, Copy)]
enum Awaited {
    Head,
    /// More of the body; some came, or the head did, at this time.
    Body(Instant),
    Nothing,
}

/// Serves one connection, within which a first head is told from later ones.
pub(in crate::proxy) async fn connection<T>(served: impl Future<Output = T>) -> T {
    CONNECTION.scope(Connection::new(false), served).await
}

/// To be called as soon as the head of the request that this task serves has been read, which was now.
pub(in crate::proxy) fn head_was_read(now: Instant) {
    let _ = await_now(Awaited::Body(now));
}

/// To be called when a request may go on.
pub(in crate::proxy) fn goes_on(decided: Decided, has_no_body: bool) {
    let _ = CONNECTION.try_with(|connection| {
        if has_no_body {
            connection.awaited.set(Awaited::Nothing);
        }
        connection.under_way.begin(decided);
    });
}

/// To be called when some of the request's body came; answers whether it may go on. The last of it, and what is no body at all,
/// ends the waiting.
#[must_use]
pub(in crate::proxy) fn body_came(last: bool) -> bool {
    await_now(if last {
        Awaited::Nothing
    } else {
        Awaited::Body(Instant::now())
    })
}

/// To be called when the head of the answer is known; answers whether it may go out. An upstream that answers before it has the
/// whole body may go on for long, as streams both ways do: it is not waited for any more.
#[must_use]
pub(in crate::proxy) fn answers(goes_on: bool, websocket: bool) -> bool {
    CONNECTION
        .try_with(|connection| {
            connection.awaited.set(Awaited::Nothing);
            connection.under_way.answers(goes_on, websocket)
        })
        .unwrap_or(true)
}

/// Answers whether the request may go on.
fn await_now(what: Awaited) -> bool {
    // A test may make a context without a connection.
    CONNECTION
        .try_with(|connection| {
            connection.awaited.set(match what {
                Awaited::Body(_) if !connection.with_bodies => Awaited::Nothing,
                Awaited::Head | Awaited::Body(_) | Awaited::Nothing => what,
            });
            !connection.under_way.is_cut()
        })
        .unwrap_or(true)
}

impl Patient {
    /// Serves one request of the connection whose task this is, unless it has to be waited for too long.
    async fn serve(&self, mut served: Served<'_>) -> Option<ReusedHttpStream> {
        let (used, alarm) = CONNECTION.with(|connection| {
            connection.awaited.set(Awaited::Head);
            connection.under_way.enter(&self.connections);
            (connection.used.replace(true), connection.alarm.take())
        });
        let begun = Instant::now();
        let head_by = if used {
            begun + self.head + self.idle
        } else {
            begun + self.head
        };
        let mut alarm = alarm.unwrap_or_else(|| Box::pin(sleep_until(head_by.into())));
        let end = poll_fn(|cx| {
            if let Poll::Ready(reused) = served.as_mut().poll(cx) {
                return Poll::Ready(End::Served(reused));
            }
            if CONNECTION.with(|connection| connection.under_way.look(cx)) {
                return Poll::Ready(End::Refused);
            }
            loop {
                let by = match CONNECTION.with(|connection| connection.awaited.get()) {
                    Awaited::Head => head_by,
                    Awaited::Body(since) => since + self.idle,
                    Awaited::Nothing => return Poll::Pending,
                };
                // Set anew only when it rings: what is waited for is due later each time, and bodies come in many parts.
                if alarm.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                if by <= Instant::now() {
                    return Poll::Ready(End::TooLate);
                }
                alarm.as_mut().reset(by.into());
            }
        })
        .await;
        let reused = match end {
            End::Served(reused) => reused,
            End::TooLate => {
                under_way::is_dropped(Dropped::Otherwise);
                None
            }
            End::Refused => {
                let of_http2 = CONNECTION.with(|connection| connection.with_bodies);
                // Boxed, so that requests that go on need no room for it.
                Box::pin(under_way::close(served, of_http2, &self.metrics)).await;
                None
            }
        };
        CONNECTION.with(|connection| {
            connection.under_way.leave();
            connection.alarm.set(Some(alarm));
        });
        reused
    }
}

/// How serving a request came to its end.
enum End {
    Served(Option<ReusedHttpStream>),
    /// The client took too long.
    TooLate,
    /// It may not go on any longer.
    Refused,
}

#[async_trait]
impl HttpServerApp for Patient {
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        let served = self.proxy.process_new_http(session, shutdown);
        if CONNECTION.try_with(|_| ()).is_ok() {
            self.serve(served).await
        } else {
            // Each request of HTTP/2 is a task of its own, and its head is there already.
            let request = Connection::new(true);
            Box::pin(CONNECTION.scope(request, self.serve(served))).await
        }
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
