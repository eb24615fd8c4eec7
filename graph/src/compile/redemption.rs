//! The order of identity providers in which an invitation is redeemed.

use crossgate_policy::snapshot::{FallbackProvider, PrimaryProvider, RedemptionOrder};

use crate::documents::cross_tenant::{IdentityProvider, RedemptionDocument};
use crate::reader::path::At;
use crate::reader::report::Notes;

/// Compiles the order; its faults are noted.
pub(crate) fn compile(
    document: &RedemptionDocument,
    at: &At<'_>,
    notes: &mut Notes<'_>,
) -> RedemptionOrder {
    let RedemptionDocument {
        primary_identity_provider_precedence_order: order,
        fallback_identity_provider: fallback,
    } = document;
    let initial = RedemptionOrder::default();
    let primary = order.as_deref().map_or(initial.primary, |order| {
        primary(
            order,
            &at.member("primaryIdentityProviderPrecedenceOrder"),
            notes,
        )
    });
    let fallback_at = at.member("fallbackIdentityProvider");
    let fallback = match fallback {
        Some(IdentityProvider::DefaultConfiguredIdp) => FallbackProvider::DefaultConfigured,
        Some(IdentityProvider::EmailOneTimePasscode) => FallbackProvider::EmailOneTimePasscode,
        Some(IdentityProvider::MicrosoftAccount) => FallbackProvider::MicrosoftAccount,
        Some(
            IdentityProvider::AzureActiveDirectory
            | IdentityProvider::ExternalFederation
            | IdentityProvider::SocialIdentityProviders,
        ) => {
            notes.fault(
                &fallback_at,
                format!("a primary provider cannot be the fallback; expected {FALLBACKS}"),
            );
            initial.fallback
        }
        None => {
            notes.fault(
                &fallback_at,
                format!("one fallback must stay; expected {FALLBACKS}"),
            );
            initial.fallback
        }
    };
    RedemptionOrder { primary, fallback }
}

fn primary(order: &[IdentityProvider], at: &At<'_>, notes: &mut Notes<'_>) -> Vec<PrimaryProvider> {
    let mut primary = Vec::new();
    for (index, provider) in order.iter().enumerate() {
        let provider = match provider {
            IdentityProvider::AzureActiveDirectory => PrimaryProvider::AzureActiveDirectory,
            IdentityProvider::ExternalFederation => PrimaryProvider::ExternalFederation,
            IdentityProvider::SocialIdentityProviders => PrimaryProvider::SocialIdentityProviders,
            IdentityProvider::EmailOneTimePasscode
            | IdentityProvider::MicrosoftAccount
            | IdentityProvider::DefaultConfiguredIdp => {
                notes.fault(
                    &at.item(index),
                    "not a primary provider; expected `azureActiveDirectory`, `externalFederation` or \
                     `socialIdentityProviders`",
                );
                continue;
            }
        };
        if primary.contains(&provider) {
            notes.fault(&at.item(index), "the provider stands twice; keep one");
        }
        primary.push(provider);
    }
    primary
}

const FALLBACKS: &str = "`defaultConfiguredIdp`, `emailOneTimePasscode` or `microsoftAccount`";
