//! Signing in by WS-Federation: the passive requestor's way of it, by browser (WS-Federation 1.2, section 13).
//!
//! An answer names no request. What ties it to one is `wctx`, which the caller compares with the sign-in that the browser
//! keeps; and that an assertion is used once, the caller sees to, by its id.

mod assertion11;
mod result;
mod sign_in;

pub use result::{Expected, read_result};
pub use sign_in::{Request, sign_in_url};
