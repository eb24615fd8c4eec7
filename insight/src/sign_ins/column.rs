//! What of an event is kept by itself, so that events can be found by it without being read.

/// A property of an event.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    missing_docs,
    reason = "each is the property of its name in Graph's `signIn`, see `path`"
)]
pub enum Column {
    UserId,
    UserPrincipalName,
    UserDisplayName,
    AppId,
    AppDisplayName,
    ResourceId,
    ResourceDisplayName,
    HomeTenantId,
    ResourceTenantId,
    ServicePrincipalId,
    ServicePrincipalName,
    IpAddress,
    ErrorCode,
    ConditionalAccessStatus,
    CrossTenantAccessType,
    IsTenantRestricted,
    IsInteractive,
    AuthenticationRequirement,
    TokenIssuerName,
    TokenIssuerType,
    UserType,
    UserAgent,
    Outcome,
    Reason,
    /// Kept as a fingerprint: good for equality alone.
    CorrelationId,
    /// The same.
    Id,
}

impl Column {
    /// Those that are kept as they are, each at the place that its number says.
    pub(super) const KEPT: [Self; 24] = [
        Self::UserId,
        Self::UserPrincipalName,
        Self::UserDisplayName,
        Self::AppId,
        Self::AppDisplayName,
        Self::ResourceId,
        Self::ResourceDisplayName,
        Self::HomeTenantId,
        Self::ResourceTenantId,
        Self::ServicePrincipalId,
        Self::ServicePrincipalName,
        Self::IpAddress,
        Self::ErrorCode,
        Self::ConditionalAccessStatus,
        Self::CrossTenantAccessType,
        Self::IsTenantRestricted,
        Self::IsInteractive,
        Self::AuthenticationRequirement,
        Self::TokenIssuerName,
        Self::TokenIssuerType,
        Self::UserType,
        Self::UserAgent,
        Self::Outcome,
        Self::Reason,
    ];

    /// Those of which only the fingerprint is.
    pub(super) const FINGERPRINTS: [Self; 2] = [Self::CorrelationId, Self::Id];

    /// Those that are kept as they are and, for each event, as a short fingerprint: in a block they have so many values that to read them all takes
    /// longer than all else of an event that is looked for.
    pub(super) const QUICK: [Self; 2] = [Self::UserId, Self::UserPrincipalName];

    /// Where the short fingerprints stand.
    pub(super) const fn quick_number(self) -> u8 {
        // INVARIANT: numbers of columns are below 32.
        QUICK | self.number()
    }

    /// Whether people know its values and ask how they begin; those of others are ids.
    pub(super) const fn is_name(self) -> bool {
        match self {
            Self::UserId
            | Self::AppId
            | Self::ResourceId
            | Self::HomeTenantId
            | Self::ResourceTenantId
            | Self::ServicePrincipalId
            | Self::CorrelationId
            | Self::Id => false,
            Self::UserPrincipalName
            | Self::UserDisplayName
            | Self::AppDisplayName
            | Self::ResourceDisplayName
            | Self::ServicePrincipalName
            | Self::IpAddress
            | Self::ErrorCode
            | Self::ConditionalAccessStatus
            | Self::CrossTenantAccessType
            | Self::IsTenantRestricted
            | Self::IsInteractive
            | Self::AuthenticationRequirement
            | Self::TokenIssuerName
            | Self::TokenIssuerType
            | Self::UserType
            | Self::UserAgent
            | Self::Outcome
            | Self::Reason => true,
        }
    }

    /// The column of a property, by the way to it.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        let all = Self::KEPT.iter().chain(&Self::FINGERPRINTS);
        all.copied().find(|column| column.path() == path)
    }

    /// The way to it in an event, with `/` between names.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::UserId => "userId",
            Self::UserPrincipalName => "userPrincipalName",
            Self::UserDisplayName => "userDisplayName",
            Self::AppId => "appId",
            Self::AppDisplayName => "appDisplayName",
            Self::ResourceId => "resourceId",
            Self::ResourceDisplayName => "resourceDisplayName",
            Self::HomeTenantId => "homeTenantId",
            Self::ResourceTenantId => "resourceTenantId",
            Self::ServicePrincipalId => "servicePrincipalId",
            Self::ServicePrincipalName => "servicePrincipalName",
            Self::IpAddress => "ipAddress",
            Self::ErrorCode => "status/errorCode",
            Self::ConditionalAccessStatus => "conditionalAccessStatus",
            Self::CrossTenantAccessType => "crossTenantAccessType",
            Self::IsTenantRestricted => "isTenantRestricted",
            Self::IsInteractive => "isInteractive",
            Self::AuthenticationRequirement => "authenticationRequirement",
            Self::TokenIssuerName => "tokenIssuerName",
            Self::TokenIssuerType => "tokenIssuerType",
            Self::UserType => "userType",
            Self::UserAgent => "userAgent",
            Self::Outcome => "crossgate/outcome",
            Self::Reason => "crossgate/reason",
            Self::CorrelationId => "correlationId",
            Self::Id => "id",
        }
    }

    /// How it is known in a file. Written: never to be given to another.
    pub(super) const fn number(self) -> u8 {
        self as u8
    }

    /// What a value of it is found by, whatever its letter case in ASCII.
    pub(super) fn fingerprint(self, value: &str) -> u64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[self.number()]);
        if value.bytes().any(|byte| byte.is_ascii_uppercase()) {
            hasher.update(value.to_ascii_lowercase().as_bytes());
        } else {
            hasher.update(value.as_bytes());
        }
        let hash = hasher.finalize();
        let first = hash.as_bytes().first_chunk::<8>();
        u64::from_le_bytes(first.copied().unwrap_or_default())
    }
}

/// Written, as numbers of columns are.
const QUICK: u8 = 160;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_stands_where_its_number_says_and_is_found_by_its_path() {
        for (place, column) in Column::KEPT.into_iter().enumerate() {
            assert_eq!(usize::from(column.number()), place);
            assert_eq!(Column::of(column.path()), Some(column));
        }
        assert_eq!(Column::of("id"), Some(Column::Id));
        assert_eq!(Column::of("errorCode"), None);
    }

    #[test]
    fn a_fingerprint_is_of_the_column_and_the_value_without_its_letter_case() {
        let of = |value| Column::UserId.fingerprint(value);
        assert_eq!(of("Ada"), of("aDA"));
        assert_ne!(of("Ada"), of("Adb"));
        assert_ne!(of("Ada"), Column::AppId.fingerprint("Ada"));
    }
}
