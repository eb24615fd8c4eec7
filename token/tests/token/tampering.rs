//! Tokens that were changed, and bytes that never were tokens.

use crossgate_token::json;
use crossgate_token::{Algorithm, Jws, KeySet, verify};
use proptest::prelude::*;
use serde_json::Value;

use crate::site::{KeySets, Signer, entra_claims, issuers, key_set};

#[test]
fn any_single_bit_flipped_in_a_token_refuses_it() {
    let signer = Signer::new("k");
    let keys = KeySets::from([("entra", key_set(&[signer.jwk()]))]);
    let issuers = issuers();
    let token = signer.sign(&entra_claims());
    let accepted = |token: &str| verify(token, &issuers, |name| keys.get(name)).is_ok();
    assert!(accepted(&token));
    for position in 0..token.len() {
        for bit in 0..8 {
            let mut changed = token.clone().into_bytes();
            changed[position] ^= 1 << bit;
            // What is no UTF-8 is no header value that could reach this crate.
            if let Ok(changed) = String::from_utf8(changed) {
                assert!(!accepted(&changed), "bit {bit} of byte {position}");
            }
        }
    }
}

#[test]
fn a_token_without_its_last_bytes_is_refused() {
    let signer = Signer::new("k");
    let keys = KeySets::from([("entra", key_set(&[signer.jwk()]))]);
    let token = signer.sign(&entra_claims());
    for length in 0..token.len() {
        let cut = verify(&token[..length], &issuers(), |name| keys.get(name));
        assert!(cut.is_err(), "{length}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_json_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = json::read(&bytes);
        let _ = KeySet::read(&bytes, &Algorithm::ALL);
    }

    #[test]
    fn what_the_json_reader_takes_means_the_same_to_a_lenient_one(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let mut text = br#"{"a":[1,-2.5e3,"x\u00e9\"",true,null],"\u0062":{"a":""},"c":" \t"}"#.to_vec();
        for (position, byte) in changes {
            let position = position.index(text.len());
            text[position] = byte;
        }
        let lenient = serde_json::from_slice::<Value>(&text);
        match json::read(&text) {
            Ok(value) => prop_assert_eq!(value, lenient.unwrap()),
            Err(json::JsonFault::DuplicateMember) => {}
            Err(fault) => {
                prop_assert_eq!(fault, json::JsonFault::Syntax);
                prop_assert!(lenient.is_err());
            }
        }
    }

    #[test]
    fn no_text_makes_the_verifier_panic(text in ".{0,256}") {
        let _ = Jws::parse(&text);
        prop_assert!(verify(&text, &issuers(), |_| None).is_err());
    }

    #[test]
    fn no_parts_make_the_verifier_panic(
        header in prop::collection::vec(any::<u8>(), 0..64),
        payload in prop::collection::vec(any::<u8>(), 0..64),
        signature in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let parts = [header, payload, signature].map(crate::site::encode);
        prop_assert!(verify(&parts.join("."), &issuers(), |_| None).is_err());
    }
}
