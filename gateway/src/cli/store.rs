//! The store that a configuration names, as commands use it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use crossgate_config::{PolicySource, Purpose, Settings};
use crossgate_control::api::error::ApiError;
use crossgate_control::audit::{Activity, Attempt, Outcome};
use crossgate_control::enforcer::{Asking, Enforcer, InForce, ShutOut, StagedPolicy};
use crossgate_control::ledger::{Ledger, Opened};
use crossgate_control::store::{Head, Sequence, Sqlite, Store, StoreError};
use crossgate_graph::Compiled;
use crossgate_policy::ids::TenantId;

use super::ending::Failure;
use crate::app::control;
use crate::load;
use crate::sign_ins::gateway_name;

/// Which store.
#[derive(Debug, Args)]
pub(super) struct Configured {
    /// The configuration, whose `source` under `[policy]` names the store.
    #[arg(long, value_name = "FILE", default_value = "crossgate.toml")]
    config: PathBuf,
}

/// A store, and what the configuration says beside it.
pub(super) struct Site {
    pub(super) settings: Settings,
    pub(super) path: PathBuf,
}

impl Configured {
    /// Reads the configuration.
    pub(super) fn site(&self) -> Result<Site, Failure> {
        let settings = self.settings()?;
        match settings.policy.clone() {
            PolicySource::Sqlite(path) => Ok(Site { settings, path }),
            PolicySource::Directory(directory) => Err(Failure::Unusable(format!(
                "{}: `source` under `[policy]` names the directory `{}`, and this command works on a store; write \
                 `source = \"sqlite:PATH\"`",
                self.config.display(),
                directory.display(),
            ))),
        }
    }

    pub(super) fn settings(&self) -> Result<Settings, Failure> {
        Ok(load::settings(&self.config, Purpose::Decide)?)
    }

    pub(super) fn file(&self) -> &Path {
        &self.config
    }
}

impl Site {
    /// The store, which is only read.
    pub(super) fn read(&self) -> Result<Sqlite, Failure> {
        self.must_be_there()?;
        Ok(Sqlite::open_read_only(&self.path)?)
    }

    /// The store and who writes it.
    pub(super) fn ledger(&self) -> Result<Ledger, Failure> {
        self.must_be_there()?;
        self.ledger_of(Sqlite::open_existing(&self.path)?)
    }

    /// The same, where a store that is not there is made.
    pub(super) fn make_ledger(&self) -> Result<Ledger, Failure> {
        self.ledger_of(Sqlite::open(&self.path)?)
    }

    /// The same for who only asks what would be.
    pub(super) fn asking_ledger(&self) -> Result<Ledger, Failure> {
        self.ledger_of(self.read()?)
    }

    fn ledger_of(&self, store: Sqlite) -> Result<Ledger, Failure> {
        let store: Arc<dyn Store> = Arc::new(store);
        let own = load::own_tenant(&self.settings);
        let opened = Opened::read(&*store, &own).map_err(|error| {
            let told = error.to_string();
            let told = told
                .lines()
                .map(|line| format!("{}: {line}", self.path.display()));
            Failure::Unusable(told.collect::<Vec<_>>().join("\n"))
        })?;
        let enforcer = Idle(Arc::new(self.settings.clone()));
        Ok(Ledger::new(store, Arc::new(enforcer), opened))
    }

    fn must_be_there(&self) -> Result<(), Failure> {
        if self.path.exists() {
            return Ok(());
        }
        Err(Failure::Unusable(format!(
            "{}: there is no store; `crossgate policy import` makes one of a directory, and `crossgate run` an empty one",
            self.path.display()
        )))
    }
}

/// Enforces nothing and has seen nobody: a gateway that runs on the same store takes up what commands write.
#[derive(Debug)]
struct Idle(Arc<Settings>);

impl Enforcer for Idle {
    fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.0)
    }

    fn gateway(&self) -> String {
        gateway_name(&self.0.sign_ins)
    }

    fn in_force(&self, _: TenantId) -> Option<InForce> {
        None
    }

    fn shut_out(&self, _: &Compiled, _: Option<Asking<'_>>) -> Vec<ShutOut> {
        Vec::new()
    }

    fn write_activity(&self, _: &dyn Store) -> Result<(), StoreError> {
        Ok(())
    }

    fn enforce(&self, _: &Compiled, _: Option<&StagedPolicy>, _: &Head) {}
}

/// What a command does, for the audit: whose shell it was typed in is all that is known of who did.
pub(super) fn attempt(activity: Activity) -> Attempt<'static> {
    let mut attempt = control::attempt(activity, "Crossgate command line");
    let user = rustix::process::getuid().as_raw();
    attempt
        .details
        .push(("OperatingSystemUser", user.to_string()));
    attempt
}

/// Records that what a command attempted was refused, and gives the refusal back.
pub(super) fn refused(ledger: &Ledger, attempt: &Attempt<'_>, error: ApiError) -> Failure {
    // The first record of a store is the one that brings its first documents.
    if ledger.store().head().is_ok_and(|head| head.sequence == 0) {
        return error.into();
    }
    match ledger.record(attempt, Outcome::Failure(&error.message)) {
        Ok(()) => error.into(),
        Err(unrecorded) => Failure::Unusable(format!(
            "{}\nand this cannot be recorded: {}",
            Failure::from(error),
            unrecorded.message
        )),
    }
}

/// A state that the store has been in.
pub(super) fn must_have_been(store: &dyn Store, at: Sequence, option: &str) -> Result<(), Failure> {
    let last = store.head()?.sequence;
    if at <= last {
        return Ok(());
    }
    Err(Failure::Unusable(format!(
        "{option}: there is no change {at} yet; the last one is {last}, and `crossgate policy history` lists them"
    )))
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Unusable(error.to_string())
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        if error.details.is_empty() {
            return Self::Unusable(error.message);
        }
        let details = error.details.into_iter().map(|detail| {
            if detail.target.is_empty() {
                detail.message
            } else {
                format!("{}: {}", detail.target, detail.message)
            }
        });
        Self::Unusable(details.collect::<Vec<_>>().join("\n"))
    }
}
