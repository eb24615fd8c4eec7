//! `$filter`: which objects are listed.
//!
//! Values of `null` and values that are absent are the same. As OData rules (4.01, part 2, section 5.1.1): `null eq null`,
//! `null le null` and `null ge null` are true; any other comparison with one `null` is false, but for `ne`. A function of
//! `null`, and a Boolean property that is `null`, is neither true nor false, and neither is its opposite; a filter admits
//! what makes it true. A value of another type than its property's compares as something that no literal is equal to.

mod comparison;
mod cursor;
mod evaluate;
mod implied;
mod lex;
mod literal;
mod operand;
mod outline;
mod parse;
mod print;

use serde_json::Value;

use self::literal::Literal;
use super::allowed::Allowed;
use super::bad_query::BadQuery;
use super::path::Path;
pub use outline::Outline;

/// A condition on the objects of a list, checked against the properties they have. It prints in one form, whatever spaces,
/// letter case of names and needless parentheses it was written with.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter(Expression);

impl Filter {
    pub(super) fn parse(text: &str, allowed: &Allowed<'_>) -> Result<Self, BadQuery> {
        parse::expression(text, allowed).map(Self)
    }

    /// Whether the filter admits an object.
    #[must_use]
    pub fn admits(&self, object: &Value) -> bool {
        self.0.evaluate(object) == Some(true)
    }
}

/// A part of a filter. Paths begin at the object, or within [`Expression::Elements`] at the element.
#[derive(Clone, Debug, PartialEq)]
enum Expression {
    /// At least two.
    And(Vec<Expression>),
    /// At least two.
    Or(Vec<Expression>),
    Not(Box<Expression>),
    /// The literal is of the property's type, or `null`.
    Compare(Path, Comparison, Literal),
    /// At least one literal.
    In(Path, Vec<Literal>),
    Text(TextFunction, Path, Box<str>),
    /// A Boolean property, as it is.
    Holds(Path),
    Elements(Path, Quantifier),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Comparison {
    const ALL: [Self; 6] = [
        Self::Equal,
        Self::NotEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Less,
        Self::LessOrEqual,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
        }
    }

    const fn is_equality(self) -> bool {
        match self {
            Self::Equal | Self::NotEqual => true,
            Self::Greater | Self::GreaterOrEqual | Self::Less | Self::LessOrEqual => false,
        }
    }

    /// The same with both sides exchanged.
    const fn mirrored(self) -> Self {
        match self {
            Self::Equal => Self::Equal,
            Self::NotEqual => Self::NotEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum TextFunction {
    StartsWith,
    EndsWith,
    Contains,
}

impl TextFunction {
    const ALL: [Self; 3] = [Self::StartsWith, Self::EndsWith, Self::Contains];

    const fn name(self) -> &'static str {
        match self {
            Self::StartsWith => "startswith",
            Self::EndsWith => "endswith",
            Self::Contains => "contains",
        }
    }
}

/// What must be true of a collection's elements.
#[derive(Clone, Debug, PartialEq)]
enum Quantifier {
    /// There is one.
    NotEmpty,
    /// One of them meets the condition.
    Any(Box<Condition>),
    /// All of them meet it.
    All(Box<Condition>),
}

#[derive(Clone, Debug, PartialEq)]
struct Condition {
    /// What the filter calls an element.
    variable: Box<str>,
    of: Expression,
}

#[cfg(test)]
mod tests;
