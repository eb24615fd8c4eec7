//! How many exports are made at a time.

use std::sync::{Arc, Mutex, PoisonError};

use http::header::RETRY_AFTER;

use super::super::error::ApiError;
use crate::administrator::{Administrator, Credential};

/// Those that are under way, by whose they are.
#[derive(Debug, Default)]
pub(in super::super) struct Exports(Arc<Mutex<Vec<String>>>);

/// One of them, until this is dropped.
pub(super) struct Place {
    all: Arc<Mutex<Vec<String>>>,
    of: String,
}

impl Exports {
    /// One place for one caller: one who reads slowly leaves room for others.
    pub(super) fn take(&self, who: &Administrator) -> Result<Place, ApiError> {
        self.take_for(name_of(who))
    }

    fn take_for(&self, of: String) -> Result<Place, ApiError> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.contains(&of) {
            let why = "an export of yours is under way; one caller has one at a time";
            return Err(ApiError::too_many(why, WAIT));
        }
        if all.len() >= MOST {
            return Err(ApiError {
                headers: vec![(RETRY_AFTER, WAIT.to_string())],
                ..ApiError::unavailable(format!(
                    "{MOST} exports of sign-ins are under way; wait until one has ended"
                ))
            });
        }
        all.push(of.clone());
        Ok(Place {
            all: Arc::clone(&self.0),
            of,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|of| *of != self.of);
    }
}

/// Whose export it is, as the log of the process names them.
pub(super) fn name_of(who: &Administrator) -> String {
    match &who.credential {
        Credential::Bootstrap => "the bootstrap secret".to_owned(),
        Credential::BreakGlass => "the break-glass secret".to_owned(),
        Credential::Session(person) => person.user.to_string(),
        Credential::Token(subject) | Credential::Console(subject) => {
            let id = subject.user_id.as_ref().or(subject.client.as_ref());
            id.map(ToString::to_string).unwrap_or_default()
        }
    }
}

/// Each keeps a core busy where its client reads fast; the rest is for who waits for a page.
const MOST: usize = 2;

/// Seconds, after which a place may be free.
const WAIT: u64 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_exports_are_made_at_a_time_one_for_each_caller_and_who_ends_makes_room() {
        let exports = Exports::default();
        let take = |who: &str| exports.take_for(who.to_owned());
        let ada = take("ada").unwrap();
        let refused = take("ada").err().unwrap();
        assert_eq!(refused.status, 429);
        assert_eq!(refused.headers, [(RETRY_AFTER, WAIT.to_string())]);
        let _eve = take("eve").unwrap();
        assert_eq!(take("bob").err().unwrap().status, 503);
        drop(ada);
        let _bob = take("bob").unwrap();
        assert!(take("ada").is_err());
    }
}
