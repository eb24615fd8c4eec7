//! Proofs against the plain product of everything that can come.

use std::net::IpAddr;

use crossgate_config::{Condition, HomeIs, Place, Property, Says, Selection};
use crossgate_insight::case::Case;
use crossgate_insight::proof::{Example, Site, Verdict, prove};
use crossgate_policy::context::{Context, RestrictionHeaders};
use crossgate_policy::decision::{AccessType, Device, Direction, Mfa};
use crossgate_policy::ids::{Id, UnixTime};
use crossgate_policy::snapshot::{Access, Consent, PartnerSide, Setting, Snapshot};
use crossgate_policy::subject::{Home, Proofs, Subject, SubjectKind};
use crossgate_policy::target::Target;
use crossgate_policy::{Caller, Decision, decide, explain};

use crate::dice::Dice;
use crate::world::{
    Around, FABRIKAM, NOW, OWN, addresses, agreement, around, clients, every_proof, every_subject,
    groups, id, policy, users,
};

/// Worlds that are gone through.
const WORLDS: u64 = 500;
/// The same where explanations are held against each other, which takes longer.
const EXPLAINED: u64 = 150;
/// Of so many one is gone through whole; of the others every so many'th of who comes, each with so many of what else may be.
const WHOLE: u64 = 250;
const EVERY: usize = 12;
const OF_EACH: usize = 2;

fn site(around: &Around) -> Site<'_> {
    Site {
        apps: &around.apps,
        issuers: &around.issuers,
        signs_in: false,
        now: jiff::Timestamp::from_second(i64::from(NOW)).unwrap(),
        most: 1 << 40,
    }
}

fn now() -> UnixTime {
    UnixTime::from_secs(NOW)
}

/// One thing that may come.
struct Request<'r> {
    target: &'r Target,
    subject: Option<&'r Subject>,
    address: Option<IpAddr>,
    terms: &'r [Id],
    outbound: bool,
    headers: RestrictionHeaders<'static>,
}

impl Request<'_> {
    fn decide(&self, snapshot: &Snapshot) -> Decision {
        let caller = self.subject.map_or(Caller::Anonymous, Caller::Verified);
        decide(snapshot, caller, self.target, &self.context())
    }

    fn speaks(&self, snapshot: &Snapshot, place: &Place) -> bool {
        let caller = self.subject.map_or(Caller::Anonymous, Caller::Verified);
        let (_, lines) = explain(snapshot, caller, self.target, &self.context());
        lines.iter().any(|line| {
            line.document == place.document
                && line.property.starts_with(&place.property)
                && !line.result.ends_with("does not apply")
        })
    }

    fn context(&self) -> Context<'_> {
        Context {
            client_ip: self.address,
            terms_accepted: self.terms,
            partner_outbound_allowed: self.outbound,
            restriction: self.headers,
            ..Context::at(now())
        }
    }
}

/// A policy as partners' documents may make it, at best.
fn published(snapshot: &Snapshot) -> Snapshot {
    let side = PartnerSide {
        automatic_consent_outbound: false,
        direct_connect_outbound: Setting::initial(Access::Allowed).into(),
    };
    let sides = snapshot.partner_facts.iter();
    let sides = sides.filter(|(_, facts)| facts.consent == Consent::Published);
    Snapshot {
        partner_sides: std::sync::Arc::new(
            sides.map(|(tenant, _)| (*tenant, side.clone())).collect(),
        ),
        ..snapshot.clone()
    }
}

/// Goes through everything that may come until something is found.
fn any(
    dice: &mut Dice,
    whole: bool,
    target: &Target,
    found: &mut dyn FnMut(&Request<'_>) -> bool,
) -> bool {
    let proofs = every_proof();
    let app_roles: [&[&str]; 3] = [&[], &["clerk"], &["role"]];
    let accepted = [vec![], vec![agreement()]];
    let headers = [
        RestrictionHeaders::Absent,
        RestrictionHeaders::read(
            [b"restrict-msa".as_slice()],
            std::iter::empty::<&[u8]>(),
            std::iter::empty::<&[u8]>(),
        ),
        RestrictionHeaders::read(
            [
                b"00000000-0000-0000-0000-000000000001:00000000-0000-0000-0000-000000000009"
                    .as_slice(),
            ],
            std::iter::empty::<&[u8]>(),
            std::iter::empty::<&[u8]>(),
        ),
    ];
    let mut is_found = false;
    let mut number = dice.below(EVERY);
    // Of methods, all or none.
    let without_methods: Vec<Proofs> = proofs
        .iter()
        .filter(|proofs| proofs.passwordless == proofs.phishing_resistant)
        .copied()
        .collect();
    for address in addresses() {
        is_found |= found(&Request {
            target,
            subject: None,
            address,
            terms: &[],
            outbound: false,
            headers: RestrictionHeaders::Absent,
        });
    }
    every_subject(target, &mut |subject| {
        if is_found {
            return;
        }
        number += 1;
        if !whole && !number.is_multiple_of(EVERY) {
            return;
        }
        let mut subject = subject.clone();
        let mut one = |subject: &Subject, address, terms: &[Id], outbound, headers| {
            let request = Request {
                target,
                subject: Some(subject),
                address,
                terms,
                outbound,
                headers,
            };
            is_found = is_found || found(&request);
        };
        if whole {
            for roles in app_roles {
                subject.app_roles = roles.iter().map(|role| Box::from(*role)).collect();
                for shown in &without_methods {
                    subject.proofs = *shown;
                    for address in &addresses()[1..] {
                        one(&subject, *address, &accepted[1], true, headers[0]);
                    }
                    one(&subject, None, &accepted[0], false, headers[0]);
                }
            }
            return;
        }
        for _ in 0..OF_EACH {
            let roles = dice.pick(&app_roles);
            subject.app_roles = roles.iter().map(|role| Box::from(*role)).collect();
            subject.proofs = if dice.chance(30) {
                proofs[63]
            } else {
                dice.pick(&proofs)
            };
            let (address, terms) = (dice.pick(&addresses()), dice.pick(&accepted));
            let headers = if dice.chance(80) {
                headers[0]
            } else {
                dice.pick(&headers)
            };
            one(&subject, address, &terms, dice.chance(60), headers);
        }
    });
    is_found
}

/// Whether a condition is true, once more and in other words.
fn holds(
    condition: &Condition,
    policy: &Snapshot,
    request: &Request<'_>,
    decision: &Decision,
) -> bool {
    let facts = decision.facts();
    let mut all = Vec::new();
    if let Some(homes) = &condition.home {
        all.push(request.subject.is_some_and(|subject| {
            homes.iter().any(|home| match (home, subject.home) {
                (HomeIs::Tenant(wanted), home) => home.recorded_tenant() == Some(*wanted),
                (HomeIs::Own, Home::Tenant { tenant, .. }) => tenant.0 == OWN,
                (HomeIs::Other, Home::Tenant { tenant, .. }) => tenant.0 != OWN,
                (HomeIs::Nowhere, home) => !matches!(home, Home::Tenant { .. }),
                _ => false,
            })
        }));
    }
    if let Some(apps) = &condition.app {
        all.push(apps.contains(&request.target.id));
    }
    if let Some(directions) = &condition.direction {
        all.push(facts.is_some_and(|facts| directions.contains(&facts.direction)));
    }
    if let Some(types) = &condition.access_type {
        all.push(types.iter().any(|one| decision.access_type() == Some(*one)));
    }
    if let Some(kind) = condition.kind {
        all.push(request.subject.map(|subject| subject.kind) == Some(kind));
    }
    if let Some(users) = &condition.user {
        let subject = request.subject;
        let mut ids = vec![
            subject.and_then(|subject| subject.user_id.clone()),
            subject.and_then(|subject| subject.home_oid.clone()),
        ];
        ids.extend(facts.map(|facts| facts.own_user_id.clone()));
        ids.extend(facts.map(|facts| facts.home_user_id.clone()));
        all.push(ids.into_iter().flatten().any(|id| users.contains(&id)));
    }
    if let Some(groups) = &condition.group {
        let mut are = request
            .subject
            .map_or_else(Vec::new, |subject| subject.groups.listed.to_vec());
        if let Some(id) = facts.and_then(|facts| facts.own_user_id.as_ref())
            && let Some(record) = policy.guests.by_id(id)
        {
            are.extend(record.home_groups.iter().flatten().cloned());
        }
        all.push(are.iter().any(|group| groups.contains(group)));
    }
    if let Some(clients) = &condition.client {
        let client = request.subject.and_then(|subject| subject.client.clone());
        all.push(client.is_some_and(|client| clients.contains(&client)));
    }
    if let Some(ranges) = &condition.address {
        let address = request.address;
        all.push(
            address.is_some_and(|address| ranges.iter().any(|range| range.contains(&address))),
        );
    }
    if let Some(mfa) = condition.mfa {
        let counts = matches!(decision.mfa(), Mfa::Own | Mfa::HomeTrusted | Mfa::Resource);
        all.push(counts == mfa);
    }
    if let Some(device) = condition.trusted_device {
        let counts = matches!(
            decision.device(),
            Device::OwnCompliant
                | Device::OwnHybrid
                | Device::CompliantTrusted
                | Device::HybridTrusted
        );
        all.push(counts == device);
    }
    all.into_iter().all(|holds| holds)
}

fn selected(
    selection: &Selection,
    policy: &Snapshot,
    request: &Request<'_>,
    decision: &Decision,
) -> bool {
    holds(&selection.all_of, policy, request, decision)
        && !selection
            .except
            .as_ref()
            .is_some_and(|except| holds(except, policy, request, decision))
}

fn condition(dice: &mut Dice, percent: usize) -> Condition {
    fn maybe<T>(dice: &mut Dice, percent: usize, make: impl FnOnce(&mut Dice) -> T) -> Option<T> {
        dice.chance(percent).then(|| make(dice))
    }
    let one = |dice: &mut Dice, ids: Vec<Id>| vec![dice.pick(&ids)];
    Condition {
        home: maybe(dice, 2 * percent, |dice| {
            vec![dice.pick(&[
                HomeIs::Tenant(FABRIKAM),
                HomeIs::Tenant(FABRIKAM),
                HomeIs::Other,
                HomeIs::Own,
                HomeIs::Nowhere,
            ])]
        }),
        app: maybe(dice, percent, |_| vec![id("payroll")]),
        direction: maybe(dice, percent / 2, |dice| {
            vec![dice.pick(&[Direction::Inbound, Direction::Outbound, Direction::Internal])]
        }),
        access_type: maybe(dice, percent, |dice| {
            vec![dice.pick(&[
                AccessType::Collaboration,
                AccessType::DirectConnect,
                AccessType::ServiceProvider,
            ])]
        }),
        kind: maybe(dice, percent, |dice| {
            dice.pick(&[SubjectKind::User, SubjectKind::App])
        }),
        user: maybe(dice, percent, |dice| one(dice, users())),
        group: maybe(dice, percent, |dice| one(dice, groups())),
        client: maybe(dice, percent / 2, |dice| one(dice, clients())),
        address: maybe(dice, percent / 2, |_| vec!["10.0.0.0/8".parse().unwrap()]),
        mfa: maybe(dice, 2 * percent, |dice| dice.chance(30)),
        trusted_device: maybe(dice, percent, |dice| dice.chance(30)),
    }
}

fn selection(dice: &mut Dice) -> Selection {
    Selection {
        all_of: condition(dice, 20),
        except: dice
            .chance(40)
            .then(|| condition(dice, 30))
            .filter(|except| *except != Condition::default()),
    }
}

fn property(says: Says) -> Property {
    Property {
        name: "a property".to_owned(),
        says,
    }
}

/// The example, decided again from what is printed of it.
fn decided(example: &Example, around: &Around, policy: &Snapshot) -> (Case, Decision) {
    let line = example.case("example");
    let case = Case::read(line.as_bytes()).unwrap_or_else(|why| panic!("{line}\n{why:?}"));
    let decision = case.decide(policy, &around.apps[&case.app]).unwrap();
    (case, decision)
}

/// Everything that was gone through, and how often each verdict came.
#[derive(Debug, Default)]
struct Seen {
    found: u32,
    none: u32,
}

/// Holds one verdict against the product; `look` says what is looked for.
fn compare(
    world: u64,
    dice: &mut Dice,
    around: &Around,
    (says, policy, before): (Says, &Snapshot, Option<&Snapshot>),
    look: &dyn Fn(&Request<'_>) -> bool,
    seen: &mut Seen,
) {
    let property = property(says);
    let proof = prove(&property, policy, before, site(around));
    let example = match &proof.verdict {
        Verdict::Fails(Some(example)) | Verdict::Holds(Some(example)) => Some(example),
        Verdict::Fails(None) | Verdict::Holds(None) => None,
        Verdict::TooLarge | Verdict::NeedsDraft => panic!("{:?}", proof.verdict),
    };
    match example {
        Some(example) => {
            seen.found += 1;
            let (case, decision) = decided(example, around, policy);
            assert_eq!(
                example.answer.outcome,
                decision.outcome_name(),
                "world {world}: {}",
                example.case("example")
            );
            if let Some(before) = before {
                let decision = case.decide(before, &around.apps[&case.app]).unwrap();
                assert!(decision.outcome.is_err(), "world {world}");
            }
            // What it is an example of, told by the other reading.
            let request = Request {
                target: &around.apps[&case.app],
                subject: match case.caller().unwrap() {
                    Caller::Verified(subject) => Some(subject),
                    Caller::Anonymous | Caller::Refused(_) => None,
                },
                address: case.context().client_ip,
                terms: case.context().terms_accepted,
                outbound: case.context().partner_outbound_allowed,
                headers: RestrictionHeaders::Absent,
            };
            assert!(
                look(&request),
                "world {world}: {property:?}\n{}",
                example.case("example")
            );
        }
        None => {
            seen.none += 1;
            let target = around.apps.values().next().unwrap();
            let mut shown = String::new();
            let contradicted = any(dice, world.is_multiple_of(WHOLE), target, &mut |request| {
                let found = look(request);
                if found {
                    shown = format!("{:#?} from {:?}", request.subject, request.address);
                }
                found
            });
            assert!(
                !contradicted,
                "world {world}: {property:#?}\nthere is one: {shown}\n{:#?}",
                policy.conditional_access
            );
        }
    }
}

fn draft(dice: &mut Dice, policy: &Snapshot) -> Snapshot {
    let other = self::policy(dice);
    let mut draft = policy.clone();
    if dice.chance(60) {
        draft.partners = other.partners;
    }
    if dice.chance(30) {
        draft.conditional_access = other.conditional_access;
    } else if dice.chance(50) {
        let mut policies = policy.conditional_access.to_vec();
        policies.pop();
        draft.conditional_access = policies.into();
    }
    if dice.chance(30) {
        draft.guests = other.guests;
    }
    if dice.chance(30) {
        draft.assignments = other.assignments;
    }
    if dice.chance(20) {
        draft.default = other.default;
    }
    draft
}

#[test]
fn what_is_never_let_in_is_what_the_product_of_everything_never_lets_in() {
    let mut seen = Seen::default();
    for world in 0..WORLDS {
        let mut dice = Dice::new(world);
        let (around, policy) = (around(&mut dice), policy(&mut dice));
        let best = published(&policy);
        for _ in 0..2 {
            let selection = selection(&mut dice);
            let look = |request: &Request<'_>| {
                let decision = request.decide(&best);
                decision.outcome.is_ok() && selected(&selection, &best, request, &decision)
            };
            let says = Says::Never(selection.clone());
            compare(
                world,
                &mut dice,
                &around,
                (says, &policy, None),
                &look,
                &mut seen,
            );
        }
    }
    assert!(seen.found > 200 && seen.none > 200, "{seen:?}");
}

#[test]
fn a_draft_lets_in_nobody_new_where_the_product_of_everything_has_nobody_new() {
    let mut seen = Seen::default();
    for world in 0..WORLDS {
        let mut dice = Dice::new(WORLDS + world);
        let (around, policy) = (around(&mut dice), policy(&mut dice));
        let draft = draft(&mut dice, &policy);
        let (best, best_draft) = (published(&policy), published(&draft));
        let selection = selection(&mut dice);
        let look = |request: &Request<'_>| {
            let decision = request.decide(&best_draft);
            decision.outcome.is_ok()
                && request.decide(&best).outcome.is_err()
                && selected(&selection, &best_draft, request, &decision)
        };
        let says = Says::NobodyNew(selection.clone());
        let sides = (says, &draft, Some(&policy));
        compare(world, &mut dice, &around, sides, &look, &mut seen);
    }
    assert!(seen.found > 60 && seen.none > 150, "{seen:?}");
}

#[test]
fn what_is_never_reached_no_request_of_the_product_reaches() {
    let mut seen = Seen::default();
    for world in 0..EXPLAINED {
        let mut dice = Dice::new(2 * WORLDS + world);
        let (around, policy) = (around(&mut dice), policy(&mut dice));
        let best = published(&policy);
        let place = Place {
            document: dice.pick(&[
                "conditional-access/policy-0".to_owned(),
                "conditional-access/policy-1".to_owned(),
                format!("partners/{FABRIKAM}"),
                "default".to_owned(),
                "cross-tenant-access-policy".to_owned(),
                "apps/payroll".to_owned(),
            ]),
            property: if dice.chance(30) {
                "b2bDirect".to_owned()
            } else {
                String::new()
            },
        };
        let look = |request: &Request<'_>| {
            request.headers == RestrictionHeaders::Absent && request.speaks(&best, &place)
        };
        let says = Says::Unreached(place.clone());
        compare(
            world,
            &mut dice,
            &around,
            (says, &policy, None),
            &look,
            &mut seen,
        );
    }
    assert!(seen.found > 30 && seen.none > 30, "{seen:?}");
}

/// Two partners with the same settings are one class, unless one of them is asked for.
#[test]
fn a_partner_like_another_is_found_where_it_is_asked_for() {
    let twin = crossgate_policy::ids::TenantId(crossgate_policy::ids::Guid::from_u128(4));
    for world in 0..40 {
        let mut dice = Dice::new(5_000 + world);
        let (around, mut policy) = (around(&mut dice), policy(&mut dice));
        let Some(settings) = policy.partners.get(FABRIKAM).cloned() else {
            continue;
        };
        let mut book = crossgate_policy::snapshot::PartnerBook::default();
        book.put(FABRIKAM, settings.clone());
        book.put(twin, settings);
        policy.partners = book.partners();
        policy.partner_facts.clear();
        let reached = |tenant| {
            let says = Says::Reached(Place {
                document: format!("partners/{tenant}"),
                property: String::new(),
            });
            let proof = prove(&property(says), &policy, None, site(&around));
            matches!(proof.verdict, Verdict::Holds(_))
        };
        let external = matches!(
            around.apps.values().next().unwrap().resource,
            crossgate_policy::target::Resource::External { .. }
        );
        assert!(
            external || reached(FABRIKAM) == reached(twin),
            "world {world}"
        );
    }
}

/// A location that holds no address holds the unknown one: that is known is a class of its own.
#[test]
fn a_known_address_is_a_class_where_no_range_is_named() {
    let mut found = 0;
    for world in 0..200 {
        let mut dice = Dice::new(7_000 + world);
        let (around, mut policy) = (around(&mut dice), policy(&mut dice));
        let mut policies = policy.conditional_access.to_vec();
        for one in &mut policies {
            one.locations = Some(crossgate_policy::snapshot::LocationCondition {
                include_all: false,
                include: Box::default(),
                exclude_all: false,
                exclude: Box::default(),
            });
            one.controls.block = true;
        }
        policy.conditional_access = policies.into();
        let says = Says::Possible(Selection::default());
        let blocked = prove(&property(says.clone()), &policy, None, site(&around));
        policy.conditional_access = [].into();
        let open = prove(&property(says), &policy, None, site(&around));
        let possible = |verdict| matches!(verdict, Verdict::Holds(_));
        // Such policies apply to nobody whose address is known.
        assert_eq!(
            possible(blocked.verdict),
            possible(open.verdict.clone()),
            "world {world}"
        );
        found += u32::from(possible(open.verdict));
    }
    assert!(found > 50, "{found}");
}

#[test]
fn what_is_too_large_to_go_through_is_told_and_not_sampled() {
    let mut dice = Dice::new(7);
    let (around, policy) = (around(&mut dice), policy(&mut dice));
    let site = Site {
        most: 1,
        ..site(&around)
    };
    let nobody = Selection {
        all_of: Condition {
            home: Some(vec![HomeIs::Other]),
            client: Some(vec![id("nobody's")]),
            mfa: Some(false),
            ..Condition::default()
        },
        except: None,
    };
    let proof = prove(&property(Says::Never(nobody)), &policy, None, site);
    assert!(matches!(proof.verdict, Verdict::TooLarge), "{proof:?}");
}

#[test]
fn a_comparison_needs_something_to_compare_with() {
    let mut dice = Dice::new(7);
    let (around, policy) = (around(&mut dice), policy(&mut dice));
    let says = Says::NobodyNew(Selection::default());
    let proof = prove(&property(says), &policy, None, site(&around));
    assert!(matches!(proof.verdict, Verdict::NeedsDraft), "{proof:?}");
}

/// What a proof rests on: whom nothing lets in with everything shown, nothing lets in with less.
#[test]
fn showing_more_never_keeps_anybody_out() {
    let mut dice = Dice::new(11);
    let proofs = every_proof();
    for _ in 0..60 {
        let (around, policy) = (around(&mut dice), policy(&mut dice));
        let target = around.apps.values().next().unwrap();
        let mut number = 0_usize;
        every_subject(target, &mut |subject| {
            number += 1;
            if !number.is_multiple_of(23) {
                return;
            }
            let ask = |proofs: Proofs, terms: &[Id]| {
                let subject = Subject {
                    proofs,
                    app_roles: ["clerk".into()].into(),
                    ..subject.clone()
                };
                let context = Context {
                    terms_accepted: terms,
                    ..Context::at(now())
                };
                decide(&policy, Caller::Verified(&subject), target, &context)
                    .outcome
                    .is_ok()
            };
            let best = ask(proofs[63], &[agreement()]);
            let less = dice.pick(&proofs);
            assert!(best || !ask(less, &[]), "{subject:?} {less:?}");
        });
    }
}
