//! From documents to what a snapshot is made of. Whatever is wrong with what they mean is found on the way.

pub(crate) mod assignments;
pub(crate) mod collaboration;
pub(crate) mod conditional_access;
pub(crate) mod controls;
pub(crate) mod defaults;
pub(crate) mod guests;
pub(crate) mod locations;
pub(crate) mod partners;
pub(crate) mod redemption;
pub(crate) mod revocations;
pub(crate) mod setting;
pub(crate) mod sign_up;
pub(crate) mod templates;
pub(crate) mod users;
