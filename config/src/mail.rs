//! `[mail]`: the server that takes mail from this gateway.

use crate::reader::{Section, Text};
use crate::{ClientSecret, Purpose};

/// How mail is sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mail {
    /// The server's name, which its certificate must have.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the connection to it is kept from others.
    pub security: MailSecurity,
    /// Who we are to it; `None` where it knows us by our network address.
    pub username: Option<String>,
    /// How we prove that.
    pub password: ClientSecret,
    /// Whom mail is from.
    pub from: String,
}

/// How a connection to a mail server is kept from others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MailSecurity {
    /// TLS from the beginning.
    Tls,
    /// TLS before anything of worth is said.
    StartTls,
    /// None at all: for a server on this machine only.
    None,
}

impl Mail {
    /// `None` where there is no such section, or a fault in it.
    pub(crate) fn read(section: &mut Section<'_>) -> Option<Self> {
        let server =
            section.required_text("server", "a name such as `smtp.contoso.com`", Text::filled);
        let from = section.required_text(
            "from",
            "an address such as `no-reply@contoso.com`",
            |text| {
                let address = text.filled()?;
                let parts = address.split_once('@');
                if parts.is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.')) {
                    return Some(address);
                }
                text.refuse("is not an address; expected one such as `no-reply@contoso.com`")
            },
        );
        let security = section
            .text("security", |text| {
                text.choice(
                    "a way to keep mail from others",
                    &[
                        ("tls", MailSecurity::Tls),
                        ("starttls", MailSecurity::StartTls),
                        ("none", MailSecurity::None),
                    ],
                )
            })
            .unwrap_or(MailSecurity::StartTls);
        let port = section.positive_number("port", usize::from(security.port()));
        let port = u16::try_from(port).ok();
        if port.is_none() {
            section.fault("port", "no port has that number; expected one up to 65535");
        }
        let username = section.text("username", Text::filled);
        let password = ClientSecret::read(section, "password", "password_file");
        match (&username, &password) {
            (Some(_), ClientSecret::None) if section.purpose() == Purpose::Serve => {
                section.fault("username", "there is no `password`; write `password_file`");
            }
            (None, ClientSecret::Given(_) | ClientSecret::File(_)) => {
                section.fault("username", "missing; whose password it is");
            }
            (Some(_) | None, _) => {}
        }
        Some(Self {
            server: server?,
            port: port?,
            security,
            username,
            password,
            from: from?,
        })
    }
}

impl MailSecurity {
    /// Where servers listen for it.
    const fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}
