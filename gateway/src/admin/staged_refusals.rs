//! Who is refused by a staged draft alone: more of them than its publisher allows end the stage.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crossgate_control::drafts::NewRefusals;
use crossgate_policy::ids::{Guid, Id, TenantId};
use tokio::sync::Notify;

use crate::live::Staged;
use crate::sign_ins::Observation;

/// Users of apps whom a staged draft refuses, and the policy for all would let in. Counted since the draft was staged, or this process
/// started.
#[derive(Debug, Default)]
pub struct StagedRefusals {
    counted: Mutex<Option<Counted>>,
    too_many: Notify,
}

/// Of one stage.
#[derive(Debug)]
struct Counted {
    draft: Guid,
    started: Box<str>,
    most: u64,
    pairs: HashSet<Pair>,
    samples: Vec<String>,
}

/// One user of one app.
#[derive(Debug, Eq, Hash, PartialEq)]
struct Pair {
    home: Option<TenantId>,
    user: Option<Id>,
    app: Id,
}

impl StagedRefusals {
    /// Counts for this stage from now on; goes on where it is the same.
    pub fn follow(&self, staged: Option<&Staged>) {
        let mut counted = self.lock();
        let same = match (&*counted, staged) {
            (Some(counted), Some(staged)) => {
                counted.draft == staged.draft && counted.started == staged.started
            }
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !same {
            *counted = staged.map(|staged| Counted {
                draft: staged.draft,
                started: staged.started.clone(),
                most: staged.most_new_refusals,
                pairs: HashSet::new(),
                samples: Vec::new(),
            });
        }
    }

    /// Takes note of a request. Where a staged draft refused it, the policy for all is asked too: on the thread that writes events.
    pub fn note(&self, observation: &Observation) {
        let policy = observation.policy.as_ref();
        let Some(over) = policy.and_then(|policy| policy.over.as_ref()) else {
            return;
        };
        let is_refused = |decision: &crossgate_policy::Decision| decision.permit().is_none();
        let (Some(app), Some(subject), true) = (
            &observation.app,
            &observation.subject,
            observation.ending.decision().is_some_and(is_refused),
        ) else {
            return;
        };
        let without = observation.decided_by(&over.for_all);
        if without.is_none_or(|without| is_refused(&without)) {
            return;
        }
        let mut counted = self.lock();
        let Some(counted) = counted.as_mut().filter(|counted| {
            counted.draft == over.stage.draft && counted.started == over.stage.started
        }) else {
            return;
        };
        // Those that are more than enough are not kept.
        if counted.is_beyond() {
            return;
        }
        let user = subject.user_id.as_ref().or(subject.home_oid.as_ref());
        let pair = Pair {
            home: subject.home.recorded_tenant(),
            user: user.or(subject.client.as_ref()).cloned(),
            app: app.target.id.clone(),
        };
        if !counted.pairs.insert(pair) {
            return;
        }
        if counted.samples.len() < MOST_SAMPLES {
            let user = user.map_or_else(|| "somebody".to_owned(), ToString::to_string);
            let sample = format!(
                "{user} at {}: sign-in {} ({})",
                app.name,
                observation.decision_id,
                observation.ending.reason(),
            );
            counted.samples.push(sample);
        }
        if counted.is_beyond() {
            self.too_many.notify_one();
        }
    }

    /// Waits until there are too many.
    pub async fn too_many(&self) {
        self.too_many.notified().await;
    }

    /// The draft that refuses too many, when it was staged, and whom it refuses.
    #[must_use]
    pub fn beyond(&self) -> Option<(Guid, Box<str>, NewRefusals)> {
        let counted = self.lock();
        let counted = counted.as_ref().filter(|counted| counted.is_beyond())?;
        Some((counted.draft, counted.started.clone(), counted.told()))
    }

    /// How many there are so far, while a draft is staged.
    #[must_use]
    pub fn so_far(&self) -> Option<NewRefusals> {
        self.lock().as_ref().map(Counted::told)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Counted>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    fn told(&self) -> NewRefusals {
        NewRefusals {
            count: self.pairs.len(),
            samples: self.samples.clone(),
        }
    }

    fn is_beyond(&self) -> bool {
        self.pairs.len() as u64 > self.most
    }
}

/// Of those that are told by name.
const MOST_SAMPLES: usize = 10;
