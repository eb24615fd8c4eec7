//! Why requests were let in or refused: each kind of refusal told step by step, by the policy that decided, which may be none of now.

use std::time::Duration;

use crossgate_testkit::programs::wait_for;
use serde_json::{Value, json};

use crate::site::admin::{DEFAULT, GLOBAL_ADMINISTRATOR, PARTNERS, POLICIES, SECURITY_READER};
use crate::site::{
    PORTAL_AUDIENCE, Site, Stage, TAILSPIN, WINGTIP, everyone, guests_need_mfa, nobody,
};

/// The only event of the correlation id of this one.
fn told(site: &Site, token: &str, event: &Value) -> Value {
    let id = event["correlationId"].as_str().unwrap();
    let answer = wait_for("the event in the log", Duration::from_secs(10), || {
        let path = format!("crossgate/decisions/{id}");
        let answer = site.graph(token, "GET", &path).send();
        (answer.status == 200).then(|| answer.json())
    });
    assert_eq!(answer["correlationId"], id);
    let events = answer["events"].as_array().unwrap();
    assert_eq!(events.len(), 1, "{answer:#}");
    assert_eq!(events[0]["id"], event["id"]);
    assert_eq!(events[0]["code"], event["status"]["errorCode"]);
    events[0].clone()
}

/// The lines that stand in the way; each says what was seen and what was wanted.
fn refusing(told: &Value) -> Vec<&Value> {
    let steps = told["steps"].as_array().unwrap();
    let refusing: Vec<_> = steps
        .iter()
        .filter(|step| step["refuses"] == true)
        .collect();
    for step in &refusing {
        assert!(step["wanted"].is_string(), "{step:#}");
        let text = step["text"].as_str().unwrap();
        assert!(text.contains("Wanted: "), "{text}");
    }
    refusing
}

/// What is expected of a refusal: its step, who supplied the value, the property, and whether a document says so.
type Expected<'a> = (&'a str, Value, Value, bool);

#[track_caller]
fn check(told: &Value, complete: bool, expected: &[Expected<'_>]) {
    assert_eq!(told["complete"], complete, "{told:#}");
    let found: Vec<Expected<'_>> = refusing(told)
        .into_iter()
        .map(|step| {
            (
                step["step"].as_str().unwrap(),
                step["suppliedBy"].clone(),
                step["property"].clone(),
                step["explicit"] == true,
            )
        })
        .collect();
    assert_eq!(found, expected, "{told:#}");
}

fn change(site: &Site, token: &str, method: &str, path: &str, body: &Value) {
    let answer = site.send_meaning_it(token, method, path, body);
    assert!(answer.status < 300, "{answer:?}");
}

#[test]
fn every_kind_of_refusal_is_told_with_values_and_who_supplied_them_also_when_the_policy_has_changed()
 {
    let site = Stage::new()
        .with_store()
        .section("sign_ins", "mode = \"every-request\"")
        .open();
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let change = |method, path: &str, body| change(&site, &token, method, path, &body);
    let wingtip = format!("{PARTNERS}/{WINGTIP}");
    let mut told_of = Vec::new();

    let event = site.expect("nobody", site.payroll("/"), 401, 50_058);
    told_of.push((event, vec![("token", Value::Null, Value::Null, false)]));

    // No document has the setting: both halves of Entra's own refuse.
    let direct = site.direct().mint();
    let event = site.expect("direct", site.payroll("/").bearer(&direct), 403, 500_213);
    let halves = |property: &str, by: &str, explicit| {
        ["usersAndGroups", "applications"].map(|half| {
            let property = json!(format!("{property}.{half}"));
            ("inbound", json!(by), property, explicit)
        })
    };
    let of_initial = halves("b2bDirectConnectInbound", "initial", false);
    told_of.push((event, of_initial.to_vec()));

    change(
        "PATCH",
        DEFAULT,
        json!({ "b2bCollaborationInbound": nobody() }),
    );
    let tailspin = site.guest().home(TAILSPIN).mint();
    let event = site.expect(
        "by default",
        site.payroll("/").bearer(&tailspin),
        403,
        500_213,
    );
    let of_default = halves("b2bCollaborationInbound", "default", true);
    told_of.push((event, of_default.to_vec()));

    change(
        "POST",
        PARTNERS,
        json!({ "tenantId": WINGTIP, "b2bCollaborationInbound": nobody() }),
    );
    let guest = site.guest().mint();
    let event = site.expect(
        "by the partner's",
        site.payroll("/").bearer(&guest),
        403,
        500_213,
    );
    let of_partner = halves("b2bCollaborationInbound", "partner", true);
    told_of.push((event, of_partner.to_vec()));

    change(
        "PATCH",
        &wingtip,
        json!({ "b2bCollaborationInbound": everyone() }),
    );
    let mut mfa = guests_need_mfa();
    mfa.as_object_mut().unwrap().remove("id");
    change("POST", POLICIES, mfa);
    let guest = site.guest().claims(json!({ "amr": ["pwd", "mfa"] })).mint();
    let untrusted = site.expect("MFA at home", site.payroll("/").bearer(&guest), 401, 50_076);
    let by_policy = (
        "conditional_access",
        json!("conditionalAccess"),
        json!("grantControls"),
        true,
    );
    told_of.push((untrusted.clone(), vec![by_policy]));

    change(
        "PATCH",
        &wingtip,
        json!({ "inboundTrust": { "isMfaAccepted": true } }),
    );
    let event = site.expect("trusted MFA", site.payroll("/").bearer(&guest), 200, 0);
    told_of.push((event, Vec::new()));

    let out = site.member().audience(PORTAL_AUDIENCE).mint();
    change(
        "PATCH",
        DEFAULT,
        json!({ "b2bDirectConnectOutbound": nobody() }),
    );
    let event = site.expect("out", site.portal("/").bearer(&out), 403, 500_212);
    let outbound = ["usersAndGroups", "applications"].map(|half| {
        let property = json!(format!("b2bDirectConnectOutbound.{half}"));
        ("outbound", json!("default"), property, true)
    });
    told_of.push((event, outbound.to_vec()));

    let member = site.member().mint();
    let restricted = site
        .payroll("/")
        .bearer(&member)
        .header("Restrict-Access-To-Tenants", "fabrikam.com")
        .header("Restrict-Access-Context", WINGTIP);
    let event = site.expect("under a list without us", restricted, 403, 500_021);
    let by_list = (
        "tenant_restrictions",
        Value::Null,
        json!("Restrict-Access-To-Tenants, Restrict-Access-Context"),
        false,
    );
    told_of.push((event, vec![by_list]));

    let known = site.expect("a member", site.payroll("/").bearer(&member), 200, 0);
    let user = known["userId"].as_str().unwrap();
    // The last second of a token's time of issue is over.
    std::thread::sleep(Duration::from_millis(1100));
    change(
        "POST",
        &format!("users/{user}/revokeSignInSessions"),
        json!({}),
    );
    let event = site.expect("revoked", site.payroll("/").bearer(&member), 401, 50_173);
    told_of.push((
        event,
        vec![("revocation", Value::Null, json!("notBefore"), true)],
    ));

    // By now all of these policies but the last are of the past.
    for (event, expected) in &told_of {
        let told = told(&site, &token, event);
        check(&told, true, expected);
        assert_eq!(
            told["nearestChange"].is_null(),
            expected.is_empty(),
            "{told:#}"
        );
        if !expected.is_empty() {
            assert_eq!(
                told["nearestChange"]["text"],
                event["crossgate"]["nearestChange"]
            );
        }
    }

    let of_untrusted = told(&site, &token, &untrusted);
    let steps = of_untrusted["steps"].as_array().unwrap();
    let trust = steps
        .iter()
        .find(|step| step["property"] == "inboundTrust.isMfaAccepted")
        .unwrap();
    assert_eq!(trust["suppliedBy"], "initial");
    assert_eq!(trust["seen"], "false, and a claim of MFA");
    let refused = refusing(&of_untrusted)[0];
    assert_eq!(refused["wanted"], "mfa");
    assert!(
        refused["seen"]
            .as_str()
            .unwrap()
            .starts_with("mfa home-untrusted"),
        "{refused:#}"
    );
    assert_eq!(
        of_untrusted["nearestChange"]["requirements"],
        json!(["mfa"])
    );
    let of_default = told(&site, &token, &told_of[2].0);
    let text = refusing(&of_default)[0]["text"].as_str().unwrap();
    assert!(
        text.contains(&format!("there is no `partners/{TAILSPIN}`")),
        "{text}"
    );

    // Who reads logs alone is not told which policies applied.
    let reader = site.caller(json!({ "wids": [SECURITY_READER], "scp": "AuditLog.Read.All" }));
    let concealed = told(&site, &reader, &untrusted);
    assert!(
        !concealed.to_string().contains("conditional-access/"),
        "{concealed:#}"
    );
    let no_logs = site.caller(json!({ "wids": [GLOBAL_ADMINISTRATOR], "scp": "Policy.Read.All" }));
    let path = format!(
        "crossgate/decisions/{}",
        untrusted["correlationId"].as_str().unwrap()
    );
    assert_eq!(site.graph(&no_logs, "GET", &path).send().status, 403);
}

#[test]
fn without_receipts_a_refusal_is_told_as_it_was_recorded_and_says_why_that_is_all() {
    let site = Stage::new()
        .with_store()
        .section("sign_ins", "mode = \"every-request\"\nreceipts = false")
        .open();
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let direct = site.direct().mint();
    let event = site.expect("direct", site.payroll("/").bearer(&direct), 403, 500_213);
    let told = told(&site, &token, &event);
    check(&told, false, &[]);
    assert!(
        told["incompleteReason"]
            .as_str()
            .unwrap()
            .contains("receipts"),
        "{told:#}"
    );
    let recorded: Vec<_> = event["crossgate"]["explanation"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (&line["step"], &line["result"]))
        .collect();
    let steps: Vec<_> = told["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (&step["step"], &step["result"]))
        .collect();
    assert_eq!(steps, recorded);
    assert_eq!(
        told["nearestChange"]["text"],
        event["crossgate"]["nearestChange"]
    );
}
