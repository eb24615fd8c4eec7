//! A JSON value whose texts stay where they were read, unless they were written with escapes.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::JsonFault;
use super::members::{FEW, Members};

/// A JSON value.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone, PartialEq))]
pub(crate) enum Node<'a> {
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    Object(Box<Members<'a>>),
}

impl<'a> Node<'a> {
    /// Reads one value that is nested at most so deep.
    pub(crate) fn read(text: &'a [u8], max_nesting: usize) -> Result<Self, JsonFault> {
        let text = std::str::from_utf8(text).map_err(|_| JsonFault::Syntax)?;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let fault = Cell::new(JsonFault::Syntax);
        let strict = Strict {
            levels_left: max_nesting,
            members_expected: (text.len() / BYTES_A_MEMBER).min(FEW),
            fault: &fault,
        };
        let value = strict
            .deserialize(&mut deserializer)
            .map_err(|_| fault.get())?;
        deserializer.end().map_err(|_| JsonFault::Syntax)?;
        Ok(value)
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    pub(crate) const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::Null | Self::Number(_) | Self::String(_) | Self::Array(_) | Self::Object(_) => {
                None
            }
        }
    }

    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => number.as_f64(),
            Self::Null | Self::Bool(_) | Self::String(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    pub(crate) fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Object(_) => {
                None
            }
        }
    }

    pub(crate) const fn as_object(&self) -> Option<&Members<'a>> {
        match self {
            Self::Object(members) => Some(members),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Array(_) => None,
        }
    }
}

impl From<Node<'_>> for Value {
    fn from(node: Node<'_>) -> Self {
        match node {
            Node::Null => Self::Null,
            Node::Bool(value) => Self::Bool(value),
            Node::Number(number) => Self::Number(number),
            Node::String(text) => Self::String(text.into_owned()),
            Node::Array(items) => items.into_iter().map(Self::from).collect(),
            Node::Object(members) => Self::Object(owned(*members)),
        }
    }
}

impl<'a> From<&'a Value> for Node<'a> {
    /// The same value, whose texts stay where they are. It has no two members of one name, and its depth is its own.
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.clone()),
            Value::String(text) => Self::String(Cow::Borrowed(text)),
            Value::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Object(members) => Self::Object(Box::new(borrowed(members))),
        }
    }
}

/// The same members, whose names and texts stay where they are.
pub(crate) fn borrowed(members: &Map<String, Value>) -> Members<'_> {
    let mut all = Members::with_capacity(members.len());
    for (name, member) in members {
        // A map has no two of one name.
        let _ = all.insert(Cow::Borrowed(name.as_str()), member.into());
    }
    all
}

/// The members for themselves.
pub(crate) fn owned(members: Members<'_>) -> Map<String, Value> {
    members
        .into_iter()
        .map(|(name, member)| (name.into_owned(), member.into()))
        .collect()
}

#[derive(Clone, Copy)]
struct Strict<'f> {
    levels_left: usize,
    /// Of the outermost object.
    members_expected: usize,
    /// What to report should this reader itself refuse; the parser's own errors leave it alone.
    fault: &'f Cell<JsonFault>,
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
                members_expected: 0,
                ..self
            }),
            None => Err(self.refuse(JsonFault::NestedTooDeep)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node<'de>, E> {
        Number::from_f64(value)
            .map(Node::Number)
            .ok_or_else(|| self.refuse(JsonFault::Syntax))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::String(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node<'de>, E> {
        Ok(Node::String(Cow::Owned(value.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node<'de>, A::Error> {
        let inside = self.inside()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(inside)? {
            items.push(item);
        }
        Ok(Node::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node<'de>, A::Error> {
        let inside = self.inside()?;
        let mut members = Members::with_capacity(self.members_expected);
        while let Some(Name(name)) = access.next_key()? {
            let member = access.next_value_seed(inside)?;
            if members.insert(name, member).is_err() {
                return Err(self.refuse(JsonFault::DuplicateMember));
            }
        }
        Ok(Node::Object(Box::new(members)))
    }
}

/// A member's name, which stays where it was read.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Owned(name.into())))
    }
}

/// About what a claim takes in a token's payload, name and value. Room for more than a [`FEW`] is made only for members that are there.
const BYTES_A_MEMBER: usize = 48;
