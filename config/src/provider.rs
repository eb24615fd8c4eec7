//! `[[provider]]`: where people sign in with a browser.

mod federation;
mod oauth;

use crate::reader::{Section, Seen, Text};
use crate::tenant::domain;
use crate::{
    AppSettings, GuestDirectory, IssuerSettings, Listen, Mail, OwnTenant, Portal, Purpose,
    ResourceTenant,
};
pub use federation::{Federation, FederationProtocol};
pub use oauth::{FacebookClient, OidcClient};

/// An identity provider that people are sent to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProviderSettings {
    /// What stands for it in addresses: lower-case letters, digits and `-`.
    pub name: String,
    /// What people read; the name where the file gives no label.
    pub label: String,
    /// Domains of the addresses whose owners sign in here, in lower case.
    pub domains: Vec<String>,
    /// How it tells who somebody is.
    pub kind: ProviderKind,
}

/// How a provider tells who somebody is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ProviderKind {
    /// By an ID token: Entra, Microsoft accounts, Google and every other OpenID provider.
    Oidc(OidcClient),
    /// By Facebook's dialect of OAuth 2.0.
    Facebook(FacebookClient),
    /// By a signed assertion: SAML 2.0 or WS-Federation.
    Federation(Federation),
    /// By a code that is mailed to an address of theirs.
    Passcode,
}

#[derive(Clone, Copy)]
enum Kind {
    Oidc,
    Facebook,
    Saml,
    WsFed,
    Passcode,
}

/// Reads every `[[provider]]`.
pub(crate) fn read_all(
    root: &mut Section<'_>,
    own: Option<&OwnTenant>,
    issuers: &[IssuerSettings],
) -> Vec<ProviderSettings> {
    let mut names = Seen::new("give each provider a name of its own");
    let mut passcode = None;
    root.sections("provider", |section| {
        ProviderSettings::read(section, own, issuers, &mut names, &mut passcode)
    })
}

impl ProviderSettings {
    fn read(
        section: &mut Section<'_>,
        own: Option<&OwnTenant>,
        issuers: &[IssuerSettings],
        names: &mut Seen<String>,
        passcode: &mut Option<String>,
    ) -> Option<Self> {
        let name =
            section.required_text("name", "a name for addresses, such as `contoso`", |text| {
                let name = name_in_addresses(text)?;
                names.note(name.clone(), text);
                Some(name)
            });
        let label = section.text("label", Text::filled);
        let kind = section.text("kind", |text| {
            text.choice(
                "a kind of provider",
                &[
                    ("oidc", Kind::Oidc),
                    ("facebook", Kind::Facebook),
                    ("saml", Kind::Saml),
                    ("ws-fed", Kind::WsFed),
                    ("passcode", Kind::Passcode),
                ],
            )
        });
        let domains = section.texts("domains", domain).unwrap_or_default();
        let kind = match kind.unwrap_or(Kind::Oidc) {
            Kind::Oidc => OidcClient::read(section, issuers).map(ProviderKind::Oidc),
            Kind::Facebook => FacebookClient::read(section).map(ProviderKind::Facebook),
            Kind::Saml => {
                Federation::read(section, FederationProtocol::Saml, own, issuers, &domains)
                    .map(ProviderKind::Federation)
            }
            Kind::WsFed => {
                Federation::read(section, FederationProtocol::WsFed, own, issuers, &domains)
                    .map(ProviderKind::Federation)
            }
            Kind::Passcode => {
                let key = section.key().to_owned();
                if let Some(first) = passcode.replace(key) {
                    section.fault(
                        "kind",
                        format!("`{first}` mails passcodes already; keep one of them"),
                    );
                }
                if !domains.is_empty() {
                    section.fault(
                        "domains",
                        "a passcode is for every address that leads nowhere else; remove it",
                    );
                }
                Some(ProviderKind::Passcode)
            }
        };
        let name = name?;
        let of_issuer = match &kind {
            Some(ProviderKind::Oidc(client)) => client.issuer == name,
            Some(
                ProviderKind::Facebook(_) | ProviderKind::Federation(_) | ProviderKind::Passcode,
            ) => false,
            // Whose it is could not be read, which is told.
            None => true,
        };
        // Events and apps are told of either by its name.
        if !of_issuer && issuers.iter().any(|issuer| issuer.name == name) {
            section.fault(
                "name",
                format!("an `[[issuer]]` is called `{name}`, and is another; give the provider a name of its own"),
            );
        }
        Some(Self {
            label: label.unwrap_or_else(|| name.clone()),
            name,
            domains,
            kind: kind?,
        })
    }

    /// Whether it mails passcodes.
    pub(crate) const fn is_passcode(&self) -> bool {
        match self.kind {
            ProviderKind::Passcode => true,
            ProviderKind::Oidc(_) | ProviderKind::Facebook(_) | ProviderKind::Federation(_) => {
                false
            }
        }
    }
}

/// Passcodes need a mail server, and records to send them by.
pub(crate) fn check_passcodes(
    root: &mut Section<'_>,
    providers: &[ProviderSettings],
    mail: Option<&Mail>,
    guests: GuestDirectory,
) {
    if root.purpose() != Purpose::Serve || !providers.iter().any(ProviderSettings::is_passcode) {
        return;
    }
    if mail.is_none() && root.lacks("mail") {
        root.fault(
            "mail",
            "missing; passcodes are mailed, so say by which server, such as `server = \"smtp.contoso.com\"`",
        );
    }
    if guests == GuestDirectory::Off {
        root.section_again("guests", |section| {
            section.fault(
                "directory",
                "passcodes are sent to addresses of guests, and there are none; expected `optional` or `required`",
            );
        });
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
        root.section_again("portal", |section| {
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
