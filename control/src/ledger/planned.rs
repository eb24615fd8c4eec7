//! Changes of many documents that depend on all that stands in the store.

use crossgate_graph::Standing;

use super::assertions::{Occasion, Proof};
use super::{Confirmation, Ledger, MOST_TRIES};
use crate::api::error::ApiError;
use crate::audit::{Attempt, Modified};
use crate::document::Write;
use crate::store::{Store, StoreError};

/// What a change is to do, and what its audit record says beside the attempt.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// The documents.
    pub writes: Vec<Write>,
    /// The properties, where it is about one document.
    pub modified: Vec<Modified>,
    /// `additionalDetails`.
    pub details: Vec<(&'static str, String)>,
}

/// `None` where there is nothing to do.
pub type PlanResult = Result<Option<Planned>, ApiError>;

/// What is to be done, by the store as it is when the change's turn comes.
pub type Plan<'p> = dyn FnMut(&dyn Store, &Standing) -> PlanResult + 'p;

impl Ledger {
    /// Changes documents in one step as `plan` finds right for the store as it stands. It is asked again where somebody else was faster;
    /// where it answers `None` there is nothing to do, and nothing is recorded.
    ///
    /// # Errors
    /// As for [`Ledger::change`].
    pub fn change_as_planned(
        &self,
        attempt: &Attempt<'_>,
        confirmation: Confirmation<'_>,
        plan: &mut Plan<'_>,
    ) -> Result<Option<Vec<String>>, ApiError> {
        self.change_on(Occasion::of(attempt.by), attempt, confirmation, plan)
    }

    /// The same where a draft comes to bind: what is asserted of the policy is proved first.
    ///
    /// # Errors
    /// As for [`Ledger::change`]; what would not have the properties that are asserted of it.
    pub fn publish_as_planned(
        &self,
        attempt: &Attempt<'_>,
        confirmation: Confirmation<'_>,
        plan: &mut Plan<'_>,
    ) -> Result<Option<Vec<String>>, ApiError> {
        self.change_on(Occasion::Publishing, attempt, confirmation, plan)
    }

    fn change_on(
        &self,
        occasion: Occasion,
        attempt: &Attempt<'_>,
        confirmation: Confirmation<'_>,
        plan: &mut Plan<'_>,
    ) -> Result<Option<Vec<String>>, ApiError> {
        let mut proof = Proof::default();
        for _ in 0..MOST_TRIES {
            let mut state = self.lock();
            self.catch_up(&mut state)?;
            let Some(planned) = plan(&*self.store, &state.standing)? else {
                return Ok(None);
            };
            let Planned {
                writes,
                modified,
                details,
            } = planned;
            let proposed = self.propose(&state, &writes)?;
            let advisories = proposed.advisories();
            self.guard(confirmation, &proposed)?;
            if self.must_prove(occasion, &writes) {
                let Some(turn) = self.prove_in_turn(&mut proof, state, &proposed)? else {
                    continue;
                };
                state = turn;
            }
            let mut attempt = attempt.clone();
            attempt.details.extend(details);
            match self.store_and_enforce(&mut state, &attempt, &modified, writes, proposed) {
                Err(StoreError::Moved) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => return Ok(Some(advisories)),
            }
        }
        Err(ApiError::concurrent())
    }

    /// What would be told of these writes, which are not made.
    ///
    /// # Errors
    /// As for [`Ledger::change`].
    pub fn would_change(&self, writes: &[Write]) -> Result<Vec<String>, ApiError> {
        let mut state = self.lock();
        self.catch_up(&mut state)?;
        Ok(self.propose(&state, writes)?.advisories())
    }
}
