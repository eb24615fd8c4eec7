//! A partner's gateway says what its organisation's settings are towards ours (decision.md, section 7).

use crossgate_policy::ids::{TenantId, UnixTime};
use serde_json::{Map, Value};

use crate::claims::audiences;
use crate::claims::read::{text, time};
use crate::header::ReadAs;
use crate::{CLOCK_SKEW_SECONDS, Jws, KeySet, TokenFault};

/// What a cross-tenant document names itself, in `typ`.
pub const CROSS_TENANT_TYPE: &str = "cross-tenant-access+jwt";

/// The claim in which it has the settings: Graph's `crossTenantAccessPolicyConfigurationPartner`, of the tenant that it is for.
pub const CROSS_TENANT_CLAIM: &str = "cross_tenant_access";

/// How a tenant's gateway names itself, as issuer and as audience.
#[must_use]
pub fn gateway_of(tenant: TenantId) -> String {
    format!("urn:crossgate:{tenant}")
}

/// A document that was verified.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossTenant {
    /// The partner's settings towards the tenant that it is for.
    pub settings: Map<String, Value>,
    /// From when it says nothing any more.
    pub expires: UnixTime,
}

/// Who has to have signed it, for whom, and the time.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedCrossTenant {
    /// Whose settings they are.
    pub partner: TenantId,
    /// Towards whom.
    pub own: TenantId,
    /// The time.
    pub now: UnixTime,
}

/// Verifies one with the keys that the partner's gateway publishes. Of its clock nothing is forgiven at the end: what has expired is none.
///
/// # Errors
/// The rule it breaks.
pub fn verify_cross_tenant(
    document: &str,
    expected: &ExpectedCrossTenant,
    keys: &KeySet,
) -> Result<CrossTenant, TokenFault> {
    let ExpectedCrossTenant { partner, own, now } = *expected;
    let jws = Jws::parse_as(document, ReadAs::CrossTenant)?;
    keys.verify(&jws)?;
    let claims = jws.members()?;
    if text(&claims, "iss")? != Some(&gateway_of(partner)) {
        return Err(TokenFault::UnknownIssuer);
    }
    let own = gateway_of(own);
    if !audiences(&claims)?
        .iter()
        .any(|audience| **audience == *own)
    {
        return Err(TokenFault::WrongAudience);
    }
    let issued = time(&claims, "iat")?.ok_or(TokenFault::Missing("iat"))?;
    if issued.plus(-CLOCK_SKEW_SECONDS) > now {
        return Err(TokenFault::IssuedInTheFuture);
    }
    let expires = time(&claims, "exp")?.ok_or(TokenFault::Missing("exp"))?;
    if now >= expires {
        return Err(TokenFault::Expired);
    }
    match jws.claims()?.remove(CROSS_TENANT_CLAIM) {
        Some(Value::Object(settings)) => Ok(CrossTenant { settings, expires }),
        Some(_) => Err(TokenFault::WrongType(CROSS_TENANT_CLAIM)),
        None => Err(TokenFault::Missing(CROSS_TENANT_CLAIM)),
    }
}
