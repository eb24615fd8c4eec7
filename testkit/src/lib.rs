//! What Crossgate's tests stand on, none of it written by the gateway's authors where it matters: identity providers, token
//! libraries and clients are real programs, started on loopback and ended with the test.
//!
//! Never linked into anything that ships.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot set its stage must fail loudly, and at that very line"
)]

pub mod browser;
pub mod by_the_book;
pub mod certificate;
pub mod connector;
pub mod curl;
pub mod entra;
pub mod facebook;
pub mod front;
pub mod gateway;
pub mod mail;
pub mod mint;
pub mod node;
pub mod people;
pub mod ports;
pub mod programs;
pub mod provider;
pub mod raw;
pub mod receiver;
pub mod redirects;
pub mod saml;
mod shared;
pub mod sign_ins;
pub mod upstream;
