//! Graph's resources as written, one module each.

pub mod collaboration;
pub mod cross_tenant;
