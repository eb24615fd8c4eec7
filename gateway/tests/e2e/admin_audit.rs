//! What the audit keeps of calls of the admin API, and how it is read.

use crate::site::admin::{
    ADA, AUDITS, DEFAULT, GLOBAL_ADMINISTRATOR, LOCATIONS, PARTNERS, POLICIES, SECURITY_READER,
    ada, pages, record_of,
};
use crate::site::{FABRIKAM, Site, Stage, WINGTIP, everyone, nobody, partner};
use crossgate_testkit::curl::Answer;
use crossgate_testkit::gateway::OWN_TENANT;
use serde_json::{Value, json};

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
