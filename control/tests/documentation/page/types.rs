//! The types of the description.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::html::{code, id, text};

/// The section of all types.
pub(super) fn all(page: &mut String, document: &Value) {
    let schemas = document["components"]["schemas"].as_object().unwrap();
    page.push_str("<section id=\"types\">\n<h2>Types</h2>\n");
    page.push_str(INTRODUCTION);
    let shown: BTreeMap<_, _> = schemas
        .iter()
        .filter(|(name, _)| !name.contains('.'))
        .collect();
    for (name, schema) in shown {
        let _ = writeln!(page, "<h3 id=\"{}\">{}</h3>", id(name), text(name));
        let resource = schemas
            .get(&format!("{name}.create"))
            .zip(schemas.get(&format!("{name}.update")));
        properties(page, schema, resource);
    }
    page.push_str("</section>\n");
}

fn properties(page: &mut String, schema: &Value, resource: Option<(&Value, &Value)>) {
    page.push_str("<table>\n");
    for (name, property) in sorted(schema) {
        let written = match resource {
            None => "",
            Some((_, update)) if update["properties"].get(name).is_some() => "any time",
            Some((create, _)) if create["properties"].get(name).is_some() => "when made; needed",
            Some(_) => "never",
        };
        let initial = property
            .get("default")
            .map(|value| code(&value.to_string()));
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{}</td>",
            code(name),
            told(property)
        );
        if resource.is_some() {
            let _ = write!(
                page,
                "<td>{written}</td><td>{}</td>",
                initial.unwrap_or_default()
            );
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</table>\n");
}

/// What values a schema has.
pub(super) fn told(schema: &Value) -> String {
    if let Some(place) = schema["$ref"].as_str() {
        return link(place.rsplit('/').next().unwrap_or(place));
    }
    // Nearly everything may be null, which the section says once.
    if let Some(either) = schema["anyOf"].as_array() {
        let told: Vec<_> = either
            .iter()
            .filter(|one| one["type"] != "null")
            .map(told)
            .collect();
        return told.join(" or ");
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<_> = words.iter().filter_map(Value::as_str).map(code).collect();
        return words.join(" ");
    }
    let kind = schema["type"].as_str().or_else(|| {
        let kinds = schema["type"].as_array()?.iter().filter_map(Value::as_str);
        kinds.into_iter().find(|kind| *kind != "null")
    });
    match (kind, schema["format"].as_str()) {
        (Some("string"), Some("uuid")) => "GUID".to_owned(),
        (Some("string"), Some("date-time")) => "time".to_owned(),
        (Some("string"), _) => "text".to_owned(),
        (Some("boolean"), _) => "<code>true</code> <code>false</code>".to_owned(),
        (Some("integer"), _) => match (schema["minimum"].as_u64(), schema["maximum"].as_u64()) {
            (Some(least), Some(most)) => format!("{least} to {most}"),
            _ => "number".to_owned(),
        },
        (Some("array"), _) => format!("list of {}", told(&schema["items"])),
        (Some("object"), _) if schema["properties"].is_object() => {
            let members: Vec<_> = sorted(schema)
                .map(|(name, of)| format!("{}: {}", code(name), told(of)))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
        (Some("object"), _) => "object".to_owned(),
        (_, _) => "any JSON".to_owned(),
    }
}

/// A type by its name; what of it a body may have, where that is named.
pub(super) fn link(name: &str) -> String {
    let (of, what) = match name.split_once('.') {
        Some((of, "create")) => (of, ", what can be written of a new one"),
        Some((of, _)) => (of, ", what can be written of one that is there"),
        None => (name, ""),
    };
    format!("<a href=\"#{}\">{}</a>{what}", id(of), text(of))
}

fn sorted(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let properties = schema["properties"].as_object();
    let sorted: BTreeMap<_, _> = properties.into_iter().flatten().collect();
    sorted.into_iter()
}

const INTRODUCTION: &str = "<p>Of a resource the third column says when a caller may write a property, and the \
    fourth what an answer shows where nothing was written, if that is not null. What may be written at any time may be written \
    as null, which resets it.</p>\n";
