//! From texts to typed documents, with every fault and its place.

pub(crate) mod fault;
