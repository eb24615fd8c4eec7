//! The kit's own programs do what tests of the gateway take for granted.
#![allow(
    clippy::indexing_slicing,
    reason = "a JSON member that is not there is null, and the assertion says so"
)]

use crossgate_testkit::curl::Curl;
use crossgate_testkit::gateway::OWN_TENANT;
use crossgate_testkit::mint::Mint;
use crossgate_testkit::node::client;
use crossgate_testkit::provider::Provider;
use crossgate_testkit::upstream::{Upstream, header_values};
use serde_json::{Value, json};
use std::net::SocketAddr;

const AUDIENCE: &str = "https://payroll.contoso.example";

fn verified(token: &str, jwks: &str) -> Value {
    client(
        "verify.mjs",
        &json!({ "token": token, "jwks": jwks, "audience": AUDIENCE }),
    )
}

fn address(url: &str) -> SocketAddr {
    let authority = url.trim_start_matches("http://");
    authority
        .parse()
        .ok()
        .unwrap_or_else(|| unreachable!("{url}"))
}

#[test]
fn a_minted_guest_verifies_under_the_published_keys() {
    let mint = Mint::start();
    let guest = mint
        .token("b2b-guest")
        .issued_by(OWN_TENANT)
        .home("22222222-2222-4222-8222-222222222222")
        .audience(AUDIENCE)
        .claims(json!({ "acrs": ["c1"], "scp": null }))
        .mint();
    let told = verified(&guest, mint.jwks("global"));
    assert_eq!(told["claims"]["tid"], OWN_TENANT, "{told}");
    assert_eq!(told["claims"]["acrs"], json!(["c1"]));
    assert_eq!(told["claims"]["scp"], Value::Null);
}

#[test]
fn a_faulty_token_does_not_verify() {
    let mint = Mint::start();
    for fault in [
        "alg-none",
        "hs256-with-public-key",
        "bad-signature",
        "unknown-kid",
        "unpublished-key",
        "unknown-critical-header",
        "expired",
        "not-yet-valid",
        "text-expiry",
    ] {
        let order = mint
            .token("member")
            .issued_by(OWN_TENANT)
            .audience(AUDIENCE);
        let told = verified(&order.fault(fault).mint(), mint.jwks("global"));
        assert!(told["error"].is_string(), "{fault}: {told}");
    }
}

#[test]
fn a_rotated_provider_still_publishes_the_key_before() {
    let provider = Provider::start();
    let jwks = format!("{}/jwks", provider.issuer());
    let before = provider.user_token("ada", AUDIENCE, &json!({ "amr": ["mfa"] }));
    provider.rotate(1);
    let after = provider.client_token(AUDIENCE);
    assert_eq!(verified(&before, &jwks)["claims"]["sub"], "ada");
    assert_eq!(verified(&after, &jwks)["claims"]["sub"], "partner-client");
    assert_eq!(provider.key_set_requests(), 2);

    provider.rotate(0);
    assert!(verified(&before, &jwks)["error"].is_string());
    provider.go_down();
    assert!(verified(&before, &jwks)["error"].is_string());
    provider.come_up();
    assert_eq!(provider.key_set_requests(), 3);
}

#[test]
fn the_upstream_tells_what_reached_it() {
    let upstream = Upstream::start();
    let answer = Curl::get(
        address(upstream.address()),
        "payroll.contoso.com",
        "/a/../b?c=d",
    )
    .header("X-Thing", "one")
    .header("x-thing", "two")
    .body("hello")
    .send();
    assert_eq!(answer.status, 200, "{answer:?}");
    let told = answer.json();
    assert_eq!(told["target"], "/a/../b?c=d");
    assert_eq!(header_values(&told, "X-THING"), ["one", "two"]);
    assert_eq!(told["body"]["bytes"], 5);
    assert_eq!(upstream.requests(), 1);
}
