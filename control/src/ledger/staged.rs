//! The draft that is staged: what binds for some beside what binds for all.

use crossgate_graph::{Proposal, Refused};
use http::StatusCode;

use super::{Ledger, Proposed, State, changes, details, follow};
use crate::api::error::{ApiError, Detail};
use crate::document::{Address, DocumentKind, Write};
use crate::drafts::{Stage, stage};
use crate::enforcer::StagedPolicy;
use crate::store::{Store, StoreError};

/// A stage with the policy that it makes of the one for all.
pub(super) struct Staging {
    pub(super) stage: Stage,
    pub(super) proposal: Proposal,
    /// The change that it was proposed for begins it.
    pub(super) begins: bool,
}

/// Who makes a change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Made {
    /// This process, and not yet.
    Here,
    /// Another one, which has stored it.
    Elsewhere,
}

impl Staging {
    /// For who enforces it.
    pub(super) fn policy(&self) -> StagedPolicy {
        StagedPolicy {
            draft: self.stage.draft,
            started: self.stage.started.clone(),
            scope: self.stage.scope.clone(),
            policy: self.proposal.compiled(),
        }
    }
}

impl Ledger {
    /// What binds for some once `policy` binds for all; `None` where nothing is staged then.
    pub(super) fn propose_for_some(
        &self,
        state: &State,
        writes: &[Write],
        policy: &Proposal,
        made: Made,
    ) -> Result<Option<Staging>, ApiError> {
        let Some(stage) = stage::after(&*self.store, state.stage.as_ref(), writes)? else {
            return Ok(None);
        };
        let mut held = Vec::new();
        for change in &stage.changes {
            // What another process stored before it staged the draft is what the draft was made over.
            let is_held = match made {
                Made::Here => writes.iter().any(|write| write.address == change.address),
                Made::Elsewhere => change.moved_to(&*self.store)?.is_some(),
            };
            if is_held {
                held.push(self::held(&change.address));
            }
        }
        if !held.is_empty() {
            return Err(ApiError {
                details: held,
                ..ApiError::state(format!(
                    "draft {} is staged and changes what `details` names; complete or return it first",
                    stage.draft
                ))
            });
        }
        let mut next = state.standing.clone();
        next.accept(policy.clone());
        // Of what drafts change nothing is read from the store.
        let source = follow::Source {
            store: &*self.store,
            at: state.head.sequence,
        };
        let begins = writes
            .iter()
            .any(|write| write.address.kind == DocumentKind::Draft);
        match next.propose(&changes(&stage.writes()), &source) {
            Ok(proposal) => Ok(Some(Staging {
                stage,
                proposal,
                begins,
            })),
            Err(Refused::Source(error)) => Err(error.into()),
            Err(Refused::Faults(faults)) => {
                let faults = details(&faults, usize::MAX).into_iter();
                Err(ApiError {
                    status: StatusCode::CONFLICT,
                    ..ApiError::faults(faults.map(|fault| of_draft(&stage, fault)).collect())
                })
            }
        }
    }

    /// Goes on with the stage that the store is in. Once, after the start.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn resume_stage(&self) -> Result<(), ApiError> {
        let mut state = self.lock();
        self.catch_up(&mut state)?;
        state.stage = Stage::of(&*self.store)?;
        if state.stage.is_none() {
            return Ok(());
        }
        let mut proposed: Proposed = self.propose_for_all(&state, &[])?;
        match self.propose_for_some(&state, &[], &proposed.policy, Made::Elsewhere) {
            Ok(staging) => proposed.staging = staging,
            Err(error) if error.status == StatusCode::CONFLICT => {
                self.end_stage_unfit(&mut state, &error);
            }
            Err(error) => return Err(error),
        }
        self.take(&mut state, proposed);
        Self::look_where_it_is_staged(&mut state);
        Ok(())
    }

    /// Has the store say that a stage is over that ended because of what another process wrote, or because no gateway is called any more as
    /// the one that it is staged at.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn end_unfit_stage(&self) -> Result<(), ApiError> {
        let gateway = self.enforcer.gateway();
        let unfit = {
            let mut state = self.lock();
            // Only then: a process that hands over still has the name of before, and the next one may stage at its own.
            if state.gateway != gateway {
                state.gateway = gateway;
                Self::look_where_it_is_staged(&mut state);
            }
            state.unfit.clone()
        };
        if let Some((draft, reason)) = unfit {
            let (id, started) = draft;
            stage::end(self, id, &started, &stage::Why::Unfit(reason))?;
            let mut state = self.lock();
            state.unfit.take_if(|(ended, _)| *ended == (id, started));
        }
        Ok(())
    }

    /// A draft that is staged at a gateway of another name binds for nobody, and proves nothing for as long as it is staged.
    fn look_where_it_is_staged(state: &mut State) {
        let Some(stage) = &state.stage else {
            return;
        };
        let named = (stage.draft, stage.started.clone());
        match stage.scope.elsewhere(&state.gateway) {
            Some(reason) => {
                tracing::warn!(draft = %stage.draft, "{reason}; its stage is over");
                state.unfit = Some((named, reason));
            }
            // It has its name again before anybody ended its stage.
            None => drop(state.unfit.take_if(|(unfit, _)| *unfit == named)),
        }
    }

    /// What binds for some does not go with what another process made bind for all: that has to hold.
    pub(super) fn end_stage_unfit(&self, state: &mut State, error: &ApiError) {
        let Some(stage) = state.stage.take() else {
            return;
        };
        let reason = error.told();
        tracing::error!(draft = %stage.draft, reason, "the staged draft does not go with what another program stored; its stage is over");
        state.unfit = Some(((stage.draft, stage.started), reason));
    }
}

/// What a store held right after a change, with the draft that was staged then; `None` where none was.
///
/// # Errors
/// The store cannot be read, or what it held then has faults now.
pub fn staged_at(
    store: &dyn Store,
    at: crate::store::Sequence,
    own: &crossgate_policy::snapshot::OwnTenant,
) -> Result<Option<crossgate_graph::Compiled>, super::OpenError> {
    let Some(stage) = Stage::at(store, at)? else {
        return Ok(None);
    };
    let then = follow::AsOf { store, at };
    let told = |refused: Refused<StoreError>| match refused {
        Refused::Faults(faults) => super::OpenError::Faults(faults),
        Refused::Source(error) => error.into(),
    };
    let standing = crossgate_graph::Standing::load(own, &then).map_err(told)?;
    let proposal = standing
        .propose(&changes(&stage.writes()), &then)
        .map_err(told)?;
    Ok(Some(proposal.compiled()))
}

fn held(address: &Address) -> Detail {
    Detail {
        code: "StagedByDraft",
        target: address.to_string(),
        message: "is changed by the draft that is staged".to_owned(),
    }
}

fn of_draft(stage: &Stage, fault: Detail) -> Detail {
    Detail {
        message: format!("with the staged draft {}: {}", stage.draft, fault.message),
        ..fault
    }
}
