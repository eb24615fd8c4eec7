//! What transmitters of security events tell, as revocations of the store.
//!
//! What was told once stands, so that telling it again changes nothing: no list of what was received is kept beside.

use crossgate_graph::DocumentKind;
use crossgate_policy::ids::{Id, TenantId, UnixTime};
use crossgate_policy::snapshot::{Revocation, RevocationKind};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, json};

use crate::api::error::ApiError;
use crate::audit::{self, Attempt};
use crate::document::{Address, Write};
use crate::ledger::{Confirmation, Ledger, PlanResult, Planned};
use crate::store::{Store, StoreError};
use crate::text::Document;

impl Ledger {
    /// Puts revocations in force, in one step with the record of who told them. Whether that changed anything: of what stands
    /// already, or is revoked later still, nothing is written and nothing recorded.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub fn revoke(&self, attempt: &Attempt<'_>, told: &[Revocation]) -> Result<bool, ApiError> {
        // Nobody is there to be asked whom it shuts out: that is what it is for.
        let changed = self.change_as_planned(attempt, Confirmation::Given, &mut |store, _| {
            plan(store, told)
        })?;
        Ok(changed.is_some())
    }
}

fn plan(store: &dyn Store, told: &[Revocation]) -> PlanResult {
    let mut planned = Planned::default();
    for revocation in told {
        let (address, standing) = place(store, revocation)?;
        let stands = standing.as_ref().and_then(not_before_of);
        let next = time(revocation.not_before)?;
        if stands.is_some_and(|stands| stands >= next) {
            continue;
        }
        let document = document(revocation, next);
        planned.details.push(("Revocation", revocation.name()));
        planned
            .modified
            .extend(audit::modified(standing.as_ref(), Some(&document)));
        planned.writes.push(Write {
            address,
            text: Some(document.to_text().into()),
        });
    }
    Ok((!planned.writes.is_empty()).then_some(planned))
}

/// Where a revocation stands or is to stand, and what stands there.
///
/// Whoever tells it chose the id: one that ends like a number behind another's id must not take that one's place.
fn place(
    store: &dyn Store,
    revocation: &Revocation,
) -> Result<(Address, Option<Document>), ApiError> {
    let name = revocation.name();
    for number in 1..=MOST_OF_A_NAME {
        let key = match number {
            1 => name.clone(),
            number => format!("{name}#{number}"),
        };
        let address = Address::new(DocumentKind::Revocation, &key);
        let Some(stored) = store.get(&address)? else {
            return Ok((address, None));
        };
        let document = Document::parse(&stored.text)
            .map_err(|error| StoreError::Corrupt(format!("{address}: {error}")))?;
        if is_of(&document, revocation) {
            return Ok((address, Some(document)));
        }
    }
    Err(ApiError::bad(
        "there are too many other documents of this name",
    ))
}

fn is_of(document: &Document, revocation: &Revocation) -> bool {
    let text = |name: &str| document.text_of(name);
    let kind = text("kind").and_then(|kind| RevocationKind::from_name(&kind));
    let tenant = text("tenant").and_then(|tenant| TenantId::parse(&tenant));
    // Of a tenant the id says it.
    let tenant = tenant.filter(|_| kind != Some(RevocationKind::Tenant));
    kind == Some(revocation.kind)
        && text("id").is_some_and(|id| Id::new(&id) == revocation.id)
        && tenant == revocation.tenant
}

fn not_before_of(document: &Document) -> Option<Timestamp> {
    document.text_of("notBefore")?.parse().ok()
}

fn document(revocation: &Revocation, not_before: Timestamp) -> Document {
    let mut members = Map::new();
    members.insert("kind".to_owned(), json!(revocation.kind.name()));
    members.insert("id".to_owned(), json!(revocation.id.to_string()));
    if let Some(tenant) = revocation.tenant {
        members.insert("tenant".to_owned(), json!(tenant.to_string()));
    }
    members.insert("notBefore".to_owned(), json!(not_before.to_string()));
    Document::of(&members)
}

/// To the millisecond, as doubles keep times and documents are read again.
fn time(time: UnixTime) -> Result<Timestamp, ApiError> {
    let beyond = || ApiError::bad("the time is beyond what can be written");
    let milliseconds = SignedDuration::try_from_secs_f64(time.seconds())
        .map_err(|_| beyond())?
        .as_millis();
    let milliseconds = i64::try_from(milliseconds).map_err(|_| beyond())?;
    Timestamp::from_millisecond(milliseconds).map_err(|_| beyond())
}

/// Nobody has so many users whose ids differ in such an ending alone.
const MOST_OF_A_NAME: usize = 64;
