//! Mail that is to be sent: kept in the step that makes it necessary, and removed when a server has taken it, so that none is lost.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::error::ApiError;
use crate::audit::{Activity, Attempt, Initiator, TargetResource};
use crate::document::{Address, DocumentKind, Write};
use crate::ledger::{Confirmation, Ledger, Planned};
use crate::store::StoreError;
use crate::text::Document;

/// Keeps that a guest is to be mailed the invitation. The link is made when it is sent: none stands in the store.
#[must_use]
pub fn invitation(guest: &str, origin: &str, message: &Value) -> Write {
    let id = Uuid::now_v7().to_string();
    let member = |name: &str| message.get(name).cloned().unwrap_or(Value::Null);
    let copies = message.get("ccRecipients").and_then(Value::as_array);
    let copy = copies.and_then(|copies| {
        let recipient = copies.first()?.get("emailAddress")?;
        recipient.get("address")?.as_str().map(str::to_owned)
    });
    let document = json!({
        "id": id,
        "guest": guest,
        "origin": origin,
        "language": member("messageLanguage"),
        "message": member("customizedMessageBody"),
        "copy": copy,
    });
    Write {
        address: Address::new(DocumentKind::Mail, &id),
        text: Some(document.to_string().into()),
    }
}

/// A mail that is to be sent.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its id.
    pub id: String,
    /// The guest who is invited.
    pub guest: String,
    /// The origin of the page where they accept.
    pub origin: String,
    /// The language that the inviter wants it in.
    pub language: Option<String>,
    /// What the inviter adds.
    pub message: Option<String>,
    /// Who gets a copy.
    pub copy: Option<String>,
}

/// The one that has waited the longest.
///
/// # Errors
/// The store cannot be read.
pub fn next(ledger: &Ledger) -> Result<Option<Order>, ApiError> {
    let waiting = ledger.store().page(DocumentKind::Mail, None, 1)?;
    let Some(stored) = waiting.into_iter().next() else {
        return Ok(None);
    };
    let document = Document::parse(&stored.text)
        .map_err(|error| StoreError::Corrupt(format!("{}: {error}", stored.address)))?;
    let text = |name: &str| document.text_of(name);
    Ok(Some(Order {
        id: stored.address.key.to_string(),
        guest: text("guest").unwrap_or_default(),
        origin: text("origin").unwrap_or_default(),
        language: text("language"),
        message: text("message"),
        copy: text("copy"),
    }))
}

/// A server has taken it, or it need not be sent any more.
///
/// # Errors
/// The store cannot be written.
pub fn sent(ledger: &Ledger, id: &str) -> Result<(), ApiError> {
    let attempt = Attempt {
        activity: Activity::new("UserManagement", "Update", "Sent external user invite"),
        by: Initiator::Program("Crossgate invitations"),
        correlation: Uuid::new_v4(),
        target: TargetResource {
            id: id.to_owned(),
            name: None,
            kind: "Mail",
        },
        details: Vec::new(),
    };
    let address = Address::new(DocumentKind::Mail, id);
    ledger.change_as_planned(&attempt, Confirmation::Given, &mut |store, _| {
        Ok(store.get(&address)?.map(|_| Planned {
            writes: vec![Write {
                address: address.clone(),
                text: None,
            }],
            ..Planned::default()
        }))
    })?;
    Ok(())
}
