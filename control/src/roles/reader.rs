//! Reads JSON objects of Graph's, and tells every fault at once.

use std::fmt;

use crossgate_policy::ids::Guid;
use serde_json::{Map, Value};

use super::nearest::nearest;

/// One thing that is wrong in a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The property, such as `rolePermissions[0].condition`; empty for the whole document.
    pub path: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// The members of one object. A member that is null is taken as absent.
pub(super) struct Members<'v> {
    members: Option<&'v Map<String, Value>>,
    path: String,
}

impl<'v> Members<'v> {
    /// Those of a value at a path; another value than an object, and members that are not known, are faults.
    pub(super) fn of(
        value: &'v Value,
        path: String,
        known: &[&'static str],
        faults: &mut Vec<Fault>,
    ) -> Self {
        let members = value.as_object();
        let this = Self { members, path };
        let Some(members) = members else {
            let message = format!("{} is no object; expected one", kind(value));
            faults.push(Fault {
                path: this.path.clone(),
                message,
            });
            return this;
        };
        for name in members.keys() {
            if known.contains(&name.as_str()) || is_annotation(name) {
                continue;
            }
            let hint = suggested(name, known.iter().copied(), faults)
                .map(|known| format!("; the nearest that is one is `{known}`"));
            let message = format!("not a property here{}", hint.unwrap_or_default());
            this.fault(name, message, faults);
        }
        this
    }

    /// A string with something in it.
    pub(super) fn text(&self, name: &str, faults: &mut Vec<Fault>) -> Option<&'v str> {
        let text = self.optional_text(name, faults);
        self.missing(name, "a string", faults);
        text
    }

    /// A string with something in it, or none.
    pub(super) fn optional_text(&self, name: &str, faults: &mut Vec<Fault>) -> Option<&'v str> {
        let value = self.get(name)?;
        match value.as_str() {
            Some(text) if !text.trim().is_empty() => return Some(text),
            Some(_) => self.fault(name, "an empty string says nothing; remove it", faults),
            None => self.unexpected(name, value, "a string", faults),
        }
        None
    }

    /// A string, or none; it may be empty.
    pub(super) fn free_text(&self, name: &str, faults: &mut Vec<Fault>) -> Option<&'v str> {
        let value = self.get(name)?;
        if !value.is_string() {
            self.unexpected(name, value, "a string", faults);
        }
        value.as_str()
    }

    /// An id in one piece, as it stands in a URL's path.
    pub(super) fn id(&self, name: &str, faults: &mut Vec<Fault>) -> Option<&'v str> {
        let id = self.text(name, faults)?;
        let fits = id.len() <= LONGEST_ID
            && !id
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || c == '/');
        if !fits {
            let message = format!(
                "not an id; expected at most {LONGEST_ID} characters without spaces and slashes"
            );
            self.fault(name, message, faults);
        }
        fits.then_some(id)
    }

    /// A GUID.
    pub(super) fn guid(&self, name: &str, faults: &mut Vec<Fault>) -> Option<Guid> {
        let text = self.text(name, faults)?;
        let guid = Guid::parse(text);
        if guid.is_none() {
            let message = format!(
                "not a GUID; expected one such as `{}`",
                Guid::from_u128(SAMPLE_GUID)
            );
            self.fault(name, message, faults);
        }
        guid
    }

    /// True or false.
    pub(super) fn flag(&self, name: &str, faults: &mut Vec<Fault>) -> Option<bool> {
        let flag = self.optional_flag(name, faults);
        self.missing(name, "`true` or `false`", faults);
        flag
    }

    /// True, false, or none.
    pub(super) fn optional_flag(&self, name: &str, faults: &mut Vec<Fault>) -> Option<bool> {
        let value = self.get(name)?;
        if !value.is_boolean() {
            self.unexpected(name, value, "`true` or `false`", faults);
        }
        value.as_bool()
    }

    /// A list.
    pub(super) fn list(&self, name: &str, faults: &mut Vec<Fault>) -> Option<&'v [Value]> {
        let list = self.optional_list(name, faults);
        self.missing(name, "a list", faults);
        list
    }

    /// A list, or none.
    pub(super) fn optional_list(&self, name: &str, faults: &mut Vec<Fault>) -> Option<&'v [Value]> {
        let value = self.get(name)?;
        if !value.is_array() {
            self.unexpected(name, value, "a list", faults);
        }
        value.as_array().map(Vec::as_slice)
    }

    /// Refuses whatever stands there.
    pub(super) fn refuse(&self, name: &str, message: &str, faults: &mut Vec<Fault>) {
        if self.get(name).is_some() {
            self.fault(name, message, faults);
        }
    }

    /// The member, unless it is null.
    pub(super) fn get(&self, name: &str) -> Option<&'v Value> {
        self.members?.get(name).filter(|value| !value.is_null())
    }

    /// The path of a member.
    pub(super) fn at(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Something is wrong with a member.
    pub(super) fn fault(&self, name: &str, message: impl Into<String>, faults: &mut Vec<Fault>) {
        faults.push(Fault {
            path: self.at(name),
            message: message.into(),
        });
    }

    fn unexpected(&self, name: &str, value: &Value, expected: &str, faults: &mut Vec<Fault>) {
        let message = format!("{} does not fit; expected {expected}", kind(value));
        self.fault(name, message, faults);
    }

    fn missing(&self, name: &str, expected: &str, faults: &mut Vec<Fault>) {
        if self.members.is_some() && self.get(name).is_none() {
            let message = format!("`{name}` is missing; expected {expected}");
            self.fault(name, message, faults);
        }
    }
}

/// Whether a member says something about the document rather than in it (OData JSON Format 4.01, section 4.5).
fn is_annotation(name: &str) -> bool {
    name.contains("@odata.") || name.starts_with("@microsoft.graph.")
}

/// The known word that somebody may have meant, as long as there are few faults: each is compared with every word.
pub(super) fn suggested<'k>(
    word: &str,
    known: impl IntoIterator<Item = &'k str>,
    faults: &[Fault],
) -> Option<&'k str> {
    (faults.len() < MOST_SUGGESTIONS)
        .then(|| nearest(word, known))
        .flatten()
}

/// What a value is, for somebody who wrote it.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Whoever has this many faults has made one of them many times.
const MOST_SUGGESTIONS: usize = 20;

/// Graph's longest ids have about 80 characters.
const LONGEST_ID: usize = 200;

const SAMPLE_GUID: u128 = 0x3f25_04e0_4f89_41d3_9a0c_0305_e82c_3301;
