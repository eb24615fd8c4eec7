//! What tokens weigh is what they take.

use allocation_counter::measure;
use crossgate_token::accept_unsigned;
use serde_json::{Value, json};

use super::*;
use crate::request::identity;
use crate::request::testing::{OWN, app, issuers, keys, permit_of, routes, signer};

fn guid(number: usize) -> String {
    format!("{number:08x}-1111-4222-8333-{number:012x}")
}

/// What Entra writes for a person, with so many groups.
fn usual(groups: usize) -> Value {
    json!({
        "aud": "api://payroll", "iss": "https://own.example",
        "iat": 1_790_000_000, "nbf": 1_790_000_000, "exp": 2_000_000_000, "acct": 0, "acrs": ["p1"],
        "azp": guid(2), "azpacr": "1", "name": "Ada Lovelace", "oid": guid(3),
        "preferred_username": "ada.lovelace@contoso.com", "roles": ["Payroll.Read"],
        "scp": "access_as_user", "sid": guid(4), "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
        "tid": OWN.to_string(), "upn": "ada.lovelace@contoso.com", "uti": "fqiBqXLPj0eQa82S-IYFAA", "ver": "2.0",
        "wids": [guid(5)], "groups": (10..10 + groups).map(guid).collect::<Vec<_>>(),
    })
}

/// The same for a guest.
fn of_guest(groups: usize) -> Value {
    let mut claims = usual(groups);
    let more = json!({
        "acct": 1, "idp": format!("https://sts.windows.net/{}/", guid(6)),
        "email": "ada.lovelace@partner.example", "unique_name": "ada.lovelace@partner.example",
        "preferred_username": "ada.lovelace_partner.example#EXT#@contoso.com",
        "upn": "ada.lovelace_partner.example#EXT#@contoso.com",
    });
    if let (Some(claims), Value::Object(more)) = (claims.as_object_mut(), more) {
        claims.extend(more);
    }
    claims
}

fn known(claims: &Value) -> KnownToken {
    let issuers = issuers();
    let verified = accept_unsigned(claims, &issuers, "own").unwrap();
    KnownToken::new(verified, &issuers)
}

/// Bytes of memory that are taken when this has been done.
fn taken<T>(make: impl FnOnce() -> T) -> (usize, T) {
    let mut made = None;
    let counted = measure(|| made = Some(make()));
    (
        usize::try_from(counted.bytes_current).unwrap(),
        made.unwrap(),
    )
}

#[test]
fn a_hundred_thousand_tokens_with_twelve_groups_take_64_mib_at_most() {
    const MANY: u32 = 100_000;
    let keys = keys();
    let basis = Basis::new(&keys, 1);
    for claims in [usual(12), of_guest(12)] {
        let token = Arc::new(known(&claims));
        println!(
            "packed: {} bytes a token",
            Packed::new(&token.verified).heap_bytes()
        );
        let metrics = Arc::new(Metrics::new().unwrap());
        let (bytes, tokens) = taken(|| {
            let tokens = Tokens::new(TokenCache::Bytes(64 << 20), metrics).unwrap();
            for digest in 1..=MANY {
                tokens.keep(
                    TokenDigest(digest.into()),
                    basis,
                    &token,
                    UnixTime::from_secs(0),
                );
            }
            tokens
        });
        println!("packed: {} tokens in {bytes} bytes", tokens.len());
        assert!(bytes <= 64 << 20, "{bytes}");
        // Nearly all: sets fill unevenly.
        assert!(tokens.len() > 99_000, "{}", tokens.len());
    }
}

#[test]
fn a_token_takes_what_it_weighs() {
    let routes = routes(&["payroll"]);
    let app = app(&routes, "payroll");
    let issuers = issuers();
    let long = |count: usize| (0..count).map(|n| format!("{n:0100}")).collect::<Vec<_>>();
    let with = |name: &str, value: Value| {
        let mut claims = usual(12);
        claims[name] = value;
        claims
    };
    // Tokens of v1.0 name the client so.
    let mut of_v1 = with("appid", json!("a".repeat(5_000)));
    of_v1.as_object_mut().unwrap().remove("azp");
    for claims in [
        usual(0),
        usual(12),
        usual(200),
        with("groups", json!(long(50))),
        with("roles", json!(long(50))),
        with("scp", json!(long(50).join(" "))),
        with("roles", json!(["a".repeat(5_000)])),
        with("name", json!("a".repeat(5_000))),
        with("upn", json!("a".repeat(5_000))),
        with("email", json!("a".repeat(5_000))),
        with("sub", json!("a".repeat(5_000))),
        with("oid", json!("a".repeat(5_000))),
        with("sid", json!("a".repeat(5_000))),
        with("uti", json!("a".repeat(5_000))),
        with("jti", json!("a".repeat(5_000))),
        with("azp", json!("a".repeat(5_000))),
        with("idp", json!("a".repeat(5_000))),
        with("xms_trpid", json!("a".repeat(5_000))),
        with("preferred_username", json!("a".repeat(5_000))),
        with("home_oid", json!("a".repeat(5_000))),
        of_v1,
        with("name", json!("\u{1}".repeat(5_000))),
        with("roles", json!(["\"".repeat(5_000)])),
    ] {
        // One that has said nothing of the caller before.
        let signer = signer();
        let kept = known(&claims);
        let (bytes, packed) = taken(|| Packed::new(&kept.verified));
        assert_eq!(bytes, packed.heap_bytes());
        let (bytes, token) = taken(|| {
            let verified = packed.unpack().unwrap();
            let token = Arc::new(KnownToken::new(verified, &issuers));
            let told = identity::of(&token, &permit_of(&token), app, &signer, 1).unwrap();
            assert!(told.principal.is_some());
            drop(told);
            token
        });
        let weight = token.weight();
        let told = claims.to_string().len();
        println!("ready: {bytes} bytes, weighed as {weight}, of {told} bytes of claims");
        // Allocators take up to an eighth more than they are asked for, a sixteenth on average.
        assert!(
            bytes + bytes / 16 <= weight,
            "{bytes}, {weight}: {:.200}",
            claims.to_string()
        );
        assert!(
            weight <= bytes * 2,
            "{bytes}, {weight}: {:.200}",
            claims.to_string()
        );
    }
}
