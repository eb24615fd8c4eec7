//! What is admitted costs no allocation (decision.md, first paragraph).

use std::sync::Arc;

use crossgate_policy::context::Context;
use crossgate_policy::ids::{Cloud, Guid, HomeTenant, Id, IssuerTenant, TenantId, UnixTime};
use crossgate_policy::snapshot::{
    Access, AccessPolicy, AppAssignment, AppCondition, AppTargets, Assignments, ByTenant,
    ClientApps, Controls, DefaultSettings, DirectoryMode, GroupMember, Guest, GuestDirectory,
    GuestRecords, Operator, Origin, OwnTenant, PartnerBook, PartnerSettings, Partners, PolicyState,
    Principal, Redemption, RedemptionOrder, Revocation, RevocationKind, Revocations, Setting,
    SignInNames, Snapshot, Strength, TrustOverrides, UserScope, UserTargets, UserType, Witness,
};
use crossgate_policy::subject::{
    Account, Home, HomeCloud, Proofs, Subject, SubjectKind, TokenGroups,
};
use crossgate_policy::target::{Clients, Enforcement, Resource, Target};
use crossgate_policy::{Caller, decide};

const CONTOSO: TenantId = TenantId(Guid::from_u128(1));
const FABRIKAM: TenantId = TenantId(Guid::from_u128(2));
/// When requests are made.
const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

/// A report-only policy too: that it is not met is nobody's refusal.
fn access_policy(state: PolicyState, strength: Option<Strength>) -> AccessPolicy {
    AccessPolicy {
        id: "mfa".into(),
        name: "MFA".into(),
        state,
        include: UserScope {
            all: true,
            ..UserScope::default()
        },
        exclude: UserScope {
            groups: Box::new([Id::new("excluded")]),
            ..UserScope::default()
        },
        apps: AppCondition {
            all: true,
            ..AppCondition::default()
        },
        client_apps: ClientApps::Modern,
        locations: None,
        controls: Controls {
            operator: Operator::And,
            block: false,
            mfa: true,
            compliant_device: false,
            hybrid_joined_device: strength.is_some(),
            terms_of_use: Box::new([]),
            strength,
        },
    }
}

fn snapshot() -> Snapshot {
    let group = UserTargets::new(
        Access::Allowed,
        false,
        Vec::new(),
        vec![Id::new("group 12")],
        Origin::Written,
    );
    let app = AppTargets::new(
        Access::Allowed,
        false,
        vec![Id::new("payroll")],
        Origin::Written,
    );
    let fabrikam = PartnerSettings {
        collaboration_inbound: Some(Arc::new(Setting {
            users: group,
            apps: app,
        })),
        trust: TrustOverrides {
            mfa: Some(true),
            ..TrustOverrides::default()
        },
        ..PartnerSettings::default()
    };
    let ada = Guest {
        id: Id::new("own ada"),
        home_tenant: Some(FABRIKAM),
        home_user_id: Some(Id::new("ada")),
        home_groups: None,
        home_groups_complete: true,
        user_type: UserType::Guest,
        deleted: false,
        enabled: true,
        expires: None,
        redemption: Redemption::Accepted,
        consent_given: true,
        sign_in: None,
    };
    Snapshot {
        own: OwnTenant {
            id: CONTOSO,
            cloud: Cloud::Global,
            domains: Box::new([]),
        },
        allowed_clouds: Box::new([]),
        default: DefaultSettings::initial(),
        partners: Partners::from_iter([(FABRIKAM, fabrikam)]),
        partner_facts: ByTenant::default(),
        partner_sides: Arc::default(),
        guests: GuestDirectory::new(
            DirectoryMode::Required,
            Arc::new(GuestRecords::new(vec![ada], |_| {})),
        ),
        conditional_access: [
            access_policy(PolicyState::Enabled, None),
            access_policy(PolicyState::ReportOnly, Some(Strength::PhishingResistant)),
        ]
        .into(),
        redemption: RedemptionOrder::default(),
        revocations: Revocations::new(vec![Revocation {
            kind: RevocationKind::User,
            id: Id::new("ada"),
            tenant: None,
            not_before: UnixTime::from_secs(999),
        }]),
        assignments: Assignments::default(),
    }
}

/// Ada of Fabrikam, with her home's token, or with ours.
fn ada(issuer: TenantId) -> Subject {
    let (home_issued, groups) = (issuer == FABRIKAM, 1..=12);
    Subject {
        issuer: IssuerTenant(issuer),
        home: Home::Tenant {
            tenant: HomeTenant(FABRIKAM),
            cloud: HomeCloud::Named(Cloud::Global),
        },
        kind: SubjectKind::User,
        user_id: Some(Id::new(if home_issued { "ada" } else { "own ada" })),
        home_oid: (!home_issued).then(|| Id::new("ada")),
        groups: TokenGroups {
            listed: groups.map(|n| Id::new(&format!("group {n}"))).collect(),
            overage: false,
        },
        directory_roles: [].into(),
        account: Account::Guest,
        app_roles: [].into(),
        scopes: ["read".into()].into(),
        client: Some(Id::new("client")),
        proofs: Proofs {
            mfa: true,
            ..Proofs::default()
        },
        auth_contexts: ["c1".into()].into(),
        session: Some(Id::new("session")),
        token_id: Some(Id::new("token")),
        jwt_id: Some(Id::new("jwt")),
        authenticated_at: Some(UnixTime::from_secs(1000)),
        restriction_policy: None,
    }
}

fn payroll() -> Target {
    Target {
        id: Id::new("payroll"),
        resource: Resource::Own,
        enforcement: Enforcement::Enforce,
        anonymous: false,
        require_restriction_claim: false,
        auth_contexts: Box::new(["c1".into()]),
        clients: Clients::Only(Box::new([Id::new("client")])),
        app_clients: Box::new([]),
        scopes: Box::new(["read".into()]),
        roles: Box::new([]),
        assignment_required: false,
        assigned: Box::new([]),
    }
}

/// Decides, and tells the code and the allocations it took.
fn cost(snapshot: &Snapshot, subject: &Subject) -> (u32, u64) {
    cost_at(snapshot, subject, &payroll())
}

fn cost_at(snapshot: &Snapshot, subject: &Subject, target: &Target) -> (u32, u64) {
    let context = Context::at(NOW);
    let mut code = None;
    let counted = allocation_counter::measure(|| {
        code = Some(decide(snapshot, Caller::Verified(subject), target, &context).code());
    });
    (code.unwrap_or(u32::MAX), counted.count_total)
}

#[test]
fn an_admitted_guest_costs_no_allocation() {
    assert_eq!(cost(&snapshot(), &ada(FABRIKAM)), (0, 0));
}

#[test]
fn a_guest_that_our_own_service_vouches_for_costs_no_allocation() {
    let mut snapshot = snapshot();
    snapshot.partners = Partners::default();
    snapshot.default.trust.mfa = Some(true);
    assert_eq!(cost(&snapshot, &ada(CONTOSO)), (0, 0));
}

#[test]
fn an_own_user_costs_no_allocation() {
    let mut subject = ada(CONTOSO);
    subject.home = Home::Tenant {
        tenant: HomeTenant(CONTOSO),
        cloud: HomeCloud::Issuer(Cloud::Global),
    };
    assert_eq!(cost(&snapshot(), &subject), (0, 0));
}

#[test]
fn who_is_assigned_by_a_document_costs_no_allocation() {
    let (mut snapshot, mut target) = (snapshot(), payroll());
    target.assignment_required = true;
    assert_eq!(
        cost_at(&snapshot, &ada(FABRIKAM), &target).0,
        50_105,
        "nothing assigns her yet"
    );
    snapshot.assignments.assign(&AppAssignment {
        app: Id::new("payroll"),
        principal: Principal::Group(Id::new("team")),
    });
    snapshot.assignments.join(&GroupMember {
        group: Id::new("team"),
        member: Id::new("own ada"),
    });
    assert_eq!(cost_at(&snapshot, &ada(FABRIKAM), &target), (0, 0));
}

/// MiB held by what this makes.
fn held<T>(make: impl FnOnce() -> T) -> i64 {
    let mut made = None;
    let counted = allocation_counter::measure(|| made = Some(make()));
    drop(made);
    counted.bytes_current >> 20
}

#[test]
fn a_hundred_thousand_partners_are_held_in_a_few_mebibytes() {
    let partners = held(|| {
        let mut book = PartnerBook::with_capacity(100_000);
        for number in 0..100_000 {
            let settings = PartnerSettings {
                is_service_provider: number % 2 == 0,
                ..PartnerSettings::default()
            };
            book.put(TenantId(Guid::from_u128(number)), settings);
        }
        book
    });
    assert!(partners < 5, "{partners} MiB");
}

#[test]
fn guests_are_looked_up_without_an_allocation() {
    let record = |id: &str, home: Option<&str>, sign_in| Guest {
        id: Id::new(id),
        home_tenant: home.map(|_| FABRIKAM),
        home_user_id: home.map(Id::new),
        home_groups: None,
        home_groups_complete: true,
        user_type: UserType::Guest,
        deleted: false,
        enabled: true,
        expires: None,
        redemption: Redemption::Accepted,
        consent_given: true,
        sign_in,
    };
    let names = SignInNames {
        mail: Some("Ada@Fabrikam.example".into()),
        identities: Box::default(),
    };
    let list = [
        record("own ada", Some("ada"), None),
        record("own bo", None, Some(Box::new(names))),
    ];
    let records = Arc::new(GuestRecords::new(list.to_vec(), |_| {}));
    let directory = GuestDirectory::new(DirectoryMode::Optional, records);
    let (ada, own) = (Id::new("ada"), Id::new("own ada"));
    let info = allocation_counter::measure(|| {
        let by_mail = Witness {
            issuer: "mail",
            assigned: None,
            mail: Some("ada@FABRIKAM.example"),
            owns_mail: true,
        };
        assert!(directory.by_id(&own).is_some());
        assert!(directory.by_home(FABRIKAM, &ada).is_some());
        assert!(directory.by_sign_in(&by_mail).is_some());
    });
    assert_eq!(info.count_total, 0);
}

#[test]
fn a_hundred_thousand_guests_are_held_in_twelve_mebibytes() {
    let guest = |number: u128| Guest {
        id: Id::Guid(Guid::from_u128(number)),
        home_tenant: Some(FABRIKAM),
        home_user_id: Some(Id::Guid(Guid::from_u128(number))),
        home_groups: None,
        home_groups_complete: true,
        user_type: UserType::Guest,
        deleted: false,
        enabled: true,
        expires: None,
        redemption: Redemption::Accepted,
        consent_given: true,
        sign_in: None,
    };
    let guests = held(|| {
        let mut list = Vec::with_capacity(100_000);
        list.extend((0..100_000).map(guest));
        GuestRecords::new(list, |_| {})
    });
    assert!(guests < 13, "{guests} MiB");
}
