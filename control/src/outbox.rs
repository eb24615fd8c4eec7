//! Mail that is to be sent: kept in the step that makes it necessary, and removed when a server has taken it, so that none is lost.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::error::ApiError;
use crate::audit::{Activity, Attempt, Initiator, TargetResource};
use crate::document::{Address, DocumentKind, Write};
use crate::invitations::{self, Invited};
use crate::ledger::{Confirmation, Ledger, Planned};
use crate::secret::Secret;
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

/// A mail that is to be sent now, with what it is made of.
#[derive(Debug)]
pub struct Order {
    /// Its id.
    pub id: String,
    /// The invitation.
    pub invited: Invited,
    /// What its link carries.
    pub ticket: Secret,
    /// The origin of the page where the guest accepts.
    pub origin: String,
    /// The language that the inviter wants it in.
    pub language: Option<String>,
    /// What the inviter adds.
    pub message: Option<String>,
    /// Who gets a copy.
    pub copy: Option<String>,
}

/// Takes the next mail that is due, for a while: nobody else who sends from this store takes it meanwhile. One that was not sent by then is
/// due again, later each time, and is given up after some days.
///
/// # Errors
/// The store cannot be read or written, or the system has no random numbers.
pub fn take_next(ledger: &Ledger) -> Result<Option<Order>, ApiError> {
    let ticket = Secret::ticket().ok_or_else(ApiError::internal)?;
    let mut taken = None;
    ledger.change_as_planned(&attempt(TAKE), Confirmation::Given, &mut |store, _| {
        taken = None;
        let now = Timestamp::now();
        for stored in store.page(DocumentKind::Mail, None, MOST_LOOKED_AT)? {
            let mut document = Document::parse(&stored.text)
                .map_err(|error| StoreError::Corrupt(format!("{}: {error}", stored.address)))?;
            let due = document
                .text_of("due")
                .and_then(|due| due.parse::<Timestamp>().ok());
            if due.is_some_and(|due| now < due) {
                continue;
            }
            let tries = document
                .get("tries")
                .and_then(|tries| tries.as_u64())
                .unwrap_or(0);
            let guest = document.text_of("guest").unwrap_or_default();
            let open = invitations::open_in(store, &guest)?.filter(|_| tries < MOST_TRIES);
            let Some(invited) = open else {
                // Accepted, taken back, or not to be delivered.
                let details = vec![("Given up", format!("{guest}, after {tries} tries"))];
                return Ok(Some(Planned {
                    writes: vec![gone(&stored.address.key)],
                    details,
                    ..Planned::default()
                }));
            };
            let before = document.text_of("ticket");
            let kept = invited.kept_with(&ticket, before.as_deref());
            let pause = SHORTEST_PAUSE * (1 << tries.min(LONGEST_DOUBLING));
            document.set("due", &json!((now + pause).to_string()));
            document.set("tries", &json!(tries + 1));
            document.set("ticket", &json!(ticket.fingerprint().to_string()));
            taken = Some((stored.address.key.to_string(), document.clone(), invited));
            let write = Write {
                address: stored.address,
                text: Some(document.to_text().into()),
            };
            return Ok(Some(Planned {
                writes: vec![write, kept],
                ..Planned::default()
            }));
        }
        Ok(None)
    })?;
    Ok(taken.map(|(id, document, invited)| Order {
        id,
        invited,
        ticket,
        origin: document.text_of("origin").unwrap_or_default(),
        language: document.text_of("language"),
        message: document.text_of("message"),
        copy: document.text_of("copy"),
    }))
}

/// A server has taken it, or it can never be sent.
///
/// # Errors
/// The store cannot be written.
pub fn done(ledger: &Ledger, id: &str) -> Result<(), ApiError> {
    let address = Address::new(DocumentKind::Mail, id);
    ledger.change_as_planned(&attempt(SENT), Confirmation::Given, &mut |store, _| {
        Ok(store.get(&address)?.map(|_| Planned {
            writes: vec![gone(id)],
            ..Planned::default()
        }))
    })?;
    Ok(())
}

fn gone(id: &str) -> Write {
    Write {
        address: Address::new(DocumentKind::Mail, id),
        text: None,
    }
}

fn attempt(activity: Activity) -> Attempt<'static> {
    Attempt {
        activity,
        by: Initiator::Program("Crossgate invitations"),
        correlation: Uuid::new_v4(),
        target: TargetResource {
            id: String::new(),
            name: Some("Invitations to mail".to_owned()),
            kind: "Mail",
        },
        details: Vec::new(),
    }
}

const TAKE: Activity = Activity::new("UserManagement", "Update", "Send external user invite");
const SENT: Activity = Activity::new("UserManagement", "Update", "Sent external user invite");

/// As long as a server may take for one, and the pause after the first failure.
const SHORTEST_PAUSE: SignedDuration = SignedDuration::from_mins(3);

/// After so many tries the pause grows no more: six hours and a half.
const LONGEST_DOUBLING: u64 = 7;

/// Some two days.
const MOST_TRIES: u64 = 14;

/// Those that wait for their time are passed over.
const MOST_LOOKED_AT: usize = 1000;
