//! How long a client may take for the head of a request, and pause in its body.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::{Pin, pin};
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
}

tokio::task_local! {
    static AWAITED: Cell<Awaited>;
    static CONNECTION: RefCell<Connection>;
}

/// What is kept from one request of a connection to the next.
#[derive(Default)]
struct Connection {
    /// Requests came before.
    used: bool,
    /// Set already, at a time no later than anybody must be let go of who begins to be waited for now: an alarm that is set costs
    /// more than one that rings too early once in a minute.
    alarm: Option<Pin<Box<Sleep>>>,
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
pub(super) async fn connection<T>(served: impl Future<Output = T>) -> T {
    CONNECTION.scope(RefCell::default(), served).await
}

/// To be called as soon as the head of the request that this task serves has been read, which was now.
pub(in crate::proxy) fn head_was_read(now: Instant) {
    await_now(Awaited::Body(now));
}

/// To be called when some of the request's body came. The last of it, and what is no body at all, ends the waiting.
pub(in crate::proxy) fn body_came(last: bool) {
    await_now(if last {
        Awaited::Nothing
    } else {
        Awaited::Body(Instant::now())
    });
}

fn await_now(what: Awaited) {
    // A test may make a context without a connection.
    let _ = AWAITED.try_with(|awaited| awaited.set(what));
}

/// What this task keeps of its connection; nothing where it serves one request of HTTP/2, which is a task of its own.
fn kept() -> Connection {
    CONNECTION.try_with(|kept| kept.take()).unwrap_or_default()
}

fn keep(alarm: Pin<Box<Sleep>>) {
    let _ = CONNECTION.try_with(|kept| {
        kept.replace(Connection {
            used: true,
            alarm: Some(alarm),
        })
    });
}

#[async_trait]
impl HttpServerApp for Patient {
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        // Of HTTP/2 the head is there already, and each request is a task of its own.
        let Connection { used, alarm } = kept();
        let begun = Instant::now();
        let head_by = if used {
            begun + self.head + self.idle
        } else {
            begun + self.head
        };
        let mut alarm = alarm.unwrap_or_else(|| Box::pin(sleep_until(head_by.into())));
        let served = self.proxy.process_new_http(session, shutdown);
        let reused = AWAITED
            .scope(Cell::new(Awaited::Head), async {
                let mut served = pin!(served);
                poll_fn(|cx| {
                    if let Poll::Ready(reused) = served.as_mut().poll(cx) {
                        return Poll::Ready(reused);
                    }
                    loop {
                        let by = match AWAITED.with(Cell::get) {
                            Awaited::Head => head_by,
                            Awaited::Body(since) => since + self.idle,
                            Awaited::Nothing => return Poll::Pending,
                        };
                        // The alarm is set anew only when it rings: bodies come in many parts.
                        if alarm.as_mut().poll(cx).is_pending() {
                            return Poll::Pending;
                        }
                        if by <= Instant::now() {
                            return Poll::Ready(None);
                        }
                        alarm.as_mut().reset(by.into());
                    }
                })
                .await
            })
            .await;
        keep(alarm);
        reused
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
