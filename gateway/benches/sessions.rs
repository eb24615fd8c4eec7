//! What a session costs beside a bearer token, in the hooks of one request, and what a hundred thousand of them take of memory.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measure that cannot be taken must fail loudly"
)]

#[path = "stage/mod.rs"]
mod stage;

use std::hint::black_box;
use std::time::{Duration, Instant};

use pingora::proxy::Session;

use stage::phases::{Unwatched, response, serve};
use stage::{Stage, people, wire};

/// The one that the program serves with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Callers that take turns.
const CALLERS: usize = 2000;
const LIVE: [usize; 2] = [CALLERS, 100_000];
const ROUNDS: usize = 300;
const TIMES: usize = 20;

fn main() {
    for live in LIVE {
        beside_tokens(live);
    }
}

fn beside_tokens(live: usize) {
    let (stage, cookies) = people::signed_in(live, CALLERS);
    let before = resident();
    let stage = stage.with_people();
    let signed_in = stage.gateway.people.as_ref().unwrap().signed_in();
    assert_eq!(signed_in, live);
    let memory = resident().saturating_sub(before) / live;
    let tokens: Vec<String> = (0..CALLERS)
        .map(|number| stage.mint.another(number % 64, number))
        .collect();
    let by_token = |number: usize| stage.session(&tokens[number % CALLERS]);
    let by_session = |number: usize| wire::session(&people::request(&cookies[number % CALLERS]));
    // Every token once, so that each is known.
    for number in 0..CALLERS {
        turn(&stage, number, 1, &by_token);
        turn(&stage, number, 1, &by_session);
    }
    let (mut token, mut session) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let first = round * TIMES;
        // Who comes second finds what both need in the nearest memory.
        if round % 2 == 0 {
            token.push(turn(&stage, first, TIMES, &by_token));
            session.push(turn(&stage, first, TIMES, &by_session));
        } else {
            session.push(turn(&stage, first, TIMES, &by_session));
            token.push(turn(&stage, first, TIMES, &by_token));
        }
    }
    let (token, session) = (median(&mut token), median(&mut session));
    println!(
        "{live:7} signed in: token {:5} ns, session {:5} ns a request, ratio of their rates {:.3}; {memory} bytes of memory a session",
        token.as_nanos(),
        session.as_nanos(),
        token.as_secs_f64() / session.as_secs_f64(),
    );
}

/// Time of the hooks for one of so many requests. Making requests and answers, and dropping requests, is the framework's.
fn turn(stage: &Stage, first: usize, times: usize, make: &dyn Fn(usize) -> Session) -> Duration {
    let mut requests: Vec<_> = (first..first + times).map(make).collect();
    let responses: Vec<_> = std::iter::repeat_with(response).take(times).collect();
    let mut heads = Vec::with_capacity(times);
    let begun = Instant::now();
    for (session, response) in requests.iter_mut().zip(responses) {
        heads.push(serve(&stage.gateway, session, response, &mut Unwatched));
    }
    let took = begun.elapsed();
    assert!(heads.iter().all(Option::is_some), "a caller is refused");
    black_box(heads);
    took / u32::try_from(times).unwrap()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<usize>()
        .unwrap()
        * 1024
}
