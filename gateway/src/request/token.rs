//! One verified token, with everything that follows from it alone: made once, and kept for as long as the token is.

use std::sync::Arc;

use crossgate_policy::ids::{Id, ResourceTenant};
use crossgate_policy::subject::Subject;
use crossgate_token::{DisplayNames, Issuers, Verified};

use super::identity;
use super::subject::{subject, token_facts};
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
        Self {
            subject: Arc::new(subject(&verified)),
            facts: Arc::new(token_facts(&verified, issuers)),
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
        let ids = claims.groups.iter().chain(&claims.directory_roles);
        let lists = [
            &claims.audiences,
            &claims.app_roles,
            &claims.scopes,
            &claims.auth_contexts,
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
        let own_ids = [
            claims.subject.as_ref(),
            claims.object.as_ref(),
            claims.user.as_ref(),
            claims.home_object.as_ref(),
            claims.session.as_ref(),
            claims.token_id.as_ref(),
            claims.jwt_id.as_ref(),
        ];
        let ids = ids.chain(own_ids.into_iter().flatten());
        let ids = ids.filter_map(|id| match id {
            Id::Text(text) => Some(text.len()),
            Id::Guid(_) => None,
        });
        let texts = texts.chain(names.into_iter().flatten());
        let letters = texts.map(|text| text.len()).chain(ids).sum::<usize>();
        WITHOUT_LISTS + listed_ids * ID + listed_texts * TEXT + letters * TIMES_TOLD
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

// As measured: `a_token_takes_what_it_weighs` in `tokens` holds them.

/// A token without lists and names, its assertion and what upstreams are told included.
const WITHOUT_LISTS: usize = 3584;
/// A group or role: twice as an id, once in what upstreams are told.
const ID: usize = 144;
/// What a text of a list takes besides its letters.
const TEXT: usize = 288;
/// In claims, subject, facts, and what upstreams are told.
const TIMES_TOLD: usize = 5;
