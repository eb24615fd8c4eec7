//! Single documents, and what is wrong with them.

use serde::de::DeserializeOwned;

use crate::advisory::Advisories;
use crate::document_kind::DocumentKind;
use crate::load::PolicyFile;
use crate::reader::fault::Fault;
use crate::reader::path::At;
use crate::reader::read::{self, Document};
use crate::reader::report::{Found, Notes, Report, Slot};

/// Documents read one by one; of their texts nothing is kept.
#[derive(Debug, Default)]
pub(super) struct Reading {
    report: Report,
    faults: Vec<Fault>,
    name: String,
}

impl Reading {
    /// Reads and checks a document; `None` where something is wrong with it.
    pub(super) fn document<T: DeserializeOwned, R>(
        &mut self,
        (kind, key): (DocumentKind, &str),
        text: &str,
        check: impl FnOnce(T, &mut Notes<'_>) -> R,
    ) -> Option<R> {
        self.name.clear();
        write_name(&mut self.name, kind, key);
        let report = &mut self.report;
        let checked = read::line(0, Slot::Whole, text, report).map(|document| {
            let Document {
                slot,
                value,
                unread,
            } = document;
            let mut notes = Notes {
                file: 0,
                name: &self.name,
                slot,
                unread: &unread,
                report,
            };
            check(value, &mut notes)
        });
        if self.report.is_clean() {
            return checked;
        }
        let mut report = std::mem::take(&mut self.report);
        self.report.advisories = std::mem::take(&mut report.advisories);
        let path = &self.name;
        self.faults
            .extend(report.faults(&[PolicyFile { path, text }]));
        None
    }

    /// Something is wrong with a document, whatever its text.
    pub(super) fn fault(&mut self, kind: DocumentKind, key: &str, path: &str, message: String) {
        self.faults.push(Fault {
            file: name(kind, key),
            position: None,
            path: path.to_owned(),
            message,
        });
    }

    /// The same, found where a directory is read too.
    pub(super) fn found(&mut self, kind: DocumentKind, key: &str, found: Found) {
        let path = crate::reader::path::written(&found.steps);
        self.fault(kind, key, &path, found.message);
    }

    /// Takes all that another one found.
    pub(super) fn extend(&mut self, other: Self) {
        self.report.extend(other.report);
        self.faults.extend(other.faults);
    }

    pub(super) const fn advisories(&mut self) -> &mut Advisories {
        &mut self.report.advisories
    }

    /// Remarks, if nothing is wrong.
    pub(super) fn finish(mut self) -> Result<Advisories, Vec<Fault>> {
        if self.faults.is_empty() {
            return Ok(self.report.advisories);
        }
        self.faults.sort_by(|a, b| {
            (&a.file, a.position, &a.path, &a.message)
                .cmp(&(&b.file, b.position, &b.path, &b.message))
        });
        Err(self.faults)
    }
}

/// A document's id must be what it is found by.
pub(super) fn same_key(member: &str, id: &str, key: &str, notes: &mut Notes<'_>) {
    if id != key {
        let message =
            format!("`{id}` is not what the document is found by, `{key}`; both must be the same");
        notes.fault(&At::Root.member(member), message);
    }
}

/// What a document is called: its kind and its key.
pub(super) fn name(kind: DocumentKind, key: &str) -> String {
    let mut name = String::new();
    write_name(&mut name, kind, key);
    name
}

fn write_name(name: &mut String, kind: DocumentKind, key: &str) {
    name.push_str(kind.name());
    if !key.is_empty() {
        name.push('/');
        name.push_str(key);
    }
}
