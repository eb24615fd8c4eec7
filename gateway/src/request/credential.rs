//! The one credential of a request: an `Authorization` header with a bearer token.

use std::fmt;

use crossgate_policy::decision::TokenRefusal;
use crossgate_token::{MAX_TOKEN_BYTES, TokenFault};
use http::HeaderMap;
use http::header::AUTHORIZATION;

/// A bearer token as received. Holds a credential: `Debug` shows its length, there is no `Display`.
#[derive(Clone, Copy)]
pub struct BearerToken<'a>(&'a str);

impl<'a> BearerToken<'a> {
    /// The token, for the verifier only.
    #[must_use]
    pub const fn expose(self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for BearerToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BearerToken({} bytes)", self.0.len())
    }
}

/// What stands in the place of a bearer token. Holds a credential, like that.
#[derive(Clone, Copy)]
pub struct Presented<'a>(&'a [u8]);

impl<'a> Presented<'a> {
    /// Its bytes, for the digest only: who finds the digest of a token that was verified need not look at every byte again.
    #[must_use]
    pub const fn expose_bytes(self) -> &'a [u8] {
        self.0
    }

    /// The token.
    ///
    /// # Errors
    /// It is not made of the characters of one.
    pub fn token(self) -> Result<BearerToken<'a>, TokenRefusal> {
        let token = is_b64token(self.0).then(|| std::str::from_utf8(self.0).ok());
        token.flatten().map(BearerToken).ok_or(MALFORMED)
    }
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Presented({} bytes)", self.0.len())
    }
}

/// What a request carries.
#[derive(Clone, Copy, Debug)]
pub enum Credential<'a> {
    /// No token. Other schemes carry none that is read here; tokens in query strings and cookies are not read.
    None,
    /// One token, of whatever characters.
    Bearer(Presented<'a>),
    /// Something that is meant as a token and cannot be accepted, whoever signed it.
    Unacceptable(TokenRefusal),
}

impl<'a> Credential<'a> {
    /// Reads the credential of a request.
    #[must_use]
    pub fn read(headers: &'a HeaderMap) -> Self {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Self::None;
        };
        // Upstreams differ in which of the two they read.
        if values.next().is_some() {
            return Self::Unacceptable(TWO_HEADERS);
        }
        if let Some((scheme, token)) = value.as_bytes().split_at_checked(BEARER.len())
            && scheme.eq_ignore_ascii_case(BEARER.as_bytes())
            && token.first() == Some(&b' ')
        {
            return Self::bearer(token);
        }
        let Ok(value) = value.to_str() else {
            return Self::Unacceptable(MALFORMED);
        };
        let scheme = value.split(' ').next().unwrap_or_default();
        // Proofs of possession are not read, so a token that comes with one is a token without.
        if scheme.eq_ignore_ascii_case("DPoP") {
            return Self::Unacceptable(UNPROVEN);
        }
        // With a tab, a comma or nothing behind it, some upstreams would still read a bearer token there.
        if names_bearer(value) {
            Self::Unacceptable(MALFORMED)
        } else {
            Self::None
        }
    }

    fn bearer(token: &'a [u8]) -> Self {
        // RFC 9110 allows more than one space; the token itself is one word of RFC 6750's characters.
        let token = trim_spaces(token);
        if token.len() > MAX_TOKEN_BYTES {
            return Self::Unacceptable(TOO_LONG);
        }
        if token.is_empty() {
            Self::Unacceptable(MALFORMED)
        } else {
            Self::Bearer(Presented(token))
        }
    }
}

fn trim_spaces(mut token: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] | [rest @ .., b' '] = token {
        token = rest;
    }
    token
}

/// Looks at every byte, without a branch: many at once, which for a whole token takes a tenth of the time.
fn is_b64token(token: &[u8]) -> bool {
    token.iter().fold(true, |all, byte| {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        // `-`, `.`, `/` and the digits stand in a row.
        let digit_or_sign = byte.wrapping_sub(b'-') < 13;
        let other = (*byte == b'_') | (*byte == b'~') | (*byte == b'+') | (*byte == b'=');
        all & (letter | digit_or_sign | other)
    })
}

/// Whether a word of the value is, or begins with, the scheme's name.
fn names_bearer(value: &str) -> bool {
    value
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter_map(|word| word.get(..BEARER.len()))
        .any(|start| start.eq_ignore_ascii_case(BEARER))
}

const BEARER: &str = "bearer";

const TWO_HEADERS: TokenRefusal = TokenRefusal {
    code: 50_027,
    reason: "two_authorization_headers",
};
const MALFORMED: TokenRefusal = TokenRefusal {
    code: 50_027,
    reason: "authorization_malformed",
};
const TOO_LONG: TokenRefusal = TokenRefusal {
    code: TokenFault::TooLong.code(),
    reason: TokenFault::TooLong.reason(),
};
const UNPROVEN: TokenRefusal = TokenRefusal {
    code: TokenFault::UnprovenPossession.code(),
    reason: TokenFault::UnprovenPossession.reason(),
};

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn what_another_reader_could_take_for_a_bearer_token_is_refused() {
        for value in [
            "Bearer\ta.b.c",
            "Bearer,a.b.c",
            "\"Bearer\" a.b.c",
            "Basic x, Bearer a.b.c",
            "Bearer=a.b.c",
            "bearera.b.c",
        ] {
            assert_eq!(read(&[value]), Err(MALFORMED), "{value}");
        }
        assert_eq!(read(&["Basic YTpi"]), Ok(None));
        assert_eq!(read(&["Negotiate abc=="]), Ok(None));
    }

    fn read(values: &[&str]) -> Result<Option<String>, TokenRefusal> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                AUTHORIZATION,
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        match Credential::read(&headers) {
            Credential::None => Ok(None),
            Credential::Bearer(token) => token.token().map(|token| Some(token.expose().to_owned())),
            Credential::Unacceptable(refusal) => Err(refusal),
        }
    }

    #[test]
    fn one_bearer_token_is_read_whatever_the_case_of_the_scheme() {
        for value in [
            "Bearer a.b.c",
            "bearer a.b.c",
            "BEARER  a.b.c",
            "Bearer a.b.c ",
        ] {
            assert_eq!(read(&[value]), Ok(Some("a.b.c".to_owned())), "{value}");
        }
    }

    #[test]
    fn two_authorization_headers_are_refused_whatever_they_hold() {
        for second in ["Bearer a.b.c", "Basic YTpi", ""] {
            assert_eq!(
                read(&["Bearer a.b.c", second]),
                Err(TWO_HEADERS),
                "{second}"
            );
        }
    }

    #[test]
    fn other_schemes_carry_no_token() {
        for value in ["Basic YTpi", "Negotiate x", ""] {
            assert_eq!(read(&[value]), Ok(None), "{value}");
        }
    }

    #[test]
    fn what_is_meant_as_a_token_and_is_none_is_refused() {
        for value in [
            "Bearer",
            "Bearer ",
            "Bearer a b",
            "Bearer a,b",
            "Bearer ä",
            "Bearer \"a\"",
        ] {
            assert_eq!(read(&[value]), Err(MALFORMED), "{value}");
        }
        assert_eq!(read(&["DPoP a.b.c"]), Err(UNPROVEN));
    }

    #[test]
    fn a_token_of_16_kib_is_read_and_one_byte_more_is_not() {
        let longest = "a".repeat(MAX_TOKEN_BYTES);
        assert_eq!(
            read(&[&format!("Bearer {longest}")]),
            Ok(Some(longest.clone()))
        );
        assert_eq!(read(&[&format!("Bearer {longest}a")]), Err(TOO_LONG));
    }

    #[test]
    fn a_token_is_made_of_the_characters_that_rfc_6750_names() {
        for byte in 0..=u8::MAX {
            let named = byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
            assert_eq!(is_b64token(&[b'a', byte, b'a']), named, "{byte}");
        }
    }

    #[test]
    fn a_token_shows_its_length_only() {
        assert_eq!(
            format!("{:?}", BearerToken("secret")),
            "BearerToken(6 bytes)"
        );
    }
}
