//! Looking back and ahead: what happened at the door, and what a change would do.
//!
//! Pure: policies, apps and the time are arguments, and files are read by who calls. What is decided here is decided by
//! `crossgate-policy`, as on the request path.

pub mod answer;
pub mod case;
pub mod event;
pub mod proof;
pub mod receipt;
pub mod replay;
pub mod verify;
