//! Section 2: whose account is calling, and who vouches for it.
//!
//! Readings taken where the page is silent:
//! - an `idp` "begins with a host" when it does so after an optional `https://` or `http://`, also if the host goes on
//!   (`sts.windows.net.example`);
//! - `live.com` in a token that 9188040d-… issued itself names somebody else than that issuer, so 2.5 refuses it;
//! - any `ver` but the one of the form of `iss` contradicts it;
//! - a tenant's issuers are those of the cloud it lives in, so in another cloud nobody signs for the own tenant;
//! - an `entra` entry whose `issuer` names a tenant speaks for that one alone.

use serde_json::Value;

use super::ids::{MICROSOFT_ACCOUNTS, is_guid, same};
use super::raw::{Book, text, texts};

/// What a valid token says about its subject.
pub(super) struct Token<'a> {
    pub(super) claims: &'a Value,
    pub(super) issuer: &'a Value,
    pub(super) issuer_tenant: &'a str,
    pub(super) home: Home<'a>,
    pub(super) app_only: bool,
}

/// Where the account lives.
#[derive(Clone, Debug)]
pub(super) enum Home<'a> {
    /// An organisation, and every cloud it may be in: more than one only for `sts.windows.net`.
    Tenant { id: &'a str, clouds: Vec<&'a str> },
    /// A consumer Microsoft account.
    MicrosoftAccount,
    /// Any other identity without a tenant.
    Nobody,
}

impl Home<'_> {
    /// The tenant id that records and events bear for this identity.
    pub(super) fn recorded(&self) -> Option<&str> {
        match self {
            Self::Tenant { id, .. } => Some(id),
            Self::MicrosoftAccount => Some(MICROSOFT_ACCOUNTS),
            Self::Nobody => None,
        }
    }

    /// The tenant, where the identity has one.
    pub(super) fn tenant(&self) -> Option<&str> {
        match self {
            Self::Tenant { id, .. } => Some(id),
            Self::MicrosoftAccount | Self::Nobody => None,
        }
    }
}

/// Reads the home tenant out of a well-formed payload; `None` is a refusal, 50013.
pub(super) fn token<'a>(
    book: &'a Book,
    app: &'a Value,
    issuer: &'a Value,
    claims: &'a Value,
) -> Option<Token<'a>> {
    let issuer_tenant = issuer_tenant(book, issuer, claims)?;
    if let (Some(azp), Some(appid)) = (text(claims, "azp"), text(claims, "appid"))
        && !same(azp, appid)
    {
        return None;
    }
    let app_only = is_app_only(issuer, claims);
    let own = own_home(issuer, issuer_tenant);
    let home = match text(claims, "idp") {
        None => own,
        Some(idp) if names_own_issuer(issuer, issuer_tenant, claims, idp) => own,
        Some(idp) => {
            let other = other_home(book, issuer, issuer_tenant, idp)?;
            if app_only || !same(issuer_tenant, book.resource_tenant(app)) {
                return None;
            }
            other
        }
    };
    if app_only && same(issuer_tenant, MICROSOFT_ACCOUNTS) {
        return None;
    }
    Some(Token {
        claims,
        issuer,
        issuer_tenant,
        home,
        app_only,
    })
}

/// Whose service signed it; `None` where the token contradicts itself or its issuer entry.
fn issuer_tenant<'a>(book: &Book, issuer: &'a Value, claims: &'a Value) -> Option<&'a str> {
    let iss = text(claims, "iss")?;
    if text(issuer, "kind") == Some("entra") {
        let tid = text(claims, "tid").filter(|tid| is_guid(tid))?;
        let form = Form::of(iss)?;
        let here = form.clouds.contains(&cloud_of(issuer)) && same(form.tenant, tid);
        let listed = match issuer.get("tenants") {
            Some(Value::Array(_)) => texts(issuer, "tenants")
                .iter()
                .any(|tenant| same(tenant, tid)),
            _ => true,
        };
        let alone = text(issuer, "issuer")
            .and_then(Form::of)
            .is_none_or(|form| same(form.tenant, tid));
        let ours_elsewhere = book.is_own(tid) && cloud_of(issuer) != book.own_cloud();
        let admitted = listed && alone && !ours_elsewhere;
        let version_fits = text(claims, "ver").is_none_or(|ver| ver == form.version);
        let oid_fits = text(claims, "oid").is_none_or(is_guid);
        (here && admitted && version_fits && oid_fits).then_some(tid)
    } else {
        let tenant = text(issuer, "tenant")?;
        let tid_fits = text(claims, "tid").is_none_or(|tid| same(tid, tenant));
        (Some(iss) == text(issuer, "issuer") && tid_fits).then_some(tenant)
    }
}

fn cloud_of(issuer: &Value) -> &str {
    text(issuer, "cloud").unwrap_or("global")
}

/// The home of a token that names nobody else: its issuer's, in its issuer's cloud whatever `[[partner]]` says.
fn own_home<'a>(issuer: &'a Value, tenant: &'a str) -> Home<'a> {
    if same(tenant, MICROSOFT_ACCOUNTS) {
        Home::MicrosoftAccount
    } else {
        Home::Tenant {
            id: tenant,
            clouds: vec![cloud_of(issuer)],
        }
    }
}

/// 2.2: the `idp` is the issuer itself, or the other version's issuer of the same tenant.
fn names_own_issuer(issuer: &Value, tenant: &str, claims: &Value, idp: &str) -> bool {
    if Some(idp) == text(claims, "iss") {
        return true;
    }
    Form::of(idp)
        .is_some_and(|form| same(form.tenant, tenant) && form.clouds.contains(&cloud_of(issuer)))
}

/// 2.3, 2.4 and 2.6: an `idp` that names somebody else.
fn other_home<'a>(
    book: &'a Book,
    issuer: &Value,
    issuer_tenant: &str,
    idp: &'a str,
) -> Option<Home<'a>> {
    if idp.is_empty() {
        return None;
    }
    if let Some(form) = Form::of(idp) {
        if same(form.tenant, issuer_tenant) {
            return None; // The issuer's own tenant, in another cloud's form.
        }
        if same(form.tenant, MICROSOFT_ACCOUNTS) {
            return Some(Home::MicrosoftAccount);
        }
        let shared = form.clouds.len() > 1;
        let table = if shared && cloud_of(issuer) == "china" {
            vec!["global"]
        } else {
            form.clouds
        };
        return Some(Home::Tenant {
            id: form.tenant,
            clouds: configured_cloud(book, form.tenant).map_or(table, |one| vec![one]),
        });
    }
    if begins_with_a_host(idp) {
        return None;
    }
    for entry in book.issuers() {
        if text(entry, "kind") == Some("oidc") && text(entry, "issuer") == Some(idp) {
            let tenant = text(entry, "tenant")?;
            if same(tenant, MICROSOFT_ACCOUNTS) {
                return Some(Home::MicrosoftAccount);
            }
            let cloud = configured_cloud(book, tenant).unwrap_or(cloud_of(entry));
            return Some(Home::Tenant {
                id: tenant,
                clouds: vec![cloud],
            });
        }
    }
    Some(if idp == "live.com" {
        Home::MicrosoftAccount
    } else {
        Home::Nobody
    })
}

fn configured_cloud<'a>(book: &'a Book, tenant: &str) -> Option<&'a str> {
    book.configured_partner(tenant)
        .and_then(|partner| text(partner, "cloud"))
}

/// Section 4: a service principal's token, told by its form, whoever issued it.
fn is_app_only(issuer: &Value, claims: &Value) -> bool {
    if text(claims, "idtyp") == Some("app") {
        return true;
    }
    let entra = text(issuer, "kind") == Some("entra");
    let roles_alone = claims.get("roles").is_some() && claims.get("scp").is_none();
    let itself = match (text(claims, "sub"), text(claims, "oid")) {
        (Some(sub), Some(oid)) => same(sub, oid),
        _ => false,
    };
    entra && roles_alone && itself
}

/// The hosts of the issuers' table, with what follows the tenant id, the version, and the clouds.
const TABLE: [(&str, &str, &str, &[&str]); 5] = [
    ("login.microsoftonline.com", "/v2.0", "2.0", &["global"]),
    ("login.microsoftonline.us", "/v2.0", "2.0", &["usgov"]),
    (
        "login.partner.microsoftonline.cn",
        "/v2.0",
        "2.0",
        &["china"],
    ),
    ("sts.windows.net", "/", "1.0", &["global", "usgov"]),
    ("sts.chinacloudapi.cn", "/", "1.0", &["china"]),
];

/// An issuer of the table, taken apart.
struct Form<'a> {
    tenant: &'a str,
    version: &'static str,
    clouds: Vec<&'static str>,
}

impl<'a> Form<'a> {
    fn of(issuer: &'a str) -> Option<Self> {
        for (host, tail, version, clouds) in TABLE {
            let rest = issuer
                .strip_prefix("https://")
                .and_then(|rest| rest.strip_prefix(host));
            let tenant = rest
                .and_then(|rest| rest.strip_prefix('/'))
                .and_then(|rest| rest.strip_suffix(tail));
            if let Some(tenant) = tenant
                && is_guid(tenant)
            {
                return Some(Self {
                    tenant,
                    version,
                    clouds: clouds.to_vec(),
                });
            }
        }
        None
    }
}

fn begins_with_a_host(idp: &str) -> bool {
    let lower = idp.to_ascii_lowercase();
    let rest = lower
        .strip_prefix("https://")
        .or_else(|| lower.strip_prefix("http://"))
        .unwrap_or(&lower);
    TABLE.iter().any(|(host, ..)| rest.starts_with(host))
}
