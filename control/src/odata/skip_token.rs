//! `$skiptoken`: where the next page begins.
//!
//! A token is base64url of: the version, a digest, and the position as a JSON array. The digest covers the position and what
//! decides on the list, so that a token that was damaged, edited or given to another query is refused. It is no secret
//! and needs none: whoever makes up a position learns nothing that the list would not have told.

use aws_lc_rs::digest::{Context, SHA256};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::Value;

use super::bad_query::BadQuery;

/// A place in a list: right behind an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// The object's key.
    pub key: Box<str>,
    /// Its values of what the list is ordered by.
    pub(super) values: Box<[Value]>,
}

/// What decides on a list and its order: the resource, the filter and the order, digested.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Binding([u8; DIGEST]);

impl Binding {
    pub(super) fn new(resource: &str, filter: &str, order: &str) -> Self {
        Self(digest(&[
            resource.as_bytes(),
            filter.as_bytes(),
            order.as_bytes(),
        ]))
    }

    pub(super) fn write(&self, position: &Position) -> String {
        let payload: Vec<Value> = std::iter::once(Value::from(position.key.as_ref()))
            .chain(position.values.iter().cloned())
            .collect();
        let payload = Value::Array(payload).to_string();
        let mut token = vec![VERSION];
        token.extend_from_slice(&digest(&[&self.0, payload.as_bytes()]));
        token.extend_from_slice(payload.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(token)
    }

    /// Reads a token of a list that is ordered by `terms` properties.
    pub(super) fn read(&self, token: &str, terms: usize) -> Result<Position, BadQuery> {
        let refused = || {
            BadQuery::skip_token(
                "`$skiptoken`: is not one for this query; follow `@odata.nextLink` unchanged, or begin again without it",
            )
        };
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(token)
            .map_err(|_| refused())?;
        let Some(([VERSION], rest)) = bytes.split_first_chunk() else {
            return Err(refused());
        };
        let Some((sum, payload)) = rest.split_first_chunk::<DIGEST>() else {
            return Err(refused());
        };
        if *sum != digest(&[&self.0, payload]) {
            return Err(refused());
        }
        let mut values: Vec<Value> = serde_json::from_slice(payload).map_err(|_| refused())?;
        if values.len() != terms + 1 {
            return Err(refused());
        }
        let Value::String(key) = values.remove(0) else {
            return Err(refused());
        };
        Ok(Position {
            key: key.into(),
            values: values.into(),
        })
    }
}

const VERSION: u8 = 1;

/// Half of SHA-256: enough against accidents, and short in a URL.
const DIGEST: usize = 16;

/// Over the parts, each with its length before it, so that none can pass into the next.
fn digest(parts: &[&[u8]]) -> [u8; DIGEST] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let sum = context.finish();
    sum.as_ref().first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding() -> Binding {
        Binding::new("partners", "a eq 'b'", "displayName asc")
    }

    fn position() -> Position {
        Position {
            key: "11111111-0000-0000-0000-000000000000".into(),
            values: [Value::from("Füllhorn"), Value::Null].into(),
        }
    }

    #[test]
    fn a_token_reads_back_for_the_list_it_was_made_for() {
        let token = binding().write(&position());
        assert_eq!(binding().read(&token, 2), Ok(position()));
        assert!(
            token
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')),
            "{token} needs no encoding in a URL"
        );
    }

    #[test]
    fn a_token_is_refused_by_every_other_list() {
        let token = binding().write(&position());
        for other in [
            Binding::new("directoryRoles", "a eq 'b'", "displayName asc"),
            Binding::new("partners", "a eq 'c'", "displayName asc"),
            Binding::new("partners", "a eq 'b'", "displayName desc"),
            Binding::new("partnersa", " eq 'b'", "displayName asc"),
        ] {
            assert_eq!(
                other.read(&token, 2).unwrap_err().kind,
                crate::odata::BadQueryKind::SkipToken
            );
        }
    }

    #[test]
    fn a_token_with_any_one_byte_changed_or_cut_off_is_refused() {
        let token = binding().write(&position());
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&token).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            let changed = BASE64_URL_SAFE_NO_PAD.encode(changed);
            assert!(binding().read(&changed, 2).is_err(), "byte {place}");
            let cut = BASE64_URL_SAFE_NO_PAD.encode(&bytes[..place]);
            assert!(binding().read(&cut, 2).is_err(), "up to byte {place}");
        }
        for other in ["", "AQ", "not base64!", "1", &format!("{token}=")] {
            assert!(binding().read(other, 2).is_err(), "{other}");
        }
    }
}
