//! A policy that is in a store.

use std::path::Path;
use std::sync::Arc;

use crossgate_control::ledger::Opened;
use crossgate_control::store::{Sqlite, Store};
use crossgate_policy::snapshot::OwnTenant;

use super::{Faults, Found, Policy};

/// A store, and what it holds.
#[derive(Debug)]
pub struct OpenStore {
    /// The store.
    pub store: Arc<dyn Store>,
    /// What it holds, compiled.
    pub opened: Opened,
}

/// What may be done about stores.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stores {
    /// One that is not there is made.
    Make,
    /// They are read and stay as they are.
    Look,
}

/// Opens and reads a store.
pub(super) fn open(file: &Path, own: &OwnTenant, stores: Stores) -> Result<Policy, Faults> {
    let fault = |message: &dyn std::fmt::Display| {
        let told = message.to_string();
        let lines = told
            .lines()
            .map(|line| format!("{}: {line}", file.display()));
        Faults(lines.collect())
    };
    let store = match stores {
        Stores::Make => Sqlite::open(file),
        Stores::Look => Sqlite::open_read_only(file),
    };
    let store: Arc<dyn Store> = Arc::new(store.map_err(|error| fault(&error))?);
    let opened = Opened::read(&*store, own).map_err(|error| fault(&error))?;
    Ok(Policy {
        compiled: opened.standing.compiled(),
        found: Found::Store(Box::new(OpenStore { store, opened })),
    })
}
