//! How many recorded sign-ins are decided again in a second, by two threads: the decision alone, and with reading the event.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench fails by panicking"
)]

use std::hint::black_box;
use std::thread;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use crossgate_insight::case::{Case, Written};
use crossgate_insight::event::Event;
use crossgate_insight::receipt::Receipt;
use crossgate_insight::replay::{Against, Replay, Tally};
use crossgate_policy::context::Context;
use crossgate_policy::ids::UnixTime;
use crossgate_policy::{Caller, decide};
use serde_json::json;

#[path = "../tests/insight/dice.rs"]
mod dice;
#[path = "../tests/insight/world.rs"]
#[expect(dead_code, reason = "what only tests look at")]
mod world;

use dice::Dice;
use world::{NOW, around, every_proof, every_subject, policy};

const THREADS: usize = 2;
const EVENTS: usize = 20_000;

fn events(dice: &mut Dice, around: &world::Around) -> Vec<String> {
    let snapshot = policy(dice);
    let target = around.apps.values().next().unwrap();
    let proofs = every_proof();
    let mut events = Vec::with_capacity(EVENTS);
    while events.len() < EVENTS {
        every_subject(target, &mut |subject| {
            if events.len() == EVENTS || !dice.chance(20) {
                return;
            }
            let mut subject = subject.clone();
            subject.proofs = dice.pick(&proofs);
            let caller = Caller::Verified(&subject);
            let context = Context::at(UnixTime::from_secs(NOW));
            let decision = decide(&snapshot, caller, target, &context);
            let case = Written {
                id: "6d1c0000-0000-4000-8000-000000000001",
                now: jiff::Timestamp::from_second(i64::from(NOW)).unwrap(),
                app: &target.id,
                issuer: Some("entra"),
                caller,
                anybody: false,
                headers: [&[]; 3],
                client_ip: Some([192, 0, 2, 7].into()),
                partner_outbound_allowed: false,
                partner_consents: None,
                terms_accepted: &[],
            };
            let receipt = Receipt::new(0, &snapshot, target, case).unwrap();
            let facts = decision.facts();
            let event = json!({
                "id": "6d1c0000-0000-4000-8000-000000000001", "createdDateTime": "2026-01-01T00:00:00.000Z",
                "userDisplayName": "Ada Lovelace", "userPrincipalName": "ada@fabrikam.com", "userId": "ada",
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "resourceDisplayName": "Payroll", "appliedConditionalAccessPolicies": [],
                "homeTenantId": facts.and_then(|facts| facts.home_tenant_id()).map(|tenant| tenant.to_string()),
                "crossTenantAccessType": decision.access_type().map(|access| access.name()),
                "status": { "errorCode": decision.code(), "failureReason": null, "additionalDetails": null },
                "crossgate": {
                    "outcome": decision.outcome_name(), "reason": decision.reason(), "step": decision.step().map(|step| step.name()),
                    "enforcement": "enforce", "direction": "inbound", "snapshot": "0".repeat(64), "mfa": "none", "device": "none",
                    "explanation": (0..8).map(|_| json!({ "step": "inbound", "document": "partners/22222222-2222-4222-8222-222222222222",
                        "property": "b2bCollaborationInbound.usersAndGroups", "result": "admits" })).collect::<Vec<_>>(),
                    "receipt": receipt, "count": 7, "lastSeen": "2026-01-01T00:00:00.000Z",
                },
            });
            events.push(event.to_string());
        });
    }
    events
}

fn replay(criterion: &mut Criterion) {
    let mut dice = Dice::new(42);
    let around = around(&mut dice);
    let draft = policy(&mut dice);
    let target = around.apps.values().next().unwrap();
    let lines = events(&mut dice, &around);
    let cases: Vec<Case> = lines
        .iter()
        .map(|line| {
            Event::read(line.as_bytes())
                .unwrap()
                .case()
                .unwrap()
                .unwrap()
        })
        .collect();
    let bytes: usize = lines.iter().map(String::len).sum();
    println!("{} bytes an event", bytes / lines.len());
    let mut group = criterion.benchmark_group("replay");
    group.throughput(Throughput::Elements(EVENTS as u64));
    group.bench_function("decide, two threads", |bench| {
        bench.iter(|| {
            thread::scope(|scope| {
                for part in cases.chunks(EVENTS / THREADS) {
                    let draft = &draft;
                    scope.spawn(move || {
                        for case in part {
                            black_box(case.decide(draft, target));
                        }
                    });
                }
            });
        });
    });
    let replay = Replay {
        draft: &draft,
        apps: &around.apps,
        against: Against::Recorded,
    };
    group.bench_function("read and decide, two threads", |bench| {
        bench.iter(|| {
            thread::scope(|scope| {
                for part in lines.chunks(EVENTS / THREADS) {
                    scope.spawn(move || {
                        let mut tally = Tally::default();
                        for line in part {
                            replay.take(&Event::read(line.as_bytes()).unwrap(), &mut tally);
                        }
                        black_box(tally);
                    });
                }
            });
        });
    });
    group.finish();
}

criterion_group!(benches, replay);
criterion_main!(benches);
