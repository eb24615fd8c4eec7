//! The JOSE header: which key and algorithm a token says it was signed with.
//!
//! `jku`, `jwk`, `x5u` and `x5c` are not read at all: a token cannot bring its own key (RFC 8725, section 3.10).

use crate::json::{Members, Node};
use crate::{Algorithm, TokenFault};

/// What is believed of a JOSE header (RFC 7515, section 4).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// `alg`; `None` for one that is never accepted, such as `none` and HMAC's.
    pub algorithm: Option<Algorithm>,
    /// `kid`.
    pub key_id: Option<Box<str>>,
}

impl Header {
    /// Reads a header.
    pub(crate) fn read(header: &Members<'_>) -> Result<Self, TokenFault> {
        if header.contains_key("crit") {
            return Err(TokenFault::CriticalHeader);
        }
        if !matches!(header.get("b64"), None | Some(Node::Bool(true))) {
            return Err(TokenFault::UnencodedPayload);
        }
        if let Some(token_type) = text(header, "typ")?
            && !ACCEPTED_TYPES
                .iter()
                .any(|accepted| token_type.eq_ignore_ascii_case(accepted))
        {
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

/// Media types, so without regard to case; the last is the long form of the second (RFC 9068, section 2.1).
const ACCEPTED_TYPES: [&str; 3] = ["JWT", "at+jwt", "application/at+jwt"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::borrowed;
    use serde_json::{Value, json};

    fn read(header: Value) -> Result<Header, TokenFault> {
        Header::read(&borrowed(header.as_object().unwrap()))
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
