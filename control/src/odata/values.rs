//! How values of documents compare.
//!
//! Text is compared without regard to the letter case of ASCII, as Graph's directory does; other letters count as they are.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// The order of two texts.
pub(super) fn texts(a: &str, b: &str) -> Ordering {
    a.bytes()
        .map(|byte| byte.to_ascii_lowercase())
        .cmp(b.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// The order of two numbers, however they are written. It is total: integers beyond the precision of a float are told
/// apart, also from floats.
pub(super) fn numbers(a: &Number, b: &Number) -> Ordering {
    let (a, b) = (NumberKey::of(a), NumberKey::of(b));
    a.near.total_cmp(&b.near).then(a.exact.cmp(&b.exact))
}

struct NumberKey {
    near: f64,
    /// Decides between numbers whose nearest float is the same.
    exact: i128,
}

impl NumberKey {
    fn of(number: &Number) -> Self {
        // Adding zero makes a negative zero a plain one.
        let near = number.as_f64().unwrap_or(f64::MAX) + 0.0;
        let exact = number
            .as_i64()
            .map(i128::from)
            .or_else(|| number.as_u64().map(i128::from))
            .unwrap_or(near as i128);
        Self { near, exact }
    }
}

/// The time that a document's text says, RFC 3339.
pub(super) fn time(value: &Value) -> Option<jiff::Timestamp> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_ordered_without_regard_to_ascii_case() {
        for (a, b, expected) in [
            ("Contoso", "cONTOSO", Ordering::Equal),
            ("a", "B", Ordering::Less),
            ("", "a", Ordering::Less),
            ("ab", "a", Ordering::Greater),
            ("É", "é", Ordering::Less),
        ] {
            assert_eq!(texts(a, b), expected, "{a} {b}");
            assert_eq!(texts(b, a), expected.reverse(), "{b} {a}");
        }
    }

    #[test]
    fn numbers_are_ordered_by_value_and_without_contradiction() {
        let sorted = [
            "-1e300",
            "-2",
            "-1.5",
            "0",
            "0.5",
            "1",
            "9007199254740992",
            "9007199254740993",
            "9007199254740994.0",
            "18446744073709551615",
            "1e300",
        ];
        let number = |text: &str| serde_json::from_str::<Number>(text).unwrap();
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(numbers(&number(a), &number(b)), i.cmp(&j), "{a} {b}");
            }
        }
        for (a, b) in [("1", "1.0"), ("0", "-0.0"), ("100", "1e2")] {
            assert_eq!(numbers(&number(a), &number(b)), Ordering::Equal, "{a} {b}");
        }
    }
}
