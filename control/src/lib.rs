//! The admin plane: policy documents in a durable store, Microsoft Graph's API over them, who may do what, and the audit
//! of what was done.
//!
//! It changes documents, and never talks to a request: what is in force reaches requests through the [`Enforcer`](enforcer::Enforcer) that the
//! gateway gives.

pub mod administrator;
pub mod api;
pub mod audit;
pub mod bootstrap;
pub mod delegation;
pub mod document;
pub mod drafts;
pub mod enforcer;
pub mod expiry;
mod home;
pub mod invitations;
pub mod inviting;
pub mod leaving;
pub mod ledger;
pub mod model;
pub mod odata;
pub mod outbox;
pub mod replays;
pub mod resource;
pub mod reviews;
pub mod roles;
pub mod scim;
pub mod secret;
pub mod sign_ins;
pub mod sign_up_requests;
mod signals;
pub mod signing_up;
pub mod sponsors;
pub mod store;
pub mod text;
pub mod transfer;
