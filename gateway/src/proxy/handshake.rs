//! Connections to upstreams that are asked for a WebSocket.
//!
//! Their answer is not read before the framework has taken note that the request is whole. Where both are there at a time it looks at
//! either first, and would take the end of the request for the end of the WebSocket (cloudflare/pingora, issue 946).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use pingora::connectors::L4Connect;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::protocols::l4::stream::Stream;
use pingora::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, Result};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::door::under_way;

/// Has a peer be reached by a connection of its own, which no other request uses before or after.
pub(super) fn by_itself(peer: &mut HttpPeer) {
    let patience = peer.options.connection_timeout.unwrap_or(Duration::MAX);
    peer.options.custom_l4 = Some(Arc::new(Connector { patience }));
    // Those that are kept are kept apart, and end as soon as they are.
    peer.group_key = OWN;
}

#[derive(Debug)]
struct Connector {
    patience: Duration,
}

#[async_trait]
impl L4Connect for Connector {
    async fn connect(&self, address: &SocketAddr) -> Result<Stream> {
        let Some(to) = address.as_inet() else {
            return Error::e_explain(ErrorType::ConnectNoRoute, "not an internet address");
        };
        let told = || format!("connecting to {to}");
        match timeout(self.patience, TcpStream::connect(to)).await {
            Ok(Ok(socket)) => Ok(VirtualSocketStream::new(Box::new(Asked(socket))).into()),
            Ok(Err(why)) => {
                #[expect(
                    clippy::wildcard_enum_match_arm,
                    reason = "the system has many words for the same"
                )]
                let kind = match why.kind() {
                    io::ErrorKind::ConnectionRefused => ErrorType::ConnectRefused,
                    io::ErrorKind::TimedOut => ErrorType::ConnectTimedout,
                    _ => ErrorType::ConnectError,
                };
                Error::e_because(kind, told(), why)
            }
            Err(elapsed) => Error::e_because(ErrorType::ConnectTimedout, told(), elapsed),
        }
    }
}

/// A connection to an upstream that is asked for a WebSocket.
#[derive(Debug)]
struct Asked(TcpStream);

impl AsyncRead for Asked {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match under_way::may_read_answer() {
            Some(true) => Pin::new(&mut self.0).poll_read(cx, buffer),
            Some(false) => {
                // Whoever has the end of the request is of the same task, and has its turn before the next look.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            // No request is served here any more: the end, for whoever would keep the connection for another.
            None => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Asked {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl VirtualSocket for Asked {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what else there is to set is not asked for"
    )]
    fn set_socket_option(&self, option: VirtualSockOpt) -> io::Result<()> {
        match option {
            VirtualSockOpt::NoDelay => self.0.set_nodelay(true),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

/// No other peer has this one.
const OWN: u64 = 1;

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;
    use crate::proxy::door::patient;

    /// Reads once, without waiting: how many bytes came, where anything did.
    async fn look(asked: &mut Asked) -> Option<usize> {
        let mut bytes = [0; 64];
        poll_fn(|cx| {
            let mut buffer = ReadBuf::new(&mut bytes);
            let read = Pin::new(&mut *asked).poll_read(cx, &mut buffer);
            Poll::Ready(match read {
                Poll::Ready(read) => read.ok().map(|()| buffer.filled().len()),
                Poll::Pending => None,
            })
        })
        .await
    }

    #[tokio::test]
    async fn an_answer_that_is_there_is_read_only_after_the_end_of_the_request_was_looked_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = listener.local_addr().unwrap();
        let mut asked = Asked(TcpStream::connect(to).await.unwrap());
        let (mut upstream, _) = listener.accept().await.unwrap();
        upstream.write_all(b"HTTP/1.1 101 ").await.unwrap();
        asked.0.readable().await.unwrap();
        patient::connection(async {
            under_way::handshake_begins();
            assert_eq!(look(&mut asked).await, None, "the head goes out");
            assert_eq!(
                look(&mut asked).await,
                None,
                "its end is not on the way yet"
            );
            under_way::handshake_ends();
            // Whoever reads looks for the end right after this.
            assert_eq!(look(&mut asked).await, None, "its end is on the way");
            assert_eq!(look(&mut asked).await, Some(13));
            // Another upstream is tried, with a handshake of its own.
            upstream.write_all(b"x").await.unwrap();
            asked.0.readable().await.unwrap();
            under_way::handshake_begins();
            under_way::handshake_is_off();
            assert_eq!(look(&mut asked).await, Some(1));
        })
        .await;
        assert_eq!(look(&mut asked).await, Some(0), "kept for nobody");
    }
}
