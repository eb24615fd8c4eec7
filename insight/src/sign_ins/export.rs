//! Events taken out, many of them.

use std::time::{Duration, Instant};

use super::walk::{Answer, End, Found, Query};
use super::{Store, StoreError};

impl Store {
    /// Gives events in the order of their times, as [`walk`](Self::walk) does without patience, however slowly they are taken: files are let go and
    /// opened again after some seconds. SQLite's log of a file that is read cannot be cut, and would grow as long as events come to it.
    ///
    /// Events that are kept meanwhile are given too where their turn has not been: end the query at a time where that might go on for ever.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn export(
        &self,
        query: &Query,
        take: &mut dyn FnMut(Found<'_>) -> Answer,
    ) -> Result<End, StoreError> {
        self.export_letting_go(query, HELD, take)
    }

    pub(super) fn export_letting_go(
        &self,
        query: &Query,
        held: Duration,
        take: &mut dyn FnMut(Found<'_>) -> Answer,
    ) -> Result<End, StoreError> {
        let mut query = Query {
            patience: None,
            ..query.clone()
        };
        loop {
            let begun = Instant::now();
            let mut goes_on = None;
            let end = self.walk(&query, &mut |found| {
                let answer = take(found);
                if answer == Answer::Enough || begun.elapsed() < held {
                    return answer;
                }
                goes_on = Some(found.position);
                Answer::Enough
            })?;
            if goes_on.is_none() {
                return Ok(end);
            }
            query.after = goes_on;
        }
    }
}

/// To open the files of a day again takes some milliseconds.
const HELD: Duration = Duration::from_secs(5);
