//! The documents of a policy directory beside those of a store.

use std::borrow::Cow;
use std::collections::HashSet;

use crossgate_graph::{DirectoryDocument, Fault, PolicyFile, documents_of, place_of};
use serde_json::Value;

use super::{Difference, is_role, with_id, without};
use crate::bootstrap::first_documents;
use crate::document::DocumentKind;
use crate::roles::{RoleAssignment, RoleDefinition};
use crate::store::{Share, Store, StoreError};
use crate::text::Document;

/// The documents of a policy directory. INVARIANT: sorted by kind and key, each once.
#[derive(Debug)]
pub struct Directory<'t>(Vec<DirectoryDocument<'t>>);

impl<'t> Directory<'t> {
    /// Tells the documents of files apart, and checks those of roles.
    ///
    /// # Errors
    /// What [`crossgate_graph::load`] does not look at: documents without what they are found by, two that are found by the same,
    /// and every fault of a role.
    pub fn of(files: &[PolicyFile<'t>]) -> Result<Self, Vec<Fault>> {
        let (mut placed, mut faults) = (Vec::new(), Vec::new());
        for (index, file) in files.iter().enumerate() {
            match documents_of(*file) {
                Ok(documents) => {
                    placed.extend(documents.into_iter().map(|document| (document, index)));
                }
                Err(found) => faults.extend(found),
            }
        }
        placed.sort_by(|(a, a_file), (b, b_file)| {
            (a.kind, &a.key, a_file).cmp(&(b.kind, &b.key, b_file))
        });
        let file_of = |index: usize| files.get(index).copied();
        for pair in placed.windows(2) {
            if let [(first, at), (second, file)] = pair
                && (first.kind, &first.key) == (second.kind, &second.key)
                && let (Some(at), Some(file)) = (file_of(*at), file_of(*file))
            {
                let message = format!(
                    "`{}` stands in `{}` already; keep one of them",
                    second.key, at.path
                );
                faults.push(fault(file, second, "", message));
            }
        }
        for (document, index) in &placed {
            if let (true, Some(file)) = (is_role(document.kind), file_of(*index)) {
                faults.extend(faults_of_role(file, document));
            }
        }
        if faults.is_empty() {
            Ok(Self(
                placed.into_iter().map(|(document, _)| document).collect(),
            ))
        } else {
            Err(faults)
        }
    }

    /// How many documents there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn kind(&self, kind: DocumentKind) -> &[DirectoryDocument<'t>] {
        let start = self.0.partition_point(|document| document.kind < kind);
        let end = self.0.partition_point(|document| document.kind <= kind);
        self.0.get(start..end).unwrap_or_default()
    }

    /// Goes through the documents that differ, `old` in the store and `new` as the directory has them, kind by kind. Roles and owners count only
    /// where the directory has documents of their kind. With no store, or one without any change yet, all are new.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn differences(
        &self,
        store: Option<&dyn Store>,
        take: &mut dyn FnMut(&Difference<'_>),
    ) -> Result<(), StoreError> {
        let first = match store {
            Some(store) if store.head()?.sequence > 0 => Vec::new(),
            Some(_) | None => first_documents(),
        };
        for kind in DocumentKind::ALL {
            let wanted = self.kind(kind);
            // A directory without any document that gives such rights says nothing about them.
            if !kind.is_setting() || kind.gives_rights() && wanted.is_empty() {
                continue;
            }
            let mut seen = HashSet::new();
            let mut compare = |key: &str, old: &str| {
                let found = wanted.binary_search_by(|document| (*document.key).cmp(key));
                let new = match found.ok().and_then(|index| wanted.get(index)) {
                    Some(document) => {
                        seen.insert(&*document.key);
                        Some(with_id(kind, &document.text, old))
                    }
                    None => without(kind, old).map(Cow::Owned),
                };
                if new.as_deref() != Some(old) {
                    let old = Some(old);
                    take(&Difference {
                        kind,
                        key,
                        old,
                        new,
                    });
                }
            };
            if let Some(store) = store {
                store.each(kind, Share::WHOLE, &mut compare)?;
            }
            for document in wanted.iter().filter(|found| !seen.contains(&*found.key)) {
                let first = first.iter().find(|write| write.address.kind == kind);
                let new = match first.and_then(|write| write.text.as_deref()) {
                    Some(first) => with_id(kind, &document.text, first),
                    None => Cow::Borrowed(&*document.text),
                };
                take(&Difference {
                    kind,
                    key: &document.key,
                    old: None,
                    new: Some(new),
                });
            }
            if wanted.is_empty() {
                for write in first.iter().filter(|write| write.address.kind == kind) {
                    take(&Difference {
                        kind,
                        key: "",
                        old: None,
                        new: write.text.as_deref().map(Cow::Borrowed),
                    });
                }
            }
        }
        Ok(())
    }
}

fn fault(
    file: PolicyFile<'_>,
    document: &DirectoryDocument<'_>,
    path: &str,
    message: String,
) -> Fault {
    Fault {
        file: file.path.to_owned(),
        position: place_of(file.text, &document.text, path),
        path: path.to_owned(),
        message,
    }
}

fn faults_of_role(file: PolicyFile<'_>, document: &DirectoryDocument<'_>) -> Vec<Fault> {
    if let Err(message) = no_member_twice(&document.text) {
        return vec![fault(file, document, "", message)];
    }
    let value: Value = match serde_json::from_str(&document.text) {
        Ok(value) => value,
        Err(error) => return vec![fault(file, document, "", format!("not JSON: {error}"))],
    };
    let read = if document.kind == DocumentKind::RoleDefinition {
        RoleDefinition::from_json(&value).map(|_| ())
    } else {
        RoleAssignment::from_json(&value).map(|_| ())
    };
    let found = read.err().unwrap_or_default();
    let found = found.into_iter();
    found
        .map(|found| fault(file, document, &found.path, found.message))
        .collect()
}

/// Readers differ in which of two they take.
fn no_member_twice(text: &str) -> Result<(), String> {
    match text.trim_start().as_bytes().first() {
        Some(b'{') => {
            let document = Document::parse(text).map_err(|error| error.to_string())?;
            let members = document.names().filter_map(|name| document.written(name));
            members.into_iter().try_for_each(no_member_twice)
        }
        Some(b'[') => {
            let items: Vec<Box<serde_json::value::RawValue>> =
                serde_json::from_str(text).map_err(|error| error.to_string())?;
            items
                .iter()
                .try_for_each(|item| no_member_twice(item.get()))
        }
        _ => Ok(()),
    }
}
