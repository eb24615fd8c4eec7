//! Every kind of caller, what the settings of the home tenant can know of each, and the headers a network adds.

use crossgate_policy::context::RestrictionHeaders;
use crossgate_policy::ids::{Cloud, Guid, HomeTenant, Id, IssuerTenant, TenantId, UnixTime};
use crossgate_policy::subject::{
    Account, Home, HomeCloud, Proofs, Subject, SubjectKind, TokenGroups,
};

use crate::settings::{CALLER, CLIENT, GROUP};

pub(crate) const OWN: TenantId = TenantId(Guid::from_u128(1));
pub(crate) const FABRIKAM: TenantId = TenantId(Guid::from_u128(2));
/// Owns the app behind the egress route.
pub(crate) const NORTHWIND: TenantId = TenantId(Guid::from_u128(3));
/// The `id` of our default configuration.
pub(crate) const POLICY: Guid = Guid::from_u128(4);

/// What the settings that apply to a caller can know of it; `None`: nothing for sure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) is_named: Option<bool>,
    pub(crate) is_in_the_group: Option<bool>,
    pub(crate) is_in_another_group: Option<bool>,
}

const ALL_KNOWN: Known = Known {
    is_named: Some(true),
    is_in_the_group: Some(true),
    is_in_another_group: Some(false),
};
const NO_GROUP_COUNTS: Known = Known {
    is_in_the_group: Some(false),
    ..ALL_KNOWN
};
const STRANGER: Known = Known {
    is_named: None,
    is_in_the_group: None,
    is_in_another_group: None,
};

#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) what: &'static str,
    pub(crate) subject: Subject,
    pub(crate) known: Known,
}

/// Foreign accounts, as an egress route to Northwind meets them.
pub(crate) fn foreign() -> Vec<Caller> {
    let caller = |what, subject, known| Caller {
        what,
        subject,
        known,
    };
    let mut overage = user(FABRIKAM, home(FABRIKAM, FABRIKAM));
    overage.groups.overage = true;
    let mut named = user(NORTHWIND, home(NORTHWIND, FABRIKAM));
    named.home_oid = Some(Id::new(CALLER));
    let mut workload = user(FABRIKAM, home(FABRIKAM, FABRIKAM));
    workload.kind = SubjectKind::App;
    vec![
        caller(
            "a user with a token of the home tenant",
            user(FABRIKAM, home(FABRIKAM, FABRIKAM)),
            ALL_KNOWN,
        ),
        caller(
            "a user in more groups than the token lists",
            overage,
            Known {
                is_in_another_group: None,
                ..ALL_KNOWN
            },
        ),
        caller(
            "a guest of Northwind, told by name",
            named,
            Known {
                is_named: Some(true),
                ..STRANGER
            },
        ),
        caller(
            "a guest of Northwind",
            user(NORTHWIND, home(NORTHWIND, FABRIKAM)),
            STRANGER,
        ),
        caller(
            "Northwind's own user",
            user(NORTHWIND, home(NORTHWIND, NORTHWIND)),
            ALL_KNOWN,
        ),
        caller("a workload", workload, NO_GROUP_COUNTS),
        caller(
            "a Microsoft account as guest",
            user(NORTHWIND, Home::MicrosoftAccount),
            STRANGER,
        ),
        caller(
            "a Microsoft account",
            user(TenantId::MICROSOFT_ACCOUNTS, Home::MicrosoftAccount),
            ALL_KNOWN,
        ),
        caller(
            "an identity without a tenant",
            user(NORTHWIND, Home::NoTenant),
            STRANGER,
        ),
    ]
}

/// Callers of our own app: internal and inbound.
pub(crate) fn at_our_app() -> Vec<Subject> {
    let mut workload = user(FABRIKAM, home(FABRIKAM, FABRIKAM));
    workload.kind = SubjectKind::App;
    vec![
        user(OWN, home(OWN, OWN)),
        user(OWN, home(OWN, FABRIKAM)),
        user(FABRIKAM, home(FABRIKAM, FABRIKAM)),
        workload,
        user(OWN, Home::MicrosoftAccount),
        user(OWN, Home::NoTenant),
    ]
}

/// Our own people on the way out to Fabrikam.
pub(crate) fn going_out() -> Vec<Subject> {
    vec![
        user(OWN, home(OWN, OWN)),
        user(FABRIKAM, home(FABRIKAM, OWN)),
    ]
}

/// A user who brings every claim that trust could make count.
fn user(issuer: TenantId, home: Home) -> Subject {
    Subject {
        issuer: IssuerTenant(issuer),
        home,
        kind: SubjectKind::User,
        user_id: Some(Id::new(CALLER)),
        home_oid: None,
        groups: TokenGroups {
            listed: [Id::new(GROUP)].into(),
            overage: false,
        },
        directory_roles: [].into(),
        account: Account::Unstated,
        app_roles: [].into(),
        scopes: [].into(),
        client: Some(Id::new(CLIENT)),
        proofs: Proofs {
            mfa: true,
            resource_mfa: false,
            compliant_device: true,
            hybrid_joined_device: true,
            passwordless: false,
            phishing_resistant: false,
        },
        auth_contexts: [].into(),
        session: None,
        token_id: None,
        jwt_id: None,
        authenticated_at: Some(UnixTime::from_secs(1000)),
        restriction_policy: None,
    }
}

fn home(issuer: TenantId, tenant: TenantId) -> Home {
    let cloud = if issuer == tenant {
        HomeCloud::Issuer(Cloud::Global)
    } else {
        HomeCloud::Named(Cloud::Global)
    };
    Home::Tenant {
        tenant: HomeTenant(tenant),
        cloud,
    }
}

/// What the network says about restrictions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Says {
    Nothing,
    OurPolicy,
    AnotherOfOurs,
    AnotherTenants,
    NoMicrosoftAccounts,
    OnlyNorthwind,
    OnlyUs,
    Nonsense,
}

impl Says {
    pub(crate) const ALL: [Self; 8] = [
        Self::Nothing,
        Self::OurPolicy,
        Self::AnotherOfOurs,
        Self::AnotherTenants,
        Self::NoMicrosoftAccounts,
        Self::OnlyNorthwind,
        Self::OnlyUs,
        Self::Nonsense,
    ];

    /// The header's two parts: the v2 policy, or the v1 list (with ourselves as its context).
    pub(crate) fn headers(self) -> (Option<String>, Option<String>) {
        let policy = |tenant: TenantId, policy: Guid| Some(format!("{tenant}:{policy}"));
        match self {
            Self::Nothing => (None, None),
            Self::OurPolicy => (policy(OWN, POLICY), None),
            Self::AnotherOfOurs => (policy(OWN, Guid::from_u128(99)), None),
            Self::AnotherTenants => (policy(FABRIKAM, POLICY), None),
            Self::NoMicrosoftAccounts => (Some("restrict-msa".to_owned()), None),
            Self::OnlyNorthwind => (None, Some(NORTHWIND.to_string())),
            Self::OnlyUs => (None, Some(OWN.to_string())),
            Self::Nonsense => (Some("nonsense".to_owned()), None),
        }
    }
}

/// The headers as the engine reads them.
pub(crate) fn read(parts: &(Option<String>, Option<String>)) -> RestrictionHeaders<'_> {
    let (policy, tenants) = parts;
    let context = tenants.as_ref().map(|_| CONTEXT.as_bytes());
    RestrictionHeaders::read(
        policy.as_deref().map(str::as_bytes),
        tenants.as_deref().map(str::as_bytes),
        context,
    )
}

const CONTEXT: &str = "00000000-0000-0000-0000-000000000001";
