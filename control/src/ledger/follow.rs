//! Changes that other processes make to the same store.

use std::num::NonZero;

use crossgate_graph::Documents;

use super::{Ledger, Proposed, State};
use crate::api::error::ApiError;
use crate::document::{Address, DocumentKind, Write};
use crate::store::{Share, Store, StoreError};

/// A store's documents, for who compiles them.
pub(super) struct Source<'s>(pub(super) &'s dyn Store);

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
            .map_or(Ok(()), |part| self.0.each(kind, part, take).map(|_| ()))
    }

    fn get(&self, kind: DocumentKind, key: &str) -> Result<Option<Box<str>>, StoreError> {
        let stored = self.0.get(&Address::new(kind, key))?;
        Ok(stored.map(|stored| stored.text))
    }
}

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
        let mut writes = Vec::with_capacity(addresses.len());
        for address in addresses {
            let text = self.store.get(&address)?.map(|stored| stored.text);
            writes.push(Write { address, text });
        }
        let proposed: Proposed = self.propose(&state.standing, &writes).map_err(|error| {
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
        state.head = head;
        self.take(state, proposed);
        Ok(())
    }
}
