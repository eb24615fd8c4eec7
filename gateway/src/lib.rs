//! The Crossgate proxy: sockets, clocks and logs around the pure decision.

pub mod admin;
pub mod allowance;
pub mod app;
pub(crate) mod beside;
pub mod cli;
pub mod connections;
pub mod ctx;
pub mod live;
pub mod load;
pub mod logs;
pub mod ops;
pub mod people;
pub mod per_worker;
pub mod proxy;
pub mod request;
pub mod sign_ins;
pub mod signals;
pub mod synchronization;
pub mod traces;
pub mod upstreams;
