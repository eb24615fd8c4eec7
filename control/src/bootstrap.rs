//! The first run: what a new store begins with, and the one-time secret that gives somebody the first role.

use serde_json::json;
use uuid::Uuid;

use crate::api::error::ApiError;
use crate::audit::Attempt;
use crate::document::{Address, DocumentKind, Write};
use crate::ledger::{Confirmation, Ledger, Planned};
use crate::secret::{Fingerprint, Purpose, Secret};
use crate::store::{Store, StoreError};
use crate::text::Document;

/// The documents of a new store: those that have an id of their own from the beginning.
#[must_use]
pub fn first_documents() -> Vec<Write> {
    let policy = json!({"id": Uuid::new_v4().to_string()});
    let default = json!({"id": Uuid::new_v4().to_string(), "isServiceDefault": true});
    [
        (DocumentKind::Policy, policy),
        (DocumentKind::Default, default),
    ]
    .map(|(kind, document)| Write {
        address: Address::only(kind),
        text: Some(document.to_string().into()),
    })
    .into()
}

/// Keeps the digest of a secret.
#[must_use]
pub fn kept(secret: &Secret) -> Write {
    let document = json!({"fingerprint": secret.fingerprint().to_string()});
    Write {
        address: address(),
        text: Some(document.to_string().into()),
    }
}

/// The secret is good no more.
#[must_use]
pub fn spent() -> Write {
    Write {
        address: address(),
        text: None,
    }
}

/// What the secret's digest is, while there is one.
///
/// # Errors
/// The store cannot be read.
pub fn fingerprint(store: &dyn Store) -> Result<Option<Fingerprint>, StoreError> {
    let stored = store.get(&address())?;
    let document = stored.and_then(|stored| Document::parse(&stored.text).ok());
    let text = document.and_then(|document| document.text_of("fingerprint"));
    Ok(text.and_then(|text| Fingerprint::parse(&text)))
}

/// Begins with a store: a new one gets its first documents, and one in which nobody has a role yet a secret, which is answered. Both
/// are asked of the store as it stands when they are written: somebody may import a policy at the same time.
///
/// # Errors
/// The store cannot be read or written, or the system gives no random numbers.
pub fn begin(ledger: &Ledger, attempt: &Attempt<'_>) -> Result<Option<Secret>, ApiError> {
    let mut drawn = None;
    ledger.change_as_planned(attempt, Confirmation::Given, &mut |store, _| {
        let is_new = store.head()?.sequence == 0;
        let mut writes = if is_new {
            first_documents()
        } else {
            Vec::new()
        };
        drawn = if is_wanted(store)? {
            Some(Secret::draw(Purpose::Bootstrap).ok_or_else(ApiError::internal)?)
        } else {
            None
        };
        writes.extend(drawn.as_ref().map(kept));
        Ok((!writes.is_empty()).then(|| Planned {
            writes,
            ..Planned::default()
        }))
    })?;
    Ok(drawn)
}

/// Whether nobody has a role yet, and no secret was ever given out to change that.
fn is_wanted(store: &dyn Store) -> Result<bool, StoreError> {
    Ok(store.count(DocumentKind::RoleAssignment)? == 0 && store.history(&address())?.is_empty())
}

fn address() -> Address {
    Address::only(DocumentKind::Bootstrap)
}
