//! Calls of the API over a real store, alone and beside another process.
#![cfg(test)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a JSON member that is not there is null, and the assertion says so"
)]

mod bodies;
mod console;
mod decisions;
mod documents;
mod drafts;
mod invitations;
mod meanwhile;
mod proofs;
mod purge;
mod reviews;
mod sign_up;
mod signals;
mod support;
mod synchronization;
