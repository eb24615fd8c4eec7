use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{apply, operations};
use crate::scim::fault::FaultKind;
use crate::scim::schema::ResourceKind;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn ada() -> Value {
    json!({
        "userName": "ada", "active": true, "name": {"givenName": "Ada", "familyName": "Byron"},
        "emails": [{"type": "work", "value": "a@x.com", "primary": true}, {"type": "home", "value": "b@x.com"}],
    })
}

fn after(all: &Value) -> Result<Value, Option<FaultKind>> {
    let body = json!({"schemas": [super::PATCH], "Operations": all});
    let told = |fault: crate::scim::fault::Fault| fault.kind;
    let operations = operations(ResourceKind::User, &body).map_err(told)?;
    let mut attributes = ada().as_object().cloned().unwrap();
    apply(&mut attributes, None, &operations).map_err(told)?;
    Ok(Value::Object(attributes))
}

fn changed(name: &str, value: Value) -> Value {
    let mut ada = ada();
    if value.is_null() {
        ada.as_object_mut().unwrap().remove(name);
    } else {
        ada[name] = value;
    }
    ada
}

#[test]
fn each_operation_changes_what_it_names_and_nothing_else() {
    let (work, home) = (
        json!({"type": "work", "value": "a@x.com", "primary": true}),
        json!({"type": "home", "value": "b@x.com"}),
    );
    for (operation, expected) in [
        (
            json!({"op": "replace", "path": "active", "value": false}),
            changed("active", json!(false)),
        ),
        // Entra's dialect.
        (
            json!({"op": "Replace", "path": "active", "value": "False"}),
            changed("active", json!(false)),
        ),
        (
            json!({"op": "Replace", "value": {"active": "False"}}),
            changed("active", json!(false)),
        ),
        (
            json!({"op": "Add", "value": {"name.familyName": "Lovelace"}}),
            changed(
                "name",
                json!({"givenName": "Ada", "familyName": "Lovelace"}),
            ),
        ),
        (
            json!({"op": "Add", "path": r#"emails[type eq "other"].value"#, "value": "c@x.com"}),
            changed(
                "emails",
                json!([work, home, {"type": "other", "value": "c@x.com"}]),
            ),
        ),
        (
            json!({"op": "replace", "path": r#"emails[type eq "work"].value"#, "value": "z@x.com"}),
            changed(
                "emails",
                json!([{"type": "work", "value": "z@x.com", "primary": true}, home]),
            ),
        ),
        (
            json!({"op": "remove", "path": r#"emails[type eq "home"]"#}),
            changed("emails", json!([work])),
        ),
        (
            json!({"op": "remove", "path": r#"emails[type eq "none"]"#}),
            ada(),
        ),
        (
            json!({"op": "remove", "path": "emails"}),
            changed("emails", Value::Null),
        ),
        (
            json!({"op": "Remove", "path": "emails", "value": [{"value": "b@x.com"}]}),
            changed("emails", json!([work])),
        ),
        (
            json!({"op": "remove", "path": "name.givenName"}),
            changed("name", json!({"familyName": "Byron"})),
        ),
        (json!({"op": "remove", "path": "nickName"}), ada()),
        (
            json!({"op": "replace", "path": "name", "value": {"givenName": "A"}}),
            changed("name", json!({"givenName": "A", "familyName": "Byron"})),
        ),
        (
            json!({"op": "add", "path": "emails", "value": [home]}),
            ada(),
        ),
        (
            json!({"op": "add", "path": "emails", "value": {"value": "c@x.com", "primary": true}}),
            changed(
                "emails",
                json!([
                    {"type": "work", "value": "a@x.com", "primary": false}, home, {"value": "c@x.com", "primary": true},
                ]),
            ),
        ),
        (
            json!({"op": "replace", "path": r#"emails[type eq "home"].primary"#, "value": true}),
            changed(
                "emails",
                json!([
                    {"type": "work", "value": "a@x.com", "primary": false},
                    {"type": "home", "value": "b@x.com", "primary": true},
                ]),
            ),
        ),
        (
            json!({"op": "add", "path": format!("{ENTERPRISE}:department"), "value": "R&D"}),
            changed(ENTERPRISE, json!({"department": "R&D"})),
        ),
        (
            json!({"op": "add", "value": {ENTERPRISE: {"department": "R&D"}}}),
            changed(ENTERPRISE, json!({"department": "R&D"})),
        ),
        (
            json!({"op": "remove", "path": format!("{ENTERPRISE}:department")}),
            ada(),
        ),
        (
            json!({"op": "replace", "path": "nickName", "value": null}),
            ada(),
        ),
    ] {
        assert_eq!(after(&json!([operation])), Ok(expected), "{operation}");
    }
}

#[test]
fn what_cannot_be_done_is_refused_by_its_name() {
    for (operation, kind) in [
        (
            json!({"op": "remove", "path": "userName"}),
            FaultKind::Mutability,
        ),
        (
            json!({"op": "replace", "path": "id", "value": "x"}),
            FaultKind::Mutability,
        ),
        (
            json!({"op": "add", "path": "groups", "value": [{"value": "x"}]}),
            FaultKind::Mutability,
        ),
        (
            json!({"op": "replace", "path": r#"emails[type eq "none"].value"#, "value": "x"}),
            FaultKind::NoTarget,
        ),
        (json!({"op": "remove"}), FaultKind::NoTarget),
        (
            json!({"op": "replace", "path": "shoeSize", "value": 9}),
            FaultKind::Path,
        ),
        (
            json!({"op": "replace", "path": "emails[", "value": 9}),
            FaultKind::Filter,
        ),
        (
            json!({"op": "replace", "path": "active", "value": "maybe"}),
            FaultKind::Value,
        ),
        (
            json!({"op": "replace", "path": "userName", "value": ""}),
            FaultKind::Value,
        ),
        (
            json!({"op": "replace", "path": "name", "value": "Ada"}),
            FaultKind::Value,
        ),
        (json!({"op": "move", "path": "active"}), FaultKind::Syntax),
        (json!({"op": "add", "path": "active"}), FaultKind::Syntax),
        (json!({"op": "add", "value": "x"}), FaultKind::Syntax),
    ] {
        assert_eq!(after(&json!([operation])), Err(Some(kind)), "{operation}");
    }
    assert_eq!(after(&json!([])), Err(Some(FaultKind::Syntax)));
}

#[test]
fn members_come_and_go_by_their_ids() {
    let members = |operation: Value| {
        let body = json!({"schemas": [super::PATCH], "Operations": [operation]});
        let operations = operations(ResourceKind::Group, &body).unwrap();
        let mut members: BTreeSet<Box<str>> = ["a".into(), "b".into()].into();
        let applied = apply(&mut serde_json::Map::new(), Some(&mut members), &operations);
        applied
            .map(|()| members.iter().map(|id| &**id).collect::<String>())
            .map_err(|fault| fault.kind)
    };
    for (operation, expected) in [
        (
            json!({"op": "Add", "path": "members", "value": [{"value": "c"}]}),
            Ok("abc"),
        ),
        (
            json!({"op": "Add", "path": "members", "value": [{"value": "a"}]}),
            Ok("ab"),
        ),
        (
            json!({"op": "Remove", "path": "members", "value": [{"value": "a"}]}),
            Ok("b"),
        ),
        (
            json!({"op": "remove", "path": r#"members[value eq "b"]"#}),
            Ok("a"),
        ),
        (json!({"op": "remove", "path": "members"}), Ok("")),
        (
            json!({"op": "replace", "path": "members", "value": [{"value": "z"}]}),
            Ok("z"),
        ),
        (json!({"op": "replace", "value": {"members": []}}), Ok("")),
        (
            json!({"op": "replace", "path": r#"members[value eq "b"].value"#, "value": "c"}),
            Err(Some(FaultKind::Mutability)),
        ),
        (
            json!({"op": "add", "path": "members", "value": [{"type": "User"}]}),
            Err(Some(FaultKind::Value)),
        ),
    ] {
        let told = operation.to_string();
        assert_eq!(members(operation), expected.map(str::to_owned), "{told}");
    }
}

#[test]
fn values_and_operations_without_end_are_refused_for_their_number() {
    let emails = |from: usize, to: usize| -> Value {
        (from..to)
            .map(|number| json!({"value": format!("{number}@x.com")}))
            .collect()
    };
    // Two are there.
    let add = |emails: Value| json!([{"op": "add", "path": "emails", "value": emails}]);
    assert!(after(&add(emails(0, 98))).is_ok());
    for wrong in [
        add(emails(0, 99)),
        add(emails(0, 101)),
        json!([
            {"op": "add", "path": "emails", "value": emails(0, 60)},
            {"op": "add", "path": "emails", "value": emails(60, 120)},
        ]),
        json!([{"op": "add", "path": "title", "value": "x".repeat(64 << 10)}]),
    ] {
        assert_eq!(after(&wrong), Err(Some(FaultKind::Value)));
    }
    let again = |count: usize| -> Value {
        let operation = json!({"op": "add", "path": "emails", "value": emails(0, 50)});
        (0..count).map(|_| operation.clone()).collect()
    };
    assert!(after(&again(20)).is_ok());
    assert_eq!(after(&again(21)), Err(Some(FaultKind::Value)));
}

#[test]
fn a_member_is_named_and_not_looked_for_among_all() {
    let all: BTreeSet<Box<str>> = (0..50_000)
        .map(|number| number.to_string().into())
        .collect();
    let remove = |filters: Vec<String>| {
        let all_of: Value = filters
            .iter()
            .map(|filter| json!({"op": "remove", "path": format!("members[{filter}]")}))
            .collect();
        let body = json!({"schemas": [super::PATCH], "Operations": all_of});
        let operations = operations(ResourceKind::Group, &body).unwrap();
        let mut members = all.clone();
        let mut attributes = serde_json::Map::new();
        let applied = apply(&mut attributes, Some(&mut members), &operations);
        applied.map(|()| members.len()).map_err(|fault| fault.kind)
    };
    let named = (0..1000)
        .map(|number| format!("value eq \"{number}\""))
        .collect();
    assert_eq!(remove(named), Ok(49_000));
    assert_eq!(remove(vec!["value sw \"4999\"".to_owned()]), Ok(49_989));
    let sought = (0..5)
        .map(|number| format!("value sw \"{number}x\""))
        .collect();
    assert_eq!(remove(sought), Err(Some(FaultKind::TooMany)));
}
