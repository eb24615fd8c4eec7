//! `crossgate/signIns/export`: the log of sign-ins as JSON lines, the oldest first, in one answer however long.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
        let mut looked_at: usize = 0;
        let mut lost_role = false;
        log.export(&self.wanted.query(), &mut |found| {
            // A role that is taken away binds what is still to come.
            if looked_at.is_multiple_of(BETWEEN_CHECKS) {
                if !may(&self.ledger, &self.who, &[Action::SignInReportsRead]) {
                    lost_role = true;
                    return Looked::Enough;
                }
                sees_policies = may(&self.ledger, &self.who, &[Action::ConditionalAccessRead]);
            }
            looked_at += 1;
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
        if lost_role {
            return Err("the caller has lost the role that reads sign-ins".to_owned());
        }
        Ok(())
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

/// Events, some milliseconds' worth.
const BETWEEN_CHECKS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

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
