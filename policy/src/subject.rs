//! Who the verified token says is calling.
//!
//! A [`Subject`] holds what the token alone tells, nothing that a policy or a directory adds, so that it can be
//! kept for as long as the token lives. What the guest directory knows is joined in [`crate::decide()`].

use std::sync::Arc;

use crate::ids::{Cloud, HomeTenant, Id, IssuerTenant, TenantId, UnixTime};

/// The account that a verified token speaks for (decision.md, section 2).
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// The tenant whose service signed the token.
    pub issuer: IssuerTenant,
    /// Where the account lives.
    pub home: Home,
    /// A person or a service principal.
    pub kind: SubjectKind,
    /// Id in the issuer's directory: `oid`, or the claim the issuer's map names.
    pub user_id: Option<Id>,
    /// `home_oid`: the id in the home directory, as the resource tenant's service tells it.
    pub home_oid: Option<Id>,
    /// Groups of the issuer's directory.
    pub groups: TokenGroups,
    /// Directory role templates (`wids`) in the issuer's tenant.
    pub directory_roles: Arc<[Id]>,
    /// `acct`: standing in the issuer's directory.
    pub account: Account,
    /// App roles (`roles`).
    pub app_roles: Arc<[Box<str>]>,
    /// Delegated scopes (`scp`, split at spaces).
    pub scopes: Arc<[Box<str>]>,
    /// The calling client (`azp` or `appid`).
    pub client: Option<Id>,
    /// What the token proves about the sign-in.
    pub proofs: Proofs,
    /// Authentication contexts met (`acrs`).
    pub auth_contexts: Arc<[Box<str>]>,
    /// `sid`.
    pub session: Option<Id>,
    /// `uti`.
    pub token_id: Option<Id>,
    /// `jti`.
    pub jwt_id: Option<Id>,
    /// The earlier of `auth_time` and `iat`; none where both are absent.
    pub authenticated_at: Option<UnixTime>,
    /// `xms_trpid`: the tenant-restriction policy the token was issued under.
    pub restriction_policy: Option<Id>,
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

impl Home {
    /// The tenant id that records show.
    #[must_use]
    pub const fn recorded_tenant(self) -> Option<TenantId> {
        match self {
            Self::Tenant { tenant, .. } => Some(tenant.0),
            Self::MicrosoftAccount => Some(TenantId::MICROSOFT_ACCOUNTS),
            Self::NoTenant => None,
        }
    }
}

/// What a token tells about the home tenant's cloud.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HomeCloud {
    /// The home tenant issued the token, in this cloud: nothing overrides it.
    Issuer(Cloud),
    /// `idp` has the form of this cloud; a configured partner cloud goes first.
    Named(Cloud),
    /// `idp` is `https://sts.windows.net/…`, which two clouds share; a configured partner cloud goes first.
    GlobalOrUsGov,
}

/// A person or a workload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SubjectKind {
    /// A user token.
    User,
    /// An app-only token: a service principal.
    App,
}

/// `acct` of a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Account {
    /// 0.
    Member,
    /// 1.
    Guest,
    /// Absent, or a value that Entra does not define.
    Unstated,
}

/// The groups a token lists.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TokenGroups {
    /// Members for sure.
    pub listed: Arc<[Id]>,
    /// The token says there are more than it lists (overage).
    pub overage: bool,
}

/// What the sign-in behind the token proved, by the issuer's claim map.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "six independent facts of one token"
)]
pub struct Proofs {
    /// Multifactor authentication, where the account signs in.
    pub mfa: bool,
    /// Multifactor authentication done in the resource tenant.
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
