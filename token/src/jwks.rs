//! The keys an issuer publishes, each parsed once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use crossgate_policy::ids::{Cloud, TenantId};
use foldhash::fast::RandomState;
use serde_json::{Map, Value};

use crate::entra::EntraIssuer;
use crate::json::{self, JsonFault};
use crate::jwk::PublicKey;
use crate::{Algorithm, Jws, TokenFault, Unusable};

/// The usable keys of one issuer.
#[derive(Clone)]
pub struct KeySet {
    keys: HashMap<Box<str>, Key, RandomState>,
    skipped: Vec<SkippedKey>,
    /// The usable entries as published.
    published: HashMap<Box<str>, Map<String, Value>>,
}

/// A key that may verify an issuer's tokens.
#[derive(Clone)]
pub struct Key(PublicKey);

/// A key that is published and cannot be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SkippedKey {
    /// Its `kid`, if it has one.
    pub key_id: Option<Box<str>>,
    /// Why it is left out.
    pub why: Unusable,
}

/// Why a document is not a key set.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum JwksFault {
    /// Not JSON, or not strictly.
    #[error("key set is {0}")]
    NotJson(#[from] JsonFault),
    /// No object with a list `keys` (RFC 7517, section 5).
    #[error("not a JWK set")]
    NotAKeySet,
    /// Nothing in it can verify a token.
    #[error("key set has no usable key")]
    NoUsableKey(Vec<SkippedKey>),
}

impl KeySet {
    /// Reads a JWK set (RFC 7517, section 5) for an issuer with these algorithms.
    ///
    /// A key that cannot be used is left out and listed in [`KeySet::skipped`]; the others stay.
    pub fn read(document: &[u8], algorithms: &[Algorithm]) -> Result<Self, JwksFault> {
        let document = json::read(document)?;
        let entries = document
            .get("keys")
            .and_then(Value::as_array)
            .ok_or(JwksFault::NotAKeySet)?;
        let mut reader = Reader::default();
        for entry in entries {
            reader.add(entry, algorithms);
        }
        reader.finish()
    }

    /// The key of this id.
    #[must_use]
    pub fn get(&self, key_id: &str) -> Option<&Key> {
        self.keys.get(key_id)
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Never true of a set that was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether every key of an older set is in this one, unchanged: what that set verified, this one would.
    #[must_use]
    pub fn keeps_all_of(&self, older: &Self) -> bool {
        older
            .published
            .iter()
            .all(|(key_id, jwk)| self.published.get(key_id) == Some(jwk))
    }

    /// The keys that were left out.
    #[must_use]
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// Whether the set, or the list of keys left out of it, has this id: fetching it again would not help.
    #[must_use]
    pub fn knows(&self, key_id: &str) -> bool {
        self.keys.contains_key(key_id) || self.has_skipped(key_id)
    }

    /// Checks a signature with the key that the token names (RFC 7515, section 5.2). Says nothing about who may
    /// sign what, nor about the algorithms of an issuer.
    pub fn verify(&self, jws: &Jws<'_>) -> Result<&Key, TokenFault> {
        let header = jws.header();
        let algorithm = header.algorithm.ok_or(TokenFault::AlgorithmNotAllowed)?;
        let key_id = header.key_id.as_deref().ok_or(TokenFault::NoKeyId)?;
        let Some(key) = self.get(key_id) else {
            return Err(if self.has_skipped(key_id) {
                TokenFault::UnfitKey
            } else {
                TokenFault::UnknownKey
            });
        };
        key.verify(jws.signing_input(), jws.signature(), algorithm)?;
        Ok(key)
    }

    fn has_skipped(&self, key_id: &str) -> bool {
        self.skipped
            .iter()
            .any(|skipped| skipped.key_id.as_deref() == Some(key_id))
    }
}

impl Key {
    /// Whether this key may sign a token with this `iss`, of an issuer for that tenant in that cloud.
    #[must_use]
    pub fn may_sign_for(&self, iss: &str, tenant: TenantId, cloud: Cloud) -> bool {
        self.may_sign_for_form(iss, EntraIssuer::parse(iss).as_ref(), tenant, cloud)
    }

    /// The same, where what the table says of that `iss` is known.
    pub(crate) fn may_sign_for_form(
        &self,
        iss: &str,
        form: Option<&EntraIssuer>,
        tenant: TenantId,
        cloud: Cloud,
    ) -> bool {
        let issuer = self.0.issuer.as_ref();
        issuer.is_none_or(|issuer| issuer.admits(iss, form, tenant, cloud))
    }

    /// Checks a signature over some bytes. The algorithm must be one for this key.
    pub fn verify(
        &self,
        signed: &[u8],
        signature: &[u8],
        algorithm: Algorithm,
    ) -> Result<(), TokenFault> {
        let key = self.0.parsed_for(algorithm).ok_or(TokenFault::UnfitKey)?;
        key.verify_sig(signed, signature)
            .map_err(|_| TokenFault::BadSignature)
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySet")
            .field("key_ids", &self.keys.keys())
            .field("skipped", &self.skipped)
            .finish()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("algorithms", &self.0.algorithms().collect::<Vec<_>>())
            .field("issuer", &self.0.issuer)
            .finish_non_exhaustive()
    }
}

/// A set being read.
#[derive(Default)]
struct Reader<'a> {
    usable: HashMap<&'a str, Candidate<'a>>,
    skipped: Vec<SkippedKey>,
}

/// The usable entries of one `kid`.
enum Candidate<'a> {
    One(&'a Map<String, Value>, Key),
    Ambiguous,
}

impl<'a> Reader<'a> {
    fn add(&mut self, entry: &'a Value, algorithms: &[Algorithm]) {
        let Some(jwk) = entry.as_object() else {
            return self.skip(None, Unusable::Malformed);
        };
        let key_id = match jwk.get("kid") {
            Some(Value::String(key_id)) => key_id.as_str(),
            Some(_) => return self.skip(None, Unusable::Malformed),
            None => return self.skip(None, Unusable::NoKeyId),
        };
        let key = match PublicKey::read(jwk, algorithms) {
            Ok(key) => Key(key),
            Err(why) => return self.skip(Some(key_id), why),
        };
        match self.usable.entry(key_id) {
            Entry::Vacant(place) => {
                place.insert(Candidate::One(jwk, key));
            }
            Entry::Occupied(mut place) => match place.get() {
                Candidate::One(other, _) if *other == jwk => {}
                Candidate::One(..) => {
                    place.insert(Candidate::Ambiguous);
                    self.skip(Some(key_id), Unusable::DuplicateKeyId);
                    self.skip(Some(key_id), Unusable::DuplicateKeyId);
                }
                Candidate::Ambiguous => self.skip(Some(key_id), Unusable::DuplicateKeyId),
            },
        }
    }

    fn skip(&mut self, key_id: Option<&str>, why: Unusable) {
        self.skipped.push(SkippedKey {
            key_id: key_id.map(Into::into),
            why,
        });
    }

    fn finish(self) -> Result<KeySet, JwksFault> {
        let mut keys = HashMap::with_capacity_and_hasher(self.usable.len(), RandomState::default());
        let mut published = HashMap::with_capacity(self.usable.len());
        for (key_id, candidate) in self.usable {
            if let Candidate::One(jwk, key) = candidate {
                keys.insert(key_id.into(), key);
                published.insert(key_id.into(), jwk.clone());
            }
        }
        if keys.is_empty() {
            return Err(JwksFault::NoUsableKey(self.skipped));
        }
        Ok(KeySet {
            keys,
            skipped: self.skipped,
            published,
        })
    }
}
