//! The signature examples of RFC 7520 and RFC 7797.

use crossgate_token::{Algorithm, Jws, KeySet, TokenFault};
use serde_json::{Value, json};

use crate::site::{Signer, key_set};
use crate::vectors;

/// The public half of an example's key, as an issuer would publish it.
fn published(example: &Value) -> Value {
    let mut key = example["input"]["key"].clone();
    for private in ["d", "p", "q", "dp", "dq", "qi"] {
        key.as_object_mut().unwrap().remove(private);
    }
    key
}

fn compact(example: &Value) -> &str {
    example["output"]["compact"].as_str().unwrap()
}

#[test]
fn the_rsa_examples_verify_and_no_longer_once_their_payload_changes() {
    for (name, algorithm) in [
        ("rfc7520/4_1.rsa_v15_signature.json", Algorithm::Rs256),
        ("rfc7520/4_2.rsa-pss_signature.json", Algorithm::Ps384),
    ] {
        let Some(example) = vectors::document(name) else {
            return;
        };
        let keys = key_set(&[published(&example)]);
        let jws = Jws::parse(compact(&example)).unwrap();
        assert_eq!(jws.header().algorithm, Some(algorithm));
        assert!(keys.verify(&jws).is_ok(), "{name}");
        assert_eq!(jws.claims(), Err(TokenFault::NotJson), "prose is no claim");

        let changed = compact(&example).replacen(".S", ".T", 1);
        let jws = Jws::parse(&changed).unwrap();
        assert_eq!(keys.verify(&jws).unwrap_err(), TokenFault::BadSignature);
    }
}

#[test]
fn the_private_half_of_a_key_does_not_belong_in_a_key_set() {
    let Some(example) = vectors::document("rfc7520/4_1.rsa_v15_signature.json") else {
        return;
    };
    let document = json!({"keys": [example["input"]["key"]]}).to_string();
    assert!(KeySet::read(document.as_bytes(), &Algorithm::ALL).is_err());
}

#[test]
fn the_examples_with_other_algorithms_are_refused_for_them() {
    let keys = key_set(&[Signer::new("k").jwk()]);
    for name in [
        "rfc7520/4_3.ecdsa_signature.json",
        "rfc7520/4_4.hmac-sha2_integrity_protection.json",
    ] {
        let Some(example) = vectors::document(name) else {
            return;
        };
        let jws = Jws::parse(compact(&example)).unwrap();
        assert_eq!(
            keys.verify(&jws).unwrap_err(),
            TokenFault::AlgorithmNotAllowed
        );
    }
}

#[test]
fn detached_and_unencoded_payloads_are_no_tokens() {
    for (name, fault) in [
        (
            "rfc7520/4_5.signature_with_detached_content.json",
            TokenFault::NotThreeParts,
        ),
        ("rfc7520/hmac-sha2_b64_false.json", TokenFault::NotBase64Url),
    ] {
        let Some(example) = vectors::document(name) else {
            return;
        };
        assert_eq!(Jws::parse(compact(&example)).unwrap_err(), fault, "{name}");
    }
}
