//! The control plane, where the policy is in a store.

use std::io::Write as _;
use std::sync::Arc;

use crossgate_config::Settings;
use crossgate_control::api::error::ApiError;
use crossgate_control::audit::{Activity, Attempt, Initiator, TargetResource};
use crossgate_control::bootstrap;
use crossgate_control::enforcer::Enforcer;
use crossgate_control::ledger::Ledger;
use crossgate_control::secret::Secret;
use uuid::Uuid;

use super::StartError;
use crate::admin::{Noted, State, Stored};
use crate::live::Live;
use crate::load::OpenStore;
use crate::ops::Metrics;

/// The store's policy, and who changes it.
pub(super) struct Control {
    pub(super) ledger: Arc<Ledger>,
    pub(super) stored: Arc<Stored>,
}

impl Control {
    /// Goes on from a store that was read and is in force. A new one gets its first documents, and one in which nobody has a role
    /// a secret that changes that.
    pub(super) fn start(
        opened: OpenStore,
        live: &Arc<Live>,
        metrics: &Arc<Metrics>,
        noted: &Noted,
        text: &str,
        settings: &Settings,
    ) -> Result<Self, StartError> {
        let OpenStore { store, opened } = opened;
        let state = State {
            text: text.to_owned(),
            policy: opened.standing.compiled(),
            head: opened.head.clone(),
            staged: None,
        };
        let stored = Arc::new(Stored::new(
            Arc::clone(live),
            Arc::clone(metrics),
            noted.clone(),
            settings.clone(),
            state,
        ));
        let enforcer: Arc<dyn Enforcer> = Arc::<Stored>::clone(&stored);
        let ledger = Arc::new(Ledger::new(store, enforcer, opened));
        first_run(&ledger).map_err(|error| StartError::Store(error.message))?;
        ledger
            .resume_stage()
            .map_err(|error| StartError::Store(error.message))?;
        Ok(Self { ledger, stored })
    }
}

fn first_run(ledger: &Ledger) -> Result<(), ApiError> {
    if let Some(secret) = bootstrap::begin(ledger, &attempt(BEGIN, "Crossgate"))? {
        // Not by the log, which is kept. Nobody is left to be told where this fails.
        let _ = writeln!(std::io::stderr(), "{}", told(&secret));
    }
    Ok(())
}

/// What this program does of itself.
pub(crate) fn attempt(activity: Activity, by: &'static str) -> Attempt<'static> {
    Attempt {
        activity,
        by: Initiator::Program(by),
        correlation: Uuid::new_v4(),
        target: TargetResource {
            id: String::new(),
            name: Some("Policy store".to_owned()),
            kind: "Policy",
        },
        details: Vec::new(),
    }
}

/// What a person is told of a bootstrap secret.
pub(crate) fn told(secret: &Secret) -> String {
    format!(
        "crossgate: nobody has a role in the admin API yet. This secret gives somebody the first one, once, and is not shown again:\n\n    {}\n",
        secret.expose()
    )
}

const BEGIN: Activity = Activity::new("Policy", "Add", "Initialize policy store");
