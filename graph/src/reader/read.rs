//! The forms a file may have: one document, a list, `{"value": […]}`, or a document a line.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::fault::Position;
use super::locate::duplicates;
use super::path::Step;
use super::report::{Found, Mark, Report, Slot};
use super::settle::{Settled, settle};
use super::values::{Object, Probe};

/// One document of a file.
#[derive(Debug)]
pub(crate) struct Document<T> {
    /// Which one.
    pub(crate) slot: Slot,
    /// What it says.
    pub(crate) value: T,
    /// Where it could not be read.
    pub(crate) unread: Vec<Vec<Step>>,
}

/// Reads a file that is one document or a list of them; what is wrong goes to the report.
pub(crate) fn documents<T: DeserializeOwned>(
    file: usize,
    text: &str,
    report: &mut Report,
) -> Vec<Document<T>> {
    match in_order(text) {
        Some(documents) => documents,
        None => with_faults(file, text, report),
    }
}

/// Reads one line; what is wrong goes to the report.
pub(crate) fn line<T: DeserializeOwned>(
    file: usize,
    slot: Slot,
    line: &str,
    report: &mut Report,
) -> Option<Document<T>> {
    if let Ok(Object(value)) = serde_json::from_str::<Object<T>>(line) {
        return Some(Document {
            slot,
            value,
            unread: Vec::new(),
        });
    }
    let value = parse(file, slot, line, report)?;
    take_apart(file, slot, value, report)
}

/// The documents, if nothing at all is wrong.
fn in_order<T: DeserializeOwned>(text: &str) -> Option<Vec<Document<T>>> {
    let slotted = |list: Vec<Object<T>>, slot: fn(usize) -> Slot| {
        list.into_iter()
            .enumerate()
            .map(|(index, Object(value))| Document {
                slot: slot(index),
                value,
                unread: Vec::new(),
            })
            .collect()
    };
    if text.trim_start().starts_with('[') {
        return Some(slotted(serde_json::from_str(text).ok()?, Slot::Item));
    }
    if serde_json::from_str::<Object<Probe>>(text)
        .ok()?
        .value
        .is_some()
    {
        #[derive(serde::Deserialize)]
        #[serde(bound = "T: DeserializeOwned", deny_unknown_fields)]
        struct Collection<T> {
            #[serde(rename = "@odata.context")]
            _context: Option<String>,
            #[serde(rename = "@odata.count")]
            _count: Option<u64>,
            value: Vec<Object<T>>,
        }
        let list = serde_json::from_str::<Object<Collection<T>>>(text).ok()?;
        return Some(slotted(list.0.value, Slot::Value));
    }
    let Object(value) = serde_json::from_str::<Object<T>>(text).ok()?;
    Some(vec![Document {
        slot: Slot::Whole,
        value,
        unread: Vec::new(),
    }])
}

fn with_faults<T: DeserializeOwned>(
    file: usize,
    text: &str,
    report: &mut Report,
) -> Vec<Document<T>> {
    let Some(root) = parse(file, Slot::Whole, text, report) else {
        return Vec::new();
    };
    let (list, slot): (_, fn(usize) -> Slot) = match root {
        Value::Array(list) => (list, Slot::Item),
        Value::Object(mut members) if members.contains_key("value") => {
            let list = members.remove("value");
            envelope(file, &members, report);
            let Some(Value::Array(list)) = list else {
                let steps = vec![Step::Member("value".to_owned())];
                let message = "expected a list of documents".to_owned();
                let mark = Mark::Value;
                report.found(
                    file,
                    Slot::Whole,
                    [Found {
                        steps,
                        mark,
                        message,
                    }],
                );
                return Vec::new();
            };
            (list, Slot::Value)
        }
        one @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Object(_)) => {
            return take_apart(file, Slot::Whole, one, report)
                .into_iter()
                .collect();
        }
    };
    list.into_iter()
        .enumerate()
        .filter_map(|(index, value)| take_apart(file, slot(index), value, report))
        .collect()
}

/// Whether a member says something about the answer rather than in it (OData JSON Format 4.01, section 4.5).
pub(crate) fn is_annotation(name: &str) -> bool {
    name.contains("@odata.") || name.starts_with("@microsoft.graph.")
}

/// What stands beside `value`.
fn envelope(file: usize, members: &serde_json::Map<String, Value>, report: &mut Report) {
    for name in members.keys() {
        let message = if name == "@odata.nextLink" {
            "the list goes on at this address; export all of its pages".to_owned()
        } else if is_annotation(name) {
            continue;
        } else {
            format!("`{name}` does not belong beside `value`; remove it")
        };
        let steps = vec![Step::Member(name.clone())];
        let mark = Mark::Name;
        report.found(
            file,
            Slot::Whole,
            [Found {
                steps,
                mark,
                message,
            }],
        );
    }
}

fn take_apart<T: DeserializeOwned>(
    file: usize,
    slot: Slot,
    value: Value,
    report: &mut Report,
) -> Option<Document<T>> {
    let Settled {
        document,
        found,
        unread,
    } = settle::<Object<T>>(value);
    report.found(file, slot, found);
    document.map(|Object(value)| Document {
        slot,
        value,
        unread,
    })
}

/// Any JSON; members that stand twice are told here, since no value shows them.
fn parse(file: usize, slot: Slot, text: &str, report: &mut Report) -> Option<Value> {
    let value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            let position = Position {
                line: error.line().max(1),
                column: error.column().max(1),
            };
            let found = Found {
                steps: Vec::new(),
                mark: Mark::Text(position),
                message: format!("not JSON: {}", syntax(&error, text)),
            };
            report.found(file, slot, [found]);
            return None;
        }
    };
    let Some(duplicates) = duplicates(text) else {
        let found = Found {
            steps: Vec::new(),
            mark: Mark::Text(Position { line: 1, column: 1 }),
            message: "not JSON that every reader takes alike".to_owned(),
        };
        report.found(file, slot, [found]);
        return None;
    };
    report.found(
        file,
        slot,
        duplicates.into_iter().map(|(steps, position)| Found {
            message: "the member stands twice; keep one".to_owned(),
            mark: Mark::Text(position),
            steps,
        }),
    );
    Some(value)
}

/// What a JSON reader complains of, without its place.
fn syntax(error: &serde_json::Error, text: &str) -> String {
    let at = text
        .lines()
        .nth(error.line().saturating_sub(1))
        .and_then(|line| line.get(error.column().saturating_sub(1)..))
        .unwrap_or_default();
    if at.starts_with("//") || at.starts_with("/*") {
        return "comments are not allowed".to_owned();
    }
    let message = error.to_string();
    let message = message
        .rsplit_once(" at line ")
        .map_or(&*message, |(message, _)| message);
    match message.strip_prefix("EOF while parsing ") {
        Some("a value") => "the text ends where a value is expected".to_owned(),
        Some(inside) => format!("the text ends inside {inside}"),
        None => message.to_owned(),
    }
}
