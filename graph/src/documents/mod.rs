//! Graph's resources as written, one module each.
//!
//! Every member that Graph has is named here; one that is not named is a fault. What a member means is not here.

pub(crate) mod assignment;
pub(crate) mod collaboration;
pub(crate) mod conditional_access;
pub(crate) mod cross_tenant;
pub(crate) mod guest;
pub(crate) mod named_location;
pub(crate) mod revocation;
pub(crate) mod sign_up;
pub(crate) mod target;
pub(crate) mod template;
