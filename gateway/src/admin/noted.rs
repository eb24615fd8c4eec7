//! What the control plane wants to know of requests, told by the thread that writes their events.

use std::sync::Arc;

use jiff::Timestamp;

use super::activity::GuestActivity;
use super::sign_in_log::SignInLog;
use super::staged_refusals::StagedRefusals;
use super::visitors::Visitors;
use crate::sign_ins::Observation;

/// Who comes, and when.
#[derive(Clone, Debug, Default)]
pub struct Noted {
    /// Users of apps.
    pub visitors: Arc<Visitors>,
    /// When guests came last.
    pub activity: Arc<GuestActivity>,
    /// Who is refused by a staged draft alone.
    pub refusals: Arc<StagedRefusals>,
    /// What became of all requests, where that is kept.
    pub sign_ins: Option<SignInLog>,
}

impl Noted {
    /// Takes note of a request.
    pub fn request(&self, observation: &Observation) {
        self.visitors.note(observation);
        self.activity.note(observation, observation.arrived);
        self.refusals.note(observation);
    }

    /// Takes note of the last of its repeats.
    pub fn repeats(&self, observation: &Observation, last: Timestamp) {
        self.activity.note(observation, last);
    }
}
