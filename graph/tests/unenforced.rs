//! What is kept and not enforced, and is told.

#[cfg(test)]
mod support;

use support::{advisories, partner_with};

#[test]
fn every_property_that_nothing_enforces_is_named_where_it_says_something() {
    let unenforced = |name: &str| format!("{name} is kept and not enforced");
    let partner = [
        ("isInMultiTenantOrganization", "true"),
        ("serviceProviderConstraints", r#"{"id":"x"}"#),
        ("blockServiceProviderOutboundAccess", "true"),
        ("protectedContentSharing", r#"{"inboundAllowed":true}"#),
    ];
    for (name, value) in partner {
        let document = partner_with(&format!(r#""{name}":{value}"#));
        let told = advisories(&[("partners/p.json", &document)]);
        let expected = unenforced(&format!("partners/p.json: {name}: `{name}`"));
        assert_eq!(told, [expected]);
    }
    let countries = r##"{"id":"x","@odata.type":"#microsoft.graph.countryNamedLocation","countriesAndRegions":["SE"]}"##;
    let order = r#"{"primaryIdentityProviderPrecedenceOrder":[],"fallbackIdentityProvider":"microsoftAccount"}"#;
    let order = format!(r#"{{"invitationRedemptionIdentityProviderConfiguration":{order}}}"#);
    for (file, document, at, what) in [
        (
            "external-collaboration.json",
            r#"{"B2BManagementPolicy":{"AutoRedeemPolicy":{"AdminConsentedForUsersIntoTenantIds":["x"]}}}"#,
            "B2BManagementPolicy",
            "`AutoRedeemPolicy`",
        ),
        (
            "external-identities-policy.json",
            r#"{"allowDeletedIdentitiesDataRemoval":true}"#,
            "allowDeletedIdentitiesDataRemoval",
            "`allowDeletedIdentitiesDataRemoval`",
        ),
        (
            "default.json",
            &order,
            "invitationRedemptionIdentityProviderConfiguration",
            "`invitationRedemptionIdentityProviderConfiguration`",
        ),
        (
            "named-locations/l.json",
            countries,
            "countriesAndRegions",
            "`countriesAndRegions`",
        ),
    ] {
        let told = advisories(&[(file, document)]);
        assert_eq!(told, [unenforced(&format!("{file}: {at}: {what}"))]);
    }
}

#[test]
fn who_may_invite_and_whom_is_enforced_and_gives_no_cause_for_a_remark() {
    let domains =
        r#"{"InvitationsAllowedAndBlockedDomainsPolicy":{"BlockedDomains":["live.com"]}}"#;
    for inviters in [
        "none",
        "adminsAndGuestInviters",
        "adminsGuestInvitersAndAllMembers",
        "everyone",
    ] {
        let document =
            format!(r#"{{"allowInvitesFrom":"{inviters}","B2BManagementPolicy":{domains}}}"#);
        let told = advisories(&[("external-collaboration.json", &document)]);
        assert!(told.is_empty(), "{inviters}: {told:?}");
    }
}

#[test]
fn entras_initial_values_give_no_cause_for_a_remark() {
    let order = r#"{"primaryIdentityProviderPrecedenceOrder":["azureActiveDirectory","externalFederation","socialIdentityProviders"],"fallbackIdentityProvider":"defaultConfiguredIdp"}"#;
    let default = format!(
        r#"{{"isServiceDefault":true,"invitationRedemptionIdentityProviderConfiguration":{order}}}"#
    );
    let partner = partner_with(
        r#""isInMultiTenantOrganization":false,"isServiceProvider":null,"crossCloudMeetingConfiguration":{"inboundAllowed":false}"#,
    );
    let collaboration = r#"{"allowInvitesFrom":"everyone","definition":["{\"B2BManagementPolicy\":{\"InvitationsAllowedAndBlockedDomainsPolicy\":{\"AllowedDomains\":[]}}}"]}"#;
    let told = advisories(&[
        ("default.json", &default),
        ("partners/p.json", &partner),
        ("external-collaboration.json", collaboration),
    ]);
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn what_graph_says_about_an_answer_is_passed_over() {
    let tip = r#""@microsoft.graph.tips":"Use $select"#;
    let list = format!(
        r#"{{{tip}","value":[{}]}}"#,
        partner_with(r#""isServiceProvider":false"#)
    );
    assert_eq!(advisories(&[("partners.json", &list)]), [""; 0]);
    assert_eq!(
        advisories(&[("default.json", &format!(r#"{{{tip}"}}"#))]),
        [""; 0]
    );
}

#[test]
fn terms_of_use_are_told_with_how_they_are_accepted() {
    let policy = r#"{"id":"x","displayName":"Terms","state":"enabled","conditions":{"users":{"includeUsers":["All"]},"applications":{"includeApplications":["All"]},"clientAppTypes":["all"]},"grantControls":{"operator":"OR","builtInControls":[],"termsOfUse":["77777777-0000-4000-8000-000000000001"]}}"#;
    let told = advisories(&[("conditional-access/terms.json", policy)]);
    assert!(
        told.iter().any(|told| told.contains("`[[terms]]`")),
        "{told:?}"
    );
}
