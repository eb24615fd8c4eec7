//! What the audit keeps of an attempt: Graph's `directoryAudit`.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::administrator::{Administrator, Credential};
use crate::text::{Document, bounded, put};

/// What was attempted, in the words of Entra's audit log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Activity {
    /// `activityDisplayName`.
    pub name: &'static str,
    /// `category`.
    pub category: &'static str,
    /// `operationType`.
    pub operation: &'static str,
}

impl Activity {
    /// An activity of this category.
    #[must_use]
    pub const fn new(category: &'static str, operation: &'static str, name: &'static str) -> Self {
        Self {
            name,
            category,
            operation,
        }
    }
}

/// One attempt: who, from where, what.
#[derive(Clone, Debug)]
pub struct Attempt<'a> {
    /// What was attempted.
    pub activity: Activity,
    /// Who did.
    pub by: Initiator<'a>,
    /// `correlationId`: the call's `request-id`.
    pub correlation: Uuid,
    /// What it was done to.
    pub target: TargetResource,
    /// `User-Agent` and the like.
    pub details: Vec<(&'static str, String)>,
}

/// Who attempted something.
#[derive(Clone, Copy, Debug)]
pub enum Initiator<'a> {
    /// A caller of the API, and the address of the call.
    Administrator(&'a Administrator, Option<std::net::IpAddr>),
    /// This program, by a command or of itself.
    Program(&'static str),
    /// A transmitter of security events, by the name it is configured by.
    Transmitter(&'a str),
    /// The provisioning of a partner, by the partner's name.
    Synchronization(&'a str),
}

/// What something was done to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TargetResource {
    /// `id`.
    pub id: String,
    /// `displayName`.
    pub name: Option<String>,
    /// `type`.
    pub kind: &'static str,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// It was done.
    Success,
    /// It was not, for this reason.
    Failure(&'a str),
}

/// A record's `id`, and its text. What an attempt names is cut where it is too long: whoever is refused chooses it too.
#[must_use]
pub fn record(
    attempt: &Attempt<'_>,
    outcome: Outcome<'_>,
    modified: &[Modified],
    at: Timestamp,
) -> (String, String) {
    let suffix = Uuid::new_v4().simple().to_string();
    let suffix = suffix.get(..8).unwrap_or(&suffix).to_uppercase();
    let id = format!("Directory_{}_{suffix}", attempt.correlation);
    let (result, reason) = match outcome {
        Outcome::Success => ("success", ""),
        Outcome::Failure(reason) => ("failure", reason),
    };
    let (user, app) = initiator(attempt.by);
    let modified = modified.iter().map(|change| {
        json!({"displayName": change.name, "oldValue": change.old, "newValue": change.new})
    });
    let details = attempt
        .details
        .iter()
        .map(|(key, value)| json!({"key": key, "value": bounded(value, LONGEST_TEXT)}));
    let record = json!({
        "id": id,
        "category": attempt.activity.category,
        "correlationId": attempt.correlation.to_string(),
        "result": result,
        "resultReason": bounded(reason, LONGEST_TEXT),
        "activityDisplayName": attempt.activity.name,
        "activityDateTime": at.to_string(),
        "loggedByService": "Core Directory",
        "operationType": attempt.activity.operation,
        "initiatedBy": {"user": user, "app": app},
        "targetResources": [{
            "id": bounded(&attempt.target.id, LONGEST_ID),
            "displayName": attempt.target.name,
            "type": attempt.target.kind,
            "userPrincipalName": null,
            "groupType": null,
            "modifiedProperties": modified.collect::<Vec<_>>(),
        }],
        "additionalDetails": details.collect::<Vec<_>>(),
    });
    (id, record.to_string())
}

fn initiator(by: Initiator<'_>) -> (Value, Value) {
    let (administrator, address) = match by {
        Initiator::Program(name) | Initiator::Transmitter(name) => {
            return (Value::Null, app(None, name));
        }
        Initiator::Synchronization(partner) => {
            let name = format!("Cross-tenant synchronization of {partner}");
            return (Value::Null, app(None, &name));
        }
        Initiator::Administrator(administrator, address) => (administrator, address),
    };
    let user = |id: Option<String>, name: Option<&str>| {
        json!({
            "id": id,
            "displayName": name,
            "userPrincipalName": administrator.user_principal_name.as_deref(),
            "ipAddress": address.map(|address| address.to_string()),
        })
    };
    match &administrator.credential {
        Credential::Bootstrap => (user(None, Some("Crossgate bootstrap")), Value::Null),
        Credential::BreakGlass => (user(None, Some("Crossgate break-glass")), Value::Null),
        Credential::Session(person) => {
            let id = Some(person.user.to_string());
            (user(id, administrator.display_name.as_deref()), Value::Null)
        }
        Credential::Token(subject) | Credential::Console(subject) => {
            let id = subject.user_id.as_ref().map(ToString::to_string);
            match subject.kind {
                crossgate_policy::subject::SubjectKind::User => {
                    (user(id, administrator.display_name.as_deref()), Value::Null)
                }
                crossgate_policy::subject::SubjectKind::App => {
                    let client = subject.client.as_ref().map(ToString::to_string);
                    let mut app = app(client, administrator.display_name.as_deref().unwrap_or(""));
                    put(&mut app, "servicePrincipalId", json!(id));
                    (Value::Null, app)
                }
            }
        }
    }
}

fn app(id: Option<String>, name: &str) -> Value {
    json!({"appId": id, "displayName": name, "servicePrincipalId": null, "servicePrincipalName": null})
}

/// One property as it was and as it is: JSON in text, as Entra writes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Modified {
    name: String,
    old: Option<String>,
    new: Option<String>,
}

/// The properties in which two states of a document differ, in the order of their names.
#[must_use]
pub fn modified(old: Option<&Document>, new: Option<&Document>) -> Vec<Modified> {
    let members = |document: Option<&Document>| document.map(Document::members).unwrap_or_default();
    let (old, new) = (members(old), members(new));
    let names: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let value =
        |of: &Map<String, Value>, name: &str| of.get(name).map(|value| observed(value).to_string());
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| Modified {
            name: name.clone(),
            old: value(&old, name),
            new: value(&new, name),
        })
        .collect()
}

/// The same of one document of many: each property behind the document's name.
#[must_use]
pub fn modified_in(
    document: &str,
    old: Option<&Document>,
    new: Option<&Document>,
) -> Vec<Modified> {
    let modified = modified(old, new).into_iter();
    modified
        .map(|change| Modified {
            name: format!("{document}: {}", change.name),
            ..change
        })
        .collect()
}

/// A value as Entra's audit writes it: members with a capital first letter, access and target types by their numbers.
fn observed(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let value = match (name.as_str(), value.as_str()) {
                    ("accessType", Some("allowed")) | ("targetType", Some("user")) => json!(1),
                    ("accessType", Some("blocked")) | ("targetType", Some("group")) => json!(2),
                    ("targetType", Some("application")) => json!(3),
                    _ => observed(value),
                };
                (capital(name), value)
            })
            .collect(),
        Value::Array(items) => items.iter().map(observed).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Ids are shorter; a revocation's has a kind before it.
const LONGEST_ID: usize = 256;

/// A reason with some faults, or a path of a file system.
const LONGEST_TEXT: usize = 8_192;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_told_as_entra_writes_them_and_only_those_that_differ() {
        let old = Document::parse(r#"{"tenantId":"t","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed"}}}"#).unwrap();
        let new = Document::parse(r#"{"tenantId":"t","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"blocked"}},"isServiceProvider":true}"#).unwrap();
        let modified = modified(Some(&old), Some(&new));
        assert_eq!(
            modified,
            [
                Modified {
                    name: "b2bCollaborationInbound".to_owned(),
                    old: Some(r#"{"UsersAndGroups":{"AccessType":1}}"#.to_owned()),
                    new: Some(r#"{"UsersAndGroups":{"AccessType":2}}"#.to_owned()),
                },
                Modified {
                    name: "isServiceProvider".to_owned(),
                    old: None,
                    new: Some("true".to_owned()),
                },
            ]
        );
    }
}
