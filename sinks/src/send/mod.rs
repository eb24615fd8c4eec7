//! How events are sent to each kind of receiver, and what counts there as an acknowledgement.

mod authorization;
mod http;
mod nats;
mod otlp;
mod secret;
mod syslog;
mod tls;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crossgate_config::{OtlpProtocol, Receiver, SpooledSink as Settings};

use crate::form::Rendered;

/// What a receiver answers to events.
#[derive(Debug)]
pub(crate) enum Answer {
    /// All are its own now.
    Taken,
    /// All are its own, and each was before: that tells nothing of whether it takes others.
    Known,
    /// It will never take them as they are, all together; some of them it may.
    Refused(String),
    /// The first so many are its own now, at least one; of the others nothing is known.
    Begun { taken: usize },
    /// It has taken some and will never take the others, and does not say which.
    Partly { refused: u64, reason: String },
}

/// Something that may be over when it is tried again. Whether events arrived is not known: they are sent again.
#[derive(Debug)]
pub(crate) struct Failure {
    why: Cow<'static, str>,
    /// Not to be tried before.
    pub(crate) after: Option<Duration>,
    /// Of what kind it is.
    pub(crate) kind: Kind,
}

/// Kinds of failures, each of which somebody mends in another way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// It was not answered, or not with what tells of events.
    Fails,
    /// It was answered, and each event alone refused.
    RefusesAll,
    /// The same, and there is no room to keep the events elsewhere.
    NoRoom,
}

/// The first words of what a receiver says: they are logged, and kept beside events.
pub(crate) fn in_few_words(said: &str) -> String {
    let words = said
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter });
    let words: String = words.take(MOST_WORDS).collect();
    words.trim().to_owned()
}

const MOST_WORDS: usize = 300;

impl Failure {
    pub(crate) fn new(why: impl Into<Cow<'static, str>>) -> Self {
        Self {
            why: why.into(),
            after: None,
            kind: Kind::Fails,
        }
    }

    /// The receiver took nothing of a whole batch: it may be that it takes nothing at all, so that none is given up.
    pub(crate) fn of_everything(reason: &str) -> Self {
        Self {
            kind: Kind::RefusesAll,
            ..Self::new(format!("nothing of a whole batch was taken: {reason}"))
        }
    }

    /// The same, and what was refused cannot be kept elsewhere either.
    pub(crate) fn without_room(why: String) -> Self {
        Self {
            kind: Kind::NoRoom,
            ..Self::new(why)
        }
    }

    /// `what`, and why it failed, down to the first cause.
    fn of(what: &str, error: &dyn std::error::Error) -> Self {
        let mut why = format!("{what}: {error}");
        let mut cause = error.source();
        while let Some(error) = cause {
            // Many errors repeat their cause.
            let words = error.to_string();
            if !why.contains(&words) {
                why = format!("{why}: {words}");
            }
            cause = error.source();
        }
        Self::new(why)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// A connection to a receiver, or what makes one for each sending.
pub(crate) enum Session {
    Nats(nats::Session),
    OtlpGrpc(otlp::GrpcSession),
    OtlpHttp(otlp::HttpSession),
    Syslog(syslog::Session),
    Http(http::Session),
}

impl Session {
    /// Reads the files that the settings name, and connects where the protocol needs it.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Failure> {
        Ok(match &settings.receiver {
            Receiver::Nats {
                server,
                subject,
                credentials,
                tls,
            } => {
                let timeout = settings.timeout;
                let of = nats::Destination {
                    server,
                    subject,
                    sink: &settings.name,
                };
                Self::Nats(nats::Session::open(of, credentials, tls, timeout).await?)
            }
            Receiver::Otlp {
                protocol,
                address,
                headers,
                token,
                tls,
            } => {
                let authorization = authorization::Bearer::fixed(token)?;
                match protocol {
                    OtlpProtocol::Grpc => Self::OtlpGrpc(
                        otlp::GrpcSession::open(address, headers, authorization, tls).await?,
                    ),
                    OtlpProtocol::Http => Self::OtlpHttp(otlp::HttpSession::open(
                        address,
                        headers,
                        authorization,
                        tls,
                    )?),
                }
            }
            Receiver::Syslog { collector, tls } => {
                Self::Syslog(syslog::Session::open(collector, tls)?)
            }
            Receiver::Http {
                address,
                headers,
                authorization,
                tls,
            } => Self::Http(http::Session::open(address, headers, authorization, tls)?),
        })
    }

    /// Sends events, and waits for the answer.
    pub(crate) async fn send(&mut self, events: &[Rendered]) -> Result<Answer, Failure> {
        match self {
            Self::Nats(session) => session.send(events).await,
            Self::OtlpGrpc(session) => session.send(events).await,
            Self::OtlpHttp(session) => session.send(events).await,
            Self::Syslog(session) => session.send(events).await,
            Self::Http(session) => session.send(events).await,
        }
    }
}
