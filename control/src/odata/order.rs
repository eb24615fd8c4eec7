//! `$orderby`: the order of a list, and where in it a page ends.

use std::cmp::Ordering;
use std::fmt;

use serde_json::Value;

use super::allowed::{Allowed, PropertyType, ValueType};
use super::bad_query::{BadQuery, shown};
use super::path::{self, Path};
use super::skip_token::Position;
use super::values;

/// The order that a query asks for; empty where it asks for none.
///
/// `null` and absent values come first, and last where descending (OData 4.01, part 1, section 11.2.6.2). A value of another
/// type than the property's has its place all the same: any documents can be sorted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OrderBy(Box<[Term]>);

/// Which way a list is ordered by a property.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// The least first.
    Ascending,
    /// The greatest first.
    Descending,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Term {
    path: Path,
    of: ValueType,
    direction: Direction,
}

impl OrderBy {
    pub(super) fn parse(text: &str, allowed: &Allowed<'_>) -> Result<Self, BadQuery> {
        let mut terms: Vec<Term> = Vec::new();
        for part in text.split(',') {
            let term = Term::parse(part, allowed)?;
            if terms.iter().any(|earlier| earlier.path == term.path) {
                return Err(BadQuery::malformed(format!(
                    "`$orderby`: names `{}` twice",
                    term.path
                )));
            }
            terms.push(term);
        }
        Ok(Self(terms.into()))
    }

    /// The properties that decide, the first one first.
    pub fn terms(&self) -> impl Iterator<Item = (&Path, Direction)> {
        self.0.iter().map(|term| (&term.path, term.direction))
    }

    /// How two objects stand to each other. Objects that are alike in every named property are `Equal`.
    #[must_use]
    pub fn compare(&self, a: &Value, b: &Value) -> Ordering {
        self.0
            .iter()
            .map(|term| term.compare(term.path.find(a), term.path.find(b)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    /// Where an object stands in the list of all, in which `key` decides between those that are alike. It still says so
    /// when the object has changed or is gone.
    #[must_use]
    pub fn position(&self, object: &Value, key: &str) -> Position {
        Position {
            key: key.into(),
            values: self
                .0
                .iter()
                .map(|term| term.path.find(object).clone())
                .collect(),
        }
    }

    /// Where an object stands as seen from a position: `Greater` belongs on the pages that follow it. Keys are compared
    /// byte by byte.
    #[must_use]
    pub fn compare_to(&self, object: &Value, key: &str, position: &Position) -> Ordering {
        self.0
            .iter()
            .zip(&position.values)
            .map(|(term, value)| term.compare(term.path.find(object), value))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| key.cmp(&position.key))
    }
}

impl fmt::Display for OrderBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, term) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let direction = match term.direction {
                Direction::Ascending => "asc",
                Direction::Descending => "desc",
            };
            write!(f, "{comma}{} {direction}", term.path)?;
        }
        Ok(())
    }
}

impl Term {
    fn parse(text: &str, allowed: &Allowed<'_>) -> Result<Self, BadQuery> {
        let mut words = text.split_ascii_whitespace();
        let (Some(name), direction, None) = (words.next(), words.next(), words.next()) else {
            return Err(BadQuery::malformed(
                "`$orderby`: expected properties with commas between them, each perhaps with `asc` or `desc`",
            ));
        };
        let resolved = path::resolve(name, &[], allowed, "$orderby")?;
        let of = match resolved.of {
            PropertyType::Many(_) | PropertyType::One(ValueType::Complex) => {
                return Err(BadQuery::malformed(format!(
                    "`$orderby`: `{}` is no single value; nothing can be ordered by it",
                    resolved.path
                )));
            }
            PropertyType::One(of) => of,
        };
        let direction = match direction {
            None => Direction::Ascending,
            Some(word) if word.eq_ignore_ascii_case("asc") => Direction::Ascending,
            Some(word) if word.eq_ignore_ascii_case("desc") => Direction::Descending,
            Some(word) => {
                return Err(BadQuery::malformed(format!(
                    "`$orderby`: expected `asc` or `desc` after `{}`, not {}",
                    resolved.path,
                    shown(word)
                )));
            }
        };
        Ok(Self {
            path: resolved.path,
            of,
            direction,
        })
    }

    fn compare(&self, a: &Value, b: &Value) -> Ordering {
        let order = compare(self.of, a, b);
        match self.direction {
            Direction::Ascending => order,
            Direction::Descending => order.reverse(),
        }
    }
}

/// A total order of all values: sorting by anything less may panic.
fn compare(of: ValueType, a: &Value, b: &Value) -> Ordering {
    if of == ValueType::DateTime
        && let (Some(a), Some(b)) = (values::time(a), values::time(b))
    {
        return a.cmp(&b);
    }
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => values::numbers(a, b),
        (Value::String(text_a), Value::String(text_b)) => {
            let is_time = |value| of == ValueType::DateTime && values::time(value).is_some();
            is_time(b)
                .cmp(&is_time(a))
                .then_with(|| values::texts(text_a, text_b))
        }
        (_, _) => rank(a).cmp(&rank(b)),
    }
}

const fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) | Value::Object(_) => 4,
    }
}
