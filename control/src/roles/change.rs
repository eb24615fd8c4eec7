//! What a change of roles takes away: questions for the guard against lock-out.

use super::{Action, ActionSet, Caller, Roles};

/// Roles before a change and after it.
#[derive(Clone, Copy, Debug)]
pub struct Change<'r> {
    /// As they are.
    pub before: &'r Roles,
    /// As they would be.
    pub after: &'r Roles,
}

/// Who would be locked out by a change.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LockOut {
    /// No assignment would be left that can manage roles.
    #[error(
        "no enabled role assignment would be left that can manage roles; first assign Global Administrator or Privileged \
         Role Administrator to somebody else"
    )]
    Everyone,
    /// The caller itself could not manage roles any more, and so not take its change back.
    #[error("you could not manage roles any more; let another administrator make this change")]
    Caller,
}

impl Change<'_> {
    /// What a caller could do before, and could not afterwards.
    #[must_use]
    pub fn lost_by(self, caller: &Caller) -> ActionSet {
        let before = self.before.actions_of(caller);
        before.without(self.after.actions_of(caller))
    }

    /// Whether a caller can still do something afterwards, or could not do it before either.
    #[must_use]
    pub fn keeps(self, caller: &Caller, action: Action) -> bool {
        !self.lost_by(caller).contains(action)
    }

    /// Whom the change locks out, the worse first.
    ///
    /// Where no assignment manages roles before, none can be lost: then roles are managed by applications, by roles
    /// that tokens name, or by nobody yet.
    #[must_use]
    pub fn locks_out(self, caller: &Caller) -> Option<LockOut> {
        if self.before.are_managed() && !self.after.are_managed() {
            Some(LockOut::Everyone)
        } else if !self.keeps(caller, Action::RoleAssignmentsManage) {
            Some(LockOut::Caller)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use crossgate_policy::ids::{Guid, Id};
    use serde_json::json;

    use super::super::{BuiltInRole, RoleAssignment, RoleDefinition, ScopeSet, Standing};
    use super::*;

    const DESK: u128 = 7;

    /// Roles in which people hold the roles with these ids, beside a custom one that manages assignments.
    fn roles(desk_enabled: bool, held: &[(&str, Guid)]) -> Roles {
        let desk = RoleDefinition::from_json(&json!({
            "id": Guid::from_u128(DESK).to_string(),
            "displayName": "Role desk",
            "isEnabled": desk_enabled,
            "rolePermissions": [{ "allowedResourceActions": [Action::RoleAssignmentsManage.name()] }],
        }))
        .unwrap();
        let assignments = held.iter().enumerate().map(|(index, (principal, role))| {
            RoleAssignment::from_json(&json!({
                "id": index.to_string(),
                "principalId": principal,
                "roleDefinitionId": role.to_string(),
                "directoryScopeId": "/",
            }))
            .unwrap()
        });
        Roles::new([desk], assignments).unwrap()
    }

    fn administrator(name: &str, wids: &[BuiltInRole]) -> Caller {
        Caller::Delegated {
            user: Id::new(name),
            standing: Standing::Member {
                groups: Vec::new(),
                wids: wids.iter().map(|role| role.id()).collect(),
            },
            scopes: ScopeSet::of_names(["RoleManagement.ReadWrite.Directory", "Policy.Read.All"]),
        }
    }

    const GLOBAL: Guid = BuiltInRole::GlobalAdministrator.id();
    const READER: Guid = BuiltInRole::SecurityReader.id();
    const CUSTOM: Guid = Guid::from_u128(DESK);

    fn check(before: &Roles, after: &Roles, caller: &Caller, expected: Option<LockOut>) {
        assert_eq!(Change { before, after }.locks_out(caller), expected);
    }

    #[test]
    fn the_last_assignment_that_manages_roles_cannot_go() {
        let before = roles(true, &[("ada", GLOBAL), ("bob", READER)]);
        let after = roles(true, &[("bob", READER)]);
        let ada = administrator("ada", &[]);
        check(&before, &after, &ada, Some(LockOut::Everyone));
        check(
            &before,
            &after,
            &Caller::BreakGlass,
            Some(LockOut::Everyone),
        );
    }

    #[test]
    fn the_last_role_that_manages_roles_cannot_be_disabled() {
        let before = roles(true, &[("ada", CUSTOM), ("bob", READER)]);
        let after = roles(false, &[("ada", CUSTOM), ("bob", READER)]);
        let ada = administrator("ada", &[]);
        check(&before, &after, &ada, Some(LockOut::Everyone));
    }

    #[test]
    fn a_manager_of_roles_cannot_drop_itself_but_another_can() {
        let before = roles(true, &[("ada", GLOBAL), ("bob", CUSTOM)]);
        let after = roles(true, &[("bob", CUSTOM)]);
        check(
            &before,
            &after,
            &administrator("ada", &[]),
            Some(LockOut::Caller),
        );
        check(&before, &after, &administrator("bob", &[]), None);
        check(&before, &after, &Caller::BreakGlass, None);
    }

    #[test]
    fn a_manager_that_keeps_another_role_may_drop_one() {
        let before = roles(true, &[("ada", GLOBAL), ("ada", CUSTOM)]);
        let after = roles(true, &[("ada", CUSTOM)]);
        check(&before, &after, &administrator("ada", &[]), None);
        let of_token = administrator("ada", &[BuiltInRole::PrivilegedRoleAdministrator]);
        let before = roles(true, &[("ada", GLOBAL), ("bob", GLOBAL)]);
        let after = roles(true, &[("bob", GLOBAL)]);
        check(&before, &after, &of_token, None);
    }

    #[test]
    fn where_no_assignment_managed_roles_none_is_missed() {
        let before = roles(true, &[("bob", READER)]);
        let after = roles(true, &[]);
        let of_token = administrator("ada", &[BuiltInRole::GlobalAdministrator]);
        check(&before, &after, &of_token, None);
        check(&before, &after, &Caller::Bootstrap, None);
    }

    #[test]
    fn the_bootstrap_credential_ends_itself_without_a_lock_out() {
        let before = roles(true, &[]);
        let after = roles(true, &[("ada", GLOBAL)]);
        check(&before, &after, &Caller::Bootstrap, None);
        assert!(after.actions_of(&Caller::Bootstrap).is_empty());
    }

    #[test]
    fn what_a_caller_loses_is_told_action_by_action() {
        let before = roles(true, &[("ada", GLOBAL)]);
        let after = roles(true, &[("ada", READER), ("bob", GLOBAL)]);
        let change = Change {
            before: &before,
            after: &after,
        };
        let ada = administrator("ada", &[]);
        assert!(change.keeps(&ada, Action::PartnersRead));
        assert!(!change.keeps(&ada, Action::RoleAssignmentsManage));
        assert!(
            change.keeps(&ada, Action::PartnersCreate),
            "no scope permitted it before"
        );
        assert_eq!(
            change.lost_by(&ada),
            ActionSet::of(&[
                Action::RoleDefinitionsCreate,
                Action::RoleDefinitionsManage,
                Action::RoleAssignmentsCreate,
                Action::RoleAssignmentsManage,
                Action::ProtectedActionsUpdate,
            ])
        );
    }
}
