//! Guest records, one or a million.

use std::collections::BTreeMap;

use crossgate_policy::ids::Id;
use crossgate_policy::snapshot::{Guest, GuestRecords, SameGuest};

use super::partners::{in_parts, in_shares, threads};
use super::reading::{Reading, name, same_key};
use super::source::{Change, Documents};
use crate::compile::guests::{compile, same_guest};
use crate::document_kind::DocumentKind;
use crate::documents::guest::GuestDocument;

/// The records of all documents that the source has.
pub(super) fn all<S: Documents>(
    source: &S,
    reading: &mut Reading,
) -> Result<GuestRecords, S::Error> {
    let shares = threads();
    let shares = in_shares(shares, |share| {
        let (mut list, mut reading) = (Vec::new(), Reading::default());
        let take = &mut |key: &str, text: &str| list.extend(guest(key, text, &mut reading));
        source.each(DocumentKind::Guest, (share, shares), take)?;
        Ok((list, reading))
    });
    let shares = shares.into_iter().collect::<Result<_, _>>()?;
    let mut records = GuestRecords::default();
    add(&mut records, shares, reading);
    Ok(records)
}

/// Changes records, one by one; of several changes of one document the last one counts.
pub(super) fn change(records: &mut GuestRecords, changes: &[&Change<'_>], reading: &mut Reading) {
    let changes: BTreeMap<_, _> = changes
        .iter()
        .map(|change| (change.key, change.text))
        .collect();
    // All that change go before any comes, so that one takes over what another gives up, in whatever order they are told.
    for key in changes.keys() {
        let id = Id::new(key);
        // What is a GUID in other letters finds no document.
        if id.text() == *key {
            records.remove(&id);
        }
    }
    let written: Vec<_> = changes
        .into_iter()
        .filter_map(|(key, text)| Some((key, text?)))
        .collect();
    let parts = in_parts(&written, |part| {
        let (mut list, mut reading) = (Vec::new(), Reading::default());
        for (key, text) in part {
            list.extend(guest(key, text, &mut reading));
        }
        (list, reading)
    });
    add(records, parts, reading);
}

/// Adds records, and tells of those for a guest who has one.
fn add(records: &mut GuestRecords, parts: Vec<(Vec<Guest>, Reading)>, reading: &mut Reading) {
    let mut lists = Vec::with_capacity(parts.len());
    for (list, found) in parts {
        lists.push(list);
        reading.extend(found);
    }
    let mut clashes = Vec::new();
    records.extend(lists, |clash| clashes.push(clash));
    for clash in clashes {
        let (SameGuest::Id(first, second) | SameGuest::Home(first, second)) = clash;
        if let (Some(first), Some(record)) = (records.get(first), records.get(second)) {
            let first = name(DocumentKind::Guest, &first.id.text());
            let found = same_guest(clash, record, &first);
            reading.found(DocumentKind::Guest, &record.id.text(), found);
        }
    }
}

fn guest(key: &str, text: &str, reading: &mut Reading) -> Option<Guest> {
    let of = (DocumentKind::Guest, key);
    let compiled = reading.document(of, text, |document: GuestDocument, notes| {
        let guest = compile(document, notes)?;
        same_key("id", &guest.id.text(), key, notes);
        Some(guest)
    });
    compiled.flatten()
}
