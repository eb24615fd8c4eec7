//! placeholder
use crate::{
    context::Context,
    decision::{Decision, TokenRefusal},
    explanation::Line,
    snapshot::Snapshot,
    subject::Subject,
    target::Target,
};

/// What the token step found.
#[derive(Clone, Copy, Debug)]
pub enum Caller<'a> {
    /// No token came.
    Anonymous,
    /// A token came that cannot be accepted.
    Refused(TokenRefusal),
    /// A token was verified and accepted for the target at this time.
    Verified(&'a Subject),
}

/// Decides one request.
#[must_use]
pub fn decide(
    _snapshot: &Snapshot,
    _caller: Caller<'_>,
    _target: &Target,
    _context: &Context<'_>,
) -> Decision {
    Decision::unknown_app()
}

/// Decides one request and says why.
#[must_use]
pub fn explain(
    _snapshot: &Snapshot,
    _caller: Caller<'_>,
    _target: &Target,
    _context: &Context<'_>,
) -> (Decision, Vec<Line>) {
    (Decision::unknown_app(), Vec::new())
}
