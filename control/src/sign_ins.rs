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

    /// The event of an id.
    ///
    /// # Errors
    /// The log cannot be read; the reason.
    fn get(&self, id: &str) -> Result<Option<String>, String>;
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
