//! How much mail people can have sent by inviting: it carries words of theirs, in the name of the organisation.
//!
//! Counted in memory: a restart begins anew, which no inviter can bring about.

use std::collections::{HashMap, VecDeque};

use crossgate_policy::ids::Id;
use jiff::{SignedDuration, Timestamp};

use super::Wanted;
use crate::api::error::ApiError;
use crate::outbox;

/// Mails that were asked for within the last hour.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    asked: HashMap<Counted, VecDeque<Timestamp>>,
    /// When those of earlier were left out.
    swept: Timestamp,
}

/// By whom, or for whom.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Counted {
    Inviter(Id),
    /// In lower case.
    Address(String),
}

/// What one mail counts for.
#[derive(Debug)]
pub(super) struct Counts(Vec<Counted>);

impl Counts {
    /// `inviter` is who invites without a role.
    pub(super) fn of(wanted: &Wanted, inviter: Option<Id>) -> Self {
        let mut counts: Vec<_> = inviter.map(Counted::Inviter).into_iter().collect();
        let copy = outbox::copy(&wanted.message);
        for address in [Some(&wanted.address), copy.as_ref()].into_iter().flatten() {
            let address = Counted::Address(address.to_lowercase());
            if !counts.contains(&address) {
                counts.push(address);
            }
        }
        Self(counts)
    }

    /// Whether it is somebody without a role who invites.
    pub(super) fn is_without_a_role(&self) -> bool {
        self.0
            .iter()
            .any(|counted| matches!(counted, Counted::Inviter(_)))
    }
}

impl Rates {
    /// Whether one more may be sent.
    pub(super) fn check(&self, counts: &Counts, now: Timestamp) -> Result<(), ApiError> {
        for counted in &counts.0 {
            let Some(asked) = self.asked.get(counted) else {
                continue;
            };
            let (most, told) = match counted {
                Counted::Inviter(_) => (MOST_BY_ONE, "invitations of yours were"),
                Counted::Address(_) => (MOST_TO_ONE, "invitations to this address were"),
            };
            // One more is for the time when this one is as old as that.
            let Some(first) = asked.len().checked_sub(most).and_then(|at| asked.get(at)) else {
                continue;
            };
            let wait = (*first + WITHIN).duration_since(now);
            if wait.is_positive() {
                return Err(ApiError::too_many(
                    format!(
                        "{most} {told} mailed within an hour; come again later, or invite without `sendInvitationMessage`"
                    ),
                    wait.as_secs().unsigned_abs() + 1,
                ));
            }
        }
        Ok(())
    }

    /// One more is to be sent.
    pub(super) fn count(&mut self, counts: Counts, now: Timestamp) {
        if now.duration_since(self.swept) >= BETWEEN_SWEEPS {
            self.asked.retain(|_, asked| {
                asked.retain(|at| now < *at + WITHIN);
                !asked.is_empty()
            });
            self.swept = now;
        }
        for counted in counts.0 {
            self.asked.entry(counted).or_default().push_back(now);
        }
    }
}

const WITHIN: SignedDuration = SignedDuration::from_hours(1);

const BETWEEN_SWEEPS: SignedDuration = SignedDuration::from_mins(1);

/// To one address, whoever invites: an invitation and another try, the same from a colleague, and a copy of somebody else's.
const MOST_TO_ONE: usize = 5;

/// By one inviter without a role: all of a large meeting's guests. Who invites more at a time does it for the organisation, and has a role.
const MOST_BY_ONE: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_after_the_first_one_more_may_be_sent() {
        let (mut rates, begin) = (Rates::default(), Timestamp::UNIX_EPOCH);
        let counts = || Counts(vec![Counted::Address("amy@fabrikam.example".to_owned())]);
        for minute in 0..5 {
            let now = begin + SignedDuration::from_mins(minute);
            assert!(rates.check(&counts(), now).is_ok(), "{minute}");
            rates.count(counts(), now);
        }
        let refused = rates.check(&counts(), begin + SignedDuration::from_mins(59));
        let headers = refused.map_err(|error| error.headers).unwrap_err();
        assert_eq!(headers[0].1, "61");
        let later = begin + SignedDuration::from_mins(60);
        assert!(rates.check(&counts(), later).is_ok());
        rates.count(counts(), later);
        assert!(rates.check(&counts(), later).is_err());
        // What is past takes no room.
        rates.count(Counts(Vec::new()), later + WITHIN);
        assert!(rates.asked.is_empty());
    }
}
