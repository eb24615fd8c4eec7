//! One verified token, with everything that follows from it alone: made once, and kept for as long as the token is.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossgate_policy::ids::{Id, ResourceTenant};
use crossgate_policy::subject::Subject;
use crossgate_token::{DisplayNames, Issuers, Verified};
use http::HeaderValue;
use serde::Serialize;

use super::assertion;
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
    /// The assertion made for it last.
    pub assertion: assertion::Kept,
    /// What upstreams are told: of its issuer's own apps, and of others.
    principals: [OnceLock<Principal>; 2],
}

/// The headers by which Azure App Service tells an app who calls.
#[derive(Clone, Debug)]
pub struct Principal {
    /// `X-MS-CLIENT-PRINCIPAL`.
    pub principal: Option<HeaderValue>,
    /// `X-MS-CLIENT-PRINCIPAL-NAME`.
    pub name: Option<HeaderValue>,
    /// `X-MS-CLIENT-PRINCIPAL-IDP`.
    pub idp: Option<HeaderValue>,
}

/// What `X-MS-CLIENT-PRINCIPAL` holds, in base64.
#[derive(Serialize)]
struct ClientPrincipal<'a> {
    auth_typ: &'a str,
    claims: Vec<Told<'a>>,
    name_typ: &'a str,
    role_typ: &'a str,
}

#[derive(Serialize)]
struct Told<'a> {
    typ: &'a str,
    val: Cow<'a, str>,
}

fn spelled(id: &Id) -> Cow<'_, str> {
    match id {
        Id::Text(text) => Cow::Borrowed(text),
        Id::Guid(guid) => Cow::Owned(guid.to_string()),
    }
}

impl KnownToken {
    /// What follows from a token that one of these issuers signed.
    #[must_use]
    pub fn new(verified: Verified, issuers: &Issuers) -> Self {
        Self {
            subject: Arc::new(subject(&verified)),
            facts: Arc::new(token_facts(&verified, issuers)),
            assertion: assertion::Kept::default(),
            principals: [OnceLock::new(), OnceLock::new()],
            verified,
        }
    }

    /// What an app of this tenant is told.
    ///
    /// Roles, groups and names count where the app's own tenant vouches for them. From anybody else they would be
    /// whatever that organisation likes to write, in the app's own vocabulary.
    #[must_use]
    pub fn principal(&self, resource: ResourceTenant) -> &Principal {
        let vouched = self.subject.issuer.0 == resource.0;
        let [own, other] = &self.principals;
        let place = if vouched { own } else { other };
        place.get_or_init(|| self.make_principal(vouched))
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
            &claims.subject,
            &claims.object,
            &claims.user,
            &claims.home_object,
            &claims.session,
            &claims.token_id,
            &claims.jwt_id,
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

    fn make_principal(&self, vouched: bool) -> Principal {
        let (claims, names) = (self.verified.claims(), &self.verified.claims().names);
        let name = names
            .user_principal_name
            .as_deref()
            .or(names.preferred_username.as_deref())
            .or(names.email.as_deref());
        let mut list = Vec::with_capacity(8 + claims.groups.len());
        let mut add = |kind, value| {
            list.push(Told {
                typ: kind,
                val: value,
            });
        };
        add("iss", Cow::Borrowed(&*claims.issuer));
        for audience in &claims.audiences {
            add("aud", Cow::Borrowed(audience));
        }
        add(TENANT, Cow::Owned(self.subject.issuer.0.to_string()));
        let ids: [(&str, Option<&Id>); 4] = [
            (OBJECT, claims.object.as_ref()),
            (SUBJECT, claims.subject.as_ref()),
            ("azp", claims.client()),
            ("uti", claims.token_id.as_ref()),
        ];
        for (kind, id) in ids {
            if let Some(id) = id {
                add(kind, spelled(id));
            }
        }
        if !claims.scopes.is_empty() {
            add(SCOPE, Cow::Owned(claims.scopes.join(" ")));
        }
        if vouched {
            let texts = [
                ("name", names.name.as_deref()),
                ("preferred_username", names.preferred_username.as_deref()),
                ("upn", names.user_principal_name.as_deref()),
                // Never anything else: apps take it for an address that was verified.
                (NAME_TYPE, names.email.as_deref()),
            ];
            for (kind, text) in texts {
                if let Some(text) = text {
                    add(kind, Cow::Borrowed(text));
                }
            }
            for role in &claims.app_roles {
                add("roles", Cow::Borrowed(&**role));
                add(ROLE_TYPE, Cow::Borrowed(&**role));
            }
            for group in &claims.groups {
                add("groups", spelled(group));
            }
        }
        let principal = ClientPrincipal {
            auth_typ: self.idp(),
            claims: list,
            name_typ: NAME_TYPE,
            role_typ: ROLE_TYPE,
        };
        // Strings are all there is in it, which always can be written.
        let principal = serde_json::to_vec(&principal).unwrap_or_default();
        let encoded = STANDARD.encode(principal);
        Principal {
            principal: HeaderValue::try_from(encoded).ok(),
            name: name
                .filter(|_| vouched)
                .and_then(|name| HeaderValue::from_bytes(name.as_bytes()).ok()),
            idp: HeaderValue::from_str(self.idp()).ok(),
        }
    }
}

// As measured: `a_token_takes_what_it_weighs` in `tokens` holds them.

/// A token without lists and names, its assertion and what upstreams are told included.
const WITHOUT_LISTS: usize = 5 << 10;
/// A group or role: twice as an id, once in what upstreams are told.
const ID: usize = 144;
/// What a text of a list takes besides its letters.
const TEXT: usize = 192;
/// In claims, subject, facts, and what upstreams are told.
const TIMES_TOLD: usize = 5;

const TENANT: &str = "http://schemas.microsoft.com/identity/claims/tenantid";
const OBJECT: &str = "http://schemas.microsoft.com/identity/claims/objectidentifier";
const SCOPE: &str = "http://schemas.microsoft.com/identity/claims/scope";
const SUBJECT: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";
const NAME_TYPE: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
/// App Service announces this and leaves `roles` under its own name; apps look for either.
const ROLE_TYPE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::testing::{OWN, PARTNER, known};
    use serde_json::{Value, json};

    fn claims(principal: &Principal) -> Value {
        let encoded = principal.principal.as_ref().unwrap();
        serde_json::from_slice(&STANDARD.decode(encoded).unwrap()).unwrap()
    }

    fn has(principal: &Principal, kind: &str) -> bool {
        let told = claims(principal);
        told["claims"]
            .as_array()
            .unwrap()
            .iter()
            .any(|claim| claim["typ"] == kind)
    }

    #[test]
    fn an_app_is_told_roles_groups_and_names_its_own_tenant_vouches_for() {
        let token = known(OWN);
        let told = token.principal(ResourceTenant(OWN));
        for kind in ["roles", "groups", "name", NAME_TYPE] {
            assert!(has(told, kind), "{kind}");
        }
        assert_eq!(told.name.as_ref().unwrap(), "ada@contoso.com");
        assert_eq!(claims(told)["auth_typ"], "own");
    }

    #[test]
    fn a_display_name_or_login_name_is_never_told_as_an_address() {
        let claims_of = |claims: Value| {
            let issuers = crate::request::testing::issuers();
            let verified = crossgate_token::accept_unsigned(&claims, &issuers, "own").unwrap();
            KnownToken::new(verified, &issuers)
        };
        let token = claims_of(json!({
            "iss": "https://own.example", "aud": "api://payroll", "sub": "s", "oid": "ada", "exp": 2_000_000_000,
            "name": "ceo@contoso.com",
        }));
        let told = token.principal(ResourceTenant(OWN));
        assert!(!has(told, NAME_TYPE));
        assert_eq!(told.name, None);
    }

    #[test]
    fn a_partner_cannot_write_roles_groups_or_names_of_ours() {
        let token = known(PARTNER);
        let told = token.principal(ResourceTenant(OWN));
        for kind in ["roles", "groups", "name", NAME_TYPE] {
            assert!(!has(told, kind), "{kind}");
        }
        assert!(has(told, SUBJECT));
        assert_eq!(told.name, None);
    }
}
