use proptest::prelude::*;
use serde_json::json;

use super::super::{Scope, ScopeSet};
use super::*;

const ADA: &str = "0aaad501-92fb-4f3d-9a4c-08b3c4a1c1d1";
const BOB: &str = "0bbbd501-92fb-4f3d-9a4c-08b3c4a1c1d2";
const DESK: &str = "0ccc0000-92fb-4f3d-9a4c-08b3c4a1c1d3";
const CUSTOM: &str = "d5eec5e0-6992-4c6b-b430-0f833f1a815a";

fn custom(id: &str, enabled: bool, actions: &[Action]) -> RoleDefinition {
    let names: Vec<_> = actions.iter().map(|action| action.name()).collect();
    RoleDefinition::from_json(&json!({
        "id": id,
        "displayName": "Custom",
        "isEnabled": enabled,
        "rolePermissions": [{ "allowedResourceActions": names }],
    }))
    .unwrap()
}

fn assigned(id: &str, principal: &str, role: Guid) -> RoleAssignment {
    RoleAssignment::from_json(&json!({
        "id": id,
        "principalId": principal,
        "roleDefinitionId": role.to_string(),
        "directoryScopeId": "/",
    }))
    .unwrap()
}

/// Roles in which principals hold built-in roles.
fn holding(held: &[(&str, BuiltInRole)]) -> Roles {
    let assignments = held
        .iter()
        .enumerate()
        .map(|(index, (principal, role))| assigned(&index.to_string(), principal, role.id()));
    Roles::new([], assignments).unwrap()
}

fn every_scope() -> ScopeSet {
    Scope::ALL.iter().copied().collect()
}

fn member(user: &str, scopes: ScopeSet) -> Caller {
    of_groups(user, &[], &[], scopes)
}

fn of_groups(user: &str, groups: &[&str], wids: &[BuiltInRole], scopes: ScopeSet) -> Caller {
    Caller::Delegated {
        user: Id::new(user),
        standing: Standing::Member {
            groups: groups.iter().map(|group| Id::new(group)).collect(),
            wids: wids.iter().map(|role| role.id()).collect(),
        },
        scopes,
    }
}

#[test]
fn a_user_needs_both_a_scope_and_a_role() {
    let roles = holding(&[(ADA, BuiltInRole::SecurityReader)]);
    let read = ScopeSet::of_names(["Policy.Read.All"]);
    let partners = Action::PartnersRead;
    assert_eq!(roles.check(&member(ADA, read), partners), Ok(()));
    assert_eq!(
        roles.check(&member(ADA, ScopeSet::default()), partners),
        Err(Denied::Delegated {
            no_scope: ActionSet::of(&[partners]),
            no_role: ActionSet::EMPTY,
        })
    );
    assert_eq!(
        roles.check(&member(BOB, read), partners),
        Err(Denied::Delegated {
            no_scope: ActionSet::EMPTY,
            no_role: ActionSet::of(&[partners]),
        })
    );
    assert_eq!(
        roles.check(&member(BOB, ScopeSet::default()), partners),
        Err(Denied::Delegated {
            no_scope: ActionSet::of(&[partners]),
            no_role: ActionSet::of(&[partners]),
        })
    );
}

#[test]
fn a_scope_that_reads_does_not_let_an_administrator_write() {
    let roles = holding(&[(ADA, BuiltInRole::GlobalAdministrator)]);
    let ada = member(ADA, ScopeSet::of_names(["Policy.Read.All"]));
    assert_eq!(roles.actions_of(&ada), Scope::PolicyRead.permits());
    assert!(roles.check(&ada, Action::PartnersCreate).is_err());
}

#[test]
fn a_request_needs_every_action_it_takes() {
    let roles = holding(&[(ADA, BuiltInRole::TeamsAdministrator)]);
    let ada = member(ADA, every_scope());
    let both = ActionSet::of(&[
        Action::PartnersB2bCollaborationUpdate,
        Action::PartnersTenantRestrictionsUpdate,
    ]);
    let more = both.union(ActionSet::of(&[Action::IdentitySynchronizationUpdate]));
    let check = |actions| roles.check(&ada, Required::all(actions).unwrap());
    assert_eq!(check(both), Ok(()));
    assert_eq!(
        check(more),
        Err(Denied::Delegated {
            no_scope: ActionSet::EMPTY,
            no_role: ActionSet::of(&[Action::IdentitySynchronizationUpdate]),
        })
    );
}

#[test]
fn each_built_in_role_gives_exactly_its_actions_to_whoever_has_every_scope() {
    for role in BuiltInRole::ALL {
        let roles = holding(&[(ADA, *role)]);
        assert_eq!(
            roles.actions_of(&member(ADA, every_scope())),
            role.actions(),
            "{role:?}"
        );
        assert!(roles.actions_of(&member(BOB, every_scope())).is_empty());
    }
}

#[test]
fn roles_add_up() {
    let roles = holding(&[
        (ADA, BuiltInRole::ReportsReader),
        (ADA, BuiltInRole::HelpdeskAdministrator),
        (DESK, BuiltInRole::TeamsAdministrator),
    ]);
    let ada = of_groups(
        ADA,
        &[DESK],
        &[BuiltInRole::ConditionalAccessAdministrator],
        every_scope(),
    );
    let expected = [
        BuiltInRole::ReportsReader,
        BuiltInRole::HelpdeskAdministrator,
        BuiltInRole::TeamsAdministrator,
        BuiltInRole::ConditionalAccessAdministrator,
    ]
    .iter()
    .fold(ActionSet::EMPTY, |set, role| set.union(role.actions()));
    assert_eq!(roles.actions_of(&ada), expected);
}

#[test]
fn a_role_of_a_group_is_its_members_alone() {
    let roles = holding(&[(DESK, BuiltInRole::SecurityReader)]);
    let ada = of_groups(ADA, &[BOB, DESK], &[], every_scope());
    assert_eq!(
        roles.actions_of(&ada),
        BuiltInRole::SecurityReader.actions()
    );
    let bob = of_groups(BOB, &[ADA], &[], every_scope());
    assert!(roles.actions_of(&bob).is_empty());
}

#[test]
fn a_token_names_entras_roles_and_no_others() {
    let custom_id = Guid::parse(CUSTOM).unwrap();
    let roles = Roles::new([custom(CUSTOM, true, &[Action::PartnersRead])], []).unwrap();
    for role in BuiltInRole::ALL {
        let ada = of_groups(ADA, &[], &[*role], every_scope());
        let expected = if role.is_of_entra() {
            role.actions()
        } else {
            ActionSet::EMPTY
        };
        assert_eq!(roles.actions_of(&ada), expected, "{role:?}");
    }
    // Entra's mark of a plain member is in every token.
    let plain = Guid::parse("b79fbf4d-3ef9-4689-8143-76b194e85509").unwrap();
    let ada = Caller::Delegated {
        user: Id::new(ADA),
        standing: Standing::Member {
            groups: Vec::new(),
            wids: vec![plain, custom_id],
        },
        scopes: every_scope(),
    };
    assert!(roles.actions_of(&ada).is_empty());
}

#[test]
fn what_groups_give_is_told_from_what_else_does() {
    const GROUP: &str = "22222222-2222-4222-8222-222222222222";
    let roles = holding(&[
        (ADA, BuiltInRole::SecurityReader),
        (GROUP, BuiltInRole::SecurityReader),
    ]);
    let member = |groups: &[&str]| Standing::Member {
        groups: groups.iter().map(|group| Id::new(group)).collect(),
        wids: vec![BuiltInRole::SecurityReader.id()],
    };
    assert!(!roles.are_given_by_groups(&member(&[])));
    assert!(!roles.are_given_by_groups(&member(&["another"])));
    assert!(roles.are_given_by_groups(&member(&["another", GROUP])));
    assert!(!roles.are_given_by_groups(&Standing::Guest));
}

#[test]
fn a_guest_holds_a_role_by_its_own_object_id() {
    let roles = holding(&[(ADA, BuiltInRole::SecurityReader)]);
    let guest = |user: &str| Caller::Delegated {
        user: Id::new(user),
        standing: Standing::Guest,
        scopes: every_scope(),
    };
    assert_eq!(
        roles.actions_of(&guest(ADA)),
        BuiltInRole::SecurityReader.actions()
    );
    assert!(roles.actions_of(&guest(BOB)).is_empty());
}

#[test]
fn an_application_needs_its_permission_alone_and_gets_all_of_it() {
    let roles = Roles::built_in();
    for scope in Scope::ALL {
        let application = Caller::Application {
            permissions: ScopeSet::of_names([scope.name()]),
        };
        assert_eq!(roles.actions_of(&application), scope.permits(), "{scope:?}");
    }
    let application = Caller::Application {
        permissions: ScopeSet::of_names(["Policy.Read.All"]),
    };
    assert_eq!(roles.check(&application, Action::PartnersRead), Ok(()));
    assert_eq!(
        roles.check(&application, Action::PartnersCreate),
        Err(Denied::Application {
            no_permission: ActionSet::of(&[Action::PartnersCreate])
        })
    );
}

#[test]
fn the_bootstrap_credential_makes_the_first_assignments_and_does_nothing_else() {
    let roles = Roles::built_in();
    let allowed = roles.actions_of(&Caller::Bootstrap);
    assert_eq!(
        allowed,
        ActionSet::of(&[
            Action::DirectoryRolesRead,
            Action::DirectoryRoleMembersRead,
            Action::RoleDefinitionsRead,
            Action::RoleDefinitionsCreate,
            Action::RoleAssignmentsRead,
            Action::RoleAssignmentsCreate,
        ])
    );
    for action in ActionSet::ALL.without(allowed).iter() {
        assert_eq!(
            roles.check(&Caller::Bootstrap, action),
            Err(Denied::Bootstrap {
                beyond: ActionSet::of(&[action])
            })
        );
    }
}

#[test]
fn the_bootstrap_credential_counts_until_an_assigned_role_can_manage_roles() {
    let create = Action::RoleAssignmentsCreate;
    let reader = holding(&[(ADA, BuiltInRole::SecurityAdministrator)]);
    assert_eq!(reader.check(&Caller::Bootstrap, create), Ok(()));
    for role in [
        BuiltInRole::GlobalAdministrator,
        BuiltInRole::PrivilegedRoleAdministrator,
    ] {
        let managed = holding(&[(ADA, role)]);
        assert!(managed.actions_of(&Caller::Bootstrap).is_empty());
        assert_eq!(
            managed.check(&Caller::Bootstrap, create),
            Err(Denied::BootstrapOver)
        );
    }
}

#[test]
fn break_glass_is_a_global_administrator_whatever_roles_there_are() {
    for roles in [
        Roles::built_in(),
        holding(&[(ADA, BuiltInRole::GlobalAdministrator)]),
    ] {
        assert_eq!(roles.actions_of(&Caller::BreakGlass), ActionSet::ALL);
        for action in Action::ALL {
            assert_eq!(roles.check(&Caller::BreakGlass, *action), Ok(()));
        }
    }
}

#[test]
fn an_assigned_custom_role_gives_its_actions_and_a_disabled_one_gives_nothing() {
    let id = Guid::parse(CUSTOM).unwrap();
    for enabled in [true, false] {
        let roles = Roles::new(
            [custom(CUSTOM, enabled, &[Action::RoleAssignmentsManage])],
            [assigned("1", ADA, id)],
        )
        .unwrap();
        let actions = roles.actions_of(&member(ADA, every_scope()));
        let expected = ActionSet::of(&[
            Action::RoleAssignmentsRead,
            Action::RoleAssignmentsCreate,
            Action::RoleAssignmentsManage,
        ]);
        assert_eq!(actions, if enabled { expected } else { ActionSet::EMPTY });
        assert_eq!(roles.are_managed(), enabled);
    }
}

#[test]
fn every_conflict_is_told_at_once() {
    let id = Guid::parse(CUSTOM).unwrap();
    let unknown = Guid::from_u128(7);
    let actions = &[Action::PartnersRead];
    let conflicts = Roles::new(
        [
            custom(CUSTOM, true, actions),
            custom(CUSTOM, false, actions),
        ],
        [
            assigned("1", ADA, id),
            assigned("2", ADA, unknown),
            assigned("1", BOB, id),
        ],
    )
    .unwrap_err();
    assert_eq!(
        conflicts,
        [
            Conflict::SameRole(id),
            Conflict::NoSuchRole {
                assignment: Id::new("2"),
                role: unknown
            },
            Conflict::SameAssignment(Id::new("1")),
        ]
    );
}

#[test]
fn roles_and_assignments_are_found_by_their_ids() {
    let id = Guid::parse(CUSTOM).unwrap();
    let roles = Roles::new(
        [custom(CUSTOM, true, &[Action::PartnersRead])],
        [assigned("b", ADA, id), assigned("a", BOB, id)],
    )
    .unwrap();
    assert_eq!(roles.definitions().count(), BuiltInRole::ALL.len() + 1);
    assert_eq!(roles.definitions().last().unwrap().id(), id);
    assert!(roles.definition(id).is_some());
    for role in BuiltInRole::ALL {
        let definition = roles.definition(role.id()).unwrap();
        assert_eq!(definition.gives(), role.actions(), "{role:?}");
    }
    let ids: Vec<_> = roles
        .assignments_of(id)
        .map(|assignment| assignment.id().to_string())
        .collect();
    assert_eq!(ids, ["a", "b"]);
}

proptest! {
    #[test]
    fn nobody_may_do_more_than_scopes_permit_or_than_roles_give(
        scopes in proptest::collection::vec(proptest::sample::select(Scope::ALL), 0..5),
        held in proptest::collection::vec(proptest::sample::select(BuiltInRole::ALL), 0..3),
        action in proptest::sample::select(Action::ALL),
    ) {
        let assignments: Vec<_> = held.iter().map(|role| (ADA, *role)).collect();
        let roles = holding(&assignments);
        let ada = member(ADA, scopes.iter().copied().collect());
        let expected = scopes.iter().any(|scope| scope.permits().contains(action))
            && held.iter().any(|role| role.actions().contains(action));
        prop_assert_eq!(roles.check(&ada, action).is_ok(), expected);
        prop_assert_eq!(roles.actions_of(&ada).contains(action), expected);
    }
}
