//! One identity provider, ready to be asked.

use crossgate_config::{
    FacebookClient, Federation, IssuerKind, IssuerSettings, OidcClient, ProviderKind,
    ProviderSettings, Settings,
};
use crossgate_policy::ids::{Cloud, TenantId};
use crossgate_token::Issuers;

use super::vouched::Voucher;
use crate::load::social_issuer;

/// One identity provider.
#[derive(Debug)]
pub struct Provider {
    /// What stands for it in addresses.
    pub name: String,
    /// What people read.
    pub label: String,
    /// Domains of the addresses whose owners its entry says sign in there.
    pub domains: Vec<String>,
    /// How it tells who somebody is.
    pub kind: Kind,
    /// Whom it speaks for.
    pub speaks_for: SpeaksFor,
}

/// How a provider tells who somebody is.
#[derive(Debug)]
pub enum Kind {
    /// By an ID token.
    Oidc(Box<Oidc>),
    /// By a profile.
    Facebook(FacebookClient),
    /// By an assertion.
    Federation(Federation),
    /// By a code that was mailed.
    Passcode,
}

/// An OpenID provider.
#[derive(Debug)]
pub struct Oidc {
    /// What this gateway is to it.
    pub client: OidcClient,
    /// Whose ID tokens it gives.
    pub issuer: IssuerSettings,
    /// Who may sign its ID tokens, where those are taken at sign-ins only.
    social: Option<Issuers>,
}

impl Oidc {
    /// Whose ID tokens are taken from it: its own, where it speaks for no tenant.
    #[must_use]
    pub fn issuers<'i>(&'i self, others: &'i Issuers) -> &'i Issuers {
        self.social.as_ref().unwrap_or(others)
    }
}

/// Whom a provider speaks for.
#[derive(Debug)]
pub enum SpeaksFor {
    /// The people of this tenant, or of any where there is none: its own tokens say who they are.
    Tenant(Option<TenantId>),
    /// People of a tenant, by assertions.
    Asserted(Voucher),
    /// Nobody's people: they are guests whom this gateway finds in the directory, and vouches for.
    Guests(Voucher),
}

/// What a provider is in the order of redemption (Graph's `b2bIdentityProvidersType`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Class {
    /// `azureActiveDirectory`: a directory of an organisation.
    Directory,
    /// `externalFederation`.
    Federation,
    /// `socialIdentityProviders`.
    Social,
    /// `microsoftAccount`.
    MicrosoftAccount,
    /// `emailOneTimePasscode`.
    Passcode,
}

impl Provider {
    /// `None` where its issuer is not among the settings, which their reader refuses.
    #[must_use]
    pub(super) fn of(provider: &ProviderSettings, settings: &Settings) -> Option<Self> {
        let own = &settings.tenant;
        let guests = |identity_provider: &str| {
            SpeaksFor::Guests(Voucher::for_guests(
                &provider.name,
                own.id,
                own.cloud,
                identity_provider,
            ))
        };
        let (kind, speaks_for) = match &provider.kind {
            ProviderKind::Oidc(client) => {
                let mut issuers = settings.issuers.iter();
                let issuer = issuers.find(|issuer| issuer.name == client.issuer)?;
                let speaks_for = match &issuer.kind {
                    IssuerKind::Social { identity_provider } => guests(identity_provider),
                    IssuerKind::Oidc { .. } | IssuerKind::Entra { .. } => {
                        SpeaksFor::Tenant(issuer.kind.only_tenant())
                    }
                };
                let oidc = Oidc {
                    client: client.clone(),
                    issuer: issuer.clone(),
                    social: social_issuer(issuer).map(|issuer| Issuers::new([issuer])),
                };
                (Kind::Oidc(Box::new(oidc)), speaks_for)
            }
            ProviderKind::Facebook(client) => (Kind::Facebook(client.clone()), guests(FACEBOOK)),
            ProviderKind::Federation(federation) => {
                let speaks_for = match federation.tenant {
                    Some(tenant) => SpeaksFor::Asserted(Voucher::for_tenant(
                        &provider.name,
                        tenant,
                        cloud_of(tenant, settings),
                        &federation.issuer_uri,
                    )),
                    None => guests(&federation.issuer_uri),
                };
                (Kind::Federation(federation.clone()), speaks_for)
            }
            ProviderKind::Passcode => (Kind::Passcode, guests(MAIL)),
        };
        Some(Self {
            name: provider.name.clone(),
            label: provider.label.clone(),
            domains: domains(provider, &speaks_for),
            kind,
            speaks_for,
        })
    }

    /// The one tenant whose people sign in there; `None` where it is any, or none.
    #[must_use]
    pub const fn tenant(&self) -> Option<TenantId> {
        match &self.speaks_for {
            SpeaksFor::Tenant(tenant) => *tenant,
            SpeaksFor::Asserted(voucher) => Some(voucher.tenant()),
            SpeaksFor::Guests(_) => None,
        }
    }

    /// What it is in the order of redemption.
    #[must_use]
    pub fn class(&self) -> Class {
        match &self.kind {
            Kind::Oidc(_) => match &self.speaks_for {
                SpeaksFor::Tenant(Some(tenant)) if *tenant == TenantId::MICROSOFT_ACCOUNTS => {
                    Class::MicrosoftAccount
                }
                SpeaksFor::Tenant(_) | SpeaksFor::Asserted(_) => Class::Directory,
                SpeaksFor::Guests(_) => Class::Social,
            },
            Kind::Facebook(_) => Class::Social,
            Kind::Federation(_) => Class::Federation,
            Kind::Passcode => Class::Passcode,
        }
    }

    /// Whether it mails codes.
    #[must_use]
    pub fn is_passcode(&self) -> bool {
        self.class() == Class::Passcode
    }

    /// The OpenID provider that it is.
    #[must_use]
    pub fn oidc(&self) -> Option<&Oidc> {
        match &self.kind {
            Kind::Oidc(oidc) => Some(oidc),
            Kind::Facebook(_) | Kind::Federation(_) | Kind::Passcode => None,
        }
    }

    /// Whether whoever owns this address signs in there: the provider's word on the address is the owner's.
    #[must_use]
    pub fn owns(&self, address: &str) -> bool {
        let domain = address.rsplit_once('@').map(|(_, domain)| domain);
        domain.is_some_and(|domain| {
            let mut domains = self.domains.iter();
            domains.any(|own| own.eq_ignore_ascii_case(domain))
        })
    }
}

/// Those of its entry, and those whose addresses are everywhere known to be its own.
fn domains(provider: &ProviderSettings, speaks_for: &SpeaksFor) -> Vec<String> {
    let known: &[&str] = match speaks_for {
        SpeaksFor::Guests(voucher) if voucher.identity_provider() == Some(GOOGLE) => &GMAIL,
        SpeaksFor::Tenant(Some(tenant)) if *tenant == TenantId::MICROSOFT_ACCOUNTS => &OUTLOOK,
        SpeaksFor::Guests(_) | SpeaksFor::Tenant(_) | SpeaksFor::Asserted(_) => &[],
    };
    let known = known.iter().map(|domain| (*domain).to_owned());
    provider.domains.iter().cloned().chain(known).collect()
}

/// The cloud of a tenant: our own, where nobody says another.
pub(super) fn cloud_of(tenant: TenantId, settings: &Settings) -> Cloud {
    let mut partners = settings.partners.iter();
    let partner = partners.find(|partner| partner.tenant == tenant);
    partner
        .and_then(|partner| partner.cloud)
        .unwrap_or(settings.tenant.cloud)
}

/// As guest records and `idp` name them.
const MAIL: &str = "mail";
const FACEBOOK: &str = "facebook.com";
const GOOGLE: &str = "google.com";

const GMAIL: [&str; 2] = ["gmail.com", "googlemail.com"];
const OUTLOOK: [&str; 4] = ["outlook.com", "hotmail.com", "live.com", "msn.com"];
