//! Pages of `docs/` that are printed from the code: each test compares a page with what the code gives, and writes it where
//! `UPDATE_DOCS` is set.
#![cfg(test)]

mod description;
mod families;
mod operations;
mod page;
mod printed;
mod roles;
mod unsupported;
