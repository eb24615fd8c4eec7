//! Documents that are in order, and what they are compiled to.

#[cfg(test)]
mod support;

use std::sync::Arc;

use crossgate_graph::{CrossTenantVerdict, InvitationVerdict, InvitedDomains, Inviters};
use crossgate_policy::ids::{Cloud, Id, TenantId, UnixTime};
use crossgate_policy::snapshot::{
    Access, ClientApps, Expiry, ExternalTenants, FallbackProvider, GuestKind, Operator, Origin,
    PolicyState, Redemption, RevocationKind, Strength, UserType,
};
use support::{MFA, PARTNER, advisories, faults, loaded, partner, partner_with, policy};

const ALL_USERS: &str = r#"{"target":"AllUsers","targetType":"user"}"#;
const ALL_APPS: &str = r#"{"target":"AllApplications","targetType":"application"}"#;
const GROUP: &str = r#"{"target":"AAAAAAAA-0000-4000-8000-000000000009","targetType":"group"}"#;
const APP: &str = r#"{"target":"aaaaaaaa-0000-4000-8000-000000000001","targetType":"application"}"#;

fn half(access: &str, targets: &str) -> String {
    format!(r#"{{"accessType":"{access}","targets":[{targets}]}}"#)
}

fn setting(name: &str, users: &str, apps: &str) -> String {
    format!(r#""{name}":{{"usersAndGroups":{users},"applications":{apps}}}"#)
}

#[test]
fn no_file_means_entras_initial_values() {
    let compiled = loaded(&[]);
    assert!(compiled.allowed_clouds.is_empty());
    assert_eq!(
        compiled.default.collaboration_inbound.users.access,
        Access::Allowed
    );
    assert_eq!(
        compiled.default.tenant_restrictions.apps.access,
        Access::Blocked
    );
    assert_eq!(
        compiled.default.tenant_restrictions.apps.origin,
        Origin::Initial
    );
    assert_eq!(compiled.external_collaboration.inviters, Inviters::Everyone);
    assert_eq!(
        compiled.redemption.fallback,
        FallbackProvider::DefaultConfigured
    );
    assert!(compiled.advisories.is_empty());
}

#[test]
fn dot_files_and_readmes_are_passed_over() {
    loaded(&[
        (".git/config", "["),
        ("README.md", "# Policy"),
        ("partners/.swp", ""),
    ]);
}

#[test]
fn entras_service_default_is_taken_as_exported() {
    let document = include_str!("documents/default.json");
    let compiled = loaded(&[("default.json", document)]);
    assert_eq!(
        compiled.default.id.unwrap().to_string(),
        "5c027107-0000-4000-8000-7df394bffd0a"
    );
    assert_eq!(
        compiled.default.direct_connect_inbound.users.origin,
        Origin::Written
    );
    assert_eq!(compiled.default.trust.mfa, Some(false));
    assert!(compiled.advisories.is_empty(), "{:?}", compiled.advisories);
}

#[test]
fn a_fresh_partner_inherits_everything() {
    let document = include_str!("documents/partner.json");
    let compiled = loaded(&[("partners/p.json", document)]);
    let tenant = TenantId::parse("3d0f5dec-0000-4000-8000-e2af1ae4d31a").unwrap();
    let partner = compiled.partners.get(tenant).unwrap();
    assert!(partner.collaboration_inbound.is_none() && partner.tenant_restrictions.is_none());
    assert_eq!(partner.automatic_consent_inbound, None);
    assert!(!partner.is_service_provider);
}

#[test]
fn the_sample_conditional_access_policy_is_compiled() {
    let document = include_str!("documents/guests-need-mfa.json");
    let compiled = loaded(&[("conditional-access.json", document)]);
    let policy = &compiled.conditional_access[0];
    let kinds = policy.include.kinds.as_ref().unwrap();
    assert_eq!(
        *kinds.kinds,
        [GuestKind::CollaborationGuest, GuestKind::DirectConnectUser]
    );
    assert!(matches!(&kinds.tenants, ExternalTenants::Enumerated(ids) if **ids == [partner()]));
    assert!(policy.apps.all && policy.controls.mfa && policy.locations.is_none());
    assert_eq!(policy.state, PolicyState::Enabled);
    assert_eq!(policy.client_apps, ClientApps::Modern);
}

#[test]
fn ids_in_capitals_are_the_same_ids() {
    let members = setting(
        "b2bCollaborationInbound",
        &half("blocked", GROUP),
        &half("blocked", ALL_APPS),
    );
    let compiled = loaded(&[("partners/p.json", &partner_with(&members))]);
    let setting = compiled
        .partners
        .get(partner())
        .unwrap()
        .collaboration_inbound
        .as_ref()
        .unwrap();
    assert!(
        setting
            .users
            .names_group(&Id::new("aaaaaaaa-0000-4000-8000-000000000009"))
    );
}

#[test]
fn a_list_an_envelope_and_lines_are_read_alike() {
    let one = format!(r#"{{"tenantId":"{PARTNER}","isServiceProvider":true}}"#);
    let list = format!("[{one}]");
    let envelope = format!(
        r#"{{"@odata.context":"…","value":[{{"identitySynchronization@odata.context":"…",{}]}}"#,
        &one[1..]
    );
    let lines = format!("{one}\n\n");
    for (path, text) in [
        ("partners/p.json", &one),
        ("partners.json", &list),
        ("partners.json", &envelope),
        ("partners.jsonl", &lines),
    ] {
        let compiled = loaded(&[(path, text)]);
        assert!(
            compiled
                .partners
                .get(partner())
                .unwrap()
                .is_service_provider,
            "{text}"
        );
    }
}

#[test]
fn equal_settings_are_shared_across_documents_and_threads() {
    let members = setting(
        "b2bCollaborationInbound",
        &half("allowed", ALL_USERS),
        &half("allowed", APP),
    );
    let line = |n| format!("{{\"tenantId\":\"22222222-2222-4222-8222-{n:012}\",{members}}}\n");
    let lines: String = (0..10_000).map(line).collect();
    let compiled = loaded(&[("partners.jsonl", &lines)]);
    assert_eq!(
        (compiled.counts.partners, compiled.counts.distinct_settings),
        (10_000, 1)
    );
    let mut settings = compiled
        .partners
        .iter()
        .map(|(_, p)| p.collaboration_inbound.as_ref().unwrap());
    let first = settings.next().unwrap();
    assert!(settings.all(|setting| Arc::ptr_eq(first, setting)));
}

#[test]
fn a_missing_half_comes_from_the_default_and_is_told() {
    let default = format!(
        "{{{}}}",
        setting(
            "b2bCollaborationInbound",
            &half("allowed", ALL_USERS),
            &half("blocked", APP)
        )
    );
    let members = format!(
        r#""b2bCollaborationInbound":{{"usersAndGroups":{}}}"#,
        half("allowed", GROUP)
    );
    let document = partner_with(&members);
    let directory = [("default.json", &*default), ("partners/p.json", &*document)];
    let compiled = loaded(&directory);
    let setting = compiled
        .partners
        .get(partner())
        .unwrap()
        .collaboration_inbound
        .as_ref()
        .unwrap();
    assert!(
        setting
            .apps
            .names(&Id::new("aaaaaaaa-0000-4000-8000-000000000001"))
    );
    assert_eq!(
        (setting.users.origin, setting.apps.origin),
        (Origin::Written, Origin::Default)
    );
    assert_eq!(
        advisories(&directory),
        [
            "partners/p.json: b2bCollaborationInbound: `applications` is missing and is taken from `default`; write it out"
        ]
    );
}

#[test]
fn a_missing_half_of_the_default_is_the_initial_value() {
    let default = format!(
        r#"{{"b2bDirectConnectInbound":{{"usersAndGroups":{}}}}}"#,
        half("blocked", ALL_USERS)
    );
    let compiled = loaded(&[("default.json", &default)]);
    let apps = &compiled.default.direct_connect_inbound.apps;
    assert_eq!(
        (apps.access, apps.all, apps.origin),
        (Access::Blocked, true, Origin::Initial)
    );
    assert_eq!(
        advisories(&[("default.json", &default)]),
        [
            "default.json: b2bDirectConnectInbound: `applications` is missing and is taken from Entra's initial value; write it out"
        ]
    );
}

#[test]
fn settings_without_conflict_are_accepted() {
    for (users, apps) in [
        (half("allowed", ALL_USERS), half("allowed", ALL_APPS)),
        (half("blocked", ALL_USERS), half("blocked", ALL_APPS)),
        (half("blocked", GROUP), half("blocked", ALL_APPS)),
        (half("blocked", GROUP), half("blocked", APP)),
        (half("blocked", GROUP), half("allowed", APP)),
        (half("allowed", GROUP), half("blocked", APP)),
        (half("allowed", GROUP), half("allowed", ALL_APPS)),
    ] {
        let members = setting("tenantRestrictions", &users, &apps);
        loaded(&[("partners/p.json", &partner_with(&members))]);
    }
}

#[test]
fn groups_may_stand_in_the_outbound_default() {
    let members = setting(
        "b2bCollaborationOutbound",
        &half("blocked", GROUP),
        &half("blocked", ALL_APPS),
    );
    loaded(&[("default.json", &format!("{{{members}}}"))]);
}

#[test]
fn all_microsoft_accounts_may_be_admitted() {
    let members = setting(
        "tenantRestrictions",
        &half("allowed", ALL_USERS),
        &half("allowed", APP),
    );
    let document = format!(r#"{{"tenantId":"9188040d-6c67-4c5b-b112-36a304b66dad",{members}}}"#);
    let compiled = loaded(&[("partners/msa.json", &document)]);
    assert!(
        compiled
            .partners
            .get(TenantId::MICROSOFT_ACCOUNTS)
            .is_some()
    );
}

#[test]
fn another_cloud_a_redemption_order_and_false_consent_are_accepted() {
    let compiled = loaded(&[
        (
            "cross-tenant-access-policy.json",
            r#"{"@odata.context":"…","id":"x","displayName":"CrossTenantAccessPolicy","allowedCloudEndpoints":["microsoftonline.us"]}"#,
        ),
        (
            "default.json",
            r#"{"automaticUserConsentSettings":{"inboundAllowed":false,"outboundAllowed":null},"invitationRedemptionIdentityProviderConfiguration":{"primaryIdentityProviderPrecedenceOrder":[],"fallbackIdentityProvider":"emailOneTimePasscode"}}"#,
        ),
    ]);
    assert_eq!(*compiled.allowed_clouds, [Cloud::UsGov]);
    assert!(compiled.redemption.primary.is_empty());
    assert_eq!(
        compiled.redemption.fallback,
        FallbackProvider::EmailOneTimePasscode
    );
}

#[test]
fn a_guest_record_is_compiled() {
    let compiled = loaded(&[(
        "guests.jsonl",
        r#"{"id":"G","displayName":"Ada","mail":"ada@fabrikam.com","userType":"Member","accountEnabled":false,"externalUserState":"PendingAcceptance","deletedDateTime":"2026-01-01T00:00:00Z","identities":[{"signInType":"federated","issuer":"ExternalAzureAD","issuerAssignedId":null}],"crossgate":{"homeTenantId":"22222222-2222-4222-8222-222222222222","homeUserId":"U","homeGroups":["b","a"],"consentGiven":false,"expiresDateTime":"2026-06-01T00:00:00.9Z"}}"#,
    )]);
    let guest = &compiled.guests.records.iter().next().unwrap();
    assert_eq!(guest.home_tenant, Some(partner()));
    assert_eq!(guest.home_user_id, Some(Id::new("U")));
    assert_eq!(
        guest.home_groups.as_deref(),
        Some(&[Id::new("a"), Id::new("b")][..])
    );
    assert_eq!(
        (guest.user_type, guest.redemption),
        (UserType::Member, Redemption::Pending)
    );
    assert!(guest.deleted && !guest.enabled && !guest.consent_given);
    assert_eq!(guest.expires, Expiry::new(1_780_272_000));
}

#[test]
fn a_deleted_record_may_share_its_home_identity() {
    let home = format!(r#""crossgate":{{"homeTenantId":"{PARTNER}","homeUserId":"u"}}"#);
    let lines = format!(
        "{{\"id\":\"a\",\"deletedDateTime\":\"2026-01-01T00:00:00Z\",{home}}}\n{{\"id\":\"b\",{home}}}"
    );
    assert_eq!(loaded(&[("guests.jsonl", &lines)]).counts.guests, 2);
}

#[test]
fn a_revocation_is_compiled() {
    let line =
        format!(r#"{{"kind":"tenant","id":"{PARTNER}","notBefore":"2026-01-01T00:00:00.5Z"}}"#);
    let compiled = loaded(&[("revocations.jsonl", &line)]);
    assert_eq!(
        compiled
            .revocations
            .of(RevocationKind::Tenant, &PARTNER.into(), None),
        UnixTime::new(1_767_225_600.5)
    );
    assert_eq!(compiled.revocations.len(), 1);
}

#[test]
fn assignments_as_graph_exports_them_are_compiled_and_members_count_by_their_group() {
    let assignments = r#"{"id":"x","createdDateTime":"2026-01-01T00:00:00Z","deletedDateTime":null,"appRoleId":"00000000-0000-0000-0000-000000000000","principalDisplayName":"Ada","principalId":"ada","principalType":"User","resourceDisplayName":"CRM","resourceId":"crm"}
{"principalId":"team","principalType":"Group","resourceId":"payroll"}"#;
    let compiled = loaded(&[
        ("app-role-assignments.jsonl", assignments),
        (
            "groups.jsonl",
            r#"{"id":"team","displayName":"Team","mailEnabled":false,"securityEnabled":true,"mailNickname":"team","groupTypes":[]}"#,
        ),
        (
            "group-members.jsonl",
            r#"{"groupId":"team","memberId":"bob"}"#,
        ),
        (
            "owners.jsonl",
            r#"{"ownerId":"ada","objectType":"group","objectId":"team"}"#,
        ),
    ]);
    let of = |user: &str, app: &str| {
        let by = compiled.assignments.of(&user.into(), &app.into());
        by.is_some()
    };
    assert!(of("ada", "crm") && of("bob", "payroll"));
    assert!(!of("ada", "payroll") && !of("bob", "crm"));
    let counts = compiled.counts;
    assert_eq!((counts.app_role_assignments, counts.group_members), (2, 1));
}

#[test]
fn all_trusted_stands_for_the_ranges_of_every_trusted_location() {
    let compiled = loaded(&[
        (
            "named-locations/all.json",
            r##"{"value":[{"@odata.type":"#microsoft.graph.ipNamedLocation","id":"hq","displayName":"HQ","isTrusted":true,"ipRanges":[{"@odata.type":"#microsoft.graph.iPv4CidrRange","cidrAddress":"192.0.2.0/24"}]},{"id":"other","ipRanges":[{"cidrAddress":"198.51.100.0/24"}]}]}"##,
        ),
        (
            "conditional-access/p.json",
            &policy(
                r#","locations":{"includeLocations":[],"excludeLocations":["AllTrusted"]}"#,
                MFA,
            ),
        ),
    ]);
    let locations = compiled.conditional_access[0].locations.as_ref().unwrap();
    assert!(locations.include_all && !locations.exclude_all);
    assert_eq!(*locations.exclude, ["192.0.2.0/24".parse().unwrap()]);
}

#[test]
fn a_country_location_is_refused_where_an_enabled_policy_names_it() {
    let country = r##"{"@odata.type":"#microsoft.graph.countryNamedLocation","id":"se","displayName":"Sweden","countriesAndRegions":["SE"],"countryLookupMethod":"clientIpAddress","includeUnknownCountriesAndRegions":false}"##;
    loaded(&[("named-locations/se.json", country)]);
    let policy = policy(r#","locations":{"includeLocations":["se"]}"#, MFA);
    assert_eq!(
        faults(&[
            ("named-locations/se.json", country),
            ("conditional-access/p.json", &policy)
        ]),
        [
            "conditional-access/p.json:1:174: conditions.locations.includeLocations[0]: the country location `se` is not supported; remove it, or set `state` to `disabled`"
        ]
    );
}

#[test]
fn strength_terms_and_block_beside_others_are_compiled() {
    let grant = r#","grantControls":{"operator":"OR","builtInControls":["block","mfa","domainJoinedDevice"],"termsOfUse":["t1","t2"],"authenticationStrength":{"id":"00000000-0000-0000-0000-000000000004","displayName":"Phishing-resistant MFA","policyType":"builtIn","allowedCombinations":["fido2"]}}"#;
    let compiled = loaded(&[("conditional-access/p.json", &policy("", grant))]);
    let controls = &compiled.conditional_access[0].controls;
    assert_eq!(controls.operator, Operator::Or);
    assert!(
        controls.block
            && controls.mfa
            && controls.hybrid_joined_device
            && !controls.compliant_device
    );
    assert_eq!(controls.strength, Some(Strength::PhishingResistant));
    assert_eq!(controls.terms_of_use.len(), 2);
}

#[test]
fn legacy_clients_alone_are_told_from_modern_ones() {
    for (types, expected) in [
        (r#"["exchangeActiveSync","other"]"#, ClientApps::LegacyOnly),
        (r#"["other","browser"]"#, ClientApps::Modern),
        ("[]", ClientApps::Modern),
    ] {
        let text = policy(&format!(r#","clientAppTypes":{types}"#), MFA);
        let compiled = loaded(&[("conditional-access/p.json", &text)]);
        assert_eq!(
            compiled.conditional_access[0].client_apps, expected,
            "{types}"
        );
    }
}

#[test]
fn a_disabled_policy_may_say_what_is_not_supported() {
    let text =
        policy(r#","signInRiskLevels":["high"]"#, MFA).replace(r#""enabled""#, r#""disabled""#);
    let compiled = loaded(&[("conditional-access/p.json", &text)]);
    assert!(compiled.conditional_access.is_empty() && compiled.advisories.is_empty());
    assert_eq!(compiled.counts.disabled_policies, 1);
}

#[test]
fn a_report_only_policy_with_what_is_not_supported_is_left_out_and_told() {
    let text = policy(r#","signInRiskLevels":["high"]"#, MFA)
        .replace(r#""enabled""#, r#""enabledForReportingButNotEnforced""#);
    let directory = [("conditional-access/p.json", &*text)];
    assert!(loaded(&directory).conditional_access.is_empty());
    assert_eq!(
        advisories(&directory),
        [
            "conditional-access/p.json: conditions.signInRiskLevels: the condition `signInRiskLevels` is not supported: this report-only policy is left out"
        ]
    );
}

#[test]
fn empty_conditions_are_no_conditions() {
    let empty = r#","platforms":null,"devices":null,"signInRiskLevels":[],"insiderRiskLevels":null,"locations":{"includeLocations":[],"excludeLocations":[]}"#;
    let session = r#","sessionControls":{"signInFrequency":{"isEnabled":false,"value":4}}"#;
    let text = policy(empty, &format!("{MFA}{session}"));
    let compiled = loaded(&[("conditional-access/p.json", &text)]);
    assert!(compiled.conditional_access[0].locations.is_none());
}

#[test]
fn what_is_kept_and_not_enforced_is_told_once_a_kind() {
    let lines = "{\"tenantId\":\"22222222-2222-4222-8222-222222222222\",\"crossCloudMeetingConfiguration\":{\"inboundAllowed\":true}}\n\
                 {\"tenantId\":\"33333333-3333-4333-8333-333333333333\",\"crossCloudMeetingConfiguration\":{\"inboundAllowed\":true}}";
    assert_eq!(
        advisories(&[("partners.jsonl", lines)]),
        [
            "partners.jsonl:1: crossCloudMeetingConfiguration: `crossCloudMeetingConfiguration` is kept and not enforced (and 1 more place)"
        ]
    );
}

#[test]
fn microsofts_bundles_match_nothing_and_are_told() {
    let bundle = r#"{"target":"Office365","targetType":"application"}"#;
    let members = setting(
        "b2bCollaborationInbound",
        &half("allowed", ALL_USERS),
        &half("allowed", bundle),
    );
    assert_eq!(
        advisories(&[("partners/p.json", &partner_with(&members))]),
        [
            "partners/p.json: b2bCollaborationInbound.applications: `Office365` names Microsoft's own apps and matches none behind this gateway"
        ]
    );
}

#[test]
fn who_makes_a_partner_a_service_provider_is_told_what_that_opens() {
    let told = |value: &str| {
        let document = partner_with(&format!(r#""isServiceProvider":{value}"#));
        advisories(&[("partners/p.json", &document)])
    };
    assert_eq!(
        told("true"),
        [
            "partners/p.json: isServiceProvider: of a service provider, whoever is no guest is admitted by `b2bCollaborationInbound` and not by `b2bDirectConnectInbound`, and its users' MFA counts whatever `inboundTrust` says"
        ]
    );
    assert_eq!(told("false"), [""; 0]);
    assert_eq!(told("null"), [""; 0]);
}

#[test]
fn blocking_everything_outbound_tells_of_rights_management() {
    let members = setting(
        "b2bCollaborationOutbound",
        &half("blocked", ALL_USERS),
        &half("blocked", ALL_APPS),
    );
    assert_eq!(
        advisories(&[("default.json", &format!("{{{members}}}"))]),
        [
            "default.json: b2bCollaborationOutbound: all applications are blocked, also Rights Management `00000012-0000-0000-c000-000000000000`, which reading encrypted mail of other organisations needs"
        ]
    );
}

#[test]
fn direct_connect_users_who_cannot_do_mfa_are_told_of() {
    let members = setting(
        "b2bDirectConnectInbound",
        &half("allowed", ALL_USERS),
        &half("allowed", ALL_APPS),
    );
    let policy = policy("", MFA);
    let open = partner_with(&members);
    let trusted = partner_with(&format!(
        r#"{members},"inboundTrust":{{"isMfaAccepted":true}}"#
    ));
    assert_eq!(
        advisories(&[
            ("partners/p.json", &open),
            ("conditional-access/p.json", &policy)
        ]),
        [
            "partner 22222222-2222-4222-8222-222222222222: direct connect users come in here, Conditional Access demands MFA of them, and `inboundTrust.isMfaAccepted` is not true: they will be refused"
        ]
    );
    assert!(
        advisories(&[
            ("partners/p.json", &trusted),
            ("conditional-access/p.json", &policy)
        ])
        .is_empty()
    );
}

#[test]
fn invitations_need_both_the_domain_list_and_the_settings() {
    use CrossTenantVerdict::{Admits, Refuses};
    let definition = |lists: &str| {
        format!(
            r#"{{"allowInvitesFrom":"adminsAndGuestInviters","definition":["{{\"B2BManagementPolicy\":{{\"InvitationsAllowedAndBlockedDomainsPolicy\":{}}}}}"]}}"#,
            lists.replace('"', "\\\"")
        )
    };
    let blocked = definition(r#"{"AllowedDomains":[],"BlockedDomains":["Live.com"]}"#);
    let allowed = definition(r#"{"AllowedDomains":["fabrikam.com"]}"#);
    let load = |text: &str| loaded(&[("external-collaboration.json", text)]).external_collaboration;
    let (blocked, allowed, none) = (load(&blocked), load(&allowed), load("{}"));
    assert_eq!(blocked.inviters, Inviters::AdminsAndGuestInviters);
    assert_eq!(none.domains, InvitedDomains::Any);
    for (list, domain, settings, expected) in [
        (
            &blocked,
            "LIVE.COM",
            Admits,
            InvitationVerdict::DomainRefused,
        ),
        (
            &blocked,
            "live.com",
            Refuses,
            InvitationVerdict::DomainRefused,
        ),
        (&blocked, "sub.live.com", Admits, InvitationVerdict::Allowed),
        (
            &allowed,
            "fabrikam.com",
            Refuses,
            InvitationVerdict::CrossTenantRefused,
        ),
        (&allowed, "fabrikam.com", Admits, InvitationVerdict::Allowed),
        (
            &allowed,
            "adatum.com",
            Admits,
            InvitationVerdict::DomainRefused,
        ),
        (&none, "adatum.com", Admits, InvitationVerdict::Allowed),
        (
            &none,
            "adatum.com",
            Refuses,
            InvitationVerdict::CrossTenantRefused,
        ),
    ] {
        assert_eq!(
            list.invitation_verdict(domain, settings),
            expected,
            "{domain} {settings:?}"
        );
    }
}
