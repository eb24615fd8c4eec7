//! Recorded sign-ins decided again: by the policy of then, which must give the answers that were given, and by a draft, which must
//! give those that the gateway gives once it is in force.

use crate::site::admin::{GLOBAL_ADMINISTRATOR, PARTNERS};
use crate::site::command::{Run, run};
use crate::site::{
    POLICY_ID, PORTAL_AUDIENCE, Site, Stage, TAILSPIN, WINGTIP, everyone, guests_need_mfa, nobody,
    partner,
};
use crossgate_testkit::curl::Curl;
use crossgate_testkit::gateway::OWN_TENANT;
use crossgate_testkit::programs::wait_for;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

const EVENTS: &str = "sign-ins.jsonl";
const DRAFT: &str = "draft";

/// Requests of all kinds, each with a name of its own; the tokens are minted once, so that the same ones come again.
pub fn requests(site: &Site) -> Vec<(&'static str, Curl)> {
    let with_mfa = json!({ "amr": ["pwd", "mfa"] });
    let payroll = |token: &str| site.payroll("/").bearer(token);
    let portal = |token: &str| site.portal("/").bearer(token);
    let restricted = format!("{OWN_TENANT}:{POLICY_ID}");
    vec![
        ("nobody", site.payroll("/")),
        ("no token", payroll("abc.def.ghi")),
        ("member", payroll(&site.member().mint())),
        ("guest", payroll(&site.guest().mint())),
        (
            "guest with MFA",
            payroll(&site.guest().claims(with_mfa.clone()).mint()),
        ),
        (
            "guest of Tailspin",
            payroll(&site.guest().home(TAILSPIN).mint()),
        ),
        ("direct", payroll(&site.direct().mint())),
        (
            "direct, in a group",
            payroll(
                &site
                    .direct()
                    .claims(json!({ "groups": ["dddddddd-0000-4000-8000-000000000001"] }))
                    .mint(),
            ),
        ),
        (
            "for another app",
            payroll(&site.member().audience(PORTAL_AUDIENCE).mint()),
        ),
        (
            "out",
            portal(&site.member().audience(PORTAL_AUDIENCE).mint()),
        ),
        (
            "foreign, out",
            portal(&site.direct().audience(PORTAL_AUDIENCE).mint()),
        ),
        (
            "under our restrictions",
            payroll(&site.guest().mint()).header("sec-Restrict-Tenant-Access-Policy", &restricted),
        ),
        (
            "under a list without us",
            payroll(&site.member().mint())
                .header("Restrict-Access-To-Tenants", "fabrikam.com")
                .header("Restrict-Access-Context", WINGTIP),
        ),
        (
            "malformed restrictions",
            payroll(&site.member().mint()).header("Restrict-Access-Context", WINGTIP),
        ),
        (
            "a preflight",
            site.payroll("/")
                .method("OPTIONS")
                .header("Origin", "https://app.example")
                .header("Access-Control-Request-Method", "GET"),
        ),
    ]
}

pub fn asked(site: &Site, requests: &[(&'static str, Curl)]) -> Vec<Value> {
    let answers = requests.iter();
    answers
        .map(|(_, request)| site.ask(request.clone()).1)
        .collect()
}

fn command(site: &Site, arguments: &[&str]) -> Run {
    run(site.gateway.directory(), arguments)
}

fn verify(site: &Site, more: &[&str]) -> Run {
    command(site, &[&["verify-receipts", EVENTS], more].concat())
}

fn write(site: &Site, path: &str, text: &str) {
    let path = site.gateway.directory().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A partner whose people may come by every way.
fn open_wingtip() -> Value {
    let open =
        json!({ "b2bDirectConnectInbound": everyone(), "inboundTrust": { "isMfaAccepted": true } });
    partner(WINGTIP, open)
}

fn stage() -> Stage {
    Stage::new()
        .payroll("cors_preflight = true")
        .policy("partners/wingtip.json", &open_wingtip())
        .policy("conditional-access/mfa.json", &guests_need_mfa())
}

#[test]
fn every_event_of_a_decision_is_decided_again_from_its_receipt_with_the_same_answer() {
    let site = stage().open();
    let requests = requests(&site);
    let events = asked(&site, &requests);
    for ((what, _), event) in requests.iter().zip(&events) {
        let receipt = &event["crossgate"]["receipt"];
        assert!(receipt["case"].is_object(), "{what}: {event:#}");
        assert!(receipt["keySetGeneration"].is_u64(), "{what}: {event:#}");
    }
    let told = verify(&site, &[]).good();
    let count = events.len();
    let expected = format!("the same answer: {count} events ({count} requests), by 1 policy\n");
    assert_eq!(told, expected);
    // The same form is what `decide` reads.
    let cases = events
        .iter()
        .map(|event| format!("{}\n", event["crossgate"]["receipt"]["case"]));
    write(&site, "cases.jsonl", &cases.collect::<String>());
    let decided = command(&site, &["decide", "--cases", "cases.jsonl"]).good();
    for (line, event) in decided.lines().zip(&events) {
        let decided: Value = serde_json::from_str(line).unwrap();
        assert_eq!(decided["id"], event["id"]);
        assert_eq!(decided["code"], event["status"]["errorCode"], "{event:#}");
        assert_eq!(decided["explanation"], event["crossgate"]["explanation"]);
    }
    // One who edits an event is found out.
    let edited = std::fs::read_to_string(site.gateway.directory().join(EVENTS)).unwrap();
    let edited = edited.replacen(r#""errorCode":53003"#, r#""errorCode":0"#, 1);
    let edited = edited.replacen(r#""outcome":"step-up""#, r#""outcome":"allow""#, 1);
    write(&site, "edited.jsonl", &edited);
    let run = command(&site, &["verify-receipts", "edited.jsonl"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.out
            .contains("outcome: recorded `allow`, decided `step-up`"),
        "{run:?}"
    );
}

#[test]
fn a_receipt_holds_nothing_of_the_token_that_opens_anything_and_no_name() {
    let site = stage().open();
    let named =
        json!({ "name": "Ada Lovelace", "upn": "ada@wingtip.com", "email": "ada@wingtip.com" });
    let token = site.guest().claims(named).mint();
    let (_, event) = site.ask(site.payroll("/").bearer(&token));
    let receipt = event["crossgate"]["receipt"].to_string();
    for part in token.split('.').chain(["Ada", "ada@", "wingtip.com"]) {
        assert!(!receipt.contains(part), "{part}: {receipt}");
    }
}

#[test]
fn receipts_are_left_out_where_nobody_wants_them_and_that_is_told() {
    let site = stage().section("sign_ins", "receipts = false").open();
    let (_, event) = site.ask(site.payroll("/").bearer(&site.member().mint()));
    assert!(event["crossgate"].get("receipt").is_none(), "{event:#}");
    let run = verify(&site, &[]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("without a receipt: 1 event"), "{run:?}");
    let told = verify(&site, &["--allow-missing-receipt"]).good();
    assert!(told.contains("the same answer: 0 events"), "{told}");
}

#[test]
fn a_policy_of_old_is_found_in_its_directory_or_told_to_be_missing() {
    let site = stage().open();
    asked(&site, &requests(&site));
    let directory = site.gateway.directory();
    copy(&directory.join("policy"), &directory.join("old"));
    let shut = partner(WINGTIP, json!({ "b2bCollaborationInbound": nobody() }));
    site.change_policy("partners/wingtip.json", &shut);
    asked(&site, &requests(&site));
    let run = verify(&site, &[]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("not at hand; 15 events"), "{run:?}");
    verify(&site, &["--allow-missing-policy"]).good();
    let told = verify(&site, &["--policy", "old", "--policy", "policy"]).good();
    assert_eq!(
        told,
        "the same answer: 30 events (30 requests), by 2 policies\n"
    );
}

#[test]
fn a_store_has_every_policy_that_it_ever_was() {
    let site = Stage::new().with_store().open();
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let guest = site.guest().mint();
    let path = format!("{PARTNERS}/{WINGTIP}");
    let create = json!({ "tenantId": WINGTIP, "b2bCollaborationInbound": nobody() });
    site.ask(site.payroll("/").bearer(&guest));
    let answer = site.send_meaning_it(&token, "POST", PARTNERS, &create);
    assert_eq!(answer.status, 201, "{answer:?}");
    site.ask(site.payroll("/").bearer(&guest));
    for setting in [everyone(), nobody()] {
        let change = json!({ "b2bCollaborationInbound": setting });
        let answer = site.send_meaning_it(&token, "PATCH", &path, &change);
        assert_eq!(answer.status, 204, "{answer:?}");
        site.ask(site.payroll("/").bearer(&guest));
    }
    let told = verify(&site, &[]).good();
    assert!(told.contains("by 4 policies"), "{told}");
    let codes: Vec<Value> = site
        .gateway
        .events()
        .iter()
        .filter(|event| event["crossgate"]["receipt"]["case"]["app"] == crate::site::PAYROLL)
        .map(|event| event["status"]["errorCode"].clone())
        .collect();
    assert_eq!(codes, [0, 500_213, 0, 500_213].map(Value::from));
}

/// What a draft does to each of the requests, by name.
fn changed(before: &[Value], after: &[Value], from: bool) -> u64 {
    let admitted = |event: &Value| event["crossgate"]["outcome"] == "allow";
    let pairs = before.iter().zip(after);
    let changed =
        pairs.filter(|(before, after)| admitted(before) == from && admitted(after) != from);
    changed.count() as u64
}

#[test]
fn a_replay_predicts_exactly_what_the_gateway_does_once_the_draft_is_in_force() {
    let site = stage().open();
    let requests = requests(&site);
    let before = asked(&site, &requests);
    let group = json!({
        "usersAndGroups": { "accessType": "allowed", "targets": [
            { "target": "dddddddd-0000-4000-8000-000000000001", "targetType": "group" } ] },
        "applications": { "accessType": "allowed", "targets": [ { "target": "AllApplications", "targetType": "application" } ] },
    });
    let drafts = [
        // Only a group of Wingtip's comes directly, its MFA counts no more, and our people may go to Tailspin.
        json!({
            "partners/wingtip.json": partner(WINGTIP, json!({ "b2bDirectConnectInbound": group })),
            "partners/tailspin.json": partner(TAILSPIN, json!({
                "b2bDirectConnectOutbound": everyone(), "b2bCollaborationInbound": nobody() })),
        }),
        // Nobody needs MFA, and nobody is a guest.
        json!({
            "partners/wingtip.json": partner(WINGTIP, json!({ "b2bCollaborationInbound": nobody() })),
            "conditional-access/mfa.json": {
                "id": "bbbbbbbb-0000-4000-8000-000000000001", "displayName": "Off", "state": "disabled",
                "conditions": { "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] } },
                "grantControls": { "operator": "OR", "builtInControls": ["mfa"] } },
        }),
        // Other people's accounts go out, and everything is shut.
        json!({
            "partners/wingtip.json": partner(WINGTIP, json!({ "tenantRestrictions": everyone() })),
            "default.json": { "id": POLICY_ID, "b2bCollaborationInbound": nobody() },
        }),
    ];
    // What is replayed is what was asked at first.
    let recorded = std::fs::read_to_string(site.gateway.directory().join(EVENTS)).unwrap();
    write(&site, "recorded.jsonl", &recorded);
    let directory = site.gateway.directory().to_owned();
    copy(&directory.join("policy"), &directory.join("first"));
    for draft in drafts {
        let _ = std::fs::remove_dir_all(directory.join(DRAFT));
        copy(&directory.join("first"), &directory.join(DRAFT));
        for (path, document) in draft.as_object().unwrap() {
            write(&site, &format!("{DRAFT}/{path}"), &document.to_string());
        }
        let json = replay(&site, &["--output", "json"]);
        assert_eq!(json.code, 0, "{json:?}");
        let told: Value = serde_json::from_str(&json.out).unwrap();
        copy(&directory.join("first"), &directory.join("policy"));
        let _ = std::fs::remove_file(directory.join("policy/partners/tailspin.json"));
        copy(&directory.join(DRAFT), &directory.join("policy"));
        put_in_force(&site);
        let after = asked(&site, &requests);
        let (lost, gained) = (
            changed(&before, &after, true),
            changed(&before, &after, false),
        );
        assert!(lost + gained > 0, "the draft changes nothing");
        assert_eq!(told["loses"]["requests"], lost, "{told:#}");
        assert_eq!(told["gains"]["requests"], gained, "{told:#}");
        let of_rows = |what: &str| -> u64 {
            let rows = told[what]["rows"].as_array().unwrap();
            rows.iter()
                .map(|row| row["requests"].as_u64().unwrap())
                .sum()
        };
        assert_eq!((of_rows("loses"), of_rows("gains")), (lost, gained));
        // As a gate.
        let most = (lost.max(1) - 1).to_string();
        let run = replay(&site, &["--max-new-refusals", &most]);
        assert_eq!(run.code, i32::from(lost > 0), "{run:?}");
        let run = replay(&site, &["--max-new-refusals", &lost.to_string()]);
        assert_eq!(run.code, 0, "{run:?}");
    }
}

/// Waits until the policy directory is in force as it is.
fn put_in_force(site: &Site) {
    let told = command(site, &["check"]).good();
    let content = told.lines().find_map(|line| line.strip_prefix("content: "));
    let content = content.expect(&told).to_owned();
    site.gateway.reload();
    wait_for("the draft", Duration::from_secs(20), || {
        let (_, event) = site.ask(site.payroll("/"));
        (event["crossgate"]["snapshot"] == content.as_str()).then_some(())
    });
}

fn replay(site: &Site, more: &[&str]) -> Run {
    let arguments = ["replay", "--draft", DRAFT, "--events", "recorded.jsonl"];
    command(site, &[&arguments, more].concat())
}

#[test]
fn what_has_no_receipt_is_never_taken_for_unchanged() {
    let site = stage().section("sign_ins", "receipts = false").open();
    asked(&site, &requests(&site));
    let directory = site.gateway.directory();
    copy(&directory.join("policy"), &directory.join(DRAFT));
    std::fs::copy(directory.join(EVENTS), directory.join("recorded.jsonl")).unwrap();
    let run = replay(&site, &["--max-new-refusals", "0"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.out.contains("not decided, without a receipt"),
        "{run:?}"
    );
    assert!(run.out.contains("decided again: 0 requests"), "{run:?}");
    // A token that was refused before policy was asked is refused under every policy.
    assert!(
        run.out
            .contains("policy has no say (no usable token, or nothing decided): 3 requests"),
        "{run:?}"
    );
    let run = replay(&site, &["--max-new-refusals", "0", "--allow-undecided"]);
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn repeats_are_weighted_by_their_count_and_old_events_left_out() {
    let site = stage()
        .section(
            "sign_ins",
            "mode = \"first-then-count\"\ncount_window = \"1s\"",
        )
        .open();
    let member = site.member().mint();
    for _ in 0..7 {
        assert_eq!(site.payroll("/").bearer(&member).send().status, 200);
    }
    let counted = || -> u64 {
        let events = site.gateway.events();
        let counts = events
            .iter()
            .map(|event| event["crossgate"]["count"].as_u64().unwrap());
        counts.sum()
    };
    wait_for("all seven", Duration::from_secs(20), || {
        (counted() == 7).then_some(())
    });
    let directory = site.gateway.directory();
    copy(&directory.join("policy"), &directory.join(DRAFT));
    let block = json!({
        "id": "bbbbbbbb-0000-4000-8000-000000000009", "displayName": "Nobody", "state": "enabled",
        "conditions": { "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] } },
        "grantControls": { "operator": "OR", "builtInControls": ["block"] },
    });
    write(
        &site,
        &format!("{DRAFT}/conditional-access/block.json"),
        &block.to_string(),
    );
    std::fs::copy(directory.join(EVENTS), directory.join("recorded.jsonl")).unwrap();
    let told = replay(&site, &[]).good();
    assert!(told.contains("would lose access: 7 requests in"), "{told}");
    assert!(
        told.contains("allow -> block 53003 (blocked_by_policy)"),
        "{told}"
    );
    let told = replay(&site, &["--since", "1h"]).good();
    assert!(told.contains("would lose access: 7 requests in"), "{told}");
    let told = replay(&site, &["--since", "2100-01-01T00:00:00Z"]).good();
    assert!(told.contains("would lose access: nobody"), "{told}");
    let told = replay(&site, &["--against", "in-force"]).good();
    assert!(told.contains("would lose access: 7 requests in"), "{told}");
}

/// Has the program prove properties.
fn assert_of(site: &Site, text: &str, more: &[&str]) -> Run {
    write(site, "assert.toml", text);
    command(
        site,
        &[&["check", "--assert", "assert.toml"], more].concat(),
    )
}

const WITHOUT_MFA: &str = r#"
[[never]]
name = "Wingtip reaches payroll only with MFA"
where = { home = ["33333333-3333-4333-8333-333333333333"], app = ["aaaaaaaa-0000-4000-8000-000000000001"], mfa = false }
"#;

#[test]
fn a_counter_example_is_a_request_that_is_decided_as_it_says() {
    let site = stage().open();
    let told = assert_of(&site, WITHOUT_MFA, &[]).good();
    assert!(
        told.contains("assert.toml: holds: Wingtip reaches payroll only with MFA"),
        "{told}"
    );
    // Somebody whom the policy forgets.
    let mut forgetful = guests_need_mfa();
    forgetful["conditions"]["users"]["excludeUsers"] =
        json!(["eeeeeeee-0000-4000-8000-00000000000e"]);
    site.change_policy("conditional-access/mfa.json", &forgetful);
    let run = assert_of(&site, WITHOUT_MFA, &[]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.out.contains("does not hold: Wingtip reaches payroll"),
        "{run:?}"
    );
    let case = run.out.lines().last().unwrap().trim();
    assert!(
        case.contains("eeeeeeee-0000-4000-8000-00000000000e"),
        "{case}"
    );
    write(&site, "case.jsonl", &format!("{case}\n"));
    let decided = command(&site, &["decide", "--cases", "case.jsonl"]).good();
    let decided: Value = serde_json::from_str(&decided).unwrap();
    assert_eq!(
        (
            &decided["outcome"],
            &decided["homeTenantId"],
            &decided["mfa"]
        ),
        (&json!("allow"), &json!(WINGTIP), &json!("none")),
        "{decided:#}"
    );
    // And the gateway itself lets in who comes so.
    let oid = json!({ "oid": "eeeeeeee-0000-4000-8000-00000000000e" });
    let forgotten = site.guest().claims(oid).mint();
    site.expect("forgotten", site.payroll("/").bearer(&forgotten), 200, 0);
}

#[test]
fn a_draft_is_held_against_the_policy_in_force() {
    let site = stage().open();
    let directory = site.gateway.directory();
    copy(&directory.join("policy"), &directory.join(DRAFT));
    let group = "dddddddd-0000-4000-8000-000000000001";
    let new = format!(
        "[[nobody_new]]\nname = \"nobody new but the team\"\n\
         where = {{ access_type = [\"b2bDirectConnect\"] }}\nexcept = {{ home = [\"{TAILSPIN}\"], group = [\"{group}\"] }}\n"
    );
    let draft = ["--draft", DRAFT];
    let told = assert_of(&site, &new, &draft).good();
    assert!(told.contains("holds: nobody new but the team"), "{told}");
    let only = |target: &str, kind: &str| {
        json!({ "b2bDirectConnectInbound": {
            "usersAndGroups": { "accessType": "allowed", "targets": [{ "target": target, "targetType": kind }] },
            "applications": { "accessType": "allowed", "targets": [{ "target": "AllApplications", "targetType": "application" }] },
        }, "inboundTrust": { "isMfaAccepted": true } })
    };
    let tailspin = |document: &Value| {
        write(
            &site,
            &format!("{DRAFT}/partners/tailspin.json"),
            &document.to_string(),
        );
    };
    tailspin(&partner(TAILSPIN, only(group, "group")));
    assert_of(&site, &new, &draft).good();
    tailspin(&partner(TAILSPIN, only("AllUsers", "user")));
    let run = assert_of(&site, &new, &draft);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("and before block 500213"), "{run:?}");
    let without = assert_of(&site, &new, &[]);
    assert_eq!(without.code, 1);
    assert!(
        without.out.contains("give one with `--draft`"),
        "{without:?}"
    );
    // What is there and does nothing, and what must stay possible.
    let reached = format!(
        "[[reached]]\nname = \"MFA is asked for\"\ndocument = \"conditional-access/bbbbbbbb-0000-4000-8000-000000000001\"\n\
         [[unreached]]\nname = \"no entry of Fabrikam\"\ndocument = \"partners/{}\"\n\
         [[possible]]\nname = \"Wingtip still comes\"\nwhere = {{ home = [\"{WINGTIP}\"], access_type = [\"b2bDirectConnect\"] }}\n",
        crate::site::FABRIKAM
    );
    assert_of(&site, &reached, &[]).good();
}

#[test]
fn a_file_of_properties_is_told_every_fault_with_its_line() {
    let site = stage().open();
    let run = assert_of(
        &site,
        "[[never]]\nname = \"x\"\nwhere = { hom = [\"own\"] }\n[[sometimes]]\n",
        &[],
    );
    assert_eq!(run.code, 1, "{run:?}");
    for part in [
        "assert.toml:3:11: never[0].where.hom: unknown key; did you mean `home`?",
        "assert.toml:4:3: sometimes: unknown key",
    ] {
        assert!(run.err.contains(part), "{part}\n{}", run.err);
    }
}
