//! What is decided again, replayed and proved, held against what plain loops say.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod dice;
mod filling;
mod killed;
mod proofs;
mod properties;
mod receipts;
mod replays;
mod totals;
mod world;
