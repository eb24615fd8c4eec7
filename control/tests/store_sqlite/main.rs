//! The store in an SQLite file, driven as its callers drive it, and as others do who have the file.
#![cfg(test)]

mod audit;
mod concurrency;
mod crash;
mod documents;
mod file;
mod model;
mod support;
mod tampering;
