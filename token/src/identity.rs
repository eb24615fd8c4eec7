//! Whose account a token speaks for (decision.md, section 2).

use crossgate_policy::ids::{Cloud, HomeTenant, Id, IssuerTenant, TenantId};

use crate::entra::{EntraIssuer, begins_with_entra_host};
use crate::{Claims, Issuer, IssuerKind, Issuers, TokenFault};

/// Who signed a token, and where the account it speaks for lives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Identity {
    /// The tenant whose service signed the token.
    pub issuer: IssuerTenant,
    /// The cloud of that service.
    pub issuer_cloud: Cloud,
    /// Where the account lives, if `idp` is believed.
    pub home: Home,
    /// `idp` names somebody else than the token's own issuer. Believed only of the resource tenant, which
    /// [`Verified::check`](crate::Verified::check) sees to.
    pub foreign_idp: bool,
}

/// Where an account lives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Home {
    /// In an organisation's tenant.
    Tenant {
        /// That tenant.
        tenant: HomeTenant,
        /// Its cloud, as far as the token tells.
        cloud: HomeCloud,
    },
    /// A consumer Microsoft account: without a tenant, recorded under [`TenantId::MICROSOFT_ACCOUNTS`].
    MicrosoftAccount,
    /// Google, Facebook, one-time passcode, a federation: no tenant at all.
    NoTenant,
}

/// What a token tells about the home tenant's cloud.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HomeCloud {
    /// The home tenant issued the token, in this cloud: nothing overrides it.
    Issuer(Cloud),
    /// The cloud of what `idp` names; a configured partner cloud goes first.
    Named(Cloud),
    /// `idp` is `https://sts.windows.net/…`, which two clouds share; a configured partner cloud goes first.
    GlobalOrUsGov,
}

impl Identity {
    /// Says whose account the claims are about, whose `iss` has this form of the table, or which rule they contradict. Every fault is one of code 50013.
    pub(crate) fn read(
        claims: &Claims,
        form: Option<&EntraIssuer>,
        issuer: &Issuer,
        issuers: &Issuers,
    ) -> Result<Self, TokenFault> {
        let tenant = issuer_tenant(claims, form, issuer)?;
        check_clients(claims)?;
        let source = Source {
            tenant,
            cloud: issuer.cloud,
        };
        let (home, foreign_idp) = match claims.identity_provider.as_deref() {
            None => (source.own_home(), false),
            Some(idp) if *idp == *claims.issuer => (source.own_home(), false),
            Some(idp) => source.home_named_by(idp, issuers)?,
        };
        if claims.app_only && foreign_idp {
            return Err(TokenFault::AppWithForeignIdp);
        }
        if claims.app_only && tenant == TenantId::MICROSOFT_ACCOUNTS {
            return Err(TokenFault::AppOfMicrosoftAccounts);
        }
        Ok(Self {
            issuer: IssuerTenant(tenant),
            issuer_cloud: issuer.cloud,
            home,
            foreign_idp,
        })
    }

    /// Whether the home tenant's own service issued the token.
    #[must_use]
    pub fn is_home_issued(&self) -> bool {
        match self.home {
            Home::Tenant { tenant, .. } => tenant.0 == self.issuer.0,
            Home::MicrosoftAccount => self.issuer.0 == TenantId::MICROSOFT_ACCOUNTS,
            Home::NoTenant => false,
        }
    }
}

/// Rules 2.1 and 2.6: the tenant that the issuer speaks for, and nothing in the token denies it.
fn issuer_tenant(
    claims: &Claims,
    form: Option<&EntraIssuer>,
    issuer: &Issuer,
) -> Result<TenantId, TokenFault> {
    match &issuer.kind {
        IssuerKind::Oidc { tenant, .. } => {
            let Some(tid) = &claims.tenant else {
                return Ok(*tenant);
            };
            if TenantId::parse(tid) == Some(*tenant) {
                Ok(*tenant)
            } else {
                Err(TokenFault::TenantContradictsIssuer)
            }
        }
        IssuerKind::Entra { .. } => {
            let form = form.ok_or(TokenFault::UnknownIssuer)?;
            let tid = claims.tenant.as_deref().ok_or(TokenFault::Missing("tid"))?;
            let tid = TenantId::parse(tid).ok_or(TokenFault::MalformedTenant)?;
            if tid != form.tenant {
                return Err(TokenFault::TenantContradictsIssuer);
            }
            if matches!(claims.object, Some(Id::Text(_))) {
                return Err(TokenFault::MalformedObject);
            }
            if claims
                .version
                .as_deref()
                .is_some_and(|version| version != form.version.name())
            {
                return Err(TokenFault::VersionContradictsIssuer);
            }
            Ok(tid)
        }
    }
}

fn check_clients(claims: &Claims) -> Result<(), TokenFault> {
    match (&claims.authorized_party, &claims.app_id) {
        (Some(azp), Some(appid)) if azp != appid => Err(TokenFault::ClientsDiffer),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}

/// The token's own issuer.
#[derive(Clone, Copy)]
struct Source {
    tenant: TenantId,
    cloud: Cloud,
}

impl Source {
    /// Rule 2.2: the account lives where the token was issued.
    fn own_home(self) -> Home {
        self.home(self.tenant, HomeCloud::Issuer(self.cloud))
    }

    /// Rules 2.2 to 2.6 for an `idp` that is not the token's `iss`: the home, and whether it is foreign.
    fn home_named_by(self, idp: &str, issuers: &Issuers) -> Result<(Home, bool), TokenFault> {
        if idp.is_empty() {
            return Err(TokenFault::EmptyIdp);
        }
        if let Some(named) = EntraIssuer::parse(idp) {
            if named.names(self.tenant, self.cloud) {
                return Ok((self.own_home(), false));
            }
            if named.tenant == self.tenant {
                return Err(TokenFault::IdpInAnotherCloud);
            }
            return Ok((self.home(named.tenant, self.cloud_of(&named)), true));
        }
        if begins_with_entra_host(idp) {
            return Err(TokenFault::IdpLooksLikeEntra);
        }
        if let Some((tenant, cloud)) = issuers.oidc_at(idp) {
            return Ok((self.home(tenant, HomeCloud::Named(cloud)), true));
        }
        if idp == MICROSOFT_ACCOUNT_IDP {
            return Ok((Home::MicrosoftAccount, true));
        }
        Ok((Home::NoTenant, true))
    }

    fn home(self, tenant: TenantId, cloud: HomeCloud) -> Home {
        if tenant == TenantId::MICROSOFT_ACCOUNTS {
            return Home::MicrosoftAccount;
        }
        // The cloud of a home-issued token is its issuer's, whatever else is said.
        let cloud = if tenant == self.tenant {
            HomeCloud::Issuer(self.cloud)
        } else {
            cloud
        };
        Home::Tenant {
            tenant: HomeTenant(tenant),
            cloud,
        }
    }

    fn cloud_of(self, named: &EntraIssuer) -> HomeCloud {
        match named.clouds {
            [cloud] => HomeCloud::Named(*cloud),
            // In a china token the shared host means global (rule 2.3).
            _ => match self.cloud {
                Cloud::China => HomeCloud::Named(Cloud::Global),
                Cloud::Global | Cloud::UsGov => HomeCloud::GlobalOrUsGov,
            },
        }
    }
}

/// What `idp` says of a consumer Microsoft account.
const MICROSOFT_ACCOUNT_IDP: &str = "live.com";
