//! Documents in memory.

use std::collections::BTreeMap;
use std::convert::Infallible;

use crossgate_graph::{Change, DocumentKind, Documents, Refused, Standing};

use super::own;

#[derive(Clone, Debug, Default)]
pub(crate) struct Store(pub(crate) BTreeMap<(DocumentKind, String), String>);

/// What becomes of a document.
pub(crate) type Write = (DocumentKind, String, Option<String>);

impl Documents for Store {
    type Error = Infallible;

    fn each(
        &self,
        kind: DocumentKind,
        (share, of): (usize, usize),
        take: &mut dyn FnMut(&str, &str),
    ) -> Result<(), Infallible> {
        let documents = self.0.iter().filter(|((of, _), _)| *of == kind);
        for ((_, key), text) in documents.skip(share).step_by(of) {
            take(key, text);
        }
        Ok(())
    }

    fn get(&self, kind: DocumentKind, key: &str) -> Result<Option<Box<str>>, Infallible> {
        let text = self.0.get(&(kind, key.to_owned()));
        Ok(text.map(|text| text.as_str().into()))
    }
}

impl Store {
    /// Stores changes.
    pub(crate) fn write(&mut self, writes: &[Write]) {
        for (kind, key, text) in writes {
            let address = (*kind, key.clone());
            match text {
                Some(text) => self.0.insert(address, text.clone()),
                None => self.0.remove(&address),
            };
        }
    }

    pub(crate) fn load(&self) -> Result<Standing, Vec<String>> {
        Standing::load(&own(), self).map_err(told)
    }
}

/// Puts changes in force, and stores them; or tells every fault.
pub(crate) fn change(
    standing: &mut Standing,
    store: &mut Store,
    writes: &[Write],
) -> Result<Vec<String>, Vec<String>> {
    let changes: Vec<_> = writes
        .iter()
        .map(|(kind, key, text)| Change {
            kind: *kind,
            key,
            text: text.as_deref(),
        })
        .collect();
    let proposal = standing.propose(&changes, store).map_err(told)?;
    let advisories = proposal
        .advisories()
        .iter()
        .map(ToString::to_string)
        .collect();
    standing.accept(proposal);
    store.write(writes);
    Ok(advisories)
}

pub(crate) fn put(kind: DocumentKind, key: &str, text: impl Into<String>) -> Write {
    (kind, key.to_owned(), Some(text.into()))
}

pub(crate) fn remove(kind: DocumentKind, key: &str) -> Write {
    (kind, key.to_owned(), None)
}

fn told(refused: Refused<Infallible>) -> Vec<String> {
    match refused {
        Refused::Faults(faults) => faults
            .iter()
            .map(|fault| format!("{}: {}: {}", fault.file, fault.path, fault.message))
            .collect(),
        Refused::Source(never) => match never {},
    }
}
