//! Filters, and the paths of changes (RFC 7644, sections 3.4.2.2 and 3.5.2): read strictly, against the schema.

mod evaluate;
mod parse;
mod target;
#[cfg(test)]
mod tests;

pub(super) use parse::{Path, path};
pub(super) use target::{Selection, Target};

use serde_json::Value;

use super::fault::Fault;
use super::schema::ResourceKind;

/// Which resources, or which values of an attribute.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    /// There is a value.
    Has(Target),
    /// A value compares so.
    Is(Target, Comparison, Value),
    /// One of the values meets all of it.
    Within(Target, Box<Self>),
}

/// How a value compares.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Filter {
    /// Reads a filter of resources of a kind.
    pub(super) fn parse(kind: ResourceKind, text: &str) -> Result<Self, Fault> {
        parse::filter(kind, text)
    }

    /// The value that this attribute of a resource must have, where the filter asks for that and nothing else.
    pub(super) fn only_equal(&self, name: &str) -> Option<&str> {
        match self {
            Self::Is(target, Comparison::Equal, Value::String(value)) if target.is_plain(name) => {
                Some(value)
            }
            Self::Is(..)
            | Self::All(_)
            | Self::Any(_)
            | Self::Not(_)
            | Self::Has(_)
            | Self::Within(..) => None,
        }
    }

    /// The values that parts must have where it asks for equal ones only: what a value that is not there yet would be made of.
    pub(super) fn equals(&self) -> Option<Vec<(&'static str, &Value)>> {
        match self {
            Self::Is(target, Comparison::Equal, value) if !value.is_null() => {
                Some(vec![(target.attribute.name, value)])
            }
            Self::All(all) => {
                let mut equals = Vec::new();
                for one in all {
                    equals.extend(one.equals()?);
                }
                Some(equals)
            }
            Self::Is(..) | Self::Any(_) | Self::Not(_) | Self::Has(_) | Self::Within(..) => None,
        }
    }
}
