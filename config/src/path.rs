//! The one form of paths: of a request's, which routing, policy and the upstream all see, and of the prefixes that
//! requests are routed by.
//!
//! Encodings of characters that every reader takes for the same as the plain ones are undone, digits of the others
//! written in capitals (RFC 3986, section 6.2.2). Whatever two readers could still take for different paths is refused,
//! never repaired: a repair is one more reader.

use std::borrow::Cow;

/// The rule that a path breaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PathFault {
    /// It does not start with `/`.
    NotOriginForm,
    /// It has `//`.
    EmptySegment,
    /// It has a `.` or `..` segment.
    DotSegment,
    /// It has an encoded `/`.
    EncodedSlash,
    /// It has a `\\`, plain or encoded.
    Backslash,
    /// It has a `;`, plain or encoded.
    PathParameter,
    /// It has a control character, plain or encoded.
    ControlCharacter,
    /// It has a character beyond ASCII that is not encoded.
    NotAscii,
    /// What it encodes is not UTF-8.
    NotUtf8,
    /// It has a `?` or `#` that is not encoded.
    Fragment,
    /// It has a `%` without two digits after it.
    BrokenEscape,
    /// Decoding it a second time would change it.
    EscapedTwice,
}

impl PathFault {
    /// The rule, as events name it.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::NotOriginForm => "path_not_origin_form",
            Self::EmptySegment => "path_empty_segment",
            Self::DotSegment => "path_dot_segment",
            Self::EncodedSlash => "path_encoded_slash",
            Self::Backslash => "path_backslash",
            Self::PathParameter => "path_parameter",
            Self::ControlCharacter => "path_control_character",
            Self::NotAscii => "path_not_ascii",
            Self::NotUtf8 => "path_not_utf8",
            Self::Fragment => "path_fragment",
            Self::BrokenEscape => "path_broken_escape",
            Self::EscapedTwice => "path_escaped_twice",
        }
    }

    /// The same of a path that someone wrote into the configuration, with what to do.
    pub(crate) const fn advice(self) -> &'static str {
        match self {
            Self::NotOriginForm => "is not a path; expected one that starts with `/`",
            Self::EmptySegment => "has an empty segment; expected a single `/` between segments",
            Self::DotSegment => "has a `.` or `..` segment; write the path that it leads to",
            Self::EncodedSlash => "has an encoded slash; requests with one are refused",
            Self::Backslash => "has a backslash, which some servers read as `/`; expected `/`",
            Self::PathParameter => {
                "has a `;`, at which some servers end a segment; requests with one are refused"
            }
            Self::ControlCharacter => "has a control character; requests with one are refused",
            Self::NotAscii => "has a character that URLs do not carry; write it percent-encoded",
            Self::NotUtf8 => "encodes bytes that are no UTF-8; requests with such are refused",
            Self::Fragment => "has a query or fragment; expected the path alone",
            Self::BrokenEscape => "has a `%` without two digits after it, 0-9 or A-F",
            Self::EscapedTwice => {
                "is encoded twice; requests with such a path are refused, write it encoded once"
            }
        }
    }
}

/// Brings a path into its one form; borrowed where it stands in it already.
///
/// # Errors
/// The path does not start with `/`, or two readers could take it differently.
pub fn normalise(path: &str) -> Result<Cow<'_, str>, PathFault> {
    if !path.starts_with('/') {
        return Err(PathFault::NotOriginForm);
    }
    let normal = if path.bytes().all(is_plain) {
        Cow::Borrowed(path)
    } else {
        rewrite(path)?
    };
    let mut segments = normal.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        if segment.is_empty() && segments.peek().is_some() {
            return Err(PathFault::EmptySegment);
        }
        if matches!(segment, "." | "..") {
            return Err(PathFault::DotSegment);
        }
    }
    Ok(normal)
}

/// A character that stays plain or encoded as it came, so that a path prefix cannot have it: of its two spellings the
/// prefix would lead only one to the app, while some upstreams take both for the same.
pub(crate) fn two_spellings(path: &str) -> Option<char> {
    // In the one form nothing else is written `%2B`, `%2C` or `%3D`.
    [('+', "%2B"), (',', "%2C"), ('=', "%3D")]
        .into_iter()
        .find(|(plain, encoded)| path.contains(*plain) || path.contains(encoded))
        .map(|(plain, _)| plain)
}

/// Bytes that, unencoded, stand for themselves in every reader's eyes.
const fn is_plain(byte: u8) -> bool {
    byte == b'/' || is_same_encoded(byte) || is_delimiter(byte)
}

/// Characters whose encoding means nothing but the character: the unreserved ones, and those reserved ones that nobody
/// parts a segment by. Clients encode these or not as they like (`encodeURIComponent` writes `%40` for `@`).
const fn is_same_encoded(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':' | b'@')
        || matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*')
}

/// Characters that tell something else when encoded: `,` and `=` part a segment (RFC 3986, section 3.3), and `+` is a
/// space to some. They stay as they came.
const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'+' | b',' | b'=')
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
            b'\\' => return Err(PathFault::Backslash),
            b'/' if encoded => return Err(PathFault::EncodedSlash),
            // Some servers end a segment here, others do not: `/a;x/..` is known for it.
            b';' => return Err(PathFault::PathParameter),
            0..=0x1f | 0x7f => return Err(PathFault::ControlCharacter),
            0x80.. if !encoded => return Err(PathFault::NotAscii),
            b'#' | b'?' if !encoded => return Err(PathFault::Fragment),
            value if is_same_encoded(value) || (!encoded && is_plain(value)) => {
                normal.push(char::from(value));
            }
            // Encoded as it came, and characters that no URL carries plainly.
            value => push_escaped(&mut normal, value),
        }
        decoded.push(value);
    }
    // Overlong and broken sequences are where readers differ most; only well-formed UTF-8 passes.
    if std::str::from_utf8(&decoded).is_err() {
        return Err(PathFault::NotUtf8);
    }
    if is_escaped_twice(&decoded) {
        return Err(PathFault::EscapedTwice);
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
        return Err(PathFault::BrokenEscape);
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
            ("/a%2cb%3d%2b", "/a%2Cb%3D%2B"),
            ("/%40x/%3A%21%24%26%27%28%29%2A", "/@x/:!$&'()*"),
        ] {
            assert_eq!(normalise(path).as_deref(), Ok(normal), "{path}");
        }
    }

    #[test]
    fn what_two_readers_could_take_differently_is_refused() {
        for (path, fault) in [
            ("", PathFault::NotOriginForm),
            ("*", PathFault::NotOriginForm),
            ("a", PathFault::NotOriginForm),
            ("//a", PathFault::EmptySegment),
            ("/a//b", PathFault::EmptySegment),
            ("//", PathFault::EmptySegment),
            ("/.", PathFault::DotSegment),
            ("/..", PathFault::DotSegment),
            ("/a/../b", PathFault::DotSegment),
            ("/a/./b", PathFault::DotSegment),
            ("/a/%2e%2E/b", PathFault::DotSegment),
            ("/a/.%2e", PathFault::DotSegment),
            ("/a%2fb", PathFault::EncodedSlash),
            ("/a%2Fb", PathFault::EncodedSlash),
            ("/a\\b", PathFault::Backslash),
            ("/a%5cb", PathFault::Backslash),
            ("/a;b", PathFault::PathParameter),
            ("/a/..;/b", PathFault::PathParameter),
            ("/a%3Bb", PathFault::PathParameter),
            ("/a%00", PathFault::ControlCharacter),
            ("/a%0d%0ab", PathFault::ControlCharacter),
            ("/a%7f", PathFault::ControlCharacter),
            ("/a\u{7}", PathFault::ControlCharacter),
            ("/café", PathFault::NotAscii),
            ("/%ff", PathFault::NotUtf8),
            ("/%c0%af", PathFault::NotUtf8),
            ("/a#b", PathFault::Fragment),
            ("/a%", PathFault::BrokenEscape),
            ("/a%2", PathFault::BrokenEscape),
            ("/a%zz", PathFault::BrokenEscape),
            ("/a%u002e", PathFault::BrokenEscape),
            ("/%252e%252e", PathFault::EscapedTwice),
            ("/%25%32%65", PathFault::EscapedTwice),
        ] {
            assert_eq!(normalise(path), Err(fault), "{path}");
        }
    }

    #[test]
    fn no_character_has_two_spellings_that_a_prefix_could_have() {
        for byte in b'!'..=b'~' {
            let encoded = format!("/%{byte:02X}x");
            let plain = format!("/{}x", char::from(byte));
            let (Ok(encoded), Ok(plain)) = (normalise(&encoded), normalise(&plain)) else {
                continue;
            };
            assert!(
                encoded == plain || two_spellings(&encoded).is_some(),
                "{plain}"
            );
            assert_eq!(two_spellings(&encoded), two_spellings(&plain));
        }
    }

    #[test]
    fn a_normal_path_stays_as_it_is() {
        for path in ["/%61/b c/%c3%a9", "/%7euser/%7C"] {
            let once = normalise(path).unwrap().into_owned();
            assert_eq!(normalise(&once).as_deref(), Ok(once.as_str()));
        }
    }
}
