//! Changes by the admin API that shut people out: the guard before them, how they bind, and the way back in.

use std::process::Command;
use std::time::Duration;

use crate::site::admin::{
    ADMIN_AUDIENCE, ALL_SCOPES, GLOBAL_ADMINISTRATOR, PARTNERS, SECURITY_READER,
};
use crate::site::{PAYROLL, Site, Stage, WINGTIP, partner};
use aws_lc_rs::digest::{SHA256, digest};
use crossgate_testkit::curl::Answer;
use crossgate_testkit::gateway::OWN_TENANT;
use serde_json::{Value, json};

const POLICIES: &str = "identity/conditionalAccess/policies";
const LOCATIONS: &str = "identity/conditionalAccess/namedLocations";
const ASSIGNMENTS: &str = "roleManagement/directory/roleAssignments";
const AUDITS: &str = "auditLogs/directoryAudits";
const ADA: &str = "0b0e0000-0000-4000-8000-00000000000a";
const BOB: &str = "0b0e0000-0000-4000-8000-00000000000b";

/// A Conditional Access policy about everything of some users.
fn policy(users: &str, application: &str, control: &str) -> Value {
    json!({
        "displayName": "Shut", "state": "enabled",
        "conditions": { "clientAppTypes": ["all"], "users": { "includeUsers": [users] },
            "applications": { "includeApplications": [application] } },
        "grantControls": { "operator": "OR", "builtInControls": [control] },
    })
}

/// What an error's details say: code, target and message.
fn details(answer: &Answer) -> Vec<(String, String, String)> {
    let error = answer.json()["error"].clone();
    let text = |detail: &Value, name: &str| detail[name].as_str().unwrap().to_owned();
    let details = error["details"].as_array().unwrap().iter();
    details
        .map(|detail| {
            (
                text(detail, "code"),
                text(detail, "target"),
                text(detail, "message"),
            )
        })
        .collect()
}

#[track_caller]
fn assert_lock_out(answer: &Answer) {
    assert_eq!(answer.status, 409, "{answer:?}");
    assert_eq!(answer.json()["error"]["code"], "Crossgate_LockOut");
}

/// A member and a guest, who have both used the app.
fn visited(site: &Site) -> (String, String) {
    let member = site
        .member()
        .claims(json!({ "oid": BOB, "upn": "bob@contoso.com" }))
        .mint();
    let guest = site
        .guest()
        .claims(json!({ "upn": "eve@wingtip.com" }))
        .mint();
    for token in [&member, &guest] {
        site.expect("a visit", site.payroll("/").bearer(token), 200, 0);
    }
    (member, guest)
}

#[test]
fn a_policy_that_shuts_everybody_out_is_made_only_where_it_is_meant() {
    let site = Stage::new().with_store().open();
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let (member, guest) = visited(&site);
    let ask = |token: &str| site.payroll("/").bearer(token).send().status;
    let shut = policy("All", "All", "block");

    let refused = site.send(&token, "POST", POLICIES, &shut);
    assert_lock_out(&refused);
    let named = details(&refused);
    assert_eq!(named.len(), 2, "{named:?}");
    let caller = named
        .iter()
        .find(|(code, ..)| code == "CallerShutOut")
        .unwrap();
    assert_eq!(caller.1, "caller");
    let app = named
        .iter()
        .find(|(code, ..)| code == "AppShutOut")
        .unwrap();
    assert_eq!(app.1, PAYROLL);
    for part in ["Payroll", "bob@contoso.com", "eve@wingtip.com"] {
        assert!(app.2.contains(part), "{part} in {}", app.2);
    }
    assert_eq!((ask(&member), ask(&guest)), (200, 200));
    assert_eq!(site.read(&token, POLICIES)["value"], json!([]));

    // One of them stays: nobody is asked.
    let guests = site.send(
        &token,
        "POST",
        POLICIES,
        &policy("GuestsOrExternalUsers", PAYROLL, "block"),
    );
    assert_eq!(guests.status, 201, "{guests:?}");
    assert_eq!((ask(&member), ask(&guest)), (200, 403));
    // Now the other is the last, and the guest, who is out already, is not named.
    let last = site.send(&token, "POST", POLICIES, &policy(BOB, PAYROLL, "block"));
    assert_lock_out(&last);
    let named = details(&last);
    assert_eq!(named.len(), 1, "{named:?}");
    assert!(
        named[0].2.contains("bob@contoso.com") && !named[0].2.contains("eve"),
        "{named:?}"
    );

    let maybe = site
        .graph(&token, "POST", POLICIES)
        .header("Content-Type", "application/json")
        .header("Crossgate-Confirm-Lock-Out", "yes")
        .body(shut.to_string())
        .send();
    assert_eq!(maybe.status, 400, "{maybe:?}");
    let made = site.send_meaning_it(&token, "POST", POLICIES, &shut);
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!((ask(&member), ask(&guest)), (403, 403));
    // So is who made it.
    let out = site.graph(&token, "GET", PARTNERS).send();
    assert_eq!(out.status, 403, "{out:?}");
}

#[test]
fn whether_ones_own_change_shuts_one_out_is_decided_for_where_one_calls_from() {
    let site = Stage::new().with_store().open();
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let location = |name: &str, range: &str| {
        let location = json!({
            "@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": name,
            "ipRanges": [{ "@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": range }],
        });
        let made = site.send(&token, "POST", LOCATIONS, &location);
        assert_eq!(made.status, 201, "{made:?}");
        made.json()["id"].as_str().unwrap().to_owned()
    };
    let here = location("Here", "127.0.0.0/8");
    let elsewhere = location("Elsewhere", "192.0.2.0/24");
    let block = |include: &str, exclude: &[&str]| {
        let mut shut = policy("All", "All", "block");
        shut["conditions"]["locations"] =
            json!({ "includeLocations": [include], "excludeLocations": exclude });
        site.send(&token, "POST", POLICIES, &shut)
    };
    for harmless in [block("All", &[&here]), block(&elsewhere, &[])] {
        assert_eq!(harmless.status, 201, "{harmless:?}");
    }
    assert_eq!(
        site.read(&token, POLICIES)["value"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    for shuts in [block("All", &[&elsewhere]), block(&here, &[])] {
        assert_lock_out(&shuts);
        assert_eq!(details(&shuts)[0].0, "CallerShutOut");
    }
    assert_eq!(
        site.read(&token, POLICIES)["value"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn the_last_who_manages_roles_goes_only_where_it_is_meant() {
    let site = Stage::new().with_store().open();
    let body = json!({ "principalId": ADA, "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/" });
    let made = site.send(&site.bootstrap_secret(), "POST", ASSIGNMENTS, &body);
    assert_eq!(made.status, 201, "{made:?}");
    let path = format!("{ASSIGNMENTS}/{}", made.json()["id"].as_str().unwrap());
    let token = site.caller(json!({ "scp": ALL_SCOPES, "oid": ADA }));
    assert_eq!(site.read(&token, &path)["principalId"], ADA);

    let refused = site.graph(&token, "DELETE", &path).send();
    assert_lock_out(&refused);
    let named = details(&refused);
    assert_eq!(named.len(), 1, "{named:?}");
    assert_eq!((&*named[0].0, &*named[0].1), ("CallerShutOut", "caller"));
    assert!(
        named[0].2.contains("no enabled role assignment"),
        "{named:?}"
    );
    assert_eq!(site.read(&token, &path)["principalId"], ADA);

    let gone = site
        .graph(&token, "DELETE", &path)
        .header("Crossgate-Confirm-Lock-Out", "true")
        .send();
    assert_eq!(gone.status, 204, "{gone:?}");
    assert_eq!(site.graph(&token, "GET", &path).send().status, 403);
    let audits = format!(
        "{AUDITS}?$top=1&$filter=activityDisplayName%20eq%20'Remove%20member%20from%20role'"
    );
    let reader = site.administrator(SECURITY_READER);
    let record = &site.read(&reader, &audits)["value"][0];
    assert_eq!(record["result"], "success");
    let details = record["additionalDetails"].as_array().unwrap();
    assert!(details.contains(&json!({ "key": "Confirmed-Lock-Out", "value": "true" })));
}

#[test]
fn the_end_of_a_users_sessions_binds_on_the_next_request_of_this_user_alone() {
    let site = Stage::new().with_store().open();
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let of = |user: &str| site.member().claims(json!({ "oid": user })).mint();
    let (bob, ada) = (of(BOB), of(ADA));
    for old in [&bob, &ada] {
        site.expect("before", site.payroll("/").bearer(old), 200, 0);
    }
    // The last second of a token's time of issue is over.
    std::thread::sleep(Duration::from_millis(1100));
    let path = format!("users/{BOB}/revokeSignInSessions");
    let revoke = site
        .graph(&token, "POST", &path)
        .header("Crossgate-Confirm-Lock-Out", "true");
    let revoked = revoke.send();
    assert_eq!(revoked.status, 200, "{revoked:?}");
    assert_eq!(revoked.json()["value"], true);
    site.expect("the old token", site.payroll("/").bearer(&bob), 401, 50173);
    site.expect("another's", site.payroll("/").bearer(&ada), 200, 0);
    std::thread::sleep(Duration::from_millis(1100));
    site.expect("signed in anew", site.payroll("/").bearer(&of(BOB)), 200, 0);
    site.expect(
        "the old one still",
        site.payroll("/").bearer(&bob),
        401,
        50173,
    );
}

#[test]
fn ones_own_sessions_end_where_that_is_meant_and_an_application_has_none() {
    let site = Stage::new().with_store().open();
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    std::thread::sleep(Duration::from_millis(1100));
    let me = "me/revokeSignInSessions";
    // It stops whoever asks.
    let asked = site.graph(&token, "POST", me).send();
    assert_eq!(asked.status, 409, "{asked:?}");
    assert_eq!(asked.json()["error"]["details"][0]["code"], "CallerShutOut");
    let revoked = site
        .graph(&token, "POST", me)
        .header("Crossgate-Confirm-Lock-Out", "true")
        .send();
    assert_eq!(revoked.status, 200, "{revoked:?}");
    assert_eq!(site.graph(&token, "GET", "organization").send().status, 401);
    let app = site.mint.token("app-only").issued_by(OWN_TENANT);
    let app = app.audience(ADMIN_AUDIENCE).claims(json!({
        "roles": ["User.RevokeSessions.All", "Organization.Read.All"],
    }));
    let app = app.mint();
    assert_eq!(site.graph(&app, "POST", me).send().status, 400);
    for odd in ["a%20b", "%1b", &"a".repeat(201)] {
        let path = format!("users/{odd}/revokeSignInSessions");
        let refused = site.graph(&app, "POST", &path).send();
        assert_eq!(refused.status, 400, "{odd}: {refused:?}");
    }
    assert_eq!(site.graph(&app, "GET", "organization").send().status, 200);
}

#[test]
fn a_conditional_access_policy_binds_when_made_and_frees_when_removed() {
    let site = Stage::new().with_store().open();
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let guest = site.guest().mint();
    let ask = || site.payroll("/").bearer(&guest).send().status;
    assert_eq!(ask(), 200);
    let mfa = policy("GuestsOrExternalUsers", "All", "mfa");
    let made = site.send_meaning_it(&token, "POST", POLICIES, &mfa);
    assert_eq!((made.status, ask()), (201, 401), "{made:?}");
    let path = format!("{POLICIES}/{}", made.json()["id"].as_str().unwrap());
    let off = json!({ "state": "disabled" });
    assert_eq!(
        (site.send(&token, "PATCH", &path, &off).status, ask()),
        (204, 200)
    );
    let on = json!({ "state": "enabled" });
    assert_eq!(
        (
            site.send_meaning_it(&token, "PATCH", &path, &on).status,
            ask()
        ),
        (204, 401)
    );
    assert_eq!(
        (site.graph(&token, "DELETE", &path).send().status, ask()),
        (204, 200)
    );
}

#[test]
fn a_named_location_that_a_policy_uses_stays() {
    let site = Stage::new().with_store().open();
    let token = site.administrator(GLOBAL_ADMINISTRATOR);
    let guest = site.guest().mint();
    let ask = || site.payroll("/").bearer(&guest).send().status;
    let location = json!({
        "@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": "Office",
        "ipRanges": [{ "@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "127.0.0.0/8" }],
    });
    let made = site.send(&token, "POST", LOCATIONS, &location);
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let place = format!("{LOCATIONS}/{id}");
    let mut elsewhere = policy("GuestsOrExternalUsers", "All", "block");
    elsewhere["displayName"] = json!("From the office only");
    elsewhere["conditions"]["locations"] =
        json!({ "includeLocations": ["All"], "excludeLocations": [id] });
    let made = site.send_meaning_it(&token, "POST", POLICIES, &elsewhere);
    assert_eq!((made.status, ask()), (201, 200), "{made:?}");

    let refused = site.graph(&token, "DELETE", &place).send();
    assert_eq!(refused.status, 400, "{refused:?}");
    let told = refused.text();
    let policy = made.json()["id"].as_str().unwrap().to_owned();
    assert!(
        told.contains("From the office only") || told.contains(&policy),
        "{told}"
    );
    assert_eq!(site.read(&token, &place)["displayName"], "Office");
    assert_eq!(ask(), 200);
    // Where the office is elsewhere, here is not the office.
    let moved = json!({
        "@odata.type": "#microsoft.graph.ipNamedLocation",
        "ipRanges": [{ "@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "192.0.2.0/24" }],
    });
    assert_eq!(
        (
            site.send_meaning_it(&token, "PATCH", &place, &moved).status,
            ask()
        ),
        (204, 403)
    );
    let path = format!("{POLICIES}/{policy}");
    assert_eq!(
        (site.graph(&token, "DELETE", &path).send().status, ask()),
        (204, 200)
    );
    assert_eq!(site.graph(&token, "DELETE", &place).send().status, 204);
}

#[test]
fn the_break_glass_secret_does_everything_is_told_of_and_never_written_down() {
    // Once more in a process whose gateways log all they can.
    if std::env::var("CROSSGATE_LOG").as_deref() != Ok("debug") {
        let name =
            "lock_out::the_break_glass_secret_does_everything_is_told_of_and_never_written_down";
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", name]).env("CROSSGATE_LOG", "debug");
        let output = again.output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && told.contains("1 passed"),
            "{told}"
        );
        return;
    }
    let secret = "cgx_4Zt1pXyQv0mD7bNcR2sKfJhGw8LuEoAi";
    let wrong = "cgx_0000000000000000000000000000000000";
    let fingerprint = digest(&SHA256, secret.as_bytes());
    let hex: String = fingerprint
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let stage = Stage::new()
        .with_store()
        .section("admin", "break_glass_file = \"break-glass\"");
    let file = stage.directory().join("break-glass");
    std::fs::write(&file, format!("sha256:{hex}\n")).unwrap();
    let site = stage.open();

    let made = site.send(secret, "POST", PARTNERS, &partner(WINGTIP, json!({})));
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(
        site.read(secret, &format!("{PARTNERS}/{WINGTIP}"))["tenantId"],
        WINGTIP
    );
    let reader = site.administrator(SECURITY_READER);
    let records = site.read(&reader, AUDITS)["value"].clone();
    let by_it: Vec<&Value> = records
        .as_array()
        .unwrap()
        .iter()
        .filter(|record| record["initiatedBy"]["user"]["displayName"] == "Crossgate break-glass")
        .collect();
    let activities: Vec<&Value> = by_it
        .iter()
        .map(|record| &record["activityDisplayName"])
        .collect();
    let expected = [
        "Read partner cross-tenant access settings",
        "Add a partner to cross-tenant access setting",
    ];
    assert_eq!(activities, expected, "{records:#}");
    for record in by_it {
        assert_eq!(record["initiatedBy"]["user"]["ipAddress"], "127.0.0.1");
        let details = record["additionalDetails"].as_array().unwrap();
        assert!(
            details.contains(&json!({ "key": "Credential", "value": "break-glass" })),
            "{record:#}"
        );
    }
    // A policy that shuts everybody out can be taken back with it.
    let shut = site.send_meaning_it(secret, "POST", POLICIES, &policy("All", "All", "block"));
    assert_eq!(shut.status, 201, "{shut:?}");
    assert_eq!(site.graph(&reader, "GET", PARTNERS).send().status, 403);
    let path = format!("{POLICIES}/{}", shut.json()["id"].as_str().unwrap());
    assert_eq!(site.graph(secret, "DELETE", &path).send().status, 204);
    assert_eq!(site.graph(&reader, "GET", PARTNERS).send().status, 200);

    let uses = |result: &str| {
        let labels = ["secret=\"break-glass\"", &*format!("result=\"{result}\"")];
        site.gateway
            .metric("crossgate_admin_secrets_total", &labels)
            .to_string()
    };
    assert_eq!(
        (uses("accepted"), uses("refused")),
        ("4".to_owned(), "0".to_owned())
    );
    assert_eq!(site.graph(wrong, "GET", PARTNERS).send().status, 401);
    assert_eq!(
        (uses("accepted"), uses("refused")),
        ("4".to_owned(), "1".to_owned())
    );
    std::fs::remove_file(&file).unwrap();
    assert_eq!(site.graph(secret, "GET", PARTNERS).send().status, 401);
    assert_eq!(uses("refused"), "2");

    let signature = reader.rsplit('.').next().unwrap().to_owned();
    let stopped = site.gateway.stop();
    // By default these are not told: the log does have all there is.
    let told = stopped.log.contains("INFO pingora_core");
    assert!(told, "{}", stopped.log);
    for hidden in [secret, wrong, &signature, &hex] {
        assert!(!stopped.log.contains(hidden), "{hidden} in the log");
    }
}
