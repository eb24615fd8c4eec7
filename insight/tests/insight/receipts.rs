//! Receipts: what is written is what is read again.

use crossgate_insight::case::{Case, Written};
use crossgate_insight::receipt::Receipt;
use crossgate_policy::context::{Context, RestrictionHeaders};
use crossgate_policy::decision::TokenRefusal;
use crossgate_policy::ids::{Id, UnixTime};
use crossgate_policy::snapshot::{Access, Consent, PartnerFacts, PartnerSide, Setting, Snapshot};
use crossgate_policy::subject::{Account, Home, Subject};
use crossgate_policy::target::{Resource, Target};
use crossgate_policy::{Caller, decide};
use serde_json::Value;

use crate::dice::Dice;
use crate::world::{
    FABRIKAM, NOW, addresses, agreement, around, every_proof, every_subject, policy,
};

fn written<'a>(target: &'a Target, caller: Caller<'a>) -> Written<'a> {
    Written {
        id: "receipt",
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
    }
}

fn read(receipt: &Receipt<'_>) -> Case {
    let text = serde_json::to_string(receipt).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let case = value["case"].to_string();
    Case::read(case.as_bytes()).unwrap_or_else(|why| panic!("{case}\n{why:?}"))
}

#[test]
fn every_decision_is_made_again_from_its_receipt() {
    let mut dice = Dice::new(3);
    let proofs = every_proof();
    let mut decided = 0_u32;
    for _ in 0..20 {
        let (around, policy) = (around(&mut dice), policy(&mut dice));
        let target = around.apps.values().next().unwrap();
        let mut number = 0_usize;
        every_subject(target, &mut |subject| {
            number += 1;
            if !number.is_multiple_of(29) {
                return;
            }
            let subject = Subject {
                proofs: dice.pick(&proofs),
                app_roles: if dice.chance(50) {
                    ["clerk".into()].into()
                } else {
                    [].into()
                },
                session: dice.chance(50).then(|| Id::new("sid \"1\"")),
                token_id: dice.chance(50).then(|| Id::new("uti")),
                jwt_id: dice.chance(50).then(|| Id::new("jti")),
                authenticated_at: dice
                    .chance(80)
                    .then(|| UnixTime::new(f64::from(NOW) + 0.123_456_7).unwrap()),
                restriction_policy: dice.chance(20).then(|| Id::new("policy")),
                ..subject.clone()
            };
            let headers: Vec<Box<[u8]>> = dice.pick(&[
                vec![],
                vec![b"restrict-msa".as_slice().into()],
                vec![b"\xff".as_slice().into()],
                vec![b"a".as_slice().into(), b"b".as_slice().into()],
            ]);
            let terms = dice.some(&[agreement()], 50);
            let now = jiff::Timestamp::new(i64::from(NOW), 123_456_789).unwrap();
            let context = Context {
                client_ip: dice.pick(&addresses()),
                terms_accepted: &terms,
                restriction: RestrictionHeaders::read(
                    headers.iter().map(|value| &**value),
                    std::iter::empty::<&[u8]>(),
                    std::iter::empty::<&[u8]>(),
                ),
                ..Context::at(UnixTime::new(now.as_duration().as_secs_f64()).unwrap())
            };
            let before = decide(&policy, Caller::Verified(&subject), target, &context);
            let case = Written {
                now,
                headers: [&headers, &[], &[]],
                client_ip: context.client_ip,
                terms_accepted: &terms,
                ..written(target, Caller::Verified(&subject))
            };
            let receipt = Receipt::new(5, &policy, target, case).unwrap();
            let case = read(&receipt);
            let Some(Caller::Verified(again)) = case.caller() else {
                panic!("{case:?}")
            };
            assert_eq!(*again, subject);
            assert_eq!(case.decide(&policy, target), Some(before));
            decided += 1;
        });
    }
    assert!(decided > 2_500, "{decided}");
}

#[test]
fn what_the_partners_gateway_published_then_is_in_the_receipt() {
    let mut dice = Dice::new(5);
    let mut told = [0; 2];
    for _ in 0..100 {
        let (around, mut policy) = (around(&mut dice), policy(&mut dice));
        let target = around.apps.values().next().unwrap();
        if target.resource != Resource::Own {
            continue;
        }
        policy.partner_facts.insert(
            FABRIKAM,
            PartnerFacts {
                cloud: None,
                domains: Box::default(),
                consent: Consent::Published,
            },
        );
        let side = PartnerSide {
            automatic_consent_outbound: dice.chance(50),
            direct_connect_outbound: Setting::initial(
                dice.pick(&[Access::Allowed, Access::Blocked]),
            )
            .into(),
        };
        let then = Snapshot {
            partner_sides: std::sync::Arc::new([(FABRIKAM, side)].into_iter().collect()),
            ..policy.clone()
        };
        let mut number = 0_usize;
        every_subject(target, &mut |subject| {
            number += 1;
            if !number.is_multiple_of(61) || subject.home.recorded_tenant() != Some(FABRIKAM) {
                return;
            }
            let caller = Caller::Verified(subject);
            let context = Context::at(UnixTime::from_secs(NOW));
            let before = decide(&then, caller, target, &context);
            told[usize::from(before.outcome.is_ok())] += 1;
            let receipt = Receipt::new(0, &then, target, written(target, caller)).unwrap();
            // The policy that is kept knows of no partner's side.
            assert_eq!(read(&receipt).decide(&policy, target), Some(before));
        });
    }
    assert!(told[0] > 30 && told[1] > 30, "{told:?}");
}

#[test]
fn a_token_that_was_refused_is_refused_again_by_the_same_rule() {
    let mut dice = Dice::new(9);
    let (around, policy) = (around(&mut dice), policy(&mut dice));
    let target = around.apps.values().next().unwrap();
    let refusal = TokenRefusal {
        code: 500_133,
        reason: "token_expired",
    };
    let caller = Caller::Refused(refusal);
    let context = Context::at(UnixTime::from_secs(NOW));
    let receipt = Receipt::new(0, &policy, target, written(target, caller)).unwrap();
    let again = read(&receipt).decide(&policy, target);
    assert_eq!(again, Some(decide(&policy, caller, target, &context)));
}

#[test]
fn headers_that_would_fill_the_disk_are_not_kept() {
    let mut dice = Dice::new(9);
    let (around, policy) = (around(&mut dice), policy(&mut dice));
    let target = around.apps.values().next().unwrap();
    let long: Vec<Box<[u8]>> = vec![vec![b'a'; 5_000].into()];
    let case = Written {
        headers: [&[], &long, &[]],
        ..written(target, Caller::Anonymous)
    };
    assert!(Receipt::new(0, &policy, target, case).is_none());
}

#[test]
fn a_subject_is_read_strictly() {
    let case = |subject: &str, more: &str| {
        let line = format!(
            r#"{{"id":"x","now":"2026-01-01T00:00:00Z","app":"payroll","subject":{subject}{more}}}"#
        );
        Case::read(line.as_bytes())
    };
    let tenant = "22222222-2222-4222-8222-222222222222";
    let home = format!(r#"{{"tenant":"{tenant}","cloud":"global","by":"issuer"}}"#);
    let good = format!(r#"{{"issuerTenant":"{tenant}","home":{home},"account":"guest"}}"#);
    let read = case(&good, "").unwrap();
    let Some(Caller::Verified(subject)) = read.caller() else {
        panic!("{read:?}")
    };
    assert_eq!(subject.account, Account::Guest);
    assert!(matches!(subject.home, Home::Tenant { .. }));
    for (subject, more, told) in [
        ("{}".to_owned(), "", "`subject.issuerTenant`: missing"),
        ("{}".to_owned(), "", "`subject.home`: missing"),
        (
            good.replace("account", "acount"),
            "",
            "`subject.acount`: unknown",
        ),
        (
            good.replace("global", "mars"),
            "",
            "`subject.home.cloud`: is no cloud",
        ),
        (
            good.replace("\"guest\"", "\"owner\""),
            "",
            "`subject.account`: expected `member` or `guest`",
        ),
        (
            good.clone(),
            r#","claims":{}"#,
            "keep one of `claims`, `subject` and `refused`",
        ),
        (
            good.clone(),
            r#","refused":{"code":1,"reason":"x"}"#,
            "keep one of",
        ),
        (
            "null".to_owned(),
            r#","refused":{"code":1,"reason":"No Name"}"#,
            "`refused.reason`: is no name of a rule",
        ),
    ] {
        let error = case(&subject, more).unwrap_err().error;
        assert!(error.contains(told), "{told}\n{error}");
    }
}
