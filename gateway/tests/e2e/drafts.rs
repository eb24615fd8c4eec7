//! Drafts of the policy: decided by before they bind, published as a whole or for a share of the tenants first, and returned of themselves.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::site::admin::{
    ALL_SCOPES, AUDITS, DEFAULT, GLOBAL_ADMINISTRATOR, PARTNERS, POLICIES, ada,
};
use crate::site::command;
use crate::site::{
    PAYROLL, Site, Stage, TAILSPIN, WINGTIP, everyone, guests_need_mfa, nobody, partner,
};
use crate::what_if::{asked, requests};
use crossgate_testkit::curl::Answer;
use crossgate_testkit::gateway::OWN_TENANT;
use crossgate_testkit::programs::wait_for;
use serde_json::{Value, json};

const DRAFTS: &str = "crossgate/drafts";
const GROUP: &str = "dddddddd-0000-4000-8000-000000000001";

/// A draft's id.
#[track_caller]
fn draft(site: &Site, token: &str) -> String {
    let made = site.send(token, "POST", DRAFTS, &json!({ "displayName": "Less" }));
    assert_eq!(made.status, 201, "{made:?}");
    made.json()["id"].as_str().unwrap().to_owned()
}

/// Changes a document within a draft.
#[track_caller]
fn change(site: &Site, token: &str, id: &str, (method, path, body): (&str, &str, &Value)) {
    let answer = site.send(token, method, &format!("{DRAFTS}/{id}/{path}"), body);
    assert!(answer.status < 300, "{path}: {answer:?}");
}

fn publish(site: &Site, token: &str, id: &str, how: &Value) -> Answer {
    let read = site.read(token, &format!("{DRAFTS}/{id}"));
    site.graph(token, "POST", &format!("{DRAFTS}/{id}/publish"))
        .header("Content-Type", "application/json")
        .header("If-Match", read["@odata.etag"].as_str().unwrap())
        .header("Crossgate-Confirm-Lock-Out", "true")
        .body(how.to_string())
        .send()
}

/// What a replay finds, once it is done.
fn replayed(site: &Site, token: &str, id: &str, wanted: &Value) -> Value {
    let path = format!("{DRAFTS}/{id}/replay");
    let begun = site.send(token, "POST", &path, wanted);
    assert_eq!(begun.status, 202, "{begun:?}");
    wait_for("the replay", Duration::from_secs(30), || {
        let told = site.read(token, &path);
        (told["state"] != "running").then_some(told)
    })
}

/// Who lost access, or gained it: tenant, app and caller.
fn changed(before: &[Value], after: &[Value], from: bool) -> BTreeSet<[String; 3]> {
    let admitted = |event: &Value| event["crossgate"]["outcome"] == "allow";
    let pairs = before.iter().zip(after);
    let changed =
        pairs.filter(|(before, after)| admitted(before) == from && admitted(after) != from);
    changed.map(|(before, _)| who(before)).collect()
}

fn who(event: &Value) -> [String; 3] {
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let is_out = event["crossgate"]["direction"] == "outbound";
    let tenant = if is_out {
        &event["resourceTenantId"]
    } else {
        &event["homeTenantId"]
    };
    let user = text(&event["userPrincipalName"])
        .or_else(|| text(&event["userId"]).filter(|id| !id.is_empty()))
        .or_else(|| text(&event["servicePrincipalId"]));
    [
        text(tenant).unwrap_or_else(|| "(no tenant)".to_owned()),
        text(&event["resourceDisplayName"]).unwrap_or_else(|| "(no app)".to_owned()),
        user.unwrap_or_else(|| "(nobody)".to_owned()),
    ]
}

fn rows(told: &Value, what: &str) -> BTreeSet<[String; 3]> {
    let rows = told[what]["rows"].as_array().unwrap().iter();
    rows.map(|row| ["tenant", "app", "user"].map(|name| row[name].as_str().unwrap().to_owned()))
        .collect()
}

/// Waits until as many sign-ins are kept as there are events.
fn all_kept(site: &Site, token: &str) {
    wait_for("the sign-ins in the store", Duration::from_secs(10), || {
        let kept = site.read(token, "auditLogs/signIns?$top=1000&$select=id");
        (kept["value"].as_array().unwrap().len() == site.gateway.events().len()).then_some(())
    });
}

#[test]
fn a_replay_of_recorded_sign_ins_predicts_exactly_what_the_gateway_does_once_the_draft_is_published()
 {
    let site = Stage::new()
        .payroll("cors_preflight = true")
        .section("sign_ins", "mode = \"every-request\"")
        .with_store()
        .open();
    let token = ada(&site);
    for (path, document) in [
        (
            PARTNERS,
            partner(
                WINGTIP,
                json!({ "b2bDirectConnectInbound": everyone(), "inboundTrust": { "isMfaAccepted": true } }),
            ),
        ),
        (POLICIES, {
            let mut policy = guests_need_mfa();
            policy.as_object_mut().unwrap().remove("id");
            policy
        }),
    ] {
        let made = site.send_meaning_it(&token, "POST", path, &document);
        assert_eq!(made.status, 201, "{made:?}");
    }
    let policy = site.read(&token, POLICIES)["value"][0]["id"].clone();
    let policy = format!("{POLICIES}/{}", policy.as_str().unwrap());
    let wingtip = format!("{PARTNERS}/{WINGTIP}");
    let requests = requests(&site);
    let before = asked(&site, &requests);
    all_kept(&site, &token);
    let recorded = json!({ "until": jiff::Timestamp::now().to_string() });
    let group = json!({
        "usersAndGroups": { "accessType": "allowed", "targets": [{ "target": GROUP, "targetType": "group" }] },
        "applications": { "accessType": "allowed", "targets": [{ "target": "AllApplications", "targetType": "application" }] },
    });
    let tailspin = partner(
        TAILSPIN,
        json!({ "b2bDirectConnectOutbound": everyone(), "b2bCollaborationInbound": nobody() }),
    );
    let drafts = [
        // Only a group of Wingtip's comes directly, its MFA counts no more, and our people may go to Tailspin.
        vec![
            (
                "PATCH",
                &*wingtip,
                json!({ "b2bDirectConnectInbound": group, "inboundTrust": { "isMfaAccepted": false } }),
            ),
            ("POST", PARTNERS, tailspin),
        ],
        // Nobody needs MFA, and nobody of Wingtip's is a guest.
        vec![
            ("PATCH", &policy, json!({ "state": "disabled" })),
            (
                "PATCH",
                &wingtip,
                json!({ "b2bCollaborationInbound": nobody() }),
            ),
        ],
        // Wingtip is a partner no more, and everything is shut.
        vec![
            ("DELETE", &wingtip, Value::Null),
            (
                "PATCH",
                DEFAULT,
                json!({ "b2bCollaborationInbound": nobody() }),
            ),
        ],
    ];
    for changes in drafts {
        let id = draft(&site, &token);
        for (method, path, body) in &changes {
            change(&site, &token, &id, (method, path, body));
        }
        let told = replayed(&site, &token, &id, &recorded);
        assert_eq!(told["state"], "done", "{told:#}");
        assert_eq!(told["eventsLookedAt"], before.len(), "{told:#}");
        assert_eq!(told["notDecided"]["events"], 0, "{told:#}");
        // Nothing of it binds yet.
        assert!(changed(&before, &asked(&site, &requests[3..4]), true).is_empty());
        let published = publish(&site, &token, &id, &json!({ "mode": "all" }));
        assert_eq!(published.status, 200, "{published:?}");
        let after = asked(&site, &requests);
        let (lost, gained) = (
            changed(&before, &after, true),
            changed(&before, &after, false),
        );
        assert!(lost.len() + gained.len() > 0, "the draft changes nothing");
        assert_eq!(rows(&told, "loses"), lost, "{told:#}");
        assert_eq!(rows(&told, "gains"), gained, "{told:#}");
        // Each row has a request of its own, with both answers.
        for row in told["loses"]["rows"].as_array().unwrap() {
            let sample = &row["sample"];
            let at = before
                .iter()
                .position(|event| event["id"] == sample["event"]);
            assert_eq!(
                after[at.unwrap()]["crossgate"]["reason"],
                sample["after"]["reason"]
            );
        }
    }
    let verified = command::run(
        site.gateway.directory(),
        &["verify-receipts", "sign-ins.jsonl"],
    );
    assert_eq!(verified.code, 0, "{verified:?}");
}

#[test]
fn whoever_publishes_alone_is_refused_and_a_second_administrator_lets_them() {
    let site = Stage::new()
        .with_store()
        .section("admin", "draft_reviewers = 1")
        .open();
    let author = ada(&site);
    let reviewer = site.caller(json!({
        "wids": [GLOBAL_ADMINISTRATOR], "scp": ALL_SCOPES, "oid": "0b0e0000-0000-4000-8000-0000000000b0",
    }));
    let guest = site.guest().mint();
    let shut = json!({ "b2bCollaborationInbound": nobody() });
    let direct = site.send_meaning_it(&author, "PATCH", DEFAULT, &shut);
    assert_eq!(direct.status, 403, "{direct:?}");
    let id = draft(&site, &author);
    change(&site, &author, &id, ("PATCH", DEFAULT, &shut));
    let alone = publish(&site, &author, &id, &json!({ "mode": "all" }));
    assert_eq!(alone.status, 409, "{alone:?}");
    let path = format!("{DRAFTS}/{id}/reviews");
    let revision = site.read(&author, &format!("{DRAFTS}/{id}"))["revision"].clone();
    let approved = json!({ "decision": "approve", "revision": revision });
    assert_eq!(site.send(&author, "POST", &path, &approved).status, 403);
    site.expect("not yet", site.payroll("/").bearer(&guest), 200, 0);
    let said = site.send(&reviewer, "POST", &path, &approved);
    assert_eq!(said.status, 200, "{said:?}");
    let published = publish(&site, &author, &id, &json!({ "mode": "all" }));
    assert_eq!(published.status, 200, "{published:?}");
    site.expect("a guest", site.payroll("/").bearer(&guest), 403, 500_213);
}

#[test]
fn a_draft_that_breaks_what_is_asserted_is_refused_with_the_request_that_shows_it() {
    let stage = Stage::new().with_store().section(
        "admin",
        "assertions = \"properties.toml\"\nassert_every_change = true",
    );
    let properties = format!(
        "[[never]]\nname = \"guests reach payroll only with MFA\"\n\
         where = {{ home = [\"{WINGTIP}\"], app = [\"{PAYROLL}\"], mfa = false }}\n"
    );
    // What the first start makes of an empty store is nobody's change, and breaks it.
    std::fs::write(stage.directory().join("properties.toml"), &properties).unwrap();
    let site = stage.open();
    let token = ada(&site);
    let mut mfa = guests_need_mfa();
    mfa.as_object_mut().unwrap().remove("id");
    mfa["conditions"]["users"] = json!({ "includeUsers": ["All"] });
    mfa["conditions"]["applications"] = json!({ "includeApplications": [PAYROLL] });
    let made = site.send(&token, "POST", POLICIES, &mfa);
    assert_eq!(made.status, 201, "{made:?}");
    let policy = made.json()["id"].as_str().unwrap().to_owned();
    let off = json!({ "state": "disabled" });
    let id = draft(&site, &token);
    change(
        &site,
        &token,
        &id,
        ("PATCH", &format!("{POLICIES}/{policy}"), &off),
    );
    let check = site.read(&token, &format!("{DRAFTS}/{id}/check"));
    assert_eq!(check["isPublishable"], false, "{check}");
    for how in [
        json!({ "mode": "all" }),
        json!({ "mode": "staged", "percent": 50, "maxNewRefusals": 0 }),
    ] {
        let refused = publish(&site, &token, &id, &how);
        assert_eq!(refused.status, 409, "{refused:?}");
        let error = refused.json()["error"].clone();
        assert_eq!(error["code"], "Crossgate_AssertionFailed");
        let why = error["details"][0]["message"].as_str().unwrap();
        // The request is one that `crossgate decide` reads, and lets in by the draft.
        let case: Value = serde_json::from_str(&why[why.find('{').unwrap()..]).unwrap();
        assert_eq!(case["app"], PAYROLL, "{why}");
        assert_eq!(case["subject"]["home"]["tenant"], WINGTIP, "{why}");
    }
    // What cannot be read proves nothing.
    std::fs::write(
        site.gateway.directory().join("properties.toml"),
        "[[always]]",
    )
    .unwrap();
    let unread = publish(&site, &token, &id, &json!({ "mode": "all" }));
    assert_eq!(unread.status, 503, "{unread:?}");
    let direct = site.send(
        &token,
        "PATCH",
        DEFAULT,
        &json!({ "inboundTrust": { "isMfaAccepted": true } }),
    );
    assert_eq!(direct.status, 503, "{direct:?}");
    // Nobody waits for a proof to send somebody away.
    let away = format!("users/{PAYROLL}/revokeSignInSessions");
    let revoked = site.send(&token, "POST", &away, &json!({}));
    assert_eq!(revoked.status, 200, "{revoked:?}");
    std::fs::write(
        site.gateway.directory().join("properties.toml"),
        &properties,
    )
    .unwrap();
    // Directly it is refused just so, and what keeps the property is not.
    let path = format!("{POLICIES}/{policy}");
    let direct = site.send(&token, "PATCH", &path, &off);
    assert_eq!(direct.json()["error"]["code"], "Crossgate_AssertionFailed");
    let named = json!({ "displayName": "MFA for all" });
    assert_eq!(site.send(&token, "PATCH", &path, &named).status, 204);
}

/// Tenants that nothing is written about.
fn tenants() -> Vec<String> {
    (0..24_u32)
        .map(|number| format!("7e000000-0000-4000-8000-{:012x}", number * 7919))
        .collect()
}

fn is_in(share: u128, draft: &str, tenant: &str) -> bool {
    let number = |id: &str| u128::from_str_radix(&id.replace('-', ""), 16).unwrap();
    (number(draft) ^ number(tenant)) % 100 < share
}

/// The stage where they are known to live in the global cloud.
fn among_tenants() -> Stage {
    let entries = tenants().into_iter().map(|tenant| {
        format!("[[partner]]\ntenant = \"{tenant}\"\nname = \"{tenant}\"\ncloud = \"global\"\n")
    });
    Stage::new()
        .with_store()
        .entries(&entries.collect::<String>())
}

#[test]
fn a_staged_draft_binds_for_exactly_its_share_of_the_tenants_also_after_a_restart() {
    let mut site = among_tenants().open();
    let token = ada(&site);
    let tenants = tenants();
    let guests: Vec<String> = tenants
        .iter()
        .map(|tenant| site.guest().home(tenant).mint())
        .collect();
    let id = draft(&site, &token);
    let shut = json!({ "b2bCollaborationInbound": nobody() });
    change(&site, &token, &id, ("PATCH", DEFAULT, &shut));
    let how = json!({ "mode": "staged", "percent": 50, "maxNewRefusals": 1000 });
    let staged = publish(&site, &token, &id, &how);
    assert_eq!(staged.status, 200, "{staged:?}");
    let check = |site: &Site, share: u128| {
        let mut names = BTreeSet::new();
        for (tenant, guest) in tenants.iter().zip(&guests) {
            let bound = is_in(share, &id, tenant);
            let (status, code) = if bound { (403, 500_213) } else { (200, 0) };
            let event = site.expect(tenant, site.payroll("/").bearer(guest), status, code);
            names.insert(event["crossgate"]["snapshot"].to_string());
        }
        names.len()
    };
    let bound = tenants
        .iter()
        .filter(|tenant| is_in(50, &id, tenant))
        .count();
    assert!(bound > 0 && bound < tenants.len(), "{bound}");
    assert_eq!(
        check(&site, 50),
        2,
        "two policies decide, and events name both"
    );
    let effective = |site: &Site, tenant: &str| {
        let told = site.read(&token, &format!("crossgate/effective?tenant={tenant}"));
        told["stagedDraft"].clone()
    };
    for tenant in &tenants {
        let expected = if is_in(50, &id, tenant) {
            json!(id)
        } else {
            Value::Null
        };
        assert_eq!(effective(&site, tenant), expected);
    }
    // Other changes go on beside it, and bind for both.
    let made = site.send_meaning_it(&token, "POST", PARTNERS, &partner(WINGTIP, json!({})));
    assert_eq!(made.status, 201, "{made:?}");
    check(&site, 50);
    site.gateway.kill();
    site.gateway.start_again();
    assert_eq!(check(&site, 50), 2);
    site.gateway.reload();
    check(&site, 50);
    let completed = site.send_meaning_it(
        &token,
        "POST",
        &format!("{DRAFTS}/{id}/complete"),
        &Value::Null,
    );
    assert_eq!(completed.status, 200, "{completed:?}");
    assert_eq!(check(&site, 100), 1);
    // Every one of them is decided again by the policy that it names.
    let verified = command::run(
        site.gateway.directory(),
        &["verify-receipts", "sign-ins.jsonl"],
    );
    assert_eq!(verified.code, 0, "{verified:?}");
    assert!(!verified.out.contains("not at hand"), "{verified:?}");
}

#[test]
fn a_draft_that_is_staged_at_a_gateway_binds_for_everybody_there_and_for_nobody_at_another() {
    let mut site = among_tenants()
        .section("sign_ins", "gateway = \"edge-1\"")
        .open();
    let token = ada(&site);
    assert_eq!(site.read(&token, "crossgate/health")["gateway"], "edge-1");
    let guests: Vec<String> = tenants()
        .iter()
        .take(3)
        .map(|tenant| site.guest().home(tenant).mint())
        .collect();
    let all = |site: &Site, status: u16, code: u32| {
        for guest in &guests {
            site.expect("a guest", site.payroll("/").bearer(guest), status, code);
        }
    };
    let id = draft(&site, &token);
    let shut = json!({ "b2bCollaborationInbound": nobody() });
    change(&site, &token, &id, ("PATCH", DEFAULT, &shut));
    let how = |gateway: &str| json!({ "mode": "staged", "gateway": gateway, "maxNewRefusals": 3 });
    let unknown = publish(&site, &token, &id, &how("edge-2"));
    assert_eq!(unknown.status, 400, "{unknown:?}");
    all(&site, 200, 0);
    let staged = publish(&site, &token, &id, &how("edge-1"));
    assert_eq!(staged.status, 200, "{staged:?}");
    assert_eq!(staged.json()["stage"]["gateway"], "edge-1");
    all(&site, 403, 500_213);
    site.gateway.kill();
    site.gateway.start_again();
    all(&site, 403, 500_213);
    let rename = |from: &str, to: &str| {
        let (from, to) = (
            format!("gateway = \"{from}\""),
            format!("gateway = \"{to}\""),
        );
        site.gateway
            .rewrite_config(|config| config.replace(&from, &to));
    };
    let is_over = |site: &Site| {
        let shown = wait_for("the end of the stage", Duration::from_secs(20), || {
            let shown = site.read(&token, &format!("{DRAFTS}/{id}"));
            (shown["state"] == "open").then_some(shown)
        });
        let why = shown["lastStage"]["reason"].to_string();
        assert!(
            why.contains("`edge-1`") && why.contains("`edge-2`"),
            "{why}"
        );
    };
    rename("edge-1", "edge-2");
    site.gateway.reload();
    is_over(&site);
    rename("edge-2", "edge-1");
    site.gateway.reload();
    wait_for("the name of before", Duration::from_secs(20), || {
        (site.read(&token, "crossgate/health")["gateway"] == "edge-1").then_some(())
    });
    let staged = publish(&site, &token, &id, &how("edge-1"));
    assert_eq!(staged.status, 200, "{staged:?}");
    rename("edge-1", "edge-2");
    site.gateway.kill();
    site.gateway.start_again();
    is_over(&site);
}

#[test]
fn a_staged_draft_that_refuses_more_than_its_publisher_allows_is_returned_of_itself() {
    let site = among_tenants().open();
    let token = ada(&site);
    let id = draft(&site, &token);
    let shut = json!({ "b2bCollaborationInbound": nobody() });
    change(&site, &token, &id, ("PATCH", DEFAULT, &shut));
    let how = json!({ "mode": "staged", "percent": 99, "maxNewRefusals": 2 });
    let staged = publish(&site, &token, &id, &how);
    assert_eq!(staged.status, 200, "{staged:?}");
    let tenants: Vec<String> = tenants()
        .into_iter()
        .filter(|tenant| is_in(99, &id, tenant))
        .take(3)
        .collect();
    let state = || site.read(&token, &format!("{DRAFTS}/{id}"))["state"].clone();
    let guests: Vec<_> = tenants
        .iter()
        .map(|tenant| site.guest().home(tenant).mint())
        .collect();
    let asks = |guest: usize| site.payroll("/").bearer(&guests[guest]);
    // The same two again and again are two; who is refused in any case is none.
    for guest in [0, 1, 0, 1] {
        site.expect("one of two", asks(guest), 403, 500_213);
    }
    let expired = site.payroll("/").bearer("abc.def.ghi");
    assert_eq!(expired.send().status, 401);
    assert_eq!(state(), "staged");
    wait_for("the count of them", Duration::from_secs(10), || {
        let check = site.read(&token, &format!("{DRAFTS}/{id}/check"));
        (check["newRefusals"]["count"] == 2).then_some(())
    });
    // A third ends it: nobody is bound by it any more, and the audit says why.
    site.expect("the third", asks(2), 403, 500_213);
    wait_for("the return", Duration::from_secs(10), || {
        (state() == "open").then_some(())
    });
    for guest in 0..3 {
        site.expect("as before", asks(guest), 200, 0);
    }
    let filter = "$filter=activityDisplayName%20eq%20'Return%20staged%20policy%20draft'";
    let records = site.read(&token, &format!("{AUDITS}?{filter}"))["value"].clone();
    assert_eq!(records.as_array().unwrap().len(), 1, "{records:#}");
    let details = records[0]["additionalDetails"].as_array().unwrap();
    let samples = details.iter().filter(|detail| detail["key"] == "Sample");
    assert_eq!(samples.count(), 3, "{records:#}");
    assert_eq!(
        records[0]["initiatedBy"]["app"]["displayName"],
        "Crossgate staged publishing"
    );
    let shown = site.read(&token, &format!("{DRAFTS}/{id}"));
    assert_eq!(shown["lastStage"]["outcome"], "returned", "{shown:#}");
    wait_for("the warning in the log", Duration::from_secs(10), || {
        let log = site.gateway.log();
        let mut warnings = log
            .lines()
            .filter(|line| line.contains("its stage is over"));
        warnings.any(|line| line.contains(&id)).then_some(())
    });
}

#[test]
fn whoever_is_shut_out_by_what_is_staged_can_return_it() {
    let site = among_tenants().open();
    let token = ada(&site);
    let all = json!({
        "displayName": "Nobody", "state": "enabled",
        "conditions": {
            "clientAppTypes": ["all"], "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] },
        },
        "grantControls": { "operator": "OR", "builtInControls": ["block"] },
    });
    // For the own tenant's people too: then it is in the share.
    let id = std::iter::repeat_with(|| draft(&site, &token))
        .take(20)
        .find(|id| is_in(99, id, OWN_TENANT))
        .unwrap();
    change(&site, &token, &id, ("POST", POLICIES, &all));
    let member = site.member().mint();
    site.expect("a member", site.payroll("/").bearer(&member), 200, 0);
    let how = json!({ "mode": "staged", "percent": 99, "maxNewRefusals": 100 });
    let staged = publish(&site, &token, &id, &how);
    assert_eq!(staged.status, 200, "{staged:?}");
    site.expect("a member", site.payroll("/").bearer(&member), 403, 53_003);
    // That was meant once, and is not asked again of who changes something else.
    let made = site.send(&token, "POST", PARTNERS, &partner(WINGTIP, json!({})));
    assert_eq!(made.status, 201, "{made:?}");
    let back = site.send(
        &token,
        "POST",
        &format!("{DRAFTS}/{id}/return"),
        &Value::Null,
    );
    assert_eq!(back.status, 200, "{back:?}");
    site.expect("a member", site.payroll("/").bearer(&member), 200, 0);
}
