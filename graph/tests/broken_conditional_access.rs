//! Conditional Access policies with one fault each, and every word of what is said about it.

#[cfg(test)]
mod support;

use support::faults;

#[track_caller]
fn check(path: &str, text: &str, expected: &[&str]) {
    assert_eq!(faults(&[(path, text)]), expected);
}

#[test]
fn no_state_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"displayName":"P"}"#,
        &[
            "conditional-access/p.json:1:1: state: `state` is missing; expected `enabled`, `disabled` or `enabledForReportingButNotEnforced`",
        ],
    );
}

#[test]
fn an_unknown_state_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"state":"on"}"#,
        &[
            "conditional-access/p.json:1:10: state: `on` is not a state; expected `enabled`, `disabled` or `enabledForReportingButNotEnforced`",
        ],
    );
}

#[test]
fn no_conditions_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"state":"enabled"}"#,
        &[
            "conditional-access/p.json:1:1: conditions: `conditions` is missing; the policy would apply to nobody",
        ],
    );
}

#[test]
fn an_unknown_guest_kind_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeGuestsOrExternalUsers":{"guestOrExternalUserTypes":"b2bCollaborationGuest,partner"}},"applications":{"includeApplications":["All"]}},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}"#,
        &[
            "conditional-access/p.json:1:129: conditions.users.includeGuestsOrExternalUsers.guestOrExternalUserTypes: `partner` is not a kind of guest or external user; expected `none`, `internalGuest`, `b2bCollaborationGuest`, `b2bCollaborationMember`, `b2bDirectConnectUser`, `otherExternalUser` or `serviceProvider`",
        ],
    );
}

#[test]
fn enumerated_tenants_without_members_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeGuestsOrExternalUsers":{"guestOrExternalUserTypes":"b2bCollaborationGuest","externalTenants":{"membershipKind":"enumerated","members":[]}}},"applications":{"includeApplications":["All"]}},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}"#,
        &[
            "conditional-access/p.json:1:212: conditions.users.includeGuestsOrExternalUsers.externalTenants.members: no tenants are listed, which names nobody; list them, or write `all`",
        ],
    );
}

#[test]
fn all_users_in_the_wrong_case_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["all"]},"applications":{"includeApplications":["All"]}},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}"#,
        &[
            "conditional-access/p.json:1:86: conditions.users.includeUsers[0]: `all` is not a keyword; they are case-sensitive: write `All`",
        ],
    );
}

#[test]
fn several_controls_without_operator_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]}},"grantControls":{"builtInControls":["mfa","compliantDevice"]}}"#,
        &[
            "conditional-access/p.json:1:158: grantControls.operator: `operator` is missing, and there are several controls; expected `AND` or `OR`",
        ],
    );
}

#[test]
fn an_unknown_control_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]}},"grantControls":{"builtInControls":["MFA"]}}"#,
        &[
            "conditional-access/p.json:1:178: grantControls.builtInControls[0]: `MFA` is not a control; expected `block`, `mfa`, `compliantDevice` or `domainJoinedDevice`",
        ],
    );
}

#[test]
fn condition_platforms_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]},"platforms":{"includePlatforms":["iOS"]}},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}"#,
        &[
            "conditional-access/p.json:1:153: conditions.platforms: the condition `platforms` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn condition_devices_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]},"devices":{"deviceFilter":{"mode":"include","rule":"x"}}},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}"#,
        &[
            "conditional-access/p.json:1:151: conditions.devices: the condition `devices` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn condition_client_applications_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]},"clientApplications":{"includeServicePrincipals":["x"]}},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}"#,
        &[
            "conditional-access/p.json:1:162: conditions.clientApplications: the condition `clientApplications` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn condition_sign_in_risk_levels_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]},"signInRiskLevels":["high"]},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}"#,
        &[
            "conditional-access/p.json:1:160: conditions.signInRiskLevels: the condition `signInRiskLevels` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn condition_user_risk_levels_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]},"userRiskLevels":["low"]},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}"#,
        &[
            "conditional-access/p.json:1:158: conditions.userRiskLevels: the condition `userRiskLevels` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn condition_service_principal_risk_levels_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]},"servicePrincipalRiskLevels":["low"]},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}"#,
        &[
            "conditional-access/p.json:1:170: conditions.servicePrincipalRiskLevels: the condition `servicePrincipalRiskLevels` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn condition_insider_risk_levels_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]},"insiderRiskLevels":"minor"},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}"#,
        &[
            "conditional-access/p.json:1:161: conditions.insiderRiskLevels: the condition `insiderRiskLevels` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn condition_authentication_flows_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]},"authenticationFlows":{"transferMethods":"deviceCodeFlow"}},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}"#,
        &[
            "conditional-access/p.json:1:163: conditions.authenticationFlows: the condition `authenticationFlows` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn condition_include_user_actions_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeUserActions":["urn:user:registerdevice"]}},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}"#,
        &[
            "conditional-access/p.json:1:131: conditions.applications.includeUserActions: the condition `includeUserActions` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn condition_application_filter_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"],"applicationFilter":{"mode":"include","rule":"x"}}},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}"#,
        &[
            "conditional-access/p.json:1:160: conditions.applications.applicationFilter: the condition `applicationFilter` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn control_approved_application_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]}},"grantControls":{"operator":"OR","builtInControls":["mfa","approvedApplication"]}}"#,
        &[
            "conditional-access/p.json:1:200: grantControls.builtInControls[1]: the control `approvedApplication` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn control_compliant_application_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]}},"grantControls":{"operator":"OR","builtInControls":["mfa","compliantApplication"]}}"#,
        &[
            "conditional-access/p.json:1:200: grantControls.builtInControls[1]: the control `compliantApplication` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn control_password_change_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]}},"grantControls":{"operator":"OR","builtInControls":["mfa","passwordChange"]}}"#,
        &[
            "conditional-access/p.json:1:200: grantControls.builtInControls[1]: the control `passwordChange` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn control_risk_remediation_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]}},"grantControls":{"operator":"OR","builtInControls":["mfa","riskRemediation"]}}"#,
        &[
            "conditional-access/p.json:1:200: grantControls.builtInControls[1]: the control `riskRemediation` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn custom_factors_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]}},"grantControls":{"operator":"OR","customAuthenticationFactors":["x"]}}"#,
        &[
            "conditional-access/p.json:1:205: grantControls.customAuthenticationFactors: `customAuthenticationFactors` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn custom_strength_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]}},"grantControls":{"operator":"OR","authenticationStrength":{"id":"aaaaaaaa-0000-4000-8000-000000000001"}}}"#,
        &[
            "conditional-access/p.json:1:206: grantControls.authenticationStrength.id: the custom authentication strength `aaaaaaaa-0000-4000-8000-000000000001` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn session_control_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]}},"sessionControls":{"signInFrequency":{"isEnabled":true,"value":1,"type":"hours"}}}"#,
        &[
            "conditional-access/p.json:1:179: sessionControls.signInFrequency: the session control `signInFrequency` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn resilience_defaults_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]}},"sessionControls":{"disableResilienceDefaults":true}}"#,
        &[
            "conditional-access/p.json:1:189: sessionControls.disableResilienceDefaults: the session control `disableResilienceDefaults` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn a_location_that_does_not_exist_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]},"locations":{"includeLocations":["hq"]}},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}"#,
        &[
            "conditional-access/p.json:1:174: conditions.locations.includeLocations[0]: there is no named location `hq`; add it, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn guests_named_in_two_ways_is_refused() {
    check(
        "conditional-access/p.json",
        r#"{"id":"p","displayName":"P","state":"enabled","conditions":{"users":{"includeUsers":["GuestsOrExternalUsers"],"includeGuestsOrExternalUsers":{"guestOrExternalUserTypes":"internalGuest"}},"applications":{"includeApplications":["All"]}},"grantControls":{"operator":"OR","builtInControls":["mfa"]}}"#,
        &[
            "conditional-access/p.json:1:142: conditions.users.includeGuestsOrExternalUsers: `GuestsOrExternalUsers` cannot stand in `includeUsers` beside `includeGuestsOrExternalUsers`; keep one of them, or set `state` to `disabled`",
        ],
    );
}

#[test]
fn conditions_of_the_beta_are_refused_too() {
    check(
        "conditional-access/p.json",
        r#"{"state":"enabled","partialEnablementStrategy":null,"conditions":{"times":{"all":true},"applications":{"networkAccess":{"x":1},"globalSecureAccess":{"x":1}}}}"#,
        &[
            "conditional-access/p.json:1:75: conditions.times: the condition `times` is not supported; remove it, or set `state` to `disabled`",
            "conditional-access/p.json:1:120: conditions.applications.networkAccess: the condition `networkAccess` is not supported; remove it, or set `state` to `disabled`",
            "conditional-access/p.json:1:149: conditions.applications.globalSecureAccess: the condition `globalSecureAccess` is not supported; remove it, or set `state` to `disabled`",
        ],
    );
}
