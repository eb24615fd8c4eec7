//! What a reader asks for: which resources, how many, which attributes (RFC 7644, sections 3.4.2 and 3.9).

use serde_json::{Map, Value};

use super::fault::{Fault, FaultKind};
use super::filter::Selection;
use super::schema::ResourceKind;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    pub(super) filter: Option<String>,
    /// From 1.
    pub(super) start: usize,
    pub(super) count: usize,
    pub(super) view: View,
}

/// Which attributes.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    only: Option<Vec<String>>,
    without: Vec<String>,
}

impl Query {
    /// From the address.
    pub(super) fn of_address(query: &str) -> Result<Self, Fault> {
        let mut asked = Asked::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let names = || {
                value
                    .split(',')
                    .map(|name| name.trim().to_owned())
                    .collect()
            };
            let number = || {
                value
                    .parse::<i64>()
                    .map_err(|_| Fault::value(format!("`{name}`: expected a number")))
            };
            match &*name {
                "filter" => asked.filter = Some(value.into_owned()),
                "startIndex" => asked.start = Some(number()?),
                "count" => asked.count = Some(number()?),
                "attributes" => asked.only = Some(names()),
                "excludedAttributes" => asked.without = Some(names()),
                // Sorting is not offered, and a reader is told so by the service's configuration.
                _ => {}
            }
        }
        asked.checked()
    }

    /// From the body of a search (RFC 7644, section 3.4.3).
    pub(super) fn of_search(body: &Value) -> Result<Self, Fault> {
        let Value::Object(members) = body else {
            return Err(Fault::syntax("expected a JSON object"));
        };
        let schemas = members.get("schemas").and_then(Value::as_array);
        if !schemas.is_some_and(|schemas| schemas.iter().any(|schema| schema == SEARCH)) {
            return Err(Fault::syntax(format!("`schemas` does not name `{SEARCH}`")));
        }
        let wrong = |name: &str| Fault::value(format!("`{name}` is not what it should be"));
        let mut asked = Asked::default();
        for (name, value) in members {
            let names = || {
                let names = value.as_array()?.iter();
                names
                    .map(|name| Some(name.as_str()?.to_owned()))
                    .collect::<Option<Vec<_>>>()
            };
            let number = || value.as_i64();
            if value.is_null() {
                continue;
            }
            match name.as_str() {
                "filter" => {
                    let filter = value.as_str().ok_or_else(|| wrong(name))?;
                    asked.filter = Some(filter.to_owned());
                }
                "startIndex" => asked.start = Some(number().ok_or_else(|| wrong(name))?),
                "count" => asked.count = Some(number().ok_or_else(|| wrong(name))?),
                "attributes" => asked.only = Some(names().ok_or_else(|| wrong(name))?),
                "excludedAttributes" => asked.without = Some(names().ok_or_else(|| wrong(name))?),
                _ => {}
            }
        }
        asked.checked()
    }
}

#[derive(Default)]
struct Asked {
    filter: Option<String>,
    start: Option<i64>,
    count: Option<i64>,
    only: Option<Vec<String>>,
    without: Option<Vec<String>>,
}

impl Asked {
    fn checked(self) -> Result<Query, Fault> {
        if self.only.is_some() && self.without.is_some() {
            return Err(Fault::bad(
                FaultKind::Value,
                "`attributes` and `excludedAttributes` exclude each other",
            ));
        }
        // RFC 7644, table 6: less than 1 is 1, and less than 0 is 0.
        let at_least = |number: Option<i64>, least: i64, none: usize| {
            number.map_or(none, |number| {
                usize::try_from(number.max(least)).unwrap_or(none)
            })
        };
        Ok(Query {
            filter: self.filter,
            start: at_least(self.start, 1, 1),
            count: at_least(self.count, 0, MOST_RESULTS).min(MOST_RESULTS),
            view: View {
                only: self.only,
                without: self.without.unwrap_or_default(),
            },
        })
    }
}

impl View {
    /// Whether an attribute is wanted, so that it need not be made otherwise.
    pub(super) fn wants(&self, kind: ResourceKind, name: &str) -> bool {
        let is_it = |text: &String| match Selection::parse(kind, text) {
            Some(Selection::Target(target)) => target.attribute.name == name,
            Some(Selection::Extension(_)) | None => false,
        };
        let is_without = |text: &String| text.eq_ignore_ascii_case(name);
        match &self.only {
            Some(only) => only.iter().any(is_it),
            None => !self.without.iter().any(is_without),
        }
    }

    /// Leaves what is wanted, and what every answer has.
    pub(super) fn apply(
        &self,
        kind: ResourceKind,
        mut resource: Map<String, Value>,
    ) -> Map<String, Value> {
        let select = |text: &String| Selection::parse(kind, text);
        if let Some(only) = &self.only {
            let mut left = Map::new();
            for name in ["schemas", "id"] {
                if let Some(value) = resource.get(name) {
                    left.insert(name.to_owned(), value.clone());
                }
            }
            for selection in only.iter().filter_map(select) {
                take(&resource, &mut left, &selection);
            }
            return left;
        }
        for selection in self.without.iter().filter_map(select) {
            leave_out(&mut resource, &selection);
        }
        resource
    }
}

fn take(from: &Map<String, Value>, to: &mut Map<String, Value>, selection: &Selection) {
    let target = match selection {
        Selection::Extension(schema) => {
            if let Some(value) = from.get(schema.urn) {
                to.insert(schema.urn.to_owned(), value.clone());
            }
            return;
        }
        Selection::Target(target) => target,
    };
    let name = target.attribute.name;
    let (from, to) = match target.extension {
        None => (Some(from), Some(to)),
        Some(schema) => {
            let from = from.get(schema.urn).and_then(Value::as_object);
            if from.is_none_or(|from| !from.contains_key(name)) {
                return;
            }
            let to = to
                .entry(schema.urn)
                .or_insert_with(|| Value::Object(Map::new()));
            (from, to.as_object_mut())
        }
    };
    let (Some(value), Some(to)) = (from.and_then(|from| from.get(name)), to) else {
        return;
    };
    let Some(part) = target.part else {
        to.insert(name.to_owned(), value.clone());
        return;
    };
    let of = |value: &Value| {
        let part = value
            .get(part.name)
            .map(|value| (part.name.to_owned(), value.clone()));
        Value::Object(part.into_iter().collect())
    };
    match (value, to.get_mut(name)) {
        (Value::Array(items), Some(Value::Array(taken))) => {
            for (item, taken) in items.iter().zip(taken) {
                add(taken, of(item));
            }
        }
        (Value::Array(items), _) => {
            to.insert(name.to_owned(), items.iter().map(of).collect());
        }
        (value, Some(taken)) => add(taken, of(value)),
        (value, None) => {
            to.insert(name.to_owned(), of(value));
        }
    }
}

fn add(taken: &mut Value, more: Value) {
    if let (Value::Object(taken), Value::Object(more)) = (taken, more) {
        taken.extend(more);
    }
}

fn leave_out(from: &mut Map<String, Value>, selection: &Selection) {
    let target = match selection {
        Selection::Extension(schema) => {
            from.remove(schema.urn);
            return;
        }
        Selection::Target(target) => target,
    };
    let name = target.attribute.name;
    // RFC 7643, section 7: `id` is always returned.
    if name == "id" {
        return;
    }
    let from = match target.extension {
        None => Some(from),
        Some(schema) => from.get_mut(schema.urn).and_then(Value::as_object_mut),
    };
    let Some(from) = from else { return };
    let Some(part) = target.part else {
        from.remove(name);
        return;
    };
    let without = |value: &mut Value| {
        if let Some(value) = value.as_object_mut() {
            value.remove(part.name);
        }
    };
    match from.get_mut(name) {
        Some(Value::Array(items)) => items.iter_mut().for_each(without),
        Some(value) => without(value),
        None => {}
    }
}

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// Resources of one answer.
pub(super) const MOST_RESULTS: usize = 200;
