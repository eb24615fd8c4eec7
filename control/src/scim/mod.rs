//! Inbound cross-tenant synchronisation: a partner's administrators push users and groups (SCIM 2.0, RFC 7643 and RFC 7644).
//!
//! Who pushes is known when a call comes here. What they push is kept by the ledger as whatever an administrator changes: on disk and in
//! force before it is answered. A partner sees and changes what it has made itself, and nothing else.

mod bulk;
mod call;
mod directory;
mod fault;
mod filter;
mod groups;
pub(crate) mod here;
mod limits;
mod lists;
mod patch;
mod person;
mod query;
mod schema;
mod service;
mod team;
mod users;
mod values;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossgate_graph::Standing;
use crossgate_policy::ids::TenantId;
use jiff::Timestamp;
use serde_json::Value;

use crate::api::error::ApiError;
use crate::audit::Attempt;
use crate::document::{Address, DocumentKind};
use crate::ledger::{Confirmation, Ledger, Planned};
use crate::store::{Store, StoreError};
use crate::text::Document;
pub use call::{Call, Partner, Reply};
use directory::Directory;
use fault::Fault;
pub(crate) use person::MEMBER;
pub use service::MOST_BODY;

/// What partners synchronise.
#[derive(Debug)]
pub struct Scim {
    ledger: Arc<Ledger>,
    directory: Mutex<Directory>,
}

/// What is to be written, by the store as it stands.
type Plan<'a> = dyn FnMut(&dyn Store, &Standing, &Directory) -> Result<Option<Planned>, Fault> + 'a;

impl Scim {
    /// Keeps what is pushed with this ledger.
    #[must_use]
    pub fn new(ledger: Arc<Ledger>) -> Self {
        Self {
            ledger,
            directory: Mutex::default(),
        }
    }

    /// Answers a call of a partner who is known. It waits for the disk, so never on a thread that serves requests.
    #[must_use]
    pub fn answer(&self, call: &Call<'_>) -> Reply {
        self.dispatch(call)
            .unwrap_or_else(|fault| Reply::failed(&fault))
    }

    /// The view of the store as it stands.
    fn directory(&self) -> Result<MutexGuard<'_, Directory>, Fault> {
        self.directory_of(self.ledger.store())
    }

    fn directory_of(&self, store: &dyn Store) -> Result<MutexGuard<'_, Directory>, Fault> {
        let mut directory = self
            .directory
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        directory.follow(store)?;
        Ok(directory)
    }

    /// Changes what a plan finds right for the store as it stands. Where it finds nothing to do nothing is written or recorded.
    fn change(
        &self,
        tenant: TenantId,
        attempt: &Attempt<'_>,
        plan: &mut Plan<'_>,
    ) -> Result<(), Fault> {
        let mut fault = None;
        // Nobody is there to be asked whom it shuts out: that is what it is for.
        let changed =
            self.ledger
                .change_as_planned(attempt, Confirmation::Given, &mut |store, standing| {
                    fault = None;
                    let planned = check_allowed(store, tenant).and_then(|()| {
                        let directory = self.directory_of(store)?;
                        plan(store, standing, &directory)
                    });
                    planned.map_err(|why| {
                        let told = ApiError::bad(&*why.detail);
                        fault = Some(why);
                        told
                    })
                });
        match (changed, fault) {
            (_, Some(fault)) => Err(fault),
            (Err(error), None) => Err(error.into()),
            (Ok(_), None) => Ok(()),
        }
    }

    /// The domain of names of users from elsewhere.
    fn own_domain(&self) -> String {
        let settings = self.ledger.enforcer().settings();
        let own = &settings.tenant;
        let domain = own.domains.first().cloned();
        domain.unwrap_or_else(|| own.id.to_string())
    }
}

/// Whether the own organisation lets this partner push, by the policy in force.
fn check_allowed(store: &dyn Store, tenant: TenantId) -> Result<(), Fault> {
    let address = Address::new(DocumentKind::Partner, &tenant.to_string());
    let partner = read(store, &address)?;
    let policy = partner.and_then(|(partner, _)| partner.get("identitySynchronization"));
    let allowed = policy.and_then(|policy| {
        policy
            .get("userSyncInbound")?
            .get("isSyncAllowed")?
            .as_bool()
    });
    if allowed == Some(true) {
        return Ok(());
    }
    Err(Fault::not_allowed())
}

/// A document and its version.
fn read(store: &dyn Store, address: &Address) -> Result<Option<(Document, String)>, Fault> {
    let Some(stored) = store.get(address)? else {
        return Ok(None);
    };
    let document = Document::parse(&stored.text)
        .map_err(|error| StoreError::Corrupt(format!("{address}: {error}")))?;
    Ok(Some((document, format!("W/\"{}\"", stored.since))))
}

fn user_at(id: &str) -> Address {
    Address::new(DocumentKind::Guest, id)
}

fn group_at(id: &str) -> Address {
    Address::new(DocumentKind::SynchronizedGroup, id)
}

/// A body of JSON.
fn json_of(body: &[u8]) -> Result<Value, Fault> {
    serde_json::from_slice(body)
        .map_err(|error| Fault::syntax(format!("the body is no JSON: {error}")))
}

/// A time as the directory keeps it.
fn now() -> String {
    Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
        .to_string()
}
