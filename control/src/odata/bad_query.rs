//! Why a query is refused.

use std::fmt;

/// A query that is answered with 400.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadQuery {
    /// What sort of mistake it is: decides on the error's `code`.
    pub kind: BadQueryKind,
    message: String,
}

/// Sorts of bad queries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BadQueryKind {
    /// It breaks the grammar, names no property, or compares unlike types: `BadRequest`.
    Malformed,
    /// It may be good OData, but is not taken here: `Request_UnsupportedQuery`.
    Unsupported,
    /// Its `$skiptoken` was not made for it: `Directory_ExpiredPageToken`, or `BadRequest`.
    SkipToken,
}

impl BadQuery {
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::new(BadQueryKind::Malformed, message.into())
    }

    pub(super) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(BadQueryKind::Unsupported, message.into())
    }

    pub(super) fn skip_token(message: impl Into<String>) -> Self {
        Self::new(BadQueryKind::SkipToken, message.into())
    }

    fn new(kind: BadQueryKind, message: String) -> Self {
        Self { kind, message }
    }
}

impl fmt::Display for BadQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BadQuery {}

/// What somebody wrote, as messages show it: in backticks, on one line, not longer than a line.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut start: String = text
        .chars()
        .take(LONGEST)
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        start.push('…');
    }
    format!("`{start}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_a_query_is_one_short_line() {
        assert_eq!(shown("a\r\nb\u{0}"), "`a  b `");
        assert_eq!(shown(&"é".repeat(60)), format!("`{}`", "é".repeat(60)));
        assert_eq!(shown(&"é".repeat(61)), format!("`{}…`", "é".repeat(60)));
    }
}
