//! Who tells of sign-ins that count no more, as the configuration says: ready to be asked.

use std::sync::Arc;

use crossgate_config::{IssuerSettings, SecretSource, Settings, TransmitterSettings};

use super::PLACE;

/// What the settings say about transmitters.
#[derive(Debug)]
pub struct SignalSettings {
    /// The host at which they push.
    pub host: Box<str>,
    /// Who they are.
    pub transmitters: Vec<Arc<Transmitter>>,
}

/// One of them.
#[derive(Debug)]
pub struct Transmitter {
    /// What its entry says.
    pub settings: TransmitterSettings,
    /// The issuer that signs its tokens.
    pub issuer: IssuerSettings,
    /// The domains of its tenant: addresses there are its users'.
    pub domains: Vec<String>,
    /// Where it pushes.
    pub endpoint: String,
}

impl SignalSettings {
    /// `None` where nobody tells.
    #[must_use]
    pub fn of(settings: &Settings) -> Option<Self> {
        let signals = &settings.signals;
        let host = signals.host.as_deref()?;
        let transmitters: Vec<_> = signals
            .transmitters
            .iter()
            .filter_map(|transmitter| Transmitter::of(transmitter, host, settings))
            .map(Arc::new)
            .collect();
        (!transmitters.is_empty()).then(|| Self {
            host: host.into(),
            transmitters,
        })
    }

    /// The transmitter of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Arc<Transmitter>> {
        let mut transmitters = self.transmitters.iter();
        transmitters.find(|transmitter| transmitter.settings.name == name)
    }
}

impl Transmitter {
    fn of(entry: &TransmitterSettings, host: &str, settings: &Settings) -> Option<Self> {
        let mut issuers = settings.issuers.iter();
        let issuer = issuers.find(|issuer| issuer.name == entry.issuer)?;
        let own = &settings.tenant;
        let mut partners = settings.partners.iter();
        let domains = if entry.tenant == own.id {
            Some(&own.domains)
        } else {
            let partner = partners.find(|partner| partner.tenant == entry.tenant);
            partner.map(|partner| &partner.domains)
        };
        Some(Self {
            settings: entry.clone(),
            issuer: issuer.clone(),
            domains: domains.cloned().unwrap_or_default(),
            endpoint: format!("https://{host}{PLACE}{}", entry.name),
        })
    }
}

/// What a source holds; of a file the first line.
///
/// # Errors
/// The file cannot be read, or begins with an empty line; in words that do not tell what it holds.
pub(crate) async fn exposed(source: &SecretSource) -> Result<String, String> {
    match source {
        SecretSource::Given(secret) => Ok(secret.expose().to_owned()),
        SecretSource::File(path) => {
            let told = |why: String| format!("`{}`: {why}", path.display());
            let text = tokio::fs::read_to_string(path)
                .await
                .map_err(|why| told(why.to_string()))?;
            match text.lines().next().map(str::trim) {
                Some(line) if !line.is_empty() => Ok(line.to_owned()),
                Some(_) | None => Err(told("its first line is empty".to_owned())),
            }
        }
    }
}
