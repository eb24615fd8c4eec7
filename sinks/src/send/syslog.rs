//! Syslog (RFC 5424) over TLS (RFC 5425).
//!
//! The protocol has no answer to a message. What it has is the end of a connection: a collector that is told that no more comes
//! (`close_notify`) has read everything before it when it says the same. So each batch is a connection, and that is its acknowledgement; an
//! end without it, by a reset or a bare end of the stream, acknowledges nothing.

mod message;

use std::io;
use std::sync::Arc;

use crossgate_config::{ClientTlsFiles, Endpoint};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{Answer, Failure, tls};
use crate::form::Rendered;

pub(crate) struct Session {
    /// Remembers sessions, so that a connection for each batch costs little.
    config: Arc<ClientConfig>,
    address: (String, u16),
    name: ServerName<'static>,
}

impl Session {
    pub(super) fn open(collector: &Endpoint, files: &ClientTlsFiles) -> Result<Self, Failure> {
        let host = collector.host.trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(host.clone())
            .map_err(|error| Failure::of("the collector's name", &error))?;
        Ok(Self {
            config: Arc::new(tls::client(files)?),
            address: (host, collector.port),
            name,
        })
    }

    pub(super) async fn send(&self, events: &[Rendered]) -> Result<Answer, Failure> {
        let mut messages =
            Vec::with_capacity(events.iter().map(|event| event.text.len() + 256).sum());
        for event in events {
            message::put(event, &mut messages);
        }
        self.exchange(&messages)
            .await
            .map(|()| Answer::Taken)
            .map_err(|error| {
                Failure::of(
                    "the syslog collector has not confirmed that it has read all",
                    &error,
                )
            })
    }

    async fn exchange(&self, messages: &[u8]) -> io::Result<()> {
        let (host, port) = &self.address;
        let connection = TcpStream::connect((&**host, *port)).await?;
        connection.set_nodelay(true)?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        let mut stream = connector.connect(self.name.clone(), connection).await?;
        stream.write_all(messages).await?;
        stream.flush().await?;
        // Only says that no more comes: the way back stays open.
        let (_, state) = stream.get_mut();
        state.send_close_notify();
        stream.flush().await?;
        // Whatever it says, only its own `close_notify` ends this well; a connection that just ends is an error.
        let mut ignored = [0; 512];
        while stream.read(&mut ignored).await? > 0 {}
        Ok(())
    }
}
