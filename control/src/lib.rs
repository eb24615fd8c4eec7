//! The admin plane: policy documents in a durable store, Microsoft Graph's API over them, who may do what, and the audit
//! of what was done.
//!
//! It changes documents, and never talks to a request: what is in force reaches requests through the [`Enforcer`] that the
//! gateway gives.

pub mod document;
pub mod odata;
pub mod roles;
pub mod store;
