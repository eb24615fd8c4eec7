//! Receivers as they are: each kind with its real program, killed, halted, full and restarted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod chaos;
mod documentation;
mod kinds;
mod kit;
mod sender;
