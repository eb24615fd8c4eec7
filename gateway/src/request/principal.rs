//! What Azure App Service would tell an app of the caller: `X-MS-CLIENT-PRINCIPAL` and its kin.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossgate_policy::ids::Id;
use serde::Serialize;

use super::token::KnownToken;

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

/// `X-MS-CLIENT-PRINCIPAL`.
///
/// Roles, groups and names count where the app's own tenant vouches for them. From anybody else they would be whatever that
/// organisation likes to write, in the app's own vocabulary.
#[must_use]
pub fn principal(token: &KnownToken, vouched: bool) -> String {
    let (claims, names) = (token.verified.claims(), &token.verified.claims().names);
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
    add(TENANT, Cow::Owned(token.subject.issuer.0.to_string()));
    let ids: [(&str, Option<&Id>); 4] = [
        (OBJECT, claims.object.as_ref()),
        (SUBJECT, claims.subject.as_ref()),
        ("azp", claims.client()),
        ("uti", claims.token_id.as_ref()),
    ];
    for (kind, id) in ids {
        if let Some(id) = id {
            add(kind, id.text());
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
        for role in &*claims.app_roles {
            add("roles", Cow::Borrowed(&**role));
            add(ROLE_TYPE, Cow::Borrowed(&**role));
        }
        for group in &*claims.groups {
            add("groups", group.text());
        }
    }
    let principal = ClientPrincipal {
        auth_typ: token.idp(),
        claims: list,
        name_typ: NAME_TYPE,
        role_typ: ROLE_TYPE,
    };
    // Strings are all there is in it, which always can be written.
    STANDARD.encode(serde_json::to_vec(&principal).unwrap_or_default())
}

/// `X-MS-CLIENT-PRINCIPAL-NAME`, by the same rule.
#[must_use]
pub fn name(token: &KnownToken, vouched: bool) -> Option<&str> {
    let names = &token.verified.claims().names;
    let name = names
        .user_principal_name
        .as_deref()
        .or(names.preferred_username.as_deref())
        .or(names.email.as_deref());
    name.filter(|_| vouched)
}

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
    use crossgate_policy::ids::ResourceTenant;
    use serde_json::{Value, json};

    fn claims(principal: &str) -> Value {
        serde_json::from_slice(&STANDARD.decode(principal).unwrap()).unwrap()
    }

    fn has(principal: &str, kind: &str) -> bool {
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
        let told = principal(&token, true);
        for kind in ["roles", "groups", "name", NAME_TYPE] {
            assert!(has(&told, kind), "{kind}");
        }
        assert_eq!(name(&token, true), Some("ada@contoso.com"));
        assert_eq!(claims(&told)["auth_typ"], "own");
    }

    #[test]
    fn a_display_name_or_login_name_is_never_told_as_an_address() {
        let issuers = crate::request::testing::issuers();
        let said = json!({
            "iss": "https://own.example", "aud": "api://payroll", "sub": "s", "oid": "ada", "exp": 2_000_000_000,
            "name": "ceo@contoso.com",
        });
        let verified = crossgate_token::accept_unsigned(&said, &issuers, "own").unwrap();
        let token = KnownToken::new(verified, &issuers);
        assert!(!has(&principal(&token, true), NAME_TYPE));
        assert_eq!(name(&token, true), None);
    }

    #[test]
    fn a_partner_cannot_write_roles_groups_or_names_of_ours() {
        let token = known(PARTNER);
        let vouched = token.is_vouched_for(ResourceTenant(OWN));
        let told = principal(&token, vouched);
        for kind in ["roles", "groups", "name", NAME_TYPE] {
            assert!(!has(&told, kind), "{kind}");
        }
        assert!(has(&told, SUBJECT));
        assert_eq!(name(&token, vouched), None);
    }
}
