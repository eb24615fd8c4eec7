//! Looking back and ahead: what happened at the door, and what a change would do.
//!
//! Called and not calling: no clock, no thread and no log of its own; policies, apps and the time are arguments. What is decided here is
//! decided by `crossgate-policy`, as on the request path. Of I/O there is the folder of the sign-in store.

pub mod activity;
pub mod answer;
pub mod case;
pub mod event;
pub mod proof;
pub mod receipt;
pub mod replay;
pub mod sign_ins;
pub mod verify;
