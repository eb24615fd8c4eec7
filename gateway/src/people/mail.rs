//! Handing mail to the organisation's server.

use crossgate_config::{Mail as Settings, MailSecurity};
use crossgate_portal::mail::{
    Credentials, Mail, MailFault, MailServer, MailSettings, Mailer, Security,
};
use crossgate_portal::passcode::Address;

use super::callback::client_secret;

/// Has a mail made, from the address that mail is from, and sends it; or says why not, in words without an address.
pub(super) async fn send(
    settings: &Settings,
    made: impl FnOnce(&Address) -> Result<Mail, MailFault>,
) -> Result<(), String> {
    let password = client_secret(&settings.password)
        .await
        .map_err(|why| format!("its password cannot be read: {why}"))?;
    let from: Address = settings
        .from
        .parse()
        .map_err(|why| format!("`from`: {why}"))?;
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
        .map_err(|why| why.to_string())?
        .map_err(|why| why.to_string())?;
    let mail = made(mailer.from()).map_err(|why| why.to_string())?;
    mailer.send(&mail).await.map_err(|why| why.to_string())
}
