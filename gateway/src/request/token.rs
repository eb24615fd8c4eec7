//! One verified token, with everything that follows from it alone: made once, and kept for as long as the token is.

use std::sync::Arc;

use crossgate_policy::ids::{Id, ResourceTenant};
use crossgate_policy::subject::Subject;
use crossgate_token::{DisplayNames, Issuers, Verified};

use super::identity;
use super::subject::{is_entra, subject, token_facts};
use crate::sign_ins::TokenFacts;

/// A verified token and what follows from it.
#[derive(Debug)]
pub struct KnownToken {
    /// The token.
    pub verified: Verified,
    /// Who it speaks for.
    pub subject: Arc<Subject>,
    /// What events tell of it.
    pub facts: Arc<TokenFacts>,
    /// What upstreams were told of the caller last.
    pub told: identity::Kept,
}

impl KnownToken {
    /// What follows from a token that one of these issuers signed.
    #[must_use]
    pub fn new(verified: Verified, issuers: &Issuers) -> Self {
        let entra = is_entra(&verified, issuers);
        Self::of_kind(verified, entra)
    }

    /// What follows from a token, where it is known whether its issuer is of kind `entra`.
    #[must_use]
    pub fn of_kind(verified: Verified, entra: bool) -> Self {
        Self {
            subject: Arc::new(subject(&verified)),
            facts: Arc::new(token_facts(&verified, entra)),
            told: identity::Kept::default(),
            verified,
        }
    }

    /// Whether the tenant that owns the app signed it, and so vouches for everything in it.
    #[must_use]
    pub fn is_vouched_for(&self, resource: ResourceTenant) -> bool {
        self.subject.issuer.0 == resource.0
    }

    /// About how many bytes of memory it takes, with what upstreams are told.
    pub(super) fn weight(&self) -> usize {
        let claims = self.verified.claims();
        let ids = claims.groups.iter().chain(&*claims.directory_roles);
        let lists = [
            &*claims.audiences,
            &*claims.app_roles,
            &*claims.scopes,
            &*claims.auth_contexts,
        ];
        let texts = lists.into_iter().flatten();
        let (listed_ids, listed_texts) = (ids.clone().count(), texts.clone().count());
        let DisplayNames {
            name,
            preferred_username,
            user_principal_name,
            unique_name,
            email,
        } = &claims.names;
        let names = [
            name,
            preferred_username,
            user_principal_name,
            unique_name,
            email,
        ];
        let told_ids = [
            &claims.subject,
            &claims.object,
            &claims.user,
            &claims.token_id,
            &claims.authorized_party,
            &claims.app_id,
        ];
        let kept_ids = [
            &claims.home_object,
            &claims.session,
            &claims.jwt_id,
            &claims.restriction_policy,
        ];
        let told = ids.chain(told_ids.into_iter().flatten());
        let kept = kept_ids.into_iter().flatten();
        let provider = claims.identity_provider.as_ref();
        let names = names.into_iter().flatten().map(|name| told_letters(name));
        let letters = texts
            .map(|text| told_letters(text))
            .chain(names)
            .sum::<usize>();
        WITHOUT_LISTS
            + listed_ids * ID
            + listed_texts * TEXT
            + letters * TIMES_TOLD
            + told.map(letters_of).sum::<usize>() * TIMES_ID_TOLD
            + kept.map(letters_of).sum::<usize>()
            + provider.map_or(0, |provider| provider.len())
    }

    /// The identity provider as App Service names it.
    #[must_use]
    pub fn idp(&self) -> &str {
        if self.facts.entra {
            "aad"
        } else {
            &self.facts.issuer
        }
    }
}

/// Letters of a text. Those that JSON escapes count for more: as many as make what is told of them fit the factor below.
fn told_letters(text: &str) -> usize {
    let more = |byte| match byte {
        0..b' ' => 2,
        b'"' | b'\\' => 1,
        _ => 0,
    };
    text.len() + text.bytes().map(more).sum::<usize>()
}

/// What an id takes besides its place.
fn letters_of(id: &Id) -> usize {
    match id {
        Id::Text(text) => text.len(),
        Id::Guid(_) => 0,
    }
}

// As measured: `a_token_takes_what_it_weighs` in `tokens` holds them.

/// A token without lists and names, its assertion and what upstreams are told included.
const WITHOUT_LISTS: usize = 4288;
/// A group or role: as an id, and in what upstreams are told.
const ID: usize = 120;
/// What a text of a list takes besides its letters.
const TEXT: usize = 160;
/// In the token, and in what upstreams are told.
const TIMES_TOLD: usize = 4;
/// The same of an id that is no GUID.
const TIMES_ID_TOLD: usize = 5;
