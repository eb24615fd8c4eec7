//! Memory that the gateway's cache takes, by what the process grows.

use std::sync::Arc;

use crossgate::ops::Metrics;
use crossgate::request::token::KnownToken;
use crossgate::request::tokens::Tokens;
use crossgate_config::TokenCache;
use crossgate_policy::ids::UnixTime;
use crossgate_token::accept_unsigned;
use rustix::param::page_size;
use serde_json::Value;

use super::stage::phases::{Unwatched, response, serve};
use super::stage::{Stage, tokens};

pub fn print() {
    println!("\n| memory, tokens with 12 groups | tokens | bytes each | MiB per 100,000 |");
    println!("|---|---|---|---|");
    let stage = Stage::new(1);
    row("packed, of members", PACKED, || packed(&stage, member));
    row("packed, of guests", PACKED, || {
        packed(&stage, tokens::guest)
    });
    // What requests take once.
    requests(&stage, 0..READY / 4);
    row(
        "packed and ready, as a request leaves a guest's",
        READY,
        || {
            requests(&stage, READY..2 * READY);
        },
    );
}

fn row<T>(name: &str, tokens: usize, fill: impl FnOnce() -> T) {
    let before = resident();
    let filled = fill();
    let bytes = (resident() - before) / tokens;
    drop(filled);
    let of_many = bytes as f64 * 100_000.0 / f64::from(1 << 20);
    println!("| {name} | {tokens} | {bytes} | {of_many:.0} |");
}

fn packed(stage: &Stage, claims: fn(usize) -> Value) -> Tokens {
    let in_force = stage.gateway.live.in_force();
    let metrics = Arc::new(Metrics::new().unwrap());
    let kept = Tokens::new(TokenCache::Bytes(ROOM), metrics).unwrap();
    for number in 0..PACKED {
        let verified = accept_unsigned(&claims(number), &in_force.issuers, "entra").unwrap();
        let token = Arc::new(KnownToken::new(verified, &in_force.issuers));
        let digest = 1 + number as u128;
        kept.keep(digest, in_force.basis(), &token, UnixTime::from_secs(0));
    }
    // Sets fill unevenly.
    assert!(kept.len() > PACKED * 99 / 100, "{}", kept.len());
    kept
}

/// What a token of our own says: it has no home but ours.
fn member(number: usize) -> Value {
    let mut claims = tokens::guest(number);
    let told = claims.as_object_mut().unwrap();
    for guests_only in ["idp", "altsecid", "email", "unique_name"] {
        told.remove(guests_only);
    }
    told.insert("acct".into(), 0.into());
    told.insert(
        "preferred_username".into(),
        "ada.lovelace@contoso.com".into(),
    );
    claims
}

fn requests(stage: &Stage, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let mut session = stage.session(&stage.mint.another(0, number));
        serve(&stage.gateway, &mut session, response(), &mut Unwatched).expect("forwarded");
    }
}

/// Bytes of memory that the process has.
fn resident() -> usize {
    let sizes = std::fs::read_to_string("/proc/self/statm").unwrap();
    sizes.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * page_size()
}

const PACKED: usize = 100_000;
/// More than they take: it is not the limit that is measured.
const ROOM: u64 = 96 << 20;
/// Less than [`crossgate::request::tokens::MOST_READY`] has room for.
const READY: usize = 4_000;
