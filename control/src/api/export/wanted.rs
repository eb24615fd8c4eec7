//! What is asked for.

use jiff::{SignedDuration, Timestamp};

use super::super::asked::Asked;
use super::super::error::ApiError;
use super::super::listed::{self, Listing};
use super::super::parameters::Parameters;
use super::super::sign_ins::range;
use crate::model::SIGN_IN;
use crate::odata::Outline;
use crate::sign_ins::SignInQuery;

/// Which events, and what of them.
pub(super) struct Wanted {
    since: Option<Timestamp>,
    /// What comes later is not waited for: more may come than is read.
    until: Timestamp,
    /// `$filter`.
    pub(super) listing: Listing,
}

impl Wanted {
    pub(super) fn read(asked: &Asked<'_>) -> Result<Self, ApiError> {
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

    /// What stands behind this place of the log.
    pub(super) fn query<'q>(&'q self, after: Option<&'q str>) -> SignInQuery<'q> {
        let options = self.listing.options();
        let (from, to) = range(options);
        let (since, last) = self.times();
        SignInQuery {
            from: from.max(since),
            to: Some(to.map_or(last, |to| to.min(last))),
            descending: false,
            after,
            outline: options
                .filter
                .as_ref()
                .map_or(Outline::Unknown, |filter| filter.outline()),
        }
    }

    /// The first and the last time, both included, in the milliseconds that events have: what ends at a time and what begins there have nothing
    /// in common.
    fn times(&self) -> (Option<Timestamp>, Timestamp) {
        let last = SignedDuration::from_millis(1);
        let last = up_to_millisecond(self.until).saturating_sub(last);
        (
            self.since.map(up_to_millisecond),
            last.unwrap_or(Timestamp::MIN),
        )
    }
}

/// This time, or the next that has no less than milliseconds.
fn up_to_millisecond(at: Timestamp) -> Timestamp {
    let beyond = at.as_nanosecond().rem_euclid(NANOSECONDS);
    let missing = (NANOSECONDS - beyond).rem_euclid(NANOSECONDS);
    let up = Timestamp::from_nanosecond(at.as_nanosecond() + missing);
    up.unwrap_or(Timestamp::MAX)
}

/// Of a millisecond.
const NANOSECONDS: i128 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_rounded_up_to_milliseconds_and_what_is_one_stays() {
        for (at, up) in [
            ("2026-01-01T00:00:00.001Z", "2026-01-01T00:00:00.001Z"),
            ("2026-01-01T00:00:00.0010001Z", "2026-01-01T00:00:00.002Z"),
            ("2026-01-01T00:00:00.9999Z", "2026-01-01T00:00:01Z"),
            ("1969-12-31T23:59:59.9991Z", "1970-01-01T00:00:00Z"),
        ] {
            let [at, up] = [at, up].map(|text| text.parse::<Timestamp>().unwrap());
            assert_eq!(up_to_millisecond(at), up);
        }
        assert_eq!(up_to_millisecond(Timestamp::MAX), Timestamp::MAX);
    }
}
