//! Decisions of before, made again for whoever asks why: by the policy in force where that is the one, else by what the store held then.

use std::sync::{Arc, Mutex, PoisonError};

use crossgate_config::Settings;
use crossgate_control::store::Sequence;
use crossgate_insight::event::Event;
use crossgate_insight::verify::{Policy, Verdict, explain};
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::{Decision, Line};

use crate::live::InForce;
use crate::load::Past;
use crate::sign_ins::called_apps;

/// What was decided, or why that cannot be told.
type Told = Result<(Decision, Vec<Line>), String>;

/// Policies of the past, read where somebody asks; nothing of it is used by requests.
#[derive(Debug, Default)]
pub(super) struct Decided(Mutex<Option<Kept>>);

struct Kept {
    past: Past,
    /// The configuration that names them.
    text: String,
    /// The change that the store stood at.
    changed: Sequence,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

impl Decided {
    /// By what is in force; `None` where another policy decided.
    pub(super) fn by_present(
        &self,
        event: &str,
        now: &InForce,
        settings: &Settings,
    ) -> Option<Told> {
        let event = match Event::read(event.as_bytes()) {
            Ok(event) => event,
            Err(why) => return Some(Err(why)),
        };
        if event.snapshot() != &*now.hash {
            return None;
        }
        // What partners publish may have changed without another name; the receipt tells what it came to.
        let snapshot = Snapshot {
            partner_sides: Arc::default(),
            ..(*now.snapshot).clone()
        };
        let policy = Policy {
            snapshot: Arc::new(snapshot),
            apps: Arc::new(called_apps(settings)),
        };
        Some(explain(&event, |_| Some(policy)).map_err(told))
    }

    /// By what the store held, which stands at this change by now. May take as long as a policy takes to be compiled.
    pub(super) fn by_past(
        &self,
        event: &str,
        settings: &Settings,
        text: String,
        changed: Sequence,
    ) -> Told {
        let event = Event::read(event.as_bytes())?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |kept: &Kept| kept.text == text && kept.changed == changed;
        if !kept.as_ref().is_some_and(is_fresh) {
            *kept = None;
            let past = Past::of_store(settings.clone(), &text).map_err(unreadable)?;
            *kept = Some(Kept {
                past,
                text,
                changed,
            });
        }
        let Some(Kept { past, .. }) = kept.as_mut() else {
            return Err("the policies of the past cannot be read".to_owned());
        };
        let mut faults = None;
        let decided = explain(&event, |name| match past.named(name) {
            Ok(snapshot) => snapshot.map(|snapshot| Policy {
                snapshot,
                apps: Arc::new(called_apps(settings)),
            }),
            Err(found) => {
                faults = Some(found);
                None
            }
        });
        match faults {
            Some(faults) => Err(unreadable(faults)),
            None => decided.map_err(told),
        }
    }
}

/// Callers are told that it is so; the log has what and where.
fn unreadable(faults: crate::load::Faults) -> String {
    tracing::error!(faults = ?faults.0, "a policy of the past cannot be read");
    "the policy of then cannot be read; the log says why".to_owned()
}

/// Why a decision cannot be told step by step.
fn told(verdict: Verdict) -> String {
    match verdict {
        Verdict::Undecided => {
            "nothing was decided: the request was malformed, came too early or went before it was".to_owned()
        }
        Verdict::NoReceipt => {
            "the event has no receipt: `receipts` under `[sign_ins]` was off, or what was sent is too much to keep"
                .to_owned()
        }
        Verdict::NoPolicy => {
            "the policy of then is not at hand: another `crossgate.toml` was in force, or the store is another".to_owned()
        }
        Verdict::Broken { why } => format!("the receipt cannot be decided again: {why}"),
        Verdict::Differs { differences } => {
            let told = differences.iter().map(|difference| {
                format!(
                    "{} was `{}` and is `{}`",
                    difference.member, difference.recorded, difference.decided
                )
            });
            let told: Vec<String> = told.collect();
            format!("decided again, the answer is another: {}", told.join("; "))
        }
        Verdict::Same => "the answer is the same".to_owned(),
    }
}
