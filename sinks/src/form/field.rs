//! The fields of a form, and what they are made of.

use std::fmt;

use serde_json::{Map, Value};

use crate::origin::Origin;

/// One field. A table of them is the form, and its documentation.
pub(super) struct Field {
    /// Its name; a dot leads into an object.
    pub(super) name: &'static str,
    /// What is in it.
    pub(super) from: From,
}

/// Where a field's value comes from. One without a value is left out.
pub(super) enum From {
    /// A member of the event, `/` leading into objects.
    Member(&'static str),
    /// The same in every event.
    Text(&'static str),
    /// The same in every event.
    Number(i64),
    /// What the words say.
    Made(&'static str, fn(&Facts<'_>) -> Option<Value>),
}

/// What an event is rendered from.
pub(super) struct Facts<'a> {
    /// Graph's `signIn`.
    pub(super) event: &'a Value,
    /// Where it comes from.
    pub(super) origin: &'a Origin,
}

impl<'a> Facts<'a> {
    /// A member of the event that is there and not null.
    pub(super) fn member(&self, path: &str) -> Option<&'a Value> {
        let mut names = path.split('/');
        let found = names.try_fold(self.event, |value, name| value.get(name))?;
        (!found.is_null()).then_some(found)
    }

    /// A member that is a text with something in it.
    pub(super) fn text(&self, path: &str) -> Option<&'a str> {
        self.member(path)?.as_str().filter(|text| !text.is_empty())
    }
}

/// The object of a form.
pub(super) fn fill(fields: &[Field], facts: &Facts<'_>) -> Value {
    let mut object = Map::new();
    for field in fields {
        let value = match field.from {
            From::Member(path) => facts.member(path).cloned(),
            From::Text(text) => Some(text.into()),
            From::Number(number) => Some(number.into()),
            From::Made(_, make) => make(facts),
        };
        if let Some(value) = value.filter(|value| value.as_str() != Some("")) {
            put(&mut object, field.name, value);
        }
    }
    Value::Object(object)
}

fn put(object: &mut Map<String, Value>, name: &str, value: Value) {
    let Some((outer, inner)) = name.split_once('.') else {
        object.insert(name.to_owned(), value);
        return;
    };
    let within = object
        .entry(outer)
        .or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(within) = within {
        put(within, inner, value);
    }
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(path) => write!(f, "`{path}`"),
            Self::Text(text) => write!(f, "always `{text}`"),
            Self::Number(number) => write!(f, "always {number}"),
            Self::Made(words, _) => f.write_str(words),
        }
    }
}
