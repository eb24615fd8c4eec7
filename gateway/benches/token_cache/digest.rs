//! What stands for a token: making it, and finding the token by it.

use std::hash::{BuildHasher as _, RandomState};
use std::hint::black_box;
use std::sync::Arc;

use aws_lc_rs::digest::SHA256;
use aws_lc_rs::hmac;
use crossgate::request::credential::{Credential, Presented};
use crossgate::request::token::KnownToken;
use crossgate::request::tokens::{Found, Tokens};
use crossgate_policy::ids::UnixTime;
use crossgate_token::accept_unsigned;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use super::stage::{Stage, tokens};
use super::time;

pub fn print(rounds: usize) {
    let stage = Stage::new(1).without_writer();
    let token = stage.mint.guest(0);
    let tail = token.len() - TAIL;
    let headers: Vec<_> = (0..TOKENS)
        .map(|number| bearer(&format!("{}{number:0TAIL$}", &token[..tail])))
        .collect();
    let headers: Vec<_> = headers.iter().map(credential).collect();
    digests(rounds, &stage.gateway.tokens, headers[0]);
    look_ups(rounds, &stage, &headers);
}

fn digests(rounds: usize, ours: &Tokens, token: Presented<'_>) {
    let text = token.expose_bytes();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &KEY);
    let sip = RandomState::new();
    let ways: [Named<'_>; 5] = [
        ("**AES-256-GCM's tag, ours**", &|| {
            black_box(ours.digest(black_box(token)));
        }),
        ("SipHash-1-3, std's, 64 bits", &|| {
            black_box(sip.hash_one(black_box(text)));
        }),
        ("blake3, keyed", &|| {
            black_box(blake3::keyed_hash(&KEY, black_box(text)));
        }),
        ("SHA-256, without a key", &|| {
            black_box(aws_lc_rs::digest::digest(&SHA256, black_box(text)));
        }),
        ("HMAC-SHA-256", &|| {
            black_box(hmac::sign(&key, black_box(text)));
        }),
    ];
    let times = time::medians(rounds, &ways, |(_, way)| {
        time::nanos(1, DIGESTS, &|_, _| way())
    });
    println!("\n| digest of {} bytes | ns |\n|---|---|", text.len());
    for ((name, _), nanos) in ways.iter().zip(times) {
        println!("| {name} | {nanos:.0} |");
    }
}

fn look_ups(rounds: usize, stage: &Stage, headers: &[Presented<'_>]) {
    let in_force = stage.gateway.live.in_force();
    let (basis, issuers) = (in_force.basis(), &in_force.issuers);
    let kept = &stage.gateway.tokens;
    let mut ready = 0;
    let (known, once) = headers.split_at(TOKENS / 2);
    for (number, header) in known.iter().enumerate() {
        let verified = accept_unsigned(&tokens::guest(number), issuers, "entra").unwrap();
        let token = Arc::new(KnownToken::new(verified, issuers));
        let digest = kept.digest(*header);
        kept.keep(digest, basis, &token, UnixTime::from_secs(0));
        kept.keep_ready(digest, basis, &token);
    }
    for (number, header) in once.iter().enumerate() {
        let verified = accept_unsigned(&tokens::guest(number), issuers, "entra").unwrap();
        let token = Arc::new(KnownToken::new(verified, issuers));
        kept.keep(kept.digest(*header), basis, &token, UnixTime::from_secs(0));
    }
    for header in known {
        let found = kept.find(kept.digest(*header), basis, issuers);
        ready += usize::from(matches!(found, Some(Found::Ready(_))));
    }
    let find = |header: Presented<'_>| {
        black_box(kept.find(kept.digest(header), basis, issuers));
    };
    let ways: [(&str, &(dyn Fn(usize) + Sync)); 3] = [
        ("ready, always the same", &|_| find(known[0])),
        ("ready, of 10,000 in turn", &|call| {
            find(known[call % known.len()])
        }),
        ("packed, of 10,000 in turn", &|call| {
            find(once[call % once.len()])
        }),
    ];
    let times = time::medians(rounds, &ways, |(_, way)| {
        time::nanos(1, known.len() * 2, &|_, call| way(call))
    });
    println!("\n| digest and look-up | ns |\n|---|---|");
    for ((name, _), nanos) in ways.iter().zip(times) {
        println!("| {name} | {nanos:.0} |");
    }
    println!("\nOf {} tokens {ready} are found ready.", known.len());
}

fn bearer(token: &str) -> HeaderMap {
    let value = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}

fn credential(headers: &HeaderMap) -> Presented<'_> {
    match Credential::read(headers) {
        Credential::Bearer(token) => token,
        Credential::None | Credential::Unacceptable(_) => panic!("no bearer token"),
    }
}

type Named<'a> = (&'static str, &'a (dyn Fn() + Sync));

const KEY: [u8; 32] = [7; 32];
const TOKENS: usize = 20_000;
/// Characters in which they differ.
const TAIL: usize = 8;
const DIGESTS: usize = 20_000;
