//! Home realm discovery: where the owner of a mail address signs in, in the order of redemption (Graph's
//! `invitationRedemptionIdentityProviderConfiguration`).

use std::collections::HashMap;

use crossgate_config::{EntraTenants, IssuerKind, IssuerSettings, Settings};
use crossgate_policy::ids::TenantId;
use crossgate_policy::snapshot::{FallbackProvider, PrimaryProvider, RedemptionOrder};

use super::provider::{Class, Provider, cloud_of};

/// Providers by the domains of addresses.
#[derive(Debug)]
pub(super) struct Realms {
    /// By domain, the places of providers: first those whose own entries name it, then those of the tenant that has it, then one of many
    /// tenants where that has none of its own.
    by_domain: HashMap<Box<str>, Vec<usize>>,
    /// Domains of the own tenant.
    own: Box<[Box<str>]>,
    own_tenant: TenantId,
}

impl Realms {
    pub(super) fn of(settings: &Settings, providers: &[Provider]) -> Self {
        let own = &settings.tenant;
        let mut by_domain: HashMap<Box<str>, Vec<usize>> = HashMap::new();
        let mut note = |domain: &str, place: usize| {
            let places = by_domain.entry(domain.into()).or_default();
            if !places.contains(&place) {
                places.push(place);
            }
        };
        for (place, provider) in providers.iter().enumerate() {
            for domain in &provider.domains {
                note(domain, place);
            }
        }
        let partners = settings.partners.iter();
        let partners = partners.map(|partner| (partner.tenant, &partner.domains));
        for (tenant, domains) in std::iter::once((own.id, &own.domains)).chain(partners) {
            let with = |is_it: &dyn Fn(&Provider) -> bool| -> Vec<usize> {
                let all = providers.iter().enumerate();
                let found = all.filter(|(_, provider)| is_it(provider));
                found.map(|(place, _)| place).collect()
            };
            let mut places = with(&|provider| provider.tenant() == Some(tenant));
            if places.is_empty() {
                places = with(&|provider| has_among_many(provider, tenant, settings));
            }
            for place in places {
                domains.iter().for_each(|domain| note(domain, place));
            }
        }
        Self {
            by_domain,
            own: own
                .domains
                .iter()
                .map(|domain| domain.as_str().into())
                .collect(),
            own_tenant: own.id,
        }
    }

    /// Where the owner of an address signs in; `None` where nobody configured knows it.
    pub(super) fn of_address<'p>(
        &self,
        address: &str,
        providers: &'p [Provider],
        order: &RedemptionOrder,
    ) -> Option<&'p Provider> {
        let (_, domain) = address.rsplit_once('@')?;
        let domain = domain.to_ascii_lowercase();
        let places = self.by_domain.get(&*domain);
        let known = || places.into_iter().flatten();
        let with = |class: Class| {
            let mut fitting = known().filter_map(|place| providers.get(*place));
            fitting.find(|provider| provider.class() == class)
        };
        // Nobody is a guest at home: the order is not about them.
        if self.own.iter().any(|own| **own == *domain) {
            let first = |is_it: &dyn Fn(&Provider) -> bool| {
                let mut fitting = known().filter_map(|place| providers.get(*place));
                fitting.find(|provider| is_it(provider))
            };
            let of_many = |provider: &Provider| {
                provider.class() == Class::Directory && provider.tenant().is_none()
            };
            return first(&|provider| provider.tenant() == Some(self.own_tenant))
                .or_else(|| first(&of_many));
        }
        let primary = order.primary.iter().find_map(|primary| {
            with(match primary {
                PrimaryProvider::AzureActiveDirectory => Class::Directory,
                PrimaryProvider::ExternalFederation => Class::Federation,
                PrimaryProvider::SocialIdentityProviders => Class::Social,
            })
        });
        let any = |class: Class| providers.iter().find(|provider| provider.class() == class);
        primary.or_else(|| match order.fallback {
            FallbackProvider::DefaultConfigured => with(Class::MicrosoftAccount)
                .or_else(|| any(Class::Passcode))
                .or_else(|| any(Class::MicrosoftAccount)),
            FallbackProvider::EmailOneTimePasscode => any(Class::Passcode),
            FallbackProvider::MicrosoftAccount => any(Class::MicrosoftAccount),
        })
    }
}

/// Whether a tenant's people sign in at a provider of many tenants, with tokens that are taken for that provider's: no other entry names
/// the tenant.
fn has_among_many(provider: &Provider, tenant: TenantId, settings: &Settings) -> bool {
    let Some(issuer) = provider.oidc().map(|oidc| &oidc.issuer) else {
        return false;
    };
    let is_of_many = match &issuer.kind {
        IssuerKind::Entra { tenants } => match tenants {
            EntraTenants::Any => true,
            EntraTenants::Only(_) => names(issuer, tenant),
        },
        IssuerKind::Oidc { .. } | IssuerKind::Social { .. } => false,
    };
    let mut others = settings.issuers.iter();
    is_of_many
        && issuer.cloud == cloud_of(tenant, settings)
        && !others.any(|other| other.name != issuer.name && names(other, tenant))
}

fn names(issuer: &IssuerSettings, tenant: TenantId) -> bool {
    match &issuer.kind {
        IssuerKind::Oidc { tenant: only } => *only == tenant,
        IssuerKind::Entra { tenants } => match tenants {
            EntraTenants::Any => false,
            EntraTenants::Only(tenants) => tenants.contains(&tenant),
        },
        IssuerKind::Social { .. } => false,
    }
}

/// Whether people may come with a Microsoft account: where passcodes alone are the fallback, they may not.
#[must_use]
pub(super) const fn takes_microsoft_accounts(order: &RedemptionOrder) -> bool {
    match order.fallback {
        FallbackProvider::DefaultConfigured | FallbackProvider::MicrosoftAccount => true,
        FallbackProvider::EmailOneTimePasscode => false,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crossgate_config::Purpose;

    use super::*;

    const SETTINGS: &str = r#"
        [tenant]
        id = "11111111-1111-4111-8111-111111111111"
        domains = ["contoso.example"]
        [[partner]]
        tenant = "22222222-2222-4222-8222-222222222222"
        domains = ["fabrikam.example"]
        [[issuer]]
        name = "own"
        kind = "oidc"
        issuer = "https://id.contoso.example"
        tenant = "11111111-1111-4111-8111-111111111111"
        [[issuer]]
        name = "partner"
        kind = "oidc"
        issuer = "https://id.fabrikam.example"
        tenant = "22222222-2222-4222-8222-222222222222"
        [[issuer]]
        name = "google"
        kind = "social"
        issuer = "https://accounts.google.com"
        identity_provider = "google.com"
        [[issuer]]
        name = "consumers"
        kind = "entra"
        tenants = ["9188040d-6c67-4c5b-b112-36a304b66dad"]
        [[provider]]
        name = "own"
        issuer = "own"
        client_id = "x"
        [[provider]]
        name = "partner"
        issuer = "partner"
        client_id = "x"
        [[provider]]
        name = "federation"
        kind = "saml"
        issuer_uri = "urn:federation"
        passive_sign_in_uri = "https://sso.fabrikam.example"
        signing_certificates = ["a.pem"]
        domains = ["fabrikam.example", "tailspin.example"]
        [[provider]]
        name = "google"
        issuer = "google"
        client_id = "x"
        [[provider]]
        name = "consumers"
        issuer = "consumers"
        client_id = "x"
        [[provider]]
        name = "mail"
        kind = "passcode"
    "#;

    fn leads(address: &str, primary: &[PrimaryProvider], fallback: FallbackProvider) -> String {
        leads_by(SETTINGS, address, primary, fallback)
    }

    fn leads_by(
        settings: &str,
        address: &str,
        primary: &[PrimaryProvider],
        fallback: FallbackProvider,
    ) -> String {
        let nothing = |_: &str| None;
        let settings =
            Settings::parse(settings, Path::new("/"), Purpose::Decide, &nothing).unwrap();
        let providers: Vec<Provider> = settings
            .providers
            .iter()
            .filter_map(|provider| Provider::of(provider, &settings))
            .collect();
        let realms = Realms::of(&settings, &providers);
        let order = RedemptionOrder {
            primary: primary.to_vec(),
            fallback,
        };
        let found = realms.of_address(address, &providers, &order);
        found.map_or_else(String::new, |provider| provider.name.clone())
    }

    use FallbackProvider::{DefaultConfigured, EmailOneTimePasscode, MicrosoftAccount};
    use PrimaryProvider::{
        AzureActiveDirectory as Directory, ExternalFederation as Federation,
        SocialIdentityProviders as Social,
    };

    #[test]
    fn an_address_leads_where_the_order_of_redemption_says() {
        let usual = &[Directory, Federation, Social][..];
        for (address, primary, fallback, provider) in [
            ("a@fabrikam.example", usual, DefaultConfigured, "partner"),
            // A federation for a domain that another directory has verified goes first where the order says so.
            (
                "a@fabrikam.example",
                &[Federation, Directory],
                DefaultConfigured,
                "federation",
            ),
            ("a@fabrikam.example", &[], DefaultConfigured, "mail"),
            ("a@TAILSPIN.example", usual, DefaultConfigured, "federation"),
            ("a@tailspin.example", &[Social], DefaultConfigured, "mail"),
            ("a@gmail.com", usual, DefaultConfigured, "google"),
            ("a@gmail.com", &[Directory], DefaultConfigured, "mail"),
            ("a@outlook.com", usual, DefaultConfigured, "consumers"),
            ("a@outlook.com", usual, EmailOneTimePasscode, "mail"),
            ("a@elsewhere.example", usual, DefaultConfigured, "mail"),
            ("a@elsewhere.example", usual, EmailOneTimePasscode, "mail"),
            ("a@elsewhere.example", usual, MicrosoftAccount, "consumers"),
            ("elsewhere.example", usual, DefaultConfigured, ""),
        ] {
            assert_eq!(
                leads(address, primary, fallback),
                provider,
                "{address} {primary:?}"
            );
        }
    }

    #[test]
    fn the_own_tenants_people_sign_in_at_home_whatever_the_order() {
        assert_eq!(leads("a@contoso.example", &[], EmailOneTimePasscode), "own");
    }

    #[test]
    fn an_address_leads_to_a_provider_of_many_tenants_where_its_tenant_has_no_other() {
        let settings = r#"
            [tenant]
            id = "11111111-1111-4111-8111-111111111111"
            domains = ["contoso.example"]
            [[partner]]
            tenant = "22222222-2222-4222-8222-222222222222"
            domains = ["fabrikam.example"]
            [[partner]]
            tenant = "33333333-3333-4333-8333-333333333333"
            domains = ["wingtip.example"]
            [[partner]]
            tenant = "44444444-4444-4444-8444-444444444444"
            domains = ["tailspin.example"]
            cloud = "china"
            [[partner]]
            tenant = "55555555-5555-4555-8555-555555555555"
            domains = ["acme.example"]
            [[issuer]]
            name = "entra"
            kind = "entra"
            [[issuer]]
            name = "wingtip"
            kind = "oidc"
            issuer = "https://id.wingtip.example"
            tenant = "33333333-3333-4333-8333-333333333333"
            [[provider]]
            name = "mail"
            kind = "passcode"
            [[provider]]
            name = "entra"
            issuer = "entra"
            client_id = "x"
            [[provider]]
            name = "acme"
            kind = "saml"
            issuer_uri = "urn:acme"
            passive_sign_in_uri = "https://sso.acme.example"
            signing_certificates = ["a.pem"]
            tenant = "55555555-5555-4555-8555-555555555555"
        "#;
        for (address, provider) in [
            ("a@contoso.example", "entra"),
            ("a@fabrikam.example", "entra"),
            // Its tokens are another issuer's, at whose provider nobody signs in here.
            ("a@wingtip.example", "mail"),
            ("a@tailspin.example", "mail"),
            ("a@acme.example", "acme"),
            ("a@elsewhere.example", "mail"),
        ] {
            let usual = &[Directory, Federation, Social];
            let found = leads_by(settings, address, usual, DefaultConfigured);
            assert_eq!(found, provider, "{address}");
        }
        let some = settings.replace(
            "kind = \"entra\"\n",
            "kind = \"entra\"\ntenants = [\"11111111-1111-4111-8111-111111111111\", \"66666666-6666-4666-8666-666666666666\"]\n",
        );
        for (address, provider) in [
            ("a@contoso.example", "entra"),
            ("a@fabrikam.example", "mail"),
        ] {
            let found = leads_by(&some, address, &[Directory], DefaultConfigured);
            assert_eq!(found, provider, "{address}");
        }
    }
}
