//! Changes by the admin API: races, conditions, merges, conflicts and advisories.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use crate::site::admin::{ADA, AUDITS, DEFAULT, PARTNERS, ada, record_of};
use crate::site::line::Line;
use crate::site::{PAYROLL, Stage, WINGTIP, everyone, nobody, partner};
use crossgate_testkit::gateway::OWN_TENANT;
use serde_json::{Value, json};

/// Counts in the id of a user who is blocked.
fn counter(count: u64) -> Value {
    json!({
        "usersAndGroups": { "accessType": "blocked", "targets": [{
            "target": format!("00000000-0000-4000-8000-{count:012}"), "targetType": "user",
        }] },
        "applications": { "accessType": "blocked", "targets": [{ "target": "AllApplications", "targetType": "application" }] },
    })
}

fn counted(partner: &Value) -> u64 {
    let target = &partner["b2bCollaborationOutbound"]["usersAndGroups"]["targets"][0]["target"];
    target.as_str().unwrap()[24..].parse().unwrap()
}

#[test]
fn changes_of_two_administrators_who_race_are_all_made_and_all_in_the_audit() {
    two_administrators_race(500);
}

#[test]
#[ignore = "takes minutes: the same with ten thousand changes: scripts/test-slow"]
fn ten_thousand_changes_of_two_administrators_who_race_are_all_made_and_all_in_the_audit() {
    two_administrators_race(5_000);
}

/// Each makes so many changes.
fn two_administrators_race(each: u64) {
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let body = partner(WINGTIP, json!({ "b2bCollaborationOutbound": counter(0) }));
    let made = site.send(&token, "POST", PARTNERS, &body);
    assert_eq!(made.status, 201, "{made:?}");
    let path = format!("/v1.0/{PARTNERS}/{WINGTIP}");
    let race = || {
        let mut line = Line::open(site.gateway.admin());
        let (mut done, mut refused) = (0, 0);
        let mut read = None;
        while done < each {
            // What was answered to a change is as good as what is read after it.
            let known = read.take().unwrap_or_else(|| {
                let told = line.call(&token, "GET", &path, "");
                assert_eq!(told.status, 200, "{told:?}");
                told.json()
            });
            let etag = known["@odata.etag"].as_str().unwrap();
            let headers = format!("If-Match: {etag}\r\nPrefer: return=representation\r\n");
            let next = json!({ "b2bCollaborationOutbound": counter(counted(&known) + 1) });
            let told = line.call_with(&token, "PATCH", &path, &headers, &next.to_string());
            match told.status {
                200 => {
                    let body = told.json();
                    assert_eq!(counted(&body), counted(&known) + 1);
                    read = Some(body);
                    done += 1;
                }
                412 => {
                    refused += 1;
                    // Whoever lost lets the other go on for a moment: every attempt in vain is an audit record too.
                    std::thread::sleep(Duration::from_millis(10));
                }
                _ => panic!("{told:?}"),
            }
        }
        refused
    };
    let refused: u64 = std::thread::scope(|scope| {
        let racers = [scope.spawn(race), scope.spawn(race)];
        racers.map(|racer| racer.join().unwrap()).iter().sum()
    });
    assert_ne!(refused, 0, "no race");
    assert_eq!(counted(&site.read(&token, &path)), 2 * each);
    let count = |result: &str| {
        let filter =
            "activityDisplayName%20eq%20'Update%20a%20partner%20cross-tenant%20access%20setting'";
        let query = format!(
            "{AUDITS}?$top=1&$count=true&$filter={filter}%20and%20result%20eq%20'{result}'"
        );
        site.read(&token, &query)["@odata.count"].clone()
    };
    assert_eq!(count("success"), json!(2 * each));
    assert_eq!(count("failure"), json!(refused));
    let verified = Command::new(env!("CARGO_BIN_EXE_crossgate"))
        .args(["audit", "verify"])
        .current_dir(site.gateway.directory())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success(), "{verified:?}");
    assert!(
        told.contains(&format!("{} audit records", 2 * each + refused + 2)),
        "{told}"
    );
}

#[test]
fn what_a_patch_leaves_out_stays_and_what_is_null_is_inherited() {
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let path = format!("{PARTNERS}/{WINGTIP}");
    let members = json!({
        "b2bCollaborationInbound": nobody(), "b2bDirectConnectInbound": everyone(), "isServiceProvider": true,
        "inboundTrust": { "isMfaAccepted": true, "isCompliantDeviceAccepted": false, "isHybridAzureADJoinedDeviceAccepted": false },
    });
    let made = site.send(&token, "POST", PARTNERS, &partner(WINGTIP, members));
    assert_eq!(made.status, 201, "{made:?}");
    let before = site.read(&token, &path);
    let change = json!({ "isServiceProvider": false, "b2bCollaborationInbound": null });
    assert_eq!(site.send(&token, "PATCH", &path, &change).status, 204);
    let mut expected = before.clone();
    let after = site.read(&token, &path);
    expected["isServiceProvider"] = json!(false);
    expected["b2bCollaborationInbound"] = Value::Null;
    expected["@odata.etag"] = after["@odata.etag"].clone();
    assert_eq!(after, expected);
    assert_ne!(after["@odata.etag"], before["@odata.etag"]);
    // The default is what it inherits.
    let call = || site.payroll("/").bearer(&site.guest().mint());
    site.expect("a visit", call(), 200, 0);
    let shut = json!({ "b2bCollaborationInbound": nobody() });
    assert_eq!(site.send(&token, "PATCH", DEFAULT, &shut).status, 409);
    let shut = site.send_meaning_it(&token, "PATCH", DEFAULT, &shut);
    assert_eq!((shut.status, call().send().status), (204, 403), "{shut:?}");
}

#[test]
fn a_change_of_another_version_than_the_caller_knows_is_refused() {
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let path = format!("{PARTNERS}/{WINGTIP}");
    let send = |method: &str, path: &str, tag: &str, body: Option<Value>| {
        let mut curl = site
            .graph(&token, method, path)
            .header("If-Match", tag)
            .header("Prefer", "return=representation");
        if let Some(body) = body {
            curl = curl
                .header("Content-Type", "application/json")
                .body(body.to_string());
        }
        curl.send()
    };
    let change = |value: bool| Some(json!({ "inboundTrust": { "isMfaAccepted": value } }));
    // What is not there matches nothing, `*` either.
    assert_eq!(send("PATCH", &path, "*", change(true)).status, 404);
    let made = site.send(&token, "POST", PARTNERS, &partner(WINGTIP, json!({})));
    assert_eq!(made.status, 201, "{made:?}");
    let old = made.header("etag").unwrap().to_owned();
    assert_eq!(made.json()["@odata.etag"], old);

    let changed = send("PATCH", &path, &old, change(true));
    assert_eq!(changed.status, 200, "{changed:?}");
    let shown = changed.json();
    assert_eq!(shown["inboundTrust"]["isMfaAccepted"], true);
    assert_eq!(shown["tenantId"], WINGTIP);
    let new = changed.header("etag").unwrap().to_owned();
    assert_ne!(new, old);
    assert_eq!(shown, site.read(&token, &path));

    for tag in [&old, "\"0\"", "W/\"99999\""] {
        let stale = send("PATCH", &path, tag, change(false));
        assert_eq!(stale.status, 412, "{tag} {stale:?}");
        assert_eq!(stale.json()["error"]["code"], "Request_PreconditionFailed");
        assert_eq!(send("DELETE", &path, tag, None).status, 412, "{tag}");
        assert_eq!(site.read(&token, &path), shown, "{tag}");
    }
    let several = format!("{old}, {new}");
    assert_eq!(send("PATCH", &path, &several, change(false)).status, 200);
    assert_eq!(send("PATCH", &path, "*", change(true)).status, 200);
    assert_eq!(send("DELETE", &path, "*", None).status, 204);
    assert_eq!(site.graph(&token, "GET", &path).send().status, 404);
}

#[test]
fn the_version_that_a_resource_is_read_with_fits_its_change_from_the_beginning() {
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let template = "policies/crossTenantAccessPolicy/templates";
    let faults: Vec<String> = [
        (DEFAULT, json!({ "b2bCollaborationInbound": everyone() })),
        (
            "policies/crossTenantAccessPolicy",
            json!({ "displayName": "Ours" }),
        ),
        (
            "policies/authorizationPolicy",
            json!({ "allowInvitesFrom": "everyone" }),
        ),
        (
            &format!("{template}/multiTenantOrganizationPartnerConfiguration"),
            json!({ "inboundTrust": { "isMfaAccepted": true } }),
        ),
        (
            &format!("{template}/multiTenantOrganizationIdentitySynchronization"),
            json!({ "userSyncInbound": { "isSyncAllowed": true } }),
        ),
    ]
    .into_iter()
    .flat_map(|(path, body)| {
        let read = site.graph(&token, "GET", path).send();
        assert_eq!(read.status, 200, "{path}");
        let tag = read.header("etag").unwrap().to_owned();
        [&*tag, "*"].map(|tag| {
            let changed = site
                .graph(&token, "PATCH", path)
                .header("Content-Type", "application/json")
                .header("If-Match", tag)
                .body(body.to_string())
                .send();
            (
                path.to_owned(),
                tag.to_owned(),
                changed.status,
                changed.text(),
            )
        })
    })
    .filter(|(.., status, _)| *status != 204)
    .map(|fault| format!("{fault:?}"))
    .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_conflict_of_a_body_is_named_with_its_place_and_nothing_changes() {
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let before = site.read(&token, DEFAULT);
    let half = |access: &str, target: &str, kind: &str| json!({ "accessType": access, "targets": [{ "target": target, "targetType": kind }] });
    let body = json!({
        "b2bCollaborationOutbound": {
            "usersAndGroups": half("blocked", "AllUsers", "user"),
            "applications": half("allowed", PAYROLL, "application"),
        },
        "b2bCollaborationInbound": {
            "usersAndGroups": half("blocked", ADA, "user"),
            "applications": half("blocked", "AllApplications", "application"),
        },
        "inboundTrust": { "isMfaAccepted": "yes" },
    });
    let refused = site.send(&token, "PATCH", DEFAULT, &body);
    assert_eq!(refused.status, 400, "{refused:?}");
    let error = refused.json();
    let details = error["error"]["details"].as_array().unwrap();
    let targets: BTreeSet<_> = details
        .iter()
        .map(|detail| detail["target"].as_str().unwrap())
        .collect();
    assert_eq!(
        targets,
        BTreeSet::from([
            "b2bCollaborationInbound.usersAndGroups.targets[0].target",
            "b2bCollaborationOutbound",
            "inboundTrust.isMfaAccepted",
        ]),
        "{error:#}"
    );
    assert!(details.iter().all(|detail| {
        detail["code"] == "InvalidProperty" && !detail["message"].as_str().unwrap().is_empty()
    }));
    assert_eq!(site.read(&token, DEFAULT), before);

    let own = site.send(&token, "POST", PARTNERS, &partner(OWN_TENANT, json!({})));
    assert_eq!(own.status, 400, "{own:?}");
    assert_eq!(own.json()["error"]["details"][0]["target"], "tenantId");
    let wingtip = partner(WINGTIP, json!({ "isServiceProvider": true }));
    assert_eq!(site.send(&token, "POST", PARTNERS, &wingtip).status, 201);
    let again = partner(
        &WINGTIP.to_uppercase(),
        json!({ "isServiceProvider": false }),
    );
    let again = site.send(&token, "POST", PARTNERS, &again);
    assert_eq!(again.status, 409, "{again:?}");
    let all = site.read(&token, PARTNERS);
    assert_eq!(all["value"].as_array().unwrap().len(), 1);
    assert_eq!(all["value"][0]["isServiceProvider"], true);
}

#[test]
fn what_a_caller_should_know_is_in_the_header_the_body_and_the_audit() {
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let shut = json!({ "b2bCollaborationOutbound": nobody() });
    let by_default = site
        .graph(&token, "PATCH", DEFAULT)
        .header("Content-Type", "application/json")
        .header("Prefer", "return=representation")
        .body(shut.to_string())
        .send();
    let half =
        json!({ "b2bCollaborationInbound": { "usersAndGroups": everyone()["usersAndGroups"] } });
    let by_partner = site.send(&token, "POST", PARTNERS, &partner(WINGTIP, half));
    for (answer, status, part) in [
        (&by_default, 200, "Rights Management"),
        (&by_partner, 201, "`applications` is missing"),
    ] {
        assert_eq!(answer.status, status, "{answer:?}");
        let header = answer.header("crossgate-advisory").unwrap();
        assert!(header.contains(part), "{header}");
        let body = answer.json();
        let told = body["@crossgate.advisories"].as_array().unwrap();
        assert!(
            told.iter()
                .any(|told| told.as_str().unwrap().contains(part)),
            "{body}"
        );
        let record = record_of(&site, &token, answer);
        let details = record["additionalDetails"].as_array().unwrap();
        assert!(
            details.iter().any(|detail| detail["key"] == "Advisory"
                && detail["value"].as_str().unwrap().contains(part)),
            "{record:#}"
        );
    }
    // Who does not want the body has the header.
    let shut =
        json!({ "b2bCollaborationOutbound": nobody(), "b2bDirectConnectOutbound": nobody() });
    let silent = site.send(&token, "PATCH", DEFAULT, &shut);
    assert_eq!(silent.status, 204);
    let header = silent.header("crossgate-advisory").unwrap();
    assert!(header.contains("Rights Management"), "{header}");
}
