//! Mail that is to be sent: kept in the step that makes it necessary, and removed when a server has taken it, so that none is lost.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::error::ApiError;
use crate::audit::{Activity, Attempt, Initiator, TargetResource};
use crate::document::{Address, DocumentKind, Write};
use crate::invitations::{self, Invited, Offer};
use crate::ledger::{Confirmation, Ledger, Planned};
use crate::reviews::{self, Occasion, Reviewing, mailing};
use crate::secret::Secret;
use crate::signing_up::Applicant;
use crate::store::{Store, StoreError, Stored};
use crate::text::Document;

/// Keeps that a guest is to be mailed the invitation. The link is made when it is sent: none stands in the store.
#[must_use]
pub fn invitation(guest: &str, origin: &str, offer: &Offer, message: &Value) -> Write {
    let id = Uuid::now_v7().to_string();
    let member = |name: &str| message.get(name).cloned().unwrap_or(Value::Null);
    let mut document = Document::default();
    for (name, value) in [
        ("id", json!(id)),
        ("guest", json!(guest)),
        ("origin", json!(origin)),
        ("language", member("messageLanguage")),
        ("message", member("customizedMessageBody")),
        ("copy", json!(copy(message))),
    ] {
        document.set(name, &value);
    }
    offer.write(&mut document);
    Write {
        address: Address::new(DocumentKind::Mail, &id),
        text: Some(document.to_text().into()),
    }
}

/// Keeps that somebody is to be mailed that they are a guest now, whom an administrator approved.
#[must_use]
pub(crate) fn approval(guest: &str, who: &Applicant) -> Write {
    let id = Uuid::now_v7().to_string();
    let mut document = Document::default();
    for (name, value) in [
        ("id", json!(id)),
        ("guest", json!(guest)),
        (APPROVED, json!(who.address())),
        ("origin", json!(who.origin)),
        ("language", json!(who.language)),
    ] {
        document.set(name, &value);
    }
    Write {
        address: Address::new(DocumentKind::Mail, &id),
        text: Some(document.to_text().into()),
    }
}

/// Keeps that a reviewer is to be mailed. Where, and what it says, is found when it is sent.
#[must_use]
pub(crate) fn review(review: &str, reviewer: &str, occasion: Occasion) -> Write {
    let id = Uuid::now_v7().to_string();
    let mut document = Document::default();
    for (name, value) in [
        ("id", json!(id)),
        (REVIEW, json!(review)),
        ("reviewer", json!(reviewer)),
        ("occasion", json!(occasion.name())),
    ] {
        document.set(name, &value);
    }
    Write {
        address: Address::new(DocumentKind::Mail, &id),
        text: Some(document.to_text().into()),
    }
}

/// Who gets a copy.
pub(crate) fn copy(message: &Value) -> Option<String> {
    let copies = message.get("ccRecipients").and_then(Value::as_array);
    let recipient = copies?.first()?.get("emailAddress")?;
    recipient.get("address")?.as_str().map(str::to_owned)
}

/// A mail that is to be sent now, with what it is made of.
#[derive(Debug)]
pub struct Order {
    /// Its id.
    pub id: String,
    /// What it says.
    pub letter: Letter,
    /// The origin of the page that its link leads to.
    pub origin: String,
    /// The language that it is wanted in.
    pub language: Option<String>,
}

/// What a mail says.
#[derive(Debug)]
pub enum Letter {
    /// Somebody is invited.
    Invitation(Box<Inviting>),
    /// Whoever signed up with this address was approved.
    Approval(String),
    /// A reviewer has guests to decide about.
    Review(Reviewing),
}

/// What the mail of an invitation is made of.
#[derive(Debug)]
pub struct Inviting {
    /// The invitation, as the inviter who wants it mailed made it.
    pub invited: Invited,
    /// What its link carries.
    pub ticket: Secret,
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
    let mut behind: Option<Box<str>> = None;
    // Looked for while others can change things: those that wait for their time may be many.
    while let Some(key) = next_due(ledger.store(), behind.as_deref())? {
        if let Some(order) = take(ledger, &key)? {
            return Ok(Some(order));
        }
        behind = Some(key);
    }
    Ok(None)
}

/// The first mail behind this one that is due.
fn next_due(store: &dyn Store, behind: Option<&str>) -> Result<Option<Box<str>>, ApiError> {
    let now = Timestamp::now();
    let mut behind: Option<Box<str>> = behind.map(Into::into);
    loop {
        let page = store.page(DocumentKind::Mail, behind.as_deref(), PAGE)?;
        let Some(last) = page.last() else {
            return Ok(None);
        };
        behind = Some(last.address.key.clone());
        for stored in page {
            if is_due(&parsed(&stored)?, now) {
                return Ok(Some(stored.address.key));
            }
        }
    }
}

/// Takes this mail, where it is still due and can still be sent.
fn take(ledger: &Ledger, key: &str) -> Result<Option<Order>, ApiError> {
    let address = Address::new(DocumentKind::Mail, key);
    let Some(stored) = ledger.store().get(&address)? else {
        return Ok(None);
    };
    let waiting = parsed(&stored)?;
    let reviewing = if waiting.get(REVIEW).is_some() {
        // Its guests are counted while others can change things.
        mailing::letter(ledger.store(), &waiting, Timestamp::now())?
    } else {
        None
    };
    let mut taken = None;
    let attempt = attempt(&waiting, TAKE);
    ledger.change_as_planned(&attempt, Confirmation::Given, &mut |store, _| {
        taken = None;
        let now = Timestamp::now();
        let Some(stored) = store.get(&address)? else {
            return Ok(None);
        };
        let mut document = parsed(&stored)?;
        if !is_due(&document, now) {
            return Ok(None);
        }
        let tries = document
            .get("tries")
            .and_then(|tries| tries.as_u64())
            .unwrap_or(0);
        let whom = whom(&document);
        let pause = SHORTEST_PAUSE * (1 << tries.min(LONGEST_DOUBLING));
        document.set("due", &json!((now + pause).to_string()));
        document.set("tries", &json!(tries + 1));
        let letter = if let Some(to) = document.text_of(APPROVED) {
            let stored = store.get(&Address::new(DocumentKind::Guest, &whom))?;
            let record = stored.map(|stored| parsed(&stored)).transpose()?;
            let is_guest = record.is_some_and(|record| (crate::resource::USERS.is)(&record));
            Some(is_guest.then_some(Letter::Approval(to)))
        } else if document.get(REVIEW).is_some() {
            Some(reviewing.clone().map(Letter::Review))
        } else {
            None
        };
        if let Some(letter) = letter {
            let Some(letter) = letter.filter(|_| tries < MOST_TRIES) else {
                return Ok(Some(given_up(key, format!("{whom}, after {tries} tries"))));
            };
            let write = Write {
                address: address.clone(),
                text: Some(document.to_text().into()),
            };
            taken = Some((document, letter));
            return Ok(Some(Planned {
                writes: vec![write],
                ..Planned::default()
            }));
        }
        let open = invitations::open_in(store, &whom)?.filter(|_| tries < MOST_TRIES);
        let offer = Offer::read(&document).filter(|offer| now < offer.expires);
        let (Some(invited), Some(offer)) = (open, offer) else {
            // Accepted, taken back, or not to be delivered.
            return Ok(Some(given_up(key, format!("{whom}, after {tries} tries"))));
        };
        let ticket = Secret::ticket().ok_or_else(ApiError::internal)?;
        let before = document.text_of("ticket");
        let kept = invited.kept_with(&ticket, &offer, before.as_deref());
        document.set("ticket", &json!(ticket.fingerprint().to_string()));
        let write = Write {
            address: stored.address,
            text: Some(document.to_text().into()),
        };
        let inviting = Inviting {
            invited: invited.of(offer),
            message: document.text_of("message"),
            copy: document.text_of("copy"),
            ticket,
        };
        taken = Some((document, Letter::Invitation(Box::new(inviting))));
        Ok(Some(Planned {
            writes: vec![write, kept],
            ..Planned::default()
        }))
    })?;
    Ok(taken.map(|(document, letter)| Order {
        id: key.to_owned(),
        letter,
        origin: document.text_of("origin").unwrap_or_default(),
        language: document.text_of("language"),
    }))
}

fn parsed(stored: &Stored) -> Result<Document, StoreError> {
    Document::parse(&stored.text)
        .map_err(|error| StoreError::Corrupt(format!("{}: {error}", stored.address)))
}

fn is_due(mail: &Document, now: Timestamp) -> bool {
    let due = mail.text_of("due");
    let due = due.and_then(|due| due.parse::<Timestamp>().ok());
    due.is_none_or(|due| due <= now)
}

/// Whom a mail is for, by their id.
fn whom(mail: &Document) -> String {
    let guest = mail.text_of("guest");
    guest
        .or_else(|| mail.text_of("reviewer"))
        .unwrap_or_default()
}

/// A server has taken it, or it can never be sent.
///
/// # Errors
/// The store cannot be written.
pub fn done(ledger: &Ledger, id: &str) -> Result<(), ApiError> {
    let address = Address::new(DocumentKind::Mail, id);
    let Some(stored) = ledger.store().get(&address)? else {
        return Ok(());
    };
    let attempt = attempt(&parsed(&stored)?, SENT);
    ledger.change_as_planned(&attempt, Confirmation::Given, &mut |store, _| {
        Ok(store.get(&address)?.map(|_| Planned {
            writes: vec![gone(id)],
            ..Planned::default()
        }))
    })?;
    Ok(())
}

/// The server will never take it.
///
/// # Errors
/// The store cannot be written.
pub fn give_up(ledger: &Ledger, id: &str, why: &str) -> Result<(), ApiError> {
    let address = Address::new(DocumentKind::Mail, id);
    let Some(stored) = ledger.store().get(&address)? else {
        return Ok(());
    };
    let mail = parsed(&stored)?;
    let told = format!("{}: {why}", whom(&mail));
    let attempt = attempt(&mail, TAKE);
    ledger.change_as_planned(&attempt, Confirmation::Given, &mut |store, _| {
        let stands = store.get(&address)?.is_some();
        Ok(stands.then(|| given_up(id, told.clone())))
    })?;
    Ok(())
}

fn given_up(id: &str, told: String) -> Planned {
    Planned {
        writes: vec![gone(id)],
        details: vec![("Given up", told)],
        ..Planned::default()
    }
}

fn gone(id: &str) -> Write {
    Write {
        address: Address::new(DocumentKind::Mail, id),
        text: None,
    }
}

/// What happens to a mail, as the audit calls it.
#[derive(Clone, Copy)]
struct Step {
    of_guest: Activity,
    of_reviewer: Activity,
}

fn attempt(mail: &Document, step: Step) -> Attempt<'static> {
    let (activity, by, target) = match mail.text_of(REVIEW) {
        Some(review) => {
            let target = TargetResource {
                id: review,
                name: None,
                kind: reviews::TARGET,
            };
            (step.of_reviewer, "Crossgate access reviews", target)
        }
        None => {
            let target = TargetResource {
                id: String::new(),
                name: Some("Invitations to mail".to_owned()),
                kind: "Mail",
            };
            (step.of_guest, "Crossgate invitations", target)
        }
    };
    Attempt {
        activity,
        by: Initiator::Program(by),
        correlation: Uuid::new_v4(),
        target,
        details: Vec::new(),
    }
}

const TAKE: Step = Step {
    of_guest: Activity::new("UserManagement", "Update", "Send external user invite"),
    of_reviewer: Activity::new(reviews::CATEGORY, "Update", "Send reviewer mail"),
};
const SENT: Step = Step {
    of_guest: Activity::new("UserManagement", "Update", "Sent external user invite"),
    of_reviewer: Activity::new(reviews::CATEGORY, "Update", "Sent reviewer mail"),
};

/// The member that tells the mail of a review from others.
pub(crate) const REVIEW: &str = "review";

/// The member that tells the mail of an approval from that of an invitation.
const APPROVED: &str = "approved";

/// As long as a server may take for one, and the pause after the first failure.
const SHORTEST_PAUSE: SignedDuration = SignedDuration::from_mins(3);

/// After so many tries the pause grows no more: six hours and a half.
const LONGEST_DOUBLING: u64 = 7;

/// Some two days.
const MOST_TRIES: u64 = 14;

/// Mails that are read at a time, to find one that is due.
const PAGE: usize = 1000;
