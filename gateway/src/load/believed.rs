//! Who may sign tokens: the settings' words in the verifier's.

use crossgate_config as config;
use crossgate_policy::ids::{Guid, TenantId};
use crossgate_token::{
    Algorithm, ClaimMap, ClaimTest, Issuer, IssuerKind, Issuers, NotAPointer, Pointer, Tenants,
};

/// The issuers that the settings name. The settings' reader refuses whatever fails here with its place; that both mean
/// the same by a pointer is not left to chance.
pub(super) fn issuers(settings: &config::Settings) -> Result<Issuers, String> {
    let own = &settings.tenant;
    let issuers: Result<Vec<Issuer>, String> = settings
        .issuers
        .iter()
        .filter_map(|settings| Some((settings, kind(settings, own)?)))
        .map(|(settings, kind)| {
            issuer(settings, kind)
                .map_err(|error| format!("issuer `{}`: a claim's place is {error}", settings.name))
        })
        .collect();
    issuers.map(Issuers::new)
}

/// One that speaks for no tenant, for sign-ins with a browser, where what it says is looked up in the directory. `None`:
/// it is another kind.
#[must_use]
pub fn social_issuer(settings: &config::IssuerSettings) -> Option<Issuer> {
    match settings.kind {
        config::IssuerKind::Social { .. } => {
            let kind = IssuerKind::Oidc {
                url: settings.issuer.as_str().into(),
                tenant: NOBODYS,
            };
            issuer(settings, kind).ok()
        }
        config::IssuerKind::Entra { .. } | config::IssuerKind::Oidc { .. } => None,
    }
}

/// Whose bearer tokens an issuer signs; `None` where nobody's.
fn kind(settings: &config::IssuerSettings, own: &config::OwnTenant) -> Option<IssuerKind> {
    // A tenant lives in one cloud: whoever signs in another one must not speak for ours.
    let elsewhere = settings.cloud != own.cloud;
    Some(match &settings.kind {
        config::IssuerKind::Entra { tenants } => IssuerKind::Entra {
            tenants: match tenants {
                config::EntraTenants::Any if elsewhere => Tenants::AnyBut(own.id),
                config::EntraTenants::Any => Tenants::Any,
                config::EntraTenants::Only(tenants) => {
                    let tenants = tenants.iter().copied();
                    Tenants::Only(tenants.filter(|id| !(elsewhere && *id == own.id)).collect())
                }
            },
        },
        config::IssuerKind::Oidc { tenant } => IssuerKind::Oidc {
            url: settings.issuer.as_str().into(),
            tenant: *tenant,
        },
        config::IssuerKind::Social { .. } => return None,
    })
}

fn issuer(settings: &config::IssuerSettings, kind: IssuerKind) -> Result<Issuer, NotAPointer> {
    Ok(Issuer {
        name: settings.name.as_str().into(),
        kind,
        cloud: settings.cloud,
        algorithms: algorithms(settings).into(),
        claims: claim_map(&settings.claims)?,
    })
}

/// The algorithms that an issuer's tokens may be signed with.
#[must_use]
pub fn algorithms(issuer: &config::IssuerSettings) -> Vec<Algorithm> {
    issuer.algorithms.iter().copied().map(algorithm).collect()
}

fn claim_map(settings: &config::ClaimMap) -> Result<ClaimMap, NotAPointer> {
    // A fact that the settings learn to place must be passed on here.
    let config::ClaimMap {
        user,
        groups,
        mfa,
        compliant_device,
        hybrid_joined_device,
        auth_contexts,
        passwordless,
        phishing_resistant,
        resource_mfa,
    } = settings;
    Ok(ClaimMap {
        user: Pointer::parse(user)?,
        groups: Pointer::parse(groups)?,
        auth_contexts: Pointer::parse(auth_contexts)?,
        mfa: test(mfa)?,
        compliant_device: test(compliant_device)?,
        hybrid_joined_device: test(hybrid_joined_device)?,
        passwordless: test(passwordless)?,
        phishing_resistant: test(phishing_resistant)?,
        resource_mfa: resource_mfa.as_ref().map(test).transpose()?,
    })
}

fn test(settings: &config::ClaimTest) -> Result<ClaimTest, NotAPointer> {
    let pointer = Pointer::parse(&settings.pointer)?;
    Ok(ClaimTest::new(pointer, &settings.contains))
}

const fn algorithm(algorithm: config::Algorithm) -> Algorithm {
    match algorithm {
        config::Algorithm::Rs256 => Algorithm::Rs256,
        config::Algorithm::Rs384 => Algorithm::Rs384,
        config::Algorithm::Rs512 => Algorithm::Rs512,
        config::Algorithm::Ps256 => Algorithm::Ps256,
        config::Algorithm::Ps384 => Algorithm::Ps384,
        config::Algorithm::Ps512 => Algorithm::Ps512,
        config::Algorithm::Es256 => Algorithm::Es256,
        config::Algorithm::Es384 => Algorithm::Es384,
        config::Algorithm::EdDsa => Algorithm::EdDsa,
    }
}

/// No organisation has it.
const NOBODYS: TenantId = TenantId(Guid::from_u128(0));
