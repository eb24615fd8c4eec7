//! Tokens, genuine and otherwise: the rules one by one, and other people's test vectors.
#![allow(clippy::unwrap_used, reason = "a panic is a failed test")]
#![allow(clippy::indexing_slicing, reason = "a panic is a failed test")]

mod claims;
mod differential;
mod identity;
mod json_test_suite;
mod keys;
mod rfc7520;
mod security_events;
mod sign_in;
mod site;
mod tampering;
mod validity;
mod vectors;
mod verify;
mod wycheproof_jws;
mod wycheproof_primitives;
