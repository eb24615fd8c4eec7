//! Receipts decided again: is every recorded answer the one that the policy of then gives?

use std::collections::HashMap;
use std::sync::Arc;

use crossgate_policy::ids::Id;
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::target::Target;
use crossgate_policy::{Decision, Line};
use serde::Serialize;

use crate::answer::{Answer, Difference};
use crate::case::Case;
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
    let decided = again(event, policies, |case, snapshot, target| {
        case.decide(snapshot, target)
    });
    match decided.and_then(|decision| same(event, &decision)) {
        Ok(()) => Verdict::Same,
        Err(verdict) => verdict,
    }
}

/// The same, and what each step compared, where the answer is the one that was recorded.
///
/// # Errors
/// Any other verdict.
pub fn explain(
    event: &Event<'_>,
    policies: impl FnOnce(&str) -> Option<Policy>,
) -> Result<(Decision, Vec<Line>), Verdict> {
    let (decision, lines) = again(event, policies, |case, snapshot, target| {
        case.explain(snapshot, target)
    })?;
    same(event, &decision)?;
    Ok((decision, lines))
}

fn again<T>(
    event: &Event<'_>,
    policies: impl FnOnce(&str) -> Option<Policy>,
    decide: impl FnOnce(&Case, &Snapshot, &Target) -> Option<T>,
) -> Result<T, Verdict> {
    if !event.is_decided() {
        return Err(Verdict::Undecided);
    }
    let case = event.case().ok_or(Verdict::NoReceipt)?;
    let case = case.map_err(|unreadable| Verdict::Broken {
        why: unreadable.error,
    })?;
    let policy = policies(event.snapshot()).ok_or(Verdict::NoPolicy)?;
    let broken = |why: &str| Verdict::Broken {
        why: why.to_owned(),
    };
    let target = policy.apps.get(&case.app);
    let target = target.ok_or_else(|| {
        broken("`app`: the configuration that the snapshot names has no such app")
    })?;
    decide(&case, &policy.snapshot, target)
        .ok_or_else(|| broken("`claims`: a receipt tells who called by `subject` or `refused`"))
}

fn same(event: &Event<'_>, decision: &Decision) -> Result<(), Verdict> {
    let differences = event.answer().differences(&Answer::of(decision));
    if differences.is_empty() {
        Ok(())
    } else {
        Err(Verdict::Differs { differences })
    }
}
