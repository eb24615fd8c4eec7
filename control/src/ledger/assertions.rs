//! What is asserted of the policy: proved before a draft is published, and before every change where that is wanted.

use super::{Ledger, Proposed};
use crate::api::error::{ApiError, Detail};
use crate::audit::Initiator;
use crate::document::Write;
use crate::drafts::holds;
use crate::enforcer::Broken;

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

impl Ledger {
    /// Refuses what would not have the properties that are asserted. While they are proved nobody changes anything; requests go on.
    pub(super) fn prove(
        &self,
        occasion: Occasion,
        writes: &[Write],
        proposed: &Proposed,
    ) -> Result<(), ApiError> {
        let wanted = match occasion {
            Occasion::Publishing => true,
            Occasion::Itself => false,
            Occasion::Change => {
                self.enforcer.settings().admin.assert_every_change
                    && writes.iter().any(|write| holds(write.address.kind))
            }
        };
        if !wanted {
            return Ok(());
        }
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
