//! What a partner pushes, beside what administrators here decide about the same records.

use crossgate_control::document::DocumentKind;
use crossgate_control::scim::{Call, Partner, Reply, Scim};
use crossgate_policy::ids::TenantId;
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{Site, body, break_glass, put};

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
    let first = site.makes("first", Some(X));
    site.push("DELETE", &format!("/Users/{first}"), &Value::Null);
    let second = site.makes("second", Some(Y));
    assert_eq!(site.sets(&second, "externalId", &json!(X)).0, 200);
    site.here("DELETE", &format!("users/{second}"), &Value::Null);
    // Whichever was read first.
    for scim in [&site.scim, &Scim::new(site.site.ledger.clone())] {
        let made = scim.answer(&Call {
            partner: &site.partner,
            base: "",
            method: &Method::POST,
            path: "/Users",
            query: "",
            if_match: None,
            if_none_match: None,
            body: user("again", Some(X)).to_string().as_bytes(),
            correlation: Uuid::new_v4(),
        });
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
