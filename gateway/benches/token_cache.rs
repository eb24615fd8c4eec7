//! By what the cache of verified tokens was chosen: look-ups, floods, and the digest that stands for a token.
//!
//! Prints the tables of `docs/performance/token-cache.md`. Contenders take turns, so that all see the same machine; time
//! is that of a thread on its core, so that other work on the machine counts little.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measure that cannot be taken must fail loudly"
)]

#[path = "token_cache/contenders.rs"]
mod contenders;
#[path = "token_cache/digest.rs"]
mod digest;
#[path = "token_cache/flood.rs"]
mod flood;
#[path = "token_cache/look_up.rs"]
mod look_up;
mod stage;
#[path = "token_cache/time.rs"]
mod time;

/// The one that the program serves with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let rounds = std::env::args().find_map(|argument| argument.parse().ok());
    let rounds = rounds.unwrap_or(ROUNDS);
    digest::print(rounds);
    for entries in [10_000, 100_000] {
        look_up::print(entries, rounds);
    }
    flood::print();
}

const ROUNDS: usize = 5;
