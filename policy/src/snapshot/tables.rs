//! The hash tables of a snapshot.

use std::collections::HashMap;

use crate::ids::TenantId;

/// How keys are hashed.
///
/// Not by SipHash, which costs a decision more than anything else in it. Whoever sends a token only asks for keys; which
/// keys there are is written by administrators. What a partner can have written (ids of its users) cannot be chosen
/// to collide either, because the seed is drawn anew in every process.
pub type Hashing = foldhash::fast::RandomState;

/// A table by tenant.
pub type ByTenant<T> = HashMap<TenantId, T, Hashing>;
