//! What the control plane asks of who decides recorded sign-ins again.

use std::fmt;

use crossgate_graph::Compiled;
use jiff::Timestamp;
use serde_json::Value;

/// Replays of recorded sign-ins under drafts: one at a time, beside everything else.
pub trait Replays: fmt::Debug + Send + Sync {
    /// Begins one, in the place of what the draft's last one found.
    ///
    /// # Errors
    /// Another one runs: that of this draft's id. Or it cannot be begun, with the reason.
    fn begin(&self, asked: ReplayAsked, next: &Compiled) -> Result<(), NotBegun>;

    /// How far a draft's last one is, or what it found, with so many rows of each list at most; `None` where there was none since the start.
    fn told(&self, draft: &str, top: usize) -> Option<Value>;

    /// Ends a draft's replay and forgets what it found; whether there was one.
    fn forget(&self, draft: &str) -> bool;
}

/// What is to be decided again.
#[derive(Clone, Debug)]
pub struct ReplayAsked {
    /// The draft's id.
    pub draft: String,
    /// Of it this revision.
    pub revision: u64,
    /// Sign-ins from this time on.
    pub since: Timestamp,
    /// Until this time.
    pub until: Timestamp,
    /// What the draft's answers are held against.
    pub against: ReplayedAgainst,
}

/// What a draft's answers are held against.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReplayedAgainst {
    /// The answers that were given.
    Recorded,
    /// What the policy in force says of the same requests.
    InForce,
}

/// Why a replay is not begun.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NotBegun {
    /// This draft's runs.
    Running(String),
    /// For this reason.
    Failed(String),
}
