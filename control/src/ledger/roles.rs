//! Roles out of their documents.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::error::Detail;
use crate::document::{DocumentKind, Write};
use crate::roles::{Fault, RoleAssignment, RoleDefinition, Roles};
use crate::store::{Sequence, Store, StoreError};

/// Why there are no roles.
#[derive(Debug)]
pub(super) enum Unfit {
    /// Their documents have faults.
    Faults(Vec<Detail>),
    /// They cannot be read.
    Store(StoreError),
}

impl From<StoreError> for Unfit {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The roles of a store as they were right after a change, with these writes over them. Of that one state, whatever others write
/// between two readings.
pub(super) fn read(store: &dyn Store, at: Sequence, writes: &[Write]) -> Result<Roles, Unfit> {
    let mut faults = Vec::new();
    let definitions = documents(store, DocumentKind::RoleDefinition, at, writes, &mut faults)?;
    let assignments = documents(store, DocumentKind::RoleAssignment, at, writes, &mut faults)?;
    let definitions = typed(definitions, RoleDefinition::from_json, &mut faults);
    let assignments = typed(assignments, RoleAssignment::from_json, &mut faults);
    if !faults.is_empty() {
        return Err(Unfit::Faults(faults));
    }
    Roles::new(definitions, assignments).map_err(|conflicts| {
        let told = conflicts
            .iter()
            .map(|conflict| detail("", conflict.to_string()));
        Unfit::Faults(told.collect())
    })
}

/// Documents by their keys.
fn documents(
    store: &dyn Store,
    kind: DocumentKind,
    at: Sequence,
    writes: &[Write],
    faults: &mut Vec<Detail>,
) -> Result<BTreeMap<String, Value>, StoreError> {
    let mut texts: BTreeMap<String, Box<str>> = BTreeMap::new();
    store.each_at(kind, at, &mut |key, version| {
        texts.insert(key.to_owned(), version.text);
    })?;
    for write in writes.iter().filter(|write| write.address.kind == kind) {
        match &write.text {
            Some(text) => texts.insert(write.address.key.to_string(), text.clone()),
            None => texts.remove(&*write.address.key),
        };
    }
    let mut documents = BTreeMap::new();
    for (key, text) in texts {
        match serde_json::from_str(&text) {
            Ok(document) => {
                documents.insert(key, document);
            }
            Err(error) => faults.push(detail(&key, error.to_string())),
        }
    }
    Ok(documents)
}

fn typed<T>(
    documents: BTreeMap<String, Value>,
    read: fn(&Value) -> Result<T, Vec<Fault>>,
    faults: &mut Vec<Detail>,
) -> Vec<T> {
    let mut all = Vec::new();
    for (_, document) in documents {
        match read(&document) {
            Ok(one) => all.push(one),
            Err(found) => {
                faults.extend(
                    found
                        .into_iter()
                        .map(|fault| detail(&fault.path, fault.message)),
                );
            }
        }
    }
    all
}

fn detail(target: &str, message: String) -> Detail {
    Detail {
        code: "InvalidProperty",
        target: target.to_owned(),
        message,
    }
}
