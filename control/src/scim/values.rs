//! What a partner sends, as values of the attributes that there are: names in their one spelling, nothing that is unknown.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::fault::Fault;
use super::limits::{MEMBERS, check_size, check_values};
use super::schema::{Attribute, Kind, Mutability, ResourceKind, find};

/// A resource without what only we write: `id`, `meta`, `schemas`.
pub(super) type Attributes = Map<String, Value>;

/// A whole resource, as it is made or replaced.
pub(super) fn resource(kind: ResourceKind, body: &Value) -> Result<Attributes, Fault> {
    let Value::Object(body) = body else {
        return Err(Fault::syntax("expected a JSON object"));
    };
    check_schemas(kind, body)?;
    let mut taken = Map::new();
    for (name, value) in body {
        if ["schemas", "id", "meta"].contains(&name.to_ascii_lowercase().as_str()) {
            continue;
        }
        let extension = kind
            .extension()
            .filter(|schema| schema.urn.eq_ignore_ascii_case(name));
        let (name, value) = match extension {
            Some(schema) => (schema.urn, parts(schema.attributes, name, value)?),
            None => {
                let attribute = kind.attribute(name).ok_or_else(|| unknown(name, kind))?;
                (attribute.name, normal(attribute, value)?)
            }
        };
        put(&mut taken, name, value)?;
    }
    let required = kind.schema().attributes.iter();
    for attribute in required.filter(|attribute| attribute.required) {
        if !taken.contains_key(attribute.name) {
            return Err(Fault::value(format!("`{}` is missing", attribute.name)));
        }
    }
    let members = taken.remove(MEMBERS);
    check_size(&taken)?;
    if let Some(members) = members {
        taken.insert(MEMBERS.to_owned(), members);
    }
    Ok(taken)
}

/// A value of an attribute in its one form; `None` where it says nothing.
pub(super) fn normal(attribute: &'static Attribute, value: &Value) -> Result<Option<Value>, Fault> {
    if attribute.mutability == Mutability::ReadOnly {
        // RFC 7644, section 3.5.1: ignored.
        return Ok(None);
    }
    if !attribute.many {
        return single(attribute, value);
    }
    let items = match value {
        Value::Null => return Ok(None),
        Value::Array(items) => items,
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            return Err(wrong(attribute, "a list"));
        }
    };
    let mut taken = Vec::new();
    for item in items {
        taken.extend(single(attribute, item)?);
    }
    check_values(attribute, &taken)?;
    let primary = taken.iter().filter(|item| is_primary(item)).count();
    if primary > 1 {
        let name = attribute.name;
        return Err(Fault::value(format!(
            "`{name}` has {primary} values that are primary; keep one"
        )));
    }
    Ok((!taken.is_empty()).then_some(Value::Array(taken)))
}

/// One value.
pub(super) fn single(attribute: &'static Attribute, value: &Value) -> Result<Option<Value>, Fault> {
    match (&attribute.kind, value) {
        (_, Value::Null) => Ok(None),
        (Kind::Text | Kind::Reference, Value::String(text)) => {
            if attribute.required && text.trim().is_empty() {
                return Err(Fault::value(format!("`{}` is empty", attribute.name)));
            }
            Ok(Some(value.clone()))
        }
        (Kind::DateTime, Value::String(text)) if text.parse::<Timestamp>().is_ok() => {
            Ok(Some(value.clone()))
        }
        (Kind::Boolean, Value::Bool(_)) => Ok(Some(value.clone())),
        // Entra writes booleans as texts, with a capital letter.
        (Kind::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("true") => {
            Ok(Some(Value::Bool(true)))
        }
        (Kind::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("false") => {
            Ok(Some(Value::Bool(false)))
        }
        (Kind::Complex(of), Value::Object(_)) => parts(of, attribute.name, value),
        (Kind::Text | Kind::Reference, _) => Err(wrong(attribute, "a text")),
        (Kind::DateTime, _) => Err(wrong(attribute, "a time")),
        (Kind::Boolean, _) => Err(wrong(attribute, "`true` or `false`")),
        (Kind::Complex(_), _) => Err(wrong(attribute, "an object")),
    }
}

/// The parts of a value, or of an extension.
fn parts(of: &'static [Attribute], name: &str, value: &Value) -> Result<Option<Value>, Fault> {
    let members = match value {
        Value::Null => return Ok(None),
        Value::Object(members) => members,
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return Err(Fault::value(format!("`{name}`: expected an object")));
        }
    };
    let mut taken = Map::new();
    for (part, value) in members {
        let attribute = find(of, part)
            .ok_or_else(|| Fault::syntax(format!("`{name}` has no part `{part}`")))?;
        put(&mut taken, attribute.name, normal(attribute, value)?)?;
    }
    Ok((!taken.is_empty()).then_some(Value::Object(taken)))
}

fn put(taken: &mut Attributes, name: &'static str, value: Option<Value>) -> Result<(), Fault> {
    let Some(value) = value else { return Ok(()) };
    match taken.insert(name.to_owned(), value) {
        None => Ok(()),
        // Readers differ in which of two they take.
        Some(_) => Err(Fault::syntax(format!("`{name}` stands twice"))),
    }
}

/// Whether it is the preferred one of several values.
pub(super) fn is_primary(item: &Value) -> bool {
    item.get("primary") == Some(&Value::Bool(true))
}

/// RFC 7643, section 3: a resource names its schemas.
fn check_schemas(kind: ResourceKind, body: &Attributes) -> Result<(), Fault> {
    let expected = kind.schema().urn;
    let missing = || Fault::syntax(format!("`schemas` does not name `{expected}`"));
    let named = body.get("schemas").and_then(Value::as_array);
    let mut has_core = false;
    for schema in named.ok_or_else(missing)? {
        let urn = schema.as_str().unwrap_or_default();
        let extends = kind.extension().map(|schema| schema.urn);
        if urn.eq_ignore_ascii_case(expected) {
            has_core = true;
        } else if !extends.is_some_and(|known| known.eq_ignore_ascii_case(urn)) {
            return Err(Fault::syntax(format!(
                "`schemas`: {schema} is not known here"
            )));
        }
    }
    if has_core { Ok(()) } else { Err(missing()) }
}

fn unknown(name: &str, kind: ResourceKind) -> Fault {
    Fault::syntax(format!(
        "`{}` is no attribute of a {} here; `/Schemas` has those that are",
        crate::text::bounded(name, 200),
        kind.name()
    ))
}

fn wrong(attribute: &Attribute, expected: &str) -> Fault {
    Fault::value(format!("`{}`: expected {expected}", attribute.name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::fault::FaultKind;

    const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

    #[test]
    fn names_have_one_spelling_and_what_only_we_write_is_left_out() {
        let told = json!({
            "schemas": [USER], "id": "theirs", "meta": {}, "USERNAME": "ada", "Active": "True", "title": null,
            "groups": [{"value": "x"}], "emails": [{"Value": "a@x.com"}, {}],
        });
        let taken = resource(ResourceKind::User, &told).unwrap();
        let expected = json!({"userName": "ada", "active": true, "emails": [{"value": "a@x.com"}]});
        assert_eq!(Value::Object(taken), expected);
    }

    #[test]
    fn what_is_not_in_the_schema_is_refused() {
        for (more, kind) in [
            (json!({"shoeSize": 9}), FaultKind::Syntax),
            (json!({"name": {"shoeSize": 9}}), FaultKind::Syntax),
            (json!({"username": "twice"}), FaultKind::Syntax),
            (json!({"schemas": []}), FaultKind::Syntax),
            (json!({"schemas": [USER, "urn:x"]}), FaultKind::Syntax),
            (json!({"userName": " "}), FaultKind::Value),
            (json!({"userName": null}), FaultKind::Value),
            (json!({"userName": 5}), FaultKind::Value),
            (json!({"active": "yes"}), FaultKind::Value),
            (json!({"name": "Ada"}), FaultKind::Value),
            (json!({"emails": "a@x.com"}), FaultKind::Value),
            (json!({"emails": ["a@x.com"]}), FaultKind::Value),
            (
                json!({"emails": [{"primary": true}, {"primary": true}]}),
                FaultKind::Value,
            ),
        ] {
            let mut told = json!({"schemas": [USER], "userName": "ada"});
            let more = more.as_object().cloned().unwrap();
            let name = more.keys().next().cloned().unwrap();
            told.as_object_mut().unwrap().extend(more);
            let fault = resource(ResourceKind::User, &told).err();
            assert_eq!(
                fault.and_then(|fault| fault.kind),
                Some(kind),
                "{name}: {told}"
            );
        }
        assert!(resource(ResourceKind::User, &json!([])).is_err());
    }
}
