//! Graph's `authorizationPolicy` and the domain list of `B2BManagementPolicy`.

/// Who may be invited, and from which domains.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ExternalCollaboration {}
