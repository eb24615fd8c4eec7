//! `[[connector]]`: the hosts that self-service sign-up may ask, and how they know this gateway.
//!
//! Which of them is asked for what is a document; what proves who we are is not, and goes to its own host only.

use std::time::Duration;

use crate::host::host;
use crate::reader::{Section, Seen, Text};
use crate::units::positive_duration;
use crate::{ClientSecret, Purpose};

/// A host of API connectors.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConnectorSettings {
    /// The host, in lower case, with the port where it is not 443.
    pub host: String,
    /// Who we are to it; `None` where it does not ask.
    pub username: Option<String>,
    /// How we prove that.
    pub password: ClientSecret,
    /// How long one answer may take.
    pub timeout: Duration,
}

/// Reads every `[[connector]]`.
pub(crate) fn read_all(root: &mut Section<'_>) -> Vec<ConnectorSettings> {
    let mut hosts = Seen::new("write one entry for each host");
    root.sections("connector", |section| {
        let host = section.required_text(
            "host",
            "a host such as `approvals.contoso.com`, with `:8443` behind it where the port is not 443",
            |text| {
                let host = authority(text)?;
                hosts.note(host.clone(), text);
                Some(host)
            },
        );
        let username = section.text("username", |text| {
            let name = text.filled()?;
            if name.contains(':') {
                return text.refuse("has a colon, which basic authentication cannot carry");
            }
            Some(name)
        });
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
        let timeout = positive_duration(section, "timeout", LONGEST);
        if timeout > LONGEST {
            section.fault("timeout", "people wait for it; expected `20s` at most");
        }
        Some(ConnectorSettings {
            host: host?,
            username,
            password,
            timeout,
        })
    })
}

fn authority(text: &Text<'_>) -> Option<String> {
    let value = text.value();
    let (name, port) = match value.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => match port.parse::<u16>() {
            Ok(port) if port != 0 => (name, Some(port)),
            Ok(_) | Err(_) => {
                return text.refuse("has no valid port; expected a number from 1 to 65535");
            }
        },
        Some(_) | None => (value, None),
    };
    match host(name) {
        Ok(name) => Some(match port.filter(|port| *port != HTTPS) {
            Some(port) => format!("{name}:{port}"),
            None => name,
        }),
        Err(why) => text.refuse(&why.to_string()),
    }
}

/// As long as Entra waits.
const LONGEST: Duration = Duration::from_secs(20);

const HTTPS: u16 = 443;
