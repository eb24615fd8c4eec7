//! What a filter says of single properties, for a log that is found by those.

use super::literal::Literal;
use super::{Comparison, Expression, Filter, TextFunction};

/// A filter without what only an object itself can answer: whatever the filter admits, its outline does too.
#[derive(Clone, Debug, PartialEq)]
pub enum Outline<'f> {
    /// All of these hold.
    All(Vec<Outline<'f>>),
    /// One of these does.
    Any(Vec<Outline<'f>>),
    /// A property, by the way to it, is this; `None` is `null`. Booleans and whole numbers are as JSON writes them, letter case of ASCII does
    /// not count.
    Is(String, Option<Box<str>>),
    /// It is not.
    IsNot(String, Option<Box<str>>),
    /// It begins so.
    Begins(String, &'f str),
    /// Anything.
    Unknown,
}

impl Filter {
    /// The outline.
    #[must_use]
    pub fn outline(&self) -> Outline<'_> {
        of(&self.0)
    }
}

fn of(expression: &Expression) -> Outline<'_> {
    match expression {
        Expression::And(parts) => Outline::All(parts.iter().map(of).collect()),
        Expression::Or(parts) => Outline::Any(parts.iter().map(of).collect()),
        Expression::Compare(path, comparison, literal) => match (comparison, value(literal)) {
            (Comparison::Equal, Some(value)) => Outline::Is(path.to_string(), value),
            (Comparison::NotEqual, Some(value)) => Outline::IsNot(path.to_string(), value),
            (Comparison::Equal | Comparison::NotEqual, None)
            | (
                Comparison::Greater
                | Comparison::GreaterOrEqual
                | Comparison::Less
                | Comparison::LessOrEqual,
                _,
            ) => Outline::Unknown,
        },
        Expression::In(path, literals) => {
            let each = literals.iter().map(|literal| match value(literal) {
                Some(value) => Outline::Is(path.to_string(), value),
                None => Outline::Unknown,
            });
            Outline::Any(each.collect())
        }
        Expression::Text(TextFunction::StartsWith, path, start) => {
            Outline::Begins(path.to_string(), start)
        }
        Expression::Holds(path) => Outline::Is(path.to_string(), Some("true".into())),
        Expression::Text(TextFunction::EndsWith | TextFunction::Contains, _, _)
        | Expression::Not(_)
        | Expression::Elements(..) => Outline::Unknown,
    }
}

/// A literal as it stands in columns; `None` where it does not.
fn value(literal: &Literal) -> Option<Option<Box<str>>> {
    match literal {
        Literal::Null => Some(None),
        Literal::Text(text) | Literal::Guid(text) => Some(Some(text.clone())),
        Literal::Boolean(truth) => Some(Some(truth.to_string().into())),
        // One that is written with a fraction or an exponent may be whole all the same.
        Literal::Number(number) => {
            let number = number.as_i64()?;
            Some(Some(number.to_string().into()))
        }
        Literal::DateTime(_) => None,
    }
}
