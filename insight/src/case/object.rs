//! JSON objects whose every member is accounted for. Reading goes on after a fault, so that all of them are told.

use std::fmt;

use crossgate_policy::ids::UnixTime;
use crossgate_token::json;
use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A member's name and its text.
pub(crate) type Member<'a> = (String, &'a RawValue);

/// The members of the object that a line is, not read any further.
pub(crate) fn members(line: &[u8]) -> Result<Vec<Member<'_>>, String> {
    let text = std::str::from_utf8(line)
        .map_err(|error| format!("not UTF-8 from byte {} on", error.valid_up_to() + 1))?;
    if !text.trim_start().starts_with('{') {
        return Err("not a JSON object; expected one case, `{…}`, a line".to_owned());
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let members = reader.deserialize_map(Members);
    let members = members.and_then(|members| reader.end().map(|()| members));
    members.map_err(|error| {
        let told = error.to_string();
        let what = told
            .rsplit_once(" at line ")
            .map_or(&*told, |(what, _)| what);
        format!("not JSON: {what} at column {}", error.column())
    })
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<Member<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

/// An object being read. A member that nobody asked for is a fault.
pub(crate) struct Object<'f> {
    /// Where it stands, such as `facts`; empty for the line.
    path: String,
    members: Map<String, Value>,
    /// Members that are there and could not be read, so that they are not missed as well.
    unread: Vec<String>,
    asked: Vec<&'static str>,
    faults: &'f mut Vec<String>,
}

impl<'f> Object<'f> {
    /// Reads the members' values.
    pub(crate) fn read(path: &str, members: Vec<Member<'_>>, faults: &'f mut Vec<String>) -> Self {
        let mut object = Self {
            path: path.to_owned(),
            members: Map::new(),
            unread: Vec::new(),
            asked: Vec::new(),
            faults,
        };
        for (name, text) in members {
            let value = json::read(text.get().as_bytes());
            if object.members.contains_key(&name) {
                object.fault(&name, "stands here twice; keep one");
            }
            match value {
                Ok(value) => {
                    object.members.insert(name, value);
                }
                Err(fault) => {
                    object.fault(&name, &fault.to_string());
                    object.unread.push(name);
                }
            }
        }
        object
    }

    /// A member as it is, unread; null where there is none.
    pub(crate) fn peek(&self, name: &str) -> Value {
        self.members.get(name).cloned().unwrap_or_default()
    }

    /// A member that is read elsewhere.
    pub(crate) fn knows(&mut self, name: &'static str) {
        self.asked.push(name);
    }

    /// A member that may be absent or null.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(name)?;
        let read = read(&value);
        if read.is_none() {
            self.fault(
                name,
                &format!("expected {expected}, found {}", shown(&value)),
            );
        }
        read
    }

    /// A member that must be there.
    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let missing = self.members.get(name).is_none_or(Value::is_null);
        if missing && !self.unread.iter().any(|unread| unread == name) {
            self.fault(name, &format!("missing; expected {expected}"));
        }
        self.optional(name, expected, read)
    }

    /// A boolean; absent is false.
    pub(crate) fn flag(&mut self, name: &'static str) -> bool {
        self.optional(name, "`true` or `false`", Value::as_bool)
            .unwrap_or(false)
    }

    /// An object in it.
    pub(crate) fn object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Object<'_>) -> T,
    ) -> Option<T> {
        let members = self.optional(name, "an object", |value| value.as_object().cloned())?;
        let path = self.path_of(name);
        Some(self.inside(path, members, read))
    }

    /// A list of objects in it.
    pub(crate) fn objects<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&mut Object<'_>) -> Option<T>,
    ) -> Vec<T> {
        let expected = "a list of objects";
        let items = self.optional(name, expected, |value| {
            let items = value.as_array()?.iter();
            items
                .map(|item| item.as_object().cloned())
                .collect::<Option<Vec<_>>>()
        });
        let mut values = Vec::new();
        for (index, members) in items.unwrap_or_default().into_iter().enumerate() {
            let path = format!("{}[{index}]", self.path_of(name));
            values.extend(self.inside(path, members, &mut read));
        }
        values
    }

    /// Every member, whatever its name.
    pub(crate) fn each<T>(
        &mut self,
        expected: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Vec<(String, T)> {
        let mut values = Vec::new();
        for (name, value) in std::mem::take(&mut self.members) {
            match read(&value) {
                Some(value) => values.push((name, value)),
                None => self.fault(
                    &name,
                    &format!("expected {expected}, found {}", shown(&value)),
                ),
            }
        }
        values
    }

    /// Notes what nobody asked for.
    pub(crate) fn finish(mut self) {
        for name in std::mem::take(&mut self.members).keys() {
            let known: Vec<String> = self.asked.iter().map(|name| format!("`{name}`")).collect();
            self.fault(name, &format!("unknown; expected {}", known.join(", ")));
        }
    }

    fn inside<T>(
        &mut self,
        path: String,
        members: Map<String, Value>,
        read: impl FnOnce(&mut Object<'_>) -> T,
    ) -> T {
        let mut object = Object {
            path,
            members,
            unread: Vec::new(),
            asked: Vec::new(),
            faults: &mut *self.faults,
        };
        let value = read(&mut object);
        object.finish();
        value
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.knows(name);
        self.members.remove(name).filter(|value| !value.is_null())
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Notes what is wrong with a member.
    pub(crate) fn fault(&mut self, name: &str, message: &str) {
        let path = self.path_of(name);
        self.faults.push(format!("`{path}`: {message}"));
    }
}

/// Text.
pub(crate) fn text(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

/// A list of texts.
pub(crate) fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(text).collect()
}

/// A time of RFC 3339, since 1970.
pub(crate) fn time(value: &Value) -> Option<UnixTime> {
    let time: jiff::Timestamp = value.as_str()?.parse().ok()?;
    UnixTime::new(time.as_duration().as_secs_f64())
}

/// What [`time`] reads.
pub(crate) const EXPECTED_TIME: &str =
    "a time of RFC 3339 since 1970, such as `2026-01-01T00:00:00Z`";

/// A value as an operator recognises it: in full where it is short, its kind where it is not.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) => format!("`{value}`"),
        Value::String(text) if text.len() <= LONGEST_SHOWN => format!("`{text}`"),
        Value::String(_) => "a long text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// Longer than any time, address or name that somebody could have mistyped.
const LONGEST_SHOWN: usize = 64;
