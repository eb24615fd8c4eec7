//! What would become of changes that nobody makes.

use std::sync::{MutexGuard, TryLockError};

use crossgate_graph::Compiled;
use http::StatusCode;

use super::{Ledger, Proposed, guard};
use crate::administrator::Administrator;
use crate::api::error::{ApiError, Detail};
use crate::document::Write;
use crate::enforcer::Broken;

/// What is told of changes as if they were made.
#[derive(Debug)]
pub struct Examined {
    /// Why they cannot be made.
    pub faults: Vec<Detail>,
    /// What an operator should know.
    pub advisories: Vec<String>,
    /// Whom they would shut out.
    pub shut_out: Vec<Detail>,
    /// What is asserted and would not hold.
    pub broken: Vec<Broken>,
    /// The policy that they make; `None` where there are faults.
    pub policy: Option<Compiled>,
}

/// How closely to look.
#[derive(Clone, Copy, Debug)]
pub enum Look<'a> {
    /// At the documents.
    Documents,
    /// Also at whom it would shut out, the one who asks first, and at what is asserted.
    Everything(&'a Administrator, Option<std::net::IpAddr>),
}

impl Ledger {
    fn looking(&self) -> Result<MutexGuard<'_, ()>, ApiError> {
        match self.looking.try_lock() {
            Ok(looking) => Ok(looking),
            Err(TryLockError::Poisoned(looking)) => Ok(looking.into_inner()),
            Err(TryLockError::WouldBlock) => Err(ApiError::unavailable(
                "another draft is being checked, and one is at a time; try again",
            )),
        }
    }

    /// Looks at changes and makes none. Nobody who makes some waits for more than the compilation of these.
    ///
    /// # Errors
    /// The store, or what is asserted, cannot be read.
    pub fn examine(&self, writes: &[Write], look: Look<'_>) -> Result<Examined, ApiError> {
        let _looking = match look {
            Look::Documents => None,
            Look::Everything(..) => Some(self.looking()?),
        };
        let proposed = {
            let mut state = self.lock();
            self.catch_up(&mut state)?;
            self.propose_for_all(&state, writes)
        };
        let proposed: Proposed = match proposed {
            Ok(proposed) => proposed,
            Err(error) if error.status == StatusCode::BAD_REQUEST => {
                return Ok(Examined {
                    faults: error.details,
                    advisories: Vec::new(),
                    shut_out: Vec::new(),
                    broken: Vec::new(),
                    policy: None,
                });
            }
            Err(error) => return Err(error),
        };
        let (shut_out, broken) = match look {
            Look::Documents => (Vec::new(), Vec::new()),
            Look::Everything(who, address) => (
                guard::details(&self.shut_out(who, address, &proposed)),
                self.broken(&proposed)?,
            ),
        };
        Ok(Examined {
            faults: Vec::new(),
            advisories: proposed.advisories(),
            shut_out,
            broken,
            policy: Some(proposed.policy.compiled()),
        })
    }
}
