//! The lock-out guard: a change that shuts somebody out is made only where its caller says that this is meant.

use std::net::IpAddr;

use super::{Ledger, Proposed};
use crate::administrator::{Administrator, Credential};
use crate::api::error::{ApiError, Detail};
use crate::enforcer::{Asking, ShutOut};
use crate::roles::Change;

/// Who asks for a change, and whether they mean it whatever it does.
#[derive(Clone, Copy, Debug)]
pub enum Confirmation<'a> {
    /// Somebody who has not said so, and the address of the call.
    Ask(&'a Administrator, Option<IpAddr>),
    /// It is meant, or nobody is there to be asked.
    Given,
}

impl Ledger {
    pub(super) fn guard(
        &self,
        confirmation: Confirmation<'_>,
        proposed: &Proposed,
    ) -> Result<(), ApiError> {
        let Confirmation::Ask(administrator, address) = confirmation else {
            return Ok(());
        };
        let shut_out = self.shut_out(administrator, address, proposed);
        if shut_out.is_empty() {
            return Ok(());
        }
        Err(ApiError::lock_out(details(&shut_out)))
    }

    /// Whom a change would shut out.
    pub(super) fn shut_out(
        &self,
        administrator: &Administrator,
        address: Option<IpAddr>,
        proposed: &Proposed,
    ) -> Vec<ShutOut> {
        let asking = match &administrator.credential {
            Credential::Token(subject) | Credential::Console(subject) => Some(Asking {
                subject,
                address,
                terms_accepted: &administrator.terms_accepted,
            }),
            // Neither policy nor roles can shut the first two out, and no page of ours is for a change that could.
            Credential::Bootstrap | Credential::BreakGlass | Credential::Session(_) => None,
        };
        let mut shut_out = self.enforcer.shut_out(&proposed.policy.compiled(), asking);
        // What binds for some is to bind for all. Once it does bind for some, that was meant.
        if let Some(staging) = proposed.staging.as_ref().filter(|staging| staging.begins) {
            let more = self.enforcer.shut_out(&staging.proposal.compiled(), asking);
            let new: Vec<_> = more
                .into_iter()
                .filter(|one| !shut_out.contains(one))
                .collect();
            shut_out.extend(new);
        }
        if let Some(next) = &proposed.roles {
            let (caller, now) = (administrator.caller(), self.roles());
            let change = Change {
                before: &now,
                after: next,
            };
            if let Some(lock_out) = change.locks_out(&caller) {
                shut_out.push(ShutOut::Roles(lock_out));
            }
        }
        shut_out
    }
}

/// What callers are told of them.
pub(super) fn details(shut_out: &[ShutOut]) -> Vec<Detail> {
    let details = shut_out.iter().map(|shut_out| Detail {
        code: match shut_out {
            ShutOut::Caller(_) | ShutOut::Roles(_) => "CallerShutOut",
            ShutOut::App { .. } => "AppShutOut",
        },
        target: match shut_out {
            ShutOut::Caller(_) | ShutOut::Roles(_) => "caller".to_owned(),
            ShutOut::App { id, .. } => id.clone(),
        },
        message: shut_out.told(),
    });
    details.collect()
}
