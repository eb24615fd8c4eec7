//! Resource actions: what a role is made of.
//!
//! The names are Entra's own (permissions reference of the built-in roles; the page "Cross-tenant access overview" for
//! the first nineteen), but for some that are Crossgate's: `…/roleDefinitions/create`, `…/roleAssignments/create`, those
//! that only read what belongs to user flows, and those for API connectors, which Entra counts among user flows.
//! Entra only has `allProperties/allTasks` there, which is too much for a credential that shall make the first
//! assignment and no more.

use super::ActionSet;

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident = $name:literal,)+) => {
        /// Something that can be done to a resource, by Entra's name for it.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[repr(u8)]
        pub enum Action {
            $(
                #[doc = concat!("`", $name, "`")]
                #[doc = ""]
                $(#[$doc])*
                $action,
            )+
        }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$action),+];

            /// The name in `allowedResourceActions`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$action => $name,)+
                }
            }
        }
    };
}

actions! {
    /// Looks up another tenant. The dot before the resource is Entra's spelling. Graph asks for a scope alone here;
    /// Crossgate wants a role too.
    TenantInformationRead = "microsoft.directory.tenantRelationships/standard/read",

    /// Reads the policy itself.
    CrossTenantAccessRead = "microsoft.directory/crossTenantAccessPolicy/standard/read",
    /// `allowedCloudEndpoints` of the policy.
    AllowedCloudEndpointsUpdate = "microsoft.directory/crossTenantAccessPolicy/allowedCloudEndpoints/update",
    /// Everything else of the policy, such as `displayName`.
    CrossTenantAccessUpdate = "microsoft.directory/crossTenantAccessPolicy/basic/update",
    /// Reads the default configuration.
    DefaultRead = "microsoft.directory/crossTenantAccessPolicy/default/standard/read",
    /// `b2bCollaboration*` of the default configuration; in Crossgate's reading also its `inboundTrust`,
    /// `automaticUserConsentSettings` and `invitationRedemptionIdentityProviderConfiguration`.
    DefaultB2bCollaborationUpdate = "microsoft.directory/crossTenantAccessPolicy/default/b2bCollaboration/update",
    /// `b2bDirectConnect*` of the default configuration.
    DefaultB2bDirectConnectUpdate = "microsoft.directory/crossTenantAccessPolicy/default/b2bDirectConnect/update",
    /// `m365Collaboration*` and `crossCloudMeetingConfiguration` of the default configuration.
    DefaultCrossCloudMeetingsUpdate = "microsoft.directory/crossTenantAccessPolicy/default/crossCloudMeetings/update",
    /// `tenantRestrictions` of the default configuration.
    DefaultTenantRestrictionsUpdate = "microsoft.directory/crossTenantAccessPolicy/default/tenantRestrictions/update",
    /// Reads partners.
    PartnersRead = "microsoft.directory/crossTenantAccessPolicy/partners/standard/read",
    /// Adds a partner.
    PartnersCreate = "microsoft.directory/crossTenantAccessPolicy/partners/create",
    /// Removes a partner.
    PartnersDelete = "microsoft.directory/crossTenantAccessPolicy/partners/delete",
    /// `b2bCollaboration*` of a partner; in Crossgate's reading also its `inboundTrust` and `automaticUserConsentSettings`.
    PartnersB2bCollaborationUpdate = "microsoft.directory/crossTenantAccessPolicy/partners/b2bCollaboration/update",
    /// `b2bDirectConnect*` of a partner.
    PartnersB2bDirectConnectUpdate = "microsoft.directory/crossTenantAccessPolicy/partners/b2bDirectConnect/update",
    /// `m365Collaboration*` and `crossCloudMeetingConfiguration` of a partner.
    PartnersCrossCloudMeetingsUpdate = "microsoft.directory/crossTenantAccessPolicy/partners/crossCloudMeetings/update",
    /// `tenantRestrictions` of a partner.
    PartnersTenantRestrictionsUpdate = "microsoft.directory/crossTenantAccessPolicy/partners/tenantRestrictions/update",
    /// Reads a partner's `identitySynchronization`.
    IdentitySynchronizationRead = "microsoft.directory/crossTenantAccessPolicy/partners/identitySynchronization/standard/read",
    /// Creates a partner's `identitySynchronization`.
    IdentitySynchronizationCreate = "microsoft.directory/crossTenantAccessPolicy/partners/identitySynchronization/create",
    /// Changes a partner's `identitySynchronization`; in Crossgate's reading also removes it, for which Entra names no
    /// action.
    IdentitySynchronizationUpdate = "microsoft.directory/crossTenantAccessPolicy/partners/identitySynchronization/basic/update",

    /// Reads the template for partners.
    PartnerTemplateRead = "microsoft.directory/crossTenantAccessPolicy/partners/templates/multiTenantOrganizationPartnerConfiguration/standard/read",
    /// Changes the template for partners.
    PartnerTemplateUpdate = "microsoft.directory/crossTenantAccessPolicy/partners/templates/multiTenantOrganizationPartnerConfiguration/basic/update",
    /// Resets the template for partners.
    PartnerTemplateReset = "microsoft.directory/crossTenantAccessPolicy/partners/templates/multiTenantOrganizationPartnerConfiguration/resetToDefaultSettings",
    /// Reads the template for identity synchronization.
    SynchronizationTemplateRead = "microsoft.directory/crossTenantAccessPolicy/partners/templates/multiTenantOrganizationIdentitySynchronization/standard/read",
    /// Changes the template for identity synchronization.
    SynchronizationTemplateUpdate = "microsoft.directory/crossTenantAccessPolicy/partners/templates/multiTenantOrganizationIdentitySynchronization/basic/update",
    /// Resets the template for identity synchronization.
    SynchronizationTemplateReset = "microsoft.directory/crossTenantAccessPolicy/partners/templates/multiTenantOrganizationIdentitySynchronization/resetToDefaultSettings",

    /// Reads Conditional Access policies.
    ConditionalAccessRead = "microsoft.directory/conditionalAccessPolicies/standard/read",
    /// Adds a Conditional Access policy.
    ConditionalAccessCreate = "microsoft.directory/conditionalAccessPolicies/create",
    /// Changes a Conditional Access policy.
    ConditionalAccessUpdate = "microsoft.directory/conditionalAccessPolicies/basic/update",
    /// Removes a Conditional Access policy.
    ConditionalAccessDelete = "microsoft.directory/conditionalAccessPolicies/delete",
    /// Reads named locations.
    NamedLocationsRead = "microsoft.directory/namedLocations/standard/read",
    /// Adds a named location.
    NamedLocationsCreate = "microsoft.directory/namedLocations/create",
    /// Changes a named location.
    NamedLocationsUpdate = "microsoft.directory/namedLocations/basic/update",
    /// Removes a named location.
    NamedLocationsDelete = "microsoft.directory/namedLocations/delete",
    /// Sets which actions are protected, and by which authentication context.
    ProtectedActionsUpdate = "microsoft.directory/resourceNamespaces/resourceActions/authenticationContext/update",

    /// Reads `authorizationPolicy`.
    AuthorizationPolicyRead = "microsoft.directory/authorizationPolicy/standard/read",
    /// Reads and changes `authorizationPolicy`: Entra has no narrower action for a change.
    AuthorizationPolicyManage = "microsoft.directory/authorizationPolicy/allProperties/allTasks",
    /// Reads the list of allowed or blocked domains, a legacy policy.
    LegacyPoliciesRead = "microsoft.directory/policies/standard/read",
    /// Creates the list of allowed or blocked domains.
    LegacyPoliciesCreate = "microsoft.directory/policies/create",
    /// Changes the list of allowed or blocked domains.
    LegacyPoliciesUpdate = "microsoft.directory/policies/basic/update",
    /// Removes the list of allowed or blocked domains.
    LegacyPoliciesDelete = "microsoft.directory/policies/delete",

    /// Reads the audit.
    AuditLogsRead = "microsoft.directory/auditLogs/allProperties/read",
    /// Reads sign-ins.
    SignInReportsRead = "microsoft.directory/signInReports/allProperties/read",

    /// Reads directory roles.
    DirectoryRolesRead = "microsoft.directory/directoryRoles/standard/read",
    /// Reads who holds a directory role.
    DirectoryRoleMembersRead = "microsoft.directory/directoryRoles/members/read",
    /// Reads role definitions, and which actions are protected.
    RoleDefinitionsRead = "microsoft.directory/roleDefinitions/standard/read",
    /// Adds a custom role definition. Crossgate's own name.
    RoleDefinitionsCreate = "microsoft.directory/roleDefinitions/create",
    /// Reads, adds, changes and removes custom role definitions.
    RoleDefinitionsManage = "microsoft.directory/roleDefinitions/allProperties/allTasks",
    /// Reads role assignments.
    RoleAssignmentsRead = "microsoft.directory/roleAssignments/standard/read",
    /// Assigns a role: whoever has it can get any other action. Crossgate's own name.
    RoleAssignmentsCreate = "microsoft.directory/roleAssignments/create",
    /// Reads, adds and removes role assignments.
    RoleAssignmentsManage = "microsoft.directory/roleAssignments/allProperties/allTasks",

    /// Reads guests.
    UsersRead = "microsoft.directory/users/standard/read",
    /// Changes a guest's properties.
    UsersUpdate = "microsoft.directory/users/basic/update",
    /// Invites a guest, or invites one again.
    UsersInvite = "microsoft.directory/users/inviteGuest",
    /// Deletes a guest.
    UsersDelete = "microsoft.directory/users/delete",
    /// Brings back a guest who was deleted.
    UsersRestore = "microsoft.directory/users/restore",
    /// Removes for good a guest who was deleted.
    DeletedUsersDelete = "microsoft.directory/deletedItems.users/delete",
    /// Ends a user's sessions.
    SessionsRevoke = "microsoft.directory/users/invalidateAllRefreshTokens",
    /// Reads access reviews.
    AccessReviewsRead = "microsoft.directory/accessReviews/definitions/allProperties/read",
    /// Reads, makes and removes access reviews, decides in them, and has what was decided done.
    AccessReviewsManage = "microsoft.directory/accessReviews/definitions/allProperties/allTasks",
    /// Reads the apps of the configuration.
    ServicePrincipalsRead = "microsoft.directory/servicePrincipals/standard/read",
    /// Reads who owns an app.
    ServicePrincipalOwnersRead = "microsoft.directory/servicePrincipals/owners/read",
    /// Sets who owns an app, and so may let guests into it.
    ServicePrincipalOwnersUpdate = "microsoft.directory/servicePrincipals/owners/update",
    /// Reads who is assigned to an app.
    AppRoleAssignedToRead = "microsoft.directory/servicePrincipals/appRoleAssignedTo/read",
    /// Assigns somebody to an app, or takes that away.
    AppRoleAssignedToUpdate = "microsoft.directory/servicePrincipals/appRoleAssignedTo/update",
    /// Reads groups of guests.
    GroupsRead = "microsoft.directory/groups/standard/read",
    /// Adds a group of guests.
    GroupsCreate = "microsoft.directory/groups/create",
    /// Changes a group's properties.
    GroupsUpdate = "microsoft.directory/groups/basic/update",
    /// Deletes a group, and with it its assignments.
    GroupsDelete = "microsoft.directory/groups/delete",
    /// Reads who is in a group.
    GroupMembersRead = "microsoft.directory/groups/members/read",
    /// Puts a guest into a group, or takes one out.
    GroupMembersUpdate = "microsoft.directory/groups/members/update",
    /// Reads who owns a group.
    GroupOwnersRead = "microsoft.directory/groups/owners/read",
    /// Sets who owns a group, and so may put guests into it.
    GroupOwnersUpdate = "microsoft.directory/groups/owners/update",
    /// Reads user flows. Crossgate's own name.
    UserFlowsRead = "microsoft.directory/b2cUserFlow/allProperties/read",
    /// Reads, adds, changes and removes user flows.
    UserFlowsManage = "microsoft.directory/b2cUserFlow/allProperties/allTasks",
    /// Reads the attributes of user flows. Crossgate's own name.
    UserAttributesRead = "microsoft.directory/b2cUserAttribute/allProperties/read",
    /// Reads, adds, changes and removes custom attributes of user flows.
    UserAttributesManage = "microsoft.directory/b2cUserAttribute/allProperties/allTasks",
    /// Reads API connectors. Crossgate's own name.
    ApiConnectorsRead = "microsoft.directory/apiConnectors/allProperties/read",
    /// Reads, adds, changes and removes API connectors. Crossgate's own name.
    ApiConnectorsManage = "microsoft.directory/apiConnectors/allProperties/allTasks",
    /// Reads identity providers. Crossgate's own name.
    IdentityProvidersRead = "microsoft.directory/identityProviders/standard/read",
    /// Reads `organization`.
    OrganizationRead = "microsoft.directory/organization/standard/read",
}

impl Action {
    /// The action of this name, which is compared exactly.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|action| action.name() == name)
    }

    /// Whether an authentication context can be demanded for it (Entra's list of protected actions).
    #[must_use]
    pub const fn is_protected(self) -> bool {
        PROTECTED.contains(self)
    }

    /// What it includes besides itself: `allTasks` stands for all that can be done to the resource.
    #[must_use]
    pub const fn implies(self) -> ActionSet {
        if let Self::AuthorizationPolicyManage = self {
            ActionSet::of(&[Self::AuthorizationPolicyRead])
        } else if let Self::RoleDefinitionsManage = self {
            ActionSet::of(&[Self::RoleDefinitionsRead, Self::RoleDefinitionsCreate])
        } else if let Self::RoleAssignmentsManage = self {
            ActionSet::of(&[Self::RoleAssignmentsRead, Self::RoleAssignmentsCreate])
        } else if let Self::AccessReviewsManage = self {
            ActionSet::of(&[Self::AccessReviewsRead])
        } else if let Self::UserFlowsManage = self {
            ActionSet::of(&[Self::UserFlowsRead])
        } else if let Self::UserAttributesManage = self {
            ActionSet::of(&[Self::UserAttributesRead])
        } else if let Self::ApiConnectorsManage = self {
            ActionSet::of(&[Self::ApiConnectorsRead])
        } else {
            ActionSet::EMPTY
        }
    }
}

const PROTECTED: ActionSet = ActionSet::of(&[
    Action::AllowedCloudEndpointsUpdate,
    Action::DefaultB2bCollaborationUpdate,
    Action::DefaultB2bDirectConnectUpdate,
    Action::DefaultCrossCloudMeetingsUpdate,
    Action::DefaultTenantRestrictionsUpdate,
    Action::PartnersB2bCollaborationUpdate,
    Action::PartnersB2bDirectConnectUpdate,
    Action::PartnersCrossCloudMeetingsUpdate,
    Action::PartnersTenantRestrictionsUpdate,
    Action::PartnersCreate,
    Action::PartnersDelete,
    Action::ConditionalAccessCreate,
    Action::ConditionalAccessUpdate,
    Action::ConditionalAccessDelete,
    Action::NamedLocationsCreate,
    Action::NamedLocationsUpdate,
    Action::NamedLocationsDelete,
    Action::ProtectedActionsUpdate,
]);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_action_is_found_by_its_name_and_by_no_other_spelling() {
        let names: BTreeSet<_> = Action::ALL.iter().map(|action| action.name()).collect();
        assert_eq!(names.len(), Action::ALL.len(), "no name stands twice");
        for action in Action::ALL {
            let name = action.name();
            assert_eq!(Action::from_name(name), Some(*action));
            assert_eq!(Action::from_name(&name.to_uppercase()), None);
            assert_eq!(Action::from_name(&format!("{name}/")), None);
        }
        assert_eq!(Action::from_name(""), None);
    }

    #[test]
    fn exactly_the_documented_actions_can_be_protected() {
        let p = "microsoft.directory/crossTenantAccessPolicy";
        let mut expected: BTreeSet<String> = BTreeSet::new();
        for part in ["default", "partners"] {
            for setting in [
                "b2bCollaboration",
                "b2bDirectConnect",
                "crossCloudMeetings",
                "tenantRestrictions",
            ] {
                expected.insert(format!("{p}/{part}/{setting}/update"));
            }
        }
        expected.insert(format!("{p}/allowedCloudEndpoints/update"));
        expected.insert(format!("{p}/partners/create"));
        expected.insert(format!("{p}/partners/delete"));
        for resource in ["conditionalAccessPolicies", "namedLocations"] {
            for verb in ["basic/update", "create", "delete"] {
                expected.insert(format!("microsoft.directory/{resource}/{verb}"));
            }
        }
        expected.insert(
            "microsoft.directory/resourceNamespaces/resourceActions/authenticationContext/update"
                .to_owned(),
        );
        let protected: BTreeSet<String> = Action::ALL
            .iter()
            .filter(|action| action.is_protected())
            .map(|action| action.name().to_owned())
            .collect();
        assert_eq!(protected, expected);
    }

    #[test]
    fn all_tasks_includes_every_other_action_on_the_resource() {
        for all_tasks in Action::ALL {
            let Some(resource) = all_tasks.name().strip_suffix("/allProperties/allTasks") else {
                assert_eq!(all_tasks.implies(), ActionSet::EMPTY, "{all_tasks:?}");
                continue;
            };
            let others = Action::ALL.iter().copied().filter(|other| {
                other != all_tasks && other.name().starts_with(&format!("{resource}/"))
            });
            assert_eq!(all_tasks.implies(), others.collect(), "{all_tasks:?}");
        }
    }
}
