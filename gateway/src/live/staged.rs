//! A draft of the policy that binds for some tenants, beside what is in force for all.

use std::sync::Arc;

use crossgate_control::drafts::Share;
use crossgate_policy::ids::Guid;
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::subject::Subject;

use super::InForce;
use crate::request::token::KnownToken;

/// What is in force for a share of the tenants.
#[derive(Clone, Debug)]
pub struct Staged {
    /// The draft that makes it.
    pub draft: Guid,
    /// When it was staged: tells one stage of a draft from the next.
    pub started: Box<str>,
    /// For whom it binds.
    pub share: Share,
    /// The policy.
    pub snapshot: Arc<Snapshot>,
    /// Names its content.
    pub hash: Arc<str>,
}

impl Staged {
    /// Whether it binds for somebody, by the tenant that they live in. Who lives in none is not among them.
    #[must_use]
    pub fn binds(&self, subject: &Subject) -> bool {
        let home = subject.home.recorded_tenant();
        home.is_some_and(|home| self.share.has(self.draft, home))
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
