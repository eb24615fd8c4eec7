//! Two states of one store.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::{Difference, without};
use crate::document::{Address, DocumentKind};
use crate::store::{Sequence, Store, StoreError};

/// Two states of a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct States {
    /// The change right after which it was `old`.
    pub from: Sequence,
    /// The change right after which it was `new`.
    pub to: Sequence,
}

impl States {
    /// Goes through the documents that are wanted and differ, in the order of their addresses. Holds those that were changed since the
    /// earlier of the two, and no other.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn differences(
        self,
        store: &dyn Store,
        wanted: &dyn Fn(&Address) -> bool,
        take: &mut dyn FnMut(&Difference<'_>),
    ) -> Result<(), StoreError> {
        let (changed, _) = store.changed_since(self.from.min(self.to))?;
        let mut keys: BTreeMap<DocumentKind, BTreeSet<Box<str>>> = BTreeMap::new();
        for Address { kind, key } in changed.into_iter().filter(wanted) {
            keys.entry(kind).or_default().insert(key);
        }
        for (kind, keys) in keys {
            let old = texts(store, kind, &keys, self.from)?;
            let new = texts(store, kind, &keys, self.to)?;
            for key in &keys {
                let (old, new) = (old.get(key), new.get(key));
                if old != new {
                    take(&Difference {
                        kind,
                        key,
                        old: old.map(|text| &**text),
                        new: new.map(|text| Cow::Borrowed(&**text)),
                    });
                }
            }
        }
        Ok(())
    }

    /// The same for who goes back: a document that has an `id` from the beginning keeps it also where the earlier state has none.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn ways_back(
        self,
        store: &dyn Store,
        wanted: &dyn Fn(&Address) -> bool,
        take: &mut dyn FnMut(&Difference<'_>),
    ) -> Result<(), StoreError> {
        self.differences(store, wanted, &mut |difference| {
            let left = match (difference.old, &difference.new) {
                (Some(old), None) => without(difference.kind, old),
                (Some(_) | None, _) => None,
            };
            match left {
                Some(left) if difference.old == Some(&*left) => {}
                Some(left) => take(&Difference {
                    new: Some(Cow::Owned(left)),
                    ..difference.clone()
                }),
                None => take(difference),
            }
        })
    }
}

/// A document's text right after a change.
///
/// # Errors
/// The store cannot be read.
pub fn text_at(
    store: &dyn Store,
    address: &Address,
    at: Sequence,
) -> Result<Option<Box<str>>, StoreError> {
    let mut versions = store.history(address)?.into_iter();
    let version = versions
        .find(|version| version.since <= at && version.until.is_none_or(|until| until > at));
    Ok(version.map(|version| version.text))
}

fn texts(
    store: &dyn Store,
    kind: DocumentKind,
    keys: &BTreeSet<Box<str>>,
    at: Sequence,
) -> Result<BTreeMap<Box<str>, Box<str>>, StoreError> {
    let mut texts = BTreeMap::new();
    if keys.len() < WORTH_A_PASS {
        for key in keys {
            let address = Address::new(kind, key);
            texts.extend(text_at(store, &address, at)?.map(|text| (key.clone(), text)));
        }
        return Ok(texts);
    }
    store.each_at(kind, at, &mut |key, version| {
        if keys.contains(key) {
            texts.insert(key.into(), version.text);
        }
    })?;
    Ok(texts)
}

/// So many documents are read faster by going through all of their kind.
const WORTH_A_PASS: usize = 10_000;
