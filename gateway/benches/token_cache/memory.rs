//! Memory that the gateway's cache takes, by what the process grows.

use std::sync::Arc;

use crossgate::ops::Metrics;
use crossgate::request::token::KnownToken;
use crossgate::request::tokens::Tokens;
use crossgate_config::TokenCache;
use crossgate_policy::ids::UnixTime;
use crossgate_token::accept_unsigned;
use rustix::param::page_size;

use super::stage::phases::{Unwatched, response, serve};
use super::stage::{Stage, tokens};

pub fn print() {
    println!("\n| memory, tokens with 12 groups | tokens | bytes each | MiB per 100,000 |");
    println!("|---|---|---|---|");
    let stage = Stage::new(1);
    row("packed", PACKED, || packed(&stage));
    // What requests take once.
    requests(&stage, 0..READY / 4);
    row("packed, and ready as a request leaves it", READY, || {
        requests(&stage, READY..2 * READY);
    });
}

fn row<T>(name: &str, tokens: usize, fill: impl FnOnce() -> T) {
    let before = resident();
    let filled = fill();
    let bytes = (resident() - before) / tokens;
    drop(filled);
    let of_many = bytes as f64 * 100_000.0 / f64::from(1 << 20);
    println!("| {name} | {tokens} | {bytes} | {of_many:.0} |");
}

fn packed(stage: &Stage) -> Tokens {
    let in_force = stage.gateway.live.in_force();
    let metrics = Arc::new(Metrics::new().unwrap());
    let kept = Tokens::new(TokenCache::Bytes(64 << 20), metrics).unwrap();
    for number in 0..PACKED {
        let verified = accept_unsigned(&tokens::guest(number), &in_force.issuers, "entra").unwrap();
        let token = Arc::new(KnownToken::new(verified, &in_force.issuers));
        let digest = 1 + number as u128;
        kept.keep(digest, in_force.basis(), &token, UnixTime::from_secs(0));
    }
    // Sets fill unevenly.
    assert!(kept.len() > PACKED * 99 / 100, "{}", kept.len());
    kept
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
/// Less than [`crossgate::request::tokens::MOST_READY`] has room for.
const READY: usize = 4_000;
