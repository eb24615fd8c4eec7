//! Values that a filter writes down.

use std::cmp::Ordering;
use std::fmt;

use crossgate_policy::ids::Guid;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Number, Value};

use crate::odata::allowed::ValueType;
use crate::odata::values;

/// A value, of the type of the property it is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Text(Box<str>),
    /// In lower case.
    Guid(Box<str>),
    Boolean(bool),
    Number(Number),
    DateTime(Timestamp),
}

/// A literal as a filter writes it.
#[derive(Clone, Debug)]
pub(super) enum Written<'q> {
    /// In quotes, which are taken off.
    Quoted(&'q str),
    Bare(&'q str),
}

impl<'q> Written<'q> {
    /// A word that is no name of a property.
    pub(super) fn bare(word: &'q str) -> Option<Self> {
        let keyword = ["true", "false", "null"]
            .iter()
            .any(|keyword| word.eq_ignore_ascii_case(keyword));
        let number = word.starts_with(|letter: char| letter.is_ascii_digit() || letter == '-');
        (keyword || number || Guid::parse(word).is_some()).then_some(Self::Bare(word))
    }
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quoted(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Self::Bare(word) => f.write_str(word),
        }
    }
}

impl Literal {
    /// The value, if it can be one of this type.
    pub(super) fn read(written: &Written<'_>, of: ValueType) -> Option<Self> {
        match written {
            Written::Bare(word) if word.eq_ignore_ascii_case("null") => Some(Self::Null),
            Written::Quoted(text) => match of {
                ValueType::Text | ValueType::Enum => Some(Self::Text((*text).into())),
                ValueType::Guid => guid(text),
                ValueType::DateTime => time(text).map(Self::DateTime),
                ValueType::Boolean | ValueType::Number | ValueType::Complex => None,
            },
            Written::Bare(word) => match of {
                ValueType::Guid => guid(word),
                ValueType::DateTime => time(word).map(Self::DateTime),
                ValueType::Boolean if word.eq_ignore_ascii_case("true") => {
                    Some(Self::Boolean(true))
                }
                ValueType::Boolean if word.eq_ignore_ascii_case("false") => {
                    Some(Self::Boolean(false))
                }
                // By the reader of documents, so that the same digits are the same number.
                ValueType::Number => serde_json::from_str(word).ok().map(Self::Number),
                ValueType::Boolean | ValueType::Text | ValueType::Enum | ValueType::Complex => None,
            },
        }
    }

    /// The text of a text or a GUID.
    pub(super) const fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Guid(text) => Some(text),
            Self::Null | Self::Boolean(_) | Self::Number(_) | Self::DateTime(_) => None,
        }
    }

    /// How a document's value stands to this one; `None` where the two have no order, as `null` and any other.
    pub(super) fn order_of(&self, value: &Value) -> Option<Ordering> {
        match self {
            Self::Null => value.is_null().then_some(Ordering::Equal),
            Self::Text(text) | Self::Guid(text) => Some(values::texts(value.as_str()?, text)),
            Self::Boolean(own) => Some(value.as_bool()?.cmp(own)),
            Self::Number(own) => match value {
                Value::Number(number) => Some(values::numbers(number, own)),
                Value::Null
                | Value::Bool(_)
                | Value::String(_)
                | Value::Array(_)
                | Value::Object(_) => None,
            },
            Self::DateTime(own) => Some(values::time(value)?.cmp(own)),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Text(text) => Written::Quoted(text).fmt(f),
            Self::Guid(text) => f.write_str(text),
            Self::Boolean(value) => value.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::DateTime(time) => time.fmt(f),
        }
    }
}

fn guid(text: &str) -> Option<Literal> {
    Guid::parse(text).map(|guid| Literal::Guid(guid.to_string().into()))
}

/// A time with its offset, or a day, which is its midnight in UTC, as Graph's audit log takes it.
fn time(text: &str) -> Option<Timestamp> {
    const DAY: usize = "2026-01-31".len();
    if text.len() != DAY {
        return text.parse().ok();
    }
    let day: Date = text.parse().ok()?;
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
}
