//! The JOSE header: which key and algorithm a token says it was signed with.
//!
//! `jku`, `jwk`, `x5u` and `x5c` are not read at all: a token cannot bring its own key (RFC 8725, section 3.10).

use crate::json::{Members, Node};
use crate::{Algorithm, CROSS_TENANT_TYPE, MAX_TOKEN_BYTES, TokenFault};

/// What is believed of a JOSE header (RFC 7515, section 4).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// `alg`; `None` for one that is never accepted, such as `none` and HMAC's.
    pub algorithm: Option<Algorithm>,
    /// `kid`.
    pub key_id: Option<Box<str>>,
}

/// What a token is read as: its `typ` must say so (RFC 8725, section 3.11).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ReadAs {
    /// An access token, whose `typ` may be absent.
    AccessToken,
    /// A logout token, whose `typ` may be absent.
    Logout,
    /// A security event token, which names itself one.
    SecurityEvent,
    /// A gateway's document about its organisation's settings, which names itself one.
    CrossTenant,
}

impl ReadAs {
    /// Types are media types, so without regard to case.
    fn admits(self, token_type: Option<&str>) -> bool {
        let is_one_of = |accepted: &[&str]| {
            token_type.is_some_and(|token_type| {
                accepted
                    .iter()
                    .any(|accepted| token_type.eq_ignore_ascii_case(accepted))
            })
        };
        match self {
            Self::AccessToken => token_type.is_none() || is_one_of(&ACCESS_TOKEN_TYPES),
            Self::Logout => token_type.is_none() || is_one_of(&LOGOUT_TYPES),
            Self::SecurityEvent => is_one_of(&SECURITY_EVENT_TYPES),
            Self::CrossTenant => is_one_of(&[CROSS_TENANT_TYPE]),
        }
    }

    /// The longest that is looked at, in bytes.
    pub(crate) const fn longest(self) -> usize {
        match self {
            Self::AccessToken | Self::Logout | Self::SecurityEvent => MAX_TOKEN_BYTES,
            // Settings may name thousands of people and groups, and nobody sends it unasked.
            Self::CrossTenant => 1024 * 1024,
        }
    }
}

impl Header {
    /// Reads a header.
    pub(crate) fn read(header: &Members<'_>, read_as: ReadAs) -> Result<Self, TokenFault> {
        if header.contains_key("crit") {
            return Err(TokenFault::CriticalHeader);
        }
        if !matches!(header.get("b64"), None | Some(Node::Bool(true))) {
            return Err(TokenFault::UnencodedPayload);
        }
        if !read_as.admits(text(header, "typ")?) {
            return Err(TokenFault::UnacceptableType);
        }
        let algorithm = text(header, "alg")?.ok_or(TokenFault::Missing("alg"))?;
        Ok(Self {
            algorithm: Algorithm::from_name(algorithm),
            key_id: text(header, "kid")?.map(Into::into),
        })
    }
}

fn text<'a>(header: &'a Members<'_>, name: &'static str) -> Result<Option<&'a str>, TokenFault> {
    header
        .get(name)
        .map(|value| value.as_str().ok_or(TokenFault::WrongType(name)))
        .transpose()
}

/// The last is the long form of the second (RFC 9068, section 2.1).
const ACCESS_TOKEN_TYPES: [&str; 3] = ["JWT", "at+jwt", "application/at+jwt"];

/// OpenID Connect Back-Channel Logout 1.0, section 2.4: `typ` should say what it is, and `JWT` is what it was before.
const LOGOUT_TYPES: [&str; 3] = ["JWT", "logout+jwt", "application/logout+jwt"];

/// RFC 8417, section 2.3.
const SECURITY_EVENT_TYPES: [&str; 2] = ["secevent+jwt", "application/secevent+jwt"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::borrowed;
    use serde_json::{Value, json};

    fn read(header: Value) -> Result<Header, TokenFault> {
        read_as(ReadAs::AccessToken, header)
    }

    fn read_as(read_as: ReadAs, header: Value) -> Result<Header, TokenFault> {
        Header::read(&borrowed(header.as_object().unwrap()), read_as)
    }

    #[test]
    fn algorithm_and_key_id_are_read_exactly() {
        let header = read(json!({"alg": "RS256", "kid": "k1", "typ": "JWT"})).unwrap();
        assert_eq!(header.algorithm, Some(Algorithm::Rs256));
        assert_eq!(header.key_id.as_deref(), Some("k1"));
    }

    #[test]
    fn none_and_hmac_are_no_algorithm_of_ours() {
        for alg in ["none", "HS256", "rs256", ""] {
            assert_eq!(read(json!({"alg": alg})).unwrap().algorithm, None, "{alg}");
        }
    }

    #[test]
    fn an_access_tokens_type_passes_in_any_letter_case_and_others_do_not() {
        for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"] {
            assert!(read(json!({"alg": "RS256", "typ": typ})).is_ok(), "{typ}");
        }
        for typ in [
            "",
            "dpop+jwt",
            "JOSE",
            "application/jwt",
            "at+jwt ",
            "id_token",
        ] {
            assert_eq!(
                read(json!({"alg": "RS256", "typ": typ})),
                Err(TokenFault::UnacceptableType),
                "{typ}"
            );
        }
    }

    #[test]
    fn an_access_token_is_no_security_event_nor_the_reverse() {
        for typ in [
            "secevent+jwt",
            "SecEvent+JWT",
            "application/secevent+jwt",
            "Application/SECEVENT+jwt",
        ] {
            let header = json!({"alg": "RS256", "typ": typ});
            assert!(read_as(ReadAs::SecurityEvent, header.clone()).is_ok());
            assert_eq!(read(header), Err(TokenFault::UnacceptableType), "{typ}");
        }
        for header in [
            json!({"alg": "RS256"}),
            json!({"alg": "RS256", "typ": "JWT"}),
            json!({"alg": "RS256", "typ": "at+jwt"}),
            json!({"alg": "RS256", "typ": "secevent"}),
            json!({"alg": "RS256", "typ": "secevent+jwt "}),
        ] {
            let refused = read_as(ReadAs::SecurityEvent, header.clone());
            assert_eq!(refused, Err(TokenFault::UnacceptableType), "{header}");
        }
    }

    #[test]
    fn critical_and_unencoded_headers_are_refused() {
        for crit in [json!(["exp"]), json!([]), json!(null)] {
            assert_eq!(
                read(json!({"alg": "RS256", "crit": crit})),
                Err(TokenFault::CriticalHeader)
            );
        }
        for b64 in [json!(false), json!("true"), json!(null)] {
            assert_eq!(
                read(json!({"alg": "RS256", "b64": b64})),
                Err(TokenFault::UnencodedPayload)
            );
        }
        assert!(read(json!({"alg": "RS256", "b64": true})).is_ok());
    }

    #[test]
    fn a_header_parameter_of_the_wrong_type_is_refused() {
        for (name, value) in [
            ("alg", json!(1)),
            ("kid", json!(null)),
            ("typ", json!(["JWT"])),
        ] {
            let mut header = json!({"alg": "RS256", "kid": "k"});
            header[name] = value;
            assert_eq!(read(header), Err(TokenFault::WrongType(name)));
        }
        assert_eq!(read(json!({})), Err(TokenFault::Missing("alg")));
    }
}
