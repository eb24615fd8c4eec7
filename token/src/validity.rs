//! Whether a genuine token opens this application, now.

use crossgate_policy::ids::{ResourceTenant, UnixTime};

use crate::{TokenFault, Verified};

/// Clocks may differ by this much (decision.md, section 8).
pub const CLOCK_SKEW_SECONDS: f64 = 60.0;

/// What a token is held against.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a, A> {
    /// Who owns the application.
    pub resource: ResourceTenant,
    /// The application's audiences, compared exactly.
    pub audiences: &'a [A],
    /// Possession of the key in `cnf` was proven on this request.
    pub possession_proven: bool,
    /// The time of the request.
    pub now: UnixTime,
}

impl Verified {
    /// Whether the token opens this application at this time. Asked on every request, for answers of
    /// [`verify`](crate::verify()) are kept and this one must not be.
    pub fn check<A: AsRef<str>>(&self, expected: &Expected<'_, A>) -> Result<(), TokenFault> {
        let Expected {
            resource,
            audiences,
            possession_proven,
            now,
        } = *expected;
        let (claims, identity) = (self.claims(), self.identity());
        if identity.foreign_idp && identity.issuer.0 != resource.0 {
            return Err(TokenFault::ForeignIdp);
        }
        if claims.bound_to_key && !possession_proven {
            return Err(TokenFault::UnprovenPossession);
        }
        let is_meant = |audience: &str| audiences.iter().any(|own| own.as_ref() == audience);
        if !claims.audiences.iter().any(|audience| is_meant(audience)) {
            return Err(TokenFault::WrongAudience);
        }
        if now >= claims.expires.plus(CLOCK_SKEW_SECONDS) {
            return Err(TokenFault::Expired);
        }
        let is_ahead =
            |time: Option<UnixTime>| time.is_some_and(|time| time.plus(-CLOCK_SKEW_SECONDS) > now);
        if is_ahead(claims.not_before) {
            return Err(TokenFault::NotYetValid);
        }
        if is_ahead(claims.issued_at) {
            return Err(TokenFault::IssuedInTheFuture);
        }
        if is_ahead(claims.authenticated_at) {
            return Err(TokenFault::AuthenticatedInTheFuture);
        }
        Ok(())
    }
}
