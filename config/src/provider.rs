//! `[[provider]]`: where people sign in with a browser.

use std::path::PathBuf;

use crate::reader::{Section, Seen, Text};
use crate::tenant::domain;
use crate::{AppSettings, IssuerSettings, Listen, Portal, Purpose, ResourceTenant};

/// An identity provider that people are sent to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProviderSettings {
    /// What stands for it in addresses: lower-case letters, digits and `-`.
    pub name: String,
    /// What people read; the name where the file gives no label.
    pub label: String,
    /// The name of the `[[issuer]]` whose ID tokens it gives.
    pub issuer: String,
    /// What it knows this gateway as.
    pub client_id: String,
    /// How this gateway proves that to it.
    pub client_secret: ClientSecret,
    /// Scopes asked for besides `openid`.
    pub scopes: Vec<String>,
    /// Domains of the addresses whose owners sign in here, in lower case.
    pub domains: Vec<String>,
}

/// How a client proves who it is (RFC 6749, section 2.3.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ClientSecret {
    /// Not at all: a public client, which PKCE alone protects.
    None,
    /// By what stands in the settings, usually as `${NAME}`.
    Given(Secret),
    /// By what the first line of a file holds.
    File(PathBuf),
}

/// A text that nobody may read in a log: `Debug` shows its length.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text.
    pub(crate) const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for whom it is meant only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

/// Reads every `[[provider]]`.
pub(crate) fn read_all(
    root: &mut Section<'_>,
    issuers: &[IssuerSettings],
) -> Vec<ProviderSettings> {
    let mut names = Seen::new("give each provider a name of its own");
    root.sections("provider", |section| {
        ProviderSettings::read(section, issuers, &mut names)
    })
}

impl ProviderSettings {
    fn read(
        section: &mut Section<'_>,
        issuers: &[IssuerSettings],
        names: &mut Seen<String>,
    ) -> Option<Self> {
        let name =
            section.required_text("name", "a name for addresses, such as `contoso`", |text| {
                let name = name_in_addresses(text)?;
                names.note(name.clone(), text);
                Some(name)
            });
        let label = section.text("label", Text::filled);
        let issuer = section.required_text("issuer", "the name of an `[[issuer]]`", |text| {
            let known = issuers.iter().find(|issuer| issuer.name == text.value());
            match known {
                Some(issuer) => Some(issuer.name.clone()),
                None => text.refuse("is the name of no `[[issuer]]`"),
            }
        });
        let client_id = section.required_text(
            "client_id",
            "the id that the provider gave this gateway",
            Text::filled,
        );
        let given = section.text("client_secret", |text| text.filled().map(Secret));
        let file = section.text("client_secret_file", Text::path);
        let client_secret = match (given, file) {
            (None, None) => ClientSecret::None,
            (Some(given), None) => ClientSecret::Given(given),
            (None, Some(file)) => ClientSecret::File(file),
            (Some(_), Some(_)) => {
                section.fault(
                    "client_secret_file",
                    "there is a `client_secret` too; write one of them",
                );
                ClientSecret::None
            }
        };
        let scopes = section.texts("scopes", scope);
        let domains = section.texts("domains", domain).unwrap_or_default();
        let name = name?;
        Some(Self {
            label: label.unwrap_or_else(|| name.clone()),
            name,
            issuer: issuer?,
            client_id: client_id?,
            client_secret,
            scopes: scopes.unwrap_or_else(|| DEFAULT_SCOPES.map(str::to_owned).to_vec()),
            domains,
        })
    }
}

/// What only serving needs: an app where people sign in must have somewhere to send them, and cookies a safe way.
pub(crate) fn check_apps(
    root: &mut Section<'_>,
    apps: &[AppSettings],
    providers: &[ProviderSettings],
    portal: &Portal,
    listen: &Listen,
) {
    if root.purpose() != Purpose::Serve || !apps.iter().any(|app| app.sign_in) {
        return;
    }
    if providers.is_empty() && root.lacks("provider") {
        root.fault(
            "provider",
            "missing; an app has `sign_in`, so add at least one `[[provider]]`",
        );
    }
    if portal.store.is_none() {
        root.section_or_empty("portal", |section| {
            if section.lacks("store") {
                section.fault(
                    "store",
                    "missing; sessions would end with the process, so name a file, such as `portal.db`",
                );
            }
        });
    }
    if listen.tls.is_none() && listen.trusted_proxies.is_empty() {
        root.fault(
            "listen",
            "browsers keep sessions over HTTPS only; add `[listen.tls]`, or `trusted_proxies` that end TLS before this gateway",
        );
    }
}

/// People sign in to apps of the own tenant; what leaves our network carries tokens.
pub(crate) fn check_app(section: &mut Section<'_>, sign_in: bool, owner: ResourceTenant) {
    if sign_in && matches!(owner, ResourceTenant::External(_)) {
        section.fault(
            "sign_in",
            "an egress route has no sign-in of ours; remove it",
        );
    }
}

/// A name that stands in addresses as it is.
pub(crate) fn name_in_addresses(text: &Text<'_>) -> Option<String> {
    let name = text.value();
    let fits = (1..=40).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if fits {
        return Some(name.to_owned());
    }
    text.refuse("stands in addresses; expected up to 40 lower-case letters, digits and `-`")
}

fn scope(text: &Text<'_>) -> Option<String> {
    let scope = text.filled()?;
    // RFC 6749, section 3.3.
    let fits = scope
        .bytes()
        .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
    if fits {
        return Some(scope);
    }
    text.refuse("is no scope; write each scope as one word")
}

/// Who it is, and what people call them.
const DEFAULT_SCOPES: [&str; 2] = ["profile", "email"];
