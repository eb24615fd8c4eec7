//! The one place of this crate that calls: it hands a mail to the organisation's mail server.

use std::error::Error as _;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use lettre::transport::smtp;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use super::Mail;
use crate::passcode::Address;

/// Where mail is handed over, and whom it is from.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// The server.
    pub server: MailServer,
    /// Who we are to it. `None` where it knows us by our network address.
    pub credentials: Option<Credentials>,
    /// Whom mail is from.
    pub from: Address,
}

/// A mail server that takes mail from us for everybody.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MailServer {
    /// Its name, which its certificate must have.
    pub host: String,
    /// Its port: mostly 465 for [`Security::Tls`] and 587 for [`Security::StartTls`].
    pub port: u16,
    /// How the connection is kept from others.
    pub security: Security,
}

/// How a connection is kept from others. The certificate is checked against those that the system trusts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Security {
    /// TLS from the beginning.
    Tls,
    /// TLS before anything of worth is said. A server that cannot is told nothing.
    StartTls,
    /// None at all: for a server on this machine only.
    None,
}

/// A name and a password. `Debug` hides both.
#[derive(Clone, Eq, PartialEq)]
pub struct Credentials {
    /// The name.
    pub username: String,
    /// The password.
    pub password: String,
}

/// Why mail cannot be sent with these settings.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SettingsFault {
    /// It is neither a name nor an address.
    #[error("the mail server's host is no name of a machine; write one such as `smtp.example.com`")]
    Host,
    /// Codes would be there to be read on the way.
    #[error(
        "mail would go to another machine without TLS, where codes can be read on the way; use `tls` or `starttls`"
    )]
    InTheClear,
    /// The library's reason is about the machine and not the settings.
    #[error("no TLS can be set up")]
    Tls,
}

/// Why a mail was not taken. Without the server's words, which often have the address in them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SendFault {
    /// It said no.
    #[error("the mail server refused it with {0}")]
    Refused(u16),
    /// It did not answer in time.
    #[error("the mail server did not answer in time")]
    TookTooLong,
    /// It has no TLS, or a certificate that does not count.
    #[error("there is no TLS to the mail server")]
    Tls,
    /// There is no connection.
    #[error("the mail server is not reached: {0}")]
    Unreachable(io::ErrorKind),
    /// It says what no mail server says, or cannot do what is asked of it.
    #[error("the mail server does not do as mail servers do, or has no STARTTLS")]
    Protocol,
}

/// Sends mail. Cheap to clone; holds no connection.
#[derive(Clone, Debug)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
}

/// For each step of the conversation.
const PATIENCE: Duration = Duration::from_secs(20);

impl Mailer {
    /// Reads the certificates that the system trusts.
    ///
    /// # Errors
    /// No mail can be sent with these settings.
    pub fn new(settings: MailSettings) -> Result<Self, SettingsFault> {
        let MailSettings {
            server,
            credentials,
            from,
        } = settings;
        if !is_host(&server.host) {
            return Err(SettingsFault::Host);
        }
        let tls = || TlsParameters::new(server.host.clone()).map_err(|_| SettingsFault::Tls);
        let tls = match server.security {
            Security::Tls => Tls::Wrapper(tls()?),
            Security::StartTls => Tls::Required(tls()?),
            Security::None if is_here(&server.host) => Tls::None,
            Security::None => return Err(SettingsFault::InTheClear),
        };
        let (_, domain) = from.parts();
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(PATIENCE))
            // Many servers take no mail from who says to be `localhost`.
            .hello_name(ClientId::Domain(domain.to_owned()));
        if let Some(Credentials { username, password }) = credentials {
            builder = builder.credentials((username, password).into());
        }
        Ok(Self {
            transport: builder.build(),
            from,
        })
    }

    /// Whom mail is from.
    #[must_use]
    pub const fn from(&self) -> &Address {
        &self.from
    }

    /// Hands a mail over, which takes as long as the server likes: not while a person waits, who could tell from it whether
    /// an address is known.
    ///
    /// # Errors
    /// The server did not take it.
    pub async fn send(&self, mail: &Mail) -> Result<(), SendFault> {
        let Mail(message) = mail;
        let bytes = message.formatted();
        let sent = self.transport.send_raw(message.envelope(), &bytes);
        sent.await.map(drop).map_err(|fault| fault_of(&fault))
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

fn fault_of(fault: &smtp::Error) -> SendFault {
    if let Some(status) = fault.status() {
        return SendFault::Refused(status.into());
    }
    if fault.is_timeout() {
        return SendFault::TookTooLong;
    }
    if fault.is_tls() {
        return SendFault::Tls;
    }
    let source = fault.source().and_then(|source| source.downcast_ref());
    source.map_or(SendFault::Protocol, |source: &io::Error| {
        SendFault::Unreachable(source.kind())
    })
}

fn is_host(host: &str) -> bool {
    let is_letter =
        |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'.' | b'_');
    host.parse::<IpAddr>().is_ok() || !host.is_empty() && host.bytes().all(is_letter)
}

fn is_here(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}
