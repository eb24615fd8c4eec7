//! The built program from outside: real sockets, real providers, real databases and browsers, each test with a gateway of its own.
//!
//! One program for all of them, so that they are linked once and that those which wait do so together.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a program has no users of its items; a test fails by panicking, and a JSON member that is not there is null, and the assertion says so"
)]

mod access_reviews;
mod admin;
mod admin_audit;
mod admin_calls;
mod admin_changes;
mod answers;
mod beside;
mod both_sides;
mod bulk_invitations;
mod command_line;
mod command_line_policy;
mod command_line_store;
mod connections;
mod console;
mod crash;
mod crash_guests;
mod cross_site;
mod delegation;
mod drafts;
mod effective;
mod entra;
mod federation_attacks;
mod from_zero;
mod fronts;
mod graph_sdks;
mod guest_ends;
mod invitations;
mod inviters;
mod keyboard;
mod keys;
mod limits;
mod lock_out;
mod monitoring;
mod openapi;
mod operations;
mod outsiders;
mod own_pages;
mod pages;
mod passcodes;
mod people;
mod policy;
mod requests;
mod roles;
mod secrets;
mod self_service;
mod sessions;
mod sign_in_attacks;
mod sign_in_export;
mod sign_in_log;
mod sign_ins_at_scale;
mod sign_up;
mod signals;
mod sinks;
mod site;
mod step_up;
mod streams;
mod synchronization;
mod tokens;
mod traces;
mod vectors;
mod visits;
mod what_if;
mod who_am_i;
mod why;
