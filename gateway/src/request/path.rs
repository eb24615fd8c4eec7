//! The path of a request, in the one form that routing, policy and the upstream all see.
//!
//! Encodings of unreserved characters are undone, digits of the others written in capitals (RFC 3986, section 6.2.2).
//! Whatever two readers could still take for different paths is refused, never repaired: a repair is one more reader.

use std::borrow::Cow;

/// The rule that a path breaks, as events name it.
pub type PathFault = &'static str;

/// Brings a path into its one form; borrowed where it stands in it already.
///
/// # Errors
/// The path does not start with `/`, or two readers could take it differently.
pub fn normalise(path: &str) -> Result<Cow<'_, str>, PathFault> {
    if !path.starts_with('/') {
        return Err(NOT_ORIGIN_FORM);
    }
    let normal = if path.bytes().all(is_plain) {
        Cow::Borrowed(path)
    } else {
        rewrite(path)?
    };
    let mut segments = normal.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        if segment.is_empty() && segments.peek().is_some() {
            return Err(EMPTY_SEGMENT);
        }
        if matches!(segment, "." | "..") {
            return Err(DOT_SEGMENT);
        }
    }
    Ok(normal)
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

/// Bytes that stand for themselves in every reader's eyes.
const fn is_plain(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(
            byte,
            b'/' | b':'
                | b'@'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b'='
        )
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn rewrite(path: &str) -> Result<Cow<'_, str>, PathFault> {
    let mut normal = String::with_capacity(path.len() + 8);
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        let (value, encoded) = match byte {
            b'%' => (escaped(&mut bytes)?, true),
            raw => (raw, false),
        };
        match value {
            b'\\' => return Err(BACKSLASH),
            b'/' if encoded => return Err(ENCODED_SLASH),
            // Some servers end a segment here, others do not: `/a;x/..` is known for it.
            b';' => return Err(PATH_PARAMETER),
            0..=0x1f | 0x7f => return Err(CONTROL_CHARACTER),
            0x80.. if !encoded => return Err(NOT_ASCII),
            b'#' | b'?' if !encoded => return Err(FRAGMENT),
            value if is_unreserved(value) || (!encoded && is_plain(value)) => {
                normal.push(char::from(value));
            }
            // Encoded as it came, and characters that no URL carries plainly.
            value => push_escaped(&mut normal, value),
        }
        decoded.push(value);
    }
    // Overlong and broken sequences are where readers differ most; only well-formed UTF-8 passes.
    if std::str::from_utf8(&decoded).is_err() {
        return Err(NOT_UTF8);
    }
    if is_escaped_twice(&decoded) {
        return Err(ESCAPED_TWICE);
    }
    Ok(if normal == path {
        Cow::Borrowed(path)
    } else {
        Cow::Owned(normal)
    })
}

fn escaped(bytes: &mut std::str::Bytes<'_>) -> Result<u8, PathFault> {
    let mut digit = || {
        let digit = bytes.next().map(char::from)?.to_digit(16)?;
        u8::try_from(digit).ok()
    };
    let (Some(high), Some(low)) = (digit(), digit()) else {
        return Err(BROKEN_ESCAPE);
    };
    Ok(high << 4 | low)
}

fn push_escaped(normal: &mut String, value: u8) {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    normal.push('%');
    normal.push(digit(value >> 4).to_ascii_uppercase());
    normal.push(digit(value & 0xf).to_ascii_uppercase());
}

/// Whether decoding a second time would change the path: a server that does so must not see another one than we did.
fn is_escaped_twice(decoded: &[u8]) -> bool {
    decoded.windows(3).any(|window| {
        matches!(window, [b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
    })
}

const NOT_ORIGIN_FORM: PathFault = "path_not_origin_form";
const EMPTY_SEGMENT: PathFault = "path_empty_segment";
const DOT_SEGMENT: PathFault = "path_dot_segment";
const ENCODED_SLASH: PathFault = "path_encoded_slash";
const BACKSLASH: PathFault = "path_backslash";
const PATH_PARAMETER: PathFault = "path_parameter";
const CONTROL_CHARACTER: PathFault = "path_control_character";
const NOT_ASCII: PathFault = "path_not_ascii";
const NOT_UTF8: PathFault = "path_not_utf8";
const FRAGMENT: PathFault = "path_fragment";
const BROKEN_ESCAPE: PathFault = "path_broken_escape";
const ESCAPED_TWICE: PathFault = "path_escaped_twice";
const ODD_QUERY: PathFault = "query_odd_character";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_its_form_is_not_touched() {
        for path in [
            "/",
            "/a",
            "/a/",
            "/caf%C3%A9",
            "/a.b/c-d_e~f",
            "/a:b@c!$&'()*+,=",
            "/...",
            "/.well-known/x",
            "/a..b",
            "/100%25",
            "/100%25/x",
            "/a%20b",
        ] {
            assert!(
                matches!(normalise(path), Ok(Cow::Borrowed(same)) if same == path),
                "{path}: {:?}",
                normalise(path)
            );
        }
    }

    #[test]
    fn spellings_of_one_path_become_one() {
        for (path, normal) in [
            ("/%61dmin", "/admin"),
            ("/%41%2D%7e", "/A-~"),
            ("/caf%c3%a9", "/caf%C3%A9"),
            ("/a|b", "/a%7Cb"),
            ("/a%7cb", "/a%7Cb"),
            ("/a\"b<c>", "/a%22b%3Cc%3E"),
            ("/a b", "/a%20b"),
            ("/a%2cb", "/a%2Cb"),
        ] {
            assert_eq!(normalise(path).as_deref(), Ok(normal), "{path}");
        }
    }

    #[test]
    fn what_two_readers_could_take_differently_is_refused() {
        for (path, fault) in [
            ("", NOT_ORIGIN_FORM),
            ("*", NOT_ORIGIN_FORM),
            ("a", NOT_ORIGIN_FORM),
            ("//a", EMPTY_SEGMENT),
            ("/a//b", EMPTY_SEGMENT),
            ("//", EMPTY_SEGMENT),
            ("/.", DOT_SEGMENT),
            ("/..", DOT_SEGMENT),
            ("/a/../b", DOT_SEGMENT),
            ("/a/./b", DOT_SEGMENT),
            ("/a/%2e%2E/b", DOT_SEGMENT),
            ("/a/.%2e", DOT_SEGMENT),
            ("/a%2fb", ENCODED_SLASH),
            ("/a%2Fb", ENCODED_SLASH),
            ("/a\\b", BACKSLASH),
            ("/a%5cb", BACKSLASH),
            ("/a;b", PATH_PARAMETER),
            ("/a/..;/b", PATH_PARAMETER),
            ("/a%3Bb", PATH_PARAMETER),
            ("/a%00", CONTROL_CHARACTER),
            ("/a%0d%0ab", CONTROL_CHARACTER),
            ("/a%7f", CONTROL_CHARACTER),
            ("/a\u{7}", CONTROL_CHARACTER),
            ("/café", NOT_ASCII),
            ("/%ff", NOT_UTF8),
            ("/%c0%af", NOT_UTF8),
            ("/a#b", FRAGMENT),
            ("/a%", BROKEN_ESCAPE),
            ("/a%2", BROKEN_ESCAPE),
            ("/a%zz", BROKEN_ESCAPE),
            ("/a%u002e", BROKEN_ESCAPE),
            ("/%252e%252e", ESCAPED_TWICE),
            ("/%25%32%65", ESCAPED_TWICE),
        ] {
            assert_eq!(normalise(path), Err(fault), "{path}");
        }
    }

    #[test]
    fn a_normal_path_stays_as_it_is() {
        for path in ["/%61/b c/%c3%a9", "/%7euser/%7C"] {
            let once = normalise(path).unwrap().into_owned();
            assert_eq!(normalise(&once).as_deref(), Ok(once.as_str()));
        }
    }

    #[test]
    fn a_query_is_visible_ascii() {
        assert_eq!(check_query("q=%2F..%2F&x=a//b\\"), Ok(()));
        for query in ["a b", "a#b", "é", "a\tb"] {
            assert_eq!(check_query(query), Err(ODD_QUERY), "{query}");
        }
    }
}
