//! `[jwks]`: how issuers' keys are kept fresh.

use std::time::Duration;

use crate::reader::Section;
use crate::units::positive_duration;

/// How issuers' keys are kept fresh.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Jwks {
    /// Keys are fetched again after this long.
    pub refresh: Duration,
    /// A set that could not be fetched again counts for this long; after that the issuer has none.
    pub max_age: Duration,
    /// Shortest time between two fetches that an unknown key causes.
    pub min_refresh_interval: Duration,
}

impl Jwks {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let refresh = positive_duration(section, "refresh", DEFAULT_REFRESH);
        let max_age = positive_duration(section, "max_age", DEFAULT_MAX_AGE);
        let min_refresh_interval =
            positive_duration(section, "min_refresh_interval", DEFAULT_MIN_INTERVAL);
        if max_age < refresh {
            section.fault(
                "max_age",
                format!(
                    "keys would be too old before they are fetched again; expected at least `refresh` ({} s)",
                    refresh.as_secs_f64()
                ),
            );
        }
        Self {
            refresh,
            max_age,
            min_refresh_interval,
        }
    }
}

/// Issuers publish a new key a day before using it, so an hour leaves room for many failed fetches.
const DEFAULT_REFRESH: Duration = Duration::from_secs(60 * 60);

/// A night's outage of an issuer must not lock everyone out; a key withdrawn in the meantime counts that much longer.
const DEFAULT_MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Tokens with invented key ids must not become a flood at the issuer (decision.md, section 8).
const DEFAULT_MIN_INTERVAL: Duration = Duration::from_secs(30);
