//! The documents as they lie on disk, and how to find one among them.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::ids::same;

/// Everything that was written: the policy directory's documents and the configuration.
pub struct Book {
    pub(super) config: Value,
    pub(super) policy: Documents,
}

/// A policy directory's documents, unread.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// `cross-tenant-access-policy.json`
    pub root: Value,
    /// `default.json`
    pub default: Value,
    /// `partners/*.json`, `partners.json`, `partners.jsonl`
    pub partners: Vec<Value>,
    /// `conditional-access/*.json`
    pub conditional_access: Vec<Value>,
    /// `named-locations/*.json`
    pub named_locations: Vec<Value>,
    /// `guests.jsonl`
    pub guests: Vec<Value>,
    /// `revocations.jsonl`
    pub revocations: Vec<Value>,
    /// `app-role-assignments.jsonl`
    pub assignments: Vec<Value>,
    /// `group-members.jsonl`
    pub group_members: Vec<Value>,
}

impl Book {
    /// A book over documents already read.
    ///
    /// # Panics
    /// If the configuration is not TOML.
    #[must_use]
    pub fn new(policy: Documents, config: &str) -> Self {
        Self {
            config: toml::from_str(config).expect("configuration is TOML"),
            policy,
        }
    }

    pub(super) fn own_tenant(&self) -> &str {
        text(&self.config["tenant"], "id").expect("own tenant")
    }

    pub(super) fn own_cloud(&self) -> &str {
        text(&self.config["tenant"], "cloud").unwrap_or("global")
    }

    pub(super) fn is_own(&self, tenant: &str) -> bool {
        same(self.own_tenant(), tenant)
    }

    pub(super) fn guest_mode(&self) -> &str {
        self.config
            .pointer("/guests/directory")
            .and_then(Value::as_str)
            .unwrap_or("optional")
    }

    pub(super) fn app(&self, id: &str) -> Option<&Value> {
        entries(&self.config, "app")
            .iter()
            .find(|app| same(text(app, "id").unwrap_or_default(), id))
    }

    pub(super) fn issuers(&self) -> &[Value] {
        entries(&self.config, "issuer")
    }

    pub(super) fn issuer(&self, name: &str) -> Option<&Value> {
        self.issuers()
            .iter()
            .find(|issuer| text(issuer, "name") == Some(name))
    }

    /// The tenant that owns the app.
    pub(super) fn resource_tenant<'a>(&'a self, app: &'a Value) -> &'a str {
        match text(app, "resource_tenant") {
            None | Some("own") => self.own_tenant(),
            Some(tenant) => tenant,
        }
    }

    /// The `[[partner]]` of the configuration.
    pub(super) fn configured_partner(&self, tenant: &str) -> Option<&Value> {
        entries(&self.config, "partner")
            .iter()
            .find(|partner| same(text(partner, "tenant").unwrap_or_default(), tenant))
    }

    /// Graph's partner document.
    pub(super) fn partner(&self, tenant: &str) -> Option<&Value> {
        self.policy
            .partners
            .iter()
            .find(|partner| same(text(partner, "tenantId").unwrap_or_default(), tenant))
    }
}

/// Reads every document of a policy directory.
pub(super) fn policy_directory(dir: &Path) -> Documents {
    let mut partners = folder(&dir.join("partners"));
    partners.extend(one_or_many(file(&dir.join("partners.json"))));
    partners.extend(lines(&dir.join("partners.jsonl")));
    Documents {
        root: file(&dir.join("cross-tenant-access-policy.json")),
        default: file(&dir.join("default.json")),
        partners,
        conditional_access: folder(&dir.join("conditional-access")),
        named_locations: folder(&dir.join("named-locations")),
        guests: lines(&dir.join("guests.jsonl")),
        revocations: lines(&dir.join("revocations.jsonl")),
        assignments: lines(&dir.join("app-role-assignments.jsonl")),
        group_members: lines(&dir.join("group-members.jsonl")),
    }
}

fn file(path: &Path) -> Value {
    match fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text).expect("a policy document is JSON"),
        Err(_) => Value::Null,
    }
}

fn folder(path: &Path) -> Vec<Value> {
    let Ok(found) = fs::read_dir(path) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = found
        .map(|entry| entry.expect("policy folder").path())
        .collect();
    paths.sort();
    paths
        .iter()
        .flat_map(|path| one_or_many(file(path)))
        .collect()
}

fn one_or_many(document: Value) -> Vec<Value> {
    if document.is_null() {
        return Vec::new();
    }
    match document.get("value").and_then(Value::as_array) {
        Some(many) => many.clone(),
        None => vec![document],
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect()
}

/// A member that is a string.
pub(super) fn text<'a>(object: &'a Value, member: &str) -> Option<&'a str> {
    object.get(member).and_then(Value::as_str)
}

/// A member that is `true`.
pub(super) fn flag(object: &Value, member: &str) -> bool {
    object.get(member).and_then(Value::as_bool).unwrap_or(false)
}

/// A member that is a list of strings; absent or null is an empty list.
pub(super) fn texts<'a>(object: &'a Value, member: &str) -> Vec<&'a str> {
    entries(object, member)
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

/// A member that is a list.
pub(super) fn entries<'a>(object: &'a Value, member: &str) -> &'a [Value] {
    object
        .get(member)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// A member that is there and not null.
pub(super) fn set<'a>(object: &'a Value, member: &str) -> Option<&'a Value> {
    object.get(member).filter(|value| !value.is_null())
}

/// Seconds since 1970 of an RFC 3339 time.
pub(super) fn seconds(time: &str) -> f64 {
    let time: jiff::Timestamp = time.parse().expect("an RFC 3339 time");
    time.as_duration().as_secs_f64()
}
