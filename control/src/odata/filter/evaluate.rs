//! Whether an object meets a filter.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Comparison, Expression, Quantifier, TextFunction};

impl Expression {
    /// What it is for an object, or an element of a collection: `None` is OData's `null`.
    pub(super) fn evaluate(&self, object: &Value) -> Option<bool> {
        match self {
            Self::And(parts) => all(parts, object),
            Self::Or(parts) => any(parts, object),
            Self::Not(part) => part.evaluate(object).map(|holds| !holds),
            Self::Compare(path, comparison, literal) => {
                Some(comparison.admits(literal.order_of(path.find(object))))
            }
            Self::In(path, literals) => {
                let value = path.find(object);
                let is_one = literals
                    .iter()
                    .any(|literal| literal.order_of(value) == Some(Ordering::Equal));
                Some(is_one)
            }
            Self::Text(function, path, text) => {
                Some(function.admits(path.find(object).as_str()?, text))
            }
            Self::Holds(path) => path.find(object).as_bool(),
            Self::Elements(path, quantifier) => {
                let elements = path.find(object).as_array().map_or(&[][..], Vec::as_slice);
                Some(quantifier.admits(elements))
            }
        }
    }
}

/// False where one is false; else `null` where one is `null`.
fn all(parts: &[Expression], object: &Value) -> Option<bool> {
    let mut result = Some(true);
    for part in parts {
        match part.evaluate(object) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => result = None,
        }
    }
    result
}

/// True where one is true; else `null` where one is `null`.
fn any(parts: &[Expression], object: &Value) -> Option<bool> {
    let mut result = Some(false);
    for part in parts {
        match part.evaluate(object) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => result = None,
        }
    }
    result
}

impl Comparison {
    fn admits(self, order: Option<Ordering>) -> bool {
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Greater => order.is_some_and(Ordering::is_gt),
            Self::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
            Self::Less => order.is_some_and(Ordering::is_lt),
            Self::LessOrEqual => order.is_some_and(Ordering::is_le),
        }
    }
}

impl TextFunction {
    /// Letter case of ASCII does not count, as in comparisons.
    fn admits(self, value: &str, text: &str) -> bool {
        let (value, text) = (value.to_ascii_lowercase(), text.to_ascii_lowercase());
        match self {
            Self::StartsWith => value.starts_with(&text),
            Self::EndsWith => value.ends_with(&text),
            Self::Contains => value.contains(&text),
        }
    }
}

impl Quantifier {
    fn admits(&self, elements: &[Value]) -> bool {
        match self {
            Self::NotEmpty => !elements.is_empty(),
            Self::Any(condition) => elements
                .iter()
                .any(|element| condition.of.evaluate(element) == Some(true)),
            Self::All(condition) => elements
                .iter()
                .all(|element| condition.of.evaluate(element) == Some(true)),
        }
    }
}
