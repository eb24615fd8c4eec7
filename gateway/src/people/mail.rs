//! Handing mail to the organisation's server.

use crossgate_config::{Mail as Settings, MailSecurity};
use crossgate_portal::mail::{
    Credentials, Mail, MailFault, MailServer, MailSettings, Mailer, Security, SendFault,
};
use crossgate_portal::passcode::Address;

use super::callback::client_secret;

/// Why a mail was not sent, in words without an address.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsent {
    /// The server will not take it tomorrow either.
    #[error("{0}")]
    Refused(SendFault),
    /// It may be sent later.
    #[error("{0}")]
    NotYet(String),
}

impl Unsent {
    /// Whether there is nothing to wait for.
    pub(super) const fn is_for_good(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    fn of(fault: SendFault) -> Self {
        match fault {
            // Nobody has this mailbox (RFC 5321, section 4.2.3; RFC 7504). Other codes that say to stay away are as often about
            // who we are to the server, and an operator puts that right before anything is lost.
            SendFault::Refused(550 | 551 | 556) => Self::Refused(fault),
            SendFault::Refused(_)
            | SendFault::TookTooLong
            | SendFault::Tls
            | SendFault::Unreachable(_)
            | SendFault::Protocol => Self::NotYet(fault.to_string()),
        }
    }
}

/// Has a mail made, from the address that mail is from, and sends it.
pub(super) async fn send(
    settings: &Settings,
    made: impl FnOnce(&Address) -> Result<Mail, MailFault>,
) -> Result<(), Unsent> {
    let password = client_secret(&settings.password)
        .await
        .map_err(|why| Unsent::NotYet(format!("its password cannot be read: {why}")))?;
    let from: Address = settings
        .from
        .parse()
        .map_err(|why| Unsent::NotYet(format!("`from`: {why}")))?;
    let credentials = settings.username.clone().zip(password);
    let settings = MailSettings {
        server: MailServer {
            host: settings.server.clone(),
            port: settings.port,
            security: match settings.security {
                MailSecurity::Tls => Security::Tls,
                MailSecurity::StartTls => Security::StartTls,
                MailSecurity::None => Security::None,
            },
        },
        credentials: credentials.map(|(username, password)| Credentials { username, password }),
        from,
    };
    // The system's certificates are read, from the disk.
    let mailer = tokio::task::spawn_blocking(move || Mailer::new(settings))
        .await
        .map_err(|why| Unsent::NotYet(why.to_string()))?
        .map_err(|why| Unsent::NotYet(why.to_string()))?;
    let mail = made(mailer.from()).map_err(|why| Unsent::NotYet(why.to_string()))?;
    mailer.send(&mail).await.map_err(Unsent::of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_mailbox_will_ever_take_is_given_up_and_what_an_operator_can_put_right_waits() {
        let is_for_good = |code| Unsent::of(SendFault::Refused(code)).is_for_good();
        for code in [550, 551, 556] {
            assert!(is_for_good(code), "{code}");
        }
        for code in [421, 450, 452, 530, 535, 552, 553, 554] {
            assert!(!is_for_good(code), "{code}");
        }
        assert!(!Unsent::of(SendFault::TookTooLong).is_for_good());
    }
}
