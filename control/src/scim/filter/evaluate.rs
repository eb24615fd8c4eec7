//! Whether a resource, or a value, is among those a filter asks for.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Comparison, Filter, Target};
use crate::scim::schema::Kind;

impl Filter {
    /// Whether this resource, or this value with its parts, is meant.
    pub(in crate::scim) fn admits(&self, resource: &Map<String, Value>) -> bool {
        match self {
            Self::All(all) => all.iter().all(|one| one.admits(resource)),
            Self::Any(any) => any.iter().any(|one| one.admits(resource)),
            Self::Not(one) => !one.admits(resource),
            Self::Has(target) => has(target, resource),
            // RFC 7643, section 2.5: null is the same as no value.
            Self::Is(target, Comparison::Equal, Value::Null) => !has(target, resource),
            Self::Is(target, Comparison::NotEqual, Value::Null) => has(target, resource),
            Self::Is(target, Comparison::NotEqual, expected) => {
                !any(target, resource, Comparison::Equal, expected)
            }
            Self::Is(target, comparison, expected) => any(target, resource, *comparison, expected),
            Self::Within(target, filter) => {
                let mut values = target.whole(resource).into_iter();
                values.any(|value| value.as_object().is_some_and(|value| filter.admits(value)))
            }
        }
    }
}

/// RFC 7644, table 3: there is a value, and it is not empty.
fn has(target: &Target, resource: &Map<String, Value>) -> bool {
    let filled = |value: &&Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    };
    let values = match target.part {
        Some(_) => target.values(resource),
        None => target.whole(resource),
    };
    values.iter().any(filled)
}

fn any(
    target: &Target,
    resource: &Map<String, Value>,
    comparison: Comparison,
    expected: &Value,
) -> bool {
    let attribute = target.compared();
    let compare = |value: &&Value| match (&attribute.kind, value, expected) {
        (Kind::Boolean, Value::Bool(value), Value::Bool(expected)) => {
            comparison == Comparison::Equal && value == expected
        }
        (Kind::DateTime, Value::String(value), Value::String(expected)) => {
            let time = |text: &str| text.parse::<Timestamp>().ok();
            match (time(value), time(expected)) {
                (Some(value), Some(expected)) => ordered(comparison, value.cmp(&expected)),
                (None, _) | (_, None) => false,
            }
        }
        (_, Value::String(value), Value::String(expected)) if attribute.case_exact => {
            text(comparison, value, expected)
        }
        (_, Value::String(value), Value::String(expected)) => {
            text(comparison, &value.to_lowercase(), &expected.to_lowercase())
        }
        _ => false,
    };
    target.values(resource).iter().any(compare)
}

fn text(comparison: Comparison, value: &str, expected: &str) -> bool {
    match comparison {
        Comparison::Contains => value.contains(expected),
        Comparison::StartsWith => value.starts_with(expected),
        Comparison::EndsWith => value.ends_with(expected),
        Comparison::Equal
        | Comparison::NotEqual
        | Comparison::Greater
        | Comparison::GreaterOrEqual
        | Comparison::Less
        | Comparison::LessOrEqual => ordered(comparison, value.cmp(expected)),
    }
}

const fn ordered(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Contains | Comparison::StartsWith | Comparison::EndsWith => false,
    }
}
