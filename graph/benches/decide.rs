//! What a decision costs with one partner and with a million, and with as many guests; and what it costs to load them.
//!
//! The partners are those of `loadtest/scale`: inherited, trusted, blocked, one group, direct connect. Everyone has 12
//! groups, MFA and a GUID for an id; one Conditional Access policy wants MFA of guests. Callers come at random, every
//! partner as likely as any other.

use std::cell::LazyCell;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use crossgate_graph::{Compiled, PolicyFile, load};
use crossgate_policy::context::Context;
use crossgate_policy::ids::{Cloud, Guid, HomeTenant, Id, IssuerTenant, TenantId, UnixTime};
use crossgate_policy::snapshot::{
    Assignments, DirectoryMode, GuestDirectory, OwnTenant, RedemptionOrder, Revocations, Snapshot,
};
use crossgate_policy::subject::{
    Account, Home, HomeCloud, Proofs, Subject, SubjectKind, TokenGroups,
};
use crossgate_policy::target::{Clients, Enforcement, Resource, Target};
use crossgate_policy::{Caller, decide};

const SIZES: [u128; 4] = [1, 1_000, 100_000, 1_000_000];
const OWN: TenantId = TenantId(Guid::from_u128(0x1111_1111_1111_4111_8111_1111_1111_1111));
const APP: Guid = Guid::from_u128(0xaaaa_aaaa_0000_4000_8000_0000_0000_0001);
const GROUP: u128 = 0x9999_9999_0000_4000_8000_0000_0000_0000;

/// The numbered id of a partner, of a guest here, and of the same guest at home.
const fn partner(number: u128) -> Guid {
    Guid::from_u128(0x2000_0000_0000_4000_8000_0000_0000_0000 + number)
}
const fn guest(number: u128) -> Guid {
    Guid::from_u128(0x3000_0000_0000_4000_8000_0000_0000_0000 + number)
}
const fn at_home(number: u128) -> Guid {
    Guid::from_u128(0x4000_0000_0000_4000_8000_0000_0000_0000 + number)
}

fn partner_line(number: u128) -> String {
    let half = |access, target, kind| {
        format!(
            r#"{{"accessType":"{access}","targets":[{{"target":"{target}","targetType":"{kind}"}}]}}"#
        )
    };
    let setting = |access, user, kind| {
        let (users, apps) = (
            half(access, user, kind),
            half(access, "AllApplications", "application"),
        );
        format!(r#"{{"usersAndGroups":{users},"applications":{apps}}}"#)
    };
    let group = Guid::from_u128(GROUP + 1).to_string();
    let rest = match number % 5 {
        0 => String::new(),
        1 => {
            r#","inboundTrust":{"isMfaAccepted":true,"isCompliantDeviceAccepted":true}"#.to_owned()
        }
        2 => format!(
            r#","b2bCollaborationInbound":{}"#,
            setting("blocked", "AllUsers", "user")
        ),
        3 => format!(
            r#","b2bCollaborationInbound":{}"#,
            setting("allowed", &group, "group")
        ),
        _ => {
            let open = setting("allowed", "AllUsers", "user");
            format!(r#","b2bDirectConnectInbound":{open},"tenantRestrictions":{open}"#)
        }
    };
    format!("{{\"tenantId\":\"{}\"{rest}}}\n", partner(number))
}

fn guest_line(number: u128) -> String {
    format!(
        "{{\"id\":\"{}\",\"userType\":\"Guest\",\"externalUserState\":\"Accepted\",\"crossgate\":{{\"homeTenantId\":\"{}\",\
         \"homeUserId\":\"{}\"}}}}\n",
        guest(number),
        partner(number),
        at_home(number)
    )
}

const ACCESS_POLICY: &str = r#"{"id":"mfa","displayName":"MFA for guests","state":"enabled",
    "conditions":{"users":{"includeUsers":["GuestsOrExternalUsers"],"excludeGroups":["99999999-0000-4000-8000-00000000ffff"]},
    "applications":{"includeApplications":["All"]}},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}"#;

fn own() -> OwnTenant {
    OwnTenant {
        id: OWN,
        cloud: Cloud::Global,
        domains: Box::new([]),
    }
}

/// The texts of `partners.jsonl` and `guests.jsonl`.
fn texts(partners: u128, guests: u128) -> [String; 2] {
    [
        (1..=partners).map(partner_line).collect(),
        (1..=guests).map(guest_line).collect(),
    ]
}

fn compiled([partners, guests]: &[String; 2]) -> Compiled {
    let file = |path, text| PolicyFile { path, text };
    let files = [
        file("partners.jsonl", partners),
        file("guests.jsonl", guests),
        file("default.json", r#"{"inboundTrust":{"isMfaAccepted":true}}"#),
        file("conditional-access/mfa.json", ACCESS_POLICY),
    ];
    #[expect(clippy::expect_used, reason = "the texts are in order")]
    load(&files, &own()).expect("a policy in order")
}

fn snapshot(partners: u128, guests: u128) -> Snapshot {
    let own = own();
    let Compiled {
        default,
        partners,
        guests,
        conditional_access,
        ..
    } = compiled(&texts(partners, guests));
    Snapshot {
        own,
        allowed_clouds: Box::new([]),
        default,
        partners,
        partner_facts: Default::default(),
        partner_sides: Default::default(),
        guests: GuestDirectory::new(DirectoryMode::Optional, guests.records),
        conditional_access,
        revocations: Revocations::default(),
        assignments: Assignments::default(),
        redemption: RedemptionOrder::default(),
    }
}

fn subject() -> Subject {
    Subject {
        issuer: IssuerTenant(OWN),
        home: Home::NoTenant,
        kind: SubjectKind::User,
        user_id: None,
        home_oid: None,
        groups: TokenGroups {
            // The one that a partner's rule names comes last.
            listed: (1..=12)
                .rev()
                .map(|group| Id::Guid(Guid::from_u128(GROUP + group)))
                .collect(),
            overage: false,
        },
        directory_roles: [].into(),
        account: Account::Guest,
        app_roles: [].into(),
        scopes: ["payroll.read".into()].into(),
        client: Some(Id::Guid(Guid::from_u128(7))),
        proofs: Proofs {
            mfa: true,
            ..Proofs::default()
        },
        auth_contexts: [].into(),
        session: Some(Id::Guid(Guid::from_u128(8))),
        token_id: Some(Id::new("AbCdEfGhIjKlMnOp")),
        jwt_id: None,
        authenticated_at: Some(UnixTime::from_secs(1000)),
        restriction_policy: None,
    }
}

fn target() -> Target {
    Target {
        id: Id::Guid(APP),
        resource: Resource::Own,
        enforcement: Enforcement::Enforce,
        anonymous: false,
        require_restriction_claim: false,
        auth_contexts: Box::new([]),
        clients: Clients::Any,
        app_clients: Box::new([]),
        scopes: Box::new([]),
        roles: Box::new([]),
        assignment_required: false,
        assigned: Box::new([]),
    }
}

/// Numbers from 1 to `most`, each as likely as any other. Made as they are asked for: a list of them would take the caches from the
/// snapshot.
fn order(most: u128) -> impl FnMut() -> u128 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((u128::from(state) * most) >> u64::BITS) + 1
    }
}

/// How the caller's token is made from its number.
type Write = fn(&mut Subject, u128);

/// Our own service signed the token of a guest, and there are no records.
fn issued_here(subject: &mut Subject, number: u128) {
    let cloud = HomeCloud::Named(Cloud::Global);
    subject.home = Home::Tenant {
        tenant: HomeTenant(TenantId(partner(number))),
        cloud,
    };
    subject.user_id = Some(Id::Guid(guest(number)));
    subject.home_oid = Some(Id::Guid(at_home(number)));
}

/// The partner's service signed the token of a guest of whom there is a record: two tables are asked.
fn issued_at_home(subject: &mut Subject, number: u128) {
    let (tenant, cloud) = (TenantId(partner(number)), HomeCloud::Issuer(Cloud::Global));
    subject.issuer = IssuerTenant(tenant);
    subject.home = Home::Tenant {
        tenant: HomeTenant(tenant),
        cloud,
    };
    subject.user_id = Some(Id::Guid(at_home(number)));
}

fn measure(c: &mut Criterion) {
    let cases: [(&str, Write, u128); 2] =
        [("partners", issued_here, 0), ("guests", issued_at_home, 1)];
    for (name, write, guests) in cases {
        let mut group = c.benchmark_group(name);
        for size in SIZES {
            let snapshot = LazyCell::new(|| snapshot(size, size * guests));
            let (mut subject, target, context) = (
                subject(),
                target(),
                Context::at(UnixTime::from_secs(1_700_000_000)),
            );
            let mut number = order(size);
            group.bench_function(BenchmarkId::from_parameter(size), |b| {
                let snapshot = &*snapshot;
                b.iter(|| {
                    write(&mut subject, number());
                    black_box(decide(
                        snapshot,
                        Caller::Verified(black_box(&subject)),
                        &target,
                        &context,
                    ));
                });
            });
        }
    }
}

/// Reading, checking and compiling, with both processors.
fn measure_loading(c: &mut Criterion) {
    for (name, of_partners, of_guests) in [("load-partners", 1, 0), ("load-guests", 0, 1)] {
        let mut group = c.benchmark_group(name);
        group.sample_size(10);
        for size in [100_000, 1_000_000] {
            let texts = LazyCell::new(|| texts(size * of_partners, size * of_guests));
            group.bench_function(BenchmarkId::from_parameter(size), |b| {
                let texts = &*texts;
                b.iter(|| black_box(compiled(texts)));
            });
        }
    }
}

criterion_group!(benches, measure, measure_loading);
criterion_main!(benches);
