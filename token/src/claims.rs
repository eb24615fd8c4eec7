//! What a token says, with types.
//!
//! A claim that is read and has another JSON type than it must have refuses the token, `null` included: what a claim
//! means must never depend on how its reader copes.

pub(crate) mod read;

use std::sync::Arc;

use crossgate_policy::ids::{Id, UnixTime};
use serde_json::{Map, Value};

use crate::json::{self, Members, Node};
use crate::{ClaimMap, Issuer, IssuerKind, TokenFault};
use read::{boolean, flag_at, ids, number, object, strings, text, texts_at, time, user_at};

/// The claims of one token (RFC 7519, section 4; RFC 9068; Entra's).
///
/// Says nothing about whether the token is genuine: only a [`Verified`](crate::Verified) one's claims are facts.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    /// `iss`.
    pub issuer: Box<str>,
    /// `aud`; never empty.
    pub audiences: Box<[Box<str>]>,
    /// `exp`.
    pub expires: UnixTime,
    /// `nbf`.
    pub not_before: Option<UnixTime>,
    /// `iat`.
    pub issued_at: Option<UnixTime>,
    /// `auth_time`.
    pub authenticated_at: Option<UnixTime>,
    /// `sub`.
    pub subject: Option<Id>,
    /// `oid`.
    pub object: Option<Id>,
    /// `tid`, as written.
    pub tenant: Option<Box<str>>,
    /// `idp`, as written.
    pub identity_provider: Option<Box<str>>,
    /// `azp`: the calling client of a v2.0 token.
    pub authorized_party: Option<Id>,
    /// `appid`: the calling client of a v1.0 token.
    pub app_id: Option<Id>,
    /// `ver`; read of Entra's tokens only, for others use the name for other things.
    pub version: Option<Box<str>>,
    /// The user's id, where the issuer's claim map says.
    pub user: Option<Id>,
    /// `home_oid`: the id in the home directory, as the resource tenant's service tells it.
    pub home_object: Option<Id>,
    /// The user's groups, where the issuer's claim map says.
    pub groups: Arc<[Id]>,
    /// The user has more groups than are listed: `_claim_names.groups`, or `hasgroups` is true.
    pub group_overage: bool,
    /// `wids`: directory role templates.
    pub directory_roles: Arc<[Id]>,
    /// `roles`.
    pub app_roles: Arc<[Box<str>]>,
    /// `scp`, split at spaces.
    pub scopes: Arc<[Box<str>]>,
    /// `acct`.
    pub account: Account,
    /// The token has the form of an app-only one: it speaks for a service principal.
    pub app_only: bool,
    /// `sid`.
    pub session: Option<Id>,
    /// `uti`.
    pub token_id: Option<Id>,
    /// `jti`.
    pub jwt_id: Option<Id>,
    /// `cnf` is there: the token is bound to a key (RFC 7800).
    pub bound_to_key: bool,
    /// `xms_trpid`: the tenant-restriction policy the token was issued under.
    pub restriction_policy: Option<Id>,
    /// Authentication contexts met.
    pub auth_contexts: Arc<[Box<str>]>,
    /// What the token shows about the sign-in.
    pub proofs: Proofs,
    /// Names for people to read.
    pub names: DisplayNames,
}

/// What a token is read for.
#[derive(Clone, Copy)]
pub(crate) enum Use<'a> {
    /// It is to open an application.
    Access,
    /// It is to tell who signed in, in answer to this nonce.
    SignIn(Nonce<'a>),
    /// It told so once, and was kept since.
    Kept,
}

/// What ties an ID token to the browser that asked for it (OpenID Connect Core 1.0, section 3.1.2.1).
#[derive(Clone, Copy)]
pub struct Nonce<'a>(pub &'a str);

/// `acct`: standing in the issuer's directory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Account {
    /// 0.
    Member,
    /// 1.
    Guest,
    /// Absent, or a number that Entra does not define.
    Unstated,
}

/// What the sign-in behind a token proved, by the issuer's claim map.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "six independent facts of one token"
)]
pub struct Proofs {
    /// Multifactor authentication, where the account signs in.
    pub mfa: bool,
    /// Multifactor authentication done at the own tenant.
    pub resource_mfa: bool,
    /// A compliant device.
    pub compliant_device: bool,
    /// A hybrid-joined device.
    pub hybrid_joined_device: bool,
    /// A passwordless method.
    pub passwordless: bool,
    /// A phishing-resistant method.
    pub phishing_resistant: bool,
}

/// Names for records, which nothing may be decided by: they are mutable, and not verified.
///
/// One of the wrong JSON type counts as absent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DisplayNames {
    /// `name`.
    pub name: Option<Arc<str>>,
    /// `preferred_username`.
    pub preferred_username: Option<Arc<str>>,
    /// `upn`.
    pub user_principal_name: Option<Arc<str>>,
    /// `unique_name`.
    pub unique_name: Option<Arc<str>>,
    /// `email`.
    pub email: Option<Arc<str>>,
}

impl Claims {
    /// Reads the claims of a token that this issuer is said to have signed. Every fault is one of code 50027.
    pub fn read(payload: &Map<String, Value>, issuer: &Issuer) -> Result<Self, TokenFault> {
        Self::read_members(&json::borrowed(payload), issuer, Use::Access)
    }

    pub(crate) fn read_members(
        payload: &Members<'_>,
        issuer: &Issuer,
        used: Use<'_>,
    ) -> Result<Self, TokenFault> {
        let mut claims = Self::read_common(payload, used)?;
        match issuer.kind {
            IssuerKind::Entra { .. } => claims.read_entra(payload)?,
            IssuerKind::Oidc { .. } => {}
        }
        claims.read_mapped(payload, &issuer.claims)?;
        Ok(claims)
    }

    /// `iss`, which tells by whose rules the rest is read.
    pub(crate) fn issuer_of<'a>(payload: &'a Members<'_>) -> Result<&'a str, TokenFault> {
        text(payload, "iss")?.ok_or(TokenFault::Missing("iss"))
    }

    /// What is read of any issuer's token.
    pub(crate) fn read_common(payload: &Members<'_>, used: Use<'_>) -> Result<Self, TokenFault> {
        let id = |name| text(payload, name).map(|text| text.map(Id::new));
        let owned = |name| text(payload, name).map(|text| text.map(Box::from));
        let claims = Self {
            issuer: Self::issuer_of(payload)?.into(),
            audiences: audiences(payload)?,
            expires: time(payload, "exp")?.ok_or(TokenFault::Missing("exp"))?,
            not_before: time(payload, "nbf")?,
            issued_at: time(payload, "iat")?,
            authenticated_at: time(payload, "auth_time")?,
            subject: id("sub")?,
            object: id("oid")?,
            tenant: owned("tid")?,
            identity_provider: owned("idp")?,
            authorized_party: id("azp")?,
            app_id: id("appid")?,
            version: None,
            user: None,
            home_object: id("home_oid")?,
            groups: Arc::default(),
            group_overage: group_overage(payload)?,
            directory_roles: ids(payload, "wids")?,
            app_roles: strings(payload, "roles")?,
            scopes: scopes(payload)?,
            account: account(payload)?,
            app_only: text(payload, "idtyp")? == Some("app"),
            session: id("sid")?,
            token_id: id("uti")?,
            jwt_id: id("jti")?,
            bound_to_key: object(payload, "cnf")?.is_some(),
            restriction_policy: id("xms_trpid")?,
            auth_contexts: Arc::default(),
            proofs: Proofs::default(),
            names: DisplayNames::read(payload),
        };
        if claims.subject.is_none() && claims.object.is_none() {
            return Err(TokenFault::Missing("sub"));
        }
        match used {
            Use::Access if claims.is_id_token(payload) => Err(TokenFault::IdToken),
            Use::SignIn(Nonce(nonce)) if text(payload, "nonce")? != Some(nonce) => {
                Err(TokenFault::WrongNonce)
            }
            Use::Access | Use::SignIn(_) | Use::Kept => Ok(claims),
        }
    }

    /// What only Entra's tokens have.
    fn read_entra(&mut self, payload: &Members<'_>) -> Result<(), TokenFault> {
        self.version = text(payload, "ver")?.map(Into::into);
        if self.tenant.is_none() {
            return Err(TokenFault::Missing("tid"));
        }
        // `idtyp` is optional at Entra; this is how its app-only tokens look without it.
        let looks_app_only = payload.contains_key("roles")
            && !payload.contains_key("scp")
            && self.subject.is_some()
            && self.subject == self.object;
        self.app_only |= looks_app_only;
        Ok(())
    }

    /// What the issuer's claim map tells where to find.
    fn read_mapped(&mut self, payload: &Members<'_>, map: &ClaimMap) -> Result<(), TokenFault> {
        self.user = user_at(&map.user, payload)?;
        self.groups = texts_at(&map.groups, payload, "groups")?.list(Id::new);
        self.auth_contexts = texts_at(&map.auth_contexts, payload, "acrs")?.list(Box::from);
        self.proofs = Proofs {
            mfa: flag_at(&map.mfa, payload, "mfa")?,
            resource_mfa: match &map.resource_mfa {
                Some(test) => flag_at(test, payload, "resource_mfa")?,
                None => false,
            },
            compliant_device: flag_at(&map.compliant_device, payload, "compliant_device")?,
            hybrid_joined_device: flag_at(
                &map.hybrid_joined_device,
                payload,
                "hybrid_joined_device",
            )?,
            passwordless: flag_at(&map.passwordless, payload, "passwordless")?,
            phishing_resistant: flag_at(&map.phishing_resistant, payload, "phishing_resistant")?,
        };
        Ok(())
    }

    /// Whether the token has the form of an ID token, whoever issued it: those go to clients, not to applications
    /// (decision.md, section 8).
    fn is_id_token(&self, payload: &Members<'_>) -> bool {
        let tells_access = ["scp", "roles", "idtyp"]
            .iter()
            .any(|name| payload.contains_key(name));
        let clients = [&self.authorized_party, &self.app_id];
        let is_for_its_client = self.audiences.iter().any(|audience| {
            let audience = Id::new(audience);
            clients
                .into_iter()
                .flatten()
                .any(|client| *client == audience)
        });
        payload.contains_key("nonce") || (is_for_its_client && !tells_access)
    }

    /// The calling client: `azp` or `appid`. In a verified token they do not differ.
    #[must_use]
    pub fn client(&self) -> Option<&Id> {
        self.authorized_party.as_ref().or(self.app_id.as_ref())
    }

    /// The earlier of `auth_time` and `iat`; none where both are absent. A revocation is compared with it.
    #[must_use]
    pub fn earliest_sign_in(&self) -> Option<UnixTime> {
        match (self.authenticated_at, self.issued_at) {
            (Some(one), Some(other)) => Some(one.earlier(other)),
            (one, other) => one.or(other),
        }
    }
}

impl DisplayNames {
    fn read(payload: &Members<'_>) -> Self {
        let name = |claim: &str| payload.get(claim).and_then(Node::as_str).map(Into::into);
        Self {
            name: name("name"),
            preferred_username: name("preferred_username"),
            user_principal_name: name("upn"),
            unique_name: name("unique_name"),
            email: name("email"),
        }
    }
}

pub(crate) fn audiences(payload: &Members<'_>) -> Result<Box<[Box<str>]>, TokenFault> {
    let audiences: Box<[Box<str>]> = match payload.get("aud") {
        Some(Node::String(audience)) => [Box::from(&**audience)].into(),
        _ => strings(payload, "aud")?,
    };
    if audiences.is_empty() {
        return Err(TokenFault::Missing("aud"));
    }
    Ok(audiences)
}

fn scopes(payload: &Members<'_>) -> Result<Arc<[Box<str>]>, TokenFault> {
    let scopes = text(payload, "scp")?.unwrap_or_default();
    Ok(scopes
        .split(' ')
        .filter(|scope| !scope.is_empty())
        .map(Into::into)
        .collect())
}

fn account(payload: &Members<'_>) -> Result<Account, TokenFault> {
    Ok(match number(payload, "acct")? {
        Some(0.0) => Account::Member,
        Some(1.0) => Account::Guest,
        Some(_) | None => Account::Unstated,
    })
}

fn group_overage(payload: &Members<'_>) -> Result<bool, TokenFault> {
    let has_groups = boolean(payload, "hasgroups")?.unwrap_or(false);
    let elsewhere = match object(payload, "_claim_names")? {
        Some(names) => text(names, "groups")?.is_some(),
        None => false,
    };
    Ok(has_groups || elsewhere)
}
