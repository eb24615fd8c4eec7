//! `[[issuer]]`: who may sign tokens.

mod entra;

pub(crate) use entra::is_host_of;

use std::path::PathBuf;

use crossgate_policy::ids::{Cloud, TenantId};

use crate::reader::{Field, Section, Seen, Text};
use crate::tenant::{DEFAULT_CLOUD, EXPECTED_TENANT, cloud, tenant_id};
use crate::{ClaimMap, OwnTenant, Purpose, url};

/// One identity provider.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IssuerSettings {
    /// What events, metrics and cases call it.
    pub name: String,
    /// Whose tokens it signs.
    pub kind: IssuerKind,
    /// The `iss` of its tokens; for Entra one of its forms, `{tenantid}` or a fixed tenant in it.
    pub issuer: String,
    /// The cloud it belongs to.
    pub cloud: Cloud,
    /// Where its keys are.
    pub jwks: JwksSource,
    /// Algorithms its tokens may be signed with.
    pub algorithms: Vec<Algorithm>,
    /// Where facts stand in its tokens.
    pub claims: ClaimMap,
}

/// Whose tokens an issuer signs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum IssuerKind {
    /// Microsoft Entra: the token's `tid` names the tenant.
    Entra {
        /// The tenants it is believed for.
        tenants: EntraTenants,
    },
    /// Any OpenID provider: it speaks for one tenant.
    Oidc {
        /// That tenant.
        tenant: TenantId,
    },
    /// An OpenID provider that speaks for no tenant, such as Google: believed where people sign in, never as a bearer.
    Social {
        /// What guest records and `idp` call it, such as `google.com`.
        identity_provider: String,
    },
}

impl IssuerKind {
    /// The one tenant that it speaks for; `None` where it is any of several, or none.
    #[must_use]
    pub const fn only_tenant(&self) -> Option<TenantId> {
        match self {
            Self::Oidc { tenant } => Some(*tenant),
            Self::Entra { tenants } => match tenants {
                EntraTenants::Only(tenants) => match tenants.as_slice() {
                    [only] => Some(*only),
                    _ => None,
                },
                EntraTenants::Any => None,
            },
            Self::Social { .. } => None,
        }
    }

    /// Whether it speaks for this tenant, alone or among others.
    #[must_use]
    pub fn may_speak_for(&self, tenant: TenantId) -> bool {
        match self {
            Self::Oidc { tenant: only } => *only == tenant,
            Self::Entra { tenants } => match tenants {
                EntraTenants::Only(tenants) => tenants.contains(&tenant),
                EntraTenants::Any => true,
            },
            Self::Social { .. } => false,
        }
    }
}

/// The tenants an `entra` entry is believed for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum EntraTenants {
    /// Every tenant of its cloud.
    Any,
    /// These, never none; a tenant fixed in the issuer's URL is the only one.
    Only(Vec<TenantId>),
}

/// Where an issuer's keys are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum JwksSource {
    /// Where its discovery document says.
    Discovery,
    /// At this URL.
    Url(String),
    /// In this file.
    File(PathBuf),
}

/// A signature algorithm: asymmetric ones only (decision.md, section 8).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names are RFC 7518's and RFC 8037's")]
pub enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
}

impl Algorithm {
    /// Every algorithm there is.
    pub const ALL: [Self; 9] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];

    /// The `alg` of a token.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// Reads every `[[issuer]]`.
pub(crate) fn read_all(root: &mut Section<'_>, own: Option<&OwnTenant>) -> Vec<IssuerSettings> {
    let mut seen = SeenIssuers {
        names: Seen::new("give each issuer a name of its own"),
        urls: Seen::new("an issuer speaks for one tenant"),
        entra: Vec::new(),
    };
    let issuers = root.sections("issuer", |section| {
        IssuerSettings::read(section, own, &mut seen)
    });
    if root.purpose() == Purpose::Serve && root.lacks("issuer") {
        root.fault(
            "issuer",
            "missing; nobody could sign a token, so add at least one `[[issuer]]`",
        );
    }
    issuers
}

/// What no two issuers may share.
struct SeenIssuers {
    names: Seen<String>,
    urls: Seen<String>,
    entra: Vec<(Cloud, EntraTenants, String)>,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Entra,
    Oidc,
    Social,
}

impl IssuerSettings {
    fn read(
        section: &mut Section<'_>,
        own: Option<&OwnTenant>,
        seen: &mut SeenIssuers,
    ) -> Option<Self> {
        let name = section.required_text("name", "a name for events and metrics", |text| {
            let name = text.filled()?;
            seen.names.note(name.clone(), text);
            Some(name)
        });
        let kind = section.required_text("kind", "`entra`, `oidc` or `social`", |text| {
            text.choice(
                "a kind of issuer",
                &[
                    ("entra", Kind::Entra),
                    ("oidc", Kind::Oidc),
                    ("social", Kind::Social),
                ],
            )
        });
        let cloud = section.text("cloud", cloud).unwrap_or(DEFAULT_CLOUD);
        let jwks = section.text("jwks", jwks).unwrap_or(DEFAULT_JWKS);
        let algorithms = algorithms(section);
        let default_user = match kind {
            Some(Kind::Entra) => DEFAULT_ENTRA_USER,
            Some(Kind::Oidc | Kind::Social) | None => DEFAULT_OIDC_USER,
        };
        let (claims, resource_mfa) = section.section_or_empty("claims", |section| {
            let claims = ClaimMap::read(section, default_user);
            (claims, section.field("resource_mfa"))
        });
        // Known keys of the other kind get a fault of their own, and none as unknown keys.
        let (tenant, tenants) = (section.field("tenant"), section.field("tenants"));
        let (issuer, kind) = match kind {
            Some(Kind::Entra) => {
                if tenant.is_some() {
                    section.fault("tenant", "belongs to kind `oidc`; expected `tenants`");
                }
                entra::read(section, cloud)?
            }
            Some(Kind::Oidc) => {
                if tenants.is_some() {
                    section.fault("tenants", "belongs to kind `entra`; expected `tenant`");
                }
                let issuer = read_url(section, &mut seen.urls);
                let tenant = section.required_text("tenant", EXPECTED_TENANT, tenant_id);
                (issuer?, IssuerKind::Oidc { tenant: tenant? })
            }
            Some(Kind::Social) => {
                for (name, field) in [("tenant", tenant), ("tenants", tenants)] {
                    if field.is_some() {
                        section.fault(name, "its people are of no tenant; remove it");
                    }
                }
                let issuer = read_url(section, &mut seen.urls);
                let identity_provider = section.required_text(
                    "identity_provider",
                    "what guest records call it, such as `google.com`",
                    |text| {
                        let name = text.filled()?;
                        if TAKEN.contains(&name.as_str()) || name.contains(':') {
                            return text.refuse("stands for another provider, or for a tenant; expected a name such as `google.com`");
                        }
                        Some(name)
                    },
                );
                let identity_provider = identity_provider?;
                (issuer?, IssuerKind::Social { identity_provider })
            }
            None => {
                section.field("issuer");
                return None;
            }
        };
        seen.check_entra(section, cloud, &kind);
        if let (Some(field), Some(own)) = (resource_mfa, own) {
            check_resource_mfa(&field, own, &kind);
        }
        Some(Self {
            name: name?,
            kind,
            issuer,
            cloud,
            jwks,
            algorithms,
            claims,
        })
    }
}

impl SeenIssuers {
    /// Two entries of one cloud may not both be the narrowest for a tenant: whose rules hold would be chance.
    fn check_entra(&mut self, section: &mut Section<'_>, cloud: Cloud, kind: &IssuerKind) {
        let IssuerKind::Entra { tenants } = kind else {
            return;
        };
        for (other_cloud, other, key) in &self.entra {
            if *other_cloud != cloud {
                continue;
            }
            let shared = match (other, tenants) {
                (EntraTenants::Any, EntraTenants::Any) => Some("every tenant".to_owned()),
                (EntraTenants::Only(theirs), EntraTenants::Only(ours)) => ours
                    .iter()
                    .find(|tenant| theirs.contains(tenant))
                    .map(|tenant| format!("tenant `{tenant}`")),
                (EntraTenants::Any, EntraTenants::Only(_))
                | (EntraTenants::Only(_), EntraTenants::Any) => None,
            };
            if let Some(shared) = shared {
                section.fault(
                    "tenants",
                    format!("`{key}` covers {shared} already; name each tenant in one entry"),
                );
            }
        }
        self.entra
            .push((cloud, tenants.clone(), section.key().to_owned()));
    }
}

fn read_url(section: &mut Section<'_>, urls: &mut Seen<String>) -> Option<String> {
    section.required_text("issuer", EXPECTED_ISSUER, |text| {
        let issuer = url::web(text, EXPECTED_ISSUER)?;
        if issuer.contains('?') {
            return text
                .refuse("has a query, which an issuer never has; remove `?` and what follows");
        }
        urls.note(issuer.clone(), text);
        Some(issuer)
    })
}

/// Another tenant must not say what was done at ours.
fn check_resource_mfa(field: &Field<'_>, own: &OwnTenant, kind: &IssuerKind) {
    let speaks_for_own_only = match kind {
        IssuerKind::Oidc { tenant } => *tenant == own.id,
        IssuerKind::Social { .. } => false,
        IssuerKind::Entra { tenants } => match tenants {
            EntraTenants::Any => false,
            EntraTenants::Only(tenants) => tenants.iter().all(|tenant| *tenant == own.id),
        },
    };
    if !speaks_for_own_only {
        field.fault(
            "only the own tenant can say that MFA was done here; move it to an issuer of the own tenant alone",
        );
    }
}

fn algorithms(section: &mut Section<'_>) -> Vec<Algorithm> {
    let options = Algorithm::ALL.map(|algorithm| (algorithm.name(), algorithm));
    let algorithms = section.texts("algorithms", |text| {
        text.choice("an algorithm that may be used", &options)
    });
    let empty = section
        .field("algorithms")
        .is_some_and(|field| field.is_empty_list());
    if empty {
        section.fault(
            "algorithms",
            "no token could be verified; expected at least one, such as `RS256`",
        );
    }
    algorithms.unwrap_or_else(|| DEFAULT_ALGORITHMS.to_vec())
}

fn jwks(text: &Text<'_>) -> Option<JwksSource> {
    if text.value() == "discovery" {
        return Some(JwksSource::Discovery);
    }
    if text.value().starts_with("file:") {
        return text.path_after("file:").map(JwksSource::File);
    }
    url::web(text, "`discovery`, `https://…` or `file:PATH`").map(JwksSource::Url)
}

/// What records call others: Microsoft accounts, Facebook, mailboxes.
const TAKEN: [&str; 3] = ["live.com", "facebook.com", "mail"];

const EXPECTED_ISSUER: &str = "the provider's issuer, such as `https://id.fabrikam.example`";

/// Every provider publishes where its keys are; the others are for closed networks.
const DEFAULT_JWKS: JwksSource = JwksSource::Discovery;

/// What Entra and nearly all providers sign with, and its modern successor.
const DEFAULT_ALGORITHMS: [Algorithm; 2] = [Algorithm::Rs256, Algorithm::Es256];

/// Entra's `sub` differs from app to app; its `oid` is the user.
const DEFAULT_ENTRA_USER: &str = "/oid";

/// The one user id that every OpenID token has.
const DEFAULT_OIDC_USER: &str = "/sub";
