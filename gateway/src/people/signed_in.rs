//! Somebody who is signed in: what their provider said of them, packed while they are away.
//!
//! Most who are signed in ask for nothing most of the time. Packed, what was said of them takes a fraction of the memory;
//! and what requests do read of those who are here lies close together, whoever else is signed in.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use crossgate_policy::ids::{Id, IssuerTenant, TenantId};
use crossgate_portal::names::Names;
use crossgate_portal::sessions::Subject;
use crossgate_token::{Claims, Home, Issuers, Packed, Verified};

use super::Standing;
use super::vouched::is_of_guest;
use crate::request::subject::is_entra;
use crate::request::token::KnownToken;
use crate::request::tokens::TokenDigest;

/// Somebody who is signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// What stands for the session where its uses are counted.
    pub digest: TokenDigest,
    /// How they stand by the settings in force.
    pub standing: Standing,
    /// Their ID token while they are here.
    ready: ArcSwapOption<KnownToken>,
    /// Apart from what every request reads, so that this is little.
    rest: Box<Rest>,
}

#[derive(Debug)]
struct Rest {
    who: Who,
    /// Their ID token, which was verified when it came.
    packed: Packed,
    entra: bool,
}

/// By what sessions are looked for among all. Not packed, so that looking through them unpacks none. Together with the provider's
/// name, which the session has, `session` and `subject` are what the provider calls those that it ends.
#[derive(Debug)]
pub struct Who {
    /// `iss`.
    pub issuer: Arc<str>,
    /// `sub`, as the provider that they came from has it: a guest's account there, not the record.
    pub subject: Option<Id>,
    /// `sid`, as the same provider has it.
    pub session: Option<Id>,
    /// The person.
    pub person: Option<Person>,
}

/// A person, as acceptances are kept of them.
#[derive(Debug, Eq, PartialEq)]
pub struct Person {
    /// Whose word their id is.
    tenant: IssuerTenant,
    id: Id,
    /// As whom a guest without a tenant signed in: the record, which is their id, may be given to somebody else.
    signed_in_as: Option<Box<str>>,
}

impl Person {
    /// Their id, and whose word it is.
    #[must_use]
    pub const fn id(&self) -> (TenantId, &Id) {
        (self.tenant.0, &self.id)
    }
}

impl SignedIn {
    /// Whoever this ID token is of, which was verified.
    #[must_use]
    pub fn new(
        verified: &Verified,
        issuers: &Issuers,
        names: &Names,
        digest: TokenDigest,
        standing: Standing,
    ) -> Self {
        Self {
            digest,
            standing,
            ready: ArcSwapOption::empty(),
            rest: Box::new(Rest {
                who: Who::of(verified, names),
                packed: Packed::new(verified),
                entra: is_entra(verified, issuers),
            }),
        }
    }

    /// By what they are told from others.
    #[must_use]
    pub fn who(&self) -> &Who {
        &self.rest.who
    }

    /// Their ID token, ready from now on. `None` would be a fault of its packing, and then they are nobody.
    #[must_use]
    pub fn token(&self) -> Option<Arc<KnownToken>> {
        if let Some(ready) = self.ready.load_full() {
            return Some(ready);
        }
        let Rest { packed, entra, .. } = &*self.rest;
        let token = Arc::new(KnownToken::of_kind(packed.unpack()?, *entra));
        // Of two made at once one is forgotten.
        self.ready.store(Some(Arc::clone(&token)));
        Some(token)
    }

    /// Whether their ID token is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready.load().is_some()
    }

    /// Has them wait packed until they ask for something again.
    pub fn goes_away(&self) {
        self.ready.store(None);
    }
}

impl Who {
    /// Whoever this token is of.
    #[must_use]
    pub fn of(verified: &Verified, names: &Names) -> Self {
        let claims = verified.claims();
        let tenant = verified.identity().issuer;
        Self {
            issuer: names.shared(&claims.issuer),
            subject: if is_of_guest(&claims.issuer) {
                claims.home_object.clone()
            } else {
                claims.subject.clone()
            },
            session: claims.session.clone(),
            person: claims.user.clone().map(|id| Person {
                tenant,
                id,
                signed_in_as: (verified.identity().home == Home::NoTenant)
                    .then(|| signed_in_as(claims).into()),
            }),
        }
    }

    /// What stands for the person where acceptances are kept.
    #[must_use]
    pub fn key(&self) -> Option<String> {
        let Person {
            tenant,
            id,
            signed_in_as,
        } = self.person.as_ref()?;
        Some(match signed_in_as {
            Some(account) => format!("{} {id} {account}", tenant.0),
            None => format!("{} {id}", tenant.0),
        })
    }

    /// What stands for whoever sends a form: the person, or the account where nobody tells an id.
    #[must_use]
    pub fn sender(&self) -> Option<String> {
        let account = || Some(format!("{} {}", self.issuer, self.subject.as_ref()?));
        self.key().or_else(account)
    }
}

impl Subject for SignedIn {
    type Named = Id;

    fn session_at_provider(&self) -> Option<&Id> {
        self.who().session.as_ref()
    }
}

/// The provider and the account there, or the address where none is told.
fn signed_in_as(claims: &Claims) -> String {
    let provider = claims.identity_provider.as_deref().unwrap_or_default();
    let account = claims.home_object.as_ref().map(ToString::to_string);
    let mail = || claims.names.email.as_ref().map(|mail| mail.to_lowercase());
    let account = account.or_else(mail).unwrap_or_default();
    format!("{provider} {account}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::testing::{OWN, issuers, known};

    #[test]
    fn who_was_away_comes_back_as_they_were() {
        let (token, names) = (known(OWN), Names::default());
        let standing = Standing::new(&[]);
        let digest = TokenDigest::default();
        let someone = SignedIn::new(&token.verified, &issuers(), &names, digest, standing);
        assert!(!someone.is_ready());
        let here = someone.token().unwrap();
        assert_eq!(here.verified, token.verified);
        assert_eq!(here.subject, token.subject);
        assert!(Arc::ptr_eq(&here, &someone.token().unwrap()));
        someone.goes_away();
        assert!(!someone.is_ready());
        assert_eq!(someone.token().unwrap().verified, token.verified);
        assert_eq!(*someone.who().issuer, *token.verified.claims().issuer);
        let key = format!("{} ada", token.subject.issuer.0);
        assert_eq!(someone.who().key(), Some(key));
    }
}
