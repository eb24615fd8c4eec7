//! The first run: what a new store begins with, and the one-time secret that gives somebody the first role.

use serde_json::json;
use uuid::Uuid;

use crate::document::{Address, DocumentKind, Write};
use crate::secret::{Fingerprint, Secret};
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

/// Whether nobody has a role yet, and no secret was ever given out to change that.
///
/// # Errors
/// The store cannot be read.
pub fn is_wanted(store: &dyn Store) -> Result<bool, StoreError> {
    Ok(store.count(DocumentKind::RoleAssignment)? == 0 && store.history(&address())?.is_empty())
}

fn address() -> Address {
    Address::only(DocumentKind::Bootstrap)
}
