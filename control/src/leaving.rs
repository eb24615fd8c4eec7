//! Guests who leave the organisation by themselves.

use std::net::IpAddr;

use crossgate_graph::{GuestsSee, Leaving};
use crossgate_policy::ids::Id;
use serde_json::json;
use uuid::Uuid;

use crate::administrator::Administrator;
use crate::api::error::ApiError;
use crate::api::users::now;
use crate::audit::{Attempt, Initiator, Outcome, TargetResource, modified};
use crate::document::{Address, DocumentKind, Write};
use crate::ledger::{Confirmation, Ledger, Planned};
use crate::resource::USERS;
use crate::scim::here;
use crate::sponsors::Sponsor;
use crate::store::{Store, StoreError};
use crate::text::Document;

/// What a guest is told of being one.
#[derive(Clone, Debug)]
pub struct Membership {
    /// Since when, as the directory has it (RFC 3339).
    pub since: Option<String>,
    /// The names of those who answer for the guest, as far as they are known.
    pub sponsors: Vec<String>,
    /// Whether the guest may leave.
    pub leaving: Leaving,
}

/// What is known of a guest; `None` where there is no such guest.
///
/// # Errors
/// The store cannot be read.
pub fn membership(ledger: &Ledger, guest: &Id) -> Result<Option<Membership>, ApiError> {
    let Some(record) = record(ledger.store(), guest)? else {
        return Ok(None);
    };
    let accepted = record.text_of("externalUserState").as_deref() == Some("Accepted");
    let since = accepted
        .then(|| record.text_of("externalUserStateChangeDateTime"))
        .flatten();
    let collaboration = ledger.compiled().external_collaboration;
    let sponsors = match collaboration.guests_see {
        GuestsSee::WhoAnswersForThem => Sponsor::of(&record),
        GuestsSee::Themselves => Vec::new(),
    };
    Ok(Some(Membership {
        since: since.or_else(|| record.text_of("createdDateTime")),
        sponsors: sponsors
            .into_iter()
            .filter_map(|sponsor| sponsor.name)
            .collect(),
        leaving: collaboration.leaving,
    }))
}

/// A guest leaves: the record is kept as one that was deleted, and lets nobody in from now on. What comes to nothing is recorded too.
///
/// # Errors
/// Guests may not leave by themselves, there is no such guest, or the store cannot be written.
pub fn leave(
    ledger: &Ledger,
    (guest, who): (&Id, &Administrator),
    address: Option<IpAddr>,
    correlation: Uuid,
) -> Result<(), ApiError> {
    let attempt = Attempt {
        activity: USERS.delete,
        by: Initiator::Administrator(who, address),
        correlation,
        target: TargetResource {
            id: guest.to_string(),
            name: who.display_name.as_deref().map(str::to_owned),
            kind: USERS.target,
        },
        details: vec![("Left", "by themselves".to_owned())],
    };
    let left = ledger.change_as_planned(&attempt, Confirmation::Given, &mut |store, standing| {
        match standing.compiled().external_collaboration.leaving {
            Leaving::Allowed => {}
            Leaving::Refused => {
                return Err(ApiError::denied(
                    "guests may not leave by themselves, by `allowExternalIdentitiesToLeave` of the external identities policy",
                ));
            }
        }
        let before = record(store, guest)?;
        let before = before.ok_or_else(|| ApiError::not_found("there is no such guest"))?;
        let mut after = before.clone();
        after.set("deletedDateTime", &json!(now()));
        here::decided_here(&mut after);
        Ok(Some(Planned {
            modified: modified(Some(&before), Some(&after)),
            writes: vec![Write {
                address: Address::new(DocumentKind::Guest, &guest.to_string()),
                text: Some(after.to_text().into()),
            }],
            details: Vec::new(),
        }))
    });
    if let Err(error) = left {
        ledger.record(&attempt, Outcome::Failure(&error.told()))?;
        return Err(error);
    }
    Ok(())
}

/// The record of a guest who was not deleted, and is no member.
fn record(store: &dyn Store, guest: &Id) -> Result<Option<Document>, ApiError> {
    let address = Address::new(DocumentKind::Guest, &guest.to_string());
    let Some(stored) = store.get(&address)? else {
        return Ok(None);
    };
    let document = Document::parse(&stored.text)
        .map_err(|error| StoreError::Corrupt(format!("{address}: {error}")))?;
    let is_member = document.text_of("userType").as_deref() == Some("Member");
    Ok(Some(document).filter(|document| (USERS.is)(document) && !is_member))
}
