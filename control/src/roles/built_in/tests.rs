use std::collections::BTreeSet;

use super::*;

/// The page's table: the action behind `P/`, or whole, then which of administrator, reader and partner administrator
/// have it.
const OVERVIEW: &str = "
    microsoft.directory.tenantRelationships/standard/read ARB
    P/standard/read ARB
    P/allowedCloudEndpoints/update A
    P/basic/update AB
    P/default/b2bCollaboration/update A
    P/default/b2bDirectConnect/update A
    P/default/crossCloudMeetings/update A
    P/default/standard/read ARB
    P/default/tenantRestrictions/update A
    P/partners/b2bCollaboration/update AB
    P/partners/b2bDirectConnect/update AB
    P/partners/create AB
    P/partners/crossCloudMeetings/update AB
    P/partners/delete AB
    P/partners/identitySynchronization/basic/update AB
    P/partners/identitySynchronization/create AB
    P/partners/identitySynchronization/standard/read ARB
    P/partners/standard/read ARB
    P/partners/tenantRestrictions/update AB
";

fn of_overview(letter: char) -> BTreeSet<String> {
    OVERVIEW
        .trim()
        .lines()
        .filter_map(|row| {
            let (action, roles) = row.trim().split_once(' ').unwrap();
            let name = action.replace("P/", "microsoft.directory/crossTenantAccessPolicy/");
            roles.contains(letter).then_some(name)
        })
        .collect()
}

fn names(role: BuiltInRole) -> BTreeSet<String> {
    let names = role.actions().iter().map(|action| action.name().to_owned());
    names.collect()
}

/// What a role may do, without what every one of Entra's roles may.
fn beyond_member(role: BuiltInRole) -> ActionSet {
    assert!(MEMBER.is_subset(role.actions()), "{role:?}");
    role.actions().without(MEMBER)
}

fn all_that(test: impl Fn(&str) -> bool) -> ActionSet {
    let actions = Action::ALL.iter().copied();
    actions.filter(|action| test(action.name())).collect()
}

#[test]
fn the_three_cross_tenant_roles_have_exactly_the_nineteen_five_and_fourteen_actions_of_the_overview()
 {
    for (role, letter, count) in [
        (BuiltInRole::CrossTenantAccessAdministrator, 'A', 19),
        (BuiltInRole::CrossTenantAccessReader, 'R', 5),
        (BuiltInRole::CrossTenantAccessPartnerAdministrator, 'B', 14),
    ] {
        assert_eq!(names(role), of_overview(letter), "{role:?}");
        assert_eq!(role.actions().len(), count, "{role:?}");
        assert!(!role.is_of_entra(), "{role:?}");
    }
}

#[test]
fn ids_are_the_template_ids_of_entra() {
    for (id, name) in [
        (
            "62e90394-69f5-4237-9190-012177145e10",
            "Global Administrator",
        ),
        ("f2ef992c-3afb-46b9-b7cf-a126ee74c451", "Global Reader"),
        (
            "194ae4cb-b126-40b2-bd5b-6091b380977d",
            "Security Administrator",
        ),
        ("5d6b6bb7-de71-4623-b4af-96380a352509", "Security Reader"),
        ("5f2222b1-57c3-48ba-8ad5-d4759f1fde6f", "Security Operator"),
        (
            "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9",
            "Conditional Access Administrator",
        ),
        (
            "69091246-20e8-4a56-aa4d-066075b2a7a8",
            "Teams Administrator",
        ),
        (
            "ac434307-12b9-4fa1-a708-88bf58caabc1",
            "Global Secure Access Administrator",
        ),
        (
            "e8611ab8-c189-46e8-94e1-60213ab1f814",
            "Privileged Role Administrator",
        ),
        ("fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator"),
        (
            "729827e3-9c14-49f7-bb1b-9608f156bbb8",
            "Helpdesk Administrator",
        ),
        (
            "6e591065-9bad-43ed-90f3-e9424366d2f0",
            "External ID User Flow Administrator",
        ),
        (
            "0f971eea-41eb-4569-a71e-57bb8a3eff1e",
            "External ID User Flow Attribute Administrator",
        ),
        (
            "be2f45a1-457d-42af-a067-6ec1fa63bc45",
            "External Identity Provider Administrator",
        ),
        ("4a5d8f65-41da-4de4-8968-e035b65339cf", "Reports Reader"),
        ("88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers"),
        (
            "fdd7a751-b60b-444a-984c-02652fe8fa1c",
            "Groups Administrator",
        ),
        (
            "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
            "Application Administrator",
        ),
        (
            "158c047a-c907-4556-b7ef-446551a6b5f7",
            "Cloud Application Administrator",
        ),
    ] {
        let role = BuiltInRole::from_id(Guid::parse(id).unwrap()).expect(name);
        assert_eq!(role.display_name(), name);
        assert_eq!(role.id().to_string(), id);
        assert!(role.is_of_entra());
    }
    let ids: BTreeSet<_> = BuiltInRole::ALL.iter().map(|role| role.id()).collect();
    assert_eq!(ids.len(), BuiltInRole::ALL.len(), "no id stands twice");
    assert_eq!(BuiltInRole::from_id(Guid::from_u128(7)), None);
}

#[test]
fn every_action_is_some_roles_and_all_are_the_global_administrators() {
    assert_eq!(BuiltInRole::GlobalAdministrator.actions(), ActionSet::ALL);
    for action in Action::ALL {
        let narrower = BuiltInRole::ALL
            .iter()
            .filter(|role| **role != BuiltInRole::GlobalAdministrator)
            .any(|role| role.actions().contains(*action));
        assert!(narrower, "{action:?}");
    }
}

#[test]
fn the_global_reader_reads_everything_and_changes_nothing() {
    assert_eq!(
        BuiltInRole::GlobalReader.actions(),
        all_that(|name| name.ends_with("/read"))
    );
}

#[test]
fn no_reader_changes_anything() {
    for role in BuiltInRole::ALL {
        if role.display_name().to_lowercase().contains("reader") {
            let changes = role.actions().without(BuiltInRole::GlobalReader.actions());
            assert!(changes.is_empty(), "{role:?} {changes:?}");
        }
    }
}

#[test]
fn the_teams_administrator_manages_cross_tenant_access_but_not_identity_synchronization_or_templates()
 {
    let expected = all_that(|name| {
        name.contains("/crossTenantAccessPolicy/")
            && !name.contains("/identitySynchronization/")
            && !name.contains("/templates/")
    });
    assert_eq!(expected.len(), 15);
    assert_eq!(
        beyond_member(BuiltInRole::TeamsAdministrator),
        expected.union(ActionSet::of(&[Action::AuthorizationPolicyRead]))
    );
}

#[test]
fn the_security_administrator_manages_cross_tenant_access_and_conditional_access() {
    let expected = all_that(|name| {
        [
            "/crossTenantAccessPolicy/",
            "/conditionalAccessPolicies/",
            "/namedLocations/",
            "/resourceNamespaces/",
            "/policies/",
            "/auditLogs/",
            "/signInReports/",
        ]
        .iter()
        .any(|part| name.contains(part))
    });
    assert_eq!(
        beyond_member(BuiltInRole::SecurityAdministrator),
        expected.union(ActionSet::of(&[
            Action::AuthorizationPolicyRead,
            Action::AccessReviewsRead,
        ]))
    );
}

#[test]
fn the_conditional_access_administrator_manages_conditional_access_and_nothing_else() {
    let expected = all_that(|name| {
        [
            "/conditionalAccessPolicies/",
            "/namedLocations/",
            "/resourceNamespaces/",
        ]
        .iter()
        .any(|part| name.contains(part))
    });
    assert_eq!(
        beyond_member(BuiltInRole::ConditionalAccessAdministrator),
        expected
    );
}

#[test]
fn the_global_secure_access_administrator_reads_cross_tenant_access_but_not_identity_synchronization()
 {
    assert_eq!(
        beyond_member(BuiltInRole::GlobalSecureAccessAdministrator),
        ActionSet::of(&[
            Action::CrossTenantAccessRead,
            Action::DefaultRead,
            Action::PartnersRead,
            Action::ConditionalAccessRead,
            Action::NamedLocationsRead,
            Action::AuditLogsRead,
            Action::SignInReportsRead,
        ])
    );
}

#[test]
fn only_global_and_privileged_role_administrators_manage_roles_and_the_authorization_policy() {
    for role in BuiltInRole::ALL {
        let expected = matches!(
            role,
            BuiltInRole::GlobalAdministrator | BuiltInRole::PrivilegedRoleAdministrator
        );
        for action in [
            Action::RoleDefinitionsCreate,
            Action::RoleDefinitionsManage,
            Action::RoleAssignmentsCreate,
            Action::RoleAssignmentsManage,
            Action::AuthorizationPolicyManage,
        ] {
            assert_eq!(
                role.actions().contains(action),
                expected,
                "{role:?} {action:?}"
            );
        }
    }
}

#[test]
fn the_audit_is_read_by_those_whom_the_page_names_and_no_others() {
    for role in BuiltInRole::ALL {
        let expected = matches!(
            role,
            BuiltInRole::GlobalAdministrator
                | BuiltInRole::GlobalReader
                | BuiltInRole::SecurityAdministrator
                | BuiltInRole::SecurityReader
                | BuiltInRole::SecurityOperator
                | BuiltInRole::ReportsReader
                | BuiltInRole::GlobalSecureAccessAdministrator
        );
        assert_eq!(
            role.actions().contains(Action::AuditLogsRead),
            expected,
            "{role:?}"
        );
    }
}

#[test]
fn sessions_are_ended_by_those_who_care_for_users() {
    for role in BuiltInRole::ALL {
        let expected = matches!(
            role,
            BuiltInRole::GlobalAdministrator
                | BuiltInRole::UserAdministrator
                | BuiltInRole::HelpdeskAdministrator
                | BuiltInRole::SecurityOperator
        );
        assert_eq!(
            role.actions().contains(Action::SessionsRevoke),
            expected,
            "{role:?}"
        );
    }
}

#[test]
fn owners_are_made_by_those_who_manage_what_is_owned_and_guests_are_let_in_by_user_administrators_too()
 {
    let holders = |action: Action| -> Vec<BuiltInRole> {
        let all = BuiltInRole::ALL.iter().copied();
        all.filter(|role| role.actions().contains(action)).collect()
    };
    use BuiltInRole::{
        ApplicationAdministrator, CloudApplicationAdministrator, GlobalAdministrator,
        GroupsAdministrator, UserAdministrator,
    };
    for (action, expected) in [
        (
            Action::ServicePrincipalOwnersUpdate,
            vec![
                GlobalAdministrator,
                ApplicationAdministrator,
                CloudApplicationAdministrator,
            ],
        ),
        (
            Action::AppRoleAssignedToUpdate,
            vec![
                GlobalAdministrator,
                UserAdministrator,
                ApplicationAdministrator,
                CloudApplicationAdministrator,
            ],
        ),
        (
            Action::GroupOwnersUpdate,
            vec![GlobalAdministrator, UserAdministrator, GroupsAdministrator],
        ),
        (
            Action::GroupMembersUpdate,
            vec![GlobalAdministrator, UserAdministrator, GroupsAdministrator],
        ),
    ] {
        assert_eq!(holders(action), expected, "{action:?}");
    }
}

#[test]
fn what_a_role_includes_is_written_out() {
    for role in BuiltInRole::ALL {
        assert_eq!(role.actions().with_implied(), role.actions(), "{role:?}");
    }
}
