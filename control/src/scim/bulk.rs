//! Several operations in one request (RFC 7644, section 3.7). Each is a change of its own, in force before the next begins.

use std::collections::{HashMap, HashSet};

use http::Method;
use serde_json::{Map, Value, json};

use super::fault::Fault;
use super::{Call, Reply, Scim};

/// An operation, and what it is known by to others of the request.
struct Operation {
    method: Method,
    path: String,
    bulk_id: Option<String>,
    version: Option<String>,
    data: Value,
}

/// What has become of the operations so far.
#[derive(Default)]
struct Made {
    /// The ids of what was made, by `bulkId`.
    ids: HashMap<String, String>,
    /// What is still to come.
    pending: HashSet<String>,
}

/// Why an operation cannot be done yet, or never.
enum Unready {
    /// Another one makes what it names.
    Waits,
    /// Nothing makes what it names.
    Never(String),
}

impl Scim {
    pub(super) fn bulk(&self, call: &Call<'_>, body: &Value) -> Result<Reply, Fault> {
        let (operations, most_errors) = read(body)?;
        let mut made = Made::default();
        for id in operations
            .iter()
            .filter_map(|operation| operation.bulk_id.clone())
        {
            if !made.pending.insert(id) {
                return Err(Fault::syntax("two operations have the same `bulkId`"));
            }
        }
        let mut done: Vec<Option<Value>> = operations.iter().map(|_| None).collect();
        let (mut errors, mut is_last_round) = (0, false);
        'all: loop {
            let mut has_moved = false;
            for (operation, done) in operations.iter().zip(&mut done) {
                if done.is_some() {
                    continue;
                }
                let result = match made.resolved(operation) {
                    Err(Unready::Waits) if !is_last_round => continue,
                    // Two that wait for each other.
                    Err(Unready::Waits) => Err(Fault::unresolved("bulkId")),
                    Err(Unready::Never(reference)) => Err(Fault::unresolved(&reference)),
                    Ok((path, data)) => self.operation(call, operation, &path, &data),
                };
                has_moved = true;
                if let Some(id) = &operation.bulk_id {
                    made.pending.remove(id);
                }
                let reply = result.unwrap_or_else(|fault| Reply::failed(&fault));
                if let (Some(bulk_id), Some(id)) = (&operation.bulk_id, id_of(&reply)) {
                    made.ids.insert(bulk_id.clone(), id);
                }
                errors += usize::from(reply.refused.is_some());
                *done = Some(told(operation, reply));
                if most_errors.is_some_and(|most| errors >= most) {
                    break 'all;
                }
            }
            if done.iter().all(Option::is_some) {
                break;
            }
            is_last_round = !has_moved;
        }
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],
            "Operations": done.into_iter().flatten().collect::<Vec<_>>(),
        });
        Ok(Reply::ok(200, body, "done"))
    }

    fn operation(
        &self,
        call: &Call<'_>,
        operation: &Operation,
        path: &str,
        data: &Value,
    ) -> Result<Reply, Fault> {
        let body = data.to_string();
        self.operate(&Call {
            method: &operation.method,
            path,
            query: "",
            if_match: operation.version.as_deref(),
            if_none_match: None,
            body: body.as_bytes(),
            ..*call
        })
    }
}

impl Made {
    /// Where an operation goes and what it says, with ids in the place of references.
    fn resolved(&self, operation: &Operation) -> Result<(String, Value), Unready> {
        let mut path = operation.path.clone();
        if let Some((before, reference)) = operation.path.split_once(REFERENCE) {
            path = format!("{before}{}", self.id(reference)?);
        }
        let mut data = operation.data.clone();
        self.resolve(&mut data)?;
        Ok((path, data))
    }

    fn resolve(&self, value: &mut Value) -> Result<(), Unready> {
        match value {
            Value::String(text) => {
                if let Some(reference) = text.strip_prefix(REFERENCE) {
                    *text = self.id(reference)?;
                }
                Ok(())
            }
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.resolve(item)),
            Value::Object(members) => members
                .values_mut()
                .try_for_each(|value| self.resolve(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        }
    }

    fn id(&self, reference: &str) -> Result<String, Unready> {
        match self.ids.get(reference) {
            Some(id) => Ok(id.clone()),
            None if self.pending.contains(reference) => Err(Unready::Waits),
            None => Err(Unready::Never(reference.to_owned())),
        }
    }
}

/// The operations, and after how many failures the rest is left.
fn read(body: &Value) -> Result<(Vec<Operation>, Option<usize>), Fault> {
    let schemas = body.get("schemas").and_then(Value::as_array);
    if !schemas.is_some_and(|schemas| schemas.iter().any(|schema| schema == BULK)) {
        return Err(Fault::syntax(format!("`schemas` does not name `{BULK}`")));
    }
    let operations = body.get("Operations").and_then(Value::as_array);
    let operations = operations.ok_or_else(|| Fault::syntax("`Operations`: expected a list"))?;
    if operations.len() > MOST_OPERATIONS {
        return Err(Fault::too_large(format!(
            "there are more than {MOST_OPERATIONS} operations"
        )));
    }
    let most_errors = match body.get("failOnErrors") {
        None | Some(Value::Null) => None,
        Some(number) => {
            let number = number
                .as_u64()
                .and_then(|number| usize::try_from(number).ok());
            let wrong = || Fault::syntax("`failOnErrors`: expected a number");
            Some(number.filter(|number| *number > 0).ok_or_else(wrong)?)
        }
    };
    let operations: Result<Vec<_>, _> = operations.iter().map(Operation::read).collect();
    Ok((operations?, most_errors))
}

impl Operation {
    fn read(operation: &Value) -> Result<Self, Fault> {
        let text = |name: &str| match operation.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Fault::syntax(format!("`{name}`: expected a text"))),
        };
        let method = text("method")?.unwrap_or_default().to_ascii_uppercase();
        let method = match method.as_str() {
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            "PATCH" => Method::PATCH,
            "DELETE" => Method::DELETE,
            _ => {
                return Err(Fault::syntax(
                    "`method`: expected `POST`, `PUT`, `PATCH` or `DELETE`",
                ));
            }
        };
        let bulk_id = text("bulkId")?.filter(|id| !id.is_empty());
        if method == Method::POST && bulk_id.is_none() {
            return Err(Fault::syntax("a `POST` has a `bulkId`"));
        }
        Ok(Self {
            method,
            path: text("path")?.ok_or_else(|| Fault::syntax("`path` is missing"))?,
            bulk_id,
            version: text("version")?,
            data: operation.get("data").cloned().unwrap_or(Value::Null),
        })
    }
}

fn id_of(reply: &Reply) -> Option<String> {
    let id = reply.body.as_ref()?.get("id")?.as_str()?;
    reply.refused.is_none().then(|| id.to_owned())
}

/// What is told of an operation. Of one that was done, not what it made of the resource.
fn told(operation: &Operation, reply: Reply) -> Value {
    let mut told = Map::new();
    told.insert("method".to_owned(), json!(operation.method.as_str()));
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            told.insert(name.to_owned(), json!(value));
        }
    };
    put("bulkId", operation.bulk_id.clone());
    put("location", reply.location);
    put("version", reply.version);
    put("status", Some(reply.status.to_string()));
    if reply.refused.is_some() {
        told.insert("response".to_owned(), json!(reply.body));
    }
    Value::Object(told)
}

const REFERENCE: &str = "bulkId:";

const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

/// Each waits for the disk.
pub(super) const MOST_OPERATIONS: usize = 100;
