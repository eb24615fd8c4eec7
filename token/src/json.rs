//! JSON read so that no two readers can understand it differently.
//!
//! Stricter than RFC 8259 asks for: two members of one name are a fault at any depth, also when one of the names is
//! written with escapes, and nesting is bounded. Tokens, key sets and whatever else comes from outside go through here.

mod members;
mod node;

use serde_json::Value;

pub(crate) use members::Members;
pub(crate) use node::{Node, borrowed, owned};

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
    Node::read(text, max_nesting).map(Value::from)
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
