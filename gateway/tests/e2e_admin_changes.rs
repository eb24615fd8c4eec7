//! Changes by the admin API: races, conditions, faults, audit, batches and pages.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a JSON member that is not there is null, and the assertion says so"
)]

mod site;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use crossgate_testkit::curl::{Answer, Curl};
use crossgate_testkit::gateway::OWN_TENANT;
use serde_json::{Value, json};
use site::admin::{ALL_SCOPES, DEFAULT, GLOBAL_ADMINISTRATOR, PARTNERS, SECURITY_READER};
use site::{FABRIKAM, PAYROLL, Site, Stage, WINGTIP, everyone, nobody, partner};

const AUDITS: &str = "auditLogs/directoryAudits";
const POLICIES: &str = "identity/conditionalAccess/policies";
const LOCATIONS: &str = "identity/conditionalAccess/namedLocations";
const ADA: &str = "0b0e0000-0000-4000-8000-00000000000a";

/// An administrator with a name.
fn ada(site: &Site) -> String {
    let claims = json!({ "wids": [GLOBAL_ADMINISTRATOR], "scp": ALL_SCOPES, "oid": ADA, "upn": "ada@contoso.com" });
    site.caller(claims)
}

/// A connection that is kept, for tests of thousands of calls.
struct Kept {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Kept {
    fn open(address: SocketAddr, token: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::new(stream),
            token: token.to_owned(),
        }
    }

    /// Status, headers by their names in small letters, and body.
    fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> (u16, BTreeMap<String, String>, Value) {
        let request = format!(
            "{method} /v1.0/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            self.token,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut line = || {
            let mut line = String::new();
            assert_ne!(self.stream.read_line(&mut line).unwrap(), 0, "closed");
            line.trim_end().to_owned()
        };
        let status = line().split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = BTreeMap::new();
        loop {
            let line = line();
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let length = headers.get("content-length");
        let length = length.map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        (status, headers, body)
    }
}

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
fn ten_thousand_changes_of_two_administrators_who_race_are_all_made_and_all_in_the_audit() {
    const EACH: u64 = 5_000;
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let body = partner(WINGTIP, json!({ "b2bCollaborationOutbound": counter(0) }));
    let made = site.send(&token, "POST", PARTNERS, &body);
    assert_eq!(made.status, 201, "{made:?}");
    let path = format!("{PARTNERS}/{WINGTIP}");
    let race = || {
        let mut kept = Kept::open(site.gateway.admin(), &token);
        let (mut done, mut refused) = (0, 0);
        let mut read = None;
        while done < EACH {
            // What was answered to a change is as good as what is read after it.
            let known = read.take().unwrap_or_else(|| {
                let (status, _, body) = kept.call("GET", &path, "", "");
                assert_eq!(status, 200, "{body}");
                body
            });
            let etag = known["@odata.etag"].as_str().unwrap();
            let headers = format!("If-Match: {etag}\r\nPrefer: return=representation\r\n");
            let next = json!({ "b2bCollaborationOutbound": counter(counted(&known) + 1) });
            let (status, _, body) = kept.call("PATCH", &path, &headers, &next.to_string());
            match status {
                200 => {
                    assert_eq!(counted(&body), counted(&known) + 1);
                    read = Some(body);
                    done += 1;
                }
                412 => {
                    refused += 1;
                    // Whoever lost lets the other go on for a moment: every attempt in vain is an audit record too.
                    std::thread::sleep(Duration::from_millis(10));
                }
                _ => panic!("{status} {body}"),
            }
        }
        refused
    };
    let refused: u64 = std::thread::scope(|scope| {
        let racers = [scope.spawn(race), scope.spawn(race)];
        racers.map(|racer| racer.join().unwrap()).iter().sum()
    });
    assert_ne!(refused, 0, "no race");
    assert_eq!(counted(&site.read(&token, &path)), 2 * EACH);
    let count = |result: &str| {
        let filter =
            "activityDisplayName%20eq%20'Update%20a%20partner%20cross-tenant%20access%20setting'";
        let query = format!(
            "{AUDITS}?$top=1&$count=true&$filter={filter}%20and%20result%20eq%20'{result}'"
        );
        site.read(&token, &query)["@odata.count"].clone()
    };
    assert_eq!(count("success"), json!(2 * EACH));
    assert_eq!(count("failure"), json!(refused));
    let verified = Command::new(env!("CARGO_BIN_EXE_crossgate"))
        .args(["audit", "verify"])
        .current_dir(site.gateway.directory())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success(), "{verified:?}");
    assert!(
        told.contains(&format!("{} audit records", 2 * EACH + refused + 2)),
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
    let ask = || site.payroll("/").bearer(&site.guest().mint()).send().status;
    assert_eq!(ask(), 200);
    let shut = json!({ "b2bCollaborationInbound": nobody() });
    assert_eq!(site.send(&token, "PATCH", DEFAULT, &shut).status, 409);
    let shut = site.send_meaning_it(&token, "PATCH", DEFAULT, &shut);
    assert_eq!((shut.status, ask()), (204, 403), "{shut:?}");
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
    let change = |value: bool| Some(json!({ "isServiceProvider": value }));
    // What is not there matches nothing, `*` either.
    assert_eq!(send("PATCH", &path, "*", change(true)).status, 404);
    let made = site.send(&token, "POST", PARTNERS, &partner(WINGTIP, json!({})));
    assert_eq!(made.status, 201, "{made:?}");
    let old = made.header("etag").unwrap().to_owned();
    assert_eq!(made.json()["@odata.etag"], old);

    let changed = send("PATCH", &path, &old, change(true));
    assert_eq!(changed.status, 200, "{changed:?}");
    let shown = changed.json();
    assert_eq!(shown["isServiceProvider"], true);
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

/// The one audit record of a call.
#[track_caller]
fn record_of(site: &Site, token: &str, answer: &Answer) -> Value {
    let id = answer.header("request-id").unwrap();
    let query = format!("{AUDITS}?$filter=correlationId%20eq%20'{id}'");
    let found = site.read(token, &query)["value"].clone();
    assert_eq!(found.as_array().unwrap().len(), 1, "{found:#}\n{answer:?}");
    found[0].clone()
}

/// Property, old and new value, as JSON where they are.
fn modified(record: &Value) -> Vec<(String, Value, Value)> {
    let parsed = |value: &Value| {
        let text = value.as_str();
        text.map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
    };
    let modified = record["targetResources"][0]["modifiedProperties"].as_array();
    let modified = modified.unwrap().iter().map(|change| {
        (
            change["displayName"].as_str().unwrap().to_owned(),
            parsed(&change["oldValue"]),
            parsed(&change["newValue"]),
        )
    });
    modified.collect()
}

/// What a record is to say.
struct Expected<'e> {
    category: &'e str,
    operation: &'e str,
    activity: &'e str,
    target: &'e str,
    kind: &'e str,
}

const fn expect<'e>(
    category: &'e str,
    operation: &'e str,
    activity: &'e str,
    target: &'e str,
    kind: &'e str,
) -> Expected<'e> {
    Expected {
        category,
        operation,
        activity,
        target,
        kind,
    }
}

/// A change, and its record as it must be.
#[track_caller]
fn change(
    site: &Site,
    token: &str,
    call: (&str, &str, Option<Value>),
    status: u16,
    expected: &Expected<'_>,
) -> (Answer, Vec<(String, Value, Value)>) {
    let (method, path, body) = call;
    let mut curl = site
        .graph(token, method, path)
        .header("User-Agent", "the-tests/1");
    if let Some(body) = body {
        curl = curl
            .header("Content-Type", "application/json")
            .body(body.to_string());
    }
    let answer = curl.send();
    assert_eq!(answer.status, status, "{method} {path} {answer:?}");
    let record = record_of(site, token, &answer);
    let made = answer.body.first().map(|_| answer.json());
    let made = made.and_then(|made| made["id"].as_str().map(ToOwned::to_owned));
    let target = match (expected.target, made) {
        ("new", Some(id)) => id,
        (target, _) => target.to_owned(),
    };
    let about = &record["targetResources"][0];
    let success = status < 400;
    let told = json!([
        record["category"],
        record["operationType"],
        record["activityDisplayName"],
        record["result"],
        about["id"],
        about["type"],
        record["initiatedBy"]["app"],
        record["loggedByService"],
    ]);
    let result = if success { "success" } else { "failure" };
    let right = json!([
        expected.category,
        expected.operation,
        expected.activity,
        result,
        target,
        expected.kind,
        null,
        "Core Directory",
    ]);
    assert_eq!(told, right, "{method} {path}\n{record:#}");
    let user = &record["initiatedBy"]["user"];
    assert_eq!(user["id"], ADA);
    assert_eq!(user["userPrincipalName"], "ada@contoso.com");
    assert_eq!(user["ipAddress"], "127.0.0.1");
    let agent = json!({ "key": "User-Agent", "value": "the-tests/1" });
    assert_eq!(record["additionalDetails"][0], agent);
    assert_eq!(record["resultReason"].as_str().unwrap().is_empty(), success);
    let shown = site.read(
        token,
        &format!("{AUDITS}/{}", record["id"].as_str().unwrap()),
    );
    assert_eq!(shown["activityDateTime"], record["activityDateTime"]);
    let modified = modified(&record);
    (answer, modified)
}

fn policy(state: &str) -> Value {
    json!({
        "displayName": "Guests need MFA", "state": state,
        "conditions": { "clientAppTypes": ["all"], "users": { "includeUsers": ["GuestsOrExternalUsers"] },
            "applications": { "includeApplications": ["All"] } },
        "grantControls": { "operator": "OR", "builtInControls": ["mfa"] },
    })
}

#[test]
fn every_kind_of_change_has_its_audit_record() {
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let one = format!("{PARTNERS}/{WINGTIP}");
    let sync = format!("{one}/identitySynchronization");
    let xtap = "CrossTenantAccessSettings";
    let synced = "CrossTenantIdentitySyncSettings";

    let add = expect(
        xtap,
        "Add",
        "Add a partner to cross-tenant access setting",
        WINGTIP,
        "Policy",
    );
    let body = partner(WINGTIP, json!({ "b2bCollaborationInbound": everyone() }));
    let (_, changes) = change(&site, &token, ("POST", PARTNERS, Some(body)), 201, &add);
    let seen = |access: u8| {
        json!({
            "UsersAndGroups": { "AccessType": access, "Targets": [{ "Target": "AllUsers", "TargetType": 1 }] },
            "Applications": { "AccessType": access, "Targets": [{ "Target": "AllApplications", "TargetType": 3 }] },
        })
    };
    let inbound = "b2bCollaborationInbound".to_owned();
    let expected = [
        (inbound.clone(), Value::Null, seen(1)),
        ("tenantId".to_owned(), Value::Null, json!(WINGTIP)),
    ];
    assert_eq!(changes, expected);

    let update = expect(
        xtap,
        "Update",
        "Update a partner cross-tenant access setting",
        WINGTIP,
        "Policy",
    );
    let shut = json!({ "b2bCollaborationInbound": nobody() });
    let (_, changes) = change(&site, &token, ("PATCH", &one, Some(shut)), 204, &update);
    assert_eq!(changes, [(inbound.clone(), seen(1), seen(2))]);

    let put = expect(
        synced,
        "Add",
        "Create a partner cross-tenant identity sync setting",
        WINGTIP,
        "Policy",
    );
    let allow = |allowed: bool| Some(json!({ "userSyncInbound": { "isSyncAllowed": allowed } }));
    change(&site, &token, ("PUT", &sync, allow(true)), 204, &put);
    let patch = expect(
        synced,
        "Update",
        "Update a partner cross-tenant identity sync setting",
        WINGTIP,
        "Policy",
    );
    let (_, changes) = change(&site, &token, ("PATCH", &sync, allow(false)), 204, &patch);
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!(changes[0].0, "identitySynchronization");
    assert_eq!(changes[0].1["UserSyncInbound"]["IsSyncAllowed"], true);
    assert_eq!(changes[0].2["UserSyncInbound"]["IsSyncAllowed"], false);
    let gone = expect(
        synced,
        "Delete",
        "Delete a partner cross-tenant identity sync setting",
        WINGTIP,
        "Policy",
    );
    change(&site, &token, ("DELETE", &sync, None), 204, &gone);

    let gone = expect(
        xtap,
        "Delete",
        "Delete partner specific cross-tenant access setting",
        WINGTIP,
        "Policy",
    );
    let (_, changes) = change(&site, &token, ("DELETE", &one, None), 204, &gone);
    assert_eq!(changes[0], (inbound.clone(), seen(2), Value::Null));

    let update = expect(
        xtap,
        "Update",
        "Update the company default cross-tenant access setting",
        "",
        "Policy",
    );
    let shut = json!({ "b2bCollaborationInbound": nobody() });
    let (_, changes) = change(&site, &token, ("PATCH", DEFAULT, Some(shut)), 204, &update);
    assert_eq!(changes[0].0, inbound);
    assert_eq!(changes[0].2, seen(2));
    let reset = format!("{DEFAULT}/resetToSystemDefault");
    let back = expect(
        xtap,
        "Update",
        "Reset the cross-tenant access default setting",
        "",
        "Policy",
    );
    let (_, changes) = change(&site, &token, ("POST", &reset, None), 204, &back);
    assert_eq!(changes[0], (inbound, seen(2), Value::Null));

    let kind = "AuthorizationPolicy";
    let update = expect(kind, "Update", "Update authorization policy", "", kind);
    let body = json!({ "allowInvitesFrom": "adminsAndGuestInviters" });
    let (_, changes) = change(
        &site,
        &token,
        ("PATCH", "policies/authorizationPolicy", Some(body)),
        204,
        &update,
    );
    assert_eq!(changes[0].2, "adminsAndGuestInviters");

    let location = json!({
        "@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": "Office",
        "ipRanges": [{ "@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "192.0.2.0/24" }],
    });
    let renamed =
        json!({ "@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": "Elsewhere" });
    let definition = json!({
        "displayName": "Reader", "isEnabled": true,
        "rolePermissions": [{ "allowedResourceActions": ["microsoft.directory/crossTenantAccessPolicy/partners/standard/read"] }],
    });
    for (path, body, change_to, category, kind, activities) in [
        (
            POLICIES,
            policy("disabled"),
            json!({ "state": "enabledForReportingButNotEnforced" }),
            "Policy",
            "Policy",
            [
                "Add conditional access policy",
                "Update conditional access policy",
                "Delete conditional access policy",
            ],
        ),
        (
            LOCATIONS,
            location,
            renamed,
            "Policy",
            "Policy",
            [
                "Add named location",
                "Update named location",
                "Delete named location",
            ],
        ),
        (
            "roleManagement/directory/roleDefinitions",
            definition,
            json!({ "isEnabled": false }),
            "RoleManagement",
            "Role",
            [
                "Add role definition",
                "Update role definition",
                "Delete role definition",
            ],
        ),
    ] {
        let add = expect(category, "Add", activities[0], "new", kind);
        let (made, _) = change(&site, &token, ("POST", path, Some(body)), 201, &add);
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let one = format!("{path}/{id}");
        let update = expect(category, "Update", activities[1], &id, kind);
        let (_, changes) = change(
            &site,
            &token,
            ("PATCH", &one, Some(change_to)),
            204,
            &update,
        );
        assert!(!changes.is_empty(), "{path}");
        let gone = expect(category, "Delete", activities[2], &id, kind);
        change(&site, &token, ("DELETE", &one, None), 204, &gone);
    }
    let assignments = "roleManagement/directory/roleAssignments";
    let body = json!({ "principalId": ADA, "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/" });
    let add = expect(
        "RoleManagement",
        "Assign",
        "Add member to role",
        "new",
        "Role",
    );
    let (made, _) = change(
        &site,
        &token,
        ("POST", assignments, Some(body.clone())),
        201,
        &add,
    );
    let other = json!({ "principalId": WINGTIP, "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/" });
    change(&site, &token, ("POST", assignments, Some(other)), 201, &add);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let gone = expect(
        "RoleManagement",
        "Unassign",
        "Remove member from role",
        &id,
        "Role",
    );
    let one = format!("{assignments}/{id}");
    change(&site, &token, ("DELETE", &one, None), 204, &gone);
}

#[test]
fn what_was_refused_is_in_the_audit_with_its_reason() {
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let made = site.send(&token, "POST", PARTNERS, &partner(WINGTIP, json!({})));
    assert_eq!(made.status, 201);
    let path = format!("{PARTNERS}/{WINGTIP}");
    let bad = json!({ "isServiceProvider": "perhaps" });
    let stale = site
        .graph(&token, "PATCH", &path)
        .header("Content-Type", "application/json")
        .header("If-Match", "\"0\"")
        .body(r#"{"isServiceProvider":true}"#)
        .send();
    let reader = site.administrator(SECURITY_READER);
    let cases = [
        (
            site.send(&token, "PATCH", &path, &bad),
            400,
            "isServiceProvider",
        ),
        (stale, 412, "ETag"),
        (
            site.send(&token, "POST", PARTNERS, &partner(WINGTIP, json!({}))),
            409,
            "already exists",
        ),
        (
            site.send(&token, "POST", PARTNERS, &partner(OWN_TENANT, json!({}))),
            400,
            "own tenant",
        ),
        (
            site.graph(&token, "DELETE", &format!("{PARTNERS}/{FABRIKAM}"))
                .send(),
            404,
            FABRIKAM,
        ),
        (
            site.graph(&reader, "DELETE", &path).send(),
            403,
            "microsoft.directory",
        ),
    ];
    for (answer, status, reason) in cases {
        assert_eq!(answer.status, status, "{answer:?}");
        let record = record_of(&site, &token, &answer);
        assert_eq!(record["result"], "failure");
        let told = record["resultReason"].as_str().unwrap();
        assert!(told.contains(reason), "{told}");
        assert_eq!(modified(&record), [], "{record:#}");
    }
    let shown = site.read(&token, &path);
    assert_eq!(shown["isServiceProvider"], Value::Null);
}

/// All of a collection, page by page.
fn pages(site: &Site, token: &str, first: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut path = first.to_owned();
    loop {
        let page = site.read(token, &path);
        pages.push(page["value"].as_array().unwrap().clone());
        let Some(next) = page["@odata.nextLink"].as_str() else {
            return pages;
        };
        assert!(pages.len() < 100, "{next}");
        path = next[next.find("/v1.0/").unwrap()..].to_owned();
    }
}

#[test]
fn the_audit_is_filtered_ordered_and_paged_without_losing_or_repeating_a_record() {
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let path = format!("{PARTNERS}/{WINGTIP}");
    let made = site.send(&token, "POST", PARTNERS, &partner(WINGTIP, json!({})));
    assert_eq!(made.status, 201);
    let first = record_of(&site, &token, &made);
    let mut since = String::new();
    for round in 0..10_u64 {
        let body = json!({ "isServiceProvider": round % 2 == 0 });
        let changed = site.send(&token, "PATCH", &path, &body);
        assert_eq!(changed.status, 204);
        if round == 4 {
            let record = record_of(&site, &token, &changed);
            since = record["activityDateTime"].as_str().unwrap().to_owned();
        }
        let made = site.send(&token, "POST", POLICIES, &policy("disabled"));
        assert_eq!(made.status, 201, "{made:?}");
    }
    let ids = |pages: &[Vec<Value>]| -> Vec<String> {
        let all = pages.iter().flatten();
        all.map(|record| record["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let times = |pages: &[Vec<Value>]| -> Vec<String> {
        let all = pages.iter().flatten();
        all.map(|record| record["activityDateTime"].as_str().unwrap().to_owned())
            .collect()
    };
    for (filter, count) in [
        ("category%20eq%20'CrossTenantAccessSettings'".to_owned(), 11),
        // With the beginning of the store.
        ("category%20eq%20'Policy'".to_owned(), 11),
        (format!("activityDateTime%20eq%20{since}"), 1),
        (format!("activityDateTime%20ge%20{since}"), 12),
        (format!("activityDateTime%20gt%20{since}"), 11),
        (format!("activityDateTime%20lt%20{since}"), 10),
        (
            format!("category%20eq%20'Policy'%20and%20activityDateTime%20le%20{since}"),
            5,
        ),
    ] {
        let query = format!("{AUDITS}?$filter={filter}");
        let whole = site.read(&token, &format!("{query}&$count=true"));
        assert_eq!(whole["@odata.count"], count, "{filter}");
        let whole = ids(&[whole["value"].as_array().unwrap().clone()]);
        for order in ["asc", "desc"] {
            for top in [1, 5, 11] {
                let query = format!("{query}&$orderby=activityDateTime%20{order}&$top={top}");
                let pages = pages(&site, &token, &query);
                assert!(pages.iter().all(|page| page.len() <= top), "{query}");
                let (mut found, mut told) = (ids(&pages), times(&pages));
                if order == "asc" {
                    found.reverse();
                    told.reverse();
                }
                // Without an order the latest comes first.
                assert_eq!(found, whole, "{query}");
                assert!(
                    told.is_sorted_by(|a, b| instant(a) >= instant(b)),
                    "{query}"
                );
            }
        }
    }
    let all = pages(&site, &token, &format!("{AUDITS}?$top=5"));
    assert!(ids(&all).contains(&first["id"].as_str().unwrap().to_owned()));
}

fn instant(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

#[test]
fn the_calls_of_a_batch_are_made_in_their_order_each_with_its_own_permission() {
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let url = format!("/{PARTNERS}");
    let one = format!("{url}/{WINGTIP}");
    let headers = json!({ "Content-Type": "application/json" });
    let post = |id: &str, tenant: &str| json!({ "id": id, "method": "POST", "url": url, "headers": headers, "body": { "tenantId": tenant } });
    let batch = |token: &str, requests: Value| {
        site.send(token, "POST", "$batch", &json!({ "requests": requests }))
    };
    let told = |answer: &Answer| -> Vec<(String, u64)> {
        assert_eq!(answer.status, 200, "{answer:?}");
        let body = answer.json();
        let responses = body["responses"].as_array().unwrap().iter();
        responses
            .map(|told| {
                (
                    told["id"].as_str().unwrap().to_owned(),
                    told["status"].as_u64().unwrap(),
                )
            })
            .collect()
    };
    let answer = batch(
        &token,
        json!([
            post("make", WINGTIP),
            { "id": "change", "method": "PATCH", "url": one, "headers": headers, "body": { "isServiceProvider": true }, "dependsOn": ["make"] },
            { "id": "read", "method": "GET", "url": one, "dependsOn": ["change"] },
            post("again", WINGTIP),
            { "id": "after", "method": "DELETE", "url": one, "dependsOn": ["again"] },
            { "id": "behind", "method": "GET", "url": one, "dependsOn": ["after"] },
        ]),
    );
    let expected = [
        ("make", 201),
        ("change", 204),
        ("read", 200),
        ("again", 409),
        ("after", 424),
        ("behind", 424),
    ];
    assert_eq!(
        told(&answer),
        expected.map(|(id, status)| (id.to_owned(), status))
    );
    assert_eq!(
        answer.json()["responses"][2]["body"]["isServiceProvider"],
        true
    );
    assert_eq!(
        site.read(&token, &format!("{PARTNERS}/{WINGTIP}"))["isServiceProvider"],
        true
    );

    // Each is allowed or not by itself.
    let reader = site.administrator(SECURITY_READER);
    let answer = batch(
        &reader,
        json!([
            { "id": "read", "method": "GET", "url": one },
            post("make", FABRIKAM),
            { "id": "remove", "method": "DELETE", "url": one },
        ]),
    );
    let expected = [("read", 200), ("make", 403), ("remove", 403)];
    assert_eq!(
        told(&answer),
        expected.map(|(id, status)| (id.to_owned(), status))
    );
    assert_eq!(
        site.read(&token, PARTNERS)["value"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let read = |count: usize| -> Value {
        let all = (0..count).map(|id| json!({ "id": id.to_string(), "method": "GET", "url": one }));
        all.collect()
    };
    assert_eq!(told(&batch(&token, read(20))).len(), 20);
    let many = batch(&token, read(21));
    assert_eq!(many.status, 400, "{many:?}");
    let nobody = Curl::get(site.gateway.admin(), "localhost", "/v1.0/$batch")
        .method("POST")
        .header("Content-Type", "application/json")
        .body(json!({ "requests": read(1) }).to_string())
        .send();
    assert_eq!(nobody.status, 401, "{nobody:?}");
}

#[test]
fn a_call_that_is_none_is_refused_for_what_it_is() {
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let post = |media: &str, body: &str| {
        site.graph(&token, "POST", PARTNERS)
            .header("Content-Type", media)
            .header("client-request-id", "from-the-client-1")
            .body(body)
            .send()
    };
    let json = "application/json";
    let big = format!(
        r#"{{"tenantId":"{WINGTIP}","displayName":"{}"}}"#,
        "a".repeat(4 << 20)
    );
    let twice =
        format!(r#"{{"tenantId":"{WINGTIP}","isServiceProvider":true,"isServiceProvider":false}}"#);
    let inside = format!(
        r#"{{"tenantId":"{WINGTIP}","inboundTrust":{{"isMfaAccepted":true,"isMfaAccepted":false}}}}"#
    );
    for (media, body, status) in [
        (json, &*big, 413),
        ("text/plain", r#"{"tenantId":"x"}"#, 415),
        ("application/x-www-form-urlencoded", "tenantId=x", 415),
        (json, "tenantId=x", 400),
        (json, "[]", 400),
        (json, "", 400),
        (json, &*twice, 400),
        (json, &*inside, 400),
    ] {
        let answer = post(media, body);
        let begin = &body[..body.len().min(90)];
        assert_eq!(answer.status, status, "{media} {begin} {answer:?}");
        assert_eq!(
            answer.header("client-request-id"),
            Some("from-the-client-1")
        );
        let error = answer.json()["error"].clone();
        assert_eq!(
            error["innerError"]["client-request-id"], "from-the-client-1",
            "{error}"
        );
        assert_eq!(
            error["innerError"]["request-id"],
            answer.header("request-id").unwrap()
        );
    }
    assert_eq!(site.read(&token, PARTNERS)["value"], json!([]));

    let unknown = site.graph(&token, "GET", "policies/nonsense").send();
    assert_eq!(unknown.status, 404, "{unknown:?}");
    let wrong = site
        .graph(&token, "PUT", &format!("{PARTNERS}/{WINGTIP}"))
        .send();
    assert_eq!(wrong.status, 405, "{wrong:?}");
    let allow: BTreeSet<_> = wrong.header("allow").unwrap().split(", ").collect();
    assert_eq!(allow, BTreeSet::from(["DELETE", "GET", "PATCH"]));
}

#[test]
fn many_partners_are_paged_filtered_selected_and_counted() {
    const MANY: usize = 250;
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let tenant = |index: usize| {
        format!(
            "{:08x}-0000-4000-8000-{index:012x}",
            (index * 7919) % 65_536
        )
    };
    let mut kept = Kept::open(site.gateway.admin(), &token);
    for index in 0..MANY {
        let body = json!({ "tenantId": tenant(index), "isServiceProvider": index % 5 == 0 });
        let (status, _, body) = kept.call("POST", PARTNERS, "", &body.to_string());
        assert_eq!(status, 201, "{body}");
    }
    let mut all: Vec<String> = (0..MANY).map(tenant).collect();
    let mut providers: Vec<String> = (0..MANY).step_by(5).map(tenant).collect();
    all.sort();
    providers.sort();
    let tenants = |pages: &[Vec<Value>]| -> Vec<String> {
        let all = pages.iter().flatten();
        all.map(|partner| partner["tenantId"].as_str().unwrap().to_owned())
            .collect()
    };
    let sizes = |pages: &[Vec<Value>]| -> Vec<usize> { pages.iter().map(Vec::len).collect() };

    let found = pages(&site, &token, &format!("{PARTNERS}?$top=100"));
    assert_eq!(
        (tenants(&found), sizes(&found)),
        (all.clone(), vec![100, 100, 50])
    );
    let filter = "$filter=isServiceProvider%20eq%20true";
    let found = pages(&site, &token, &format!("{PARTNERS}?$top=20&{filter}"));
    assert_eq!(
        (tenants(&found), sizes(&found)),
        (providers, vec![20, 20, 10])
    );
    let found = pages(&site, &token, &format!("{PARTNERS}?$top=125"));
    assert_eq!((tenants(&found), sizes(&found)), (all, vec![125, 125]));

    let select = format!("{PARTNERS}?$top=100&$select=tenantId,isServiceProvider&$count=true");
    let page = site.read(&token, &select);
    assert_eq!(page["@odata.count"], MANY);
    for partner in page["value"].as_array().unwrap() {
        let names = partner.as_object().unwrap().keys();
        let names: BTreeSet<_> = names.filter(|name| !name.starts_with('@')).collect();
        assert_eq!(names.len(), 2, "{partner}");
        assert!(partner["tenantId"].is_string() && partner["isServiceProvider"].is_boolean());
    }
    let query = format!("{PARTNERS}?$top=1&$count=true&{filter}");
    assert_eq!(site.read(&token, &query)["@odata.count"], MANY / 5);
}
