//! Looking back and ahead: what happened at the door, and what a change would do.
//!
//! Called and not calling: no clock, no thread and no log of its own. Of I/O there is the folder of the sign-in store.

pub mod activity;
pub mod sign_ins;
