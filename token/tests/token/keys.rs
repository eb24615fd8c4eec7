//! Key sets: what is left out, and why.

use crossgate_token::json::JsonFault;
use crossgate_token::{Algorithm, JwksFault, KeySet, SkippedKey, Unusable};
use serde_json::{Value, json};

use crate::site::{REMOVED, Signer, encode, key_set, with};

fn read(keys: &[Value]) -> Result<KeySet, JwksFault> {
    let document = json!({"keys": keys}).to_string();
    KeySet::read(document.as_bytes(), &[Algorithm::Rs256, Algorithm::Es256])
}

/// Why this key is left out, read beside a sound one.
fn why(key: Value) -> Option<Unusable> {
    let keys = read(&[Signer::new("sound").jwk(), key]).unwrap();
    assert!(keys.get("sound").is_some(), "the sound key stays");
    assert_eq!(keys.len() + keys.skipped().len(), 2);
    keys.skipped().first().map(|skipped| skipped.why)
}

fn rsa(bits: usize) -> Value {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    modulus[0] = 0xff >> (modulus.len() * 8 - bits);
    json!({"kty": "RSA", "kid": "k", "n": encode(modulus), "e": "AQAB"})
}

#[test]
fn a_sound_key_is_kept_with_and_without_its_optional_members() {
    let key = Signer::new("k").jwk();
    for changes in [
        vec![],
        vec![("use", json!(REMOVED))],
        vec![("alg", json!(REMOVED))],
        vec![("key_ops", json!(["verify"]))],
        vec![("key_ops", json!(["sign", "verify"]))],
        vec![("x5c", json!(["not read"])), ("x5u", json!(7))],
        vec![(
            "issuer",
            json!("https://login.microsoftonline.com/{tenantid}/v2.0"),
        )],
    ] {
        assert_eq!(why(with(key.clone(), &changes)), None, "{changes:?}");
    }
}

#[test]
fn a_key_that_is_not_for_verifying_with_an_allowed_algorithm_is_left_out() {
    let key = Signer::new("k").jwk();
    for (name, value, expected) in [
        ("kid", json!(REMOVED), Unusable::NoKeyId),
        ("kid", json!(1), Unusable::Malformed),
        ("kty", json!(REMOVED), Unusable::Malformed),
        ("kty", json!("oct"), Unusable::Symmetric),
        ("kty", json!("DSA"), Unusable::UnsupportedType),
        ("kty", json!("OKP"), Unusable::UnsupportedType),
        ("crv", json!("P-521"), Unusable::UnsupportedType),
        ("crv", json!("secp256k1"), Unusable::UnsupportedType),
        ("crv", json!(REMOVED), Unusable::Malformed),
        ("d", json!("AA"), Unusable::Private),
        ("use", json!("enc"), Unusable::WrongUse),
        ("use", json!(["sig"]), Unusable::Malformed),
        ("key_ops", json!([]), Unusable::WrongUse),
        ("key_ops", json!(["sign"]), Unusable::WrongUse),
        ("key_ops", json!("verify"), Unusable::Malformed),
        ("key_ops", json!(["verify", 1]), Unusable::Malformed),
        ("alg", json!("ES384"), Unusable::AlgorithmNotAllowed),
        ("alg", json!("RS256"), Unusable::AlgorithmNotAllowed),
        ("alg", json!("HS256"), Unusable::AlgorithmNotAllowed),
        ("alg", json!("none"), Unusable::AlgorithmNotAllowed),
        ("alg", json!(null), Unusable::Malformed),
        ("issuer", json!(["x"]), Unusable::Malformed),
        ("x", json!(encode([1; 32])), Unusable::NotOnCurve),
        ("x", json!(encode([1; 31])), Unusable::Malformed),
        ("x", json!(encode([0; 33])), Unusable::Malformed),
        ("y", json!("not base64!"), Unusable::Malformed),
        ("y", json!(REMOVED), Unusable::Malformed),
    ] {
        let key = with(key.clone(), &[(name, value.clone())]);
        assert_eq!(why(key), Some(expected), "{name} {value}");
    }
    assert_eq!(why(json!("key")), Some(Unusable::Malformed));
}

#[test]
fn a_key_of_a_type_that_no_allowed_algorithm_uses_is_left_out() {
    let key = json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": encode([1; 32])});
    assert_eq!(why(key), Some(Unusable::AlgorithmNotAllowed));
}

#[test]
fn rsa_keys_have_2048_to_8192_bits() {
    for (bits, expected) in [
        (1024, Some(Unusable::ModulusSize)),
        (2047, Some(Unusable::ModulusSize)),
        (2048, None),
        (3072, None),
        (8192, None),
        (8193, Some(Unusable::ModulusSize)),
    ] {
        assert_eq!(why(rsa(bits)), expected, "{bits}");
    }
    let mut even = vec![0xff; 256];
    even[255] = 0xfe;
    let padded = [&[0][..], &[0xff; 256]].concat();
    for modulus in [even, padded, vec![]] {
        let key = with(rsa(2048), &[("n", json!(encode(modulus)))]);
        assert_eq!(why(key), Some(Unusable::Malformed));
    }
}

#[test]
fn of_two_keys_with_one_id_neither_is_used_unless_they_are_the_same() {
    let (one, other, third) = (Signer::new("k"), Signer::new("k"), Signer::new("third"));
    let keys = key_set(&[one.jwk(), one.jwk(), third.jwk()]);
    assert_eq!((keys.len(), keys.skipped()), (2, &[][..]));

    let keys = key_set(&[one.jwk(), other.jwk(), third.jwk(), one.jwk()]);
    assert!(keys.get("k").is_none());
    assert!(keys.get("third").is_some());
    let duplicate = SkippedKey {
        key_id: Some("k".into()),
        why: Unusable::DuplicateKeyId,
    };
    assert_eq!(keys.skipped(), vec![duplicate; 3]);

    // Same key, other issuer: whose it is cannot be told either.
    let elsewhere = with(one.jwk(), &[("issuer", json!("https://id.example"))]);
    assert!(
        key_set(&[one.jwk(), elsewhere, third.jwk()])
            .get("k")
            .is_none()
    );
}

#[test]
fn a_document_without_a_usable_key_is_an_error() {
    let fault = read(&[json!({"kty": "oct", "kid": "k", "k": "AA"})]).unwrap_err();
    assert!(matches!(fault, JwksFault::NoUsableKey(skipped) if skipped.len() == 1));
    assert_eq!(read(&[]).unwrap_err(), JwksFault::NoUsableKey(vec![]));
}

#[test]
fn what_is_no_key_set_is_an_error() {
    let read = |text: &str| KeySet::read(text.as_bytes(), &Algorithm::ALL).unwrap_err();
    for text in ["{}", "[]", "null", r#"{"keys":{}}"#] {
        assert_eq!(read(text), JwksFault::NotAKeySet, "{text}");
    }
    assert_eq!(read("<html>"), JwksFault::NotJson(JsonFault::Syntax));
    assert_eq!(
        read(r#"{"keys":[],"keys":[]}"#),
        JwksFault::NotJson(JsonFault::DuplicateMember)
    );
}

#[test]
fn debug_shows_ids_and_no_key() {
    let signer = Signer::new("the-id");
    let keys = key_set(&[signer.jwk()]);
    let shown = format!("{keys:?} {:?}", keys.get("the-id"));
    assert!(shown.contains("the-id"));
    assert!(!shown.contains(signer.jwk()["x"].as_str().unwrap()));
}
