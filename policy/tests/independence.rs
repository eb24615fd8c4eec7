//! Independence of tenant restrictions: exhausted, not sampled.
//!
//! No inbound, outbound or trust setting changes the outcome of a tenant-restricted request, and no restriction
//! changes that of any other. The world is small and whole: one user, one group, one app, one client, and one other of
//! each; every kind of caller; every header a network may add.
//!
//! The product of everything with everything would take years. It falls into parts that meet in the verdict, for more
//! than a verdict the engine cannot take from restrictions:
//! - every shape of them, in `default` and at the partner, comes to what the truth table of the page says, and nothing
//!   else is asked: 80 x 81 shapes, 8 headers, 9 callers, 2 routes, 2 worlds of other settings: 1,866,240 requests;
//! - every world of other settings and trust, beside each verdict: (2 x 3)^4 settings, (3 x 3)^3 flags, 5
//!   restrictions: 4,723,920 requests of the caller who brings every claim; and for all 9 callers on 2 routes, the
//!   flags alike: 1,049,760;
//! - every shape of each other setting, one setting at a time, beside each verdict: 4 x 80 x 81 shapes, 5
//!   restrictions, 9 callers: 1,166,400;
//! - the reverse, for all 8 callers that no restriction is meant for: 80 x 81 shapes, 8 headers, 2 worlds: 829,440;
//!   and every world of other settings beside each verdict, the flags alike: 466,560.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is a failed test"
)]

#[path = "independence/callers.rs"]
mod callers;
#[path = "independence/settings.rs"]
mod settings;
#[path = "independence/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::sync::Arc;

use callers::{FABRIKAM, Known, NORTHWIND, Says, at_our_app, foreign, going_out};
use crossgate_policy::Decision;
use crossgate_policy::context::Context;
use crossgate_policy::decision::Direction;
use crossgate_policy::snapshot::{Setting, TrustOverrides};
use crossgate_policy::subject::{Home, Subject};
use crossgate_policy::target::{Resource, Target};
use settings::{OPEN, SHUT, Shape, every_shape};
use world::{
    NOW, Others, World, egress, every_combination, every_trust, every_verdict, target,
    uniform_trust, with_headers,
};

#[test]
fn restrictions_alone_answer_every_restricted_request() {
    let shapes = compiled_shapes();
    let callers = foreign();
    let routes = [true, false].map(|managed| (managed, egress(NORTHWIND, managed)));
    let mut world = World::new();
    let (mut asked, mut told) = (0, BTreeSet::new());
    for corner in corners(&OPEN.compile(), &SHUT.compile()) {
        world.others(&corner);
        for says in Says::ALL {
            with_headers(says, |context| {
                for (default, partner) in every_pair(&shapes) {
                    world.restrictions(&default.1, partner.map(|(_, compiled)| compiled));
                    let written = partner.map_or(default.0, |(shape, _)| *shape);
                    for caller in &callers {
                        let home = caller.subject.home;
                        // Nobody has a document for those without a tenant.
                        let holds = if home == Home::NoTenant {
                            default.0
                        } else {
                            written
                        };
                        for (managed, route) in &routes {
                            let decision = world.decide(&caller.subject, route, context);
                            let expected = by_the_page(says, *managed, home, holds, caller.known);
                            asked += 1;
                            assert_eq!(
                                decision.code(),
                                expected.0,
                                "{}, {says:?}, managed {managed}, {holds:?}",
                                caller.what
                            );
                            told.insert(expected);
                        }
                    }
                }
            });
        }
    }
    assert_eq!(asked, 1_866_240);
    assert_eq!(told.len(), 8, "{told:?}");
}

#[test]
fn no_world_of_other_settings_changes_a_restricted_request() {
    let (open, shut) = (OPEN.compile(), SHUT.compile());
    let (others, trusts) = (every_combination(&open, &shut), every_trust());
    // Brings every claim, and may be in any group.
    let bold = &foreign()[1];
    let route = egress(NORTHWIND, true);
    let mut world = World::new();
    let mut asked = 0;
    for (default, partner) in every_verdict() {
        world.restrictions(&default, partner.as_ref());
        let mut always = Always::default();
        for others in &others {
            world.others(others);
            for default_trust in &trusts {
                for partner_trust in &trusts {
                    world.trust(*default_trust, *partner_trust);
                    always.is(world.decide(&bold.subject, &route, &Context::at(NOW)));
                    asked += 1;
                }
            }
        }
        assert!(always.direction() == Direction::TenantRestricted);
    }
    assert_eq!(asked, 4_723_920);
}

#[test]
fn no_world_of_other_settings_changes_any_restricted_caller() {
    let (open, shut) = (OPEN.compile(), SHUT.compile());
    let others = every_combination(&open, &shut);
    let requests: Vec<(Subject, Target)> = [true, false]
        .into_iter()
        .flat_map(|managed| foreign().into_iter().map(move |caller| (caller, managed)))
        .map(|(caller, managed)| (caller.subject, egress(NORTHWIND, managed)))
        .collect();
    let mut world = World::new();
    let mut asked = 0;
    for (default, partner) in every_verdict() {
        world.restrictions(&default, partner.as_ref());
        asked += in_every_world(&mut world, &others, &requests);
    }
    assert_eq!(asked, 1_049_760);
}

#[test]
fn no_shape_of_another_setting_changes_a_restricted_request() {
    let (shapes, open) = (compiled_shapes(), OPEN.compile());
    let (callers, route) = (foreign(), egress(NORTHWIND, true));
    let mut world = World::new();
    let mut asked = 0;
    for (default, partner) in every_verdict() {
        world.restrictions(&default, partner.as_ref());
        let mut always = vec![Always::default(); callers.len()];
        for property in 0..4 {
            for (default, partner) in every_pair(&shapes) {
                let mut others = Others::all(&open);
                others.default[property] = &default.1;
                others.partner[property] = partner.map(|(_, compiled)| compiled);
                world.others(&others);
                for (caller, always) in callers.iter().zip(&mut always) {
                    always.is(world.decide(&caller.subject, &route, &Context::at(NOW)));
                    asked += 1;
                }
            }
        }
    }
    assert_eq!(asked, 1_166_400);
}

#[test]
fn no_restriction_changes_an_internal_inbound_or_outbound_request() {
    let shapes = compiled_shapes();
    let requests = unrestricted();
    let mut world = World::new();
    let mut asked = 0;
    for corner in corners(&OPEN.compile(), &SHUT.compile()) {
        world.others(&corner);
        for says in Says::ALL {
            with_headers(says, |context| {
                let mut always = vec![Always::default(); requests.len()];
                for (default, partner) in every_pair(&shapes) {
                    world.restrictions(&default.1, partner.map(|(_, compiled)| compiled));
                    for ((subject, target), always) in requests.iter().zip(&mut always) {
                        always.is(world.decide(subject, target, context));
                        asked += 1;
                    }
                }
            });
        }
    }
    assert_eq!(asked, 829_440);
}

#[test]
fn no_restriction_changes_what_other_settings_and_trust_say() {
    let (open, shut) = (OPEN.compile(), SHUT.compile());
    let (others, requests) = (every_combination(&open, &shut), unrestricted());
    let mut world = World::new();
    let (mut asked, mut told) = (0, BTreeSet::new());
    for others in &others {
        world.others(others);
        for default_trust in uniform_trust() {
            for partner_trust in uniform_trust() {
                world.trust(default_trust, partner_trust);
                let mut always = vec![Always::default(); requests.len()];
                for (default, partner) in every_verdict() {
                    world.restrictions(&default, partner.as_ref());
                    for ((subject, target), always) in requests.iter().zip(&mut always) {
                        always.is(world.decide(subject, target, &Context::at(NOW)));
                        asked += 1;
                    }
                }
                told.extend(
                    always
                        .iter()
                        .map(|always| (always.direction().name(), always.code())),
                );
            }
        }
    }
    assert_eq!(asked, 466_560);
    // The world is not blind: settings and trust do decide here.
    let expected = [
        ("inbound", 0),
        ("inbound", 53_000),
        ("inbound", 500_213),
        ("internal", 0),
        ("outbound", 0),
        ("outbound", 500_212),
    ];
    assert_eq!(told, BTreeSet::from(expected));
}

/// The code of a restricted request, from restriction inputs alone.
fn by_the_page(
    says: Says,
    managed: bool,
    home: Home,
    restriction: Shape,
    known: Known,
) -> (u32, &'static str) {
    match says {
        Says::Nonsense => return (9_002_313, "malformed"),
        Says::AnotherOfOurs => return (1_000_108, "another policy of ours"),
        Says::OnlyUs => return (500_021, "not on the list"),
        Says::NoMicrosoftAccounts if home == Home::MicrosoftAccount => {
            return (500_022, "a Microsoft account");
        }
        Says::Nothing
        | Says::OurPolicy
        | Says::AnotherTenants
        | Says::NoMicrosoftAccounts
        | Says::OnlyNorthwind => {}
    }
    if !managed && says != Says::OurPolicy {
        return (0, "not in force");
    }
    match restriction.admits(known) {
        Some(true) => (0, "admitted"),
        Some(false) => (5_000_211, "refused"),
        None => (5_000_211, "unknown"),
    }
}

/// One request that must be answered alike every time it is asked.
#[derive(Clone, Default)]
struct Always(Option<Decision>);

impl Always {
    fn is(&mut self, decision: Decision) {
        match &self.0 {
            Some(first) => assert_eq!(*first, decision),
            None => self.0 = Some(decision),
        }
    }

    fn direction(&self) -> Direction {
        self.0.as_ref().unwrap().facts().unwrap().direction
    }

    fn code(&self) -> u32 {
        self.0.as_ref().unwrap().code()
    }
}

/// Asks all requests in every combination of other settings, the flags of trust alike.
fn in_every_world(
    world: &mut World,
    others: &[Others<'_>],
    requests: &[(Subject, Target)],
) -> usize {
    let mut asked = 0;
    let mut always = vec![Always::default(); requests.len()];
    for others in others {
        world.others(others);
        for default_trust in uniform_trust() {
            for partner_trust in uniform_trust() {
                world.trust(default_trust, partner_trust);
                for ((subject, target), always) in requests.iter().zip(&mut always) {
                    always.is(world.decide(subject, target, &Context::at(NOW)));
                    asked += 1;
                }
            }
        }
    }
    asked
}

/// Everybody whom no restriction is meant for.
fn unrestricted() -> Vec<(Subject, Target)> {
    let here = at_our_app()
        .into_iter()
        .map(|subject| (subject, target(Resource::Own)));
    let out = going_out()
        .into_iter()
        .map(|subject| (subject, egress(FABRIKAM, true)));
    here.chain(out).collect()
}

type Compiled = (Shape, Arc<Setting>);

fn compiled_shapes() -> Vec<Compiled> {
    let shapes = every_shape().into_iter();
    shapes.map(|shape| (shape, shape.compile())).collect()
}

/// Every shape in `default`, with every shape or none at the partner: 80 x 81.
fn every_pair(shapes: &[Compiled]) -> impl Iterator<Item = (&Compiled, Option<&Compiled>)> {
    shapes.iter().flat_map(|default| {
        let partner = shapes.iter().map(Some).chain([None]);
        partner.map(move |partner| (default, partner))
    })
}

/// Everything open and trusted, and everything shut.
fn corners<'a>(open: &'a Arc<Setting>, shut: &'a Arc<Setting>) -> [Others<'a>; 2] {
    let trusted = TrustOverrides {
        mfa: Some(true),
        compliant_device: Some(true),
        hybrid_joined_device: Some(true),
    };
    let mut everything_open = Others::all(open);
    everything_open.partner_trust = trusted;
    [everything_open, Others::all(shut)]
}
