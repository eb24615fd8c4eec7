//! Changes of parts of a resource (RFC 7644, section 3.5.2), also as Entra writes them.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::fault::{Fault, FaultKind};
use super::filter::{Filter, Path, Target, path};
use super::limits::{MEMBERS, MOST_LOOKED_AT, MOST_NAMED, check_size, check_values};
use super::schema::{Attribute, Mutability, ResourceKind};
use super::values::{Attributes, is_primary, normal, single};

/// One operation of a change.
#[derive(Debug)]
pub(super) struct Operation {
    what: What,
    path: Path,
    value: Option<Value>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum What {
    Add,
    Replace,
    Remove,
}

impl Operation {
    /// How many values it names, but for members.
    fn names(&self) -> usize {
        let is_members =
            matches!(&self.path, Path::Values(target, _) if target.attribute.name == MEMBERS);
        match &self.value {
            Some(Value::Array(values)) if !is_members => values.len().max(1),
            _ => 1,
        }
    }
}

/// Reads a change.
pub(super) fn operations(kind: ResourceKind, body: &Value) -> Result<Vec<Operation>, Fault> {
    let member = |name: &str| {
        let members = body.as_object()?;
        let mut members = members.iter();
        members.find_map(|(is, value)| is.eq_ignore_ascii_case(name).then_some(value))
    };
    let schemas = member("schemas").and_then(Value::as_array);
    if !schemas.is_some_and(|schemas| schemas.contains(&json!(PATCH))) {
        return Err(Fault::syntax(format!("`schemas` does not name `{PATCH}`")));
    }
    let operations = member("Operations").and_then(Value::as_array);
    let operations = operations.ok_or_else(|| Fault::syntax("`Operations`: expected a list"))?;
    if operations.is_empty() {
        return Err(Fault::syntax("`Operations` is empty"));
    }
    let mut read = Vec::new();
    for operation in operations {
        read_one(kind, operation, &mut read)?;
    }
    let named: usize = read.iter().map(Operation::names).sum();
    if named > MOST_NAMED {
        return Err(Fault::value(format!(
            "`Operations` name {named} values; expected at most {MOST_NAMED}, and the others in another request"
        )));
    }
    Ok(read)
}

fn read_one(kind: ResourceKind, operation: &Value, read: &mut Vec<Operation>) -> Result<(), Fault> {
    let what = operation.get("op").and_then(Value::as_str);
    // Entra begins them with a capital letter.
    let what = match what.unwrap_or_default().to_ascii_lowercase().as_str() {
        "add" => What::Add,
        "replace" => What::Replace,
        "remove" => What::Remove,
        _ => return Err(Fault::syntax("`op`: expected `add`, `replace` or `remove`")),
    };
    let value = operation.get("value").cloned();
    match operation.get("path") {
        Some(Value::String(text)) => read.push(Operation {
            what,
            path: path(kind, text)?,
            value,
        }),
        None | Some(Value::Null) => {
            if what == What::Remove {
                return Err(Fault::bad(
                    FaultKind::NoTarget,
                    "what is removed is named by `path`",
                ));
            }
            let Some(Value::Object(members)) = value else {
                return Err(Fault::syntax(
                    "without a `path`, `value` is an object with the attributes",
                ));
            };
            for (name, value) in members {
                if ["schemas", "id", "meta"].contains(&name.as_str()) {
                    continue;
                }
                // Entra's names here may be whole paths.
                read.push(Operation {
                    what,
                    path: path(kind, &name)?,
                    value: Some(value),
                });
            }
        }
        Some(_) => return Err(Fault::bad(FaultKind::Path, "`path`: expected a text")),
    }
    Ok(())
}

/// Carries operations out, all or none: where one fails, what was there counts. `members` are a group's, which are kept elsewhere.
pub(super) fn apply(
    attributes: &mut Attributes,
    mut members: Option<&mut BTreeSet<Box<str>>>,
    operations: &[Operation],
) -> Result<(), Fault> {
    let mut looked_at = 0;
    for operation in operations {
        match (&operation.path, &mut members) {
            (Path::Values(target, filter), Some(members)) if target.attribute.name == MEMBERS => {
                change_members(members, target, filter.as_ref(), operation, &mut looked_at)?;
            }
            (Path::Values(target, filter), _) => {
                change(attributes, target, filter.as_ref(), operation)?;
            }
            (Path::Extension(schema), _) => match (operation.what, &operation.value) {
                (What::Remove, _) => {
                    attributes.remove(schema.urn);
                }
                (What::Add | What::Replace, Some(Value::Object(members))) => {
                    for (name, value) in members.iter().filter(|(name, _)| *name != "schemas") {
                        let attribute = super::schema::find(schema.attributes, name);
                        let attribute = attribute.ok_or_else(|| {
                            Fault::syntax(format!("`{}` has no `{name}`", schema.urn))
                        })?;
                        let target = Target {
                            extension: Some(schema),
                            attribute,
                            part: None,
                        };
                        let operation = Operation {
                            what: operation.what,
                            path: Path::Values(target, None),
                            value: Some(value.clone()),
                        };
                        change(attributes, &target, None, &operation)?;
                    }
                }
                (What::Add | What::Replace, _) => {
                    return Err(Fault::value(
                        "an extension is an object with its attributes",
                    ));
                }
            },
        }
    }
    // An extension that says nothing is none.
    attributes.retain(|_, value| value.as_object().is_none_or(|object| !object.is_empty()));
    check_size(attributes)
}

fn change(
    attributes: &mut Attributes,
    target: &Target,
    filter: Option<&Filter>,
    operation: &Operation,
) -> Result<(), Fault> {
    let last = target.part.unwrap_or(target.attribute);
    if target.attribute.mutability != Mutability::ReadWrite
        || last.mutability != Mutability::ReadWrite
    {
        return Err(Fault::bad(
            FaultKind::Mutability,
            format!("`{}` cannot be changed", last.name),
        ));
    }
    let container = match target.extension {
        None => attributes,
        Some(schema) => {
            let container = attributes.entry(schema.urn).or_insert_with(|| json!({}));
            let Value::Object(container) = container else {
                return Err(Fault::value("the extension is no object"));
            };
            container
        }
    };
    let name = target.attribute.name;
    let mut current = container.remove(name);
    match (filter, target.part) {
        (None, None) => whole(&mut current, target.attribute, operation)?,
        (None, Some(part)) => match &mut current {
            Some(Value::Array(items)) => {
                for item in items {
                    set_part(item, part, operation)?;
                }
            }
            current => {
                let mut value = current.take().unwrap_or_else(|| json!({}));
                set_part(&mut value, part, operation)?;
                *current = Some(if target.attribute.many {
                    json!([value])
                } else {
                    value
                });
            }
        },
        (Some(filter), part) => chosen(&mut current, target.attribute, filter, part, operation)?,
    }
    settle(&mut current);
    if let Some(Value::Array(values)) = &current {
        check_values(target.attribute, values)?;
    }
    match current {
        Some(value) => {
            container.insert(name.to_owned(), value);
            Ok(())
        }
        None if target.attribute.required => Err(Fault::bad(
            FaultKind::Mutability,
            format!("`{name}` cannot be removed"),
        )),
        None => Ok(()),
    }
}

/// The attribute itself.
fn whole(
    current: &mut Option<Value>,
    attribute: &'static Attribute,
    operation: &Operation,
) -> Result<(), Fault> {
    let value = match (operation.what, &operation.value) {
        // Entra names by a value what is to go.
        (What::Remove, Some(value)) if attribute.many && !value.is_null() => {
            let gone = list(attribute, value)?;
            if let Some(Value::Array(items)) = current {
                items.retain(|item| !gone.iter().any(|gone| is_same(item, gone)));
            }
            return Ok(());
        }
        (What::Remove, _) | (What::Replace, Some(Value::Null)) => {
            *current = None;
            return Ok(());
        }
        (What::Add | What::Replace, Some(value)) => value,
        (What::Add | What::Replace, None) => return Err(Fault::syntax("`value` is missing")),
    };
    if attribute.many {
        let mut added = list(attribute, value)?;
        if let (What::Add, Some(Value::Array(items))) = (operation.what, &mut *current) {
            added.retain(|item| !items.contains(item));
            // RFC 7644, section 3.5.2: a new primary value takes the place of the old one.
            if added.iter().any(is_primary) {
                items.iter_mut().for_each(demote);
            }
            items.extend(added);
        } else {
            *current = Some(Value::Array(added));
        }
        return Ok(());
    }
    let Some(value) = normal(attribute, value)? else {
        return Ok(());
    };
    match (current, value) {
        (Some(Value::Object(current)), Value::Object(parts)) => current.extend(parts),
        (current, value) => *current = Some(value),
    }
    Ok(())
}

/// Those of several values that the filter asks for.
fn chosen(
    current: &mut Option<Value>,
    attribute: &'static Attribute,
    filter: &Filter,
    part: Option<&'static Attribute>,
    operation: &Operation,
) -> Result<(), Fault> {
    let mut items = match current.take() {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    };
    let is_chosen = |item: &Value| item.as_object().is_some_and(|item| filter.admits(item));
    if operation.what == What::Remove && part.is_none() {
        items.retain(|item| !is_chosen(item));
        *current = Some(Value::Array(items));
        return Ok(());
    }
    if !items.iter().any(is_chosen) {
        match (operation.what, filter.equals()) {
            // Gone already: the same again changes nothing.
            (What::Remove, _) => {}
            (What::Add, Some(parts)) => {
                let parts = parts.into_iter();
                let parts = parts.map(|(name, value)| (name.to_owned(), value.clone()));
                items.push(Value::Object(parts.collect()));
            }
            (What::Add, None) | (What::Replace, _) => {
                let name = attribute.name;
                return Err(Fault::bad(
                    FaultKind::NoTarget,
                    format!("`{name}` has no value that the filter asks for"),
                ));
            }
        }
    }
    let mut becomes_primary = None;
    for (index, item) in items.iter_mut().enumerate() {
        if !is_chosen(item) {
            continue;
        }
        let was = is_primary(item);
        match part {
            Some(part) => set_part(item, part, operation)?,
            None => merge(item, attribute, operation)?,
        }
        if is_primary(item) && !was {
            becomes_primary = Some(index);
        }
    }
    if let Some(primary) = becomes_primary {
        let others = items.iter_mut().enumerate();
        others
            .filter(|(index, _)| *index != primary)
            .for_each(|(_, item)| demote(item));
    }
    *current = Some(Value::Array(items));
    Ok(())
}

fn merge(
    item: &mut Value,
    attribute: &'static Attribute,
    operation: &Operation,
) -> Result<(), Fault> {
    let value = operation.value.as_ref().unwrap_or(&Value::Null);
    let Some(Value::Object(parts)) = single(attribute, value)? else {
        return Err(Fault::value(format!(
            "`{}`: expected an object",
            attribute.name
        )));
    };
    match item.as_object_mut() {
        Some(item) => item.extend(parts),
        None => *item = Value::Object(parts),
    }
    Ok(())
}

fn set_part(
    item: &mut Value,
    part: &'static Attribute,
    operation: &Operation,
) -> Result<(), Fault> {
    let Some(item) = item.as_object_mut() else {
        return Err(Fault::value(format!(
            "there is nothing that has `{}`",
            part.name
        )));
    };
    let value = match (operation.what, &operation.value) {
        (What::Remove, _) => None,
        (What::Add | What::Replace, None) => return Err(Fault::syntax("`value` is missing")),
        (What::Add | What::Replace, Some(value)) => single(part, value)?,
    };
    match value {
        Some(value) => item.insert(part.name.to_owned(), value),
        None => item.remove(part.name),
    };
    Ok(())
}

/// A group's members are known by their ids; the same again changes nothing.
fn change_members(
    members: &mut BTreeSet<Box<str>>,
    target: &Target,
    filter: Option<&Filter>,
    operation: &Operation,
    looked_at: &mut usize,
) -> Result<(), Fault> {
    if target.part.is_some() {
        return Err(Fault::bad(
            FaultKind::Mutability,
            "a member does not change; remove it, and add another",
        ));
    }
    if let Some(filter) = filter {
        if operation.what != What::Remove {
            return Err(Fault::bad(
                FaultKind::Mutability,
                "a member does not change; remove it, and add another",
            ));
        }
        if let Some([("value", Value::String(id))]) = filter.equals().as_deref() {
            members.remove(&*id.to_ascii_lowercase());
            return Ok(());
        }
        *looked_at += members.len();
        if *looked_at > MOST_LOOKED_AT {
            return Err(Fault::bad(
                FaultKind::TooMany,
                "the filters go through too many members; name those who are meant by `value`",
            ));
        }
        members.retain(|id| {
            let member = json!({"value": id, "type": "User"});
            !member
                .as_object()
                .is_some_and(|member| filter.admits(member))
        });
        return Ok(());
    }
    let named = match &operation.value {
        None | Some(Value::Null) => None,
        Some(value) => Some(ids(&Value::Array(list(target.attribute, value)?))?),
    };
    match (operation.what, named) {
        (What::Add, Some(named)) => members.extend(named),
        (What::Replace, named) => *members = named.unwrap_or_default(),
        (What::Remove, Some(named)) => members.retain(|id| !named.contains(id)),
        (What::Remove, None) => members.clear(),
        (What::Add, None) => return Err(Fault::syntax("`value` is missing")),
    }
    Ok(())
}

/// The ids of members as a resource has them.
pub(super) fn ids(members: &Value) -> Result<BTreeSet<Box<str>>, Fault> {
    let members = members.as_array().into_iter().flatten();
    members
        .map(|member| {
            let id = member.get("value").and_then(Value::as_str);
            id.map(|id| id.to_ascii_lowercase().into())
                .ok_or_else(|| Fault::value("a member has no `value`"))
        })
        .collect()
}

/// Several values; one that comes by itself is a list of one.
fn list(attribute: &'static Attribute, value: &Value) -> Result<Vec<Value>, Fault> {
    let one;
    let value = match value {
        Value::Array(_) | Value::Null => value,
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            one = json!([value]);
            &one
        }
    };
    match normal(attribute, value)? {
        Some(Value::Array(items)) => Ok(items),
        _ => Ok(Vec::new()),
    }
}

/// Whether a value is meant by another: by its `value` where that one says no more.
fn is_same(item: &Value, named: &Value) -> bool {
    let value = named.get("value");
    item == named || (value.is_some() && item.get("value") == value)
}

fn demote(item: &mut Value) {
    if is_primary(item) {
        crate::text::put(item, "primary", json!(false));
    }
}

/// What says nothing any more is gone.
fn settle(current: &mut Option<Value>) {
    if let Some(Value::Array(items)) = current {
        items.retain(|item| item.as_object().is_none_or(|item| !item.is_empty()));
    }
    let is_empty = match current {
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(members)) => Map::is_empty(members),
        Some(Value::Null) => true,
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => false,
    };
    if is_empty {
        *current = None;
    }
}

const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
