//! What a sign-in showed counts at the console for an hour, and not for as long as the session does.
//!
//! An ID token says what was so when it was issued. To read pages that is enough for the whole session, whose end the policy and `[portal]`
//! set. A step-up and the provider's word about roles, and about groups that roles are assigned to, open changes: they are as old at most
//! as an access token of the provider's, with which the same could be done by the API.

use std::sync::Arc;

use crossgate_policy::decision::{Reason, Refusal};
use crossgate_policy::subject::{Subject, TokenGroups};

/// How a sign-in counts by its age.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Counts {
    /// All of it.
    Whole,
    /// Without what it showed of authentication contexts.
    Without(Arc<Subject>),
    /// It is to be renewed, for roles are given by the provider's word. Who cannot be sent there has none of these.
    Renewed(Arc<Subject>),
}

/// How the sign-in of somebody counts that was made at a time, in seconds. `by_groups`: whether groups of it have roles.
pub(super) fn counts(subject: &Arc<Subject>, by_groups: bool, begun: u64, now: u64) -> Counts {
    if now < begun.saturating_add(LONGEST) {
        return Counts::Whole;
    }
    let aged = || {
        Arc::new(Subject {
            auth_contexts: Arc::default(),
            directory_roles: Arc::default(),
            groups: TokenGroups::default(),
            ..Subject::clone(subject)
        })
    };
    if by_groups || !subject.directory_roles.is_empty() {
        return Counts::Renewed(aged());
    }
    if subject.auth_contexts.is_empty() {
        return Counts::Whole;
    }
    Counts::Without(aged())
}

/// Why somebody is sent to their provider whose roles are to be told anew.
pub(super) const fn renewal() -> Refusal {
    Refusal {
        step: None,
        reason: Reason::NoToken,
        requirements: Vec::new(),
    }
}

/// Seconds.
const LONGEST: u64 = 60 * 60;

#[cfg(test)]
mod tests {
    use crossgate_policy::ids::Id;

    use super::*;
    use crate::sign_ins::testing::guest;

    fn subject(contexts: &[&str], roles: &[&str]) -> Arc<Subject> {
        Arc::new(Subject {
            auth_contexts: contexts.iter().map(|name| (*name).into()).collect(),
            directory_roles: roles.iter().map(|id| Id::new(id)).collect(),
            ..guest()
        })
    }

    #[test]
    fn a_step_up_counts_for_an_hour_and_what_gives_roles_is_told_anew_then() {
        let role = "62e90394-69f5-4237-9190-012177145e10";
        let (bare, stepped) = (subject(&[], &[]), subject(&["c1"], &[]));
        let (known, both) = (subject(&[], &[role]), subject(&["c1"], &[role]));
        for who in [&bare, &stepped, &known, &both] {
            for by_groups in [false, true] {
                let counts = counts(who, by_groups, 1_000, 1_000 + LONGEST - 1);
                assert_eq!(counts, Counts::Whole);
            }
        }
        let late = |who| counts(who, false, 1_000, 1_000 + LONGEST);
        assert_eq!(late(&bare), Counts::Whole);
        assert_eq!(late(&stepped), Counts::Without(Arc::clone(&bare)));
        assert_eq!(late(&known), Counts::Renewed(Arc::clone(&bare)));
        assert_eq!(late(&both), Counts::Renewed(Arc::clone(&bare)));
        // Membership is as old as the sign-in too.
        let member = Arc::new(Subject {
            groups: TokenGroups {
                listed: [Id::new(role)].into(),
                overage: false,
            },
            ..Subject::clone(&bare)
        });
        assert_eq!(late(&member), Counts::Whole);
        let late = counts(&member, true, 1_000, 1_000 + LONGEST);
        assert_eq!(late, Counts::Renewed(bare));
    }
}
