use super::*;

const ID: &str = "d5eec5e0-6992-4c6b-b430-0f833f1a815a";

fn sample() -> Value {
    json!({
        "@odata.context": "https://graph.example/v1.0/$metadata#roleManagement/directory/roleDefinitions/$entity",
        "id": ID,
        "description": "Looks after partners",
        "displayName": "Partner desk",
        "isBuiltIn": false,
        "isEnabled": true,
        "resourceScopes": ["/"],
        "rolePermissions": [{
            "allowedResourceActions": [
                "microsoft.directory/crossTenantAccessPolicy/partners/create",
                "microsoft.directory/crossTenantAccessPolicy/partners/standard/read",
            ],
            "condition": null,
        }],
        "templateId": ID,
        "version": null,
    })
}

/// The sample with one property changed; null removes it.
fn with(name: &str, value: Value) -> Value {
    let mut document = sample();
    let members = document.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    document
}

fn faults(document: &Value) -> Vec<String> {
    let faults = RoleDefinition::from_json(document).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

fn refused(name: &str, value: Value, expected: &str) {
    assert_eq!(faults(&with(name, value)), [expected]);
}

#[test]
fn a_custom_role_is_read_and_writes_itself_back() {
    let role = RoleDefinition::from_json(&sample()).unwrap();
    assert_eq!(role.id().to_string(), ID);
    assert_eq!(role.display_name(), "Partner desk");
    assert!(role.enabled && !role.built_in);
    let expected = ActionSet::of(&[Action::PartnersRead, Action::PartnersCreate]);
    assert_eq!(role.allowed, expected);
    assert_eq!(role.gives(), expected);
    let written = role.to_json();
    assert_eq!(RoleDefinition::from_json(&written).unwrap(), role);
    for (name, value) in written.as_object().unwrap() {
        if name != "rolePermissions" {
            assert_eq!(value, &sample()[name], "{name}");
        }
    }
    assert_eq!(
        written["rolePermissions"][0]["allowedResourceActions"],
        json!([
            "microsoft.directory/crossTenantAccessPolicy/partners/standard/read",
            "microsoft.directory/crossTenantAccessPolicy/partners/create",
        ]),
        "in the order of all actions"
    );
}

#[test]
fn a_role_needs_no_more_than_id_name_state_and_actions() {
    let role = RoleDefinition::from_json(&json!({
        "id": ID.to_uppercase(),
        "displayName": "Desk",
        "isEnabled": true,
        "rolePermissions": [
            { "allowedResourceActions": ["microsoft.directory/auditLogs/allProperties/read"] },
            { "allowedResourceActions": ["microsoft.directory/organization/standard/read"] },
        ],
    }))
    .unwrap();
    assert_eq!(&*role.template_id, ID, "the id, written as ids are");
    assert_eq!(role.description, None);
    assert_eq!(
        role.allowed,
        ActionSet::of(&[Action::AuditLogsRead, Action::OrganizationRead]),
        "of all permissions"
    );
}

#[test]
fn a_disabled_role_lists_its_actions_and_gives_none() {
    let role = RoleDefinition::from_json(&with("isEnabled", json!(false))).unwrap();
    assert!(!role.allowed.is_empty());
    assert!(role.gives().is_empty());
}

#[test]
fn all_tasks_gives_reading_too_but_is_not_written_as_more_than_was_listed() {
    let listed = json!([{ "allowedResourceActions":
        ["microsoft.directory/roleAssignments/allProperties/allTasks"] }]);
    let role = RoleDefinition::from_json(&with("rolePermissions", listed)).unwrap();
    assert!(role.gives().contains(Action::RoleAssignmentsRead));
    assert!(role.gives().contains(Action::RoleAssignmentsCreate));
    assert_eq!(
        role.allowed,
        ActionSet::of(&[Action::RoleAssignmentsManage])
    );
}

#[test]
fn an_unknown_action_is_refused_with_the_nearest_name() {
    let listed = json!([{ "allowedResourceActions": [
        "microsoft.directory/auditLogs/allProperties/read",
        "microsoft.directory/crossTenantAccessPolicy/partner/create",
        "microsoft.directory/tenantRelationships/standard/read",
    ] }]);
    assert_eq!(
        faults(&with("rolePermissions", listed)),
        [
            "rolePermissions[0].allowedResourceActions[1]: `microsoft.directory/crossTenantAccessPolicy/partner/create` \
             is not an action here; the nearest that is one is \
             `microsoft.directory/crossTenantAccessPolicy/partners/create`",
            "rolePermissions[0].allowedResourceActions[2]: `microsoft.directory/tenantRelationships/standard/read` \
             is not an action here; the nearest that is one is `microsoft.directory.tenantRelationships/standard/read`",
        ]
    );
}

#[test]
fn conditions_and_exclusions_are_refused() {
    let listed = json!([{
        "allowedResourceActions": ["microsoft.directory/auditLogs/allProperties/read"],
        "condition": "@Subject.objectId Any_of @Resource.owners",
        "excludedResourceActions": ["microsoft.directory/auditLogs/allProperties/read"],
    }]);
    assert_eq!(
        faults(&with("rolePermissions", listed)),
        [
            "rolePermissions[0].condition: custom roles have no conditions; expected null",
            "rolePermissions[0].excludedResourceActions: actions cannot be excluded; list those that are allowed",
        ]
    );
}

#[test]
fn a_role_applies_to_the_whole_directory_only() {
    let expected = "resourceScopes: a role applies to the whole directory here; expected `[\"/\"]`";
    for scopes in [
        json!([]),
        json!(["/", "/"]),
        json!(["/administrativeUnits/1"]),
        json!([1]),
    ] {
        refused("resourceScopes", scopes, expected);
    }
    assert!(RoleDefinition::from_json(&with("resourceScopes", Value::Null)).is_ok());
}

#[test]
fn a_role_without_actions_is_refused() {
    let expected =
        "rolePermissions: a role without actions gives nothing; expected at least one action";
    refused("rolePermissions", json!([]), expected);
    refused(
        "rolePermissions",
        json!([{ "allowedResourceActions": [] }]),
        expected,
    );
}

#[test]
fn no_custom_role_passes_for_a_built_in_one() {
    refused(
        "isBuiltIn",
        json!(true),
        "isBuiltIn: no role can be made a built-in one; expected `false`",
    );
    for name in ["id", "templateId"] {
        let id = BuiltInRole::GlobalAdministrator.id().to_string();
        let expected =
            format!("{name}: that of the built-in role `Global Administrator`; choose another");
        refused(name, json!(id), &expected);
    }
    refused(
        "inheritsPermissionsFrom",
        json!([{ "id": "62e90394-69f5-4237-9190-012177145e10" }]),
        "inheritsPermissionsFrom: only Entra's own roles inherit; list the actions themselves",
    );
}

#[test]
fn every_fault_is_told_at_once_with_its_property() {
    let document = json!({
        "id": 7,
        "displayName": " ",
        "descriptions": "x",
        "isEnabled": "yes",
        "version": 1,
        "rolePermissions": [3, { "allowedResourceActions": [true, "nothing"], "condition": {} }],
    });
    assert_eq!(
        faults(&document),
        [
            "descriptions: not a property here; the nearest that is one is `description`",
            "id: a number does not fit; expected a string",
            "displayName: an empty string says nothing; remove it",
            "version: a number does not fit; expected a string",
            "isEnabled: a string does not fit; expected `true` or `false`",
            "rolePermissions[0]: a number is no object; expected one",
            "rolePermissions[1].condition: custom roles have no conditions; expected null",
            "rolePermissions[1].allowedResourceActions[0]: a boolean does not fit; expected a string",
            "rolePermissions[1].allowedResourceActions[1]: `nothing` is not an action here; the nearest that is one is \
             `microsoft.directory/users/delete`",
        ]
    );
    assert_eq!(
        faults(&json!({})),
        [
            "id: `id` is missing; expected a string",
            "displayName: `displayName` is missing; expected a string",
            "isEnabled: `isEnabled` is missing; expected `true` or `false`",
            "rolePermissions: `rolePermissions` is missing; expected a list",
        ]
    );
    assert_eq!(faults(&json!([])), ["a list is no object; expected one"]);
}

#[test]
fn a_list_or_a_name_without_end_is_refused_without_a_search() {
    let name = "microsoft.directory/auditLogs/allProperties/reads";
    let listed = json!([{ "allowedResourceActions": vec![name; 257] }]);
    refused(
        "rolePermissions",
        listed,
        "rolePermissions[0].allowedResourceActions: lists 257 actions; expected at most 256",
    );
    let listed = json!([{ "allowedResourceActions": ["x".repeat(100_000)] }]);
    refused(
        "rolePermissions",
        listed,
        "rolePermissions[0].allowedResourceActions[0]: not an action here; it is longer than any",
    );
}

#[test]
fn a_built_in_role_writes_itself_as_graph_does() {
    let json = RoleDefinition::from(BuiltInRole::ReportsReader).to_json();
    assert_eq!(json["id"], "4a5d8f65-41da-4de4-8968-e035b65339cf");
    assert_eq!(json["templateId"], json["id"]);
    assert_eq!(json["displayName"], "Reports Reader");
    assert_eq!(json["isBuiltIn"], true);
    assert_eq!(json["isEnabled"], true);
    assert_eq!(json["resourceScopes"], json!(["/"]));
    assert_eq!(json["rolePermissions"][0]["condition"], Value::Null);
    let actions = json["rolePermissions"][0]["allowedResourceActions"]
        .as_array()
        .unwrap();
    assert!(actions.contains(&json!("microsoft.directory/auditLogs/allProperties/read")));
}

#[test]
fn permissions_and_actions_without_end_are_refused_and_few_suggestions_made() {
    let one =
        json!({ "allowedResourceActions": ["microsoft.directory/auditLogs/allProperties/read"] });
    let allowed = with("rolePermissions", json!(vec![one.clone(); 1_000]));
    assert!(RoleDefinition::from_json(&allowed).is_ok());
    refused(
        "rolePermissions",
        json!(vec![one; 1_001]),
        "rolePermissions: lists 1001 permissions in all; expected at most 1000",
    );
    let many = json!({ "allowedResourceActions": vec!["nothing"; 201] });
    refused(
        "rolePermissions",
        json!(vec![many; 5]),
        "rolePermissions: lists 1005 actions in all; expected at most 1000",
    );
    let wrong = json!([{ "allowedResourceActions": vec!["nothing"; 200] }]);
    let faults = faults(&with("rolePermissions", wrong));
    assert_eq!(faults.len(), 200);
    let suggested = faults.iter().filter(|fault| fault.contains("nearest"));
    assert_eq!(suggested.count(), 20);
    assert!(faults[199].ends_with("[199]: `nothing` is not an action here"));
}
