//! What the control plane asks of the log of sign-ins, which others keep.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::odata::Outline;

/// The log.
pub trait SignIns: fmt::Debug + Send + Sync {
    /// Goes through events in the order of their times and gives those that may be asked for to `take`, each with its place. It may end before
    /// all is looked through, so that nobody waits long.
    ///
    /// # Errors
    /// The log cannot be read; the reason.
    fn walk(
        &self,
        asked: &SignInQuery<'_>,
        take: &mut dyn FnMut(SignInFound<'_>) -> Looked,
    ) -> Result<Walked, String>;

    /// The event of an id.
    ///
    /// # Errors
    /// The log cannot be read; the reason.
    fn get(&self, id: &str) -> Result<Option<String>, String>;

    /// Adds up events and gives the sums to `take`. Where single events must be looked at it begins with the latest, and may end before all are.
    ///
    /// # Errors
    /// The log cannot be read; the reason.
    fn add_up(
        &self,
        asked: &ActivityQuery<'_>,
        take: &mut dyn FnMut(ActivitySum<'_>),
    ) -> Result<Added, String>;
}

/// Which events.
#[derive(Clone, Debug)]
pub struct SignInQuery<'q> {
    /// From this time on, itself included.
    pub from: Option<Timestamp>,
    /// Until this time, itself included.
    pub to: Option<Timestamp>,
    /// The latest first.
    pub descending: bool,
    /// Behind this place, as it was given before.
    pub after: Option<&'q str>,
    /// What they are like.
    pub outline: Outline<'q>,
}

/// An event.
#[derive(Clone, Copy)]
pub struct SignInFound<'f> {
    /// A JSON object.
    pub event: &'f str,
    /// Its place in the log.
    pub place: &'f dyn fmt::Display,
}

impl fmt::Debug for SignInFound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInFound").finish_non_exhaustive()
    }
}

/// What is made of an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Looked {
    /// It is one that was asked for.
    Hit,
    /// It is not.
    Miss,
    /// No more are wanted.
    Enough,
}

/// How far the log was looked through.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Walked {
    /// To its end.
    All,
    /// Until no more were wanted, or a place that is unknown for this log was to be gone on from.
    Stopped,
    /// For so long that it is enough; behind this place there may be more.
    Tired(String),
}

/// Which of the events that were asked for were added up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Added {
    /// All.
    All,
    /// All from this time on, itself included, and perhaps some before.
    Since(Timestamp),
}

/// Which events are added up.
#[derive(Clone, Copy, Debug)]
pub struct ActivityQuery<'q> {
    /// From this time on, itself included.
    pub from: Timestamp,
    /// Until before this time.
    pub to: Timestamp,
    /// By whom they were made, beside what was asked for.
    pub users: bool,
    /// What they were asked for.
    pub apps: bool,
    /// How they ended; told in any case where `users` are not.
    pub endings: bool,
    /// One way only.
    pub direction: Option<Crossed>,
    /// One other tenant only.
    pub tenant: Option<&'q str>,
    /// One app only.
    pub app: Option<&'q str>,
    /// One user only.
    pub user: Option<&'q str>,
    /// How they ended.
    pub status: Option<Status<'q>>,
    /// For times of this length each, rather than for all together; they begin at full ones since 1970.
    pub step: Option<SignedDuration>,
}

/// A part of the time that is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Step {
    /// Where it would begin, if all of it were asked for.
    pub begin: Timestamp,
    /// From this time on, itself included.
    pub from: Timestamp,
    /// Until before this time.
    pub to: Timestamp,
}

impl ActivityQuery<'_> {
    /// The parts, in their order.
    pub fn steps(&self) -> impl Iterator<Item = Step> + use<> {
        let (from, to, step) = (self.from, self.to, self.step);
        let mut next = (from < to).then(|| self.begin_of(from));
        std::iter::from_fn(move || {
            let begin = next?;
            let end = step.and_then(|step| begin.checked_add(step).ok());
            let end = end.unwrap_or(to).min(to);
            next = (end < to).then_some(end);
            Some(Step {
                begin,
                from: begin.max(from),
                to: end,
            })
        })
    }

    /// Where the part begins that a time is in.
    #[must_use]
    pub fn begin_of(&self, at: Timestamp) -> Timestamp {
        let Some(step) = self.step.filter(SignedDuration::is_positive) else {
            return self.from;
        };
        let (at, step) = (at.as_nanosecond(), step.as_nanos());
        Timestamp::from_nanosecond(at.div_euclid(step) * step).unwrap_or(Timestamp::MIN)
    }
}

/// Which way somebody crossed the organisation's border.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Crossed {
    /// Users of others came to the own apps.
    Inbound,
    /// Somebody went to another organisation.
    Outbound,
    /// Nobody is known to have crossed it.
    Neither,
}

/// How a sign-in ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Status<'q> {
    /// It was let in.
    Success,
    /// It was not.
    Failure,
    /// With this code.
    Code(&'q str),
}

/// Some events that are alike, added up. What was not asked for is `None`.
#[derive(Clone, Copy, Debug)]
pub struct ActivitySum<'s> {
    /// The part of the time that they are of, by [`Step::begin`].
    pub step: Timestamp,
    /// Which way.
    pub crossed: Crossed,
    /// The other tenant.
    pub tenant: Option<&'s str>,
    /// The app's id.
    pub app: Option<&'s str>,
    /// Its name.
    pub app_name: Option<&'s str>,
    /// The user's id.
    pub user: Option<&'s str>,
    /// Their name.
    pub user_name: Option<&'s str>,
    /// `status/errorCode`.
    pub code: Option<&'s str>,
    /// Events.
    pub events: u64,
    /// Requests that they stand for.
    pub requests: u64,
}

impl Crossed {
    /// Its name in queries and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Neither => "none",
        }
    }

    /// The same as a `$filter` of `signIns`, of columns that the log finds events by: who crossed from `own`, this way, to or from `tenant`, where
    /// one is named. Sums and the lists that they lead to are of the same events.
    #[must_use]
    pub fn filter(self, own: &str, tenant: Option<&str>) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let named = quoted(own);
        let known = "crossTenantAccessType ne null and crossTenantAccessType ne 'none'";
        // Who crossed from one foreign tenant to another went out of the own network.
        let here = format!("resourceTenantId eq {named} or resourceTenantId eq null");
        let is = |column: &str| tenant.map(|tenant| format!(" and {column} eq {}", quoted(tenant)));
        match self {
            Self::Inbound => format!(
                "({known} and ({here}) and homeTenantId ne null and homeTenantId ne {named}{})",
                is("homeTenantId").unwrap_or_default()
            ),
            Self::Outbound => format!(
                "({known} and resourceTenantId ne null and resourceTenantId ne {named}{})",
                is("resourceTenantId").unwrap_or_default()
            ),
            Self::Neither => format!(
                "not ({} or {})",
                Self::Inbound.filter(own, None),
                Self::Outbound.filter(own, None)
            ),
        }
    }
}

impl Status<'_> {
    /// Whether an event with this code ended so.
    #[must_use]
    pub fn fits(self, code: Option<&str>) -> bool {
        match self {
            Self::Success => code == Some("0"),
            Self::Failure => code != Some("0"),
            Self::Code(wanted) => code == Some(wanted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(from: &str, to: &str, step: Option<SignedDuration>) -> Vec<[String; 3]> {
        let query = ActivityQuery {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            users: false,
            apps: false,
            endings: false,
            direction: None,
            tenant: None,
            app: None,
            user: None,
            status: None,
            step,
        };
        let told = |step: Step| {
            assert_eq!(query.begin_of(step.from), step.begin);
            [step.begin, step.from, step.to].map(|at| at.to_string())
        };
        query.steps().map(told).collect()
    }

    #[test]
    fn steps_begin_at_full_ones_and_are_all_of_the_time_to_its_last_part_of_a_second() {
        let hour = Some(SignedDuration::from_hours(1));
        let (from, to) = ("2026-01-01T08:30:00Z", "2026-01-01T10:00:00.5Z");
        assert_eq!(
            steps(from, to, hour),
            [
                ["2026-01-01T08:00:00Z", from, "2026-01-01T09:00:00Z"],
                [
                    "2026-01-01T09:00:00Z",
                    "2026-01-01T09:00:00Z",
                    "2026-01-01T10:00:00Z"
                ],
                ["2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z", to],
            ]
        );
        assert_eq!(steps(from, to, None), [[from, from, to]]);
        assert!(steps(to, from, hour).is_empty());
        assert_eq!(steps(from, from, None).len(), 0);
    }
}
