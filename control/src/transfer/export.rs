//! A state of a store as the files of a policy directory.

use crossgate_graph::{PolicyFile, documents_of, path_of};

use crate::document::DocumentKind;
use crate::store::{Sequence, Store, StoreError};

/// More partners than this stand in one file, a line each.
pub const MOST_PARTNER_FILES: usize = 1_000;

/// How much was written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Exported {
    /// Documents.
    pub documents: usize,
    /// Partners among them.
    pub partners: usize,
}

/// Why a state is not written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError<E> {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file cannot be written.
    #[error("{0}")]
    Write(E),
}

/// Hands out the files of a state, in parts: `write` appends a text to the file at a path. Every document stands in its file byte for
/// byte, but for line breaks between the members of one that stands in a line.
///
/// # Errors
/// The store cannot be read, or a file not be written.
pub fn export<E>(
    store: &dyn Store,
    at: Sequence,
    write: &mut dyn FnMut(&str, &str) -> Result<(), E>,
) -> Result<Exported, ExportError<E>> {
    let mut exported = Exported::default();
    for kind in DocumentKind::ALL {
        let documents = match kind {
            DocumentKind::Bootstrap
            | DocumentKind::Invitation
            | DocumentKind::Mail
            | DocumentKind::SynchronizedGroup
            | DocumentKind::AccessReview
            | DocumentKind::AccessReviewDecision
            | DocumentKind::SignUpRequest
            | DocumentKind::Draft
            | DocumentKind::DraftChange
            | DocumentKind::Domains => 0,
            DocumentKind::Partner => {
                exported.partners = partners(store, at, write)?;
                exported.partners
            }
            DocumentKind::Authorization => collaboration(store, at, write)?,
            DocumentKind::Revocation => revocations(store, at, write)?,
            DocumentKind::Guest
            | DocumentKind::AppRoleAssignment
            | DocumentKind::Group
            | DocumentKind::GroupMember
            | DocumentKind::Owner => each(store, kind, at, &mut |key, text| {
                write(&path_of(kind, key), &line(text))
            })?,
            DocumentKind::Policy
            | DocumentKind::Default
            | DocumentKind::PartnerTemplate
            | DocumentKind::SynchronizationTemplate
            | DocumentKind::ExternalIdentities
            | DocumentKind::AuthenticationFlows
            | DocumentKind::ApiConnector
            | DocumentKind::UserFlowAttribute
            | DocumentKind::UserFlow
            | DocumentKind::ConditionalAccess
            | DocumentKind::NamedLocation
            | DocumentKind::RoleDefinition
            | DocumentKind::RoleAssignment => each(store, kind, at, &mut |key, text| {
                write(&path_of(kind, key), &whole(text))
            })?,
        };
        exported.documents += documents;
    }
    Ok(exported)
}

/// One file each, or from some number on a line each: but one of several lines always has a file, where it keeps them.
fn partners<E>(
    store: &dyn Store,
    at: Sequence,
    write: &mut dyn FnMut(&str, &str) -> Result<(), E>,
) -> Result<usize, ExportError<E>> {
    let kind = DocumentKind::Partner;
    let mut held: Vec<(Box<str>, Box<str>)> = Vec::new();
    let mut are_many = false;
    let mut one = |key: &str, text: &str, in_lines: bool| {
        if in_lines && !text.contains(['\n', '\r']) {
            write("partners.jsonl", &line(text))
        } else {
            write(&path_of(kind, key), &whole(text))
        }
    };
    let count = each(store, kind, at, &mut |key, text| {
        if !are_many {
            held.push((key.into(), text.into()));
            are_many = held.len() > MOST_PARTNER_FILES;
            if are_many {
                let mut held = held.drain(..);
                held.try_for_each(|(key, text)| one(&key, &text, true))?;
            }
            return Ok(());
        }
        one(key, text, true)
    })?;
    let mut held = held.into_iter();
    held.try_for_each(|(key, text)| one(&key, &text, false))
        .map_err(ExportError::Write)?;
    Ok(count)
}

/// In the order of their numbers, which is how they are numbered again.
fn revocations<E>(
    store: &dyn Store,
    at: Sequence,
    write: &mut dyn FnMut(&str, &str) -> Result<(), E>,
) -> Result<usize, ExportError<E>> {
    let kind = DocumentKind::Revocation;
    let mut all: Vec<(Box<str>, usize, String)> = Vec::new();
    let count = each(store, kind, at, &mut |key, text| {
        let numbered = key.rsplit_once('#');
        let numbered = numbered.and_then(|(of, number)| Some((of, number.parse().ok()?)));
        let (of, number) = numbered.unwrap_or((key, 1));
        all.push((of.into(), number, line(text)));
        Ok(())
    })?;
    all.sort();
    all.iter()
        .try_for_each(|(key, _, text)| write(&path_of(kind, key), text))
        .map_err(ExportError::Write)?;
    Ok(count)
}

/// Both policies in one file: as a list, where there are both.
fn collaboration<E>(
    store: &dyn Store,
    at: Sequence,
    write: &mut dyn FnMut(&str, &str) -> Result<(), E>,
) -> Result<usize, ExportError<E>> {
    let (mut texts, mut domains) = (Vec::new(), Vec::new());
    each(store, DocumentKind::Authorization, at, &mut |_, text| {
        texts.push(text.to_owned());
        Ok(())
    })?;
    each(store, DocumentKind::Domains, at, &mut |_, text| {
        domains.push(told_apart(text));
        Ok(())
    })?;
    texts.append(&mut domains);
    let path = path_of(DocumentKind::Authorization, "");
    let text = match texts.as_slice() {
        [] => return Ok(0),
        [one] => whole(one),
        many => format!("[\n{}\n]\n", many.join(",\n")),
    };
    write(&path, &text).map_err(ExportError::Write)?;
    Ok(texts.len())
}

/// A domain policy without anything that only such a one has would be taken for the other policy: it gets the `type` that it has anyway.
fn told_apart(text: &str) -> String {
    let path = path_of(DocumentKind::Domains, "");
    let found = documents_of(PolicyFile { path: &path, text });
    let is_told_apart = found.is_ok_and(|found| {
        found
            .iter()
            .all(|document| document.kind == DocumentKind::Domains)
    });
    match text.split_once('{') {
        Some((start, rest)) if !is_told_apart => {
            let comma = if rest.trim_start().starts_with('}') {
                ""
            } else {
                ","
            };
            format!("{start}{{\"type\":\"B2BManagementPolicy\"{comma}{rest}")
        }
        Some(_) | None => text.to_owned(),
    }
}

fn each<E>(
    store: &dyn Store,
    kind: DocumentKind,
    at: Sequence,
    take: &mut dyn FnMut(&str, &str) -> Result<(), E>,
) -> Result<usize, ExportError<E>> {
    let (mut count, mut failed) = (0, None);
    store.each_at(kind, at, &mut |key, version| {
        if failed.is_none() {
            failed = take(key, &version.text).err();
            count += 1;
        }
    })?;
    failed.map_or(Ok(count), |error| Err(ExportError::Write(error)))
}

fn whole(text: &str) -> String {
    format!("{text}\n")
}

/// Line breaks are space between members: inside of texts JSON has none.
fn line(text: &str) -> String {
    let mut line = text.replace(['\n', '\r'], " ");
    line.push('\n');
    line
}
