//! JSON read so that no two readers can understand it differently.
//!
//! Stricter than RFC 8259 asks for: two members of one name are a fault at any depth, also when one of the names is
//! written with escapes, and nesting is bounded. Tokens, key sets and whatever else comes from outside go through here.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Objects and arrays inside each other, the outermost counted (decision.md, section 8).
pub const MAX_NESTING: usize = 16;

/// Why text is not read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum JsonFault {
    /// Not JSON text in UTF-8, or a number that no double can hold.
    #[error("not JSON")]
    Syntax,
    /// Two members of one name in an object.
    #[error("two members of one name in an object")]
    DuplicateMember,
    /// Nested deeper than allowed.
    #[error("nested too deep")]
    NestedTooDeep,
}

/// Reads one JSON value that is nested at most [`MAX_NESTING`] deep.
pub fn read(text: &[u8]) -> Result<Value, JsonFault> {
    read_nested(text, MAX_NESTING)
}

/// Reads one JSON value that is nested at most so deep.
pub fn read_nested(text: &[u8], max_nesting: usize) -> Result<Value, JsonFault> {
    let text = std::str::from_utf8(text).map_err(|_| JsonFault::Syntax)?;
    let fault = Cell::new(JsonFault::Syntax);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let strict = Strict {
        levels_left: max_nesting,
        fault: &fault,
    };
    let value = strict
        .deserialize(&mut deserializer)
        .map_err(|_| fault.get())?;
    deserializer.end().map_err(|_| JsonFault::Syntax)?;
    Ok(value)
}

/// Whether a value that is already read is nested at most so deep.
#[must_use]
pub fn is_nested_at_most(value: &Value, max_nesting: usize) -> bool {
    let Some(inner) = max_nesting.checked_sub(1) else {
        return !(value.is_object() || value.is_array());
    };
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::Array(items) => items.iter().all(|item| is_nested_at_most(item, inner)),
        Value::Object(members) => members
            .values()
            .all(|member| is_nested_at_most(member, inner)),
    }
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    levels_left: usize,
    /// What to report should this reader itself refuse; the parser's own errors leave it alone.
    fault: &'a Cell<JsonFault>,
}

impl Strict<'_> {
    fn refuse<E: Error>(self, fault: JsonFault) -> E {
        self.fault.set(fault);
        E::custom(fault)
    }

    /// The reader for what is inside an object or array.
    fn inside<E: Error>(self) -> Result<Self, E> {
        match self.levels_left.checked_sub(1) {
            Some(levels_left) => Ok(Self {
                levels_left,
                ..self
            }),
            None => Err(self.refuse(JsonFault::NestedTooDeep)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        serde_json::Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| self.refuse(JsonFault::Syntax))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(inside)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            let member = access.next_value_seed(inside)?;
            if members.insert(name, member).is_some() {
                return Err(self.refuse(JsonFault::DuplicateMember));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn nested(levels: usize) -> String {
        "[".repeat(levels) + &"]".repeat(levels)
    }

    #[test]
    fn what_is_read_is_what_is_written() {
        let text = br#" {"a": [1, -2, 0.5, "x\u00e9", true, null], "b": {}} "#;
        assert_eq!(
            read(text),
            Ok(json!({"a": [1, -2, 0.5, "x\u{e9}", true, null], "b": {}}))
        );
    }

    #[test]
    fn two_members_of_one_name_are_refused_at_any_depth() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"[{"x":{"a":1,"b":2,"a":3}}]"#,
        ] {
            assert_eq!(
                read(text.as_bytes()),
                Err(JsonFault::DuplicateMember),
                "{text}"
            );
        }
        assert!(read(br#"{"a":{"a":1},"A":2}"#).is_ok());
    }

    #[test]
    fn nesting_is_allowed_up_to_the_bound_and_not_beyond() {
        assert!(read(nested(MAX_NESTING).as_bytes()).is_ok());
        assert_eq!(
            read(nested(MAX_NESTING + 1).as_bytes()),
            Err(JsonFault::NestedTooDeep)
        );
    }

    #[test]
    fn a_value_already_read_is_measured_alike() {
        let value = read_nested(nested(17).as_bytes(), 17).unwrap();
        assert!(is_nested_at_most(&value, 17));
        assert!(!is_nested_at_most(&value, 16));
        assert!(is_nested_at_most(&json!("x"), 0));
        assert!(!is_nested_at_most(&json!({}), 0));
    }

    #[test]
    fn bad_utf8_byte_order_marks_and_trailing_text_are_refused() {
        for text in [
            &b"\"\xff\""[..],
            b"\xef\xbb\xbf{}",
            b"{} {}",
            b"{}x",
            b"",
            b"1e999",
            b"\"\\ud800\"",
        ] {
            assert_eq!(read(text), Err(JsonFault::Syntax), "{text:?}");
        }
    }
}
