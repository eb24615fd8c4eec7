//! `crossgate/signIns/export`: the log of sign-ins as JSON lines, the oldest first, in one answer however long.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http::header::RETRY_AFTER;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Api;
use super::asked::Asked;
use super::call::{Outlet, Reply, Streamed};
use super::error::ApiError;
use super::listed::{self, Listing};
use super::parameters::Parameters;
use super::sign_ins::{as_seen, log, may, range};
use crate::administrator::Administrator;
use crate::ledger::Ledger;
use crate::model::SIGN_IN;
use crate::odata::Outline;
use crate::roles::Action;
use crate::sign_ins::{Looked, SignInQuery};

/// The answer, whose body is made while it is sent.
pub(super) fn export(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let wanted = Wanted::read(asked)?;
    log(api.ledger.enforcer().sign_ins())?;
    let place = api.exports.take()?;
    let export = Export {
        ledger: Arc::clone(&api.ledger),
        who: asked.who.clone(),
        wanted,
    };
    let made = Streamed::new(move |outlet| {
        let _place = place;
        export.write(outlet)
    });
    Ok(Reply::streamed("application/x-ndjson", made))
}

/// What is asked for.
struct Wanted {
    since: Option<Timestamp>,
    /// What comes later is not waited for: more may come than is read.
    until: Timestamp,
    listing: Listing,
}

impl Wanted {
    fn read(asked: &Asked<'_>) -> Result<Self, ApiError> {
        const OURS: &[&str] = &["since", "until"];
        let query = asked.call.query.as_deref().unwrap_or_default();
        let is_ours = |pair: &&str| OURS.contains(&pair.split('=').next().unwrap_or_default());
        let (ours, options): (Vec<&str>, Vec<&str>) = query.split('&').partition(is_ours);
        let mut given = Parameters::read(Some(&ours.join("&")), OURS)?;
        let (since, until) = (given.time("since")?, given.time("until")?);
        let until = until.unwrap_or_else(Timestamp::now);
        if since.is_some_and(|since| since >= until) {
            return Err(ApiError::bad_address("`since`: is not before `until`"));
        }
        Ok(Self {
            since,
            until,
            listing: listed::options_of_query(asked, &SIGN_IN, Some(&options.join("&")))?,
        })
    }

    fn query(&self) -> SignInQuery<'_> {
        let options = self.listing.options();
        let (from, to) = range(options);
        let last = self.until.saturating_sub(SignedDuration::from_nanos(1));
        let last = last.unwrap_or(Timestamp::MIN);
        SignInQuery {
            from: from.max(self.since),
            to: Some(to.map_or(last, |to| to.min(last))),
            descending: false,
            after: None,
            outline: options
                .filter
                .as_ref()
                .map_or(Outline::Unknown, |filter| filter.outline()),
        }
    }
}

/// An export that is made.
struct Export {
    ledger: Arc<Ledger>,
    who: Administrator,
    wanted: Wanted,
}

impl Export {
    /// Writes the events. What breaks it off is told.
    fn write(&self, outlet: &mut dyn Outlet) -> Result<(), String> {
        let enforcer = self.ledger.enforcer();
        let log = enforcer
            .sign_ins()
            .ok_or("sign-ins are not kept any more")?;
        let mut sees_policies = false;
        let mut checks = Checks::new();
        let mut cut = None;
        log.export(&self.wanted.query(), &mut |found| {
            // A role that is taken away binds what is still to come, however slowly that is read.
            if checks.is_due(Instant::now()) {
                if checks.is_over(Instant::now()) {
                    cut = Some("an export lasts an hour at most; go on with `since`");
                    return Looked::Enough;
                }
                if !may(&self.ledger, &self.who, &[Action::SignInReportsRead]) {
                    cut = Some("the caller has lost the role that reads sign-ins");
                    return Looked::Enough;
                }
                sees_policies = may(&self.ledger, &self.who, &[Action::ConditionalAccessRead]);
            }
            let (open, looked) = match self.told(found.event, sees_policies) {
                Told::AsItIs => (line(outlet, found.event), Looked::Hit),
                Told::So(event) => (line(outlet, &event.to_string()), Looked::Hit),
                Told::Nothing => (outlet.is_open(), Looked::Miss),
            };
            if open.is_break() {
                return Looked::Enough;
            }
            looked
        })?;
        cut.map_or(Ok(()), |why| Err(why.to_owned()))
    }

    fn told(&self, event: &str, sees_policies: bool) -> Told {
        let listing = &self.wanted.listing;
        if sees_policies && !listing.filters() {
            return Told::AsItIs;
        }
        let Ok(Value::Object(read)) = serde_json::from_str(event) else {
            return Told::Nothing;
        };
        let read = Value::Object(as_seen(read, sees_policies));
        if !listing.admits(&read) {
            Told::Nothing
        } else if sees_policies {
            Told::AsItIs
        } else {
            Told::So(read)
        }
    }
}

/// When it is looked at again who asks.
struct Checks {
    begun: Instant,
    last: Option<Instant>,
    events: usize,
}

impl Checks {
    fn new() -> Self {
        Self {
            begun: Instant::now(),
            last: None,
            events: 0,
        }
    }

    /// To be asked for each event.
    fn is_due(&mut self, now: Instant) -> bool {
        self.events += 1;
        let since = |last| now.saturating_duration_since(last);
        let is_due =
            self.events > EVENTS_BETWEEN || self.last.is_none_or(|last| since(last) >= BETWEEN);
        if is_due {
            self.events = 0;
            self.last = Some(now);
        }
        is_due
    }

    /// A token lasts about as long, and what it was given for may be over.
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.begun) >= LONGEST
    }
}

fn line(outlet: &mut dyn Outlet, event: &str) -> ControlFlow<()> {
    outlet.send(event.as_bytes())?;
    outlet.send(b"\n")
}

/// What the caller is told of an event.
enum Told {
    AsItIs,
    So(Value),
    Nothing,
}

/// How many exports are under way.
#[derive(Debug, Default)]
pub(super) struct Exports(Arc<AtomicUsize>);

/// One of them, until this is dropped.
struct Place(Arc<AtomicUsize>);

impl Exports {
    fn take(&self) -> Result<Place, ApiError> {
        let one_more = |under_way: usize| (under_way < MOST).then_some(under_way + 1);
        match self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more)
        {
            Ok(_) => Ok(Place(Arc::clone(&self.0))),
            Err(_) => Err(ApiError {
                headers: vec![(RETRY_AFTER, WAIT.to_owned())],
                ..ApiError::unavailable(format!(
                    "{MOST} exports of sign-ins are under way; wait until one has ended"
                ))
            }),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Each keeps a core busy where its client reads fast; the rest is for who waits for a page.
const MOST: usize = 2;

/// Seconds, after which a place may be free.
const WAIT: &str = "30";

/// Some milliseconds' worth.
const EVENTS_BETWEEN: usize = 1000;

/// Where the client reads slowly.
const BETWEEN: Duration = Duration::from_secs(1);

const LONGEST: Duration = Duration::from_secs(60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_is_looked_at_each_second_and_each_thousand_events_and_for_an_hour() {
        let mut checks = Checks::new();
        let begun = checks.begun;
        assert!(checks.is_due(begun), "before the first");
        let due = (0..3 * 1001).filter(|_| checks.is_due(begun)).count();
        assert_eq!(due, 3);
        let slow = (1..=10).filter(|second| checks.is_due(begun + BETWEEN * *second));
        assert_eq!(slow.count(), 10);
        assert!(!checks.is_over(begun + LONGEST - BETWEEN));
        assert!(checks.is_over(begun + LONGEST));
    }

    #[test]
    fn so_many_exports_are_made_at_a_time_and_who_ends_makes_room() {
        let exports = Exports::default();
        let mut places: Vec<Place> = (0..MOST).map(|_| exports.take().unwrap()).collect();
        let refused = exports.take().err().unwrap();
        assert_eq!(refused.status, 503);
        assert_eq!(refused.headers, [(RETRY_AFTER, WAIT.to_owned())]);
        places.pop();
        places.push(exports.take().unwrap());
        assert!(exports.take().is_err());
    }
}
