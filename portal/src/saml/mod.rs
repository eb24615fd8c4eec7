//! Signing in by SAML 2.0: where a browser is sent, and what the answer that it brings is worth (Web Browser SSO Profile:
//! SAML 2.0 Profiles, section 4.1, with the HTTP Redirect and HTTP POST bindings).
//!
//! Only answers to requests of ours are read. Nothing is remembered here: that a request is answered once, and that an
//! assertion is used once, the caller sees to, by [`Assertion::id`].

mod assertion;
mod fault;
mod request;
mod response;
mod time;

pub use assertion::{Assertion, SAML};
pub(crate) use assertion::{Confirmed, Terms, decode, expect, read as read_assertion, single};
pub use fault::{SamlFault, Status};
pub use request::{Request, ServiceProvider, Unwritable, authn_request, metadata, request_id};
pub use response::{Expected, PROTOCOL, read_response};
pub use time::SKEW;
pub(crate) use time::{instant, within};
