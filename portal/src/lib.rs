//! People in browsers: who signs in where, and what they see.
//!
//! Called and not calling: what goes over the network, and what time it is, the caller brings.

pub mod attempt;
pub mod cookies;
pub mod oidc;
pub mod pages;
pub mod return_path;
pub mod seal;
pub mod sessions;
pub mod store;
