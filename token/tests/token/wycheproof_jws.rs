//! Wycheproof's tests of JSON Web Signatures, keys and key sets.

use crossgate_token::{Algorithm, JwksFault, Jws, KeySet, TokenFault, Unusable};
use serde_json::{Value, json};

use crate::site::{Signer, key_set};
use crate::vectors;

const FILES: [&str; 3] = [
    "wycheproof/json_web_signature_test.json",
    "wycheproof/json_web_key_test.json",
    "wycheproof/json_web_crypto_test.json",
];

/// What must happen to a vector that Wycheproof calls valid.
#[derive(Debug, Eq, PartialEq)]
enum Expected {
    Accepted,
    /// No key of the group can be used: shared secrets and P-521.
    NoUsableKey,
    /// A token's payload is an object, so never empty.
    EmptyPart,
    /// The key is marked for PS256, the token is signed with PS384.
    KeyForAnotherAlgorithm,
}

fn expected(group: &Value, test: &Value) -> Expected {
    let key = published(group);
    let keys = key["keys"]
        .as_array()
        .map_or(std::slice::from_ref(&key), |keys| keys);
    if keys
        .iter()
        .all(|key| key["kty"] == "oct" || key["crv"] == "P-521")
    {
        Expected::NoUsableKey
    } else if test["comment"] == "emptyPayload" {
        Expected::EmptyPart
    } else if test["comment"] == "Figure20" {
        Expected::KeyForAnotherAlgorithm
    } else {
        Expected::Accepted
    }
}

/// The keys that the group's recipient has: a key or a set.
fn published(group: &Value) -> Value {
    let public = &group["public"];
    if public.is_null() {
        group["private"].clone()
    } else {
        public.clone()
    }
}

fn read_keys(group: &Value) -> Result<KeySet, JwksFault> {
    let published = published(group);
    let document = if published["keys"].is_array() {
        published
    } else {
        json!({"keys": [published]})
    };
    KeySet::read(document.to_string().as_bytes(), &Algorithm::ALL)
}

fn verify(keys: Result<KeySet, JwksFault>, token: &str) -> Result<(), String> {
    let keys = keys.map_err(|fault| format!("{fault}"))?;
    let jws = Jws::parse(token).map_err(|fault| format!("{fault}"))?;
    keys.verify(&jws).map_err(|fault| format!("{fault}"))?;
    Ok(())
}

/// Every test of a file that is a compact signature, with its group.
fn each_test(file: &str, mut see: impl FnMut(&Value, &Value, &str)) {
    let Some(document) = vectors::document(file) else {
        return;
    };
    for group in document["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            // Objects are the JSON serialisation; encrypted tokens have another member.
            if let Some(token) = test["jws"].as_str() {
                see(group, test, token);
            }
        }
    }
}

#[test]
fn nothing_invalid_is_accepted_and_what_is_valid_only_where_it_is_no_token_of_ours() {
    for file in FILES {
        let mut accepted = 0;
        each_test(file, |group, test, token| {
            let id = format!("{file} {}: {}", test["tcId"], test["comment"]);
            let result = verify(read_keys(group), token);
            if test["result"] != "valid" {
                assert!(result.is_err(), "{id}");
                return;
            }
            match expected(group, test) {
                Expected::Accepted => {
                    assert_eq!(result, Ok(()), "{id}");
                    accepted += 1;
                }
                Expected::NoUsableKey => {
                    let Err(JwksFault::NoUsableKey(skipped)) = read_keys(group) else {
                        unreachable!("{id}");
                    };
                    let whys = [Unusable::Symmetric, Unusable::UnsupportedType];
                    assert!(skipped.iter().all(|key| whys.contains(&key.why)), "{id}");
                }
                Expected::EmptyPart => {
                    let fault = Jws::parse(token).unwrap_err();
                    assert_eq!(fault, TokenFault::NotThreeParts, "{id}");
                }
                Expected::KeyForAnotherAlgorithm => {
                    let (keys, jws) = (read_keys(group).unwrap(), Jws::parse(token).unwrap());
                    assert_eq!(keys.verify(&jws).unwrap_err(), TokenFault::UnfitKey, "{id}");
                }
            }
        });
        assert!(accepted > 0 || vectors::bytes(file).is_none(), "{file}");
    }
}

#[test]
fn every_readable_hmac_token_is_refused_for_its_algorithm() {
    let keys = key_set(&[Signer::new("k").jwk()]);
    let mut refused = 0;
    for file in FILES {
        each_test(file, |_, test, token| {
            let Ok(jws) = Jws::parse(token) else { return };
            if token.starts_with("eyJhbGciOiJIUz") || jws.header().algorithm.is_none() {
                let fault = keys.verify(&jws).unwrap_err();
                assert_eq!(fault, TokenFault::AlgorithmNotAllowed, "{}", test["tcId"]);
                refused += 1;
            }
        });
    }
    assert!(refused > 20 || vectors::bytes(FILES[0]).is_none());
}

#[test]
fn unsound_keys_are_left_out_for_what_is_wrong_with_them() {
    let expected = [
        ("keysize_too_small", Unusable::ModulusSize),
        ("exponentOne", Unusable::Exponent),
        ("jws_rsa_roca_key", Unusable::Factorable),
        ("wrong_algorithm", Unusable::AlgorithmNotAllowed),
        ("invalid_algorithm", Unusable::AlgorithmNotAllowed),
        ("invalid_use", Unusable::WrongUse),
        ("invalid_point", Unusable::NotOnCurve),
        ("wrong_curve", Unusable::AlgorithmNotAllowed),
        ("wrong_kty", Unusable::AlgorithmNotAllowed),
        ("jws_duplicate_kid", Unusable::Symmetric),
    ];
    let mut seen = 0;
    each_test(FILES[1], |group, _, _| {
        let Some((_, why)) = expected.iter().find(|(name, _)| group["comment"] == *name) else {
            return;
        };
        let Err(JwksFault::NoUsableKey(skipped)) = read_keys(group) else {
            unreachable!("{}", group["comment"]);
        };
        assert!(skipped.iter().all(|key| key.why == *why), "{skipped:?}");
        seen += 1;
    });
    assert!(seen == expected.len() || vectors::bytes(FILES[1]).is_none());
}
