//! When guests came last, as the sign-in events tell: collected in memory, and written down now and then.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crossgate_control::store::{SignIn, SignInActivity, Store, StoreError};
use crossgate_policy::decision::Direction;
use crossgate_policy::ids::Id;
use jiff::Timestamp;

use crate::sign_ins::Observation;

/// What has not been written down yet.
#[derive(Debug, Default)]
pub struct GuestActivity {
    pending: Mutex<HashMap<Id, SignInActivity>>,
    /// One at a time, so that whoever reads behind it finds what another one was writing.
    writing: Mutex<()>,
}

impl GuestActivity {
    /// Takes note of a request, or of the last of its repeats, where a guest made it. Runs on the thread that writes events.
    pub fn note(&self, observation: &Observation, at: Timestamp) {
        let (Some(decision), Some(policy)) = (observation.ending.decision(), &observation.policy)
        else {
            return;
        };
        let Some(facts) = decision.facts() else {
            return;
        };
        let Some(user) = facts.own_user_id.as_ref() else {
            return;
        };
        // Whom our service vouches for without a record has none that could tell.
        let is_guest =
            facts.direction == Direction::Inbound && policy.snapshot.guests.by_id(user).is_some();
        if !is_guest {
            return;
        }
        let mut pending = self.lock();
        if let Some(activity) = pending.get_mut(user) {
            let sign_in = || SignIn {
                at,
                request: observation.decision_id.to_string().into(),
            };
            if activity.last.at < at {
                activity.last = sign_in();
            }
            let before = activity.successful.as_ref().map(|before| before.at);
            if decision.outcome.is_ok() && before.is_none_or(|before| before < at) {
                activity.successful = Some(sign_in());
            }
            return;
        }
        if pending.len() >= MOST_PENDING {
            // The store takes nothing; whoever comes again is noted then.
            return;
        }
        let last = SignIn {
            at,
            request: observation.decision_id.to_string().into(),
        };
        let successful = decision.outcome.is_ok().then(|| last.clone());
        pending.insert(user.clone(), SignInActivity { last, successful });
    }

    /// Whether so much is pending that it should not wait.
    #[must_use]
    pub fn is_much(&self) -> bool {
        self.lock().len() >= MOST_PENDING / 4
    }

    /// Writes it down.
    ///
    /// # Errors
    /// The store cannot be written. Nothing is lost then, but what there is no room for.
    pub fn write(&self, store: &dyn Store) -> Result<(), StoreError> {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = std::mem::take(&mut *self.lock());
        if taken.is_empty() {
            return Ok(());
        }
        let mut activity: Vec<(Box<str>, SignInActivity)> = taken
            .into_iter()
            .map(|(guest, activity)| (guest.to_string().into(), activity))
            .collect();
        // In the order of the table.
        activity.sort_by(|(one, _), (other, _)| one.cmp(other));
        let written = activity
            .chunks(AT_ONCE)
            .try_for_each(|part| store.note_sign_ins(part));
        if written.is_err() {
            let mut pending = self.lock();
            for (guest, activity) in activity {
                match pending.entry(Id::new(&guest)) {
                    std::collections::hash_map::Entry::Occupied(mut newer) => {
                        let newer = newer.get_mut();
                        newer.successful = newer.successful.take().or(activity.successful);
                    }
                    std::collections::hash_map::Entry::Vacant(place) => {
                        place.insert(activity);
                    }
                }
            }
        }
        written
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Id, SignInActivity>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Some 60 MB where the store takes nothing.
const MOST_PENDING: usize = 200_000;

/// So that nobody who changes something waits for long.
const AT_ONCE: usize = 5_000;
