//! What comes from an identity provider that nobody here wrote is read, and what anybody made of it is refused.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot set its stage must fail loudly, and at that very line"
)]

mod answers;
mod forms;
mod signatures;
mod stage;
mod tokens;
mod wrapping;
