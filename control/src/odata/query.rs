//! A query's text: pairs of a name and a value, percent-encoded.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::bad_query::{BadQuery, shown};

/// The pairs of a query in their order, decoded. Empty ones, as in `&&`, are left out.
pub(super) fn pairs(query: &str) -> Result<Vec<(String, String)>, BadQuery> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

/// Percent-encoding undone; `+` is a space, as browsers and most clients write it.
fn decode(text: &str) -> Result<String, BadQuery> {
    let broken = text.split('%').skip(1).any(|after| {
        !after
            .as_bytes()
            .first_chunk::<2>()
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    if broken {
        return Err(BadQuery::malformed(format!(
            "the query has a `%` without two digits after it, in {}; write `%25` for the character itself",
            shown(text)
        )));
    }
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8()
        .map(Into::into)
        .map_err(|_| {
            BadQuery::malformed(format!(
                "the query encodes bytes that are no UTF-8, in {}",
                shown(text)
            ))
        })
}

/// Adds a pair to a URL's query, encoded.
pub(super) fn push(url: &mut String, name: &str, value: &str) {
    /// What stands for itself in a query: the unreserved characters (RFC 3986, section 2.3), and those that make options
    /// readable and part nothing in a query.
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~')
        .remove(b'$')
        .remove(b',')
        .remove(b'/')
        .remove(b':');
    url.push(if url.contains('?') { '&' } else { '?' });
    url.extend(utf8_percent_encode(name, ENCODED));
    url.push('=');
    url.extend(utf8_percent_encode(value, ENCODED));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(query: &str) -> Result<Vec<(String, String)>, String> {
        pairs(query).map_err(|bad| bad.to_string())
    }

    #[test]
    fn names_and_values_are_decoded_once() {
        for (query, name, value) in [
            ("a=b", "a", "b"),
            ("%24top=5", "$top", "5"),
            ("a=x+y%20z", "a", "x y z"),
            ("a=1%2B1", "a", "1+1"),
            ("a=%2525", "a", "%25"),
            ("a=b=c", "a", "b=c"),
            ("a", "a", ""),
            ("=a", "", "a"),
            ("a=caf%C3%A9", "a", "café"),
            ("&&a=b&", "a", "b"),
        ] {
            assert_eq!(one(query), Ok(vec![(name.into(), value.into())]), "{query}");
        }
    }

    #[test]
    fn an_encoding_that_readers_could_take_differently_is_refused() {
        for query in ["a=50%", "a=%2", "a=%zz", "a=%é", "%=b", "a=%+1"] {
            assert!(one(query).unwrap_err().contains("`%25`"), "{query}");
        }
        for query in ["a=%ff", "a=%c0%af", "a=%ed%a0%80"] {
            assert!(one(query).unwrap_err().contains("UTF-8"), "{query}");
        }
    }

    #[test]
    fn what_is_pushed_reads_back() {
        let mut url = "https://graph.example/v1.0/partners".to_owned();
        push(
            &mut url,
            "$filter",
            "a eq 'b&c+d%é' and x ge 2026-01-01T00:00:00Z",
        );
        push(&mut url, "$select", "a,b");
        let (base, query) = url.split_once('?').unwrap();
        assert_eq!(base, "https://graph.example/v1.0/partners");
        assert_eq!(
            query,
            "$filter=a%20eq%20%27b%26c%2Bd%25%C3%A9%27%20and%20x%20ge%202026-01-01T00:00:00Z&$select=a,b"
        );
        assert_eq!(
            one(query).unwrap(),
            [
                (
                    "$filter".into(),
                    "a eq 'b&c+d%é' and x ge 2026-01-01T00:00:00Z".into()
                ),
                ("$select".into(), "a,b".into())
            ]
        );
    }
}
