//! Wycheproof's tests of the signature algorithms beneath.

use crossgate_token::{Algorithm, KeySet, Unusable};
use serde_json::{Value, json};

use crate::site::encode;
use crate::vectors;

fn unhex(value: &Value) -> Vec<u8> {
    let digits = value.as_str().unwrap().as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap();
    let byte = |pair: &[u8]| u8::try_from(digit(pair[0]) << 4 | digit(pair[1])).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// A big-endian number without leading zeros.
fn number(value: &Value) -> Vec<u8> {
    let bytes = unhex(value);
    let start = bytes.iter().position(|byte| *byte != 0).unwrap();
    bytes[start..].to_vec()
}

/// Runs a file's tests with the key that `jwk` makes of a group; says how many were accepted and refused.
fn run(file: &str, algorithm: Algorithm, jwk: impl Fn(&Value) -> Value) -> Option<(usize, usize)> {
    let document = vectors::document(file)?;
    let (mut accepted, mut refused) = (0, 0);
    for group in document["testGroups"].as_array().unwrap() {
        let mut key = jwk(&group["publicKey"]);
        key["kid"] = json!("k");
        let keys = KeySet::read(json!({"keys": [key]}).to_string().as_bytes(), &[algorithm]);
        let Ok(keys) = keys else {
            // The two RSA keys whose exponent is 3: sound signatures, and no key of ours.
            assert_eq!(group["publicKey"]["publicExponent"], "03", "{file}");
            continue;
        };
        for test in group["tests"].as_array().unwrap() {
            let signature = unhex(&test["sig"]);
            let result = keys
                .get("k")
                .unwrap()
                .verify(&unhex(&test["msg"]), &signature, algorithm);
            let id = format!("{file} {}: {}", test["tcId"], test["comment"]);
            match test["result"].as_str().unwrap() {
                "valid" => assert!(result.is_ok(), "{id}"),
                "invalid" => assert!(result.is_err(), "{id}"),
                // PKCS #1 without the NULL that RFC 8017 asks for.
                "acceptable" => assert!(result.is_err(), "{id}"),
                other => unreachable!("{other}"),
            }
            if result.is_ok() {
                accepted += 1;
            } else {
                refused += 1;
            }
        }
    }
    Some((accepted, refused))
}

fn rsa(key: &Value) -> Value {
    json!({
        "kty": "RSA",
        "n": encode(number(&key["modulus"])),
        "e": encode(number(&key["publicExponent"])),
    })
}

#[test]
fn ecdsa_on_p256() {
    let file = "wycheproof/ecdsa_secp256r1_sha256_p1363_test.json.gz";
    let counts = run(file, Algorithm::Es256, |key| {
        let point = unhex(&key["uncompressed"]);
        json!({
            "kty": "EC", "crv": "P-256",
            "x": encode(&point[1..33]), "y": encode(&point[33..]),
        })
    });
    assert!(matches!(counts, None | Some((173, 89))), "{counts:?}");
}

#[test]
fn ed25519() {
    let file = "wycheproof/ed25519_test.json.gz";
    let counts = run(
        file,
        Algorithm::EdDsa,
        |key| json!({"kty": "OKP", "crv": "Ed25519", "x": encode(unhex(&key["pk"]))}),
    );
    assert!(matches!(counts, None | Some((88, 63))), "{counts:?}");
}

#[test]
fn rsa_pkcs1() {
    let file = "wycheproof/rsa_signature_2048_sha256_test.json.gz";
    let counts = run(file, Algorithm::Rs256, rsa);
    assert!(matches!(counts, None | Some((7, 250))), "{counts:?}");
}

#[test]
fn rsa_pss() {
    let file = "wycheproof/rsa_pss_2048_sha256_mgf1_32_test.json.gz";
    let counts = run(file, Algorithm::Ps256, rsa);
    assert!(matches!(counts, None | Some((63, 45))), "{counts:?}");
}

#[test]
fn an_exponent_of_three_is_no_key_of_ours() {
    let mut modulus = vec![0xff; 256];
    modulus[0] = 0x80;
    for (exponent, sound) in [
        (&[3][..], false),
        (&[1, 0, 0], false),
        (&[1, 0, 1], true),
        (&[1, 0, 0, 0, 1], true),
        (&[2, 0, 0, 0, 1], false),
        (&[1, 0, 0, 0, 0, 1], false),
    ] {
        let key = json!({"kty": "RSA", "kid": "k", "n": encode(&modulus), "e": encode(exponent)});
        let document = json!({"keys": [key]}).to_string();
        let keys = KeySet::read(document.as_bytes(), &[Algorithm::Rs256]);
        match keys {
            Ok(_) => assert!(sound, "{exponent:?}"),
            Err(crossgate_token::JwksFault::NoUsableKey(skipped)) => {
                assert!(!sound, "{exponent:?}");
                assert_eq!(skipped[0].why, Unusable::Exponent);
            }
            Err(fault) => unreachable!("{fault}"),
        }
    }
}
