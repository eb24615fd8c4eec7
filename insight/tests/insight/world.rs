//! Small policies, and everything that can come to them, written down plainly.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crossgate_insight::verify::Apps;
use crossgate_policy::ids::{Cloud, Guid, HomeTenant, Id, IssuerTenant, TenantId, UnixTime};
use crossgate_policy::snapshot::{
    Access, AccessPolicy, AppAssignment, AppCondition, AppTargets, Assignments, ByTenant,
    ClientApps, Consent, Controls, DefaultSettings, DirectoryMode, Expiry, ExternalTenants, Guest,
    GuestDirectory, GuestKind, GuestKinds, GuestRecords, LocationCondition, Operator, Origin,
    OwnTenant, PartnerBook, PartnerFacts, PartnerSettings, PolicyState, Principal, Redemption,
    RedemptionOrder, Revocations, Setting, Snapshot, Strength, TrustOverrides, UserScope,
    UserTargets, UserType,
};
use crossgate_policy::subject::{
    Account, Home, HomeCloud, Proofs, Subject, SubjectKind, TokenGroups,
};
use crossgate_policy::target::{Clients, Enforcement, Resource, Target};
use crossgate_token::{Algorithm, ClaimMap, Issuer, IssuerKind, Issuers, Tenants};

use crate::dice::Dice;

pub(crate) const OWN: TenantId = TenantId(Guid::from_u128(1));
pub(crate) const FABRIKAM: TenantId = TenantId(Guid::from_u128(2));
/// Nothing is written about it.
pub(crate) const STRANGER: TenantId = TenantId(Guid::from_u128(3));

pub(crate) const NOW: u32 = 1_767_225_600;

pub(crate) fn id(name: &str) -> Id {
    Id::new(name)
}

fn ids(names: &[&str]) -> Vec<Id> {
    names.iter().map(|name| id(name)).collect()
}

/// Users that policies name, and one that none does.
pub(crate) fn users() -> Vec<Id> {
    ids(&["ada", "ben", "guest-ada", "guest-ben", "stranger"])
}

pub(crate) fn groups() -> Vec<Id> {
    ids(&["team", "staff"])
}

pub(crate) fn clients() -> Vec<Id> {
    ids(&["tool", "other-tool"])
}

pub(crate) fn roles() -> Vec<Id> {
    ids(&["admin"])
}

pub(crate) fn agreement() -> Id {
    id("terms")
}

pub(crate) fn addresses() -> Vec<Option<IpAddr>> {
    vec![
        None,
        Some([10, 0, 0, 1].into()),
        Some([192, 0, 2, 1].into()),
    ]
}

/// An app, and who may sign tokens: of the own tenant and of any other.
pub(crate) struct Around {
    pub(crate) apps: Apps,
    pub(crate) issuers: Issuers,
}

pub(crate) fn around(dice: &mut Dice) -> Around {
    let external = dice.chance(20);
    let target = Target {
        id: id("payroll"),
        resource: if external {
            Resource::External {
                tenant: crossgate_policy::ids::ResourceTenant(FABRIKAM),
                cloud: dice.pick(&[Cloud::Global, Cloud::Global, Cloud::UsGov]),
                managed: dice.chance(70),
            }
        } else {
            Resource::Own
        },
        enforcement: Enforcement::Enforce,
        anonymous: dice.chance(5),
        require_restriction_claim: false,
        auth_contexts: if dice.chance(15) {
            ["c1".into()].into()
        } else {
            Box::default()
        },
        clients: if dice.chance(20) {
            Clients::Only([id("tool")].into())
        } else {
            Clients::Any
        },
        app_clients: dice.some(&clients(), 40).into(),
        scopes: if dice.chance(20) {
            ["read".into()].into()
        } else {
            Box::default()
        },
        roles: if dice.chance(15) {
            ["clerk".into()].into()
        } else {
            Box::default()
        },
        assignment_required: dice.chance(30),
        assigned: [dice.some(&users(), 20), dice.some(&groups(), 20)]
            .concat()
            .into(),
    };
    Around {
        apps: HashMap::from([(target.id.clone(), target)]),
        issuers: issuers(),
    }
}

fn issuers() -> Issuers {
    let one = |name: &str, tenants: Tenants| Issuer {
        name: name.into(),
        kind: IssuerKind::Entra { tenants },
        cloud: Cloud::Global,
        algorithms: [Algorithm::Rs256].into(),
        claims: ClaimMap::entra(),
    };
    Issuers::new([one("entra", Tenants::Any)])
}

pub(crate) fn policy(dice: &mut Dice) -> Snapshot {
    let mut partners = PartnerBook::default();
    if dice.chance(85) {
        let settings = PartnerSettings {
            collaboration_inbound: maybe(dice, 60, setting),
            collaboration_outbound: maybe(dice, 40, setting),
            direct_connect_inbound: maybe(dice, 70, setting),
            direct_connect_outbound: maybe(dice, 70, setting),
            tenant_restrictions: maybe(dice, 60, setting),
            trust: TrustOverrides {
                mfa: dice.chance(50).then_some(true),
                compliant_device: dice.chance(40).then_some(true),
                hybrid_joined_device: dice.chance(40).then_some(true),
            },
            automatic_consent_inbound: Some(dice.chance(50)),
            automatic_consent_outbound: None,
            is_service_provider: dice.chance(15),
        };
        partners.put(FABRIKAM, settings);
    }
    let default = DefaultSettings {
        direct_connect_inbound: Arc::new(Setting::initial(
            dice.pick(&[Access::Allowed, Access::Blocked]),
        )),
        collaboration_inbound: Arc::new(Setting::initial(dice.pick(&[
            Access::Allowed,
            Access::Allowed,
            Access::Blocked,
        ]))),
        ..DefaultSettings::initial()
    };
    let mut facts = ByTenant::default();
    if dice.chance(50) {
        facts.insert(
            FABRIKAM,
            PartnerFacts {
                cloud: dice.pick(&[None, Some(Cloud::Global), Some(Cloud::UsGov)]),
                domains: Box::default(),
                consent: dice.pick(&[Consent::TokenIssuance, Consent::Published]),
            },
        );
    }
    let mut assignments = Assignments::default();
    for user in dice.some(&users(), 20) {
        assignments.assign(&AppAssignment {
            app: id("payroll"),
            principal: Principal::User(user),
        });
    }
    let mode = dice.pick(&[
        DirectoryMode::Optional,
        DirectoryMode::Required,
        DirectoryMode::Off,
    ]);
    let records = GuestRecords::new(guests(dice), |_| {});
    let policies = (0..dice.below(3)).map(|number| access_policy(dice, number));
    let policies: Vec<AccessPolicy> = policies.collect();
    Snapshot {
        own: OwnTenant {
            id: OWN,
            cloud: Cloud::Global,
            domains: Box::default(),
        },
        allowed_clouds: if dice.chance(30) {
            [Cloud::UsGov].into()
        } else {
            Box::default()
        },
        default,
        partners: partners.partners(),
        partner_facts: facts,
        partner_sides: Arc::default(),
        guests: GuestDirectory::new(mode, Arc::new(records)),
        conditional_access: policies.into(),
        revocations: Revocations::default(),
        assignments,
        redemption: RedemptionOrder::default(),
    }
}

fn maybe(
    dice: &mut Dice,
    percent: usize,
    make: impl Fn(&mut Dice) -> Setting,
) -> Option<Arc<Setting>> {
    dice.chance(percent).then(|| Arc::new(make(dice)))
}

fn setting(dice: &mut Dice) -> Setting {
    let both = [Access::Allowed, Access::Blocked];
    Setting {
        users: UserTargets::new(
            dice.pick(&both),
            dice.chance(40),
            dice.some(&users(), 30),
            dice.some(&groups(), 30),
            Origin::Written,
        ),
        apps: AppTargets::new(
            dice.pick(&both),
            dice.chance(50),
            [dice.some(&[id("payroll")], 40), dice.some(&clients(), 20)].concat(),
            Origin::Written,
        ),
    }
}

fn guests(dice: &mut Dice) -> Vec<Guest> {
    let all = [("guest-ada", "ada"), ("guest-ben", "ben")];
    let all = dice.some(&all, 60);
    all.into_iter()
        .map(|(own, home)| Guest {
            id: id(own),
            home_tenant: dice.pick(&[Some(FABRIKAM), Some(FABRIKAM), None, Some(STRANGER)]),
            home_user_id: dice.chance(80).then(|| id(home)),
            home_groups: dice.chance(50).then(|| {
                let mut groups = dice.some(&groups(), 50);
                groups.sort();
                groups.into()
            }),
            home_groups_complete: dice.chance(60),
            user_type: dice.pick(&[UserType::Guest, UserType::Member]),
            deleted: dice.chance(10),
            enabled: dice.chance(90),
            expires: dice.chance(15).then(|| {
                let ahead = dice.pick(&[-10, 10]);
                Expiry::new(i64::from(NOW) + ahead).unwrap()
            }),
            redemption: dice.pick(&[
                Redemption::Accepted,
                Redemption::Accepted,
                Redemption::Pending,
            ]),
            consent_given: dice.chance(70),
            sign_in: None,
        })
        .collect()
}

fn access_policy(dice: &mut Dice, number: usize) -> AccessPolicy {
    let include = scope(dice, 50);
    let exclude = scope(dice, 5);
    let ranges = |dice: &mut Dice| dice.some(&["10.0.0.0/8".parse().unwrap()], 50).into();
    AccessPolicy {
        id: format!("policy-{number}").into(),
        name: "a policy".into(),
        state: dice.pick(&[
            PolicyState::Enabled,
            PolicyState::Enabled,
            PolicyState::Enabled,
            PolicyState::ReportOnly,
        ]),
        include,
        exclude,
        apps: AppCondition {
            all: dice.chance(70),
            include: dice.some(&[id("payroll")], 50).into(),
            exclude: dice.some(&[id("payroll")], 10).into(),
            contexts: if dice.chance(20) {
                ["c1".into()].into()
            } else {
                Box::default()
            },
        },
        client_apps: ClientApps::Modern,
        locations: dice.chance(30).then(|| LocationCondition {
            include_all: dice.chance(60),
            include: ranges(dice),
            exclude_all: false,
            exclude: ranges(dice),
        }),
        controls: Controls {
            operator: dice.pick(&[Operator::And, Operator::Or]),
            block: dice.chance(15),
            mfa: dice.chance(50),
            compliant_device: dice.chance(25),
            hybrid_joined_device: dice.chance(25),
            terms_of_use: if dice.chance(15) {
                [agreement()].into()
            } else {
                Box::default()
            },
            strength: dice
                .chance(15)
                .then(|| dice.pick(&[Strength::Multifactor, Strength::PhishingResistant])),
        },
    }
}

fn scope(dice: &mut Dice, all: usize) -> UserScope {
    UserScope {
        all: dice.chance(all),
        guests_or_external: dice.chance(15),
        users: dice.some(&users(), 15).into(),
        groups: dice.some(&groups(), 20).into(),
        roles: dice.some(&roles(), 20).into(),
        kinds: dice.chance(25).then(|| GuestKinds {
            kinds: dice
                .some(
                    &[
                        GuestKind::InternalGuest,
                        GuestKind::CollaborationGuest,
                        GuestKind::CollaborationMember,
                        GuestKind::DirectConnectUser,
                        GuestKind::OtherExternalUser,
                        GuestKind::ServiceProvider,
                    ],
                    50,
                )
                .into(),
            tenants: if dice.chance(50) {
                ExternalTenants::All
            } else {
                ExternalTenants::Enumerated([FABRIKAM].into())
            },
        }),
    }
}

/// Every token that can come to an app, plainly: what a smaller number of classes is held against. All show nothing and carry no app role:
/// those are varied by who takes them.
pub(crate) fn every_subject(target: &Target, take: &mut dyn FnMut(&Subject)) {
    let owner = match target.resource {
        Resource::Own => OWN,
        Resource::External { tenant, .. } => tenant.0,
    };
    let tenant = |tenant, cloud| Home::Tenant {
        tenant: HomeTenant(tenant),
        cloud,
    };
    let mut shapes = Vec::new();
    for home in [OWN, FABRIKAM, STRANGER] {
        shapes.push((home, tenant(home, HomeCloud::Issuer(Cloud::Global))));
        if home != owner {
            for cloud in [
                HomeCloud::Named(Cloud::Global),
                HomeCloud::Named(Cloud::UsGov),
                HomeCloud::GlobalOrUsGov,
            ] {
                shapes.push((owner, tenant(home, cloud)));
            }
        }
    }
    shapes.push((owner, Home::MicrosoftAccount));
    shapes.push((owner, Home::NoTenant));
    shapes.push((TenantId::MICROSOFT_ACCOUNTS, Home::MicrosoftAccount));
    for (issuer, home) in shapes {
        every_of_shape(target, issuer, home, take);
    }
}

fn every_of_shape(target: &Target, issuer: TenantId, home: Home, take: &mut dyn FnMut(&Subject)) {
    let home_issued = home.recorded_tenant() == Some(issuer);
    let works = home_issued && matches!(home, Home::Tenant { .. });
    let optional = |ids: Vec<Id>| -> Vec<Option<Id>> {
        std::iter::once(None)
            .chain(ids.into_iter().map(Some))
            .collect()
    };
    let kinds: &[SubjectKind] = if works {
        &[SubjectKind::User, SubjectKind::App]
    } else {
        &[SubjectKind::User]
    };
    let home_users = if home_issued {
        vec![None]
    } else {
        optional(ids(&["ada", "stranger"]))
    };
    let group_sets: Vec<Vec<Id>> = vec![
        vec![],
        ids(&["team"]),
        ids(&["staff"]),
        ids(&["team", "staff"]),
    ];
    let own_issued = issuer == OWN;
    let role_sets = if own_issued {
        vec![vec![], roles()]
    } else {
        vec![vec![]]
    };
    let accounts: &[Account] = if own_issued {
        &[Account::Member, Account::Guest, Account::Unstated]
    } else {
        &[Account::Unstated]
    };
    for kind in kinds {
        for user in optional(users()) {
            for home_user in &home_users {
                for listed in &group_sets {
                    for overage in [false, true] {
                        for roles in &role_sets {
                            for account in accounts {
                                for client in optional(ids(&["tool"])) {
                                    take(&Subject {
                                        issuer: IssuerTenant(issuer),
                                        home,
                                        kind: *kind,
                                        user_id: user.clone(),
                                        home_oid: home_user.clone(),
                                        groups: TokenGroups {
                                            listed: listed.clone().into(),
                                            overage,
                                        },
                                        directory_roles: roles.clone().into(),
                                        account: *account,
                                        app_roles: Arc::default(),
                                        scopes: target.scopes.iter().cloned().collect(),
                                        client,
                                        proofs: Proofs::default(),
                                        auth_contexts: target
                                            .auth_contexts
                                            .iter()
                                            .cloned()
                                            .collect(),
                                        session: None,
                                        token_id: None,
                                        jwt_id: None,
                                        authenticated_at: Some(UnixTime::from_secs(NOW)),
                                        restriction_policy: None,
                                    });
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Every combination of what a sign-in shows.
pub(crate) fn every_proof() -> Vec<Proofs> {
    (0..64_u8)
        .map(|bits| {
            let bit = |place: u8| bits >> place & 1 == 1;
            Proofs {
                mfa: bit(0),
                resource_mfa: bit(1),
                compliant_device: bit(2),
                hybrid_joined_device: bit(3),
                passwordless: bit(4),
                phishing_resistant: bit(5),
            }
        })
        .collect()
}
