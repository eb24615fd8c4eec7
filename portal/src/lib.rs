//! People in browsers: who signs in where, and what they see.
//!
//! Called and not calling: what goes over the network, and what time it is, the caller brings. One thing is sent from
//! here, when the caller says so: mail, by [`mail::Mailer`].

pub mod attempt;
pub mod cookies;
pub mod facebook;
pub mod mail;
pub mod names;
pub mod oidc;
pub mod pages;
pub mod passcode;
pub mod return_path;
pub mod saml;
pub mod seal;
pub mod sessions;
pub mod signed_xml;
pub mod store;
pub mod wsfed;
