//! `auditLogs/signIns`.

use std::ops::Bound;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Api;
use super::asked::Asked;
use super::call::Reply;
use super::concealed;
use super::error::ApiError;
use super::listed::{self, Page};
use crate::administrator::Administrator;
use crate::ledger::Ledger;
use crate::model::{SIGN_IN, show};
use crate::odata::{Direction, Options, Outline, Position};
use crate::roles::{Action, Required};
use crate::sign_ins::{Looked, SignInQuery, SignIns, Walked};

/// A page of events, the latest first unless asked otherwise. It may have fewer than it could, even none, and still be followed by others: a page
/// is looked for no longer than somebody may wait.
pub(super) fn list(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let listing = listed::options_of_pages(asked, &SIGN_IN, LARGEST_PAGE)?;
    let options = listing.options();
    let mut terms = options.order_by.terms();
    let descending = match (terms.next(), terms.next()) {
        (None, _) => true,
        (Some((path, direction)), None) if path.is("createdDateTime") => {
            direction == Direction::Descending
        }
        (Some(_), _) => {
            return Err(ApiError::bad_address(
                "`$orderby`: sign-ins are ordered by `createdDateTime` alone",
            ));
        }
    };
    let (from, to) = range(options);
    let query = SignInQuery {
        from,
        to,
        descending,
        after: listing.after(),
        outline: options
            .filter
            .as_ref()
            .map_or(Outline::Unknown, |filter| filter.outline()),
    };
    let sees_policies = may_see_policies(api, asked);
    let mut page = Page::new(&listing);
    let mut last: Option<Position> = None;
    let mut goes_on = None;
    let enforcer = api.ledger.enforcer();
    let walked = log(enforcer.sign_ins())?.walk(&query, &mut |found| {
        let Ok(Value::Object(event)) = serde_json::from_str(found.event) else {
            return Looked::Miss;
        };
        // What is not told cannot be found out by filters either.
        let event = Value::Object(as_seen(event, sees_policies));
        if !listing.admits(&event) {
            return Looked::Miss;
        }
        if page.is_full() {
            goes_on = last.take();
            return Looked::Enough;
        }
        last = Some(options.order_by.position(&event, &found.place.to_string()));
        if let Value::Object(event) = event {
            page.push(Value::Object(listing.select(show(&SIGN_IN, event))));
        }
        Looked::Hit
    });
    match walked.map_err(ApiError::unavailable)? {
        Walked::All => {}
        Walked::Stopped => goes_on.into_iter().for_each(|behind| page.goes_on(behind)),
        Walked::Tired(place) => page.goes_on(options.order_by.position(&Value::Null, &place)),
    }
    Ok(page.reply(asked, asked.context("auditLogs/signIns"), None))
}

/// One event.
pub(super) fn get(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let listing = listed::options(asked, &SIGN_IN)?;
    let id = asked.parameter();
    let enforcer = api.ledger.enforcer();
    let event = log(enforcer.sign_ins())?
        .get(id)
        .map_err(ApiError::unavailable)?
        .ok_or_else(|| ApiError::not_found(format!("there is no sign-in `{id}`")))?;
    let Ok(Value::Object(event)) = serde_json::from_str(&event) else {
        return Err(ApiError::unavailable("the sign-in cannot be read"));
    };
    let event = as_seen(event, may_see_policies(api, asked));
    let mut shown = listing.select(show(&SIGN_IN, event));
    shown.insert(
        "@odata.context".to_owned(),
        asked.context("auditLogs/signIns/$entity"),
    );
    Ok(Reply::ok(Value::Object(shown)))
}

pub(super) fn log(log: Option<&dyn SignIns>) -> Result<&dyn SignIns, ApiError> {
    log.ok_or_else(|| {
        ApiError::not_found(
            "sign-ins are not kept: `store` under `[sign_ins]` of the configuration is off",
        )
    })
}

/// As Graph has it for sign-ins.
const LARGEST_PAGE: u16 = 1000;

/// As in Graph, which policies applied is for those who may read policies.
pub(super) fn may_see_policies(api: &Api, asked: &Asked<'_>) -> bool {
    may(&api.ledger, asked.who, &[Action::ConditionalAccessRead])
}

/// Whether a caller may do all of these everywhere, by now.
pub(super) fn may(ledger: &Ledger, who: &Administrator, actions: &[Action]) -> bool {
    let needed = Required::all(actions.iter().copied().collect());
    needed.is_some_and(|needed| ledger.roles().check(&who.caller(), needed).is_ok())
}

/// What somebody is told of an event.
pub(super) fn as_seen(mut event: Map<String, Value>, sees_policies: bool) -> Map<String, Value> {
    if !sees_policies {
        concealed::of_sign_in(&mut event);
    }
    event
}

/// The times that the filter leaves.
pub(super) fn range(options: &Options) -> (Option<Timestamp>, Option<Timestamp>) {
    let (from, to) = match &options.filter {
        Some(filter) => filter.range("createdDateTime"),
        None => (Bound::Unbounded, Bound::Unbounded),
    };
    (instant(from), instant(to))
}

/// The end of a range, itself included: the filter leaves it out where it must.
fn instant(bound: Bound<Timestamp>) -> Option<Timestamp> {
    match bound {
        Bound::Included(at) | Bound::Excluded(at) => Some(at),
        Bound::Unbounded => None,
    }
}
