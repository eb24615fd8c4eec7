//! Queries of what is Crossgate's own: names with values, each at most once.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::error::ApiError;

/// What stands behind `?`.
#[derive(Debug)]
pub(super) struct Parameters(BTreeMap<&'static str, String>);

impl Parameters {
    /// Reads a query that may have these names.
    ///
    /// # Errors
    /// It has another one, or one of them twice.
    pub(super) fn read(
        query: Option<&str>,
        names: &'static [&'static str],
    ) -> Result<Self, ApiError> {
        let mut given = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let Some(known) = names.iter().find(|known| **known == name) else {
                let (last, first) = names.split_last().unwrap_or((&"", &[]));
                let expected = if first.is_empty() {
                    format!("`{last}`")
                } else {
                    format!("`{}` and `{last}`", first.join("`, `"))
                };
                return Err(ApiError::bad_address(format!(
                    "`{name}`: is not taken here; expected {expected}"
                )));
            };
            if given.insert(*known, value.into_owned()).is_some() {
                return Err(ApiError::bad_address(format!("`{name}`: is given twice")));
            }
        }
        Ok(Self(given))
    }

    /// The value of a name.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }
    /// The same, where it is a time.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn time(&mut self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        let read = |text: String| {
            text.parse().map_err(|_| {
                ApiError::bad_address(format!(
                    "`{name}`: `{text}` is no time; expected one such as `2026-01-31T12:00:00Z`"
                ))
            })
        };
        self.take(name).map(read).transpose()
    }
}
