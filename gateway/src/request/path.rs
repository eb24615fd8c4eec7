//! The path and query of a request, in the one form that routing, policy and the upstream all see.

use std::borrow::Cow;

/// The rule that a path or query breaks, as events name it.
pub type PathFault = &'static str;

/// Brings a path into its one form, that in which the configuration writes prefixes; borrowed where it stands in it
/// already.
///
/// # Errors
/// The path does not start with `/`, or two readers could take it differently.
pub fn normalise(path: &str) -> Result<Cow<'_, str>, PathFault> {
    crossgate_config::path::normalise(path).map_err(crossgate_config::path::PathFault::rule)
}

/// Whether a query may be passed on as it is: visible ASCII without `#`. It is no part of routing.
///
/// # Errors
/// It has a character that queries do not carry.
pub fn check_query(query: &str) -> Result<(), PathFault> {
    let fine = query
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if fine { Ok(()) } else { Err(ODD_QUERY) }
}

const ODD_QUERY: PathFault = "query_odd_character";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_visible_ascii() {
        assert_eq!(check_query("q=%2F..%2F&x=a//b\\"), Ok(()));
        for query in ["a b", "a#b", "é", "a\tb"] {
            assert_eq!(check_query(query), Err(ODD_QUERY), "{query}");
        }
    }
}
