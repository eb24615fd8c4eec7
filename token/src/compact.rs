//! The compact serialisation: three parts, each of which can be written in one way only.

use std::fmt;

use base64_simd::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::header::ReadAs;
use crate::json::{self, JsonFault, MAX_NESTING, Members, Node};
use crate::{Header, TokenFault};

/// The longest token that is looked at.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// A signed token taken apart (RFC 7515, section 7.1); nothing in it is believed yet.
///
/// Holds a credential: `Debug` shows its length, there is no `Display`.
pub struct Jws<'a> {
    header: Header,
    length: usize,
    signing_input: &'a str,
    /// Header, payload and signature.
    decoded: Vec<u8>,
    header_length: usize,
    payload_length: usize,
}

impl<'a> Jws<'a> {
    /// Takes an access token apart and reads its header.
    pub fn parse(token: &'a str) -> Result<Self, TokenFault> {
        Self::parse_as(token, ReadAs::AccessToken)
    }

    /// The same for any kind of token.
    pub(crate) fn parse_as(token: &'a str, read_as: ReadAs) -> Result<Self, TokenFault> {
        if token.len() > read_as.longest() {
            return Err(TokenFault::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(TokenFault::NotThreeParts)?;
        let (header, payload) = signing_input
            .split_once('.')
            .ok_or(TokenFault::NotThreeParts)?;
        // Without a signature it is still a JWT, one that says `none` (RFC 7519, section 6).
        if header.is_empty() || payload.is_empty() {
            return Err(TokenFault::NotThreeParts);
        }
        // Looked for only now: a payload that decodes has no dot in it.
        let told = |fault| {
            if payload.contains('.') {
                TokenFault::NotThreeParts
            } else {
                fault
            }
        };
        let mut decoded = Vec::with_capacity(token.len());
        decode_onto(&mut decoded, header).map_err(told)?;
        let header_length = decoded.len();
        decode_onto(&mut decoded, payload).map_err(told)?;
        let payload_length = decoded.len() - header_length;
        decode_onto(&mut decoded, signature).map_err(told)?;
        let header = decoded.get(..header_length).unwrap_or_default();
        Ok(Self {
            header: Header::read(&object(header)?, read_as)?,
            length: token.len(),
            signing_input,
            decoded,
            header_length,
            payload_length,
        })
    }

    /// What it says it was signed with.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The payload as claims (RFC 7519, section 4).
    pub fn claims(&self) -> Result<Map<String, Value>, TokenFault> {
        self.members().map(json::owned)
    }

    /// The same, left where it is.
    pub(crate) fn members(&self) -> Result<Members<'_>, TokenFault> {
        object(self.parts().0)
    }

    /// The bytes that are signed: header and payload as they were sent (RFC 7515, section 5.2).
    pub(crate) const fn signing_input(&self) -> &'a [u8] {
        self.signing_input.as_bytes()
    }

    pub(crate) fn signature(&self) -> &[u8] {
        self.parts().1
    }

    /// Payload and signature.
    fn parts(&self) -> (&[u8], &[u8]) {
        self.decoded
            .get(self.header_length..)
            .and_then(|decoded| decoded.split_at_checked(self.payload_length))
            .unwrap_or_default()
    }
}

impl fmt::Debug for Jws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jws({} bytes)", self.length)
    }
}

/// Refuses, besides what is no base64url, padding, and bits beyond the last whole byte that are not zero.
fn decode_onto(decoded: &mut Vec<u8>, part: &str) -> Result<(), TokenFault> {
    URL_SAFE_NO_PAD
        .decode_append(part, decoded)
        .map_err(|_| TokenFault::NotBase64Url)
}

fn object(text: &[u8]) -> Result<Members<'_>, TokenFault> {
    match Node::read(text, MAX_NESTING) {
        Ok(Node::Object(members)) => Ok(*members),
        Ok(Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::Array(_)) => {
            Err(TokenFault::NotAnObject)
        }
        Err(fault) => Err(fault.into()),
    }
}

impl From<JsonFault> for TokenFault {
    fn from(fault: JsonFault) -> Self {
        match fault {
            JsonFault::Syntax => Self::NotJson,
            JsonFault::DuplicateMember => Self::DuplicateMember,
            JsonFault::NestedTooDeep => Self::NestedTooDeep,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as OTHER;

    fn encode(text: &str) -> String {
        URL_SAFE_NO_PAD.encode_to_string(text)
    }

    fn token(header: &str, payload: &str) -> String {
        format!("{}.{}.c2ln", encode(header), encode(payload))
    }

    const HEADER: &str = r#"{"alg":"RS256","kid":"k"}"#;

    fn fault(token: &str) -> TokenFault {
        Jws::parse(token).unwrap_err()
    }

    #[test]
    fn three_parts_are_taken_apart() {
        let token = token(HEADER, r#"{"iss":"x"}"#);
        let jws = Jws::parse(&token).unwrap();
        assert_eq!(jws.claims().unwrap().len(), 1);
        assert_eq!(
            jws.signing_input(),
            token.strip_suffix(".c2ln").unwrap().as_bytes()
        );
        assert_eq!(jws.signature(), b"sig");
    }

    #[test]
    fn any_other_number_of_parts_is_refused() {
        let good = token(HEADER, "{}");
        let (start, signature) = good.rsplit_once('.').unwrap();
        for token in [
            String::new(),
            ".".into(),
            "..".into(),
            "...".into(),
            start.to_owned(),
            format!("{good}."),
            format!(".{good}"),
            format!("{good}.{signature}"),
            format!("{}..{signature}", encode(HEADER)),
        ] {
            assert_eq!(fault(&token), TokenFault::NotThreeParts, "{token}");
        }
    }

    #[test]
    fn a_token_without_a_signature_is_read_and_what_it_says_of_itself_is_told() {
        let none = format!(
            "{}.{}.",
            encode(r#"{"alg":"none","kid":"k"}"#),
            encode("{}")
        );
        assert_eq!(Jws::parse(&none).unwrap().header().algorithm, None);
    }

    #[test]
    fn every_part_has_one_spelling_only() {
        let (header, payload) = (encode(HEADER), encode("{}"));
        // `e30` is `{}`; `e31` differs in bits that decode to nothing.
        assert_eq!(payload, "e30");
        for token in [
            format!("{header}.e31.c2ln"),
            format!("{header}.e30=.c2ln"),
            format!("{header}. e30.c2ln"),
            format!("{header}.e30.c2ln\n"),
            format!("{header}.e30.c2+n"),
            format!("{header}.e30.c2l"),
            format!("{header}.e30.\u{e9}"),
        ] {
            assert_eq!(fault(&token), TokenFault::NotBase64Url, "{token}");
        }
        assert!(Jws::parse(&format!("{header}.e30.c2ln")).is_ok());
    }

    #[test]
    fn what_is_decoded_is_what_another_decoder_makes_of_it_whatever_stands_where() {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        // Long enough for the widest instructions and for what they leave over.
        for length in 0..=80 {
            let letters = LETTERS.iter().rev().copied().cycle();
            let mut part: Vec<u8> = letters.take(length).collect();
            // So that no bit is left beyond the last whole byte.
            if let Some(last) = part.last_mut() {
                *last = b'A';
            }
            for at in 0..length {
                for other in 0..128 {
                    let before = std::mem::replace(&mut part[at], other);
                    let text = std::str::from_utf8(&part).unwrap();
                    let mut decoded = b"before".to_vec();
                    let expected = OTHER.decode(text);
                    let is_decoded = decode_onto(&mut decoded, text).is_ok();
                    assert_eq!(is_decoded, expected.is_ok(), "{text}");
                    if let Ok(expected) = expected {
                        assert_eq!(
                            decoded,
                            [b"before".as_slice(), &expected].concat(),
                            "{text}"
                        );
                    }
                    part[at] = before;
                }
                let text = std::str::from_utf8(&part).unwrap();
                for other in ["\u{e9}", "\u{2028}", "\u{1f511}"] {
                    let text = [&text[..at], other, &text[at + 1..]].concat();
                    assert!(OTHER.decode(&text).is_err());
                    assert!(decode_onto(&mut Vec::new(), &text).is_err(), "{text}");
                }
            }
        }
    }

    #[test]
    fn a_token_of_16_kib_is_read_and_a_byte_more_is_not() {
        let stem = format!("{}.e30.", encode(HEADER));
        let fill = |length: usize| format!("{stem}{}", "A".repeat(length - stem.len()));
        assert!(!matches!(
            Jws::parse(&fill(MAX_TOKEN_BYTES)),
            Err(TokenFault::TooLong)
        ));
        assert_eq!(fault(&fill(MAX_TOKEN_BYTES + 1)), TokenFault::TooLong);
    }

    #[test]
    fn header_and_payload_must_be_objects_without_duplicates() {
        for (text, expected) in [
            ("[]", TokenFault::NotAnObject),
            ("null", TokenFault::NotAnObject),
            ("foo", TokenFault::NotJson),
            (
                r#"{"alg":"RS256","alg":"RS256"}"#,
                TokenFault::DuplicateMember,
            ),
            (
                r#"{"a":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}"#,
                TokenFault::NestedTooDeep,
            ),
        ] {
            assert_eq!(fault(&token(text, "{}")), expected, "{text}");
            let token = token(HEADER, text);
            assert_eq!(
                Jws::parse(&token).unwrap().claims(),
                Err(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn debug_shows_no_part_of_a_token() {
        let token = token(HEADER, r#"{"iss":"x"}"#);
        let shown = format!("{:?}", Jws::parse(&token).unwrap());
        assert_eq!(shown, format!("Jws({} bytes)", token.len()));
    }
}
