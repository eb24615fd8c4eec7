//! Who signed up and waits for approval: one request a person, for a while.

use std::num::NonZero;

use aws_lc_rs::digest::{SHA256, digest};
use crossgate_graph::UserFlow;
use crossgate_policy::ids::{Id, TenantId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::api::error::ApiError;
use crate::audit::{Activity, Attempt, Initiator, TargetResource};
use crate::document::{Address, DocumentKind, Write};
use crate::invitations::Acceptance;
use crate::ledger::{Confirmation, Ledger, Planned};
use crate::resource::SIGN_UP_REQUESTS;
use crate::signing_up::Applicant;
use crate::store::{Share, Store, StoreError};
use crate::text::Document;

/// How somebody's request stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Standing {
    /// There is none.
    None,
    /// Nobody has decided.
    Waits,
    /// They are not to be a guest.
    Denied,
}

/// What a request is found by: the same person has the same, so that nobody waits twice. Who has no tenant is whoever owns the address, by
/// whichever provider that confirms it they come.
#[must_use]
pub(crate) fn id_of(identity: &Acceptance, address: &str) -> String {
    let person = match identity {
        Acceptance::Tenant { tenant, user } => {
            json!(["tenant", tenant.to_string(), user.to_string()])
        }
        Acceptance::Account { .. } => json!(["address", address.to_lowercase()]),
    };
    let digest = digest(&SHA256, person.to_string().as_bytes());
    let mut bytes = [0; 16];
    for (byte, of) in bytes.iter_mut().zip(digest.as_ref()) {
        *byte = *of;
    }
    uuid::Builder::from_custom_bytes(bytes)
        .into_uuid()
        .to_string()
}

/// How the request of somebody stands.
pub(crate) fn standing(
    store: &dyn Store,
    identity: &Acceptance,
    address: &str,
) -> Result<Standing, StoreError> {
    let address = address_of(&id_of(identity, address));
    let Some(stored) = store.get(&address)? else {
        return Ok(Standing::None);
    };
    let request = parsed(&address, &stored.text)?;
    Ok(match request.text_of("status").as_deref() {
        _ if !is_open(&request, Timestamp::now()) => Standing::None,
        Some(DENIED) => Standing::Denied,
        Some(_) | None => Standing::Waits,
    })
}

/// Whether a request counts still: one that nobody decided, or that was denied, does for a while.
pub(crate) fn is_open(request: &Document, now: Timestamp) -> bool {
    let until = request.text_of("expirationDateTime");
    let until = until.and_then(|until| until.parse::<Timestamp>().ok());
    until.is_some_and(|until| now < until)
}

/// Removes requests that are too old, some at a time, each in a change of its own: one part in so many is looked at, another by each second.
///
/// # Errors
/// The store cannot be read or written.
pub fn remove_outdated(ledger: &Ledger, now: Timestamp) -> Result<(), ApiError> {
    let second = usize::try_from(now.as_second()).unwrap_or_default();
    let Some(share) = Share::split(PARTS).nth(second % PARTS) else {
        return Ok(());
    };
    let mut outdated = Vec::new();
    let mut look = |key: &str, text: &str| {
        if outdated.len() < MOST_AT_ONCE && is_outdated(text, now) {
            outdated.push(key.to_owned());
        }
    };
    ledger
        .store()
        .each(DocumentKind::SignUpRequest, share, &mut look)?;
    outdated.iter().try_for_each(|id| remove(ledger, id, now))
}

fn remove(ledger: &Ledger, id: &str, now: Timestamp) -> Result<(), ApiError> {
    let address = address_of(id);
    let attempt = Attempt {
        activity: EXPIRED,
        by: Initiator::Program("Crossgate sign-up"),
        correlation: Uuid::new_v4(),
        target: TargetResource {
            id: id.to_owned(),
            name: None,
            kind: SIGN_UP_REQUESTS.target,
        },
        details: Vec::new(),
    };
    ledger.change_as_planned(&attempt, Confirmation::Given, &mut |store, _| {
        let stored = store.get(&address)?;
        // Who signed up anew meanwhile waits.
        if !stored.is_some_and(|stored| is_outdated(&stored.text, now)) {
            return Ok(None);
        }
        Ok(Some(Planned {
            writes: vec![Write {
                address: address.clone(),
                text: None,
            }],
            ..Planned::default()
        }))
    })?;
    Ok(())
}

fn is_outdated(text: &str, now: Timestamp) -> bool {
    Document::parse(text).is_ok_and(|request| !is_open(&request, now))
}

/// The write that has somebody wait; `None` where too many do.
pub(crate) fn queued(
    store: &dyn Store,
    who: &Applicant,
    flow: &UserFlow,
    attributes: &Map<String, Value>,
) -> Result<Option<Write>, StoreError> {
    let now = Timestamp::now();
    let id = id_of(&who.identity, who.address());
    let address = address_of(&id);
    // One of their own that is too old gives its place.
    if store.count(DocumentKind::SignUpRequest)? >= MOST && store.get(&address)?.is_none() {
        return Ok(None);
    }
    let (tenant, user) = match &who.identity {
        Acceptance::Tenant { tenant, user } => (Some(tenant.to_string()), Some(user.to_string())),
        Acceptance::Account { .. } => (None, None),
    };
    let (issuer, assigned) = match &who.identity {
        Acceptance::Account { issuer, assigned } => (Some(issuer), assigned.as_ref()),
        Acceptance::Tenant { .. } => (None, None),
    };
    let members = [
        ("id", json!(id)),
        ("status", json!(PENDING)),
        ("createdDateTime", json!(text(now))),
        ("expirationDateTime", json!(text(now + LIFETIME))),
        ("email", json!(who.address())),
        ("userFlow", json!(flow.id)),
        ("application", json!(who.app.to_string())),
        ("identityProvider", json!(who.provider)),
        ("homeTenantId", json!(tenant)),
        ("homeUserId", json!(user)),
        ("attributes", json!(attributes)),
        // For whoever approves: not shown.
        ("addresses", json!(who.addresses)),
        ("issuer", json!(issuer)),
        ("assigned", json!(assigned)),
        ("name", json!(who.name)),
        ("language", json!(who.language)),
        ("origin", json!(who.origin)),
    ];
    let members = members.map(|(name, value)| (name.to_owned(), value));
    let request = Document::of(&members.into_iter().collect());
    Ok(Some(Write {
        address,
        text: Some(request.to_text().into()),
    }))
}

/// Who waits, as the request tells of them; `None` where it does not tell.
pub(crate) fn applicant(request: &Document) -> Option<Applicant> {
    let text = |name: &str| request.text_of(name);
    let identity = match (text("homeTenantId"), text("homeUserId")) {
        (Some(tenant), Some(user)) => Acceptance::Tenant {
            tenant: TenantId::parse(&tenant)?,
            user: Id::new(&user),
        },
        (Some(_), None) | (None, Some(_) | None) => Acceptance::Account {
            issuer: text("issuer")?,
            assigned: text("assigned"),
        },
    };
    let addresses = request.get("addresses")?;
    let addresses = addresses.as_array()?.iter();
    Some(Applicant {
        identity,
        addresses: addresses
            .filter_map(|address| address.as_str().map(str::to_owned))
            .collect(),
        provider: text("identityProvider")?,
        app: Id::new(&text("application")?),
        name: text("name"),
        language: text("language").unwrap_or_default(),
        origin: text("origin").unwrap_or_default(),
    })
    .filter(|who| !who.addresses.is_empty())
}

/// Where a request is kept.
pub(crate) fn address_of(id: &str) -> Address {
    Address::new(DocumentKind::SignUpRequest, id)
}

fn parsed(address: &Address, text: &str) -> Result<Document, StoreError> {
    Document::parse(text).map_err(|error| StoreError::Corrupt(format!("{address}: {error}")))
}

fn text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `status` of a request that nobody has decided.
pub(crate) const PENDING: &str = "pending";

/// `status` of one that was denied: the person is told so until it expires.
pub(crate) const DENIED: &str = "denied";

/// As long as an invitation counts.
const LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Those that wait, or were denied: more than anybody decides.
const MOST: u64 = 10_000;

/// All are looked at within about so many seconds.
const PARTS: NonZero<usize> = NonZero::new(60).unwrap();

/// So that nobody who changes something waits for long.
const MOST_AT_ONCE: usize = 50;

const EXPIRED: Activity = Activity::new(
    "UserManagement",
    "Delete",
    "Self-service sign-up request expired",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_person_has_the_same_request_and_nobody_else_does() {
        let tenant = TenantId::parse("22222222-2222-4222-8222-222222222222").unwrap();
        let of = |user: &str| Acceptance::Tenant {
            tenant,
            user: Id::new(user),
        };
        let mail = || Acceptance::Account {
            issuer: "mail".to_owned(),
            assigned: None,
        };
        let id = id_of(&of("a"), "a@fabrikam.com");
        assert_eq!(id, id_of(&of("a"), "other@fabrikam.com"));
        assert_ne!(id, id_of(&of("b"), "a@fabrikam.com"));
        assert_eq!(
            id_of(&mail(), "Mia@a.example"),
            id_of(&mail(), "mia@A.example")
        );
        assert_ne!(
            id_of(&mail(), "mia@a.example"),
            id_of(&mail(), "mia@b.example")
        );
        let social = Acceptance::Account {
            issuer: "google.com".to_owned(),
            assigned: Some("1".to_owned()),
        };
        assert_eq!(
            id_of(&social, "mia@a.example"),
            id_of(&mail(), "mia@a.example"),
            "whoever was denied is denied by each provider"
        );
        assert!(Uuid::parse_str(&id).is_ok());
    }
}
