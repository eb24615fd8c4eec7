//! Partners push users and groups: who comes in by that, who no more, and what a partner cannot touch.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::site::admin::{AUDITS, GLOBAL_ADMINISTRATOR, PARTNERS};
use crate::site::scim::{
    ACME, ACME_TOKEN, GROUP, SCIM_HOST, USER, WINGTIP_TOKEN, patch, user, with,
};
use crate::site::{Site, Stage, WINGTIP, everyone};
use crossgate_testkit::curl::Answer;
use crossgate_testkit::programs::wait_for;
use serde_json::{Value, json};

const AMY: &str = "a0000000-0000-4000-8000-00000000000a";
const BEN: &str = "b0000000-0000-4000-8000-00000000000b";
const STAFF: &str = "50000000-0000-4000-8000-000000000050";

fn open() -> Site {
    let site = Stage::new().with_synchronization().open();
    site.lets_synchronize(WINGTIP, json!({ "b2bCollaborationInbound": everyone() }));
    site
}

impl Site {
    /// A token of Wingtip's own for one of its users.
    fn of_wingtip(&self, user: &str) -> String {
        self.direct().claims(json!({ "oid": user })).mint()
    }

    #[track_caller]
    fn lets_in(&self, what: &str, token: &str) {
        self.expect(what, self.payroll("/").bearer(token), 200, 0);
    }

    fn records(&self, activity: &str) -> Vec<Value> {
        let administrator = self.administrator(GLOBAL_ADMINISTRATOR);
        let all = self.read(&administrator, AUDITS)["value"].clone();
        let all = all.as_array().unwrap().iter();
        all.filter(|record| record["activityDisplayName"] == activity)
            .cloned()
            .collect()
    }
}

#[track_caller]
fn is(answer: &Answer, status: u16, kind: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/scim+json"));
    let body = answer.json();
    assert_eq!(body["status"], status.to_string(), "{body}");
    assert_eq!(
        body["scimType"].as_str().unwrap_or_default(),
        kind,
        "{body}"
    );
    assert!(body["detail"].is_string(), "{body}");
}

#[test]
fn a_user_who_is_pushed_comes_in_by_the_next_request_and_one_who_is_deactivated_no_more() {
    let site = open();
    let amy = site.of_wingtip(AMY);
    site.expect("a stranger", site.payroll("/").bearer(&amy), 403, 500_213);

    let made = site.push("POST", "/Users", &user("amy", AMY));
    assert_eq!(made.status, 201, "{made:?}");
    let shown = made.json();
    let id = shown["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("etag"), shown["meta"]["version"].as_str());
    assert_eq!(made.header("location"), shown["meta"]["location"].as_str());
    let port = site.gateway.proxy().port();
    let at = format!("https://{SCIM_HOST}:{port}/.crossgate/scim/{WINGTIP}/v2/Users/{id}");
    assert_eq!(shown["meta"]["location"], at);
    site.lets_in("the next request", &amy);

    let administrator = site.administrator(GLOBAL_ADMINISTRATOR);
    let record = site.read(&administrator, &format!("users/{id}"));
    for (name, expected) in [
        ("userType", json!("Member")),
        (
            "userPrincipalName",
            json!("amy_wingtip.com#EXT#@contoso.com"),
        ),
        ("externalUserState", json!("Accepted")),
        ("accountEnabled", json!(true)),
        ("mail", json!("amy@wingtip.com")),
        ("givenName", json!("amy")),
    ] {
        assert_eq!(record[name], expected, "{record:#}");
    }
    assert_eq!(record["crossgate"]["homeTenantId"], WINGTIP);
    assert_eq!(record["crossgate"]["homeUserId"], AMY);
    let added = site.records("Add user");
    let by = &added[0]["initiatedBy"]["app"]["displayName"];
    assert_eq!(by, "Cross-tenant synchronization of Wingtip", "{added:#?}");

    // As Entra says it.
    let mut socket = site.socket(&amy);
    socket.echoes("before");
    let off = patch(json!([{"op": "Replace", "path": "active", "value": "False"}]));
    let path = format!("/Users/{id}");
    assert_eq!(site.push("PATCH", &path, &off).json()["active"], false);
    let answered = Instant::now();
    assert_eq!(socket.frame().closing().0, 1008);
    assert!(answered.elapsed() < Duration::from_secs(1));
    site.expect(
        "a deactivated one",
        site.payroll("/").bearer(&amy),
        403,
        50_057,
    );

    let on = patch(json!([{"op": "Replace", "path": "active", "value": "True"}]));
    assert_eq!(site.push("PATCH", &path, &on).status, 200);
    site.lets_in("an activated one", &amy);

    // Whoever deletes may bring back, with the same id; a repeated removal finds nothing.
    let mut socket = site.socket(&amy);
    assert_eq!(site.push("DELETE", &path, &Value::Null).status, 204);
    assert_eq!(socket.frame().closing().0, 1008);
    site.expect("a deleted one", site.payroll("/").bearer(&amy), 403, 50_057);
    is(&site.push("DELETE", &path, &Value::Null), 404, "");
    is(&site.push("GET", &path, &Value::Null), 404, "");
    let deleted = site.read(
        &administrator,
        "directory/deletedItems/microsoft.graph.user",
    );
    assert_eq!(deleted["value"][0]["id"], id.as_str(), "{deleted:#}");
    assert_eq!(site.makes("/Users", &user("amy", AMY)), id);
    site.lets_in("one who came back", &amy);
    is(
        &site.push("POST", "/Users", &user("amy", AMY)),
        409,
        "uniqueness",
    );
}

#[test]
fn what_an_administrator_disables_or_deletes_no_partner_brings_back() {
    let site = open();
    let amy = site.of_wingtip(AMY);
    let id = site.makes("/Users", &user("amy", AMY));
    let administrator = site.administrator(GLOBAL_ADMINISTRATOR);
    let record = format!("users/{id}");
    let path = format!("/Users/{id}");
    let off = json!({ "accountEnabled": false });
    assert_eq!(
        site.send_meaning_it(&administrator, "PATCH", &record, &off)
            .status,
        204
    );
    for active in ["False", "True"] {
        let told = patch(json!([{"op": "Replace", "path": "active", "value": active}]));
        assert_eq!(site.push("PATCH", &path, &told).json()["active"], false);
    }
    assert_eq!(
        site.push("PUT", &path, &user("amy", AMY)).json()["active"],
        false
    );
    site.expect("is disabled", site.payroll("/").bearer(&amy), 403, 50_057);
    let on = json!({ "accountEnabled": true });
    assert_eq!(
        site.send_meaning_it(&administrator, "PATCH", &record, &on)
            .status,
        204
    );
    site.lets_in("is enabled", &amy);

    let gone = site.graph(&administrator, "DELETE", &record);
    assert_eq!(
        gone.header("Crossgate-Confirm-Lock-Out", "true")
            .send()
            .status,
        204
    );
    is(
        &site.push("POST", "/Users", &user("amy", AMY)),
        409,
        "uniqueness",
    );
    is(&site.push("GET", &path, &Value::Null), 404, "");
    site.expect("is deleted", site.payroll("/").bearer(&amy), 403, 50_057);
}

#[test]
fn nothing_is_taken_while_the_policy_does_not_let_the_partner_synchronize() {
    let site = open();
    let amy = site.of_wingtip(AMY);
    let id = site.makes("/Users", &user("amy", AMY));
    let administrator = site.administrator(GLOBAL_ADMINISTRATOR);
    let path = format!("{PARTNERS}/{WINGTIP}/identitySynchronization");
    let off = json!({"userSyncInbound": {"isSyncAllowed": false}});
    assert_eq!(
        site.send_meaning_it(&administrator, "PATCH", &path, &off)
            .status,
        204
    );
    for (method, path, body) in [
        ("GET", "/Users".to_owned(), Value::Null),
        ("GET", "/ServiceProviderConfig".to_owned(), Value::Null),
        ("POST", "/Users".to_owned(), user("ben", BEN)),
        ("DELETE", format!("/Users/{id}"), Value::Null),
    ] {
        is(&site.push(method, &path, &body), 403, "");
    }
    site.lets_in("who was there stays", &amy);
    let refused = wait_for("the record", Duration::from_secs(5), || {
        let records = site.records("Synchronize identities");
        (!records.is_empty()).then_some(records)
    });
    assert_eq!(refused.len(), 1, "one a minute: {refused:#?}");
    assert_eq!(refused[0]["result"], "failure");
    assert_eq!(
        site.send_meaning_it(&administrator, "DELETE", &path, &Value::Null)
            .status,
        204
    );
    is(&site.push("GET", "/Users", &Value::Null), 403, "");
    // A partner without a document has never been let.
    let call = site.scim(ACME, ACME_TOKEN, "GET", "/Users");
    is(&call.send(), 403, "");
}

#[test]
fn a_foreign_token_opens_nothing_and_no_partner_touches_what_another_or_nobody_has_made() {
    let site = open();
    site.lets_synchronize(ACME, json!({}));
    let amy = site.makes("/Users", &user("amy", AMY));
    for token in [ACME_TOKEN, "", "x", &WINGTIP_TOKEN[1..]] {
        let answer = site.scim(WINGTIP, token, "GET", "/Users").send();
        is(&answer, 401, "");
        assert!(
            answer
                .header("www-authenticate")
                .unwrap()
                .starts_with("Bearer")
        );
    }
    let plain = site.scim(WINGTIP, WINGTIP_TOKEN, "GET", "/Users");
    is(&plain.header("X-Forwarded-Proto", "http").send(), 400, "");
    let nobody = "99999999-9999-4999-8999-999999999999";
    is(
        &site.scim(nobody, WINGTIP_TOKEN, "GET", "/Users").send(),
        404,
        "",
    );
    let refused = wait_for("the record", Duration::from_secs(5), || {
        let records = site.records("Synchronize identities");
        (records.len() == 2).then_some(records)
    });
    let told = format!("{refused:?}");
    assert!(
        told.contains("wrong_token") && told.contains("not_over_https"),
        "{told}"
    );
    let counted = site.gateway.metric(
        "crossgate_synchronization_total",
        &["partner=\"Wingtip\"", "result=\"wrong_token\""],
    );
    assert!((counted - 4.0).abs() < 0.1, "{counted}");

    let acme = |method: &str, path: &str, body: &Value| {
        with(site.scim(ACME, ACME_TOKEN, method, path), body).send()
    };
    let off = patch(json!([{"op": "replace", "path": "active", "value": false}]));
    let path = format!("/Users/{amy}");
    is(&acme("GET", &path, &Value::Null), 404, "");
    is(&acme("PATCH", &path, &off), 404, "");
    is(&acme("DELETE", &path, &Value::Null), 404, "");
    assert_eq!(
        acme("GET", "/Users", &Value::Null).json()["totalResults"],
        0
    );
    let group = json!({"schemas": [GROUP], "displayName": "All", "members": [{"value": amy}]});
    is(&acme("POST", "/Groups", &group), 400, "invalidValue");
    // The same id at another home is somebody else.
    let mut other = user("zoe", AMY);
    other["emails"] = json!([]);
    other["userName"] = json!("zoe@acme.example");
    assert_eq!(acme("POST", "/Users", &other).status, 201);
    site.lets_in("and Amy is still who she was", &site.of_wingtip(AMY));
}

#[test]
fn who_was_invited_is_not_the_partners() {
    let site = Stage::new().with_synchronization().with_sign_in().open();
    site.lets_synchronize(WINGTIP, json!({ "b2bCollaborationInbound": everyone() }));
    let administrator = site.administrator(GLOBAL_ADMINISTRATOR);
    let body = json!({"invitedUserEmailAddress": "amy@wingtip.com", "inviteRedirectUrl": "https://guests.contoso.com/"});
    let invited = site.send(&administrator, "POST", "invitations", &body);
    assert_eq!(invited.status, 201, "{invited:?}");
    let id = invited.json()["invitedUser"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let before = site.read(&administrator, &format!("users/{id}"));

    is(
        &site.push("POST", "/Users", &user("amy", AMY)),
        409,
        "uniqueness",
    );
    // Nor by the address alone, nor by a change afterwards.
    let mut renamed = user("ben", BEN);
    let ben = site.makes("/Users", &renamed);
    renamed["emails"][0]["value"] = json!("AMY@wingtip.com");
    let path = format!("/Users/{ben}");
    is(&site.push("PUT", &path, &renamed), 409, "uniqueness");
    let off = patch(json!([{"op": "replace", "path": "active", "value": false}]));
    let theirs = format!("/Users/{id}");
    is(&site.push("GET", &theirs, &Value::Null), 404, "");
    is(&site.push("PATCH", &theirs, &off), 404, "");
    is(&site.push("DELETE", &theirs, &Value::Null), 404, "");
    let list = site.push("GET", "/Users", &Value::Null).json();
    assert_eq!(list["totalResults"], 1, "{list:#}");
    assert_eq!(site.read(&administrator, &format!("users/{id}")), before);
}

#[test]
fn a_rule_for_a_group_counts_who_is_in_it_by_synchronisation() {
    let site = Stage::new().with_synchronization().open();
    let staff = json!({
        "usersAndGroups": {"accessType": "allowed", "targets": [{"target": STAFF, "targetType": "group"}]},
        "applications": {"accessType": "allowed", "targets": [{"target": "AllApplications", "targetType": "application"}]},
    });
    site.lets_synchronize(WINGTIP, json!({ "b2bCollaborationInbound": staff }));
    let (amy, ben) = (site.of_wingtip(AMY), site.of_wingtip(BEN));
    let amy_id = site.makes("/Users", &user("amy", AMY));
    let ben_id = site.makes("/Users", &user("ben", BEN));
    // What our own tenant issues tells nothing of groups at home.
    let as_guest = site.guest().claims(json!({ "oid": amy_id })).mint();
    let refused = |what: &str, token: &str| {
        site.expect(what, site.payroll("/").bearer(token), 403, 500_213);
    };
    refused("in no group", &amy);
    refused("nor as a guest", &as_guest);

    let group = json!({
        "schemas": [GROUP], "displayName": "Staff", "externalId": STAFF, "members": [{"value": amy_id}],
    });
    let id = site.makes("/Groups", &group);
    let path = format!("/Groups/{id}");
    site.lets_in("in the group", &amy);
    site.lets_in("as a guest", &as_guest);
    refused("who is not in it", &ben);
    let shown = site
        .push("GET", &format!("/Users/{amy_id}"), &Value::Null)
        .json();
    assert_eq!(shown["groups"][0]["value"], id.as_str(), "{shown:#}");

    let swap = patch(json!([
        {"op": "Add", "path": "members", "value": [{"value": ben_id}]},
        {"op": "Remove", "path": format!("members[value eq \"{amy_id}\"]")},
    ]));
    let mut socket = site.socket(&amy);
    assert_eq!(site.push("PATCH", &path, &swap).status, 200);
    assert_eq!(socket.frame().closing().0, 1008);
    refused("who was in it", &amy);
    site.lets_in("who came", &ben);

    // Under another id it is another group.
    let mut renamed = group.clone();
    renamed["externalId"] = json!(AMY);
    renamed["members"] = json!([{"value": ben_id}]);
    assert_eq!(site.push("PUT", &path, &renamed).status, 200);
    refused("another group", &ben);
    renamed["externalId"] = json!(STAFF);
    assert_eq!(site.push("PUT", &path, &renamed).status, 200);
    site.lets_in("the group again", &ben);
    assert_eq!(site.push("DELETE", &path, &Value::Null).status, 204);
    refused("a group that is gone", &ben);
}

#[test]
fn a_list_of_home_groups_that_is_not_whole_leaves_the_others_unknown() {
    let site = Stage::new().with_synchronization().open();
    let all_but_staff = json!({
        "usersAndGroups": {"accessType": "blocked", "targets": [{"target": STAFF, "targetType": "group"}]},
        "applications": {"accessType": "blocked", "targets": [{"target": "AllApplications", "targetType": "application"}]},
    });
    site.lets_synchronize(WINGTIP, json!({ "b2bCollaborationInbound": all_but_staff }));
    let amy = site.makes("/Users", &user("amy", AMY));
    let other = json!({
        "schemas": [GROUP], "displayName": "Other", "externalId": BEN, "members": [{"value": amy}],
    });
    site.makes("/Groups", &other);
    // Wingtip's own token tells all groups; ours tells none, and that Amy is in another one proves nothing.
    site.lets_in("by the token of home", &site.of_wingtip(AMY));
    let as_guest = site.guest().claims(json!({ "oid": amy })).mint();
    let event = site.expect(
        "as a guest",
        site.payroll("/").bearer(&as_guest),
        403,
        500_213,
    );
    assert_eq!(
        event["crossgate"]["reason"], "membership_unknown",
        "{event:#}"
    );
}

#[test]
fn a_version_that_was_changed_meanwhile_is_not_overwritten() {
    let site = open();
    let id = site.makes("/Users", &user("amy", AMY));
    let path = format!("/Users/{id}");
    let first = site.push("GET", &path, &Value::Null);
    let first = first.header("etag").unwrap().to_owned();
    let call = |method: &str, name: &str, tag: &str, body: &Value| {
        let call = site.scim(WINGTIP, WINGTIP_TOKEN, method, &path);
        with(call.header(name, tag), body).send()
    };
    let rename =
        |name: &str| patch(json!([{"op": "replace", "path": "displayName", "value": name}]));
    let changed = call("PATCH", "If-Match", &first, &rename("A"));
    assert_eq!(changed.status, 200, "{changed:?}");
    let second = changed.header("etag").unwrap().to_owned();
    assert_ne!(first, second);
    is(&call("PATCH", "If-Match", &first, &rename("B")), 412, "");
    is(&call("PUT", "If-Match", &first, &user("amy", AMY)), 412, "");
    is(&call("DELETE", "If-Match", &first, &Value::Null), 412, "");
    assert_eq!(
        call("GET", "If-None-Match", &second, &Value::Null).status,
        304
    );
    assert_eq!(
        call("GET", "If-None-Match", &first, &Value::Null).status,
        200
    );
    // The same again changes nothing, its version neither.
    let again = site.push("PATCH", &path, &rename("A"));
    assert_eq!(again.header("etag"), Some(&*second));
    assert_eq!(call("DELETE", "If-Match", "*", &Value::Null).status, 204);
}

#[test]
fn a_bulk_request_makes_what_hangs_together_and_tells_of_each() {
    let site = open();
    let operation = |method: &str, path: &str, id: &str, data: Value| json!({"method": method, "path": path, "bulkId": id, "data": data});
    let request = |operations: Value| {
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "failOnErrors": 2, "Operations": operations});
        site.push("POST", "/Bulk", &body)
    };
    let group =
        json!({"schemas": [GROUP], "displayName": "Staff", "members": [{"value": "bulkId:amy"}]});
    // The group comes first, and names who comes after it.
    let answer = request(json!([
        operation("POST", "/Groups", "staff", group),
        operation("POST", "/Users", "amy", user("amy", AMY)),
        operation("POST", "/Users", "twin", user("amy", AMY)),
        operation(
            "PATCH",
            "/Users/bulkId:amy",
            "",
            patch(json!([{"op": "add", "path": "title", "value": "Dr"}]))
        ),
    ]));
    assert_eq!(answer.status, 200, "{answer:?}");
    let told = answer.json();
    let told = told["Operations"].as_array().unwrap();
    let statuses: Vec<_> = told
        .iter()
        .map(|one| one["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["201", "201", "409", "200"], "{told:#?}");
    assert_eq!(told[2]["response"]["scimType"], "uniqueness");
    let found = site
        .push("GET", "/Users?filter=title%20eq%20%22dr%22", &Value::Null)
        .json();
    assert_eq!(
        found["Resources"][0]["groups"][0]["display"], "Staff",
        "{found:#}"
    );

    let nowhere = patch(json!([{"op": "add", "path": "title", "value": "Dr"}]));
    let answer = request(json!([
        operation("PATCH", "/Users/bulkId:nobody", "", nowhere.clone()),
        operation("DELETE", "/Users/none", "", Value::Null),
        operation("POST", "/Users", "ben", user("ben", BEN)),
    ]));
    let told = answer.json();
    let statuses: Vec<_> = told["Operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["status"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        statuses,
        ["409", "404"],
        "the rest is left after two failures: {told:#}"
    );
    let many: Vec<_> = (0..101)
        .map(|_| operation("DELETE", "/Users/x", "", Value::Null))
        .collect();
    is(&request(json!(many)), 413, "");
    let large = "x".repeat(1 << 20);
    is(
        &site.push("POST", "/Users", &json!({ "userName": large })),
        413,
        "",
    );
}

#[test]
fn lists_are_filtered_paged_and_cut_to_what_is_asked_for() {
    let site = open();
    for number in 0..5 {
        let home = format!("c0000000-0000-4000-8000-00000000000{number}");
        site.makes("/Users", &user(&format!("user{number}"), &home));
    }
    let count = |filter: &str| {
        let query: String = url_of(filter);
        let list = site
            .push("GET", &format!("/Users?filter={query}"), &Value::Null)
            .json();
        list["totalResults"].as_u64()
    };
    for (filter, expected) in [
        (r#"userName eq "USER3@wingtip.com""#, 1),
        (r#"userName sw "user""#, 5),
        (r#"externalId eq "C0000000-0000-4000-8000-000000000002""#, 0),
        (r#"externalId eq "c0000000-0000-4000-8000-000000000002""#, 1),
        (r#"emails[type eq "work" and value ew "@wingtip.com"]"#, 5),
        (r#"displayName gt "user2" and active eq true"#, 2),
        (r#"not (displayName eq "user1")"#, 4),
        ("title pr", 0),
    ] {
        assert_eq!(count(filter), Some(expected), "{filter}");
    }
    let wrong = site.push("GET", "/Users?filter=userName%20is%20x", &Value::Null);
    is(&wrong, 400, "invalidFilter");
    let mut seen = Vec::new();
    for start in [1, 3, 5] {
        let path = format!("/Users?startIndex={start}&count=2&attributes=userName");
        let page = site.push("GET", &path, &Value::Null).json();
        assert_eq!(page["totalResults"], 5, "{page:#}");
        for resource in page["Resources"].as_array().unwrap() {
            let mut names: Vec<_> = resource.as_object().unwrap().keys().collect();
            names.sort();
            assert_eq!(names, ["id", "schemas", "userName"], "{resource}");
            seen.push(resource["userName"].clone());
        }
    }
    seen.sort_by_key(ToString::to_string);
    seen.dedup();
    assert_eq!(seen.len(), 5, "each once");
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": "displayName sw \"user\"", "count": 0, "excludedAttributes": ["emails"],
    });
    for path in ["/.search", "/Users/.search"] {
        let found = site.push("POST", path, &search).json();
        assert_eq!(
            (&found["totalResults"], &found["itemsPerPage"]),
            (&json!(5), &json!(0))
        );
    }
    let config = site
        .push("GET", "/ServiceProviderConfig", &Value::Null)
        .json();
    assert_eq!(config["bulk"]["maxOperations"], 100, "{config:#}");
    let schema = site.push("GET", &format!("/Schemas/{USER}"), &Value::Null);
    assert_eq!(schema.json()["id"], USER);
    is(&site.push("PUT", "/Schemas", &json!({})), 405, "");
}

#[test]
fn what_was_answered_is_there_after_a_restart() {
    let mut site = open();
    let id = site.makes("/Users", &user("amy", AMY));
    let group = json!({"schemas": [GROUP], "displayName": "Staff", "externalId": STAFF, "members": [{"value": id}]});
    let group = site.makes("/Groups", &group);
    site.gateway.restart();
    let shown = site
        .push("GET", &format!("/Groups/{group}"), &Value::Null)
        .json();
    assert_eq!(shown["members"][0]["value"], id.as_str(), "{shown:#}");
    is(
        &site.push("POST", "/Users", &user("amy", AMY)),
        409,
        "uniqueness",
    );
}

#[test]
#[ignore = "needs scim2-client and scim2-tester: scripts/test-slow installs them"]
fn a_public_client_and_a_published_check_find_what_the_rfcs_promise() {
    let site = open();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let python = root.join("testkit/python/.venv/bin/python");
    assert!(
        python.exists(),
        "scim2-tester is missing: run scripts/graph-sdk --with-scim"
    );
    let output = Command::new(python)
        .current_dir(root)
        .arg("testkit/python/scim.py")
        .env(
            "SCIM_BASE",
            format!(
                "http://{}/.crossgate/scim/{WINGTIP}/v2",
                site.gateway.proxy()
            ),
        )
        .env("SCIM_HOST", SCIM_HOST)
        .env("SCIM_TOKEN", WINGTIP_TOKEN)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaint}");
}

/// A text as it stands in a query.
fn url_of(text: &str) -> String {
    let mut url = String::new();
    for byte in text.bytes() {
        url.push_str(&format!("%{byte:02x}"));
    }
    url
}
