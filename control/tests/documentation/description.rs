//! `docs/openapi.json`: the description that `/openapi.json` gives, with a line for each operation and each type.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crossgate_control::api::description;
use serde_json::Value;

use crate::printed;

/// Where the gateway is reached that the pages tell of.
pub(crate) const ORIGIN: &str = "https://gateway.contoso.com:8444";

#[test]
fn the_description_beside_the_pages_is_the_one_that_is_served() {
    let mut text = String::new();
    layered(&mut text, &description(ORIGIN), 0);
    text.push('\n');
    let read: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read, description(ORIGIN));
    printed::whole("openapi.json", &text);
}

/// Members of the outer objects on lines of their own, what is within them on one line.
fn layered(text: &mut String, value: &Value, depth: usize) {
    let Some(members) = value.as_object().filter(|_| depth < DEPTH) else {
        text.push_str(&value.to_string());
        return;
    };
    let sorted: BTreeMap<_, _> = members.iter().collect();
    text.push('{');
    for (index, (name, value)) in sorted.into_iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let name = Value::from(name.as_str());
        let _ = write!(text, "{comma}\n{:depth$}{name}: ", "", depth = depth + 1);
        layered(text, value, depth + 1);
    }
    let _ = write!(text, "\n{:depth$}}}", "");
}

const DEPTH: usize = 3;
