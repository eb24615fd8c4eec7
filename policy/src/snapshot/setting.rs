//! One cross-tenant setting, compiled from Graph's `crossTenantAccessPolicyB2BSetting`.

use crate::ids::Id;

/// `usersAndGroups` and `applications` of one setting, both halves filled.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Setting {
    /// `usersAndGroups`.
    pub users: UserTargets,
    /// `applications`.
    pub apps: AppTargets,
}

/// `accessType`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Access {
    /// `allowed`: an exclusive list.
    Allowed,
    /// `blocked`.
    Blocked,
}

/// Which document a half of a setting was taken from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Origin {
    /// The document that holds the setting.
    Written,
    /// `default`, because the document has only the other half.
    Default,
    /// Entra's initial value, because no document has it.
    Initial,
}

/// Users and groups that a setting names.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct UserTargets {
    /// Whether the targets are allowed or blocked.
    pub access: Access,
    /// `AllUsers` is among them.
    pub everyone: bool,
    /// INVARIANT: sorted, no duplicates.
    users: Box<[Id]>,
    /// INVARIANT: sorted, no duplicates.
    groups: Box<[Id]>,
    /// Where this half was written.
    pub origin: Origin,
}

impl UserTargets {
    /// Compiles a list of targets.
    #[must_use]
    pub fn new(
        access: Access,
        everyone: bool,
        users: Vec<Id>,
        groups: Vec<Id>,
        origin: Origin,
    ) -> Self {
        Self {
            access,
            everyone,
            users: sorted(users),
            groups: sorted(groups),
            origin,
        }
    }

    /// Single users named.
    #[must_use]
    pub fn users(&self) -> &[Id] {
        &self.users
    }

    /// Groups named.
    #[must_use]
    pub fn groups(&self) -> &[Id] {
        &self.groups
    }

    /// Whether this user is named by id.
    #[must_use]
    pub fn names_user(&self, user: &Id) -> bool {
        contains(&self.users, user)
    }

    /// Whether this group is named.
    #[must_use]
    pub fn names_group(&self, group: &Id) -> bool {
        contains(&self.groups, group)
    }
}

/// Applications that a setting names.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct AppTargets {
    /// Whether the targets are allowed or blocked.
    pub access: Access,
    /// `AllApplications` is among them.
    pub all: bool,
    /// INVARIANT: sorted, no duplicates.
    apps: Box<[Id]>,
    /// Where this half was written.
    pub origin: Origin,
}

impl AppTargets {
    /// Compiles a list of targets; Microsoft bundles such as `Office365` are left out by the caller.
    #[must_use]
    pub fn new(access: Access, all: bool, apps: Vec<Id>, origin: Origin) -> Self {
        Self {
            access,
            all,
            apps: sorted(apps),
            origin,
        }
    }

    /// Apps named.
    #[must_use]
    pub fn apps(&self) -> &[Id] {
        &self.apps
    }

    /// Whether this app or client is named.
    #[must_use]
    pub fn names(&self, app: &Id) -> bool {
        contains(&self.apps, app)
    }
}

impl Setting {
    /// Everybody, every app, allowed or blocked: Entra's initial values.
    #[must_use]
    pub fn initial(access: Access) -> Self {
        Self {
            users: UserTargets::new(access, true, Vec::new(), Vec::new(), Origin::Initial),
            apps: AppTargets::new(access, true, Vec::new(), Origin::Initial),
        }
    }
}

/// To tell that ids differ takes less than to tell which is smaller, so short lists are gone through.
fn contains(sorted: &[Id], id: &Id) -> bool {
    if sorted.len() <= 8 {
        sorted.contains(id)
    } else {
        sorted.binary_search(id).is_ok()
    }
}

fn sorted(mut ids: Vec<Id>) -> Box<[Id]> {
    ids.sort_unstable();
    ids.dedup();
    ids.into_boxed_slice()
}
