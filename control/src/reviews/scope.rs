//! Whom a review is about: guests, by a query of Graph's, and perhaps only those who have not come for a while.

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::api::error::ApiError;
use crate::model::USER;
use crate::odata::{Allowed, Options, QueryOption};

/// `scope`.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    query: Options,
    /// They have not come for so long.
    pub(super) inactive: Option<SignedDuration>,
}

impl Scope {
    /// # Errors
    /// It is about others than guests, with what to write.
    pub(super) fn read(given: &Value) -> Result<Self, ApiError> {
        let wrong = || {
            ApiError::property(
                "scope",
                "expected an `accessReviewQueryScope`, or an `accessReviewInactiveUsersQueryScope` with `inactiveDuration`, whose query is `/users?$filter=(userType eq 'Guest')`, with more conditions by `and` where you want",
            )
        };
        let kind = given.get("@odata.type").and_then(Value::as_str);
        let kind = kind.unwrap_or_default().rsplit('.').next();
        let is_for_inactive = match kind.unwrap_or_default() {
            "accessReviewInactiveUsersQueryScope" => true,
            "accessReviewQueryScope" | "" => false,
            _ => return Err(wrong()),
        };
        let query = given
            .get("query")
            .and_then(Value::as_str)
            .ok_or_else(wrong)?;
        let path = query
            .trim_start_matches("/v1.0")
            .trim_start_matches("/beta");
        let query = match path.strip_prefix("/users") {
            Some("") => None,
            Some(query) => Some(query.strip_prefix('?').ok_or_else(wrong)?),
            None => return Err(wrong()),
        };
        let decoded = percent_decode_str(query.unwrap_or_default()).decode_utf8_lossy();
        if decoded.to_ascii_lowercase().contains("signinactivity") {
            return Err(ApiError::property(
                "scope.query",
                "`signInActivity` is not known here; use `inactiveDuration` for who has not come in",
            ));
        }
        let allowed = Allowed::new("users", &USER, &[QueryOption::Filter]);
        let query = Options::parse(query, &allowed)
            .map_err(|bad| ApiError::property("scope.query", bad.to_string()))?;
        let inactive = match given
            .get("inactiveDuration")
            .filter(|given| !given.is_null())
        {
            Some(given) => Some(duration(given, "scope.inactiveDuration")?),
            None if is_for_inactive => {
                return Err(ApiError::property(
                    "scope.inactiveDuration",
                    "is needed; expected a duration such as `P30D`",
                ));
            }
            None => None,
        };
        Ok(Self { query, inactive })
    }

    /// Whether the query is for this guest, as `users` shows it.
    pub(super) fn admits(&self, shown: &Value) -> bool {
        let is_guest = shown.get("userType").and_then(Value::as_str) == Some("Guest");
        let filter = self.query.filter.as_ref();
        is_guest && filter.is_none_or(|filter| filter.admits(shown))
    }
}

/// A duration of whole or part days, ISO 8601. Months have 30 days, and years 365.
pub(super) fn duration(given: &Value, property: &str) -> Result<SignedDuration, ApiError> {
    let wrong = || {
        ApiError::property(
            property,
            format!("`{given}` is no duration; expected one such as `P30D`"),
        )
    };
    let span: Span = given
        .as_str()
        .ok_or_else(wrong)?
        .parse()
        .map_err(|_| wrong())?;
    let days = i64::from(span.get_years()) * 365 + i64::from(span.get_months()) * 30;
    let rest = span.years(0).months(0);
    let rest = rest
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| wrong())?;
    let whole = SignedDuration::from_hours(24 * days).checked_add(rest);
    whole
        .filter(|whole| whole.is_positive() && Timestamp::now().checked_sub(*whole).is_ok())
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn durations_are_iso_8601_and_longer_than_nothing() {
        let days = |text: &str| {
            let read = duration(&json!(text), "x").ok()?;
            Some(read.as_hours() / 24)
        };
        assert_eq!(days("P30D"), Some(30));
        assert_eq!(days("P2W"), Some(14));
        assert_eq!(days("P1Y1M"), Some(395));
        for none in ["", "30", "P0D", "-P1D", "P99999Y"] {
            assert_eq!(days(none), None, "{none}");
        }
    }

    #[test]
    fn a_scope_is_about_guests_and_nobody_else() {
        let scope =
            |query: &str| Scope::read(&json!({ "query": query, "queryType": "MicrosoftGraph" }));
        let guests = scope("/users?$filter=(userType eq 'Guest')").unwrap();
        assert!(guests.admits(&json!({ "userType": "Guest" })));
        for query in ["/users", "/v1.0/users?$filter=userType eq 'Member'"] {
            assert!(
                !scope(query)
                    .unwrap()
                    .admits(&json!({ "userType": "Member" }))
            );
        }
        let sales = scope("/users?$filter=userType eq 'Guest' and department eq 'Sales'").unwrap();
        assert!(!sales.admits(&json!({ "userType": "Guest", "department": "Other" })));
        for query in [
            "/groups/1/members",
            "./members",
            "/users/1",
            "/users?$top=1",
            "/users?$filter=x eq 1",
        ] {
            assert!(scope(query).is_err(), "{query}");
        }
    }
}
