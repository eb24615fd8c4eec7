//! Cross-tenant documents with one fault each, and every word of what is said about it.

#[cfg(test)]
mod support;

use support::faults;

#[track_caller]
fn check(path: &str, text: &str, expected: &[&str]) {
    assert_eq!(faults(&[(path, text)]), expected);
}

#[test]
fn a_wrong_word_is_refused() {
    check(
        "default.json",
        r#"{
  "b2bCollaborationInbound": {
    "usersAndGroups": {
      "accessType": "alowed",
      "targets": [{"target":"AllUsers","targetType":"user"}]
    }
  }
}"#,
        &[
            "default.json:4:21: b2bCollaborationInbound.usersAndGroups.accessType: `alowed` is not an access type; expected `allowed` or `blocked`",
        ],
    );
}

#[test]
fn a_comment_is_refused() {
    check(
        "default.json",
        r#"{
  // open
  "id": null
}"#,
        &["default.json:2:3: not JSON: comments are not allowed"],
    );
}

#[test]
fn a_trailing_comma_is_refused() {
    check(
        "default.json",
        r#"{"id": null,}"#,
        &["default.json:1:13: not JSON: trailing comma"],
    );
}

#[test]
fn a_text_cut_short_is_refused() {
    check(
        "default.json",
        r#"{"inboundTrust": {"#,
        &["default.json:1:18: not JSON: the text ends inside an object"],
    );
}

#[test]
fn an_empty_file_is_refused() {
    check(
        "default.json",
        "",
        &["default.json:1:1: not JSON: the text ends where a value is expected"],
    );
}

#[test]
fn a_number_for_a_boolean_is_refused() {
    check(
        "default.json",
        r#"{"inboundTrust":{"isMfaAccepted":1}}"#,
        &[
            "default.json:1:34: inboundTrust.isMfaAccepted: expected a boolean, found the number `1`",
        ],
    );
}

#[test]
fn a_string_for_a_boolean_is_refused() {
    check(
        "default.json",
        r#"{"inboundTrust":{"isMfaAccepted":"true"}}"#,
        &[
            "default.json:1:34: inboundTrust.isMfaAccepted: expected a boolean, found the string `true`",
        ],
    );
}

#[test]
fn a_list_for_an_object_is_refused() {
    check(
        "default.json",
        r#"{"inboundTrust":[true,true,true,true]}"#,
        &["default.json:1:17: inboundTrust: expected an object, found a list"],
    );
}

#[test]
fn an_object_for_a_list_is_refused() {
    check(
        "default.json",
        r#"{"b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed","targets":{}},"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}}"#,
        &[
            "default.json:1:80: b2bCollaborationInbound.usersAndGroups.targets: expected a list, found an object",
        ],
    );
}

#[test]
fn a_word_for_a_document_is_refused() {
    check(
        "default.json",
        r#""open""#,
        &["default.json:1:1: expected an object, found the string `open`"],
    );
}

#[test]
fn a_member_that_stands_twice_is_refused() {
    check(
        "default.json",
        r#"{
"inboundTrust":{"isMfaAccepted":true,"isMfaAccepted":false}}"#,
        &["default.json:2:38: inboundTrust.isMfaAccepted: the member stands twice; keep one"],
    );
}

#[test]
fn a_member_in_the_wrong_case_is_refused() {
    check(
        "default.json",
        r#"{"b2BDirectConnectInbound":null}"#,
        &[
            "default.json:1:2: b2BDirectConnectInbound: `b2BDirectConnectInbound` is not a member that Graph has; names are case-sensitive: write `b2bDirectConnectInbound`",
        ],
    );
}

#[test]
fn a_member_misspelt_is_refused() {
    check(
        "default.json",
        r#"{"inboundTrusts":null}"#,
        &[
            "default.json:1:2: inboundTrusts: `inboundTrusts` is not a member that Graph has here; did you mean `inboundTrust`?",
        ],
    );
}

#[test]
fn a_member_of_another_thing_is_refused() {
    check(
        "default.json",
        r#"{"price":3}"#,
        &["default.json:1:2: price: `price` is not a member that Graph has here; remove it"],
    );
}

#[test]
fn a_wrong_default_id_is_refused() {
    check(
        "default.json",
        r#"{"id":"default"}"#,
        &[
            "default.json:1:7: id: `default` is not a GUID; expected one such as `3f2504e0-4f89-41d3-9a0c-0305e82c3301`",
        ],
    );
}

#[test]
fn two_defaults_is_refused() {
    check(
        "default.json",
        "[{},{}]",
        &["default.json:1:5: [1]: there can be only one document here; keep one"],
    );
}

#[test]
fn a_list_with_more_pages_is_refused() {
    check(
        "partners.json",
        r#"{"value":[],"@odata.nextLink":"https://graph.example/next"}"#,
        &[
            "partners.json:1:13: @odata.nextLink: the list goes on at this address; export all of its pages",
        ],
    );
}

#[test]
fn a_value_that_is_no_list_is_refused() {
    check(
        "partners.json",
        r#"{"value":{}}"#,
        &["partners.json:1:10: value: expected a list of documents"],
    );
}

#[test]
fn a_stranger_beside_value_is_refused() {
    check(
        "partners.json",
        r#"{"value":[],"partners":[]}"#,
        &["partners.json:1:13: partners: `partners` does not belong beside `value`; remove it"],
    );
}

#[test]
fn an_unknown_file_is_refused() {
    check(
        "policy.json",
        "{}",
        &[
            "policy.json: not a file of a policy directory; expected `cross-tenant-access-policy.json`, `default.json`, `partners/*.json`, `partners.json`, `partners.jsonl`, `conditional-access/*.json`, `conditional-access.json`, `named-locations/*.json`, `named-locations.json`, `external-collaboration.json`, `external-identities-policy.json`, `authentication-flows-policy.json`, `user-flows/*.json`, `api-connectors/*.json`, `user-flow-attributes/*.json`, `templates/partner-configuration.json`, `templates/identity-synchronization.json`, `role-definitions/*.json`, `role-assignments/*.json`, `guests.jsonl`, `revocations.jsonl`, `app-role-assignments.jsonl`, `groups.jsonl`, `group-members.jsonl` or `owners.jsonl`",
        ],
    );
}

#[test]
fn an_unknown_cloud_is_refused() {
    check(
        "cross-tenant-access-policy.json",
        r#"{"allowedCloudEndpoints":["microsoftonline.de"]}"#,
        &[
            "cross-tenant-access-policy.json:1:27: allowedCloudEndpoints[0]: `microsoftonline.de` is not a cloud; expected `microsoftonline.com`, `microsoftonline.us` or `partner.microsoftonline.cn`",
        ],
    );
}

#[test]
fn the_own_cloud_is_refused() {
    check(
        "cross-tenant-access-policy.json",
        r#"{"allowedCloudEndpoints":["microsoftonline.us","microsoftonline.com"]}"#,
        &[
            "cross-tenant-access-policy.json:1:48: allowedCloudEndpoints[1]: `microsoftonline.com` is the own cloud; list only other clouds",
        ],
    );
}

#[test]
fn unknown_future_value_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"unknownFutureValue","targets":[{"target":"AllUsers","targetType":"user"}]},"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}}"#,
        &[
            "partners/p.json:1:110: b2bCollaborationInbound.usersAndGroups.accessType: `unknownFutureValue` is not an access type; expected `allowed` or `blocked`",
        ],
    );
}

#[test]
fn no_access_type_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"targets":[{"target":"AllUsers","targetType":"user"}]},"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}}"#,
        &[
            "partners/p.json:1:96: b2bCollaborationInbound.usersAndGroups.accessType: `accessType` is missing; expected `allowed` or `blocked`",
        ],
    );
}

#[test]
fn no_targets_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed"},"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}}"#,
        &[
            "partners/p.json:1:96: b2bCollaborationInbound.usersAndGroups.targets: no targets, which names nobody and nothing; write `AllUsers` for all",
        ],
    );
}

#[test]
fn an_empty_list_of_targets_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"AllUsers","targetType":"user"}]},"applications":{"accessType":"allowed","targets":[]}}}"#,
        &[
            "partners/p.json:1:224: b2bCollaborationInbound.applications.targets: no targets, which names nobody and nothing; write `AllApplications` for all",
        ],
    );
}

#[test]
fn an_empty_target_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"","targetType":"user"}]},"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}}"#,
        &[
            "partners/p.json:1:141: b2bCollaborationInbound.usersAndGroups.targets[0].target: an empty target names nothing; expected an id, `AllUsers` or `AllApplications`",
        ],
    );
}

#[test]
fn a_target_without_type_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"AllUsers"}]},"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}}"#,
        &[
            "partners/p.json:1:131: b2bCollaborationInbound.usersAndGroups.targets[0].targetType: `targetType` is missing; expected `user`, `group` or `application`",
        ],
    );
}

#[test]
fn a_type_without_target_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed","targets":[{"targetType":"user"}]},"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}}"#,
        &[
            "partners/p.json:1:131: b2bCollaborationInbound.usersAndGroups.targets[0].target: `target` is missing; expected an id or `AllUsers`",
        ],
    );
}

#[test]
fn a_keyword_in_the_wrong_case_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"allusers","targetType":"user"}]},"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}}"#,
        &[
            "partners/p.json:1:141: b2bCollaborationInbound.usersAndGroups.targets[0].target: `allusers` is not a keyword; they are case-sensitive: write `AllUsers`",
        ],
    );
}

#[test]
fn all_users_as_a_group_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"AllUsers","targetType":"group"}]},"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}}"#,
        &[
            "partners/p.json:1:165: b2bCollaborationInbound.usersAndGroups.targets[0].targetType: `AllUsers` goes with the target type `user`, and means groups too",
        ],
    );
}

#[test]
fn all_applications_as_a_user_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"AllUsers","targetType":"user"}]},"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"user"}]}}}"#,
        &[
            "partners/p.json:1:266: b2bCollaborationInbound.applications.targets[0].targetType: `AllApplications` goes with the target type `application`",
        ],
    );
}

#[test]
fn an_application_among_users_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"aaaaaaaa-0000-4000-8000-000000000001","targetType":"application"}]},"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}}"#,
        &[
            "partners/p.json:1:193: b2bCollaborationInbound.usersAndGroups.targets[0].targetType: applications cannot stand among users and groups; move the target to `applications`",
        ],
    );
}

#[test]
fn all_applications_among_users_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]},"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}}"#,
        &[
            "partners/p.json:1:141: b2bCollaborationInbound.usersAndGroups.targets[0].target: applications cannot stand among users and groups; expected `AllUsers` or the id of a user or group",
        ],
    );
}

#[test]
fn a_group_among_applications_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"AllUsers","targetType":"user"}]},"applications":{"accessType":"allowed","targets":[{"target":"aaaaaaaa-0000-4000-8000-000000000009","targetType":"group"}]}}}"#,
        &[
            "partners/p.json:1:287: b2bCollaborationInbound.applications.targets[0].targetType: users and groups cannot stand among applications; move the target to `usersAndGroups`",
        ],
    );
}

#[test]
fn all_users_among_applications_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"AllUsers","targetType":"user"}]},"applications":{"accessType":"allowed","targets":[{"target":"AllUsers","targetType":"user"}]}}}"#,
        &[
            "partners/p.json:1:235: b2bCollaborationInbound.applications.targets[0].target: users cannot stand among applications; expected `AllApplications` or the id of an application",
        ],
    );
}

#[test]
fn a_device_filter_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","tenantRestrictions":{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"AllUsers","targetType":"user"}]},"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]},"devices":{"mode":"allowed","rule":"x"}}}"#,
        &[
            "partners/p.json:1:288: tenantRestrictions.devices: a device filter is not supported; set it to null",
        ],
    );
}

#[test]
fn users_blocked_and_an_application_allowed_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"blocked","targets":[{"target":"AllUsers","targetType":"user"}]},"applications":{"accessType":"allowed","targets":[{"target":"aaaaaaaa-0000-4000-8000-000000000001","targetType":"application"}]}}}"#,
        &[
            "partners/p.json:1:78: b2bCollaborationInbound: all users are blocked, so all applications must be blocked too; block `AllApplications`, or name the users and groups to block",
        ],
    );
}

#[test]
fn users_blocked_and_one_application_blocked_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"blocked","targets":[{"target":"AllUsers","targetType":"user"}]},"applications":{"accessType":"blocked","targets":[{"target":"aaaaaaaa-0000-4000-8000-000000000001","targetType":"application"}]}}}"#,
        &[
            "partners/p.json:1:78: b2bCollaborationInbound: all users are blocked, so all applications must be blocked too; block `AllApplications`, or name the users and groups to block",
        ],
    );
}

#[test]
fn applications_blocked_and_users_allowed_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"AllUsers","targetType":"user"}]},"applications":{"accessType":"blocked","targets":[{"target":"AllApplications","targetType":"application"}]}}}"#,
        &[
            "partners/p.json:1:78: b2bCollaborationInbound: all applications are blocked, so users cannot be allowed; set `usersAndGroups.accessType` to `blocked`, or name the applications to block",
        ],
    );
}

#[test]
fn applications_blocked_and_a_group_allowed_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"aaaaaaaa-0000-4000-8000-000000000009","targetType":"group"}]},"applications":{"accessType":"blocked","targets":[{"target":"AllApplications","targetType":"application"}]}}}"#,
        &[
            "partners/p.json:1:78: b2bCollaborationInbound: all applications are blocked, so users cannot be allowed; set `usersAndGroups.accessType` to `blocked`, or name the applications to block",
        ],
    );
}

#[test]
fn users_blocked_and_applications_from_the_default_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"usersAndGroups":{"accessType":"blocked","targets":[{"target":"AllUsers","targetType":"user"}]}}}"#,
        &[
            "partners/p.json:1:78: b2bCollaborationInbound: all users are blocked, so all applications must be blocked too; block `AllApplications`, or name the users and groups to block (`applications` is missing here: write it out)",
        ],
    );
}

#[test]
fn applications_blocked_and_users_from_the_default_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","b2bCollaborationInbound":{"applications":{"accessType":"blocked","targets":[{"target":"AllApplications","targetType":"application"}]}}}"#,
        &[
            "partners/p.json:1:78: b2bCollaborationInbound: all applications are blocked, so users cannot be allowed; set `usersAndGroups.accessType` to `blocked`, or name the applications to block (`usersAndGroups` is missing here: write it out)",
        ],
    );
}

#[test]
fn direct_connect_opened_to_a_group_only_is_refused() {
    check(
        "default.json",
        r#"{"b2bDirectConnectOutbound":{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"aaaaaaaa-0000-4000-8000-000000000009","targetType":"group"}]}}}"#,
        &[
            "default.json:1:29: b2bDirectConnectOutbound: all applications are blocked, so users cannot be allowed; set `usersAndGroups.accessType` to `blocked`, or name the applications to block (`applications` is missing here: write it out)",
        ],
    );
}

#[test]
fn a_group_in_the_inbound_default_is_refused() {
    check(
        "default.json",
        r#"{"b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"aaaaaaaa-0000-4000-8000-000000000009","targetType":"group"}]},"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}}"#,
        &[
            "default.json:1:91: b2bCollaborationInbound.usersAndGroups.targets[0].target: the default cannot name single users or groups; write `AllUsers`, and name them in a partner's document",
        ],
    );
}

#[test]
fn a_group_in_the_restrictions_default_is_refused() {
    check(
        "default.json",
        r#"{"tenantRestrictions":{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"aaaaaaaa-0000-4000-8000-000000000009","targetType":"group"}]},"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}}"#,
        &[
            "default.json:1:86: tenantRestrictions.usersAndGroups.targets[0].target: the default cannot name single users or groups; write `AllUsers`, and name them in a partner's document",
        ],
    );
}

#[test]
fn a_single_microsoft_account_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"9188040d-6c67-4c5b-b112-36a304b66dad","tenantRestrictions":{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"ada","targetType":"user"}]},"applications":{"accessType":"allowed","targets":[{"target":"aaaaaaaa-0000-4000-8000-000000000001","targetType":"application"}]}}}"#,
        &[
            "partners/p.json:1:136: tenantRestrictions.usersAndGroups.targets[0].target: Microsoft accounts cannot be named one by one; write `AllUsers`, or remove the setting",
        ],
    );
}

#[test]
fn automatic_consent_for_everybody_is_refused() {
    check(
        "default.json",
        r#"{"automaticUserConsentSettings":{"inboundAllowed":true,"outboundAllowed":true}}"#,
        &[
            "default.json:1:51: automaticUserConsentSettings.inboundAllowed: automatic consent cannot be given to everybody; set it to false, and to true in the documents of partners",
            "default.json:1:74: automaticUserConsentSettings.outboundAllowed: automatic consent cannot be given to everybody; set it to false, and to true in the documents of partners",
        ],
    );
}

#[test]
fn a_fallback_among_the_primary_is_refused() {
    check(
        "default.json",
        r#"{"invitationRedemptionIdentityProviderConfiguration":{"primaryIdentityProviderPrecedenceOrder":["azureActiveDirectory","emailOneTimePasscode"],"fallbackIdentityProvider":"defaultConfiguredIdp"}}"#,
        &[
            "default.json:1:120: invitationRedemptionIdentityProviderConfiguration.primaryIdentityProviderPrecedenceOrder[1]: not a primary provider; expected `azureActiveDirectory`, `externalFederation` or `socialIdentityProviders`",
        ],
    );
}

#[test]
fn a_provider_twice_is_refused() {
    check(
        "default.json",
        r#"{"invitationRedemptionIdentityProviderConfiguration":{"primaryIdentityProviderPrecedenceOrder":["azureActiveDirectory","azureActiveDirectory"],"fallbackIdentityProvider":"defaultConfiguredIdp"}}"#,
        &[
            "default.json:1:120: invitationRedemptionIdentityProviderConfiguration.primaryIdentityProviderPrecedenceOrder[1]: the provider stands twice; keep one",
        ],
    );
}

#[test]
fn a_primary_as_the_fallback_is_refused() {
    check(
        "default.json",
        r#"{"invitationRedemptionIdentityProviderConfiguration":{"fallbackIdentityProvider":"externalFederation"}}"#,
        &[
            "default.json:1:82: invitationRedemptionIdentityProviderConfiguration.fallbackIdentityProvider: a primary provider cannot be the fallback; expected `defaultConfiguredIdp`, `emailOneTimePasscode` or `microsoftAccount`",
        ],
    );
}

#[test]
fn no_fallback_is_refused() {
    check(
        "default.json",
        r#"{"invitationRedemptionIdentityProviderConfiguration":{"primaryIdentityProviderPrecedenceOrder":[]}}"#,
        &[
            "default.json:1:54: invitationRedemptionIdentityProviderConfiguration.fallbackIdentityProvider: one fallback must stay; expected `defaultConfiguredIdp`, `emailOneTimePasscode` or `microsoftAccount`",
        ],
    );
}

#[test]
fn a_device_filter_of_a_b2b_setting_is_no_member() {
    check(
        "default.json",
        r#"{"b2bCollaborationInbound":{"devices":null}}"#,
        &[
            "default.json:1:29: b2bCollaborationInbound.devices: `devices` is not a member that Graph has here; remove it",
        ],
    );
}
