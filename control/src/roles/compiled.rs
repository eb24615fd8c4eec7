//! All roles and all who hold them, ready to be asked.

use std::collections::{BTreeMap, HashMap};

use crossgate_policy::ids::{Guid, Id};
use indexmap::IndexMap;

use super::{
    Action, ActionSet, BuiltInRole, Caller, Denied, Required, RoleAssignment, RoleDefinition,
    Standing,
};

/// Built-in and custom roles, and their assignments. Never changes: a change makes another.
#[derive(Clone, Debug)]
pub struct Roles {
    /// The built-in ones first.
    definitions: IndexMap<Guid, RoleDefinition>,
    assignments: BTreeMap<Id, RoleAssignment>,
    /// What each principal's assignments give together.
    given: HashMap<Id, ActionSet>,
    managed: bool,
}

/// What definitions and assignments contradict each other in.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Conflict {
    /// Two roles have one id, or a custom one has a built-in one's.
    #[error("two role definitions have the id `{0}`; remove one")]
    SameRole(Guid),
    /// Two assignments have one id.
    #[error("two role assignments have the id `{0}`; remove one")]
    SameAssignment(Id),
    /// An assignment names no role.
    #[error(
        "role assignment `{assignment}` names role definition `{role}`, which there is not; remove it"
    )]
    NoSuchRole {
        /// The assignment's id.
        assignment: Id,
        /// What it names.
        role: Guid,
    },
}

impl Roles {
    /// Takes custom roles, and assignments of any.
    ///
    /// # Errors
    /// Every conflict.
    pub fn new(
        custom: impl IntoIterator<Item = RoleDefinition>,
        assignments: impl IntoIterator<Item = RoleAssignment>,
    ) -> Result<Self, Vec<Conflict>> {
        let mut roles = Self::built_in();
        let mut conflicts = Vec::new();
        for role in custom {
            let id = role.id();
            if roles.definitions.insert(id, role).is_some() {
                conflicts.push(Conflict::SameRole(id));
            }
        }
        for assignment in assignments {
            roles.take(assignment, &mut conflicts);
        }
        if conflicts.is_empty() {
            Ok(roles)
        } else {
            Err(conflicts)
        }
    }

    /// The built-in roles, assigned to nobody.
    #[must_use]
    pub fn built_in() -> Self {
        let definitions = BuiltInRole::ALL
            .iter()
            .map(|role| (role.id(), RoleDefinition::from(*role)));
        Self {
            definitions: definitions.collect(),
            assignments: BTreeMap::new(),
            given: HashMap::new(),
            managed: false,
        }
    }

    fn take(&mut self, assignment: RoleAssignment, conflicts: &mut Vec<Conflict>) {
        if let Some(role) = self.definitions.get(&assignment.role()) {
            let gives = role.gives();
            self.managed |= gives.contains(Action::RoleAssignmentsManage);
            let given = self
                .given
                .entry(assignment.principal().clone())
                .or_default();
            *given = given.union(gives);
        } else {
            conflicts.push(Conflict::NoSuchRole {
                assignment: assignment.id().clone(),
                role: assignment.role(),
            });
        }
        let id = assignment.id().clone();
        if self.assignments.insert(id.clone(), assignment).is_some() {
            conflicts.push(Conflict::SameAssignment(id));
        }
    }

    /// All that a caller may do.
    #[must_use]
    pub fn actions_of(&self, caller: &Caller) -> ActionSet {
        match caller {
            Caller::Delegated {
                user,
                standing,
                scopes,
            } => scopes.permits().intersection(self.held_by(user, standing)),
            Caller::Application { permissions } => permissions.permits(),
            Caller::Bootstrap => self.bootstrap(),
            Caller::BreakGlass => BuiltInRole::GlobalAdministrator.actions(),
        }
    }

    /// Whether a caller may do all that a request takes.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, caller: &Caller, required: impl Into<Required>) -> Result<(), Denied> {
        let required = required.into().actions();
        if required.is_subset(self.actions_of(caller)) {
            return Ok(());
        }
        Err(match caller {
            Caller::Delegated {
                user,
                standing,
                scopes,
            } => Denied::Delegated {
                no_scope: required.without(scopes.permits()),
                no_role: required.without(self.held_by(user, standing)),
            },
            Caller::Application { permissions } => Denied::Application {
                no_permission: required.without(permissions.permits()),
            },
            Caller::Bootstrap if self.managed => Denied::BootstrapOver,
            Caller::Bootstrap | Caller::BreakGlass => Denied::Bootstrap {
                beyond: required.without(BOOTSTRAP),
            },
        })
    }

    /// Whether somebody is assigned an enabled role that can manage role assignments.
    #[must_use]
    pub fn are_managed(&self) -> bool {
        self.managed
    }

    /// Every role, the built-in ones first, then in the order in which they were given.
    pub fn definitions(&self) -> impl Iterator<Item = &RoleDefinition> {
        self.definitions.values()
    }

    /// The role with this id.
    #[must_use]
    pub fn definition(&self, id: Guid) -> Option<&RoleDefinition> {
        self.definitions.get(&id)
    }

    /// Every assignment, in the order of ids.
    pub fn assignments(&self) -> impl Iterator<Item = &RoleAssignment> {
        self.assignments.values()
    }

    /// Every assignment of a role.
    pub fn assignments_of(&self, role: Guid) -> impl Iterator<Item = &RoleAssignment> {
        self.assignments()
            .filter(move |assignment| assignment.role() == role)
    }

    /// What a user's roles give.
    fn held_by(&self, user: &Id, standing: &Standing) -> ActionSet {
        let own = self.given_to(user);
        match standing {
            Standing::Guest => own,
            Standing::Member { groups, wids } => {
                let through_groups = groups.iter().map(|group| self.given_to(group));
                let of_token = wids
                    .iter()
                    .filter_map(|id| BuiltInRole::from_id(*id))
                    .filter(|role| role.is_of_entra())
                    .map(BuiltInRole::actions);
                through_groups.chain(of_token).fold(own, ActionSet::union)
            }
        }
    }

    /// Whether some of what somebody may do comes of their groups.
    #[must_use]
    pub fn are_given_by_groups(&self, standing: &Standing) -> bool {
        match standing {
            Standing::Guest => false,
            Standing::Member { groups, .. } => {
                let mut groups = groups.iter();
                groups.any(|group| !self.given_to(group).is_empty())
            }
        }
    }

    fn given_to(&self, principal: &Id) -> ActionSet {
        self.given.get(principal).copied().unwrap_or_default()
    }

    fn bootstrap(&self) -> ActionSet {
        if self.managed {
            ActionSet::EMPTY
        } else {
            BOOTSTRAP
        }
    }
}

/// What making the first role assignments takes.
const BOOTSTRAP: ActionSet = ActionSet::of(&[
    Action::DirectoryRolesRead,
    Action::DirectoryRoleMembersRead,
    Action::RoleDefinitionsRead,
    Action::RoleDefinitionsCreate,
    Action::RoleAssignmentsRead,
    Action::RoleAssignmentsCreate,
]);

#[cfg(test)]
mod tests;
