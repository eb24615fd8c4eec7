//! People for whom no ID token speaks: what this gateway found out about them, in the words of one.
//!
//! A guest without a tenant is vouched for as by the own tenant's service, with an `idp` that names who told us (decision.md,
//! section 2, rules 4 and 5); whom a federated tenant's provider asserts, as by that tenant.

use std::borrow::Cow;

use crossgate_policy::ids::{Cloud, TenantId};
use crossgate_token::{
    self as token, ClaimMap, Issuer, IssuerKind, Issuers, NotAccepted, Pointer, TokenFault,
    Verified, vouch,
};
use serde::Serialize;

/// Stands for whoever is believed, where claims are read. Nobody's bearer tokens are taken for its own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Voucher {
    issuer: Issuer,
    url: Box<str>,
    tenant: TenantId,
    identity_provider: Option<Box<str>>,
}

/// What is known of somebody, as claims (RFC 7519; OpenID Connect Core 1.0, section 5.1; RFC 8176).
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Told {
    /// The user's id: a guest's in the own directory, or that of a tenant's person there.
    pub(super) sub: String,
    /// What people call them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// Their address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    /// The same, where it is what they are known by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) preferred_username: Option<String>,
    /// When they signed in, in seconds.
    pub(super) auth_time: u64,
    /// How.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) amr: Vec<Cow<'static, str>>,
    /// Their groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) groups: Vec<String>,
    /// The account's id at a provider that speaks for no tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) home_oid: Option<String>,
    /// The provider's session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sid: Option<String>,
}

#[derive(Serialize)]
struct Statement<'a> {
    iss: &'a str,
    aud: &'a str,
    exp: u32,
    iat: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    idp: Option<&'a str>,
    #[serde(flatten)]
    told: &'a Told,
}

/// Of no form that any issuer can be configured with.
const GUESTS: &str = "urn:crossgate:guests:";

/// Whether a token's issuer is this gateway's word on a guest.
pub(super) fn is_of_guest(issuer: &str) -> bool {
    issuer.starts_with(GUESTS)
}

impl Voucher {
    /// For guests that a provider without a tenant tells of, under the name that records have for it.
    #[must_use]
    pub(super) fn for_guests(
        provider: &str,
        own: TenantId,
        cloud: Cloud,
        identity_provider: &str,
    ) -> Self {
        let url = format!("{GUESTS}{provider}");
        Self::new(provider, &url, own, cloud, Some(identity_provider))
    }

    /// For the people of a tenant that a provider asserts.
    #[must_use]
    pub(super) fn for_tenant(provider: &str, tenant: TenantId, cloud: Cloud, uri: &str) -> Self {
        Self::new(provider, uri, tenant, cloud, None)
    }

    fn new(
        provider: &str,
        url: &str,
        tenant: TenantId,
        cloud: Cloud,
        identity_provider: Option<&str>,
    ) -> Self {
        Self {
            issuer: Issuer {
                name: provider.into(),
                kind: IssuerKind::Oidc {
                    url: url.into(),
                    tenant,
                },
                cloud,
                algorithms: Box::default(),
                claims: ClaimMap {
                    user: Pointer::to_claim("sub"),
                    ..ClaimMap::oidc()
                },
            },
            url: url.into(),
            tenant,
            identity_provider: identity_provider.map(Into::into),
        }
    }

    /// The tenant in whose name it speaks.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// What guest records call the provider; `None` where it speaks for a tenant.
    #[must_use]
    pub fn identity_provider(&self) -> Option<&str> {
        self.identity_provider.as_deref()
    }

    /// What is kept of somebody who signed in.
    #[must_use]
    pub(super) fn statement(&self, told: &Told) -> String {
        let statement = Statement {
            iss: &self.url,
            aud: &self.issuer.name,
            // The session's end is its own.
            exp: u32::MAX,
            iat: told.auth_time,
            idp: self.identity_provider(),
            told,
        };
        // Strings and numbers only: there is nothing that cannot be written.
        serde_json::to_string(&statement).unwrap_or_default()
    }

    /// Reads what was kept.
    ///
    /// # Errors
    /// It is none of this voucher's.
    pub(super) fn read(&self, statement: &str, issuers: &Issuers) -> Result<Verified, NotAccepted> {
        let claims = serde_json::from_str(statement)
            .map_err(|_| NotAccepted::Refused(TokenFault::NotAnObject))?;
        let verified = vouch(&claims, &self.issuer, issuers)?;
        // The name of a provider must not be one that stands for a tenant.
        let guest_with_home =
            self.identity_provider.is_some() && verified.identity().home != token::Home::NoTenant;
        if guest_with_home {
            return Err(NotAccepted::Refused(TokenFault::UnknownIssuer));
        }
        Ok(verified)
    }

    /// Whether it vouched for this, and would again.
    #[must_use]
    pub(super) fn stands_by(&self, verified: &Verified) -> bool {
        let claims = verified.claims();
        *claims.issuer == *self.url
            && verified.identity().issuer.0 == self.tenant
            && claims.identity_provider.as_deref() == self.identity_provider()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate_policy::ids::Guid;
    use crossgate_token::{Home, KeySet, verify};

    const OWN: TenantId = TenantId(Guid::from_u128(1));
    const PARTNER: TenantId = TenantId(Guid::from_u128(2));

    fn told() -> Told {
        Told {
            sub: "guest".to_owned(),
            auth_time: 1000,
            ..Told::default()
        }
    }

    #[test]
    fn a_guest_is_vouched_for_by_the_own_tenant_and_has_none() {
        let voucher = Voucher::for_guests("mail", OWN, Cloud::Global, "mail");
        let statement = voucher.statement(&told());
        let verified = voucher.read(&statement, &Issuers::default()).unwrap();
        assert_eq!(verified.identity().issuer.0, OWN);
        assert_eq!(verified.identity().home, Home::NoTenant);
        assert!(voucher.stands_by(&verified));
        let other = Voucher::for_guests("mail", PARTNER, Cloud::Global, "mail");
        assert!(!other.stands_by(&verified));
        let other = Voucher::for_guests("mail", OWN, Cloud::Global, "google.com");
        assert!(!other.stands_by(&verified));
    }

    #[test]
    fn whom_a_tenants_provider_asserts_is_of_that_tenant() {
        let voucher =
            Voucher::for_tenant("acme", PARTNER, Cloud::Global, "https://acme.example/id");
        let statement = voucher.statement(&told());
        let verified = voucher.read(&statement, &Issuers::default()).unwrap();
        assert!(verified.identity().is_home_issued());
        assert_eq!(verified.identity().issuer.0, PARTNER);
    }

    #[test]
    fn nobodys_bearer_token_is_taken_for_a_vouched_one() {
        let voucher = Voucher::for_guests("mail", OWN, Cloud::Global, "mail");
        let statement = voucher.statement(&told());
        let encode = |text: &str| {
            use base64::Engine as _;
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
        };
        let head = encode(r#"{"alg":"RS256","kid":"k"}"#);
        let token = format!("{head}.{}.AAAA", encode(&statement));
        let keys = |_: &str| None::<&KeySet>;
        assert!(verify(&token, &Issuers::default(), keys).is_err());
    }
}
