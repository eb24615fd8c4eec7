//! `auditLogs/directoryAudits`.

use std::ops::{Bound, ControlFlow};

use jiff::Timestamp;
use serde_json::Value;

use super::Api;
use super::asked::Asked;
use super::call::Reply;
use super::error::ApiError;
use super::listed::{self, Page};
use crate::model::{DIRECTORY_AUDIT, show};
use crate::odata::{Direction, Position};
use crate::store::AuditRange;

/// A page of records, the latest first unless asked otherwise.
pub(super) fn list(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let listing = listed::options(asked, &DIRECTORY_AUDIT)?;
    let options = listing.options();
    let mut terms = options.order_by.terms();
    let descending = match (terms.next(), terms.next()) {
        (None, _) => true,
        (Some((path, direction)), None) if path.to_string() == "activityDateTime" => {
            direction == Direction::Descending
        }
        (Some(_), _) => {
            return Err(ApiError::bad_address(
                "`$orderby`: records are ordered by `activityDateTime` alone",
            ));
        }
    };
    let after = listing.after().map(|key| {
        key.parse::<u64>()
            .map_err(|_| ApiError::bad_address("`$skiptoken`: is not one for this query"))
    });
    let (from, to) = match &options.filter {
        Some(filter) => filter.range("activityDateTime"),
        None => (Bound::Unbounded, Bound::Unbounded),
    };
    let range = AuditRange {
        from: instant(from),
        to: instant(to),
        descending,
        after: after.transpose()?,
    };
    let count = listing
        .wants_count()
        .then(|| count(api, range, &listing))
        .transpose()?;
    let mut page = Page::new(&listing);
    let mut last = None;
    api.ledger.store().audits(range, &mut |audited| {
        let Ok(Value::Object(record)) = serde_json::from_str(&audited.record) else {
            return ControlFlow::Continue(());
        };
        let shown = Value::Object(show(&DIRECTORY_AUDIT, record));
        if !listing.admits(&shown) {
            return ControlFlow::Continue(());
        }
        if page.is_full() {
            if let Some((sequence, shown)) = last.take() {
                let position: Position = options
                    .order_by
                    .position(&shown, &u64::to_string(&sequence));
                page.goes_on(position);
            }
            return ControlFlow::Break(());
        }
        last = Some((audited.sequence, shown.clone()));
        if let Value::Object(shown) = shown {
            page.push(Value::Object(listing.select(shown)));
        }
        ControlFlow::Continue(())
    })?;
    let context = asked.context("auditLogs/directoryAudits");
    Ok(page.reply(asked, context, count))
}

/// How many records a query is for, whatever page it asks for.
fn count(api: &Api, range: AuditRange, listing: &listed::Listing) -> Result<u64, ApiError> {
    let mut count = 0;
    let all = AuditRange {
        after: None,
        ..range
    };
    api.ledger.store().audits(all, &mut |audited| {
        let record = serde_json::from_str(&audited.record).unwrap_or_default();
        let shown = Value::Object(show(&DIRECTORY_AUDIT, record));
        count += u64::from(listing.admits(&shown));
        ControlFlow::Continue(())
    })?;
    Ok(count)
}

/// One record.
pub(super) fn get(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let listing = listed::options(asked, &DIRECTORY_AUDIT)?;
    let id = asked.parameter();
    let audited = api
        .ledger
        .store()
        .audit(id)?
        .ok_or_else(|| ApiError::not_found(format!("there is no audit record `{id}`")))?;
    let Ok(Value::Object(record)) = serde_json::from_str(&audited.record) else {
        return Err(ApiError::unavailable("the record cannot be read"));
    };
    let mut shown = listing.select(show(&DIRECTORY_AUDIT, record));
    shown.insert(
        "@odata.context".to_owned(),
        asked.context("auditLogs/directoryAudits/$entity"),
    );
    Ok(Reply::ok(Value::Object(shown)))
}

/// The end of a range, itself included: the filter leaves it out where it must.
fn instant(bound: Bound<Timestamp>) -> Option<Timestamp> {
    match bound {
        Bound::Included(at) | Bound::Excluded(at) => Some(at),
        Bound::Unbounded => None,
    }
}
