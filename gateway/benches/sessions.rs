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

use crossgate_portal::seal::Sealer;
use crossgate_portal::sessions::SessionId;
use crossgate_portal::store::PortalStore;
use pingora::proxy::Session;
use rusqlite::{Connection, params};
use serde_json::json;

use stage::phases::{Unwatched, response, serve};
use stage::tokens::{Mint, guest};
use stage::{Stage, contoso, wire};

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
    let directory = contoso::write_with(64, PORTAL);
    let file = directory.path().join("portal.db");
    let store = PortalStore::open(&file).unwrap();
    let sealer = Sealer::new(&store.key().unwrap()).unwrap();
    let mint = Mint::new();
    let id_tokens: Vec<String> = (0..64).map(|number| mint.sign(&id_token(number))).collect();
    let cookies = fill(&file, live, &id_tokens, &sealer);
    drop(store);
    let stage = Stage::in_directory(directory).without_writer();
    let before = resident();
    let stage = stage.with_people();
    let signed_in = stage.gateway.people.as_ref().unwrap().signed_in();
    assert_eq!(signed_in, live);
    let memory = resident().saturating_sub(before) / live;
    let tokens: Vec<String> = (0..CALLERS)
        .map(|number| stage.mint.another(number % 64, number))
        .collect();
    let by_token = |number: usize| stage.session(&tokens[number % CALLERS]);
    let by_session = |number: usize| wire::session(&request(&cookies[number % CALLERS]));
    // Every token once, so that each is known.
    for number in 0..CALLERS {
        turn(&stage, number, 1, &by_token);
        turn(&stage, number, 1, &by_session);
    }
    let (mut token, mut session) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        token.push(turn(&stage, round * TIMES, TIMES, &by_token));
        session.push(turn(&stage, round * TIMES, TIMES, &by_session));
    }
    let (token, session) = (median(&mut token), median(&mut session));
    println!(
        "{live:7} signed in: token {:5} ns, session {:5} ns a request, ratio of their rates {:.3}; {memory} bytes of memory a session",
        token.as_nanos(),
        session.as_nanos(),
        token.as_secs_f64() / session.as_secs_f64(),
    );
}

/// Time of the hooks for one of so many requests. Making and dropping them is the framework's.
fn turn(stage: &Stage, first: usize, times: usize, make: &dyn Fn(usize) -> Session) -> Duration {
    let mut requests: Vec<_> = (first..first + times)
        .map(|number| (make(number), response()))
        .collect();
    let mut heads = Vec::with_capacity(times);
    let begun = Instant::now();
    for (session, response) in &mut requests {
        let response = std::mem::replace(response, self::response());
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

/// Signs so many people in, as the program would; answers with the cookies of the first.
fn fill(file: &std::path::Path, live: usize, id_tokens: &[String], sealer: &Sealer) -> Vec<String> {
    let now = jiff::Timestamp::now().as_second();
    let mut connection = Connection::open(file).unwrap();
    let step = connection.transaction().unwrap();
    let mut cookies = Vec::new();
    for number in 0..live {
        let id = SessionId::new().unwrap();
        step.prepare_cached(
            "INSERT INTO sessions (id, host, provider, issuer, id_token, begun, until, seen, asked)
             VALUES (?1, ?2, 'entra', 'entra', ?3, ?4, ?5, ?4, '')",
        )
        .unwrap()
        .execute(params![
            id.to_bytes(),
            contoso::HOST,
            id_tokens[number % id_tokens.len()],
            now,
            now + 40_000,
        ])
        .unwrap();
        if cookies.len() < CALLERS {
            cookies.push(id.seal(sealer).unwrap());
        }
    }
    step.commit().unwrap();
    cookies
}

/// What the provider says of this guest: what a token says, but for scopes.
fn id_token(number: usize) -> serde_json::Value {
    let mut claims = guest(number);
    claims["aud"] = json!("gateway");
    claims["nonce"] = json!("n");
    claims.as_object_mut().unwrap().remove("scp");
    claims
}

fn request(cookie: &str) -> Vec<u8> {
    let request = String::from_utf8(contoso::request("")).unwrap();
    request
        .replace(
            "Authorization: Bearer ",
            &format!("Cookie: theme=dark; __Host-crossgate={cookie}"),
        )
        .into_bytes()
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

const PORTAL: &str = r#"sign_in = true

[listen]
trusted_proxies = ["127.0.0.0/8"]

[portal]
store = "portal.db"

[[provider]]
name = "entra"
issuer = "entra"
client_id = "gateway"
"#;
