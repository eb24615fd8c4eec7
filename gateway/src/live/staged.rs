//! A draft of the policy that binds for some, beside what is in force for all.

use std::sync::Arc;

use crossgate_control::drafts::Percent;
use crossgate_policy::ids::{Guid, TenantId};
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::subject::Subject;

use super::InForce;
use crate::request::token::KnownToken;

/// What is in force for some.
#[derive(Clone, Debug)]
pub struct Staged {
    /// The draft that makes it.
    pub draft: Guid,
    /// When it was staged: tells one stage of a draft from the next.
    pub started: Box<str>,
    /// For whom it binds.
    pub among: Among,
    /// More users of an app than this who would be let in without it end its stage.
    pub most_new_refusals: u64,
    /// The policy.
    pub snapshot: Arc<Snapshot>,
    /// Names its content.
    pub hash: Arc<str>,
}

/// For whom at this gateway a staged draft binds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Among {
    /// Whose home is among so many of a hundred tenants.
    Tenants(Percent),
    /// Whoever is known.
    Everybody,
}

impl Staged {
    /// Whether it binds for the people of a tenant.
    #[must_use]
    pub const fn binds_for(&self, home: TenantId) -> bool {
        match self.among {
            Among::Tenants(percent) => percent.has(self.draft, home),
            Among::Everybody => true,
        }
    }

    /// Whether it binds for somebody, by the tenant that they live in. Who lives in none is among no share.
    #[must_use]
    pub fn binds(&self, subject: &Subject) -> bool {
        match subject.home.recorded_tenant() {
            Some(home) => self.binds_for(home),
            None => self.among == Among::Everybody,
        }
    }

    /// The policy that decides about whom a token was verified for: this one, or the one for all.
    #[must_use]
    pub fn or<'a>(&'a self, for_all: &'a Snapshot, token: Option<&KnownToken>) -> &'a Snapshot {
        match token {
            Some(token) if self.binds(&token.subject) => &self.snapshot,
            Some(_) | None => for_all,
        }
    }
}

impl InForce {
    /// What is staged, where it binds for this caller.
    #[must_use]
    pub fn staged_for(&self, subject: Option<&Subject>) -> Option<&Arc<Staged>> {
        let staged = self.staged.as_ref()?;
        staged.binds(subject?).then_some(staged)
    }

    /// The policy that decides about this caller.
    #[must_use]
    pub fn policy_for(&self, subject: Option<&Subject>) -> &Arc<Snapshot> {
        let staged = self.staged_for(subject);
        staged.map_or(&self.snapshot, |staged| &staged.snapshot)
    }
}
