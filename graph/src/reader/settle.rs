//! All that is wrong with one document, and what remains of it.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::path::Step;
use super::read::is_annotation;
use super::report::{Found, Mark};
use crate::did_you_mean::closest;

/// A document as far as it could be read.
#[derive(Debug)]
pub(super) struct Settled<T> {
    /// `None` where not even its outermost form is right.
    pub(super) document: Option<T>,
    /// What is wrong.
    pub(super) found: Vec<Found>,
    /// Where something was left out because it could not be read.
    pub(super) unread: Vec<Vec<Step>>,
}

/// Reads a document; takes out whatever is wrong, one thing at a time, until the rest can be read.
pub(super) fn settle<T: DeserializeOwned>(mut value: Value) -> Settled<T> {
    let mut found = Vec::new();
    let mut unread: Vec<Vec<Step>> = Vec::new();
    // Ends: every round removes a member, or makes a value that is not null null.
    loop {
        let error = match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(document) => {
                return Settled {
                    document: Some(document),
                    found,
                    unread,
                };
            }
            Err(error) => error,
        };
        let steps = steps(error.path());
        let message = error.inner().to_string();
        if let Some((name, known)) = unknown_member(&message) {
            let object = match steps.split_last() {
                Some((Step::Member(last), parent)) if last == name => parent.to_vec(),
                _ => steps,
            };
            let removed = at(&mut value, &object)
                .and_then(Value::as_object_mut)
                .and_then(|members| members.remove(name));
            let steps = [object, vec![Step::Member(name.to_owned())]].concat();
            if removed.is_some() {
                // Annotations may stand anywhere.
                if !is_annotation(name) {
                    found.push(Found {
                        message: not_a_member(name, &known),
                        mark: Mark::Name,
                        steps,
                    });
                }
                continue;
            }
            unread.push(steps);
            return Settled {
                document: None,
                found,
                unread,
            };
        }
        if !unread.iter().any(|earlier| earlier.starts_with(&steps)) {
            found.push(Found {
                steps: steps.clone(),
                mark: Mark::Value,
                message: in_plain_words(&message),
            });
        }
        if !blank(&mut value, &steps, &mut unread) {
            return Settled {
                document: None,
                found,
                unread,
            };
        }
    }
}

/// Makes the value at a path null, or the nearest one above it that is not null yet.
fn blank(value: &mut Value, steps: &[Step], unread: &mut Vec<Vec<Step>>) -> bool {
    let mut steps = steps.to_vec();
    while !steps.is_empty() {
        if let Some(place) = at(value, &steps).filter(|place| !place.is_null()) {
            *place = Value::Null;
            unread.push(steps);
            return true;
        }
        steps.pop();
    }
    false
}

fn at<'v>(value: &'v mut Value, steps: &[Step]) -> Option<&'v mut Value> {
    steps
        .iter()
        .try_fold(value, |value, step| match (step, value) {
            (Step::Member(name), Value::Object(members)) => members.get_mut(name),
            (Step::Item(index), Value::Array(list)) => list.get_mut(*index),
            (Step::Member(_) | Step::Item(_), _) => None,
        })
}

fn steps(path: &serde_path_to_error::Path) -> Vec<Step> {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Map { key } => Some(Step::Member(key.clone())),
            Segment::Seq { index } => Some(Step::Item(*index)),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// The member that a derived reader does not know, and those it does.
fn unknown_member(message: &str) -> Option<(&str, Vec<&str>)> {
    let mut quoted = message
        .strip_prefix("unknown field ")?
        .split('`')
        .skip(1)
        .step_by(2);
    Some((quoted.next()?, quoted.collect()))
}

fn not_a_member(name: &str, known: &[&str]) -> String {
    if let Some(known) = known.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        return format!(
            "`{name}` is not a member that Graph has; names are case-sensitive: write `{known}`"
        );
    }
    match closest(name, known) {
        Some(known) => {
            format!("`{name}` is not a member that Graph has here; did you mean `{known}`?")
        }
        None => format!("`{name}` is not a member that Graph has here; remove it"),
    }
}

/// A derived reader's complaint without its own vocabulary.
fn in_plain_words(message: &str) -> String {
    let Some((found, expected)) = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))
        .and_then(|rest| rest.split_once(", expected "))
    else {
        return message.to_owned();
    };
    let found = match found {
        "map" => "an object".to_owned(),
        "sequence" => "a list".to_owned(),
        other => other
            .replace("string \"", "the string `")
            .replace("integer `", "the number `")
            .replace("floating point `", "the number `")
            .replace("boolean `", "`")
            .trim_end_matches('"')
            .to_owned(),
    };
    let found = if found.starts_with("the string `") {
        found + "`"
    } else {
        found
    };
    let expected = match expected {
        "a sequence" => "a list",
        other => other,
    };
    format!("expected {expected}, found {found}")
}
