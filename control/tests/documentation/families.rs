//! The families that operations are told in, by the beginning of their paths.

use crossgate_control::api::routes::{ROUTES, Route};

/// Operations on the same thing.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Family {
    /// What it is called.
    pub(crate) name: &'static str,
    /// What its paths begin with, in whole segments; the longest beginning of all families counts.
    paths: &'static [&'static str],
}

pub(crate) const FAMILIES: &[Family] = &[
    Family {
        name: "Cross-tenant access settings",
        paths: &[
            "policies/crossTenantAccessPolicy",
            "crossgate/effective",
            "crossgate/versions",
        ],
    },
    Family {
        name: "Drafts of the policy",
        paths: &["crossgate/drafts"],
    },
    Family {
        name: "Default configuration",
        paths: &["policies/crossTenantAccessPolicy/default"],
    },
    Family {
        name: "Partner configurations",
        paths: &[
            "policies/crossTenantAccessPolicy/partners",
            "policies/deletedItems",
        ],
    },
    Family {
        name: "Identity synchronization of a partner",
        paths: &["policies/crossTenantAccessPolicy/partners/{tenantId}/identitySynchronization"],
    },
    Family {
        name: "Templates for multitenant organizations",
        paths: &[
            "policies/crossTenantAccessPolicy/templates",
            "tenantRelationships/multiTenantOrganization",
        ],
    },
    Family {
        name: "External collaboration",
        paths: &[
            "policies/authorizationPolicy",
            "policies/externalIdentitiesPolicy",
            "legacy/policies",
        ],
    },
    Family {
        name: "Self-service sign-up",
        paths: &[
            "policies/authenticationFlowsPolicy",
            "identity/b2xUserFlows",
            "identity/apiConnectors",
            "identity/userFlowAttributes",
            "identity/identityProviders",
            "crossgate/signUpRequests",
        ],
    },
    Family {
        name: "Conditional Access",
        paths: &[
            "identity/conditionalAccess",
            "identityGovernance/termsOfUse",
            "policies/authenticationStrengthPolicies",
        ],
    },
    Family {
        name: "Named locations",
        paths: &[
            "identity/conditionalAccess/namedLocations",
            "identity/conditionalAccess/deletedItems/namedLocations",
        ],
    },
    Family {
        name: "Audit and sign-ins",
        paths: &[
            "auditLogs",
            "crossgate/activity",
            "crossgate/decisions",
            "crossgate/signIns",
        ],
    },
    Family {
        name: "Roles",
        paths: &["directoryRoles", "directoryRoleTemplates", "roleManagement"],
    },
    Family {
        name: "Users and guests",
        paths: &[
            "users",
            "me",
            "invitations",
            "crossgate/invitations",
            "directory/deletedItems",
        ],
    },
    Family {
        name: "Apps, groups of guests, and their owners",
        paths: &["servicePrincipals", "groups"],
    },
    Family {
        name: "Access reviews",
        paths: &["identityGovernance/accessReviews"],
    },
    Family {
        name: "Organizations",
        paths: &["organization", "tenantRelationships", "crossgate/tenants"],
    },
    Family {
        name: "The API itself",
        paths: &[
            "$batch",
            "$metadata",
            "openapi.json",
            "crossgate/me",
            "crossgate/health",
        ],
    },
];

/// The family of a path.
#[track_caller]
pub(crate) fn family_of(path: &str) -> &'static Family {
    let length = |family: &Family| {
        let begins = family.paths.iter().filter(|begin| begins(path, begin));
        begins.map(|begin| begin.len()).max()
    };
    FAMILIES
        .iter()
        .filter(|family| length(family).is_some())
        .max_by_key(|family| length(family))
        .unwrap_or_else(|| panic!("`{path}` is of no family; add its beginning to `FAMILIES`"))
}

/// The routes of a family, in the order of the table.
pub(crate) fn routes_of(family: &'static Family) -> impl Iterator<Item = &'static Route> {
    ROUTES
        .iter()
        .filter(move |route| family_of(route.path) == family)
}

fn begins(path: &str, begin: &str) -> bool {
    path.strip_prefix(begin)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '(']))
}

#[test]
fn every_route_is_told_in_one_family_and_no_family_is_empty() {
    let told: usize = FAMILIES
        .iter()
        .map(|family| routes_of(family).count())
        .sum();
    assert_eq!(told, ROUTES.len());
    for family in FAMILIES {
        assert!(routes_of(family).next().is_some(), "{}", family.name);
    }
}
