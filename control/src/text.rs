//! A document's text, taken apart into its members and no further: what a change does not name stays as it was written, to the
//! byte.

use std::borrow::Cow;
use std::fmt;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A JSON object whose members are still text.
#[derive(Clone, Debug, Default)]
pub struct Document(IndexMap<String, Box<RawValue>>);

impl Document {
    /// Takes a text apart.
    ///
    /// # Errors
    /// It is no JSON object, or a member stands twice in it; with the reader's words.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// A document of these members.
    #[must_use]
    pub fn of(members: &Map<String, Value>) -> Self {
        let mut document = Self::default();
        for (name, value) in members {
            document.set(name, value);
        }
        document
    }

    /// A member's value; `None` where it is absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }

    /// A member that is a text.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) => Some(text),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => None,
        }
    }

    /// A member as it is written.
    #[must_use]
    pub fn written(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.get())
    }

    /// The names of its members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Puts a member in the place of the one that has its name, or behind all others.
    pub fn set(&mut self, name: &str, value: &Value) {
        if let Ok(value) = serde_json::value::to_raw_value(value) {
            self.0.insert(name.to_owned(), value);
        }
    }

    /// The same with a document, as it is written.
    pub(crate) fn set_written(&mut self, name: &str, document: &Self) {
        if let Ok(value) = RawValue::from_string(document.to_text()) {
            self.0.insert(name.to_owned(), value);
        }
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) {
        self.0.shift_remove(name);
    }

    /// Leaves only members whose names are good.
    pub fn retain(&mut self, mut is_good: impl FnMut(&str) -> bool) {
        self.0.retain(|name, _| is_good(name));
    }

    /// Takes the members of another document over those of this one, whole: a member that is null resets the property, one that is absent
    /// leaves it.
    pub fn merge(&mut self, changes: &Self) {
        for (name, value) in &changes.0 {
            if value.get() == "null" {
                self.0.shift_remove(name);
            } else {
                self.0.insert(name.clone(), value.clone());
            }
        }
    }

    /// The text.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Names and raw values always serialise.
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// All members, taken apart.
    #[must_use]
    pub fn members(&self) -> Map<String, Value> {
        self.0
            .iter()
            .filter_map(|(name, value)| {
                Some((name.clone(), serde_json::from_str(value.get()).ok()?))
            })
            .collect()
    }
}

/// The beginning of a text that is longer than so many bytes; the end is marked.
pub(crate) fn bounded(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let start = text
        .get(..text.floor_char_boundary(most))
        .unwrap_or_default();
    Cow::Owned(format!("{start}…"))
}

/// Sets a member of an object.
pub(crate) fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Document;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
                let mut members = IndexMap::new();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    // Readers differ in which of two they take.
                    if members.contains_key(&name) {
                        return Err(A::Error::custom(format!("`{name}` stands twice")));
                    }
                    members.insert(name, value);
                }
                Ok(Document(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_stands_twice_is_refused() {
        let error = Document::parse(r#"{"a":1,"b":2,"a":3}"#).unwrap_err();
        assert!(error.to_string().starts_with("`a` stands twice"));
    }

    #[test]
    fn a_long_text_is_cut_between_letters_and_marked() {
        assert_eq!(bounded("größe", 7), "größe");
        assert_eq!(bounded("größe", 6), "größ…");
        assert_eq!(bounded("größe", 3), "gr…");
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name_to_the_byte() {
        let mut document =
            Document::parse(r#"{"b": {"x" : 1.0e2}, "a":[1, 2],"gone":true}"#).unwrap();
        let change = Document::parse(r#"{"a":"new","gone":null,"absent":null,"last":{}}"#).unwrap();
        document.merge(&change);
        assert_eq!(
            document.to_text(),
            r#"{"b":{"x" : 1.0e2},"a":"new","last":{}}"#
        );
    }
}
