//! `[[transmitter]]` and `[signals]`: who tells that what it vouched for counts no more, and where it tells.

use std::path::PathBuf;

use crossgate_policy::ids::TenantId;

use crate::host::host;
use crate::provider::name_in_addresses;
use crate::reader::{Section, Seen, Text};
use crate::url::web;
use crate::{AppSettings, IssuerSettings, Listen, PolicySource, Purpose, Secret};

/// What a partner's, or our own, identity provider may tell (OpenID Shared Signals).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signals {
    /// The host at which they are received, in lower case; of no app. There where there are transmitters.
    pub host: Option<String>,
    /// Who may tell.
    pub transmitters: Vec<TransmitterSettings>,
}

/// Somebody who pushes security events.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TransmitterSettings {
    /// What stands for it in addresses, events and metrics: lower-case letters, digits and `-`.
    pub name: String,
    /// The name of the `[[issuer]]` that signs its tokens.
    pub issuer: String,
    /// That issuer's one tenant: whom it may speak for.
    pub tenant: TenantId,
    /// The `aud` of its tokens, compared exactly.
    pub audience: String,
    /// The `Authorization` header of each push, compared exactly.
    pub authorization: Option<SecretSource>,
    /// How the gateway sets its stream up; `None` where the operator does.
    pub stream: Option<StreamSettings>,
}

/// How a stream is set up (SSF 1.0, section 8.1.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StreamSettings {
    /// Where; `None` where the transmitter's own metadata say so.
    pub configuration_endpoint: Option<String>,
    /// The bearer token that this takes.
    pub token: SecretSource,
}

/// Where a secret stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SecretSource {
    /// In the settings, usually as `${NAME}`.
    Given(Secret),
    /// In the first line of a file.
    File(PathBuf),
}

impl Signals {
    /// Reads both, and what they need of the other settings.
    pub(crate) fn read(
        root: &mut Section<'_>,
        issuers: &[IssuerSettings],
        apps: &[AppSettings],
        policy: &PolicySource,
        listen: &Listen,
    ) -> Self {
        let mut names = Seen::new("give each transmitter a name of its own");
        let transmitters = root.sections("transmitter", |section| {
            TransmitterSettings::read(section, issuers, &mut names)
        });
        let wanted = !root.lacks("transmitter");
        let serves = root.purpose() == Purpose::Serve;
        let host = root.section_or_empty("signals", |section| {
            if wanted && serves && section.field("host").is_none() {
                section.fault(
                    "host",
                    "missing; transmitters push to a host of its own, such as `signals.contoso.com`",
                );
            }
            section.text("host", |text| {
                own_host(text, apps, "signals need one of their own")
            })
        });
        if wanted && serves {
            check_place(root, policy, listen);
        }
        Self { host, transmitters }
    }
}

/// What is received must be kept, and must come over a line that nobody else reads.
fn check_place(root: &mut Section<'_>, policy: &PolicySource, listen: &Listen) {
    match policy {
        PolicySource::Sqlite(_) => {}
        PolicySource::Directory(_) => root.fault(
            "transmitter",
            "what transmitters tell is kept in the policy store, and files of a folder are not written; write `source = \"sqlite:PATH\"` in `[policy]`",
        ),
    }
    if listen.tls.is_none() && listen.trusted_proxies.is_empty() {
        root.fault(
            "listen",
            "transmitters push over HTTPS only; add `[listen.tls]`, or `trusted_proxies` that end TLS before this gateway",
        );
    }
}

/// A host at which nobody else is answered: an app's paths are the app's.
pub(crate) fn own_host(text: &Text<'_>, apps: &[AppSettings], need: &str) -> Option<String> {
    let host = match host(text.value()) {
        Ok(host) => host,
        Err(problem) => return text.refuse(&problem.to_string()),
    };
    match apps.iter().find(|app| app.hosts.contains(&host)) {
        Some(app) => text.refuse(&format!("is a host of the app `{}`; {need}", app.name)),
        None => Some(host),
    }
}

impl TransmitterSettings {
    fn read(
        section: &mut Section<'_>,
        issuers: &[IssuerSettings],
        names: &mut Seen<String>,
    ) -> Option<Self> {
        let name =
            section.required_text("name", "a name for addresses, such as `fabrikam`", |text| {
                let name = name_in_addresses(text)?;
                names.note(name.clone(), text);
                Some(name)
            });
        let issuer = section.required_text("issuer", "the name of an `[[issuer]]`", |text| {
            let known = issuers.iter().find(|issuer| issuer.name == text.value());
            match known.map(|issuer| (issuer, issuer.kind.only_tenant())) {
                Some((issuer, Some(tenant))) => Some((issuer.name.clone(), tenant)),
                Some((_, None)) => text.refuse(
                    "speaks for many tenants; name an `[[issuer]]` of one, whose users it may revoke",
                ),
                None => text.refuse("is the name of no `[[issuer]]`"),
            }
        });
        let audience = section.required_text(
            "audience",
            "the `aud` of its tokens, such as `https://signals.contoso.com`",
            Text::filled,
        );
        let authorization = secret(section, "authorization", "authorization_file", header_value);
        let endpoint = section.text("configuration_endpoint", |text| web(text, EXPECTED_URL));
        let token = secret(section, "token", "token_file", header_value);
        let has_endpoint = section.field("configuration_endpoint").is_some();
        let lacks_token = section
            .field("token")
            .or(section.field("token_file"))
            .is_none();
        if has_endpoint && lacks_token {
            section.fault(
                "configuration_endpoint",
                "nothing is set up there without a `token` or `token_file`; add one, or remove it",
            );
        }
        let (issuer, tenant) = issuer?;
        Some(Self {
            name: name?,
            issuer,
            tenant,
            audience: audience?,
            authorization,
            stream: token.map(|token| StreamSettings {
                configuration_endpoint: endpoint,
                token,
            }),
        })
    }
}

/// A secret that stands under one of two keys.
pub(crate) fn secret(
    section: &mut Section<'_>,
    key: &'static str,
    file_key: &'static str,
    read: impl FnOnce(&Text<'_>) -> Option<String>,
) -> Option<SecretSource> {
    let given = section.text(key, |text| read(text).map(Secret::new));
    let file = section.text(file_key, Text::path);
    match (given, file) {
        (None, None) => None,
        (Some(given), None) => Some(SecretSource::Given(given)),
        (None, Some(file)) => Some(SecretSource::File(file)),
        (Some(_), Some(_)) => {
            section.fault(
                file_key,
                format!("there is a `{key}` too; write one of them"),
            );
            None
        }
    }
}

/// What can stand in a header. Never quoted: it is a secret.
pub(crate) fn header_value(text: &Text<'_>) -> Option<String> {
    let value = text.value();
    let fits = !value.is_empty()
        && value.trim() == value
        && value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if fits {
        return Some(value.to_owned());
    }
    text.refuse_unquoted(
        "the value cannot stand in a header; expected ASCII without spaces at its ends",
    )
}

const EXPECTED_URL: &str = "one such as `https://id.fabrikam.example/ssf/stream`";
