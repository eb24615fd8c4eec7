//! Keys as providers really handle them: rotated, unknown, out of reach.

use crate::site::load::Client;
use crate::site::{AUDIENCE, FABRIKAM, PAYROLL_HOST, Site, Stage, everyone, partner};
use crossgate_testkit::programs::wait_for;
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Longer than the pause between two refreshes that unknown keys may cause.
const REFRESHED: Duration = Duration::from_secs(45);

/// Fabrikam's people may come with Fabrikam's own tokens.
fn open_to_fabrikam() -> Stage {
    let open = partner(FABRIKAM, json!({ "b2bDirectConnectInbound": everyone() }));
    Stage::new().policy("partners/fabrikam.json", &open)
}

fn status(site: &Site, token: &str) -> u16 {
    site.payroll("/").bearer(token).send().status
}

#[test]
fn a_key_rotation_fails_no_request() {
    let site = open_to_fabrikam().open();
    let old = site.fabrikam.user_token("ada", AUDIENCE, &json!({}));
    assert_eq!(status(&site, &old), 200);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut client =
                Client::connect(site.gateway.proxy(), PAYROLL_HOST, "/status/200", &old);
            while !over.load(Ordering::Relaxed) {
                assert_eq!(client.ask().unwrap().0, 200);
            }
        });
        // As a careful provider does it: the next key is published before anything is signed with it.
        site.fabrikam.announce_keys();
        let stranger = site
            .mint
            .token("member")
            .issued_by(FABRIKAM)
            .audience(AUDIENCE);
        let stranger = stranger
            .claims(json!({ "iss": site.fabrikam.issuer() }))
            .mint();
        let before = site.fabrikam.key_set_requests();
        wait_for("the announced keys to be fetched", REFRESHED, || {
            assert_eq!(status(&site, &stranger), 401);
            (site.fabrikam.key_set_requests() > before).then_some(())
        });
        wait_for(
            "the announced keys to be in force",
            Duration::from_secs(5),
            || {
                (site
                    .gateway
                    .metric("crossgate_jwks_refreshes_total", &["fabrikam"])
                    >= 2.0)
                    .then_some(())
            },
        );
        site.fabrikam.use_announced_keys();
        for _ in 0..20 {
            let new = site.fabrikam.user_token("ada", AUDIENCE, &json!({}));
            assert_eq!(status(&site, &new), 200);
        }
        over.store(true, Ordering::Relaxed);
        load.join().unwrap();
    });
}

#[test]
fn an_unannounced_key_is_found_and_a_withdrawn_one_forgotten() {
    let site = open_to_fabrikam().open();
    let old = site.fabrikam.user_token("ada", AUDIENCE, &json!({}));
    assert_eq!(status(&site, &old), 200);
    site.fabrikam.rotate(0);
    let new = site.fabrikam.user_token("ada", AUDIENCE, &json!({}));
    wait_for("the new key", REFRESHED, || {
        (status(&site, &new) == 200).then_some(())
    });
    site.expect(
        "the withdrawn key",
        site.payroll("/").bearer(&old),
        401,
        50_003,
    );
}

#[test]
fn a_provider_that_is_down_keeps_nobody_out() {
    let site = open_to_fabrikam().open();
    let token = site.fabrikam.user_token("ada", AUDIENCE, &json!({}));
    let unseen = site.fabrikam.user_token("grace", AUDIENCE, &json!({}));
    assert_eq!(status(&site, &token), 200);
    site.fabrikam.go_down();
    for _ in 0..10 {
        assert_eq!(status(&site, &token), 200);
        let stranger = site.direct().fault("unknown-kid").mint();
        assert_eq!(status(&site, &stranger), 401);
    }
    assert_eq!(status(&site, &unseen), 200);
}

#[test]
fn without_any_key_of_an_issuer_its_tokens_are_answered_with_503() {
    let stage = open_to_fabrikam();
    let token = stage.fabrikam.user_token("ada", AUDIENCE, &json!({}));
    stage.fabrikam.go_down();
    let site = stage.open_unready();
    let answer = wait_for("an answer", Duration::from_secs(30), || {
        let answer = site.payroll("/").bearer(&token).send();
        (answer.status != 0).then_some(answer)
    });
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
    site.fabrikam.come_up();
    wait_for("the provider's keys", REFRESHED, || {
        (status(&site, &token) == 200).then_some(())
    });
}

#[test]
fn a_replaced_file_of_keys_binds_at_sighup() {
    let stage = open_to_fabrikam();
    let keys = || {
        let url = format!("{}/jwks", stage.fabrikam.issuer());
        let answer = ureq::get(&url).call().unwrap().body_mut().read_to_string();
        answer.unwrap()
    };
    let file = stage.directory().join("fabrikam-jwks.json");
    std::fs::write(&file, keys()).unwrap();
    let old = stage.fabrikam.user_token("ada", AUDIENCE, &json!({}));
    stage.fabrikam.rotate(0);
    let (new, rotated) = (
        stage.fabrikam.user_token("ada", AUDIENCE, &json!({})),
        keys(),
    );
    let source = format!("jwks = \"{}/jwks\"", stage.fabrikam.issuer());
    let site = stage.open();
    site.gateway
        .rewrite_config(|config| config.replace(&source, "jwks = \"file:fabrikam-jwks.json\""));
    site.gateway.reload();
    wait_for("the file's keys", REFRESHED, || {
        (status(&site, &old) == 200).then_some(())
    });
    std::fs::write(&file, rotated).unwrap();
    site.gateway.reload();
    wait_for("the replaced file", Duration::from_secs(10), || {
        (status(&site, &new) == 200).then_some(())
    });
    assert_eq!(status(&site, &old), 401);
}

#[test]
fn one_unknown_key_makes_one_key_set_request_and_no_more() {
    let site = Stage::new()
        .section("jwks", "min_refresh_interval = \"1s\"")
        .open();
    assert_eq!(status(&site, &site.member().mint()), 200);
    let before = site.mint.key_set_requests();
    let stranger = site.member().fault("unknown-kid").mint();
    assert_eq!(status(&site, &stranger), 401);
    std::thread::sleep(Duration::from_secs(5));
    let asked = site.mint.key_set_requests() - before;
    assert_eq!(asked, 1, "{asked} key set requests");
    // Whoever comes later is heeded again.
    assert_eq!(status(&site, &stranger), 401);
    wait_for("another request", REFRESHED, || {
        (site.mint.key_set_requests() - before == 2).then_some(())
    });
}

#[test]
fn a_flood_of_unknown_keys_makes_one_key_set_request() {
    let site = Stage::new().open();
    assert_eq!(status(&site, &site.member().mint()), 200);
    let before = site.mint.key_set_requests();
    let flood: Vec<String> = (0..50)
        .map(|_| site.member().fault("unknown-kid").mint())
        .collect();
    let proxy = site.gateway.proxy();
    std::thread::scope(|scope| {
        for part in flood.chunks(10) {
            scope.spawn(move || {
                for token in part {
                    for _ in 0..10 {
                        let mut client = Client::connect(proxy, PAYROLL_HOST, "/", token);
                        assert_eq!(client.ask().unwrap().0, 401);
                    }
                }
            });
        }
    });
    let asked = site.mint.key_set_requests() - before;
    assert!(asked <= 1, "{asked} key set requests");
    assert_eq!(site.upstream.requests(), 1);
}
