//! Who may do what in the admin API.
//!
//! Pure: no I/O, no clock, no log. Which request takes which [`Action`] is not here, and neither is where a
//! [`Caller`]'s claims come from; this is the vocabulary for both, and the answer to "may this caller do that".
//!
//! A user's call is permitted by a scope of the token *and* by a role of the user; an application's by its permission
//! alone (Microsoft Graph permissions reference). What neither names is denied.

mod action;
mod action_set;
mod assignment;
mod built_in;
mod caller;
mod change;
mod compiled;
mod definition;
mod denied;
mod nearest;
mod reader;
mod scope;

pub use action::Action;
pub use action_set::{ActionSet, Required};
pub use assignment::RoleAssignment;
pub use built_in::BuiltInRole;
pub use caller::{Caller, Standing};
pub use change::{Change, LockOut};
pub use compiled::{Conflict, Roles};
pub use definition::RoleDefinition;
pub use denied::Denied;
pub use reader::Fault;
pub use scope::{Scope, ScopeSet};
