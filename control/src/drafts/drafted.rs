//! Documents as a draft has them: those in force, with its changes over them.

use std::collections::BTreeMap;

use super::{Draft, DraftChange};
use crate::document::{Address, DocumentKind};
use crate::ledger::Current;
use crate::store::{Sequence, Share, Store, StoreError, Stored};
use crate::text::Document;

/// What is read through a draft, or of what is in force where there is none.
#[derive(Debug)]
pub(crate) struct Drafted<'s> {
    store: &'s dyn Store,
    changes: BTreeMap<Address, Change>,
}

/// A change, with the version of the draft: that of every document that it changes.
#[derive(Debug)]
struct Change {
    since: Sequence,
    document: Option<Document>,
}

impl Change {
    fn stored(&self, address: &Address) -> Option<Stored> {
        Some(Stored {
            address: address.clone(),
            since: self.since,
            text: self.document.as_ref()?.to_text().into(),
        })
    }
}

impl<'s> Drafted<'s> {
    /// What is in force.
    pub(crate) const fn in_force(store: &'s dyn Store) -> Self {
        Self {
            store,
            changes: BTreeMap::new(),
        }
    }

    /// What is in force with these changes of a draft.
    pub(crate) fn by(store: &'s dyn Store, draft: &Draft, changes: &[DraftChange]) -> Self {
        let changes = changes.iter().map(|change| {
            let of = Change {
                since: draft.since,
                document: change.document.clone(),
            };
            (change.address.clone(), of)
        });
        Self {
            store,
            changes: changes.collect(),
        }
    }

    /// One document.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn get(&self, address: &Address) -> Result<Option<Stored>, StoreError> {
        match self.changes.get(address) {
            Some(change) => Ok(change.stored(address)),
            None => self.store.get(address),
        }
    }

    /// The same, taken apart.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn current(&self, address: &Address) -> Result<Option<Current>, StoreError> {
        let Some(stored) = self.get(address)? else {
            return Ok(None);
        };
        let document = Document::parse(&stored.text)
            .map_err(|error| StoreError::Corrupt(format!("{address}: {error}")))?;
        Ok(Some(Current {
            since: stored.since,
            document,
        }))
    }

    /// As [`Store::page`].
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn page(
        &self,
        kind: DocumentKind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let mut page = Vec::new();
        let mut behind: Option<Box<str>> = after.map(Into::into);
        // Up to where the store's own are all there.
        let end = loop {
            let stored = self.store.page(kind, behind.as_deref(), limit)?;
            let is_last = stored.len() < limit;
            behind = stored
                .last()
                .map(|stored| stored.address.key.clone())
                .or(behind);
            page.extend(
                stored
                    .into_iter()
                    .filter(|stored| !self.changes.contains_key(&stored.address)),
            );
            if is_last {
                break None;
            }
            if page.len() >= limit {
                break behind;
            }
        };
        let own = self.changes.iter().filter(|(address, _)| {
            let key = &*address.key;
            address.kind == kind
                && after.is_none_or(|after| key > after)
                && end.as_deref().is_none_or(|end| key <= end)
        });
        page.extend(own.filter_map(|(address, change)| change.stored(address)));
        page.sort_by(|a, b| a.address.key.cmp(&b.address.key));
        page.truncate(limit);
        Ok(page)
    }

    /// As [`Store::count`].
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn count(&self, kind: DocumentKind) -> Result<u64, StoreError> {
        let mut count = self.store.count(kind)?;
        for (address, change) in &self.changes {
            if address.kind != kind {
                continue;
            }
            let was_there = self.store.get(address)?.is_some();
            match (was_there, change.document.is_some()) {
                (false, true) => count += 1,
                (true, false) => count = count.saturating_sub(1),
                (true, true) | (false, false) => {}
            }
        }
        Ok(count)
    }

    /// Goes through the documents of a kind as (key, text), in no particular order.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn each(
        &self,
        kind: DocumentKind,
        take: &mut dyn FnMut(&str, &str),
    ) -> Result<(), StoreError> {
        let is_changed = |key: &str| {
            !self.changes.is_empty() && self.changes.contains_key(&Address::new(kind, key))
        };
        self.store.each(kind, Share::WHOLE, &mut |key, text| {
            if !is_changed(key) {
                take(key, text);
            }
        })?;
        for (address, change) in &self.changes {
            if address.kind == kind
                && let Some(document) = &change.document
            {
                take(&address.key, &document.to_text());
            }
        }
        Ok(())
    }
}
