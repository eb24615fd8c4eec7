//! Home realm discovery: where the owner of a mail address signs in, in the order of redemption (Graph's
//! `invitationRedemptionIdentityProviderConfiguration`).

use std::collections::HashMap;

use crossgate_config::Settings;
use crossgate_policy::ids::TenantId;
use crossgate_policy::snapshot::{FallbackProvider, PrimaryProvider, RedemptionOrder};

use super::provider::{Class, Provider};

/// Providers by the domains of addresses.
#[derive(Debug)]
pub(super) struct Realms {
    /// By domain, the places of providers: first those whose own entries name it, then those of the tenant that has it.
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
        for (place, provider) in providers.iter().enumerate() {
            let Some(tenant) = provider.tenant() else {
                continue;
            };
            if tenant == own.id {
                own.domains.iter().for_each(|domain| note(domain, place));
            }
            let partners = settings.partners.iter();
            for partner in partners.filter(|partner| partner.tenant == tenant) {
                partner
                    .domains
                    .iter()
                    .for_each(|domain| note(domain, place));
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
            let mut at_home = known().filter_map(|place| providers.get(*place));
            return at_home.find(|provider| provider.tenant() == Some(self.own_tenant));
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
        let nothing = |_: &str| None;
        let settings =
            Settings::parse(SETTINGS, Path::new("/"), Purpose::Decide, &nothing).unwrap();
        let providers: Vec<Provider> = settings
            .providers
            .iter()
            .filter_map(|provider| Provider::of(provider, &settings))
            .collect();
        assert_eq!(providers.len(), 6);
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
}
