//! Tallies of replays.

use crossgate_insight::case::Written;
use crossgate_insight::event::Event;
use crossgate_insight::receipt::Receipt;
use crossgate_insight::replay::{Against, Replay, Tally};
use crossgate_insight::verify::{Policy, Verdict, verify};
use crossgate_policy::context::Context;
use crossgate_policy::ids::UnixTime;
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::target::Target;
use crossgate_policy::{Caller, Decision, decide};
use serde_json::json;
use std::sync::Arc;

use crate::dice::Dice;
use crate::world::{NOW, around, every_proof, every_subject, policy};

/// An event as the gateway writes it, as far as it is read.
fn event(
    decision: &Decision,
    receipt: Option<&Receipt<'_>>,
    (id, user): (usize, &str),
    count: u64,
) -> String {
    let facts = decision.facts();
    let mut event = json!({
        "id": format!("event-{id}"), "createdDateTime": "2026-01-01T00:00:00.000Z", "userId": user,
        "resourceDisplayName": "Payroll",
        "homeTenantId": facts.and_then(|facts| facts.home_tenant_id()).map(|tenant| tenant.to_string()),
        "resourceTenantId": decision.resource_tenant.map(|tenant| tenant.0.to_string()),
        "crossTenantAccessType": decision.access_type().map(|access| access.name()),
        "status": { "errorCode": decision.code() },
        "crossgate": {
            "outcome": decision.outcome_name(), "reason": decision.reason(),
            "step": decision.step().map(|step| step.name()), "enforcement": decision.enforcement.name(),
            "direction": facts.map(|facts| facts.direction.name()), "snapshot": "then",
            "mfa": decision.mfa().name(), "device": decision.device().name(),
            "requirements": decision.requirements().iter().map(ToString::to_string).collect::<Vec<_>>(),
            "count": count, "lastSeen": "2026-01-01T00:00:00.000Z",
        },
    });
    if let Some(receipt) = receipt {
        event["crossgate"]["receipt"] = serde_json::to_value(receipt).unwrap();
    }
    event.to_string()
}

/// Events of many callers of one policy.
fn events(dice: &mut Dice, policy: &Snapshot, target: &Target) -> Vec<(String, u64)> {
    let proofs = every_proof();
    let (mut events, mut number) = (Vec::new(), 0_usize);
    every_subject(target, &mut |subject| {
        number += 1;
        if !number.is_multiple_of(37) {
            return;
        }
        let mut subject = subject.clone();
        subject.proofs = dice.pick(&proofs);
        let caller = Caller::Verified(&subject);
        let decision = decide(
            policy,
            caller,
            target,
            &Context::at(UnixTime::from_secs(NOW)),
        );
        let case = Written {
            id: "x",
            now: jiff::Timestamp::from_second(i64::from(NOW)).unwrap(),
            app: &target.id,
            issuer: Some("entra"),
            caller,
            anybody: false,
            headers: [&[]; 3],
            client_ip: None,
            partner_outbound_allowed: false,
            partner_consents: None,
            terms_accepted: &[],
        };
        let receipt = Receipt::new(0, policy, target, case).unwrap();
        let count = 1 + dice.below(9) as u64;
        let user = format!("user-{}", dice.below(20));
        events.push((
            event(&decision, Some(&receipt), (number, &user), count),
            count,
        ));
    });
    events
}

#[test]
fn a_tally_is_what_deciding_each_by_itself_comes_to_and_halves_add_up() {
    let mut dice = Dice::new(21);
    let mut changed = 0;
    for _ in 0..30 {
        let (around, before) = (around(&mut dice), policy(&mut dice));
        let target = around.apps.values().next().unwrap();
        let draft = policy(&mut dice);
        let events = events(&mut dice, &before, target);
        let replay = Replay {
            draft: &draft,
            apps: &around.apps,
            against: Against::Recorded,
        };
        let (mut whole, mut halves) = (Tally::default(), [Tally::default(), Tally::default()]);
        let (mut loses, mut gains) = (0, 0);
        for (number, (line, count)) in events.iter().enumerate() {
            let event = Event::read(line.as_bytes()).unwrap();
            replay.take(&event, &mut whole);
            replay.take(&event, &mut halves[number % 2]);
            let case = event.case().unwrap().unwrap();
            let admitted = |policy| case.decide(policy, target).unwrap().outcome.is_ok();
            match (admitted(&before), admitted(&draft)) {
                (true, false) => loses += count,
                (false, true) => gains += count,
                (true, true) | (false, false) => {}
            }
        }
        assert_eq!(
            (whole.loses.sum.requests, whole.gains.sum.requests),
            (loses, gains)
        );
        assert_eq!(whole.decided.events, events.len() as u64);
        let sums = [
            whole.same,
            whole.otherwise,
            whole.loses.sum,
            whole.gains.sum,
        ];
        let sum: u64 = sums.iter().map(|sum| sum.requests).sum();
        assert_eq!(sum, whole.decided.requests);
        let [mut one, other] = halves;
        one.merge(other);
        assert_eq!(one, whole);
        changed += loses + gains;
        // Held against the policy of then, it is the same as held against what was recorded.
        let against = Replay {
            against: Against::Policy(&before),
            ..replay
        };
        let mut again = Tally::default();
        for (line, _) in &events {
            against.take(&Event::read(line.as_bytes()).unwrap(), &mut again);
        }
        assert_eq!(again, whole);
        // The same policy changes nothing.
        let same = Replay {
            draft: &before,
            ..replay
        };
        let mut unchanged = Tally::default();
        for (line, _) in &events {
            same.take(&Event::read(line.as_bytes()).unwrap(), &mut unchanged);
        }
        assert_eq!(unchanged.same, unchanged.decided);
    }
    assert!(changed > 500, "{changed}");
}

#[test]
fn a_receipt_is_the_same_by_its_policy_and_differs_where_the_event_was_edited() {
    let mut dice = Dice::new(23);
    let (around, snapshot) = (around(&mut dice), policy(&mut dice));
    let target = around.apps.values().next().unwrap();
    let policy = Policy {
        snapshot: Arc::new(snapshot.clone()),
        apps: Arc::new(around.apps.clone()),
    };
    let by = |line: &str| {
        let event = Event::read(line.as_bytes()).unwrap();
        verify(&event, |name| (name == "then").then(|| policy.clone()))
    };
    let events = events(&mut dice, &snapshot, target);
    for (line, _) in &events {
        assert_eq!(by(line), Verdict::Same);
        let edited = line.replacen("\"mfa\":\"", "\"mfa\":\"un", 1);
        let Verdict::Differs { differences } = by(&edited) else {
            panic!("{edited}")
        };
        assert_eq!(differences[0].member, "mfa");
        let elsewhere = line.replacen("\"then\"", "\"later\"", 1);
        assert_eq!(by(&elsewhere), Verdict::NoPolicy);
    }
    let context = Context::at(UnixTime::from_secs(NOW));
    let decision = decide(&snapshot, Caller::Anonymous, target, &context);
    assert_eq!(
        by(&event(&decision, None, (1, "ada"), 1)),
        Verdict::NoReceipt
    );
}

#[test]
fn without_a_receipt_only_what_policy_has_no_say_in_is_known() {
    let mut dice = Dice::new(25);
    let around = around(&mut dice);
    let snapshot = policy(&mut dice);
    let target = Target {
        anonymous: false,
        ..around.apps.values().next().unwrap().clone()
    };
    let context = Context::at(UnixTime::from_secs(NOW));
    let nobody = decide(&snapshot, Caller::Anonymous, &target, &context);
    let mut somebody = None;
    every_subject(&target, &mut |subject| {
        somebody
            .get_or_insert_with(|| decide(&snapshot, Caller::Verified(subject), &target, &context));
    });
    let replay = Replay {
        draft: &snapshot,
        apps: &around.apps,
        against: Against::Recorded,
    };
    let mut tally = Tally::default();
    for (decision, count) in [(&nobody, 3), (somebody.as_ref().unwrap(), 4)] {
        let line = event(decision, None, (1, "ada"), count);
        replay.take(&Event::read(line.as_bytes()).unwrap(), &mut tally);
    }
    assert_eq!((tally.no_say.requests, tally.decided.requests), (3, 0));
    let undecided: u64 = tally.without_receipt.values().map(|sum| sum.requests).sum();
    assert_eq!((undecided, tally.not_decided().requests), (4, 4));
}
