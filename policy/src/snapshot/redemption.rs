//! The order in which identity providers are tried for a guest.

/// Graph's `defaultInvitationRedemptionIdentityProviderConfiguration`, checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RedemptionOrder {
    /// Tried in this order; may be empty.
    pub primary: Vec<PrimaryProvider>,
    /// Where none of them knows the account.
    pub fallback: FallbackProvider,
}

/// A value of `primaryIdentityProviderPrecedenceOrder`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PrimaryProvider {
    /// `azureActiveDirectory`.
    AzureActiveDirectory,
    /// `externalFederation`.
    ExternalFederation,
    /// `socialIdentityProviders`.
    SocialIdentityProviders,
}

/// `fallbackIdentityProvider`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FallbackProvider {
    /// `defaultConfiguredIdp`.
    DefaultConfigured,
    /// `emailOneTimePasscode`.
    EmailOneTimePasscode,
    /// `microsoftAccount`.
    MicrosoftAccount,
}

/// Entra's initial order.
impl Default for RedemptionOrder {
    fn default() -> Self {
        Self {
            primary: vec![
                PrimaryProvider::AzureActiveDirectory,
                PrimaryProvider::ExternalFederation,
                PrimaryProvider::SocialIdentityProviders,
            ],
            fallback: FallbackProvider::DefaultConfigured,
        }
    }
}
