//! What is said of each kind of receiver.

use std::path::PathBuf;

use super::address::{Endpoint, endpoint};
use super::authorization::HttpAuthorization;
use crate::ClientSecret;
use crate::reader::{Section, Text};
use crate::secret::Secret;
use crate::url::web_unless_plain;

/// Who takes events.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Receiver {
    /// A stream of NATS `JetStream`.
    Nats {
        /// The server.
        server: Endpoint,
        /// What events are published under; a stream must listen to it.
        subject: String,
        /// How we prove who we are.
        credentials: NatsCredentials,
        /// What TLS is made with.
        tls: ClientTlsFiles,
    },
    /// Whoever takes logs of OpenTelemetry.
    Otlp {
        /// How it is asked.
        protocol: OtlpProtocol,
        /// Its URL; over HTTP with the path.
        address: String,
        /// Headers of each request.
        headers: Vec<Header>,
        /// The bearer token of each request.
        token: ClientSecret,
        /// What TLS is made with.
        tls: ClientTlsFiles,
    },
    /// A collector of syslog (RFC 5424) over TLS.
    Syslog {
        /// The collector.
        collector: Endpoint,
        /// What TLS is made with.
        tls: ClientTlsFiles,
    },
    /// A service that takes arrays of JSON, as Azure Monitor's Logs Ingestion API does.
    Http {
        /// Where they are posted.
        address: String,
        /// Headers of each request.
        headers: Vec<Header>,
        /// How we prove who we are.
        authorization: HttpAuthorization,
        /// What TLS is made with.
        tls: ClientTlsFiles,
    },
}

/// How OpenTelemetry's receivers are asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OtlpProtocol {
    /// OTLP/gRPC.
    Grpc,
    /// OTLP/HTTP with Protocol Buffers.
    Http,
}

/// How a NATS server is shown who we are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NatsCredentials {
    /// By the client certificate, or not at all.
    None,
    /// By a file that `nsc` made, with a JWT and the seed of its key.
    File(PathBuf),
    /// By a token.
    Token(ClientSecret),
}

/// A header of each request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// Its name, a token of HTTP.
    pub name: String,
    /// Its value, which may open something.
    pub value: Secret,
}

/// Files that TLS is made with. They are read for each connection, so that they can be renewed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ClientTlsFiles {
    /// PEM: who vouches for the receiver; `None`: whom the system believes.
    pub authorities: Option<PathBuf>,
    /// PEM: the certificate by which we show who we are, and its key.
    pub client: Option<(PathBuf, PathBuf)>,
}

impl Receiver {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let read = section.required_text(
            "kind",
            "`nats`, `otlp-grpc`, `otlp-http`, `syslog` or `http`",
            |text| text.choice("a kind of sink", &KINDS),
        );
        let Some(read) = read else {
            // Which of them it may have is not known.
            for name in KEYS {
                section.field(name);
            }
            return None;
        };
        read(section)
    }

    fn nats(section: &mut Section<'_>) -> Option<Self> {
        let server = address(section, "`tls://nats.contoso.com:4222`", |text| {
            endpoint(text, "tls", Some("nats"), 4222)
        });
        let subject = section.text("subject", |text| {
            let subject = text.filled()?;
            let is_subject = subject.split('.').all(|token| !token.is_empty())
                && !subject.contains([' ', '\t', '\r', '\n', '*', '>']);
            if !is_subject {
                return text.refuse("is not a subject; expected words with dots between, such as `crossgate.sign-ins`");
            }
            Some(subject)
        });
        let is_secured = server.as_ref().is_none_or(|server| server.tls);
        let tls = ClientTlsFiles::read(section, is_secured);
        let file = section.text("credentials_file", Text::path);
        let token = ClientSecret::read(section, "token", "token_file");
        let credentials = match (file, token) {
            (None, ClientSecret::None) => NatsCredentials::None,
            (Some(file), ClientSecret::None) => NatsCredentials::File(file),
            (None, token) => NatsCredentials::Token(token),
            (Some(_), _) => {
                section.fault(
                    "credentials_file",
                    "there is a token too; write one of them",
                );
                return None;
            }
        };
        Some(Self::Nats {
            server: server?,
            tls,
            subject: subject.unwrap_or_else(|| DEFAULT_SUBJECT.to_owned()),
            credentials,
        })
    }

    fn otlp_grpc(section: &mut Section<'_>) -> Option<Self> {
        Self::otlp(
            section,
            OtlpProtocol::Grpc,
            "`https://otel.contoso.com:4317`",
        )
    }

    fn otlp_http(section: &mut Section<'_>) -> Option<Self> {
        Self::otlp(
            section,
            OtlpProtocol::Http,
            "`https://otel.contoso.com:4318/v1/logs`",
        )
    }

    fn otlp(section: &mut Section<'_>, protocol: OtlpProtocol, example: &str) -> Option<Self> {
        let address = address(section, example, |text| url(text, example));
        Some(Self::Otlp {
            protocol,
            headers: headers(section),
            token: ClientSecret::read(section, "token", "token_file"),
            tls: ClientTlsFiles::read(section, is_secured(address.as_deref())),
            address: address?,
        })
    }

    fn syslog(section: &mut Section<'_>) -> Option<Self> {
        // Without TLS a collector has no way to say that it has read everything, and others could read it too.
        let collector = address(section, "`tls://siem.contoso.com:6514`", |text| {
            endpoint(text, "tls", None, 6514)
        });
        Some(Self::Syslog {
            tls: ClientTlsFiles::read(section, true),
            collector: collector?,
        })
    }

    fn http(section: &mut Section<'_>) -> Option<Self> {
        let example = "`https://ingest.contoso.com/events`";
        let address = address(section, example, |text| url(text, example));
        let headers = headers(section);
        let tls = ClientTlsFiles::read(section, is_secured(address.as_deref()));
        Some(Self::Http {
            headers,
            authorization: HttpAuthorization::read(section)?,
            tls,
            address: address?,
        })
    }

    /// What TLS is made with.
    #[must_use]
    pub const fn tls(&self) -> &ClientTlsFiles {
        match self {
            Self::Nats { tls, .. }
            | Self::Otlp { tls, .. }
            | Self::Syslog { tls, .. }
            | Self::Http { tls, .. } => tls,
        }
    }
}

impl ClientTlsFiles {
    fn read(section: &mut Section<'_>, is_secured: bool) -> Self {
        let authorities = section.text("ca_file", Text::path);
        let certificate = section.text("cert_file", Text::path);
        let key = section.text("key_file", Text::path);
        match (&certificate, &key) {
            (Some(_), None) => section.fault("key_file", "missing; the key of `cert_file`"),
            (None, Some(_)) => section.fault("cert_file", "missing; whose key it is"),
            (Some(_), Some(_)) | (None, None) => {}
        }
        let names = ["ca_file", "cert_file"];
        let given = [authorities.is_some(), certificate.is_some()];
        for (name, given) in names.into_iter().zip(given) {
            if given && !is_secured {
                section.fault(name, "the address is plain; nothing is done with this");
            }
        }
        Self {
            authorities,
            client: certificate.zip(key),
        }
    }
}

fn address<T>(
    section: &mut Section<'_>,
    example: &str,
    read: impl FnOnce(&Text<'_>) -> Option<T>,
) -> Option<T> {
    section.required_text("address", &format!("one such as {example}"), |text| {
        read(text)
    })
}

pub(super) fn url(text: &Text<'_>, example: &str) -> Option<String> {
    let plain = "would be reached over plain `http`, where others can read who was where; expected `https://`";
    web_unless_plain(text, example, plain)
}

/// Wrong ones were told of.
fn is_secured(address: Option<&str>) -> bool {
    address.is_none_or(|address| address.starts_with("https://"))
}

fn headers(section: &mut Section<'_>) -> Vec<Header> {
    section.texts("headers", header).unwrap_or_default()
}

fn header(text: &Text<'_>) -> Option<Header> {
    let read = text.value().split_once(':').and_then(|(name, value)| {
        let (name, value) = (name.trim(), value.trim());
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let is_text = |letter: char| matches!(letter, '\t' | ' '..='~');
        let is_header =
            !name.is_empty() && name.bytes().all(is_token) && value.chars().all(is_text);
        is_header.then(|| Header {
            name: name.to_ascii_lowercase(),
            value: Secret::new(value.to_owned()),
        })
    });
    // Its value may open something, so it is not repeated.
    read.or_else(|| text.refuse_unquoted("is not a header; expected one such as `Name: value`"))
}

type Read = fn(&mut Section<'_>) -> Option<Receiver>;

const KINDS: [(&str, Read); 5] = [
    ("nats", Receiver::nats),
    ("otlp-grpc", Receiver::otlp_grpc),
    ("otlp-http", Receiver::otlp_http),
    ("syslog", Receiver::syslog),
    ("http", Receiver::http),
];

/// Keys of some kind.
const KEYS: [&str; 14] = [
    "address",
    "subject",
    "credentials_file",
    "token",
    "token_file",
    "headers",
    "token_url",
    "client_id",
    "client_secret",
    "client_secret_file",
    "scope",
    "ca_file",
    "cert_file",
    "key_file",
];

const DEFAULT_SUBJECT: &str = "crossgate.sign-ins";
