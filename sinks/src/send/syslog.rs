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
use tokio_rustls::client::TlsStream;

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
        let exchange = async { confirmed(self.connect().await?, &messages).await };
        exchange.await.map(|()| Answer::Taken).map_err(|error| {
            Failure::of(
                "the syslog collector has not confirmed that it has read all",
                &error,
            )
        })
    }

    async fn connect(&self) -> io::Result<TlsStream<TcpStream>> {
        let (host, port) = &self.address;
        let connection = TcpStream::connect((&**host, *port)).await?;
        connection.set_nodelay(true)?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        connector.connect(self.name.clone(), connection).await
    }
}

/// Sends messages, and waits until the collector confirms that it has read them.
async fn confirmed(mut stream: TlsStream<TcpStream>, messages: &[u8]) -> io::Result<()> {
    stream.write_all(messages).await?;
    stream.flush().await?;
    // An end that it began by itself says nothing of what it has read.
    let mut ignored = [0; 512];
    let ended = tokio::select! {
        biased;
        read = stream.read(&mut ignored) => read? == 0,
        // Once around, for what has come by now.
        () = tokio::task::yield_now() => false,
    };
    if ended {
        return Err(io::Error::other(
            "it ended the connection before it was told that all was sent",
        ));
    }
    // Only says that no more comes: the way back stays open.
    let (_, state) = stream.get_mut();
    state.send_close_notify();
    stream.flush().await?;
    // Whatever it says, only its own `close_notify` ends this well; a connection that just ends is an error.
    while stream.read(&mut ignored).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crossgate_testkit::certificate::Certificate;
    use rustls::ServerConfig;
    use rustls_pki_types::pem::PemObject as _;
    use rustls_pki_types::{CertificateDer, PrivateKeyDer};
    use tokio::net::TcpListener;
    use tokio_rustls::{TlsAcceptor, server};

    use super::*;

    /// Both ends of a connection.
    async fn connected() -> (TlsStream<TcpStream>, server::TlsStream<TcpStream>) {
        let folder = tempfile::tempdir().unwrap();
        let files = Certificate::make(folder.path(), &["localhost"]);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_file(&files.cert).unwrap()],
                PrivateKeyDer::from_pem_file(&files.key).unwrap(),
            )
            .unwrap();
        // So that nothing is to be read before the server says something.
        config.send_tls13_tickets = 0;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let collector = Endpoint {
            host: "localhost".to_owned(),
            port: listener.local_addr().unwrap().port(),
            tls: true,
        };
        let trusted = ClientTlsFiles {
            authorities: Some(files.cert),
            client: None,
        };
        let session = Session::open(&collector, &trusted).unwrap();
        let accept = async {
            let (connection, _) = listener.accept().await.unwrap();
            let acceptor = TlsAcceptor::from(Arc::new(config));
            acceptor.accept(connection).await.unwrap()
        };
        let (client, server) = tokio::join!(session.connect(), accept);
        (client.unwrap(), server)
    }

    #[tokio::test]
    async fn the_collectors_end_after_ours_confirms_and_one_that_it_began_itself_does_not() {
        let both = async {
            let (client, mut server) = connected().await;
            let honest = async {
                let mut read = Vec::new();
                server.read_to_end(&mut read).await.unwrap();
                server.shutdown().await.unwrap();
                read
            };
            let (confirmed_one, read) = tokio::join!(confirmed(client, b"1 a"), honest);
            confirmed_one.unwrap();
            assert_eq!(read, b"1 a");

            let (client, mut server) = connected().await;
            server.shutdown().await.unwrap();
            client.get_ref().0.readable().await.unwrap();
            let refused = confirmed(client, b"1 a").await.unwrap_err();
            assert!(refused.to_string().contains("before"), "{refused}");
        };
        let limit = Duration::from_secs(20);
        tokio::time::timeout(limit, both).await.unwrap();
    }
}
