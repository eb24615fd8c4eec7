//! `[[partner]]`: what Graph's partner documents have no place for.

use std::path::PathBuf;

use crossgate_policy::ids::{Cloud, TenantId};

use crate::reader::{Section, Seen, Text};
use crate::signals::{header_value, secret};
use crate::tenant::{EXPECTED_TENANT, cloud, domain, tenant_id};
use crate::{OwnTenant, SecretSource, url};

/// One other organisation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PartnerSettings {
    /// Its directory's id.
    pub tenant: TenantId,
    /// What people call it; the id where the file gives no name.
    pub name: String,
    /// Its domains, in lower case.
    pub domains: Vec<String>,
    /// The cloud it lives in. `None`: the file does not say, and the form of the token's `idp` tells.
    pub cloud: Option<Cloud>,
    /// Its logo, which its people see where they become guests: a PNG or SVG.
    pub logo: Option<PathBuf>,
    /// How it shows that it agrees to direct connect.
    pub consent: Consent,
    /// The origin of its gateway, which publishes its side of the settings between us; `None` where it publishes nothing.
    pub gateway: Option<String>,
    /// Our side is published to it: whoever asks can read which of our people may go there.
    pub publish: bool,
    /// The bearer token with which its administrators push users and groups to us; `None` where they may not.
    pub scim_token: Option<SecretSource>,
}

/// How a partner shows that it agrees to direct connect (decision.md, section 7).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Consent {
    /// Its service issues tokens for our apps only if it wants to.
    TokenIssuance,
    /// Its gateway publishes a signed document that names us.
    Published,
}

/// Reads every `[[partner]]`.
pub(crate) fn read_all(root: &mut Section<'_>, own: Option<&OwnTenant>) -> Vec<PartnerSettings> {
    let mut tenants = Seen::new("put what is known of a tenant in one `[[partner]]`");
    let mut domains = Seen::new("a domain belongs to one tenant");
    root.sections("partner", |section| {
        PartnerSettings::read(section, own, &mut tenants, &mut domains)
    })
}

impl PartnerSettings {
    fn read(
        section: &mut Section<'_>,
        own: Option<&OwnTenant>,
        tenants: &mut Seen<TenantId>,
        all_domains: &mut Seen<String>,
    ) -> Option<Self> {
        let tenant = section.required_text("tenant", EXPECTED_TENANT, |text| {
            let tenant = tenant_id(text)?;
            if own.is_some_and(|own| own.id == tenant) {
                return text.refuse("is the own tenant; describe it under `[tenant]`");
            }
            tenants.note(tenant, text);
            Some(tenant)
        });
        let name = section.text("name", Text::filled);
        let domains = section.texts("domains", |text| {
            let domain = domain(text)?;
            if own.is_some_and(|own| own.domains.contains(&domain)) {
                return text.refuse("is a domain of the own tenant; remove one of the two");
            }
            all_domains.note(domain.clone(), text);
            Some(domain)
        });
        let cloud = section.text("cloud", cloud);
        let logo = section.text("logo", Text::path);
        let consent = section.text("consent", |text| {
            text.choice(
                "a form of consent",
                &[
                    ("token-issuance", Consent::TokenIssuance),
                    ("published", Consent::Published),
                ],
            )
        });
        let gateway = section.text("gateway", gateway);
        let publish = section.boolean("publish", false);
        let scim_token = secret(section, "scim_token", "scim_token_file", |text| {
            let token = header_value(text)?;
            if token.len() < SHORTEST_TOKEN {
                return text
                    .refuse_unquoted("the token can be guessed; expected 32 characters or more");
            }
            Some(token)
        });
        let tenant = tenant?;
        Some(Self {
            tenant,
            name: name.unwrap_or_else(|| tenant.to_string()),
            domains: domains.unwrap_or_default(),
            cloud,
            logo,
            consent: consent.unwrap_or(DEFAULT_CONSENT),
            gateway,
            publish,
            scim_token,
        })
    }
}

fn gateway(text: &Text<'_>) -> Option<String> {
    let url = url::web(text, "such as `https://payroll.fabrikam.com`")?;
    let url = url.trim_end_matches('/');
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    if path.contains(['/', '?']) {
        return text.refuse("has more than a host and port; its document has a path of its own, so write `https://host`");
    }
    Some(url.to_owned())
}

/// What Entra itself goes by: an organisation that does not want its people here gives them no token for us.
const DEFAULT_CONSENT: Consent = Consent::TokenIssuance;

/// Of letters and digits that were drawn at random nobody guesses so many.
const SHORTEST_TOKEN: usize = 32;
