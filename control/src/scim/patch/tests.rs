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
