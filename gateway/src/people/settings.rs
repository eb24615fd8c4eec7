//! Where people sign in, as the configuration says: ready to be asked.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crossgate_config::{
    EntraTenants, IssuerKind, IssuerSettings, ProviderSettings, Settings, TermsSettings,
};
use crossgate_policy::ids::TenantId;
use crossgate_token::{self as token, Issuers};

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
    /// Seconds after which a session ends that was not used.
    pub idle: u64,
    /// Seconds after which a session ends.
    pub lifetime: u64,
    /// What the own organisation is called.
    pub organisation: Box<str>,
    by_domain: HashMap<Box<str>, usize>,
    names: HashMap<TenantId, Box<str>>,
}

/// One identity provider.
#[derive(Debug)]
pub struct Provider {
    /// What its entry says.
    pub settings: ProviderSettings,
    /// Whose ID tokens it gives.
    pub issuer: IssuerSettings,
    /// The one tenant whose people sign in there; `None` where it is any.
    pub tenant: Option<TenantId>,
}

impl PeopleSettings {
    /// `None` where no app has people sign in.
    #[must_use]
    pub fn of(settings: &Settings) -> Option<Self> {
        if !settings.apps.iter().any(|app| app.sign_in) {
            return None;
        }
        let providers: Vec<Provider> = settings
            .providers
            .iter()
            .filter_map(|provider| {
                let mut issuers = settings.issuers.iter();
                let issuer = issuers.find(|issuer| issuer.name == provider.issuer)?;
                Some(Provider {
                    settings: provider.clone(),
                    issuer: issuer.clone(),
                    tenant: only_tenant(&issuer.kind),
                })
            })
            .collect();
        let mut names = HashMap::new();
        let mut domains_of: HashMap<TenantId, Vec<&str>> = HashMap::new();
        let own = &settings.tenant;
        let partners = settings.partners.iter();
        let known = std::iter::once((own.id, &own.name, &own.domains))
            .chain(partners.map(|partner| (partner.tenant, &partner.name, &partner.domains)));
        for (tenant, name, domains) in known {
            names.insert(tenant, name.as_str().into());
            let of_tenant = domains_of.entry(tenant).or_default();
            of_tenant.extend(domains.iter().map(String::as_str));
        }
        let mut by_domain = HashMap::new();
        // What a provider's own entry says goes before what its tenant's does.
        for (number, provider) in providers.iter().enumerate() {
            for domain in &provider.settings.domains {
                by_domain.entry(domain.as_str().into()).or_insert(number);
            }
        }
        for (number, provider) in providers.iter().enumerate() {
            let domains = provider.tenant.and_then(|tenant| domains_of.get(&tenant));
            for domain in domains.into_iter().flatten() {
                by_domain.entry((*domain).into()).or_insert(number);
            }
        }
        Some(Self {
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            providers,
            terms: settings.terms.clone(),
            idle: settings.portal.idle.as_secs(),
            lifetime: settings.portal.lifetime.as_secs(),
            organisation: own.name.as_str().into(),
            by_domain,
            names,
        })
    }

    /// The provider of a name.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Provider> {
        let mut providers = self.providers.iter();
        providers.find(|provider| provider.settings.name == name)
    }

    /// Where the owner of a mail address signs in.
    #[must_use]
    pub fn of_address(&self, address: &str) -> Option<&Provider> {
        let (_, domain) = address.rsplit_once('@')?;
        let number = self.by_domain.get(&*domain.to_ascii_lowercase())?;
        self.providers.get(*number)
    }

    /// Where the people of a tenant sign in.
    #[must_use]
    pub fn of_tenant(&self, tenant: TenantId) -> Option<&Provider> {
        let mut providers = self.providers.iter();
        providers.find(|provider| provider.tenant == Some(tenant))
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
            [only] => Some(only),
            _ => None,
        }
    }

    /// Whether somebody who signed in there before would be believed with the same ID token by these settings.
    #[must_use]
    pub fn still_believes(&self, provider: &str, known: &KnownToken, issuers: &Issuers) -> bool {
        let claims = known.verified.claims();
        let is_own = |audience: &str| {
            self.provider(provider).is_some_and(|provider| {
                let settings = &provider.settings;
                *settings.issuer == **known.verified.issuer() && settings.client_id == audience
            })
        };
        // Read anew, it may speak for another tenant, or for nobody.
        let same = issuers
            .named(known.verified.issuer())
            .is_some_and(|issuer| {
                let tenant = match &issuer.kind {
                    token::IssuerKind::Oidc { tenant, .. } => *tenant == known.subject.issuer.0,
                    token::IssuerKind::Entra { .. } => true,
                };
                tenant && issuer.admits(&claims.issuer)
            });
        same && claims.audiences.iter().any(|audience| is_own(audience))
    }
}

static SERIAL: AtomicU64 = AtomicU64::new(1);

fn only_tenant(kind: &IssuerKind) -> Option<TenantId> {
    match kind {
        IssuerKind::Oidc { tenant } => Some(*tenant),
        IssuerKind::Entra { tenants } => match tenants {
            EntraTenants::Only(tenants) => match tenants.as_slice() {
                [only] => Some(*only),
                _ => None,
            },
            EntraTenants::Any => None,
        },
    }
}
