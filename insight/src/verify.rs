//! Receipts decided again: is every recorded answer the one that the policy of then gives?

use std::collections::HashMap;
use std::sync::Arc;

use crossgate_policy::ids::Id;
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::target::Target;
use serde::Serialize;

use crate::answer::{Answer, Difference};
use crate::event::Event;

/// A policy of then, and the apps of its configuration.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The policy.
    pub snapshot: Arc<Snapshot>,
    /// The apps.
    pub apps: Arc<Apps>,
}

/// Apps by their id.
pub type Apps = HashMap<Id, Target>;

/// What became of one event.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "verdict")]
pub enum Verdict {
    /// The same answer.
    Same,
    /// Another answer.
    #[serde(rename_all = "camelCase")]
    Differs {
        /// In what.
        differences: Vec<Difference>,
    },
    /// No decision was made.
    Undecided,
    /// It has no receipt.
    NoReceipt,
    /// The policy that decided is not at hand.
    NoPolicy,
    /// Its receipt cannot be decided.
    Broken {
        /// Why.
        why: String,
    },
}

/// Decides an event again, by the policy that `policies` has under the name in the event.
pub fn verify(event: &Event<'_>, policies: impl FnOnce(&str) -> Option<Policy>) -> Verdict {
    if !event.is_decided() {
        return Verdict::Undecided;
    }
    let case = match event.case() {
        None => return Verdict::NoReceipt,
        Some(Ok(case)) => case,
        Some(Err(unreadable)) => {
            return Verdict::Broken {
                why: unreadable.error,
            };
        }
    };
    let Some(policy) = policies(event.snapshot()) else {
        return Verdict::NoPolicy;
    };
    let broken = |why: &str| Verdict::Broken {
        why: why.to_owned(),
    };
    let Some(target) = policy.apps.get(&case.app) else {
        return broken("`app`: the configuration that the snapshot names has no such app");
    };
    let Some(decision) = case.decide(&policy.snapshot, target) else {
        return broken("`claims`: a receipt tells who called by `subject` or `refused`");
    };
    let differences = event.answer().differences(&Answer::of(&decision));
    if differences.is_empty() {
        Verdict::Same
    } else {
        Verdict::Differs { differences }
    }
}
