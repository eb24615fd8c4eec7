//! Changes that other processes make to the same store.

use std::collections::BTreeMap;
use std::num::NonZero;

use crossgate_graph::Documents;
use http::StatusCode;

use super::{Ledger, Made, Proposed, State};
use crate::api::error::ApiError;
use crate::document::{Address, DocumentKind, Write};
use crate::drafts::is_of_drafts;
use crate::store::{Sequence, Share, Store, StoreError};
use crate::transfer::text_at;

/// A store's documents, for who compiles them.
pub(super) struct Source<'s> {
    pub(super) store: &'s dyn Store,
    /// Single documents are those of this state: what a change replaces is told apart by what it was, also where another process made
    /// the change and it is in the store already.
    pub(super) at: Sequence,
}

impl Documents for Source<'_> {
    type Error = StoreError;

    fn each(
        &self,
        kind: DocumentKind,
        (index, of): (usize, usize),
        take: &mut dyn FnMut(&str, &str),
    ) -> Result<(), StoreError> {
        let of = NonZero::new(of).unwrap_or(NonZero::<usize>::MIN);
        // A share beyond the last has nothing.
        Share::split(of)
            .nth(index)
            .map_or(Ok(()), |part| self.store.each(kind, part, take).map(|_| ()))
    }

    fn get(&self, kind: DocumentKind, key: &str) -> Result<Option<Box<str>>, StoreError> {
        text_at(self.store, &Address::new(kind, key), self.at)
    }
}

/// A store's documents as they were right after a change.
pub(super) struct AsOf<'s> {
    pub(super) store: &'s dyn Store,
    pub(super) at: Sequence,
}

impl Documents for AsOf<'_> {
    type Error = StoreError;

    fn each(
        &self,
        kind: DocumentKind,
        (index, _): (usize, usize),
        take: &mut dyn FnMut(&str, &str),
    ) -> Result<(), StoreError> {
        // The past is read in one go.
        if index > 0 {
            return Ok(());
        }
        self.store.each_at(kind, self.at, &mut |key, version| {
            take(key, &version.text);
        })
    }

    fn get(&self, kind: DocumentKind, key: &str) -> Result<Option<Box<str>>, StoreError> {
        text_at(self.store, &Address::new(kind, key), self.at)
    }
}

/// What documents were right after a change, whatever became of them later.
fn writes_at(
    store: &dyn Store,
    addresses: Vec<Address>,
    at: Sequence,
) -> Result<Vec<Write>, StoreError> {
    let mut kinds: BTreeMap<DocumentKind, BTreeMap<Box<str>, Option<Box<str>>>> = BTreeMap::new();
    for Address { kind, key } in addresses {
        kinds.entry(kind).or_default().insert(key, None);
    }
    let mut writes = Vec::new();
    for (kind, mut texts) in kinds {
        if texts.len() < WORTH_A_PASS {
            for (key, text) in &mut texts {
                *text = text_at(store, &Address::new(kind, key), at)?;
            }
        } else {
            store.each_at(kind, at, &mut |key, version| {
                if let Some(text) = texts.get_mut(key) {
                    *text = Some(version.text);
                }
            })?;
        }
        writes.extend(texts.into_iter().map(|(key, text)| Write {
            address: Address { kind, key },
            text,
        }));
    }
    Ok(writes)
}

/// So many documents are read faster by going through all of their kind.
const WORTH_A_PASS: usize = 10_000;

impl Ledger {
    /// Takes up what others have written to the store since; cheap where nobody has.
    ///
    /// # Errors
    /// The store cannot be read, or what was written to it cannot be put in force; what was in force stays.
    pub fn follow(&self) -> Result<(), ApiError> {
        self.catch_up(&mut self.lock())
    }

    pub(super) fn catch_up(&self, state: &mut State) -> Result<(), ApiError> {
        let head = self.store.head()?;
        if head == state.head {
            return Ok(());
        }
        let (addresses, head) = self.store.changed_since(state.head.sequence)?;
        if addresses.is_empty() {
            state.head = head;
            return Ok(());
        }
        let writes = writes_at(&*self.store, addresses, head.sequence)?;
        let mut proposed: Proposed = self.propose_for_all(state, &writes).map_err(|error| {
            if error.status != StatusCode::BAD_REQUEST {
                return error;
            }
            tracing::error!(
                faults = ?error.details,
                "the store was changed by another program to what cannot be put in force; what was in force stays"
            );
            ApiError::unavailable(
                "the policy store was changed by another program to what cannot be put in force; see the gateway's log",
            )
        })?;
        tracing::info!(
            documents = writes.len(),
            "the policy store was changed by another process"
        );
        let was_staged = state.stage.is_some();
        match self.propose_for_some(state, &writes, &proposed.policy, Made::Elsewhere) {
            Ok(staging) => proposed.staging = staging,
            Err(error) if error.status == StatusCode::CONFLICT => {
                self.end_stage_unfit(state, &error);
            }
            Err(error) => return Err(error),
        }
        state.head = head;
        let stages = was_staged || proposed.staging.is_some();
        if stages || writes.iter().any(|write| !is_of_drafts(write.address.kind)) {
            self.take(state, proposed);
        }
        Ok(())
    }
}
