//! Graph's `crossTenantAccessPolicy` and what belongs to it.

/// Graph's `defaultInvitationRedemptionIdentityProviderConfiguration`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RedemptionOrder {}
