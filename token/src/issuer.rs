//! Who may sign tokens, and which of them an `iss` names.

use std::sync::Arc;

use crossgate_policy::ids::{Cloud, TenantId};

use crate::entra::EntraIssuer;
use crate::{Algorithm, ClaimMap};

/// One identity provider that is believed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Issuer {
    /// What events, metrics and cases call it.
    pub name: Arc<str>,
    /// Whose tokens it signs.
    pub kind: IssuerKind,
    /// The cloud it belongs to.
    pub cloud: Cloud,
    /// Algorithms its tokens may be signed with.
    pub algorithms: Box<[Algorithm]>,
    /// Where facts stand in its tokens.
    pub claims: ClaimMap,
}

/// Whose tokens an issuer signs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum IssuerKind {
    /// Microsoft Entra, both versions of its cloud: the token's `tid` names the tenant.
    Entra {
        /// The tenants it is believed for.
        tenants: Tenants,
    },
    /// Any OpenID provider: it speaks for one tenant.
    Oidc {
        /// The `iss` of its tokens, compared exactly.
        url: Box<str>,
        /// That tenant.
        tenant: TenantId,
    },
}

/// The tenants an Entra entry is believed for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Tenants {
    /// Every tenant of its cloud.
    Any,
    /// Every tenant of its cloud but this one: the own tenant, which lives in another cloud. Nobody there speaks for it.
    AnyBut(TenantId),
    /// These and no other.
    Only(Box<[TenantId]>),
}

impl Issuer {
    /// Whether tokens with this `iss` are its own.
    #[must_use]
    pub fn admits(&self, iss: &str) -> bool {
        self.admits_form(iss, EntraIssuer::parse(iss).as_ref())
    }

    /// The same, where what the table says of that `iss` is known.
    fn admits_form(&self, iss: &str, form: Option<&EntraIssuer>) -> bool {
        match &self.kind {
            IssuerKind::Oidc { url, .. } => **url == *iss,
            IssuerKind::Entra { tenants } => form.is_some_and(|form| {
                form.clouds.contains(&self.cloud)
                    && match tenants {
                        Tenants::Any => true,
                        Tenants::AnyBut(tenant) => *tenant != form.tenant,
                        Tenants::Only(tenants) => tenants.contains(&form.tenant),
                    }
            }),
        }
    }

    /// Whether it goes before a broader one that admits the same `iss`.
    fn covers(&self, broader: &Self) -> bool {
        self.breadth() == Breadth::OneUrl || self.cloud == broader.cloud
    }

    /// How narrowly it says whom it is believed for; the narrower of two goes first.
    const fn breadth(&self) -> Breadth {
        match &self.kind {
            IssuerKind::Oidc { .. } => Breadth::OneUrl,
            IssuerKind::Entra { tenants } => match tenants {
                Tenants::Only(_) => Breadth::SomeTenants,
                Tenants::Any | Tenants::AnyBut(_) => Breadth::EveryTenant,
            },
        }
    }
}

#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Breadth {
    OneUrl,
    SomeTenants,
    EveryTenant,
}

/// Every issuer that is believed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Issuers {
    /// INVARIANT: the narrower before the broader; else in the order they were given.
    narrowest_first: Box<[Issuer]>,
}

impl Issuers {
    /// These issuers. That their names differ, and that no two are equally narrow for one tenant, is the settings'
    /// business; of two equals the first holds.
    #[must_use]
    pub fn new(issuers: impl IntoIterator<Item = Issuer>) -> Self {
        let mut issuers: Vec<_> = issuers.into_iter().collect();
        issuers.sort_by_key(Issuer::breadth);
        Self {
            narrowest_first: issuers.into(),
        }
    }

    /// The issuer of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Issuer> {
        self.narrowest_first
            .iter()
            .find(|issuer| &*issuer.name == name)
    }

    /// Every issuer, the narrower before the broader.
    pub fn iter(&self) -> impl Iterator<Item = &Issuer> {
        self.narrowest_first.iter()
    }

    /// The issuers that may have signed a token with this `iss`: of each cloud the narrowest. That is at most one,
    /// but two for `https://sts.windows.net/`, which global and usgov share; there the key tells.
    #[must_use]
    pub fn candidates(&self, iss: &str) -> Vec<&Issuer> {
        let form = EntraIssuer::parse(iss);
        let candidates = self.candidates_of_form(iss, form.as_ref());
        candidates.into_iter().flatten().collect()
    }

    /// The same, where what the table says of that `iss` is known.
    pub(crate) fn candidates_of_form(
        &self,
        iss: &str,
        form: Option<&EntraIssuer>,
    ) -> [Option<&Issuer>; Cloud::ALL.len()] {
        let mut candidates: [Option<&Issuer>; Cloud::ALL.len()] = [None; Cloud::ALL.len()];
        for issuer in self.iter().filter(|issuer| issuer.admits_form(iss, form)) {
            for place in &mut candidates {
                match place {
                    Some(narrower) if narrower.covers(issuer) => break,
                    Some(_) => {}
                    None => {
                        *place = Some(issuer);
                        break;
                    }
                }
            }
        }
        candidates
    }

    /// The tenant and cloud that the OpenID provider with this URL speaks for.
    pub(crate) fn oidc_at(&self, url: &str) -> Option<(TenantId, Cloud)> {
        self.iter().find_map(|issuer| match &issuer.kind {
            IssuerKind::Oidc { url: own, tenant } => {
                (**own == *url).then_some((*tenant, issuer.cloud))
            }
            IssuerKind::Entra { .. } => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate_policy::ids::Guid;

    const X: &str = "22222222-2222-4222-8222-222222222222";

    fn issuer(name: &str, kind: IssuerKind, cloud: Cloud) -> Issuer {
        Issuer {
            name: name.into(),
            kind,
            cloud,
            algorithms: [Algorithm::Rs256].into(),
            claims: ClaimMap::entra(),
        }
    }

    fn any(name: &str, cloud: Cloud) -> Issuer {
        let tenants = Tenants::Any;
        issuer(name, IssuerKind::Entra { tenants }, cloud)
    }

    fn only(name: &str, tenant: &str, cloud: Cloud) -> Issuer {
        let tenants = Tenants::Only([TenantId::parse(tenant).unwrap()].into());
        issuer(name, IssuerKind::Entra { tenants }, cloud)
    }

    fn oidc(name: &str, url: &str) -> Issuer {
        let (url, tenant) = (url.into(), TenantId(Guid::from_u128(7)));
        issuer(name, IssuerKind::Oidc { url, tenant }, Cloud::Global)
    }

    fn names(issuers: &Issuers, iss: &str) -> Vec<String> {
        let candidates = issuers.candidates(iss);
        candidates.iter().map(|i| i.name.to_string()).collect()
    }

    #[test]
    fn an_entra_entry_admits_both_versions_of_its_cloud_and_no_other() {
        let issuers = Issuers::new([any("china", Cloud::China)]);
        for iss in [
            format!("https://login.partner.microsoftonline.cn/{X}/v2.0"),
            format!("https://sts.chinacloudapi.cn/{X}/"),
        ] {
            assert_eq!(names(&issuers, &iss), ["china"]);
        }
        for iss in [
            format!("https://login.microsoftonline.com/{X}/v2.0"),
            format!("https://sts.windows.net/{X}/"),
        ] {
            assert!(names(&issuers, &iss).is_empty(), "{iss}");
        }
    }

    #[test]
    fn another_cloud_does_not_speak_for_the_own_tenant() {
        let tenants = Tenants::AnyBut(TenantId::parse(X).unwrap());
        let other = issuer("usgov", IssuerKind::Entra { tenants }, Cloud::UsGov);
        let issuers = Issuers::new([other, only("own", X, Cloud::Global)]);
        let shared = format!("https://sts.windows.net/{X}/");
        assert_eq!(names(&issuers, &shared), ["own"]);
        let theirs = format!("https://login.microsoftonline.us/{X}/v2.0");
        assert!(names(&issuers, &theirs).is_empty());
        let another = theirs.replace("22222222-", "33333333-");
        assert_eq!(names(&issuers, &another), ["usgov"]);
    }

    #[test]
    fn the_narrower_entry_is_used_wherever_it_stands() {
        let issuers = Issuers::new([any("any", Cloud::Global), only("one", X, Cloud::Global)]);
        let of = |tenant| format!("https://login.microsoftonline.com/{tenant}/v2.0");
        assert_eq!(names(&issuers, &of(X)), ["one"]);
        let other = "33333333-3333-4333-8333-333333333333";
        assert_eq!(names(&issuers, &of(other)), ["any"]);
        let issuers = Issuers::new([only("one", X, Cloud::Global)]);
        assert!(names(&issuers, &of(other)).is_empty());
    }

    #[test]
    fn the_shared_host_leaves_two_clouds_to_choose_from() {
        let issuers = Issuers::new([
            any("global", Cloud::Global),
            any("china", Cloud::China),
            any("gov", Cloud::UsGov),
            only("gov-one", X, Cloud::UsGov),
        ]);
        let iss = format!("https://sts.windows.net/{X}/");
        assert_eq!(names(&issuers, &iss), ["gov-one", "global"]);
        let iss = format!("https://login.microsoftonline.us/{X}/v2.0");
        assert_eq!(names(&issuers, &iss), ["gov-one"]);
    }

    #[test]
    fn an_oidc_issuer_is_compared_exactly() {
        let issuers = Issuers::new([oidc("fabrikam", "https://id.fabrikam.example")]);
        assert_eq!(names(&issuers, "https://id.fabrikam.example"), ["fabrikam"]);
        for iss in [
            "https://id.fabrikam.example/",
            "https://ID.fabrikam.example",
            "http://id.fabrikam.example",
            "",
        ] {
            assert!(names(&issuers, iss).is_empty(), "{iss}");
        }
    }
}
