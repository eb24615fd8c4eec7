//! The pages of the console, of an API that answers what the test says.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and a JSON member that is not there is null, and the assertion says so"
)]

mod drafts;
mod forms;
mod pages;
mod stage;
