//! Where people sign in, as the configuration says: ready to be asked.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crossgate_config::{ConnectorSettings, Mail, Settings, TermsSettings};
use crossgate_policy::ids::TenantId;
use crossgate_policy::snapshot::RedemptionOrder;
use crossgate_token::{self as token, Issuers};

use super::provider::{Class, Kind, Provider, SpeaksFor};
use super::realm::{Realms, takes_microsoft_accounts};
use crate::request::token::KnownToken;

/// What the settings say about people in browsers.
#[derive(Debug)]
pub struct PeopleSettings {
    /// Tells these settings from all others of this process.
    pub serial: u64,
    /// Where people sign in, in the order of the file.
    pub providers: Vec<Provider>,
    /// What they may be asked to accept.
    pub terms: Vec<TermsSettings>,
    /// The hosts that sign-ups may be asked about at.
    pub connectors: Vec<ConnectorSettings>,
    /// Seconds after which a session ends that was not used.
    pub idle: u64,
    /// Seconds after which a session ends.
    pub lifetime: u64,
    /// What the own organisation is called.
    pub organisation: Box<str>,
    /// By whom mail is sent.
    pub mail: Option<Mail>,
    /// The own organisation's privacy statement.
    pub privacy_url: Option<Box<str>>,
    realms: Realms,
    names: HashMap<TenantId, Box<str>>,
}

impl PeopleSettings {
    /// `None` where no app has people sign in.
    #[must_use]
    pub fn of(settings: &Settings) -> Option<Self> {
        if !settings.apps.iter().any(|app| app.sign_in) {
            return None;
        }
        let providers = settings.providers.iter();
        let providers = providers.filter_map(|provider| Provider::of(provider, settings));
        Some(Self::with(settings, providers.collect()))
    }

    /// The same for the console, where only the own tenant's people sign in: by its own provider, else by one of many tenants.
    #[must_use]
    pub fn of_console(settings: &Settings) -> Option<Self> {
        let own = settings.tenant.id;
        let providers = settings.providers.iter();
        let mut providers: Vec<Provider> = providers
            .filter_map(|provider| Provider::of(provider, settings))
            .filter(|provider| {
                let kind = provider.oidc().map(|oidc| &oidc.issuer.kind);
                kind.is_some_and(|kind| kind.may_speak_for(own))
            })
            .collect();
        providers.sort_by_key(|provider| provider.tenant() != Some(own));
        providers.truncate(1);
        (!providers.is_empty()).then(|| Self::with(settings, providers))
    }

    fn with(settings: &Settings, providers: Vec<Provider>) -> Self {
        let own = &settings.tenant;
        let partners = settings.partners.iter();
        let names = std::iter::once((own.id, &own.name))
            .chain(partners.map(|partner| (partner.tenant, &partner.name)))
            .map(|(tenant, name)| (tenant, name.as_str().into()))
            .collect();
        Self {
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            realms: Realms::of(settings, &providers),
            providers,
            terms: settings.terms.clone(),
            connectors: settings.connectors.clone(),
            idle: settings.portal.idle.as_secs(),
            lifetime: settings.portal.lifetime.as_secs(),
            organisation: own.name.as_str().into(),
            mail: settings.mail.clone(),
            privacy_url: settings.portal.privacy_url.as_deref().map(Into::into),
            names,
        }
    }

    /// The provider of a name.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Provider> {
        let mut providers = self.providers.iter();
        providers.find(|provider| provider.name == name)
    }

    /// The same, where people may come from it by this order of redemption.
    #[must_use]
    pub fn provider_by(&self, name: &str, order: &RedemptionOrder) -> Option<&Provider> {
        let provider = self.provider(name)?;
        is_taken(provider, order).then_some(provider)
    }

    /// Those that people choose from by name: everybody but the one that is found by an address.
    pub fn choices<'s>(&'s self, order: &'s RedemptionOrder) -> impl Iterator<Item = &'s Provider> {
        self.providers
            .iter()
            .filter(|provider| is_taken(provider, order) && provider.class() != Class::Passcode)
    }

    /// Where the owner of a mail address signs in.
    #[must_use]
    pub fn of_address(&self, address: &str, order: &RedemptionOrder) -> Option<&Provider> {
        self.realms.of_address(address, &self.providers, order)
    }

    /// The provider that mails codes.
    #[must_use]
    pub fn passcode(&self) -> Option<&Provider> {
        let mut providers = self.providers.iter();
        providers.find(|provider| provider.is_passcode())
    }

    /// Where the people of a tenant sign in.
    #[must_use]
    pub fn of_tenant(&self, tenant: TenantId) -> Option<&Provider> {
        let mut providers = self.providers.iter();
        providers.find(|provider| provider.tenant() == Some(tenant))
    }

    /// What a tenant is called.
    #[must_use]
    pub fn name_of(&self, tenant: TenantId) -> Option<&str> {
        self.names.get(&tenant).map(|name| &**name)
    }

    /// The provider, where there is no choice.
    #[must_use]
    pub fn only(&self) -> Option<&Provider> {
        match self.providers.as_slice() {
            [only] if only.class() != Class::Passcode => Some(only),
            _ => None,
        }
    }

    /// Whether somebody who signed in there before would be believed with the same ID token by these settings.
    #[must_use]
    pub fn still_believes(&self, provider: &str, known: &KnownToken, issuers: &Issuers) -> bool {
        let Some(provider) = self.provider(provider) else {
            return false;
        };
        let oidc = match (&provider.speaks_for, &provider.kind) {
            (SpeaksFor::Asserted(voucher) | SpeaksFor::Guests(voucher), _) => {
                return voucher.stands_by(&known.verified);
            }
            (SpeaksFor::Tenant(_), Kind::Oidc(oidc)) => oidc,
            // What speaks for a tenant by tokens of its own is an OpenID provider.
            (SpeaksFor::Tenant(_), Kind::Facebook(_) | Kind::Federation(_) | Kind::Passcode) => {
                return false;
            }
        };
        let claims = known.verified.claims();
        // Read anew, it may speak for another tenant, or for nobody.
        let issuer = issuers.named(known.verified.issuer());
        let same = issuer.is_some_and(|issuer| {
            let tenant = match &issuer.kind {
                token::IssuerKind::Oidc { tenant, .. } => *tenant == known.subject.issuer.0,
                token::IssuerKind::Entra { .. } => true,
            };
            tenant && issuer.admits(&claims.issuer)
        });
        let client = &oidc.client;
        same && *client.issuer == **known.verified.issuer()
            && claims
                .audiences
                .iter()
                .any(|audience| **audience == *client.client_id)
    }
}

/// Whether people may come from a provider by this order of redemption.
fn is_taken(provider: &Provider, order: &RedemptionOrder) -> bool {
    provider.class() != Class::MicrosoftAccount || takes_microsoft_accounts(order)
}

static SERIAL: AtomicU64 = AtomicU64::new(1);
