//! Why a token is refused.

/// The rule that a token breaks.
///
/// Several may be broken at once: the one reported is of the group that comes first here, the order of decision.md,
/// section 12.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum TokenFault {
    // Not a JWT: 50027.
    /// Longer than [`crate::MAX_TOKEN_BYTES`].
    #[error("token is longer than 16 KiB")]
    TooLong,
    /// Not three non-empty parts (RFC 7515, section 7.1).
    #[error("token is not three non-empty parts")]
    NotThreeParts,
    /// A part is not canonical base64url without padding (RFC 7515, section 2).
    #[error("a part of the token is not canonical base64url")]
    NotBase64Url,
    /// A part is not JSON text in UTF-8 (RFC 8259).
    #[error("a part of the token is not JSON")]
    NotJson,
    /// A part is JSON, but no object (RFC 7519, section 7.2).
    #[error("a part of the token is not a JSON object")]
    NotAnObject,
    /// An object has two members of one name (RFC 8725, section 2.4).
    #[error("a JSON object in the token has two members of one name")]
    DuplicateMember,
    /// Nested deeper than [`json::MAX_NESTING`](crate::json::MAX_NESTING).
    #[error("JSON in the token is nested too deep")]
    NestedTooDeep,
    /// `typ` is neither absent nor one that an access token has (RFC 9068, section 2.1).
    #[error("the token's `typ` is not that of an access token")]
    UnacceptableType,
    /// `crit` is present, and no extension is understood (RFC 7515, section 4.1.11).
    #[error("the token's header has `crit`")]
    CriticalHeader,
    /// `b64` is anything but `true` (RFC 7797).
    #[error("the token's header has `b64`")]
    UnencodedPayload,
    /// A header parameter or claim that is read has another JSON type than it must have.
    #[error("`{0}` has the wrong JSON type")]
    WrongType(&'static str),
    /// A header parameter or claim that must be there is not.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A time outside `0..2^53`.
    #[error("`{0}` is not a time")]
    NotATime(&'static str),
    /// An ID token, which tells a client who signed in and opens nothing (RFC 9068, section 5).
    #[error("an ID token is not an access token")]
    IdToken,

    // Unknown or unfit key, algorithm: 50003.
    /// `alg` is not one that the issuer may sign with: `none` and HMAC never are (RFC 8725, section 3.1).
    #[error("the token's algorithm is not one of its issuer's")]
    AlgorithmNotAllowed,
    /// `kid` is absent: no key is guessed.
    #[error("the token names no key")]
    NoKeyId,
    /// `kid` is not in the issuer's key set.
    #[error("the token is signed with a key the issuer does not publish")]
    UnknownKey,
    /// The key of this `kid` cannot be used, or not for this algorithm.
    #[error("the key the token names cannot verify it")]
    UnfitKey,

    // Signature: 50006.
    /// The signature is not the key's.
    #[error("the token's signature is wrong")]
    BadSignature,

    // Issuer, tenant, identity provider, contradictions: 50013.
    /// `iss` is not one of a configured issuer's.
    #[error("the token's issuer is not configured")]
    UnknownIssuer,
    /// The key may sign for another tenant or cloud only.
    #[error("the key may not sign for the token's issuer")]
    KeyOfAnotherIssuer,
    /// `tid` is not a GUID.
    #[error("`tid` is not a tenant id")]
    MalformedTenant,
    /// `tid` names another tenant than the issuer.
    #[error("`tid` contradicts the token's issuer")]
    TenantContradictsIssuer,
    /// `oid` of an Entra token is not a GUID.
    #[error("`oid` is not an object id")]
    MalformedObject,
    /// `azp` and `appid` name different clients.
    #[error("`azp` and `appid` differ")]
    ClientsDiffer,
    /// `ver` is not the version whose form `iss` has.
    #[error("`ver` contradicts the form of `iss`")]
    VersionContradictsIssuer,
    /// `idp` is empty.
    #[error("`idp` is empty")]
    EmptyIdp,
    /// `idp` begins with a host of Entra and is not an issuer of Entra.
    #[error("`idp` looks like an Entra issuer and is none")]
    IdpLooksLikeEntra,
    /// `idp` names the issuer's own tenant in another cloud's form.
    #[error("`idp` names the token's own tenant in another cloud")]
    IdpInAnotherCloud,
    /// An app-only token that names another identity provider: a service principal signs in nowhere else.
    #[error("an app-only token names another identity provider")]
    AppWithForeignIdp,
    /// An app-only token of the Microsoft-account tenant.
    #[error("an app-only token of the Microsoft-account tenant")]
    AppOfMicrosoftAccounts,
    /// `idp` names somebody else, in a token that the resource tenant did not issue.
    #[error("only the resource tenant may name another identity provider")]
    ForeignIdp,
    /// An ID token's `nonce` is not the one that its browser asked with (OpenID Connect Core 1.0, section 3.1.3.7).
    #[error("the ID token answers another sign-in")]
    WrongNonce,
    /// An ID token for several clients does not name this one in `azp`, or names another.
    #[error("the ID token was made for another client")]
    WrongClient,
    /// The token is bound to a key (`cnf`) whose possession was not proven (RFC 7800).
    #[error("possession of the key the token is bound to is not proven")]
    UnprovenPossession,

    // Audience: 50010.
    /// `aud` has none of the application's audiences.
    #[error("the token is for another application")]
    WrongAudience,

    // Times: 500133.
    /// `exp` has passed.
    #[error("token expired")]
    Expired,
    /// `nbf` is still to come.
    #[error("token not yet valid")]
    NotYetValid,
    /// `iat` is still to come.
    #[error("token issued in the future")]
    IssuedInTheFuture,
    /// `auth_time` is still to come.
    #[error("token tells of a sign-in in the future")]
    AuthenticatedInTheFuture,
}

impl TokenFault {
    /// The AADSTS number (decision.md, section 12).
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::TooLong
            | Self::NotThreeParts
            | Self::NotBase64Url
            | Self::NotJson
            | Self::NotAnObject
            | Self::DuplicateMember
            | Self::NestedTooDeep
            | Self::UnacceptableType
            | Self::CriticalHeader
            | Self::UnencodedPayload
            | Self::WrongType(_)
            | Self::Missing(_)
            | Self::NotATime(_)
            | Self::IdToken => 50027,
            Self::AlgorithmNotAllowed
            | Self::NoKeyId
            | Self::UnknownKey
            | Self::UnfitKey
            | Self::KeyOfAnotherIssuer => 50003,
            Self::BadSignature => 50006,
            Self::UnknownIssuer
            | Self::MalformedTenant
            | Self::TenantContradictsIssuer
            | Self::MalformedObject
            | Self::ClientsDiffer
            | Self::VersionContradictsIssuer
            | Self::EmptyIdp
            | Self::IdpLooksLikeEntra
            | Self::IdpInAnotherCloud
            | Self::AppWithForeignIdp
            | Self::AppOfMicrosoftAccounts
            | Self::ForeignIdp
            | Self::WrongNonce
            | Self::WrongClient
            | Self::UnprovenPossession => 50013,
            Self::WrongAudience => 50010,
            Self::Expired
            | Self::NotYetValid
            | Self::IssuedInTheFuture
            | Self::AuthenticatedInTheFuture => 500_133,
        }
    }

    /// The rule's name in events, metrics and decided cases.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "token_too_long",
            Self::NotThreeParts => "token_not_three_parts",
            Self::NotBase64Url => "token_not_base64url",
            Self::NotJson => "token_not_json",
            Self::NotAnObject => "token_not_an_object",
            Self::DuplicateMember => "duplicate_member",
            Self::NestedTooDeep => "nested_too_deep",
            Self::UnacceptableType => "unacceptable_typ",
            Self::CriticalHeader => "critical_header",
            Self::UnencodedPayload => "unencoded_payload",
            Self::WrongType(_) => "wrong_json_type",
            Self::Missing(_) => "missing_claim",
            Self::NotATime(_) => "time_out_of_range",
            Self::IdToken => "id_token",
            Self::AlgorithmNotAllowed => "algorithm_not_allowed",
            Self::NoKeyId => "no_key_id",
            Self::UnknownKey => "unknown_key",
            Self::UnfitKey => "unfit_key",
            Self::BadSignature => "bad_signature",
            Self::UnknownIssuer => "unknown_issuer",
            Self::KeyOfAnotherIssuer => "key_of_another_issuer",
            Self::MalformedTenant => "malformed_tid",
            Self::TenantContradictsIssuer => "tid_contradicts_iss",
            Self::MalformedObject => "malformed_oid",
            Self::ClientsDiffer => "clients_differ",
            Self::VersionContradictsIssuer => "ver_contradicts_iss",
            Self::EmptyIdp => "empty_idp",
            Self::IdpLooksLikeEntra => "idp_looks_like_entra",
            Self::IdpInAnotherCloud => "idp_in_another_cloud",
            Self::AppWithForeignIdp => "app_with_foreign_idp",
            Self::AppOfMicrosoftAccounts => "app_of_microsoft_accounts",
            Self::ForeignIdp => "foreign_idp",
            Self::WrongNonce => "wrong_nonce",
            Self::WrongClient => "wrong_client",
            Self::UnprovenPossession => "unproven_possession",
            Self::WrongAudience => "wrong_audience",
            Self::Expired => "token_expired",
            Self::NotYetValid => "token_not_yet_valid",
            Self::IssuedInTheFuture => "issued_in_the_future",
            Self::AuthenticatedInTheFuture => "authenticated_in_the_future",
        }
    }

    /// The claim or header parameter at fault, where the rule is about any of several.
    #[must_use]
    pub const fn claim(self) -> Option<&'static str> {
        if let Self::WrongType(name) | Self::Missing(name) | Self::NotATime(name) = self {
            Some(name)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_small_enough_to_copy_around() {
        assert!(size_of::<TokenFault>() <= 24);
    }

    #[test]
    fn a_fault_tells_code_rule_and_claim() {
        let fault = TokenFault::WrongType("exp");
        assert_eq!(
            (fault.code(), fault.reason(), fault.claim()),
            (50027, "wrong_json_type", Some("exp"))
        );
        assert_eq!(TokenFault::Expired.code(), 500_133);
        assert_eq!(TokenFault::Expired.reason(), "token_expired");
        assert_eq!(TokenFault::Expired.claim(), None);
    }
}
