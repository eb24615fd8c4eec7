//! A client's connection that can be taken back from whoever serves it: to fail its reading, or to have the last word on it. Over
//! HTTP/2 each stream has its own last word.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use pingora::apps::ServerApp;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::tls::{SslDigest, TlsRef};
use pingora::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl,
    Stream, TimingDigest, UniqueID, UniqueIDType,
};
use pingora::server::ShutdownWatch;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::resets::{Next, Refusals, Resets};
use super::under_way;
use super::websocket::Frames;

/// Tethers connections, above their TLS.
pub(super) struct Tether<A> {
    pub(super) app: Arc<A>,
}

// Written out, so that the app inside is polled, and not a future around it.
impl<A: ServerApp + Send + Sync + 'static> ServerApp for Tether<A> {
    fn process_new<'s, 'w, 'f>(
        self: &'s Arc<Self>,
        session: Stream,
        shutdown: &'w ShutdownWatch,
    ) -> Pin<Box<dyn Future<Output = Option<Stream>> + Send + 'f>>
    where
        's: 'f,
        'w: 'f,
        Self: 'f,
    {
        let written = match session.selected_alpn_proto() {
            Some(ALPN::H2) => Written::Http2(Resets::new(Arc::new(Refusals::default()))),
            Some(_) | None => Written::Http1(None),
        };
        let stream = Some(session);
        self.app
            .process_new(Box::new(Tethered { stream, written }), shutdown)
    }

    fn cleanup<'s, 'f>(&'s self) -> Pin<Box<dyn Future<Output = ()> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        self.app.cleanup()
    }
}

/// The connection; its stream is there until it is dropped.
struct Tethered {
    stream: Option<Stream>,
    written: Written,
}

/// What is followed of what is written.
#[derive(Debug)]
enum Written {
    /// Frames, once it is a WebSocket.
    Http1(Option<Frames>),
    Http2(Resets),
}

impl Tethered {
    fn follow<'b>(&mut self, parts: impl IntoIterator<Item = &'b [u8]>, mut left: usize) {
        let parts = parts.into_iter().map_while(|part| {
            let part = part.get(..left.min(part.len()))?;
            left -= part.len();
            Some(part)
        });
        match &mut self.written {
            Written::Http1(frames) => {
                if under_way::is_websocket() {
                    let frames = frames.get_or_insert(Frames::START);
                    parts.for_each(|part| frames.advance(part));
                    under_way::wrote(*frames);
                }
            }
            Written::Http2(resets) => parts.for_each(|part| resets.advance(part)),
        }
    }

    fn awaits_resets(&self) -> bool {
        match &self.written {
            Written::Http1(_) => false,
            Written::Http2(resets) => resets.are_awaited(),
        }
    }
}

impl Drop for Tethered {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            under_way::give_back(stream);
        }
    }
}

fn gone<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
}

impl AsyncRead for Tethered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if under_way::is_cut() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if under_way::is_parting() {
            if let Some(stream) = self.stream.take() {
                under_way::give_back(stream);
            }
            // Whoever reads is dropped soon, and does not need to know more.
            return Poll::Pending;
        }
        match &mut self.stream {
            Some(stream) => Pin::new(stream).poll_read(cx, buffer),
            None => gone(),
        }
    }
}

impl AsyncWrite for Tethered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if under_way::is_parting() {
            return Poll::Pending;
        }
        let this = &mut *self;
        let Some(stream) = &mut this.stream else {
            return gone();
        };
        let put = match &mut this.written {
            Written::Http2(resets) if resets.are_awaited() => match resets.next(bytes) {
                Next::Same(length) => bytes.get(..length).unwrap_or_default(),
                Next::Instead(other) => other,
            },
            Written::Http1(_) | Written::Http2(_) => bytes,
        };
        let wrote = Pin::new(stream).poll_write(cx, put);
        match (&wrote, &this.written) {
            (Poll::Ready(Ok(written)), _) => {
                let written = *written;
                self.follow([bytes], written);
            }
            (Poll::Pending, Written::Http2(resets)) if resets.are_awaited() => {
                resets.refusals().wait();
            }
            (Poll::Pending | Poll::Ready(Err(_)), _) => {}
        }
        wrote
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Some(stream) => Pin::new(stream).poll_flush(cx),
            None => gone(),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Some(stream) => Pin::new(stream).poll_shutdown(cx),
            None => gone(),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.awaits_resets()
            && let Some(part) = parts.iter().find(|part| !part.is_empty())
        {
            return self.poll_write(cx, part);
        }
        if under_way::is_parting() {
            return Poll::Pending;
        }
        let Some(stream) = &mut self.stream else {
            return gone();
        };
        let wrote = Pin::new(stream).poll_write_vectored(cx, parts);
        if let Poll::Ready(Ok(written)) = wrote {
            self.follow(parts.iter().map(|part| &**part), written);
        }
        wrote
    }

    fn is_write_vectored(&self) -> bool {
        self.stream
            .as_ref()
            .is_some_and(AsyncWrite::is_write_vectored)
    }
}

#[async_trait]
impl Shutdown for Tethered {
    async fn shutdown(&mut self) {
        if let Some(stream) = &mut self.stream {
            Shutdown::shutdown(stream.as_mut()).await;
        }
    }
}

impl UniqueID for Tethered {
    fn id(&self) -> UniqueIDType {
        self.stream
            .as_ref()
            .map_or_else(UniqueIDType::default, |stream| stream.id())
    }
}

impl Ssl for Tethered {
    fn get_ssl(&self) -> Option<&TlsRef> {
        self.stream.as_ref()?.get_ssl()
    }

    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.stream.as_ref()?.get_ssl_digest()
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.stream.as_ref()?.selected_alpn_proto()
    }
}

impl GetTimingDigest for Tethered {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        let stream = self.stream.as_ref();
        stream.map_or_else(Vec::new, |stream| stream.get_timing_digest())
    }

    fn get_read_pending_time(&self) -> Duration {
        let stream = self.stream.as_ref();
        stream.map_or(Duration::ZERO, |stream| stream.get_read_pending_time())
    }

    fn get_write_pending_time(&self) -> Duration {
        let stream = self.stream.as_ref();
        stream.map_or(Duration::ZERO, |stream| stream.get_write_pending_time())
    }
}

impl GetProxyDigest for Tethered {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        match &self.written {
            Written::Http1(_) => self.stream.as_ref()?.get_proxy_digest(),
            Written::Http2(resets) => resets.refusals().digest(),
        }
    }
}

impl GetSocketDigest for Tethered {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.stream.as_ref()?.get_socket_digest()
    }

    fn set_socket_digest(&mut self, digest: SocketDigest) {
        if let Some(stream) = &mut self.stream {
            stream.set_socket_digest(digest);
        }
    }
}

impl Peek for Tethered {}

impl fmt::Debug for Tethered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tethered")
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}
