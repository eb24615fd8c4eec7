//! Bodies that are made while they are sent: on a thread that may wait, and no faster than the client reads.

use std::io::Write as _;
use std::mem;
use std::ops::ControlFlow;
use std::time::Duration;

use bytes::Bytes;
use crossgate_control::api::call::{Outlet, Streamed};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, header};
use pingora::ErrorType;
use pingora::http::ResponseHeader;
use pingora::protocols::http::ServerSession;
use pingora::server::ShutdownWatch;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Why an answer was not sent to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cut {
    /// The connection broke.
    #[error("{0}")]
    Gone(#[from] Box<pingora::Error>),
    /// The client has read nothing for too long.
    #[error("its client has read nothing for too long")]
    Stalled,
    /// The process is about to end.
    #[error("the gateway stops")]
    Stopping,
    /// What was to be sent could not be made.
    #[error("{0}")]
    Failed(String),
}

/// Sends an answer. Where it is cut, its client must be able to tell.
pub(super) async fn send(
    session: &mut ServerSession,
    head: Box<ResponseHeader>,
    body: Streamed,
    shutdown: &ShutdownWatch,
) -> Result<(), Cut> {
    send_with_patience(session, head, body, shutdown, STALLED).await
}

async fn send_with_patience(
    session: &mut ServerSession,
    mut head: Box<ResponseHeader>,
    body: Streamed,
    shutdown: &ShutdownWatch,
    patience: Duration,
) -> Result<(), Cut> {
    let gzip = takes_gzip(&session.req_header().headers);
    head.insert_header(header::VARY, "accept-encoding")?;
    if gzip {
        head.insert_header(header::CONTENT_ENCODING, "gzip")?;
    }
    if !session.is_http2() {
        head.insert_header(header::TRANSFER_ENCODING, "chunked")?;
    }
    let (parts, mut coming) = mpsc::channel(AHEAD);
    let mut outlet = Parts {
        packing: Packing::new(gzip),
        parts,
    };
    let making = tokio::task::spawn_blocking(move || {
        body.make(&mut outlet)?;
        outlet.end();
        Ok(())
    });
    session.write_response_header(head).await?;
    let mut stopping = shutdown.clone();
    let mut watched = true;
    loop {
        let part = tokio::select! {
            biased;
            _ = stopping.wait_for(|stops| *stops) => return Err(Cut::Stopping),
            part = coming.recv() => part,
            // While nothing is to be written, nothing else tells that the client has gone.
            gone = session.read_body_or_idle(true), if watched => match gone {
                // A client that has sent another call already is still there, though that call cannot be read any more.
                Err(gone) if *gone.etype() == ErrorType::ConnectError => {
                    watched = false;
                    session.set_keepalive(None);
                    continue;
                }
                Err(gone) => return Err(Cut::Gone(gone)),
                Ok(_) => continue,
            },
        };
        let Some(part) = part else { break };
        let written = timeout(patience, session.write_response_body(part, false));
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stops| *stops) => return Err(Cut::Stopping),
            written = written => written.map_err(|_elapsed| Cut::Stalled)??,
        }
    }
    let made = making.await;
    let made = made.unwrap_or_else(|panicked| Err(panicked.to_string()));
    made.map_err(|why| {
        tracing::warn!(%why, "an answer of the admin API was cut off");
        Cut::Failed(why)
    })
}

/// Makes parts of what comes, and hands them over.
struct Parts {
    packing: Packing,
    parts: mpsc::Sender<Bytes>,
}

/// What has come since the last part.
enum Packing {
    Plain(Vec<u8>),
    Gzip(GzEncoder<Vec<u8>>),
}

impl Packing {
    fn new(gzip: bool) -> Self {
        if gzip {
            Self::Gzip(GzEncoder::new(Vec::new(), Compression::fast()))
        } else {
            Self::Plain(Vec::new())
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        match self {
            Self::Plain(part) => part.extend_from_slice(bytes),
            Self::Gzip(encoder) => {
                // INVARIANT: a `Vec` takes everything.
                let _ = encoder.write_all(bytes);
            }
        }
    }

    fn part(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Plain(part) => part,
            Self::Gzip(encoder) => encoder.get_mut(),
        }
    }
}

impl Parts {
    /// Hands over what is left, and that it is all.
    fn end(self) {
        let last = match self.packing {
            Packing::Plain(part) => part,
            // INVARIANT: as above.
            Packing::Gzip(encoder) => encoder.finish().unwrap_or_default(),
        };
        if !last.is_empty() {
            // Nobody is left to miss it where this fails.
            let _ = self.parts.blocking_send(last.into());
        }
    }
}

impl Outlet for Parts {
    fn send(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        self.packing.write(bytes);
        let part = self.packing.part();
        if part.len() < PART {
            return self.is_open();
        }
        let part = mem::replace(part, Vec::with_capacity(PART));
        match self.parts.blocking_send(part.into()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    fn is_open(&self) -> ControlFlow<()> {
        if self.parts.is_closed() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// Whether a client has said that it reads gzip (RFC 9110, section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let all = headers.get_all(header::ACCEPT_ENCODING).iter();
    let all = all.filter_map(|value: &HeaderValue| value.to_str().ok());
    all.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().to_ascii_lowercase();
        let weight = weight.strip_prefix("q=").unwrap_or("1");
        let is_none = weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0);
        name.trim().eq_ignore_ascii_case("gzip") && !is_none
    })
}

/// What is written at once, and must be read by the client within [`STALLED`].
const PART: usize = 64 << 10;

/// Parts that are made before the client asks for them.
const AHEAD: usize = 4;

/// A client that reads nothing for so long has gone, or should come again.
const STALLED: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use pingora::protocols::l4::stream::Stream;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::watch;

    use super::*;

    /// A call that has been read, and its client.
    async fn called() -> (ServerSession, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(address).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        let call = b"GET /v1.0/x HTTP/1.1\r\nHost: localhost\r\n\r\n";
        client.write_all(call).await.unwrap();
        let mut session = ServerSession::new_http1(Box::new(Stream::from(socket)));
        assert!(session.read_request().await.unwrap());
        assert!(session.read_request_body().await.unwrap().is_none());
        (session, client)
    }

    /// What has no end of its own, and whether it has ended all the same.
    fn endless() -> (Streamed, Arc<AtomicBool>) {
        let ended = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ended);
        let body = Streamed::new(move |outlet| {
            while outlet.send(&[b'x'; 1000]).is_continue() {}
            told.store(true, Ordering::Release);
            Ok(())
        });
        (body, ended)
    }

    fn head() -> Box<ResponseHeader> {
        Box::new(ResponseHeader::build(200, None).unwrap())
    }

    async fn until(ended: &AtomicBool) {
        while !ended.load(Ordering::Acquire) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    const SOON: Duration = Duration::from_millis(100);

    #[tokio::test]
    async fn a_client_that_reads_nothing_is_given_up_and_so_is_its_body() {
        let (mut session, _client) = called().await;
        let (body, ended) = endless();
        let (_runs, shutdown) = watch::channel(false);
        let sent = send_with_patience(&mut session, head(), body, &shutdown, SOON).await;
        assert!(matches!(sent, Err(Cut::Stalled)), "{sent:?}");
        until(&ended).await;
    }

    #[tokio::test]
    async fn a_client_that_goes_is_noticed_while_nothing_is_to_be_sent() {
        let (mut session, client) = called().await;
        let ended = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ended);
        let body = Streamed::new(move |outlet| {
            while outlet.is_open().is_continue() {
                std::thread::sleep(Duration::from_millis(1));
            }
            told.store(true, Ordering::Release);
            Ok(())
        });
        let (_runs, shutdown) = watch::channel(false);
        drop(client);
        let sent = send(&mut session, head(), body, &shutdown).await;
        assert!(matches!(sent, Err(Cut::Gone(_))), "{sent:?}");
        until(&ended).await;
    }

    #[tokio::test]
    async fn what_cannot_be_made_to_its_end_is_not_ended_well() {
        let (mut session, mut client) = called().await;
        let (_runs, shutdown) = watch::channel(false);
        let body = Streamed::new(|outlet| {
            let _ = outlet.send(&[b'x'; 2 * PART]);
            Err("the disk broke".to_owned())
        });
        let sent = send(&mut session, head(), body, &shutdown).await;
        assert!(matches!(sent, Err(Cut::Failed(_))), "{sent:?}");
        drop(session);
        let mut read = Vec::new();
        client.read_to_end(&mut read).await.unwrap();
        assert!(read.len() > 2 * PART, "{}", read.len());
        assert!(!read.ends_with(b"0\r\n\r\n"));
    }

    #[tokio::test]
    async fn nobody_waits_for_a_slow_client_where_the_process_ends() {
        let (mut session, _client) = called().await;
        let (body, ended) = endless();
        let (stop, shutdown) = watch::channel(false);
        let stopped = async {
            tokio::time::sleep(SOON).await;
            stop.send(true).unwrap();
        };
        let sent = send(&mut session, head(), body, &shutdown);
        let (sent, ()) = tokio::join!(sent, stopped);
        assert!(matches!(sent, Err(Cut::Stopping)), "{sent:?}");
        until(&ended).await;
    }

    fn all_of(gzip: bool, text: &[u8]) -> Vec<u8> {
        let (parts, mut coming) = mpsc::channel(AHEAD);
        let mut outlet = Parts {
            packing: Packing::new(gzip),
            parts,
        };
        let text = text.to_vec();
        let made = std::thread::spawn(move || {
            for line in text.chunks(1000) {
                assert!(outlet.send(line).is_continue());
            }
            outlet.end();
        });
        let mut all = Vec::new();
        while let Some(part) = coming.blocking_recv() {
            assert!(part.len() < PART + 33_000, "{}", part.len());
            all.extend_from_slice(&part);
        }
        made.join().unwrap();
        all
    }

    #[test]
    fn what_is_sent_comes_in_parts_and_is_the_same_together() {
        let line = |number: u32| format!("{{\"id\":\"event {number}\"}}\n").into_bytes();
        let text: Vec<u8> = (0..100_000).flat_map(line).collect();
        assert_eq!(all_of(false, &text), text);
        let packed = all_of(true, &text);
        assert!(packed.len() < text.len());
        let mut read = Vec::new();
        let mut decoder = flate2::read::GzDecoder::new(&*packed);
        decoder.read_to_end(&mut read).unwrap();
        assert_eq!(read, text);
    }

    #[test]
    fn nothing_more_is_made_where_nobody_reads() {
        let (parts, coming) = mpsc::channel(AHEAD);
        let mut outlet = Parts {
            packing: Packing::new(false),
            parts,
        };
        assert!(outlet.send(&[0; PART]).is_continue());
        drop(coming);
        assert!(outlet.is_open().is_break());
        assert!(outlet.send(b"x").is_break());
    }

    #[test]
    fn gzip_is_for_who_says_so() {
        for (said, takes) in [
            ("gzip", true),
            ("br;q=1.0, GZIP;q=0.8, *;q=0.1", true),
            ("deflate", false),
            ("gzip;q=0", false),
            ("gzip;Q=0.000", false),
            ("", false),
        ] {
            let value = HeaderValue::from_static(said);
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, value)]);
            assert_eq!(takes_gzip(&headers), takes, "{said}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
