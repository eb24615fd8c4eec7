//! The request that a task serves, as whoever may have it closed needs to know it; and how it is closed.

use std::cell::{Cell, OnceCell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crossgate_policy::Decision;
use pingora::apps::ReusedHttpStream;
use pingora::protocols::Stream;
use pingora::protocols::http::ServerSession;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt};
use tokio::task::yield_now;
use tokio::time::timeout;

use super::patient::here;
use super::resets::{Dropped, Refusals};
use super::websocket::{self, Frames};
use crate::connections::{Asker, Connections, Lease, Open};
use crate::live::{Held, InForce};
use crate::ops::Metrics;
use crate::proxy::answer;
use crate::request::respond::{self, Answer};
use crate::request::route::MountId;

/// What a request was decided by. Shared with its context: nothing is copied for requests that are soon over.
pub(in crate::proxy) struct Decided {
    pub(in crate::proxy) begun: Instant,
    pub(in crate::proxy) in_force: Arc<Held>,
    pub(in crate::proxy) mount: Option<MountId>,
    pub(in crate::proxy) asker: Asker,
}

/// Of the request that a task serves.
#[derive(Default)]
pub(super) struct UnderWay {
    /// Kept from request to request of a connection.
    lease: OnceCell<Lease>,
    /// The task that polls is known.
    registered: Cell<bool>,
    begun: Cell<bool>,
    decided: Cell<Option<Decided>>,
    open: RefCell<Option<Arc<Open>>>,
    /// The head of the answer is known.
    answered: Cell<bool>,
    websocket: Cell<bool>,
    /// It is a call of gRPC.
    grpc: Cell<bool>,
    /// Where its end is told before its reset goes out.
    refusals: RefCell<Option<Arc<Refusals>>>,
    frames: Cell<Option<Frames>>,
    /// It is being closed.
    closed: Cell<bool>,
    /// Nothing is read from the client, or sent on from either side.
    cut: Cell<bool>,
    /// What answers it where it does not do so itself.
    instead: Cell<Option<Answer>>,
    /// The connection is wanted back.
    wanted: Cell<bool>,
    /// It is given back when it is to be read, and nothing is written to it until then.
    parting: Cell<bool>,
    given_back: Cell<Option<Stream>>,
    /// How much of a request for a WebSocket was seen, which has no body.
    handshake: Cell<Handshake>,
}

/// How much of a request for a WebSocket the framework has taken note of.
#[derive(Clone, Copy, Default)]
enum Handshake {
    /// All of it, or there is none.
    #[default]
    Whole,
    /// Its head is about to go to the upstream.
    Begun,
    /// Its end is on the way from who reads the client to who writes to the upstream.
    Ended,
}

/// To be called when a request is one of gRPC.
pub(in crate::proxy) fn is_grpc(session: &ServerSession) {
    here(|under_way| {
        under_way.grpc.set(true);
        under_way.refusals.replace(Refusals::of(session));
    });
}

/// To be called when a request goes on for long, so that its reset is told from that of a call of gRPC. Those that are only found to do so
/// are not: to get hold of their connection would cost every request of HTTP/2.
pub(in crate::proxy) fn is_long(session: &ServerSession) {
    here(|under_way| {
        let mut refusals = under_way.refusals.borrow_mut();
        if refusals.is_none() {
            *refusals = Refusals::of(session);
        }
    });
}

/// To be called when a request of HTTP/2 ends in the middle of its answer.
pub(in crate::proxy) fn breaks_off(session: &ServerSession) {
    if let Some(refusals) = Refusals::of(session) {
        refusals.add(Dropped::Otherwise);
    }
}

/// To be called before what serves a request is dropped.
pub(super) fn is_dropped(dropped: Dropped) {
    here(|under_way| {
        if let Some(refusals) = under_way.refusals.take() {
            refusals.add(dropped);
        }
    });
}

/// To be called when an answer of our own is begun.
pub(in crate::proxy) fn answered() {
    here(|under_way| under_way.answered.set(true));
}

/// The refusal that this request is closed by.
pub(in crate::proxy) struct Late {
    pub(in crate::proxy) decision: Decision,
    pub(in crate::proxy) in_force: Arc<InForce>,
    /// It is still to be answered.
    pub(in crate::proxy) answers: bool,
}

/// Why this request may not go on, where it is being closed.
pub(in crate::proxy) fn late() -> Option<Late> {
    here(|under_way| {
        let open = under_way.open.borrow();
        let closing = open
            .as_ref()
            .filter(|_| under_way.closed.get())?
            .closing()?;
        Some(Late {
            decision: closing.decision.clone(),
            in_force: Arc::clone(&closing.in_force),
            answers: under_way.cut.get(),
        })
    })?
}

/// To be called with what answers a request that did not answer itself.
pub(in crate::proxy) fn answer_instead(answer: Answer) {
    here(|under_way| under_way.instead.set(Some(answer)));
}

/// To be called before an upstream is chosen: nothing was sent to it.
pub(in crate::proxy) fn handshake_is_off() {
    here(|under_way| under_way.handshake.set(Handshake::Whole));
}

/// To be called before the head of a request for a WebSocket, which has no body, goes to an upstream.
pub(in crate::proxy) fn handshake_begins() {
    here(|under_way| under_way.handshake.set(Handshake::Begun));
}

/// To be called when the end of a request is passed on.
pub(in crate::proxy) fn handshake_ends() {
    here(|under_way| {
        if matches!(under_way.handshake.get(), Handshake::Begun) {
            under_way.handshake.set(Handshake::Ended);
        }
    });
}

/// Whether the upstream's answer may be read already; `None` where no request is served.
pub(in crate::proxy) fn may_read_answer() -> Option<bool> {
    here(|under_way| match under_way.handshake.get() {
        Handshake::Whole => true,
        Handshake::Begun => false,
        Handshake::Ended => {
            // Whoever looks at the answer now looks for the end of the request in the same breath.
            under_way.handshake.set(Handshake::Whole);
            false
        }
    })
}

/// Whether nothing of this request may be sent on.
pub(in crate::proxy) fn is_cut() -> bool {
    here(UnderWay::is_cut).unwrap_or(false)
}

pub(super) fn is_websocket() -> bool {
    here(|under_way| under_way.websocket.get()).unwrap_or(false)
}

/// To be called when something was written to a WebSocket.
pub(super) fn wrote(frames: Frames) {
    here(|under_way| under_way.frames.set(Some(frames)));
}

/// Whether a connection is to be given back instead of being read, and nothing is to be written to it.
pub(super) fn is_parting() -> bool {
    here(|under_way| under_way.parting.get()).unwrap_or(false)
}

/// To be called with a connection that is served no longer.
pub(super) fn give_back(stream: Stream) {
    here(|under_way| {
        if under_way.wanted.get() {
            under_way.given_back.set(Some(stream));
        }
    });
}

/// What serves a request.
pub(super) type Served<'a> = Pin<Box<dyn Future<Output = Option<ReusedHttpStream>> + Send + 'a>>;

impl UnderWay {
    /// Before the first request of a connection.
    pub(super) fn enter(&self, connections: &Arc<Connections>) {
        let _ = self.lease.get_or_init(|| connections.lease());
    }

    /// When a request may go on.
    pub(super) fn begin(&self, decided: Decided) {
        if let Some(lease) = self.lease.get() {
            lease.begin(decided.begun);
            self.begun.set(true);
            self.decided.set(Some(decided));
        }
    }

    /// After each request.
    pub(super) fn leave(&self) {
        if self.begun.replace(false)
            && let Some(lease) = self.lease.get()
        {
            self.decided.set(None);
            lease.end(self.open.take().is_some());
        }
        self.registered.set(false);
        self.answered.set(false);
    }

    /// To be called whenever the request waits; answers whether it is to be closed.
    pub(super) fn look(&self, cx: &Context<'_>) -> bool {
        let Some(lease) = self.lease.get() else {
            return false;
        };
        if !self.registered.get() {
            self.registered.set(lease.is_served_by(cx.waker()));
            if !self.registered.get() {
                // Another look, or nobody might ever wake it.
                cx.waker().wake_by_ref();
            }
        }
        if let Some(open) = &*self.open.borrow() {
            return open.closing().is_some();
        }
        if lease.is_asked() {
            self.publish();
        }
        false
    }

    pub(super) const fn is_cut(&self) -> bool {
        self.cut.get()
    }

    /// The head of the answer is known, and it is now too late for another; answers whether it may go out. Of a request that goes
    /// on for long the watcher is told at once, of others only if they do.
    pub(super) fn answers(&self, goes_on: bool, websocket: bool) -> bool {
        if self.cut.get() {
            return false;
        }
        self.answered.set(true);
        self.websocket.set(websocket);
        if goes_on {
            self.publish();
        }
        true
    }

    fn publish(&self) {
        let (Some(lease), Some(decided)) = (self.lease.get(), self.decided.take()) else {
            return;
        };
        let in_force = &decided.in_force;
        let mount = decided.mount.and_then(|id| in_force.routes.mount(id));
        let Some(mount) = mount else { return };
        let open = Arc::new(Open::new(decided.asker, mount, in_force));
        lease.publish(&open);
        self.open.replace(Some(open));
    }

    const fn ending(&self, of_http2: bool) -> Ending {
        match (of_http2, self.answered.get(), self.websocket.get()) {
            (true, _, _) | (false, true, false) => Ending::Drop,
            (false, false, _) => Ending::Answer,
            (false, true, true) => Ending::LastFrame,
        }
    }
}

/// How a request is closed.
#[derive(Clone, Copy)]
enum Ending {
    /// An answer that was begun ends in its middle, which a client can tell from its end. A stream of HTTP/2 is reset.
    Drop,
    /// Nothing was answered yet, so the refusal is.
    Answer,
    /// A WebSocket ends with a frame that says so.
    LastFrame,
}

/// Closes what is served, and says so to the client as far as the protocol has words for it.
pub(super) async fn close(mut served: Served<'_>, of_http2: bool, metrics: &Metrics) {
    let Some((refusal, ending)) = here(|under_way| {
        let open = under_way.open.borrow().clone()?;
        let closing = open.closing()?;
        let (reason, id) = (closing.decision.reason(), &open.correlation_id);
        metrics.connection_closed(reason);
        tracing::debug!(reason, correlation_id = %id, "closed: may not go on");
        let refusal = closing.decision.outcome.clone().err();
        under_way.closed.set(true);
        Some((refusal, under_way.ending(of_http2)))
    })
    .flatten() else {
        return;
    };
    match ending {
        Ending::Drop => {
            is_dropped(match here(|under_way| under_way.grpc.get()) {
                Some(true) => Dropped::Refused,
                Some(false) | None => Dropped::Otherwise,
            });
        }
        Ending::Answer => {
            here(|under_way| {
                under_way.cut.set(true);
                under_way.wanted.set(true);
            });
            // Whoever reads from the client, or sends on what was read, notices at once. Whoever waits for an upstream, to connect
            // or to take more, does not.
            if let Ok(false) = timeout(MOMENT, poll_fn(|cx| begin_answer(&mut served, cx))).await {
                let _ = timeout(ANSWERED, &mut served).await;
            }
            drop(served);
            let (stream, instead) = here(|under_way| {
                let instead = under_way.instead.take();
                (under_way.given_back.take(), instead)
            })
            .unwrap_or_default();
            if let Some(stream) = stream {
                let answer = instead.map(answer::written).unwrap_or_default();
                let _ = timeout(ANSWERED, part(stream, &answer)).await;
            }
        }
        Ending::LastFrame => {
            let whole = timeout(MOMENT, poll_fn(|cx| finish_frame(&mut served, cx))).await;
            let (Ok(true), Some(refusal)) = (whole, refusal) else {
                return;
            };
            let given_back = || here(|under_way| under_way.given_back.take()).flatten();
            here(|under_way| {
                under_way.wanted.set(true);
                under_way.parting.set(true);
            });
            poll_fn(|cx| {
                let _ = served.as_mut().poll(cx);
                Poll::Ready(())
            })
            .await;
            let (stream, served) = match given_back() {
                Some(stream) => (Some(stream), Some(served)),
                None => {
                    drop(served);
                    (given_back(), None)
                }
            };
            if let Some(stream) = stream {
                let frame =
                    websocket::close(respond::POLICY_VIOLATION, &respond::farewell(&refusal));
                // A client that takes nothing any more is left.
                let _ = timeout(LEFT, hang_up(stream, &frame, served)).await;
            }
        }
    }
}

/// Serves on until an answer is begun; answers whether it is over by then.
fn begin_answer(served: &mut Served<'_>, cx: &mut Context<'_>) -> Poll<bool> {
    if served.as_mut().poll(cx).is_ready() {
        return Poll::Ready(true);
    }
    match here(|under_way| under_way.answered.get()) {
        Some(true) => Poll::Ready(false),
        Some(false) | None => Poll::Pending,
    }
}

/// Serves on until no frame is begun; answers whether that came about.
fn finish_frame(served: &mut Served<'_>, cx: &mut Context<'_>) -> Poll<bool> {
    let are_whole = || {
        here(|under_way| {
            under_way
                .frames
                .get()
                .is_some_and(|frames| frames.are_whole())
        })
    };
    if are_whole() == Some(true) {
        return Poll::Ready(true);
    }
    if served.as_mut().poll(cx).is_ready() {
        return Poll::Ready(false);
    }
    if are_whole() == Some(true) {
        return Poll::Ready(true);
    }
    Poll::Pending
}

/// Says by a frame that a WebSocket is closed, and ends the connection when the client has said so too (RFC 6455, section 7.1.1), which
/// is not waited for long.
async fn hang_up(
    mut stream: Stream,
    frame: &[u8],
    served: Option<Served<'_>>,
) -> std::io::Result<()> {
    stream.write_all(frame).await?;
    stream.flush().await?;
    // Many are closed at a time, and what their apps are told takes longer than that: all clients first.
    yield_now().await;
    drop(served);
    let _ = timeout(AGREED, until_closed(&mut stream)).await;
    part(stream, b"").await
}

/// Reads to the client's own last frame. One that was sent in part before is not recognised as such.
async fn until_closed(stream: &mut Stream) -> std::io::Result<()> {
    let (mut frames, mut read) = (Frames::BETWEEN, [0; 512]);
    while !frames.are_over() {
        match stream.read(&mut read).await? {
            0 => break,
            length => frames.advance(read.get(..length).unwrap_or_default()),
        }
    }
    Ok(())
}

/// Says the last word, and waits until the client is gone: what it has sent meanwhile would otherwise have the system reset
/// the connection, and the client lose that word.
async fn part(mut stream: Stream, word: &[u8]) -> std::io::Result<()> {
    stream.write_all(word).await?;
    stream.flush().await?;
    AsyncWriteExt::shutdown(&mut stream).await?;
    let mut unread = vec![0; 16 * 1024];
    while stream.read(&mut unread).await? > 0 {}
    Ok(())
}

/// How long the rest of a frame, or the beginning of an answer, is waited for.
const MOMENT: Duration = Duration::from_millis(50);

/// How long a client's own last frame is waited for.
const AGREED: Duration = Duration::from_millis(250);

/// How long one may take to read ours: where it is not read yet, the end of the connection would take it away.
const LEFT: Duration = Duration::from_secs(3);

/// How long a client may take for our last word.
const ANSWERED: Duration = Duration::from_secs(1);
