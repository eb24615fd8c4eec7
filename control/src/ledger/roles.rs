//! Roles out of their documents.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::error::Detail;
use crate::document::{DocumentKind, Write};
use crate::roles::{Fault, RoleAssignment, RoleDefinition, Roles};
use crate::store::{Share, Store};

/// The roles of a store.
pub(super) fn read(store: &dyn Store) -> Result<Roles, Vec<Detail>> {
    read_with(store, &[])
}

/// The roles of a store as they would be after these writes.
pub(super) fn read_with(store: &dyn Store, writes: &[Write]) -> Result<Roles, Vec<Detail>> {
    let mut faults = Vec::new();
    let definitions = documents(store, DocumentKind::RoleDefinition, writes, &mut faults);
    let assignments = documents(store, DocumentKind::RoleAssignment, writes, &mut faults);
    let definitions = typed(definitions, RoleDefinition::from_json, &mut faults);
    let assignments = typed(assignments, RoleAssignment::from_json, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    Roles::new(definitions, assignments).map_err(|conflicts| {
        let told = conflicts
            .iter()
            .map(|conflict| detail("", conflict.to_string()));
        told.collect()
    })
}

/// Documents by their keys.
fn documents(
    store: &dyn Store,
    kind: DocumentKind,
    writes: &[Write],
    faults: &mut Vec<Detail>,
) -> BTreeMap<String, Value> {
    let mut texts = BTreeMap::new();
    let read = store.each(kind, Share::WHOLE, &mut |key, text| {
        texts.insert(key.to_owned(), text.to_owned());
    });
    if let Err(error) = read {
        faults.push(detail("", error.to_string()));
    }
    for write in writes.iter().filter(|write| write.address.kind == kind) {
        match &write.text {
            Some(text) => texts.insert(write.address.key.to_string(), text.to_string()),
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
    documents
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
