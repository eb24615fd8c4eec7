//! From texts to typed documents, with every fault and its place.
//!
//! A text in order is read once, straight into its type. Only a text with a fault is taken apart, as often as it takes
//! to find the others.

pub(crate) mod fault;
pub(crate) mod lines;
pub(crate) mod locate;
pub(crate) mod path;
pub(crate) mod read;
pub(crate) mod report;
mod settle;
pub(crate) mod values;
