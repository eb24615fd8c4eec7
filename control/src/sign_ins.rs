//! What the control plane asks of the log of sign-ins, which others keep.

use std::fmt;

use jiff::Timestamp;

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

    /// The same to the end of the log, however long it takes and however slowly events are taken: `take` says when it is enough.
    ///
    /// # Errors
    /// The log cannot be read; the reason.
    fn export(
        &self,
        asked: &SignInQuery<'_>,
        take: &mut dyn FnMut(SignInFound<'_>) -> Looked,
    ) -> Result<(), String>;

    /// The event of an id.
    ///
    /// # Errors
    /// The log cannot be read; the reason.
    fn get(&self, id: &str) -> Result<Option<String>, String>;

    /// Adds up events and gives the sums to `take`. Whether all of them were: where single events must be looked at, it may end before.
    ///
    /// # Errors
    /// The log cannot be read; the reason.
    fn add_up(
        &self,
        asked: &ActivityQuery<'_>,
        take: &mut dyn FnMut(ActivitySum<'_>),
    ) -> Result<bool, String>;
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

/// Which events are added up.
#[derive(Clone, Copy, Debug)]
pub struct ActivityQuery<'q> {
    /// From this time on, itself included.
    pub from: Timestamp,
    /// Until before this time.
    pub to: Timestamp,
    /// By whom they were made, beside what was asked for.
    pub users: bool,
    /// What they were asked for, and how it ended.
    pub uses: bool,
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
