//! Guest records: all of them are made anew where one changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crossgate_policy::snapshot::{Guest, GuestRecords, SameGuest};

use super::partners::{in_shares, threads};
use super::reading::{Reading, name, same_key};
use super::source::{Change, Documents};
use crate::advisory::Advisories;
use crate::compile::guests::{compile, same_guest};
use crate::document_kind::DocumentKind;
use crate::documents::guest::GuestDocument;
use crate::load::ReadGuests;

/// The records of all documents that the source has, and of these changes to them.
pub(super) fn read<S: Documents>(
    source: &S,
    changes: &[&Change<'_>],
    reading: &mut Reading,
) -> Result<ReadGuests, S::Error> {
    let changes: BTreeMap<_, _> = changes
        .iter()
        .map(|change| (change.key, change.text))
        .collect();
    let shares = threads();
    let (mut list, mut advisories) = (Vec::new(), Advisories::default());
    for share in in_shares(shares, |share| {
        let (mut list, mut reading) = (Vec::new(), Reading::default());
        let read = source.each(DocumentKind::Guest, (share, shares), &mut |key, text| {
            if !changes.contains_key(key) {
                list.extend(guest(key, text, &mut reading));
            }
        });
        read.map(|()| (list, reading))
    }) {
        let (more, mut found) = share?;
        list.extend(more);
        advisories.extend(std::mem::take(found.advisories()));
        reading.extend(found);
    }
    // Behind the others, so that of two for one guest the one that changes is told.
    let mut changed = Reading::default();
    for (key, text) in &changes {
        list.extend(text.and_then(|text| guest(key, text, &mut changed)));
    }
    advisories.extend(changed.advisories().clone());
    reading.extend(changed);
    let mut clashes = Vec::new();
    let records = GuestRecords::new(list, |clash| clashes.push(clash));
    for clash in clashes {
        let (SameGuest::Id(first, second) | SameGuest::Home(first, second)) = clash;
        let at = |index: usize| records.list().get(index);
        if let (Some(first), Some(record)) = (at(first), at(second)) {
            let first = name(DocumentKind::Guest, &first.id.text());
            let found = same_guest(clash, record, &first);
            reading.found(DocumentKind::Guest, &record.id.text(), found);
        }
    }
    Ok(ReadGuests {
        records: Arc::new(records),
        advisories,
    })
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
