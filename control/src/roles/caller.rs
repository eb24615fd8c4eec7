//! Who calls.

use crossgate_policy::ids::{Guid, Id};

use super::ScopeSet;

/// Who calls the admin API, as its token or credential says. Whoever makes one has verified it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Caller {
    /// An application on behalf of a user: both must be permitted.
    Delegated {
        /// The user's object id in this tenant; for a guest that of the guest, not of the account at home.
        user: Id,
        /// How the user belongs to this tenant.
        standing: Standing,
        /// `scp`.
        scopes: ScopeSet,
    },
    /// An application on its own: its permissions are all it needs.
    Application {
        /// `roles`.
        permissions: ScopeSet,
    },
    /// The credential of a new installation. Only makes the first role assignments: it counts for nothing once one of
    /// them can manage roles.
    Bootstrap,
    /// The credential for emergencies: a Global Administrator.
    BreakGlass,
}

/// How a user belongs to this tenant.
///
/// A guest holds roles by assignments to its own object id alone. What a token says of a guest's groups and directory
/// roles may be told by the guest's home, of objects that live there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Standing {
    /// An account of this tenant.
    Member {
        /// Object ids of its groups.
        groups: Vec<Id>,
        /// `wids`: template ids of Entra's directory roles that it holds tenant-wide.
        wids: Vec<Guid>,
    },
    /// An account of another tenant.
    Guest,
}
