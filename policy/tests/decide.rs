//! The decision, told as one would tell a colleague. Every admission has its mirror refusal.
//!
//! The rules of the page one by one are `policy/tests/cases`; here stands what they cannot show: that types and
//! permits hold.
#![allow(clippy::unwrap_used, reason = "a panic is a failed test")]

use std::sync::Arc;

use crossgate_policy::context::{Context, RestrictionHeaders};
use crossgate_policy::decision::{AccessType, Direction, Step};
use crossgate_policy::ids::{Cloud, Guid, HomeTenant, Id, IssuerTenant, TenantId, UnixTime};
use crossgate_policy::snapshot::{
    Access, AppAssignment, AppTargets, Assignments, ByTenant, Consent, DefaultSettings,
    DirectoryMode, GroupMember, GuestDirectory, Origin, OwnTenant, PartnerFacts, PartnerSettings,
    PartnerSide, Partners, Principal, RedemptionOrder, Revocation, RevocationKind, Revocations,
    Setting, Snapshot, TrustOverrides, UserTargets,
};
use crossgate_policy::subject::{
    Account, Home, HomeCloud, Proofs, Subject, SubjectKind, TokenGroups,
};
use crossgate_policy::target::{Clients, Enforcement, Resource, Target};
use crossgate_policy::{
    Caller, Decision, Line, SuppliedBy, consents_automatically, decide, explain,
    explain_with_values, nearest_change, newest_revocation,
};

const CONTOSO: TenantId = TenantId(Guid::from_u128(1));
const FABRIKAM: TenantId = TenantId(Guid::from_u128(2));
/// When requests are made.
const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

fn snapshot() -> Snapshot {
    Snapshot {
        own: OwnTenant {
            id: CONTOSO,
            cloud: Cloud::Global,
            domains: Box::new([]),
        },
        allowed_clouds: Box::new([]),
        default: DefaultSettings::initial(),
        partners: Partners::default(),
        partner_facts: ByTenant::default(),
        partner_sides: Arc::default(),
        guests: GuestDirectory::empty(DirectoryMode::Optional),
        conditional_access: [].into(),
        revocations: Revocations::default(),
        assignments: Assignments::default(),
        redemption: RedemptionOrder::default(),
    }
}

/// Ada of Fabrikam, with a token of this issuer.
fn ada(issuer: TenantId) -> Subject {
    let cloud = if issuer == FABRIKAM {
        HomeCloud::Issuer(Cloud::Global)
    } else {
        HomeCloud::Named(Cloud::Global)
    };
    Subject {
        issuer: IssuerTenant(issuer),
        home: Home::Tenant {
            tenant: HomeTenant(FABRIKAM),
            cloud,
        },
        kind: SubjectKind::User,
        user_id: Some(Id::new("ada")),
        home_oid: None,
        groups: TokenGroups::default(),
        directory_roles: [].into(),
        account: Account::Unstated,
        app_roles: [].into(),
        scopes: [].into(),
        client: None,
        proofs: Proofs::default(),
        auth_contexts: [].into(),
        session: None,
        token_id: None,
        jwt_id: None,
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
        auth_contexts: Box::new([]),
        clients: Clients::Any,
        app_clients: Box::new([]),
        scopes: Box::new([]),
        roles: Box::new([]),
        assignment_required: false,
        assigned: Box::new([]),
    }
}

fn of(snapshot: &Snapshot, subject: &Subject, target: &Target) -> Decision {
    let context = Context::at(NOW);
    decide(snapshot, Caller::Verified(subject), target, &context)
}

#[test]
fn a_guest_is_admitted_under_the_initial_values_and_a_direct_connect_user_is_not() {
    let guest = of(&snapshot(), &ada(CONTOSO), &payroll());
    assert_eq!(guest.code(), 0);
    assert_eq!(guest.access_type(), Some(AccessType::Collaboration));
    assert!(guest.permit().is_some());

    let direct = of(&snapshot(), &ada(FABRIKAM), &payroll());
    assert_eq!(direct.code(), 500_213);
    assert_eq!(direct.access_type(), Some(AccessType::DirectConnect));
    assert!(direct.permit().is_none());
}

/// What Fabrikam publishes: this access for everybody, to everything.
fn published(access: Access, automatic_consent_outbound: bool) -> Arc<ByTenant<PartnerSide>> {
    let side = PartnerSide {
        automatic_consent_outbound,
        direct_connect_outbound: Arc::new(Setting::initial(access)),
    };
    Arc::new(ByTenant::from_iter([(FABRIKAM, side)]))
}

#[test]
fn direct_connect_that_must_be_published_takes_the_partners_own_outbound_half() {
    let mut snapshot = snapshot();
    snapshot.default.direct_connect_inbound = Arc::new(Setting::initial(Access::Allowed));
    let code = |snapshot: &Snapshot| of(snapshot, &ada(FABRIKAM), &payroll()).code();
    assert_eq!(code(&snapshot), 0, "its service issued the token");
    let facts = PartnerFacts {
        cloud: None,
        domains: Box::new([]),
        consent: Consent::Published,
    };
    snapshot.partner_facts.insert(FABRIKAM, facts);
    assert_eq!(code(&snapshot), 500_213, "nothing is published");
    snapshot.partner_sides = published(Access::Blocked, true);
    assert_eq!(code(&snapshot), 500_213, "it lets nobody out");
    snapshot.partner_sides = published(Access::Allowed, false);
    assert_eq!(code(&snapshot), 0);
    // Ours still has to admit.
    snapshot.default.direct_connect_inbound = Arc::new(Setting::initial(Access::Blocked));
    assert_eq!(code(&snapshot), 500_213);
}

#[test]
fn consent_is_automatic_where_both_sides_say_so_in_one_cloud_alone() {
    let mut snapshot = snapshot();
    let home = ada(CONTOSO).home;
    let ours = |inbound: bool| {
        let settings = PartnerSettings {
            automatic_consent_inbound: Some(inbound),
            ..PartnerSettings::default()
        };
        Partners::from_iter([(FABRIKAM, settings)])
    };
    for (inbound, outbound) in [(false, false), (false, true), (true, false), (true, true)] {
        snapshot.partners = ours(inbound);
        snapshot.partner_sides = published(Access::Blocked, outbound);
        let automatic = consents_automatically(&snapshot, home);
        assert_eq!(automatic, inbound && outbound, "{inbound} {outbound}");
    }
    let Home::Tenant { tenant, .. } = home else {
        panic!("Ada has a tenant");
    };
    let cloud = HomeCloud::Named(Cloud::UsGov);
    assert!(!consents_automatically(
        &snapshot,
        Home::Tenant { tenant, cloud }
    ));
    assert!(!consents_automatically(&snapshot, Home::NoTenant));
    snapshot.partner_sides = Arc::default();
    assert!(!consents_automatically(&snapshot, home));
}

#[test]
fn a_partner_block_beats_an_open_default() {
    let mut snapshot = snapshot();
    let blocked = PartnerSettings {
        collaboration_inbound: Some(Arc::new(Setting::initial(Access::Blocked))),
        ..PartnerSettings::default()
    };
    snapshot.partners = Partners::from_iter([(FABRIKAM, blocked)]);
    assert_eq!(of(&snapshot, &ada(CONTOSO), &payroll()).code(), 500_213);
}

#[test]
fn report_only_records_the_refusal_and_lets_the_request_go_on() {
    let mut target = payroll();
    target.enforcement = Enforcement::ReportOnly;
    let decision = of(&snapshot(), &ada(FABRIKAM), &target);
    assert_eq!(decision.code(), 500_213);
    assert_eq!((decision.status(), decision.outcome_name()), (200, "block"));
    assert!(decision.permit().is_some());
}

#[test]
fn report_only_never_lets_a_missing_token_a_revocation_or_malformed_headers_through() {
    let mut target = payroll();
    target.enforcement = Enforcement::ReportOnly;
    let (snapshot, subject) = (snapshot(), ada(CONTOSO));
    let no_token = decide(&snapshot, Caller::Anonymous, &target, &Context::at(NOW));
    assert_eq!((no_token.status(), no_token.permit()), (401, None));

    let revocations = [Revocation {
        kind: RevocationKind::User,
        id: Id::new("ada"),
        tenant: None,
        not_before: UnixTime::from_secs(1001),
    }];
    let context = Context {
        revocations: &revocations,
        ..Context::at(NOW)
    };
    let revoked = decide(&snapshot, Caller::Verified(&subject), &target, &context);
    assert_eq!((revoked.code(), revoked.permit()), (50_173, None));

    let context = Context {
        restriction: RestrictionHeaders::Malformed,
        ..Context::at(NOW)
    };
    let malformed = decide(&snapshot, Caller::Verified(&subject), &target, &context);
    assert_eq!((malformed.status(), malformed.permit()), (400, None));
}

#[test]
fn a_revocation_binds_what_was_signed_in_before_it_and_nothing_later() {
    let mut snapshot = snapshot();
    for (not_before, code) in [(1000, 0), (1001, 50_173)] {
        snapshot.revocations = Revocations::new(vec![Revocation {
            kind: RevocationKind::Tenant,
            id: Id::Guid(FABRIKAM.0),
            tenant: None,
            not_before: UnixTime::from_secs(not_before),
        }]);
        let decision = of(&snapshot, &ada(CONTOSO), &payroll());
        assert_eq!(decision.code(), code, "revoked at {not_before}");
    }
}

#[test]
fn whatever_a_decision_refuses_as_revoked_is_a_revocation_that_sign_ins_are_held_against() {
    let account = Subject {
        home: Home::NoTenant,
        user_id: Some(Id::new("record")),
        home_oid: Some(Id::new("account")),
        session: Some(Id::new("session")),
        ..ada(CONTOSO)
    };
    let mut binding = Vec::new();
    for subject in [&account, &ada(CONTOSO), &ada(FABRIKAM)] {
        let home = subject.home.recorded_tenant().unwrap_or(CONTOSO);
        for kind in ["user", "guest", "session", "token", "tenant"] {
            for id in ["ada", "record", "account", "session", &home.to_string()] {
                for tenant in [None, Some(CONTOSO), Some(FABRIKAM)] {
                    let revocation = Revocation {
                        kind: RevocationKind::from_name(kind).unwrap(),
                        id: Id::new(id),
                        tenant,
                        not_before: UnixTime::from_secs(2000),
                    };
                    let name = revocation.name();
                    let mut snapshot = snapshot();
                    snapshot.revocations = Revocations::new(vec![revocation]);
                    let refused = of(&snapshot, subject, &payroll()).code() == 50_173;
                    let newest = newest_revocation(&snapshot, subject).map(UnixTime::seconds);
                    assert_eq!(newest, refused.then_some(2000.0), "{name}");
                    if refused && subject.home == Home::NoTenant {
                        binding.push(name);
                    }
                }
            }
        }
    }
    let own = |kind: &str, id: &str| format!("{kind}@{CONTOSO}/{id}");
    let mut expected = vec![
        "user/record".to_owned(),
        own("user", "record"),
        "user/account".to_owned(),
        "session/session".to_owned(),
        own("session", "session"),
    ];
    binding.sort();
    expected.sort();
    assert_eq!(binding, expected);
    let mut snapshot = snapshot();
    assert_eq!(newest_revocation(&snapshot, &account), None);
    let at = |id: &str, second| Revocation {
        kind: RevocationKind::User,
        id: Id::new(id),
        tenant: None,
        not_before: UnixTime::from_secs(second),
    };
    snapshot.revocations = Revocations::new(vec![at("record", 7), at("account", 9)]);
    let newest = newest_revocation(&snapshot, &account);
    assert_eq!(newest, Some(UnixTime::from_secs(9)));
}

#[test]
fn the_explanation_gives_the_same_answer_and_names_every_step_that_was_reached() {
    let (snapshot, subject, target) = (snapshot(), ada(CONTOSO), payroll());
    let caller = Caller::Verified(&subject);
    let context = Context::at(NOW);
    let (explained, lines) = explain(&snapshot, caller, &target, &context);
    assert_eq!(explained, decide(&snapshot, caller, &target, &context));
    assert_eq!(explained.facts().unwrap().direction, Direction::Inbound);
    let mut steps: Vec<_> = lines.iter().map(|line| line.step.name()).collect();
    steps.dedup();
    let expected = [
        "token",
        "revocation",
        "tenant_restrictions",
        "cloud",
        "inbound",
        "guest",
        "trust",
        "conditional_access",
        "app_rules",
    ];
    assert_eq!(steps, expected);
}

/// What would have let this caller in.
fn change(snapshot: &Snapshot, subject: &Subject) -> Option<String> {
    let context = Context::at(NOW);
    let (decision, lines) = explain(snapshot, Caller::Verified(subject), &payroll(), &context);
    nearest_change(&decision, &lines).map(|nearest| nearest.text)
}

/// A setting of Fabrikam's document for guests.
fn of_fabrikam(users: UserTargets, apps: AppTargets) -> Snapshot {
    let partner = PartnerSettings {
        collaboration_inbound: Some(Arc::new(Setting { users, apps })),
        ..PartnerSettings::default()
    };
    Snapshot {
        partners: Partners::from_iter([(FABRIKAM, partner)]),
        ..snapshot()
    }
}

fn users(access: Access, named: &str) -> UserTargets {
    UserTargets::new(
        access,
        false,
        vec![Id::new(named)],
        Vec::new(),
        Origin::Written,
    )
}

fn everybody(access: Access) -> UserTargets {
    UserTargets::new(access, true, Vec::new(), Vec::new(), Origin::Written)
}

/// Ada as a guest, whose id at home is told.
fn known() -> Subject {
    Subject {
        home_oid: Some(Id::new("ada at home")),
        ..ada(CONTOSO)
    }
}

fn all_apps(access: Access) -> AppTargets {
    AppTargets::new(access, true, Vec::new(), Origin::Written)
}

#[test]
fn the_nearest_change_names_the_half_that_is_in_the_way() {
    let place = |half: &str| format!("`b2bCollaborationInbound.{half}` of `partners/{FABRIKAM}`");
    let (of_users, of_apps) = (place("usersAndGroups"), place("applications"));
    let told = |users, apps| change(&of_fabrikam(users, apps), &known()).unwrap();
    let (allowed, blocked) = (Access::Allowed, Access::Blocked);
    assert_eq!(
        told(users(allowed, "eve"), all_apps(allowed)),
        format!("admit this caller in {of_users}")
    );
    assert_eq!(
        told(everybody(allowed), all_apps(blocked)),
        format!("admit this app in {of_apps}")
    );
    assert_eq!(
        told(users(allowed, "eve"), all_apps(blocked)),
        format!("admit this caller in {of_users}, and this app in {of_apps}")
    );
    assert_eq!(
        told(everybody(blocked), all_apps(blocked)),
        format!(
            "allow both, this caller in {of_users} and this app in {of_apps}; or block only others in {of_users}; or, where not all \
             users are blocked there, only other apps in {of_apps}"
        ),
        "who is on one of two blocking lists passes, but all users are blocked with all apps only"
    );
    // Each of the three is enough.
    let other_app = AppTargets::new(
        blocked,
        false,
        vec![Id::new("another app")],
        Origin::Written,
    );
    for (users, apps) in [
        (everybody(allowed), all_apps(allowed)),
        (users(blocked, "eve"), all_apps(blocked)),
        (users(blocked, "ada at home"), other_app),
    ] {
        let changed = change(&of_fabrikam(users, apps), &known());
        assert!(changed.is_none_or(|text| !text.contains(&of_users)));
    }
}

#[test]
fn what_is_compared_is_told_of_a_line_and_changes_no_answer() {
    let target = payroll();
    let ask = |snapshot: &Snapshot| {
        let (subject, context) = (known(), Context::at(NOW));
        let caller = Caller::Verified(&subject);
        let plain = explain(snapshot, caller, &target, &context);
        let (decision, lines) = explain_with_values(snapshot, caller, &target, &context);
        assert!(plain.1.iter().all(|line| line.values.is_none()));
        let without = lines.iter().map(|line| Line {
            values: None,
            ..line.clone()
        });
        assert_eq!(plain, (decision, without.collect()));
        lines
    };
    let of = |lines: &[Line]| -> (bool, Option<SuppliedBy>, String) {
        let line = lines
            .iter()
            .find(|line| line.property.ends_with("usersAndGroups"));
        let line = line.unwrap();
        (line.refuses, line.supplied_by(), line.told())
    };

    // Written nowhere: a list that does not name her, and nobody's document.
    let listed = of_fabrikam(users(Access::Allowed, "eve"), all_apps(Access::Allowed));
    let (refuses, by, told) = of(&ask(&listed));
    assert_eq!((refuses, by), (true, Some(SuppliedBy::Partner)));
    assert!(told.contains("Wanted: one of user eve."), "{told}");
    assert!(
        told.ends_with("Nothing there names what was seen, and that refuses."),
        "{told}"
    );

    // Written there.
    let (refuses, by, told) = of(&ask(&of_fabrikam(
        everybody(Access::Blocked),
        all_apps(Access::Blocked),
    )));
    assert_eq!((refuses, by), (true, Some(SuppliedBy::Partner)));
    assert!(told.contains("Wanted: none of AllUsers."), "{told}");
    assert!(told.ends_with("It is written there."), "{told}");

    // By nobody's document: Entra's own value, and no document of the partner's.
    let (refuses, by, told) = of(&ask(&snapshot()));
    assert_eq!((refuses, by), (false, Some(SuppliedBy::Initial)));
    assert!(
        told.contains(&format!("there is no `partners/{FABRIKAM}`")),
        "{told}"
    );
}

/// Ada as Contoso's guest, whose token names her home in this form.
#[test]
fn the_trust_step_tells_by_what_the_mfa_of_a_service_provider_counts_and_for_what_it_does_not() {
    let told = |is_service_provider, accepted| {
        let partner = PartnerSettings {
            is_service_provider,
            trust: TrustOverrides {
                mfa: accepted,
                ..TrustOverrides::default()
            },
            ..PartnerSettings::default()
        };
        let snapshot = Snapshot {
            partners: Partners::from_iter([(FABRIKAM, partner)]),
            ..snapshot()
        };
        // Whoever has no record is admitted as a service provider's, and a guest comes with a token of ours.
        let mut subject = ada(if is_service_provider {
            FABRIKAM
        } else {
            CONTOSO
        });
        subject.proofs.mfa = true;
        let (caller, context) = (Caller::Verified(&subject), Context::at(NOW));
        let (_, lines) = explain_with_values(&snapshot, caller, &payroll(), &context);
        let of_mfa =
            |line: &&Line| line.step == Step::Trust && !line.property.ends_with("DeviceAccepted");
        let of_mfa = lines.iter().filter(of_mfa);
        of_mfa
            .map(|line| {
                let seen = line.values.as_ref().map(|values| &*values.seen);
                format!("{}: {}: {}", line.property, line.result, seen.unwrap())
            })
            .collect::<Vec<_>>()
    };
    let setting = "inboundTrust.isMfaAccepted";
    let counts = format!("{setting}: counts: true, and a claim of MFA");
    assert_eq!(told(false, Some(true)), [&*counts]);
    assert_eq!(told(true, Some(true)), [&*counts]);
    let alone = format!("{setting}: does not count: false, and a claim of MFA");
    assert_eq!(told(false, None), [&*alone]);
    for accepted in [None, Some(false)] {
        let by_itself = "isServiceProvider: counts: true, and a claim of MFA".to_owned();
        let besides =
            format!("{setting}: contexts and methods do not count: false, and a claim of MFA");
        assert_eq!(told(true, accepted), [by_itself, besides]);
    }
}

fn guest_of(cloud: HomeCloud) -> Subject {
    let home = Home::Tenant {
        tenant: HomeTenant(FABRIKAM),
        cloud,
    };
    Subject {
        home,
        ..ada(CONTOSO)
    }
}

#[test]
fn a_home_that_two_clouds_share_is_to_be_told_apart_before_a_cloud_is_enabled() {
    let mut snapshot = snapshot();
    let shared = guest_of(HomeCloud::GlobalOrUsGov);
    let told = change(&snapshot, &shared).unwrap();
    let expected = format!(
        "say in which cloud `{FABRIKAM}` lives: set `cloud` of its `[[partner]]` in `crossgate.toml`"
    );
    assert!(told.starts_with(&expected), "{told}");
    assert!(told.contains("only if it lives in another cloud"), "{told}");

    // What it says does help.
    let facts = PartnerFacts {
        cloud: Some(Cloud::Global),
        domains: Box::new([]),
        consent: Consent::TokenIssuance,
    };
    snapshot.partner_facts.insert(FABRIKAM, facts);
    assert_eq!(change(&snapshot, &shared), None);
}

#[test]
fn each_obstacle_of_another_cloud_has_a_change_of_its_own() {
    let mut snapshot = snapshot();
    let guest = guest_of(HomeCloud::Named(Cloud::UsGov));
    let told = change(&snapshot, &guest).unwrap();
    assert!(
        told.starts_with("list the cloud in `allowedCloudEndpoints`"),
        "{told}"
    );
    snapshot.allowed_clouds = Box::new([Cloud::UsGov]);
    let told = change(&snapshot, &guest).unwrap();
    assert_eq!(told, "add the document of that tenant to `partners`");
    let partner = PartnerSettings::default();
    snapshot.partners = Partners::from_iter([(FABRIKAM, partner)]);
    assert_eq!(change(&snapshot, &guest), None);

    let direct = Subject {
        issuer: IssuerTenant(FABRIKAM),
        ..guest_of(HomeCloud::Issuer(Cloud::UsGov))
    };
    let told = change(&snapshot, &direct).unwrap();
    assert!(told.starts_with("invite the caller as a guest"), "{told}");
}

#[test]
fn an_app_that_demands_an_assignment_is_met_by_a_document_for_a_person_or_a_group_and_says_which() {
    let mut target = payroll();
    target.assignment_required = true;
    let refused = |snapshot: &Snapshot, subject: &Subject| of(snapshot, subject, &target).code();
    let told = |snapshot: &Snapshot| {
        let (ada, context) = (ada(CONTOSO), Context::at(NOW));
        let (decision, lines) = explain(snapshot, Caller::Verified(&ada), &target, &context);
        let last = lines.last().unwrap();
        (
            decision.code(),
            format!("{}: {}", last.document, last.result),
        )
    };
    let assignment = |principal| AppAssignment {
        app: Id::new("payroll"),
        principal,
    };
    let mut snapshot = snapshot();
    assert_eq!(refused(&snapshot, &ada(CONTOSO)), 50_105);
    let herself = assignment(Principal::User(Id::new("ada")));
    snapshot.assignments.assign(&herself);
    let line = "app-role-assignments/payroll/ada: holds".to_owned();
    assert_eq!(told(&snapshot), (0, line));
    // Of another app, of another person, or as what she is not: nothing.
    let mut service = ada(CONTOSO);
    service.kind = SubjectKind::App;
    service.home = Home::Tenant {
        tenant: HomeTenant(CONTOSO),
        cloud: HomeCloud::Issuer(Cloud::Global),
    };
    assert_eq!(refused(&snapshot, &service), 50_105, "a service principal");
    let mut bob = ada(CONTOSO);
    bob.user_id = Some(Id::new("bob"));
    assert_eq!(refused(&snapshot, &bob), 50_105);
    snapshot.assignments.unassign(&herself);
    assert_eq!(refused(&snapshot, &ada(CONTOSO)), 50_105);

    let team = assignment(Principal::Group(Id::new("team")));
    snapshot.assignments.assign(&team);
    assert_eq!(refused(&snapshot, &ada(CONTOSO)), 50_105, "nobody is in it");
    // What a token calls a group is none of those that are kept here.
    let mut claims = ada(CONTOSO);
    claims.groups.listed = [Id::new("team")].into();
    assert_eq!(refused(&snapshot, &claims), 50_105);
    snapshot.assignments.join(&GroupMember {
        group: Id::new("team"),
        member: Id::new("ada"),
    });
    let line = "app-role-assignments/payroll/team: holds, by `group-members/team/ada`".to_owned();
    assert_eq!(told(&snapshot), (0, line));
    // The home's id is not hers here.
    assert_eq!(refused(&snapshot, &ada(FABRIKAM)), 500_213);
}
