//! The policy of a store beside the configuration: whichever of the two changes, both are put in force together.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossgate_config::Settings;
use crossgate_control::enforcer::{Asking, Enforcer, ShutOut};
use crossgate_control::store::Head;
use crossgate_graph::Compiled;
use crossgate_policy::context::Context;
use crossgate_policy::{Caller, decide};
use jiff::Timestamp;

use super::callers;
use super::visitors::Visitors;
use crate::live::{InForce, Live, announce};
use crate::load;
use crate::ops::Metrics;

/// What the gateway enforces from a store.
#[derive(Debug)]
pub struct Stored {
    live: Arc<Live>,
    metrics: Arc<Metrics>,
    visitors: Arc<Visitors>,
    state: Mutex<State>,
}

/// Both halves of what is in force.
#[derive(Debug)]
pub struct State {
    /// The configuration's text, which is part of the name of what is in force.
    pub text: String,
    /// What it says.
    pub settings: Arc<Settings>,
    /// The policy.
    pub policy: Compiled,
    /// Where the store stands.
    pub head: Head,
}

impl Stored {
    /// Goes on from what is in force.
    #[must_use]
    pub fn new(
        live: Arc<Live>,
        metrics: Arc<Metrics>,
        visitors: Arc<Visitors>,
        state: State,
    ) -> Self {
        Self {
            live,
            metrics,
            visitors,
            state: Mutex::new(state),
        }
    }

    /// Both halves, which stay as they are while this is held.
    pub fn hold(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Enforcer for Stored {
    fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.hold().settings)
    }

    fn shut_out(&self, next: &Compiled, by: Option<Asking<'_>>) -> Vec<ShutOut> {
        let settings = self.settings();
        let now = Arc::clone(&self.live.in_force().snapshot);
        let next = load::snapshot(&settings, next);
        let mut found = Vec::new();
        if let Some(Asking { subject, address }) = by {
            let target = callers::admin_target(&settings);
            // As the call itself was decided, and the next one will be.
            let context = Context {
                client_ip: address,
                ..Context::default()
            };
            let asked = |snapshot| decide(snapshot, Caller::Verified(subject), &target, &context);
            let then = asked(&next);
            if asked(&now).permit().is_some() && then.permit().is_none() {
                let reason = callers::reason(&then).unwrap_or_default();
                found.push(ShutOut::Caller(reason));
            }
        }
        found.extend(
            self.visitors
                .shut_out(&settings, (&now, &next), Timestamp::now()),
        );
        found
    }

    fn enforce(&self, policy: &Compiled, head: &Head) {
        let mut state = self.hold();
        state.policy = policy.clone();
        state.head = head.clone();
        let snapshot = Arc::new(load::snapshot(&state.settings, policy));
        let hash = load::name_of_store(&state.text, head);
        self.live.replace(|current| InForce {
            generation: current.generation + 1,
            hash: Arc::clone(&hash),
            snapshot: Arc::clone(&snapshot),
            ..current.clone()
        });
        let generation = self.live.in_force().generation;
        announce(&self.metrics, generation, policy.counts);
    }
}
