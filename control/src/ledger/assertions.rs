//! What is asserted of the policy: proved before a draft is published, and before every change where that is wanted.

use std::sync::{Arc, MutexGuard, PoisonError};

use crossgate_config::Settings;

use super::{Ledger, Proposed, State};
use crate::api::error::{ApiError, Detail};
use crate::audit::Initiator;
use crate::document::Write;
use crate::drafts::holds;
use crate::enforcer::Broken;
use crate::store::Sequence;

/// Why something is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Occasion {
    /// A draft is published, to some or to all.
    Publishing,
    /// Somebody changes something: settings are proved, where that is wanted. To revoke, to disable and to remove somebody waits for no
    /// proof.
    Change,
    /// It happens of itself, or on what partners and transmitters tell.
    Itself,
}

impl Occasion {
    /// That of whoever changes something.
    pub(super) const fn of(by: Initiator<'_>) -> Self {
        match by {
            Initiator::Administrator(..) => Self::Change,
            Initiator::Program(_) | Initiator::Transmitter(_) | Initiator::Synchronization(_) => {
                Self::Itself
            }
        }
    }
}

/// How a change is proved. A proof may take seconds, and to revoke must not wait for it: the first is made while others may change something, and
/// is good if nobody has. Who was overtaken is not overtaken again.
#[derive(Debug, Default)]
pub(super) struct Proof {
    of: Option<Proved>,
}

/// For what a proof was made.
#[derive(Debug)]
struct Proved {
    /// The last change that was in the store.
    changed: Sequence,
    /// What named the assertions.
    settings: Arc<Settings>,
}

/// What is to be done when it is a change's turn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Turn {
    /// It is proved.
    Proved,
    /// It is proved while others take their turns, and then comes again.
    Ahead,
    /// It is proved now.
    Now,
}

impl Proof {
    fn turn(&mut self, changed: Sequence, settings: Arc<Settings>) -> Turn {
        let now = Proved { changed, settings };
        let turn = match &self.of {
            Some(of) if of.is_as(&now) => Turn::Proved,
            Some(_) => Turn::Now,
            None => Turn::Ahead,
        };
        self.of = Some(now);
        turn
    }
}

impl Proved {
    fn is_as(&self, other: &Self) -> bool {
        self.changed == other.changed && Arc::ptr_eq(&self.settings, &other.settings)
    }
}

impl Ledger {
    /// Whether what is written is to be proved before.
    pub(super) fn must_prove(&self, occasion: Occasion, writes: &[Write]) -> bool {
        match occasion {
            Occasion::Publishing => true,
            Occasion::Itself => false,
            Occasion::Change => {
                self.enforcer.settings().admin.assert_every_change
                    && writes.iter().any(|write| holds(write.address.kind))
            }
        }
    }

    /// Refuses what would not have the properties that are asserted. `None`: it has them, and gave its turn to others meanwhile.
    pub(super) fn prove_in_turn<'l>(
        &self,
        proof: &mut Proof,
        state: MutexGuard<'l, State>,
        proposed: &Proposed,
    ) -> Result<Option<MutexGuard<'l, State>>, ApiError> {
        let changed = state.head.changed;
        match proof.turn(changed, self.enforcer.settings()) {
            Turn::Proved => Ok(Some(state)),
            Turn::Now => self.prove(proposed).map(|()| Some(state)),
            Turn::Ahead => {
                drop(state);
                let proved = {
                    // One at a time: each takes a core.
                    let _one = self.proving.lock().unwrap_or_else(PoisonError::into_inner);
                    self.prove(proposed)
                };
                let mut state = self.lock();
                self.catch_up(&mut state)?;
                if state.head.changed == changed {
                    proved?;
                }
                // What was overtaken may contradict what others have changed meanwhile, or not any more.
                Ok(None)
            }
        }
    }

    fn prove(&self, proposed: &Proposed) -> Result<(), ApiError> {
        let broken = self.broken(proposed)?;
        if broken.is_empty() {
            return Ok(());
        }
        let details = broken.into_iter().map(|Broken { name, why }| Detail {
            code: "AssertionFailed",
            target: name,
            message: why,
        });
        Err(ApiError::assertions(details.collect()))
    }

    /// Properties that do not hold of what would bind for all, or for some.
    pub(super) fn broken(&self, proposed: &Proposed) -> Result<Vec<Broken>, ApiError> {
        let unread = |faults: Vec<String>| {
            ApiError::unavailable(format!(
                "what is asserted of the policy cannot be read, and nothing is published unproved: {}",
                faults.join("; ")
            ))
        };
        let mut broken = self
            .enforcer
            .prove(&proposed.policy.compiled())
            .map_err(unread)?;
        if let Some(staging) = &proposed.staging {
            let more = self
                .enforcer
                .prove(&staging.proposal.compiled())
                .map_err(unread)?;
            broken.extend(more.into_iter().map(|one| Broken {
                name: format!("{} (where the draft is staged)", one.name),
                ..one
            }));
        }
        Ok(broken)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crossgate_config::Purpose;

    use super::*;

    #[test]
    fn the_first_proof_keeps_nobody_waiting_and_who_was_overtaken_is_not_again() {
        let text = "tenant.id = \"11111111-1111-4111-8111-111111111111\"";
        let read = || {
            let read = Settings::parse(text, Path::new("/"), Purpose::Decide, &|_| None);
            Arc::new(read.unwrap())
        };
        let settings = read();
        let turns = |then: [(Sequence, &Arc<Settings>); 2]| {
            let mut proof = Proof::default();
            then.map(|(changed, settings)| proof.turn(changed, Arc::clone(settings)))
        };
        let alone = turns([(7, &settings), (7, &settings)]);
        assert_eq!(alone, [Turn::Ahead, Turn::Proved]);
        let overtaken = turns([(7, &settings), (8, &settings)]);
        assert_eq!(overtaken, [Turn::Ahead, Turn::Now]);
        let reloaded = turns([(7, &settings), (7, &read())]);
        assert_eq!(reloaded, [Turn::Ahead, Turn::Now]);
    }
}
