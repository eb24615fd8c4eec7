//! What a flow asks, as a form has it: values to text and back, each checked for what it is.

use crossgate_control::inviting::is_address;
use crossgate_graph::{Choice, DataType, FlowAttribute, Input, UserFlow};
use crossgate_portal::pages::{Destination, FieldProblem, SignUpField, SignUpInput};
use jiff::civil::Date;
use serde_json::{Map, Value, json};

/// A field with all that its page shows.
pub(super) struct Shown {
    name: String,
    asked: FlowAttribute,
    values: Vec<String>,
    problem: Option<FieldProblem>,
}

/// What was filled in.
pub(super) enum Filled {
    /// The values, by attribute; none for those that were left empty.
    Good(Map<String, Value>),
    /// The fields, with what is wrong.
    NoGood(Vec<Shown>),
}

impl Shown {
    /// What there is to choose from.
    pub(super) fn choices(&self) -> Vec<Destination<'_>> {
        choices(&self.asked.input)
            .iter()
            .map(|choice| Destination {
                label: &choice.name,
                value: &choice.value,
                chosen: self.values.iter().any(|value| **value == *choice.value),
            })
            .collect()
    }

    /// As its page takes it.
    pub(super) fn as_page<'s>(&'s self, choices: &'s [Destination<'s>]) -> SignUpField<'s> {
        SignUpField {
            name: &self.name,
            label: &self.asked.label,
            kind: match &self.asked.input {
                Input::Text => SignUpInput::Text,
                Input::Email => SignUpInput::Email,
                Input::Date => SignUpInput::Date,
                Input::Radio(_) => SignUpInput::Radio,
                Input::Dropdown(_) => SignUpInput::Dropdown,
                Input::Checkboxes(_) => SignUpInput::Checkboxes,
            },
            autocomplete: autocomplete(&self.asked),
            value: self.values.first().map_or("", String::as_str),
            required: !self.asked.optional,
            choices,
            problem: self.problem,
        }
    }
}

/// The fields of a flow, with what is known; where nothing is, with what is chosen before anybody chooses.
pub(super) fn shown(flow: &UserFlow, known: &Map<String, Value>) -> Vec<Shown> {
    let one = |asked: &FlowAttribute| {
        let values = match known.get(&*asked.id) {
            Some(value) => texts(asked.data_type, value),
            None => choices(&asked.input)
                .iter()
                .filter(|choice| choice.is_default)
                .map(|choice| choice.value.to_string())
                .collect(),
        };
        Shown {
            name: name(asked),
            asked: asked.clone(),
            values,
            problem: None,
        }
    };
    flow.attributes.iter().map(one).collect()
}

/// Reads a form.
pub(super) fn filled(flow: &UserFlow, form: &[(String, String)]) -> Filled {
    let mut good = Map::new();
    let mut is_good = true;
    let mut all = Vec::new();
    for asked in &flow.attributes {
        let name = name(asked);
        let given = form.iter().filter(|(other, _)| *other == name);
        let given: Vec<&str> = given
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
            .take(MOST_VALUES)
            .collect();
        let problem = match read(asked, &given) {
            Ok(Some(value)) => {
                good.insert(asked.id.to_string(), value);
                None
            }
            Ok(None) => None,
            Err(problem) => Some(problem),
        };
        is_good &= problem.is_none();
        let cut = |text: &&str| text.chars().take(LONGEST).collect();
        all.push(Shown {
            values: given.iter().map(cut).collect(),
            asked: asked.clone(),
            name,
            problem,
        });
    }
    if is_good {
        Filled::Good(good)
    } else {
        Filled::NoGood(all)
    }
}

/// The value that texts of a form stand for; `None` where it may be left empty, and is.
fn read(asked: &FlowAttribute, given: &[&str]) -> Result<Option<Value>, FieldProblem> {
    let Some(first) = given.first() else {
        return if asked.optional {
            Ok(None)
        } else {
            Err(FieldProblem::Missing)
        };
    };
    if given.iter().any(|text| !is_text(text)) {
        return Err(FieldProblem::NotText);
    }
    if asked.data_type == DataType::Texts {
        let offered = choices(&asked.input);
        let are_offered = |text: &&str| offered.iter().any(|choice| *choice.value == **text);
        return if given.iter().all(are_offered) {
            Ok(Some(json!(given)))
        } else {
            Err(FieldProblem::NotChoice)
        };
    }
    if given.len() > 1 {
        return Err(FieldProblem::NotText);
    }
    match &asked.input {
        Input::Radio(offered) | Input::Dropdown(offered) => {
            if !offered.iter().any(|choice| *choice.value == **first) {
                return Err(FieldProblem::NotChoice);
            }
        }
        Input::Email if !is_address(first) => return Err(FieldProblem::NotEmail),
        Input::Text | Input::Email | Input::Date | Input::Checkboxes(_) => {}
    }
    Ok(Some(match asked.data_type {
        DataType::Text | DataType::Texts => json!(first),
        DataType::Boolean => match *first {
            "true" => json!(true),
            "false" => json!(false),
            _ => return Err(FieldProblem::NotChoice),
        },
        DataType::Integer => match first.parse::<i64>() {
            Ok(number) => json!(number),
            Err(_) => return Err(FieldProblem::NotNumber),
        },
        DataType::DateTime => match first.parse::<Date>() {
            Ok(day) => json!(format!("{day}T00:00:00Z")),
            Err(_) => return Err(FieldProblem::NotDate),
        },
    }))
}

/// A value that a connector gives, where it is of the attribute's type.
pub(super) fn given(asked: &FlowAttribute, value: &Value) -> Option<Value> {
    let text = |value: &Value| {
        value
            .as_str()
            .filter(|text| is_text(text))
            .map(str::to_owned)
    };
    match asked.data_type {
        DataType::Text => text(value).map(Value::String),
        DataType::Boolean => value.as_bool().map(Value::Bool),
        DataType::Integer => value.as_i64().map(|number| json!(number)),
        DataType::Texts => {
            let list = value.as_array().filter(|list| list.len() <= MOST_VALUES)?;
            let list: Option<Vec<String>> = list.iter().map(text).collect();
            list.map(|list| json!(list))
        }
        DataType::DateTime => {
            let told = text(value)?;
            let is_time = told.parse::<jiff::Timestamp>().is_ok();
            is_time.then_some(Value::String(told))
        }
    }
}

/// A value as fields have it.
fn texts(of: DataType, value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if of == DataType::DateTime => {
            let day = text.split('T').next().unwrap_or(text);
            vec![day.to_owned()]
        }
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list
            .iter()
            .filter_map(|one| one.as_str().map(str::to_owned))
            .collect(),
        Value::Null | Value::Object(_) => Vec::new(),
        Value::Bool(_) | Value::Number(_) => vec![value.to_string()],
    }
}

fn choices(input: &Input) -> &[Choice] {
    match input {
        Input::Radio(choices) | Input::Dropdown(choices) | Input::Checkboxes(choices) => choices,
        Input::Text | Input::Email | Input::Date => &[],
    }
}

/// What stands for an attribute in a form. None is called as a field of ours.
fn name(asked: &FlowAttribute) -> String {
    format!("attribute-{}", asked.id)
}

/// What browsers fill in by themselves (HTML, autofill detail tokens).
fn autocomplete(asked: &FlowAttribute) -> Option<&'static str> {
    Some(match &*asked.id {
        "city" => "address-level2",
        "country" => "country-name",
        "displayName" => "name",
        "givenName" => "given-name",
        "jobTitle" => "organization-title",
        "postalCode" => "postal-code",
        "state" => "address-level1",
        "streetAddress" => "street-address",
        "surname" => "family-name",
        _ => return None,
    })
}

fn is_text(text: &str) -> bool {
    text.chars().count() <= LONGEST && !text.chars().any(char::is_control)
}

/// Letters of one value.
const LONGEST: usize = 1024;

/// Values of one attribute: as many as a flow can offer.
const MOST_VALUES: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(data_type: DataType, input: Input, optional: bool) -> FlowAttribute {
        FlowAttribute {
            id: "a".into(),
            label: "A".into(),
            optional,
            data_type,
            input,
        }
    }

    fn offered() -> Box<[Choice]> {
        ["1", "2"]
            .map(|value| Choice {
                name: value.into(),
                value: value.into(),
                is_default: false,
            })
            .into()
    }

    #[test]
    fn what_is_filled_in_is_of_the_type_that_was_asked_for_or_told_to_be_wrong() {
        let long = "x".repeat(LONGEST + 1);
        for (asked, given, expected) in [
            (
                asked(DataType::Text, Input::Text, false),
                &["Lund"][..],
                Ok(Some(json!("Lund"))),
            ),
            (
                asked(DataType::Text, Input::Text, false),
                &[],
                Err(FieldProblem::Missing),
            ),
            (asked(DataType::Text, Input::Text, true), &[], Ok(None)),
            (
                asked(DataType::Text, Input::Text, false),
                &["a\nb"],
                Err(FieldProblem::NotText),
            ),
            (
                asked(DataType::Text, Input::Text, false),
                &["a", "b"],
                Err(FieldProblem::NotText),
            ),
            (
                asked(DataType::Text, Input::Text, false),
                &[&long],
                Err(FieldProblem::NotText),
            ),
            (
                asked(DataType::Text, Input::Email, false),
                &["x"],
                Err(FieldProblem::NotEmail),
            ),
            (
                asked(DataType::Integer, Input::Text, false),
                &["42"],
                Ok(Some(json!(42))),
            ),
            (
                asked(DataType::Integer, Input::Text, false),
                &["4.2"],
                Err(FieldProblem::NotNumber),
            ),
            (
                asked(DataType::DateTime, Input::Date, false),
                &["2026-02-30"],
                Err(FieldProblem::NotDate),
            ),
            (
                asked(DataType::DateTime, Input::Date, false),
                &["2026-02-28"],
                Ok(Some(json!("2026-02-28T00:00:00Z"))),
            ),
            (
                asked(DataType::Text, Input::Radio(offered()), false),
                &["3"],
                Err(FieldProblem::NotChoice),
            ),
            (
                asked(DataType::Integer, Input::Dropdown(offered()), false),
                &["2"],
                Ok(Some(json!(2))),
            ),
            (
                asked(DataType::Texts, Input::Checkboxes(offered()), false),
                &["1", "2"],
                Ok(Some(json!(["1", "2"]))),
            ),
            (
                asked(DataType::Texts, Input::Checkboxes(offered()), false),
                &["1", "3"],
                Err(FieldProblem::NotChoice),
            ),
        ] {
            assert_eq!(read(&asked, given), expected, "{asked:?} {given:?}");
        }
    }
}
