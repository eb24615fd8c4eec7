//! Partners, guests, revocations, locations and collaboration settings with one fault each, and every word of what is said about it.

#[cfg(test)]
mod support;

use support::faults;

#[track_caller]
fn check(path: &str, text: &str, expected: &[&str]) {
    assert_eq!(faults(&[(path, text)]), expected);
}

#[test]
fn no_tenant_id_is_refused() {
    check(
        "partners/p.json",
        r#"{"inboundTrust":null}"#,
        &["partners/p.json:1:1: tenantId: `tenantId` is missing; expected the partner's tenant id"],
    );
}

#[test]
fn a_tenant_id_that_is_none_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"contoso"}"#,
        &[
            "partners/p.json:1:13: tenantId: `contoso` is not a tenant id; expected a GUID such as `3f2504e0-4f89-41d3-9a0c-0305e82c3301`",
        ],
    );
}

#[test]
fn the_own_tenant_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"11111111-1111-4111-8111-111111111111"}"#,
        &[
            "partners/p.json:1:13: tenantId: the own tenant cannot be its own partner; remove the document",
        ],
    );
}

#[test]
fn a_partner_twice_is_refused() {
    check(
        "partners.jsonl",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222"}

{"tenantId":"22222222-2222-4222-8222-222222222222"}
"#,
        &[
            "partners.jsonl:3:13: tenantId: `22222222-2222-4222-8222-222222222222` has a document already, `partners.jsonl:1`; keep one of them",
        ],
    );
}

#[test]
fn a_partner_twice_in_a_list_is_refused() {
    check(
        "partners.json",
        r#"{"value":[{"tenantId":"22222222-2222-4222-8222-222222222222"},{"tenantId":"22222222-2222-4222-8222-222222222222"}]}"#,
        &[
            "partners.json:1:75: value[1].tenantId: `22222222-2222-4222-8222-222222222222` has a document already, `partners.json: value[0]`; keep one of them",
        ],
    );
}

#[test]
fn a_deleted_partner_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","deletedDateTime":"2026-01-01T00:00:00Z"}"#,
        &[
            "partners/p.json:1:70: deletedDateTime: a deleted configuration is not in force; remove the document",
        ],
    );
}

#[test]
fn a_redemption_order_of_a_partner_is_refused() {
    check(
        "partners/p.json",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222","invitationRedemptionIdentityProviderConfiguration":{"fallbackIdentityProvider":"defaultConfiguredIdp"}}"#,
        &[
            "partners/p.json:1:104: invitationRedemptionIdentityProviderConfiguration: only the default has a redemption order; set it to null here",
        ],
    );
}

#[test]
fn a_broken_line_is_refused() {
    check(
        "partners.jsonl",
        r#"{"tenantId":"22222222-2222-4222-8222-222222222222"}
{"tenantId":}
"#,
        &["partners.jsonl:2:13: not JSON: expected value"],
    );
}

#[test]
fn a_guest_without_id_is_refused() {
    check(
        "guests.jsonl",
        r#"{"displayName":"Ada"}"#,
        &["guests.jsonl:1:1: id: `id` is missing; expected the guest's id in the own directory"],
    );
}

#[test]
fn a_guest_id_twice_is_refused() {
    check(
        "guests.jsonl",
        r#"{"id":"a"}
{"id":"a"}"#,
        &["guests.jsonl:2:7: id: `a` has a record already, `guests.jsonl:1`; keep one of them"],
    );
}

#[test]
fn one_home_identity_twice_is_refused() {
    check(
        "guests.jsonl",
        r#"{"id":"a","crossgate":{"homeTenantId":"22222222-2222-4222-8222-222222222222","homeUserId":"u"}}
{"id":"b","crossgate":{"homeTenantId":"22222222-2222-4222-8222-222222222222","homeUserId":"u"}}"#,
        &[
            "guests.jsonl:2:91: crossgate.homeUserId: `u` of `22222222-2222-4222-8222-222222222222` is a guest already, `guests.jsonl:1`; keep one record, or mark one deleted",
        ],
    );
}

#[test]
fn a_home_tenant_that_is_none_is_refused() {
    check(
        "guests.jsonl",
        r#"{"id":"a","crossgate":{"homeTenantId":"fabrikam.com"}}"#,
        &[
            "guests.jsonl:1:39: crossgate.homeTenantId: `fabrikam.com` is not a tenant id; expected a GUID such as `3f2504e0-4f89-41d3-9a0c-0305e82c3301`",
        ],
    );
}

#[test]
fn an_unknown_user_type_is_refused() {
    check(
        "guests.jsonl",
        r#"{"id":"a","userType":"guest"}"#,
        &["guests.jsonl:1:22: userType: `guest` is not a user type; expected `Guest` or `Member`"],
    );
}

#[test]
fn an_unknown_user_state_is_refused() {
    check(
        "guests.jsonl",
        r#"{"id":"a","externalUserState":"Pending"}"#,
        &[
            "guests.jsonl:1:31: externalUserState: `Pending` is not an external user state; expected `PendingAcceptance` or `Accepted`",
        ],
    );
}

#[test]
fn a_bad_deletion_date_is_refused() {
    check(
        "guests.jsonl",
        r#"{"id":"a","deletedDateTime":"yesterday"}"#,
        &[
            "guests.jsonl:1:29: deletedDateTime: `yesterday` is not a time; expected one such as `2026-01-01T00:00:00Z`",
        ],
    );
}

#[test]
fn an_empty_revocation_is_refused() {
    check(
        "revocations.jsonl",
        "{}",
        &[
            "revocations.jsonl:1:1: id: `id` is missing; expected the id of what is revoked",
            "revocations.jsonl:1:1: kind: `kind` is missing; expected `user`, `guest`, `session`, `token` or `tenant`",
            "revocations.jsonl:1:1: notBefore: `notBefore` is missing; expected a time such as `2026-01-01T00:00:00Z`",
        ],
    );
}

#[test]
fn an_unknown_kind_is_refused() {
    check(
        "revocations.jsonl",
        r#"{"kind":"users","id":"a","notBefore":"2026-01-01T00:00:00Z"}"#,
        &[
            "revocations.jsonl:1:9: kind: `users` is not a kind of revocation; expected `user`, `guest`, `session`, `token` or `tenant`",
        ],
    );
}

#[test]
fn a_bad_time_is_refused() {
    check(
        "revocations.jsonl",
        r#"{"kind":"user","id":"a","notBefore":1767225600}"#,
        &[
            "revocations.jsonl:1:37: notBefore: expected a time such as `2026-01-01T00:00:00Z`, found the number `1767225600`",
        ],
    );
}

#[test]
fn a_time_before_1970_is_refused() {
    check(
        "revocations.jsonl",
        r#"{"kind":"user","id":"a","notBefore":"1969-12-31T23:59:59Z"}"#,
        &["revocations.jsonl:1:37: notBefore: no sign-in is that old; expected a time since 1970"],
    );
}

#[test]
fn a_revoked_tenant_that_is_none_is_refused() {
    check(
        "revocations.jsonl",
        r#"{"kind":"tenant","id":"fabrikam","notBefore":"2026-01-01T00:00:00Z"}"#,
        &["revocations.jsonl:1:23: id: `fabrikam` is not a tenant id; expected a GUID"],
    );
}

#[test]
fn an_assignment_of_what_cannot_be_assigned_is_refused() {
    let path = "app-role-assignments.jsonl";
    check(
        path,
        r#"{"principalType":"ServicePrincipal","principalId":"a","resourceId":"b"}"#,
        &[
            "app-role-assignments.jsonl:1:18: principalType: `ServicePrincipal` is not a type of principal that can be assigned here; expected `User` or `Group`",
        ],
    );
    check(
        path,
        "{}",
        &[
            "app-role-assignments.jsonl:1:1: principalId: `principalId` is missing; expected the id of who is assigned",
            "app-role-assignments.jsonl:1:1: principalType: `principalType` is missing; expected `User` or `Group`",
            "app-role-assignments.jsonl:1:1: resourceId: `resourceId` is missing; expected the id of an app",
        ],
    );
    check(
        path,
        r#"{"principalType":"User","principalId":"a","resourceId":"b","appRoleId":"c"}"#,
        &[
            "app-role-assignments.jsonl:1:72: appRoleId: `c` is a role of the app, which tokens tell of; only the default access `00000000-0000-0000-0000-000000000000` is assigned here",
        ],
    );
    let line = r#"{"principalType":"User","principalId":"a","resourceId":"b"}"#;
    check(
        path,
        &format!("{line}\n{line}"),
        &["app-role-assignments.jsonl:2:1: `b/a` has a line already; keep one of them"],
    );
    // Both would be kept under one name.
    let group = r#"{"principalType":"Group","principalId":"a","resourceId":"b"}"#;
    check(
        path,
        &format!("{line}\n{group}"),
        &["app-role-assignments.jsonl:2:1: `b/a` has a line already; keep one of them"],
    );
    check(
        path,
        r#"{"principalType":"User","principalId":"a","resourceId":"b","deletedDateTime":"2026-01-01T00:00:00Z"}"#,
        &[
            "app-role-assignments.jsonl:1:78: deletedDateTime: the assignment was deleted, and would let its principal in; expected null, or no such document",
        ],
    );
}

#[test]
fn a_group_that_is_more_than_a_list_of_members_is_refused() {
    check(
        "groups.jsonl",
        r#"{"id":"a","mailEnabled":true,"securityEnabled":false,"groupTypes":["DynamicMembership"]}"#,
        &[
            "groups.jsonl:1:1: displayName: `displayName` is missing; expected what people call the group",
            "groups.jsonl:1:25: mailEnabled: no mail reaches a group here; expected false",
            "groups.jsonl:1:48: securityEnabled: a group is here to be assigned to apps; expected true",
            "groups.jsonl:1:67: groupTypes: a group here has the members that it is given; expected an empty list",
        ],
    );
    check(
        "group-members.jsonl",
        r#"{"groupId":"a/b","memberId":"c"}"#,
        &[
            "group-members.jsonl:1:12: groupId: `a/b` has a `/`, which parts the names of documents; expected an id without",
        ],
    );
}

#[test]
fn an_owner_of_nothing_is_refused() {
    check(
        "owners.jsonl",
        r#"{"ownerId":"a","objectId":"b"}"#,
        &[
            "owners.jsonl:1:1: objectType: `objectType` is missing; expected `servicePrincipal` or `group`",
        ],
    );
}

#[test]
fn a_bad_range_is_refused() {
    check(
        "named-locations/l.json",
        r#"{"id":"l","ipRanges":[{"cidrAddress":"192.0.2.0/33"}]}"#,
        &[
            "named-locations/l.json:1:38: ipRanges[0].cidrAddress: `192.0.2.0/33` is not an address range; expected one such as `192.0.2.0/24` or `2001:db8::/32`",
        ],
    );
}

#[test]
fn a_location_without_ranges_is_refused() {
    check(
        "named-locations/l.json",
        r#"{"id":"l"}"#,
        &[
            "named-locations/l.json:1:1: ipRanges: the location has no address ranges; list at least one",
        ],
    );
}

#[test]
fn a_location_without_id_is_refused() {
    check(
        "named-locations/l.json",
        r#"{"ipRanges":[{"cidrAddress":"192.0.2.0/24"}]}"#,
        &["named-locations/l.json:1:1: id: `id` is missing; policies name the location by it"],
    );
}

#[test]
fn both_domain_lists_is_refused() {
    check(
        "external-collaboration.json",
        r#"{"B2BManagementPolicy":{"InvitationsAllowedAndBlockedDomainsPolicy":{"AllowedDomains":["a.example"],"BlockedDomains":["b.example"]}}}"#,
        &[
            "external-collaboration.json:1:24: B2BManagementPolicy: there can be `AllowedDomains` or `BlockedDomains`, not both; empty one of them",
        ],
    );
}

#[test]
fn a_definition_that_is_none_is_refused() {
    check(
        "external-collaboration.json",
        r#"{"definition":["{}}"]}"#,
        &[
            r#"external-collaboration.json:1:16: definition[0]: not the text of a `B2BManagementPolicy`; expected one such as `{"B2BManagementPolicy":{"InvitationsAllowedAndBlockedDomainsPolicy":{"AllowedDomains":["fabrikam.com"]}}}`"#,
        ],
    );
}

#[test]
fn an_unknown_circle_of_inviters_is_refused() {
    check(
        "external-collaboration.json",
        r#"{"allowInvitesFrom":"admins"}"#,
        &[
            "external-collaboration.json:1:21: allowInvitesFrom: `admins` is not a circle of inviters; expected `none`, `adminsAndGuestInviters`, `adminsGuestInvitersAndAllMembers` or `everyone`",
        ],
    );
}

#[test]
fn a_revocation_of_something_else_in_a_tenant_that_it_cannot_be_of_is_refused() {
    let tenant = "22222222-2222-4222-8222-222222222222";
    let line = |kind: &str, id: &str, tenant: &str| {
        format!(
            r#"{{"kind":"{kind}","id":"{id}","tenant":"{tenant}","notBefore":"2026-01-01T00:00:00Z"}}"#
        )
    };
    check(
        "revocations.jsonl",
        &line("guest", "ada", tenant),
        &[
            "revocations.jsonl:1:37: tenant: a guest is a record here, of no other tenant; remove `tenant`",
        ],
    );
    check(
        "revocations.jsonl",
        &line("tenant", "11111111-1111-4111-8111-111111111111", tenant),
        &[
            "revocations.jsonl:1:71: tenant: `22222222-2222-4222-8222-222222222222` is not the tenant in `id`; remove `tenant`",
        ],
    );
    check(
        "revocations.jsonl",
        &line("user", "ada", "fabrikam"),
        &[
            "revocations.jsonl:1:36: tenant: `fabrikam` is not a tenant id; expected a GUID such as `3f2504e0-4f89-41d3-9a0c-0305e82c3301`",
        ],
    );
}

#[test]
fn an_end_that_is_no_time_or_lies_too_far_ahead_is_refused() {
    check(
        "guests.jsonl",
        r#"{"id":"ada","crossgate":{"expiresDateTime":"tomorrow"}}
{"id":"amy","crossgate":{"expiresDateTime":"2106-02-07T06:28:16Z"}}
{"id":"bob","crossgate":{"expiresDateTime":"2106-02-07T06:28:15Z"}}
"#,
        &[
            "guests.jsonl:1:44: crossgate.expiresDateTime: `tomorrow` is not a time; expected one such as `2026-01-01T00:00:00Z`",
            "guests.jsonl:2:44: crossgate.expiresDateTime: `2106-02-07T06:28:16Z` lies too far ahead; expected a time before 2106, or null where the guest stays",
        ],
    );
}
