//! Signatures checked beside another library: both must say the same of good ones and of changed ones.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use crossgate_token::{Algorithm, KeySet};
use jsonwebtoken::DecodingKey;
use serde_json::{Value, json};

use crate::site::encode;

const MESSAGE: &[u8] = b"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0";

/// A key in the forms the two libraries read, and what it signs.
struct Signer {
    ours: KeySet,
    theirs: DecodingKey,
    signed: Vec<(Algorithm, Vec<u8>)>,
}

fn key_set(mut jwk: Value) -> KeySet {
    jwk["kid"] = json!("k");
    crate::site::key_set(&[jwk])
}

fn rsa() -> Signer {
    let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let public: PublicKeyComponents<Vec<u8>> = key.public_key().into();
    let sign = |encoding: &'static dyn RsaEncoding| {
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(encoding, &SystemRandom::new(), MESSAGE, &mut signature)
            .unwrap();
        signature
    };
    let signed = vec![
        (Algorithm::Rs256, sign(&RSA_PKCS1_SHA256)),
        (Algorithm::Rs384, sign(&RSA_PKCS1_SHA384)),
        (Algorithm::Rs512, sign(&RSA_PKCS1_SHA512)),
        (Algorithm::Ps256, sign(&RSA_PSS_SHA256)),
        (Algorithm::Ps384, sign(&RSA_PSS_SHA384)),
        (Algorithm::Ps512, sign(&RSA_PSS_SHA512)),
    ];
    Signer {
        ours: key_set(json!({"kty": "RSA", "n": encode(&public.n), "e": encode(&public.e)})),
        theirs: DecodingKey::from_rsa_raw_components(&public.n, &public.e),
        signed,
    }
}

fn ecdsa(curve: &'static EcdsaSigningAlgorithm, name: &str, algorithm: Algorithm) -> Signer {
    let key = EcdsaKeyPair::generate(curve).unwrap();
    let point = key.public_key().as_ref();
    let (x, y) = point[1..].split_at(point.len() / 2);
    let signature = key.sign(&SystemRandom::new(), MESSAGE).unwrap();
    Signer {
        ours: key_set(json!({"kty": "EC", "crv": name, "x": encode(x), "y": encode(y)})),
        theirs: DecodingKey::from_ec_der(point),
        signed: vec![(algorithm, signature.as_ref().to_vec())],
    }
}

fn edwards() -> Signer {
    let key = Ed25519KeyPair::generate().unwrap();
    let point = key.public_key().as_ref();
    Signer {
        ours: key_set(json!({"kty": "OKP", "crv": "Ed25519", "x": encode(point)})),
        theirs: DecodingKey::from_ed_der(point),
        signed: vec![(Algorithm::EdDsa, key.sign(MESSAGE).as_ref().to_vec())],
    }
}

const fn in_jsonwebtoken(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::Rs384 => jsonwebtoken::Algorithm::RS384,
        Algorithm::Rs512 => jsonwebtoken::Algorithm::RS512,
        Algorithm::Ps256 => jsonwebtoken::Algorithm::PS256,
        Algorithm::Ps384 => jsonwebtoken::Algorithm::PS384,
        Algorithm::Ps512 => jsonwebtoken::Algorithm::PS512,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Es384 => jsonwebtoken::Algorithm::ES384,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
    }
}

/// What both say, which must be the same.
fn accepts(signer: &Signer, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
    let key = signer.ours.get("k").unwrap();
    let ours = key.verify(message, signature, algorithm).is_ok();
    let theirs = jsonwebtoken::crypto::verify(
        &encode(signature),
        message,
        &signer.theirs,
        in_jsonwebtoken(algorithm),
    );
    assert_eq!(
        ours,
        theirs.unwrap_or(false),
        "{algorithm:?} {signature:02x?}"
    );
    ours
}

#[test]
fn another_library_says_the_same_of_every_algorithms_good_and_changed_signatures() {
    let signers = [
        rsa(),
        ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256", Algorithm::Es256),
        ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384", Algorithm::Es384),
        edwards(),
    ];
    let mut seen = Vec::new();
    for signer in &signers {
        for (algorithm, signature) in &signer.signed {
            let accepts =
                |message: &[u8], signature: &[u8]| accepts(signer, *algorithm, message, signature);
            assert!(accepts(MESSAGE, signature), "{algorithm:?}");
            seen.push(*algorithm);
            for position in 0..signature.len() {
                let mut changed = signature.clone();
                changed[position] ^= 1 << (position % 8);
                assert!(!accepts(MESSAGE, &changed), "{algorithm:?} {position}");
            }
            for position in 0..MESSAGE.len() {
                let mut changed = MESSAGE.to_vec();
                changed[position] ^= 1;
                assert!(!accepts(&changed, signature), "{algorithm:?} {position}");
            }
            let longer = [&signature[..], &[0]].concat();
            let padded = [&[0], &signature[..]].concat();
            let shorter = &signature[..signature.len() - 1];
            let zeros = vec![0; signature.len()];
            for changed in [&longer[..], &padded, shorter, &zeros, &[]] {
                assert!(!accepts(MESSAGE, changed), "{algorithm:?} {changed:02x?}");
            }
            // What the same key signed with another algorithm is no signature of this one.
            for (other, signature) in &signer.signed {
                assert_eq!(accepts(MESSAGE, signature), other == algorithm);
            }
        }
    }
    assert_eq!(seen, Algorithm::ALL);
}
