//! What a name in a filter, a path or a list of attributes stands for.

use serde_json::{Map, Value};

use crate::scim::schema::{Attribute, Kind, ResourceKind, Schema, find};

/// An attribute, and perhaps one of its parts.
#[derive(Clone, Copy, Debug)]
pub(in crate::scim) struct Target {
    /// The schema that adds it, where it is not the resource's own.
    pub(in crate::scim) extension: Option<&'static Schema>,
    pub(in crate::scim) attribute: &'static Attribute,
    pub(in crate::scim) part: Option<&'static Attribute>,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub(in crate::scim) enum Selection {
    /// All that an extension has.
    Extension(&'static Schema),
    /// An attribute or a part of one.
    Target(Target),
}

impl Selection {
    /// Reads `name`, `name.part`, `urn:name.part` or the URN of an extension.
    pub(in crate::scim) fn parse(kind: ResourceKind, text: &str) -> Option<Self> {
        let own = behind(text, kind.schema().urn);
        let (extension, text) = match (own, kind.extension()) {
            (Some(rest), _) => (None, rest),
            (None, Some(schema)) if schema.urn.eq_ignore_ascii_case(text) => {
                return Some(Self::Extension(schema));
            }
            (None, Some(schema)) => match behind(text, schema.urn) {
                Some(rest) => (Some(schema), rest),
                None => (None, text),
            },
            (None, None) => (None, text),
        };
        let (name, part) = match text.split_once('.') {
            Some((name, part)) => (name, Some(part)),
            None => (text, None),
        };
        let attribute = match extension {
            Some(schema) => find(schema.attributes, name),
            None => kind.attribute(name),
        }?;
        let part = match part {
            Some(part) => Some(find(attribute.parts(), part)?),
            None => None,
        };
        Some(Self::Target(Target {
            extension,
            attribute,
            part,
        }))
    }
}

/// What stands behind a URN and a colon.
fn behind<'t>(text: &'t str, urn: &str) -> Option<&'t str> {
    let begins = text.get(..urn.len())?.eq_ignore_ascii_case(urn);
    text.get(urn.len()..)?.strip_prefix(':').filter(|_| begins)
}

impl Target {
    /// A part of a value that is looked at by itself.
    pub(in crate::scim) const fn of_value(part: &'static Attribute) -> Self {
        Self {
            extension: None,
            attribute: part,
            part: None,
        }
    }

    pub(super) fn is_plain(&self, name: &str) -> bool {
        self.extension.is_none() && self.part.is_none() && self.attribute.name == name
    }

    /// What is compared: a part, the attribute, or the part `value` of an attribute that has several.
    pub(super) fn compared(&self) -> &'static Attribute {
        match (self.part, &self.attribute.kind) {
            (Some(part), _) => part,
            (None, Kind::Complex(parts)) => find(parts, "value").unwrap_or(self.attribute),
            (None, Kind::Text | Kind::Boolean | Kind::DateTime | Kind::Reference) => self.attribute,
        }
    }

    /// The values of the attribute, whole.
    pub(super) fn whole<'r>(&self, resource: &'r Map<String, Value>) -> Vec<&'r Value> {
        let container = match self.extension {
            Some(schema) => resource.get(schema.urn).and_then(Value::as_object),
            None => Some(resource),
        };
        match container.and_then(|container| container.get(self.attribute.name)) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => items.iter().collect(),
            Some(
                value @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)),
            ) => vec![value],
        }
    }

    /// The values that are compared.
    pub(super) fn values<'r>(&self, resource: &'r Map<String, Value>) -> Vec<&'r Value> {
        let compared = self.compared();
        let whole = self.whole(resource);
        if std::ptr::eq(compared, self.attribute) {
            return whole;
        }
        let parts = whole
            .into_iter()
            .filter_map(|value| value.get(compared.name));
        parts.filter(|value| !value.is_null()).collect()
    }
}
