//! Whether a genuine token opens this application, now.

use crossgate_policy::ids::{Id, ResourceTenant, UnixTime};

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

/// What an ID token is held against, once, when it comes.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedSignIn<'a> {
    /// Who the browser was sent to, by the name in the settings.
    pub issuer: &'a str,
    /// Who owns what is signed in to.
    pub resource: ResourceTenant,
    /// What the issuer knows this gateway as.
    pub client_id: &'a str,
    /// The time.
    pub now: UnixTime,
}

impl Verified {
    /// Whether an ID token was made for this client, by whom the browser was sent to, now (OpenID Connect Core 1.0,
    /// section 3.1.3.7).
    ///
    /// # Errors
    /// The rule it breaks.
    pub fn check_sign_in(&self, expected: &ExpectedSignIn<'_>) -> Result<(), TokenFault> {
        let claims = self.claims();
        if **self.issuer() != *expected.issuer {
            return Err(TokenFault::UnknownIssuer);
        }
        self.check(&Expected {
            resource: expected.resource,
            audiences: &[expected.client_id],
            possession_proven: false,
            now: expected.now,
        })?;
        let own = Id::new(expected.client_id);
        match &claims.authorized_party {
            Some(client) if *client != own => Err(TokenFault::WrongClient),
            None if claims.audiences.len() > 1 => Err(TokenFault::WrongClient),
            Some(_) | None => Ok(()),
        }?;
        if claims.app_only {
            return Err(TokenFault::WrongClient);
        }
        Ok(())
    }

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
