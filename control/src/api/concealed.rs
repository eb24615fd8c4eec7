//! What events tell of the policy, kept from those who may not read that. Which Conditional Access policies applied: as in Graph, whoever
//! may read sign-ins is told no more than that one refused. Whom settings name: what a decision compared a caller with.

use crossgate_policy::explanation;
use serde_json::{Map, Value, json};

const STEP: &str = "conditional_access";

/// Of a `signIn`: the policies that applied, and what ours tells of them.
pub(super) fn of_sign_in(event: &mut Map<String, Value>) {
    event.insert("appliedConditionalAccessPolicies".to_owned(), json!([]));
    if let Some(Value::Object(ours)) = event.get_mut("crossgate") {
        if let Some(Value::Array(lines)) = ours.get_mut("explanation") {
            conceal(lines);
        }
        if let Some(change) = ours.get_mut("nearestChange")
            && names_policy(change)
        {
            *change = json!(CHANGE);
        }
    }
}

/// Of an event as `crossgate/decisions` tells it.
pub(super) fn of_decision(event: &mut Value) {
    if let Some(Value::Array(steps)) = event.get_mut("steps") {
        conceal(steps);
    }
    let Some(Value::Object(change)) = event.get_mut("nearestChange") else {
        return;
    };
    if change.get("document").is_some_and(is_policy) {
        change.insert("document".to_owned(), Value::Null);
        change.insert("property".to_owned(), Value::Null);
    }
    if let Some(text) = change.get_mut("text")
        && names_policy(text)
    {
        *text = json!(CHANGE);
    }
}

/// Of an event as `crossgate/decisions` tells it: what was wanted, which are the users, groups, apps and clients of settings.
pub(super) fn wanted(event: &mut Value) {
    let Some(Value::Array(steps)) = event.get_mut("steps") else {
        return;
    };
    for step in steps {
        let Value::Object(step) = step else { continue };
        if step.get("wanted").is_none_or(Value::is_null) {
            continue;
        }
        let text = |name: &str| step.get(name).and_then(Value::as_str).unwrap_or_default();
        let told = explanation::told(text("document"), text("property"), text("result"));
        step.insert("wanted".to_owned(), Value::Null);
        step.insert("text".to_owned(), json!(told));
    }
}

/// One line in the place of those of all policies: how many there are is not told either.
fn conceal(lines: &mut Vec<Value>) {
    let of_policy =
        |line: &Value| line["step"] == STEP && line.get("document").is_some_and(is_policy);
    let Some(first) = lines.iter().position(of_policy) else {
        return;
    };
    let refuses = lines
        .iter()
        .filter(|line| of_policy(line))
        .filter_map(|line| line["result"].as_str())
        .any(|result| result.starts_with("refuses"));
    let result = if refuses { "refuses" } else { "passes" };
    if let Some(Value::Object(line)) = lines.get_mut(first) {
        // What is not there is an empty text in events, and null in decisions.
        let keeps_empty = !line.contains_key("text");
        for (name, value) in line.iter_mut() {
            *value = match &**name {
                "step" => json!(STEP),
                "result" => json!(result),
                "document" | "property" if keeps_empty => json!(""),
                "suppliedBy" => json!("conditionalAccess"),
                "refuses" => json!(refuses),
                "text" => json!(format!(
                    "Conditional Access {result}; which policies applied is for those who may read them."
                )),
                _ => Value::Null,
            };
        }
    }
    let mut place = 0;
    lines.retain(|line| {
        place += 1;
        place == first + 1 || !of_policy(line)
    });
}

fn is_policy(document: &Value) -> bool {
    document
        .as_str()
        .is_some_and(|document| document.starts_with("conditional-access"))
}

fn names_policy(text: &Value) -> bool {
    text.as_str()
        .is_some_and(|text| text.contains("conditional-access"))
}

const CHANGE: &str = "let a Conditional Access policy not apply to this request; which one, is for those who may read policies";
