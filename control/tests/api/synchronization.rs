//! What a partner pushes, beside what administrators here decide about the same records.

use crossgate_control::document::{Address, DocumentKind};
use crossgate_control::expiry;
use crossgate_control::scim::{Call, Partner, Reply, Scim};
use crossgate_control::store::{Share, Store as _};
use crossgate_policy::ids::{Id, TenantId};
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{Site, body, break_glass, put, write};

const WINGTIP: &str = "22222222-2222-4222-8222-222222222222";
const X: &str = "a0000000-0000-4000-8000-00000000000a";
const Y: &str = "b0000000-0000-4000-8000-00000000000b";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// A partner beside a site.
struct Wingtip {
    site: Site,
    scim: Scim,
    partner: Partner,
}

impl Wingtip {
    fn new() -> Self {
        let allowed = json!({
            "tenantId": WINGTIP, "identitySynchronization": {"userSyncInbound": {"isSyncAllowed": true}},
        });
        let site = Site::with(vec![put(DocumentKind::Partner, WINGTIP, &allowed)]);
        Self {
            scim: Scim::new(site.ledger.clone()),
            site,
            partner: Partner {
                tenant: TenantId::parse(WINGTIP).unwrap(),
                name: "Wingtip".to_owned(),
            },
        }
    }

    fn push(&self, method: &str, path: &str, body: &Value) -> Reply {
        let body = body.to_string();
        self.scim.answer(&Call {
            partner: &self.partner,
            base: "https://scim.contoso.com/v2",
            method: &Method::from_bytes(method.as_bytes()).unwrap(),
            path,
            query: "",
            if_match: None,
            if_none_match: None,
            body: if body == "null" { b"" } else { body.as_bytes() },
            correlation: Uuid::new_v4(),
        })
    }

    #[track_caller]
    fn makes(&self, name: &str, home: Option<&str>) -> String {
        let made = self.push("POST", "/Users", &user(name, home));
        assert_eq!(made.status, 201, "{made:?}");
        made.body.unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// A change of one attribute, and what became of it.
    fn sets(&self, id: &str, name: &str, value: &Value) -> (u16, &'static str) {
        let operation = json!({"op": if value.is_null() { "remove" } else { "replace" }, "path": name, "value": value});
        told(&self.push(
            "PATCH",
            &format!("/Users/{id}"),
            &patch(&json!([operation])),
        ))
    }

    /// An administrator does something to a record.
    #[track_caller]
    fn here(&self, method: &str, path: &str, body: &Value) {
        let body = body.to_string();
        let path = format!("/v1.0/{path}");
        let done = self.site.send(&break_glass(), method, &path, &body);
        assert!(
            done.status.is_success(),
            "{method} {path}: {:?}",
            self::body(&done)
        );
    }

    fn is_enabled(&self, id: &str) -> bool {
        let record = self
            .site
            .call(&break_glass(), "GET", &format!("/v1.0/users/{id}"));
        body(&record)["accountEnabled"].as_bool().unwrap()
    }
}

fn user(name: &str, home: Option<&str>) -> Value {
    let mut user =
        json!({"schemas": [USER], "userName": format!("{name}@wingtip.com"), "active": true});
    if let Some(home) = home {
        user["externalId"] = json!(home);
    }
    user
}

fn patch(operations: &Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
}

fn told(reply: &Reply) -> (u16, &'static str) {
    (reply.status, reply.result)
}

const TAKEN: (u16, &str) = (409, "uniqueness");

#[test]
fn the_id_of_whom_an_administrator_deleted_is_given_to_no_other_record() {
    let site = Wingtip::new();
    let amy = site.makes("amy", Some(X));
    site.here("DELETE", &format!("users/{amy}"), &Value::Null);
    let other = site.makes("other", Some(Y));
    let bare = site.makes("bare", None);
    for id in [&other, &bare] {
        assert_eq!(site.sets(id, "externalId", &json!(X)), TAKEN);
        assert_eq!(site.sets(id, "externalId", &json!(X.to_uppercase())), TAKEN);
        let whole = site.push("PUT", &format!("/Users/{id}"), &user("other2", Some(X)));
        assert_eq!(told(&whole), TAKEN);
    }
    // Once the record is gone for good, so is the decision.
    let gone = format!("directory/deletedItems/{amy}");
    site.here("DELETE", &gone, &Value::Null);
    assert_eq!(site.sets(&other, "externalId", &json!(X)).0, 200);
}

#[test]
fn of_two_who_had_one_id_the_one_who_was_deleted_here_counts() {
    let site = Wingtip::new();
    // Ids are drawn, and either of two may come first.
    let homes: Vec<String> = (0..8).map(|_| Uuid::new_v4().to_string()).collect();
    for home in &homes {
        let first = site.makes(&format!("first{home}"), Some(home));
        site.push("DELETE", &format!("/Users/{first}"), &Value::Null);
        let second = site.makes(&format!("second{home}"), None);
        assert_eq!(site.sets(&second, "externalId", &json!(home)).0, 200);
        site.here("DELETE", &format!("users/{second}"), &Value::Null);
    }
    let again = Wingtip {
        scim: Scim::new(site.site.ledger.clone()),
        ..site
    };
    for home in &homes {
        let made = again.push("POST", "/Users", &user("again", Some(home)));
        assert_eq!(told(&made), TAKEN);
    }
}

#[test]
fn a_user_whom_an_administrator_disabled_keeps_their_id() {
    let site = Wingtip::new();
    let amy = site.makes("amy", Some(X));
    site.here(
        "PATCH",
        &format!("users/{amy}"),
        &json!({"accountEnabled": false}),
    );
    for next in [json!(Y), Value::Null, json!("")] {
        assert_eq!(
            site.sets(&amy, "externalId", &next),
            (400, "mutability"),
            "{next}"
        );
    }
    let path = format!("/Users/{amy}");
    let whole = site.push("PUT", &path, &user("amy", None));
    assert_eq!(told(&whole), (400, "mutability"));
    // The rest is the partner's, and the same id in other letters is no other.
    assert_eq!(
        site.sets(&amy, "userName", &json!("old@wingtip.com")).0,
        200
    );
    assert_eq!(
        site.sets(&amy, "externalId", &json!(X.to_uppercase())).0,
        200
    );
    assert_eq!(
        told(&site.push("POST", "/Users", &user("amy", Some(X)))),
        TAKEN
    );

    // Nor does it help to remove them, and to give the id to another or to add them again.
    assert_eq!(site.push("DELETE", &path, &Value::Null).status, 204);
    let other = site.makes("other", Some(Y));
    assert_eq!(site.sets(&other, "externalId", &json!(X)), TAKEN);
    assert_eq!(site.makes("amy", Some(X)), amy);
    assert!(!site.is_enabled(&amy));

    site.here(
        "PATCH",
        &format!("users/{amy}"),
        &json!({"accountEnabled": true}),
    );
    assert!(site.is_enabled(&amy));
    assert_eq!(site.sets(&amy, "externalId", &Value::Null).0, 200);
}

#[test]
fn who_was_removed_restored_here_and_deleted_here_does_not_come_back_by_the_partner() {
    let site = Wingtip::new();
    let amy = site.makes("amy", Some(X));
    let record = format!("users/{amy}");
    assert_eq!(
        site.push("DELETE", &format!("/Users/{amy}"), &Value::Null)
            .status,
        204
    );
    site.here(
        "POST",
        &format!("directory/deletedItems/{amy}/restore"),
        &Value::Null,
    );
    let restored = site
        .site
        .call(&break_glass(), "GET", &format!("/v1.0/{record}"));
    assert!(!body(&restored).to_string().contains("removed"));
    site.here("DELETE", &record, &Value::Null);
    assert_eq!(
        told(&site.push("POST", "/Users", &user("amy", Some(X)))),
        TAKEN
    );
}

#[test]
fn who_was_disabled_here_while_inactive_is_not_activated_by_the_partner() {
    let site = Wingtip::new();
    let amy = site.makes("amy", Some(X));
    let record = format!("users/{amy}");
    assert_eq!(site.sets(&amy, "active", &json!(false)).0, 200);
    site.here("PATCH", &record, &json!({"accountEnabled": false}));
    // What is changed besides changes nothing about that, whoever does it.
    site.here("PATCH", &record, &json!({"jobTitle": "Dr"}));
    assert_eq!(site.sets(&amy, "title", &json!("Prof")).0, 200);
    assert_eq!(site.sets(&amy, "active", &json!(true)).0, 200);
    assert!(!site.is_enabled(&amy));
    site.here("PATCH", &record, &json!({"accountEnabled": true}));
    assert!(site.is_enabled(&amy));
    // And the mirror: what the partner alone deactivated it may activate.
    assert_eq!(site.sets(&amy, "active", &json!(false)).0, 200);
    assert_eq!(site.sets(&amy, "active", &json!(true)).0, 200);
    assert!(site.is_enabled(&amy));
}

impl Wingtip {
    fn record(&self, id: &str) -> Value {
        let stored = self.site.store.get(&Address::new(DocumentKind::Guest, id));
        serde_json::from_str(&stored.unwrap().unwrap().text).unwrap()
    }

    /// A time comes to an end that an administrator had set, and the account is disabled.
    fn ends(&self, id: &str) {
        let mut record = self.record(id);
        record["crossgate"]["expiresDateTime"] = json!("2020-01-01T00:00:00Z");
        record["crossgate"]["attributes"] = json!({"extension_a": "told"});
        write(
            &*self.site.store,
            vec![put(DocumentKind::Guest, id, &record)],
        );
        assert!(expiry::disable(&self.site.ledger, &Id::new(id)).unwrap());
    }

    #[track_caller]
    fn is_over(&self, id: &str, after: &str) {
        let record = self.record(id);
        assert_eq!(record["accountEnabled"], false, "{after}: {record}");
        let facts = &record["crossgate"];
        assert_eq!(facts["isExpired"], true, "{after}: {record}");
        let ends = &facts["expiresDateTime"];
        assert_eq!(ends, "2020-01-01T00:00:00Z", "{after}: {record}");
        assert_eq!(facts["attributes"], json!({"extension_a": "told"}));
    }
}

#[test]
fn nothing_that_a_partner_pushes_takes_away_that_a_guests_time_is_up() {
    let site = Wingtip::new();
    let amy = site.makes("amy", Some(X));
    site.ends(&amy);
    site.is_over(&amy, "the end");
    let path = format!("/Users/{amy}");

    let made = site.push(
        "POST",
        "/Groups",
        &group("staff", std::slice::from_ref(&amy)),
    );
    assert_eq!(made.status, 201, "{made:?}");
    site.is_over(&amy, "a group");
    let staff = made.body.unwrap()["id"].as_str().unwrap().to_owned();
    let out = json!([{"op": "remove", "path": "members"}]);
    let left = site.push("PATCH", &format!("/Groups/{staff}"), &patch(&out));
    assert_eq!(left.status, 200, "{left:?}");
    site.is_over(&amy, "out of the group");

    for active in [false, true] {
        let (status, _) = site.sets(&amy, "active", &json!(active));
        assert_eq!(status, 200);
        site.is_over(&amy, "a change");
        let shown = site.push("GET", &path, &Value::Null).body.unwrap();
        assert_eq!(shown["active"], false, "{shown:?}");
    }
    for active in [true, false, true] {
        let mut whole = user("amy", Some(X));
        whole["active"] = json!(active);
        whole["title"] = json!(active.to_string());
        assert_eq!(site.push("PUT", &path, &whole).status, 200);
        site.is_over(&amy, "the whole of it");
    }

    assert_eq!(site.push("DELETE", &path, &Value::Null).status, 204);
    site.is_over(&amy, "a removal");
    assert_eq!(site.makes("amy", Some(X)), amy);
    site.is_over(&amy, "coming back");

    // They come back where an administrator puts it off, and what the partner may do is as before.
    let later = json!({"crossgate": {"expiresDateTime": "2100-01-01T00:00:00Z"}});
    site.here("PATCH", &format!("users/{amy}"), &later);
    assert!(site.is_enabled(&amy));
    assert_eq!(site.sets(&amy, "active", &json!(false)).0, 200);
    assert!(!site.is_enabled(&amy));
    assert_eq!(site.sets(&amy, "active", &json!(true)).0, 200);
    assert!(site.is_enabled(&amy));
}

#[test]
fn the_account_whose_access_ends_is_given_to_no_other_record() {
    let site = Wingtip::new();
    let amy = site.makes("amy", Some(X));
    let later = json!({"crossgate": {"expiresDateTime": "2100-01-01T00:00:00Z"}});
    site.here("PATCH", &format!("users/{amy}"), &later);
    for next in [json!(Y), Value::Null] {
        let told = site.sets(&amy, "externalId", &next);
        assert_eq!(told, (400, "mutability"), "{next}");
    }
    let path = format!("/Users/{amy}");
    assert_eq!(site.push("DELETE", &path, &Value::Null).status, 204);
    let other = site.makes("other", Some(Y));
    assert_eq!(site.sets(&other, "externalId", &json!(X)), TAKEN);
    assert_eq!(site.makes("amy", Some(X)), amy);
    let ends = &site.record(&amy)["crossgate"]["expiresDateTime"];
    assert_eq!(ends, "2100-01-01T00:00:00Z");
}

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

fn group(home: &str, members: &[String]) -> Value {
    let members: Value = members.iter().map(|id| json!({"value": id})).collect();
    json!({"schemas": [GROUP], "displayName": "Staff", "externalId": home, "members": members})
}

impl Wingtip {
    /// With so many users.
    fn with_users(count: usize) -> (Self, Vec<String>) {
        let site = Self::new();
        let ids: Vec<String> = (0..count).map(|_| Uuid::new_v4().to_string()).collect();
        let records = ids.iter().map(|id| {
            let told = json!({"tenantId": WINGTIP, "resource": {"userName": id}});
            let record = json!({
                "id": id, "userType": "Member", "externalUserState": "Accepted",
                "crossgate": {"homeTenantId": WINGTIP, "homeUserId": id, "synchronization": told},
            });
            put(DocumentKind::Guest, id, &record)
        });
        write(&*site.site.store, records.collect());
        (site, ids)
    }

    /// How many are in a group, as rules count them.
    fn counted(&self, home: &str) -> usize {
        let mut count = 0;
        let mut count_in = |_: &str, text: &str| {
            let record: Value = serde_json::from_str(text).unwrap();
            let groups = record["crossgate"]["homeGroups"].as_array();
            count += usize::from(groups.is_some_and(|groups| groups.contains(&json!(home))));
        };
        let store = &self.site.store;
        store
            .each(DocumentKind::Guest, Share::WHOLE, &mut count_in)
            .unwrap();
        count
    }
}

#[test]
fn what_a_change_of_a_large_group_means_for_its_members_is_done_in_steps() {
    let (site, ids) = Wingtip::with_users(1200);
    let before = site.site.store.head().unwrap().sequence;
    let made = site.push("POST", "/Groups", &group(X, &ids));
    assert_eq!(made.status, 201, "{made:?}");
    let shown = made.body.unwrap();
    assert_eq!(shown["members"].as_array().unwrap().len(), ids.len());
    assert_eq!(site.counted(X), ids.len());
    let path = format!("/Groups/{}", shown["id"].as_str().unwrap());

    assert_eq!(site.push("PUT", &path, &group(Y, &ids)).status, 200);
    assert_eq!((site.counted(X), site.counted(Y)), (0, ids.len()));
    let fewer = &ids[..100];
    assert_eq!(site.push("PUT", &path, &group(Y, fewer)).status, 200);
    assert_eq!(site.counted(Y), fewer.len());
    assert_eq!(site.push("PUT", &path, &group(Y, &ids)).status, 200);
    assert_eq!(site.push("DELETE", &path, &Value::Null).status, 204);
    assert_eq!(site.counted(Y), 0);
    let after = site.site.store.head().unwrap().sequence;
    for sequence in before + 1..=after {
        let (_, written) = site.site.store.changed_by(sequence, 0).unwrap();
        assert!(written <= 501, "{written} at once");
    }
}

#[test]
fn two_changes_of_one_group_at_a_time_come_to_an_end() {
    let (site, ids) = Wingtip::with_users(1600);
    let made = site.push("POST", "/Groups", &group(X, &[]));
    let path = format!("/Groups/{}", made.body.unwrap()["id"].as_str().unwrap());
    std::thread::scope(|scope| {
        let all = scope.spawn(|| site.push("PUT", &path, &group(X, &ids)));
        let none = scope.spawn(|| site.push("PUT", &path, &group(X, &[])));
        for reply in [all.join().unwrap(), none.join().unwrap()] {
            assert!([200, 409].contains(&reply.status), "{reply:?}");
        }
    });
    assert_eq!(site.push("PUT", &path, &group(X, &ids)).status, 200);
    assert_eq!(site.counted(X), ids.len());
}

#[test]
fn a_renaming_that_stopped_half_way_goes_on_when_it_is_asked_for_again() {
    let (site, ids) = Wingtip::with_users(700);
    let made = site.push("POST", "/Groups", &group(X, &ids));
    let path = format!("/Groups/{}", made.body.unwrap()["id"].as_str().unwrap());
    let renamed = group(Y, &ids);
    assert_eq!(site.push("PUT", &path, &renamed).status, 200);
    // As it stands after the first of two steps.
    let id = path.trim_start_matches("/Groups/");
    let store = site.site.elsewhere();
    let stored = |kind, id: &str| -> Value {
        let stored = store.get(&Address::new(kind, id)).unwrap().unwrap();
        serde_json::from_str(&stored.text).unwrap()
    };
    let mut half = stored(DocumentKind::SynchronizedGroup, id);
    half["unsettled"] = json!(true);
    let mut writes = vec![put(DocumentKind::SynchronizedGroup, id, &half)];
    for member in &ids[..200] {
        let mut record = stored(DocumentKind::Guest, member);
        record["crossgate"]["homeGroups"] = json!([X]);
        writes.push(put(DocumentKind::Guest, member, &record));
    }
    write(&store, writes);
    assert_eq!((site.counted(X), site.counted(Y)), (200, 500));
    assert_eq!(site.push("PUT", &path, &renamed).status, 200);
    assert_eq!((site.counted(X), site.counted(Y)), (0, 700));
    let settled = store.head().unwrap().sequence;
    assert_eq!(site.push("PUT", &path, &renamed).status, 200);
    assert_eq!(
        store.head().unwrap().sequence,
        settled,
        "the same again changes nothing"
    );
}

#[test]
fn a_record_does_not_grow_without_end() {
    let (site, ids) = Wingtip::with_users(1);
    let id = &ids[0];
    let large = "x".repeat(40 << 10);
    assert_eq!(site.sets(id, "title", &json!(large)).0, 200);
    assert_eq!(
        site.sets(id, "displayName", &json!(large)),
        (400, "invalidValue")
    );
    let emails: Value = (0..101)
        .map(|number| json!({"value": format!("{number}@x.com")}))
        .collect();
    assert_eq!(site.sets(id, "emails", &emails), (400, "invalidValue"));
    let mut whole = user("amy", None);
    whole["emails"] = emails;
    assert_eq!(
        told(&site.push("POST", "/Users", &whole)),
        (400, "invalidValue")
    );
    let wide = json!({"schemas": [GROUP], "displayName": "x".repeat(70 << 10)});
    assert_eq!(
        told(&site.push("POST", "/Groups", &wide)),
        (400, "invalidValue")
    );
    // Nor by the groups that it is in.
    let store = site.site.elsewhere();
    let stored = store
        .get(&Address::new(DocumentKind::Guest, id))
        .unwrap()
        .unwrap();
    let mut record: Value = serde_json::from_str(&stored.text).unwrap();
    let groups: Vec<String> = (0..999).map(|number| format!("g{number}")).collect();
    record["crossgate"]["synchronization"]["groups"] = json!(groups);
    write(&store, vec![put(DocumentKind::Guest, id, &record)]);
    assert_eq!(site.push("POST", "/Groups", &group(X, &ids)).status, 201);
    assert_eq!(
        told(&site.push("POST", "/Groups", &group(Y, &ids))),
        (400, "invalidValue")
    );
}
