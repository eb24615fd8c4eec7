//! Graph permissions: scopes of a user's token (`scp`) and permissions of an application (`roles`), which bear the same
//! names.
//!
//! Which permission serves which API is as Graph documents it, with these readings of Crossgate: one that writes also
//! reads; `AuditLog.Read.All` does without the `Directory.Read.All` that Graph once wanted beside it; the list of
//! domains, whose API is not documented, is read and written as external collaboration settings are; and protected
//! actions, which belong to Conditional Access and to role management, are set with either's permission.

use super::{Action, ActionSet};

macro_rules! scopes {
    ($($scope:ident = $name:literal,)+) => {
        /// A Graph permission. Those that can do less come first.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[repr(u8)]
        pub enum Scope {
            $(
                #[doc = concat!("`", $name, "`")]
                $scope,
            )+
        }

        impl Scope {
            /// Every permission that counts here.
            pub const ALL: &'static [Self] = &[$(Self::$scope),+];

            /// The name in `scp` and `roles`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$scope => $name,)+
                }
            }
        }
    };
}

scopes! {
    CrossTenantInformationRead = "CrossTenantInformation.ReadBasic.All",
    ConditionalAccessRead = "Policy.Read.ConditionalAccess",
    PolicyRead = "Policy.Read.All",
    CrossTenantAccessWrite = "Policy.ReadWrite.CrossTenantAccess",
    ConditionalAccessWrite = "Policy.ReadWrite.ConditionalAccess",
    AuthorizationWrite = "Policy.ReadWrite.Authorization",
    AuditLogRead = "AuditLog.Read.All",
    AccessReviewRead = "AccessReview.Read.All",
    AccessReviewWrite = "AccessReview.ReadWrite.All",
    RoleManagementRead = "RoleManagement.Read.Directory",
    AnyRoleManagementRead = "RoleManagement.Read.All",
    OrganizationRead = "Organization.Read.All",
    OrganizationWrite = "Organization.ReadWrite.All",
    SessionsRevoke = "User.RevokeSessions.All",
    UserInvite = "User.Invite.All",
    UserRead = "User.Read.All",
    UserWrite = "User.ReadWrite.All",
    GroupMemberRead = "GroupMember.Read.All",
    GroupMemberWrite = "GroupMember.ReadWrite.All",
    GroupRead = "Group.Read.All",
    GroupWrite = "Group.ReadWrite.All",
    ApplicationRead = "Application.Read.All",
    AppRoleAssignmentWrite = "AppRoleAssignment.ReadWrite.All",
    ApplicationWrite = "Application.ReadWrite.All",
    DirectoryRead = "Directory.Read.All",
    IdentityProviderRead = "IdentityProvider.Read.All",
    IdentityProviderWrite = "IdentityProvider.ReadWrite.All",
    ApiConnectorsRead = "APIConnectors.Read.All",
    ApiConnectorsWrite = "APIConnectors.ReadWrite.All",
    IdentityUserFlowRead = "IdentityUserFlow.Read.All",
    IdentityUserFlowWrite = "IdentityUserFlow.ReadWrite.All",
    RoleManagementWrite = "RoleManagement.ReadWrite.Directory",
    DirectoryWrite = "Directory.ReadWrite.All",
}

impl Scope {
    /// The permission of this name, which is compared exactly.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scope| scope.name() == name)
    }

    /// Every action it permits.
    #[must_use]
    pub const fn permits(self) -> ActionSet {
        match self {
            Self::CrossTenantInformationRead => ActionSet::of(&[Action::TenantInformationRead]),
            Self::ConditionalAccessRead => CONDITIONAL_ACCESS_READ,
            Self::PolicyRead => CROSS_TENANT_ACCESS_READ
                .union(CONDITIONAL_ACCESS_READ)
                .union(COLLABORATION_READ),
            Self::CrossTenantAccessWrite => {
                CROSS_TENANT_ACCESS_READ.union(CROSS_TENANT_ACCESS_WRITE)
            }
            Self::ConditionalAccessWrite => CONDITIONAL_ACCESS_READ
                .union(CONDITIONAL_ACCESS_WRITE)
                .union(PROTECTED_ACTIONS_WRITE),
            Self::AuthorizationWrite => COLLABORATION_READ.union(COLLABORATION_WRITE),
            Self::AuditLogRead => {
                ActionSet::of(&[Action::AuditLogsRead, Action::SignInReportsRead])
            }
            Self::AccessReviewRead => ActionSet::of(&[Action::AccessReviewsRead]),
            Self::AccessReviewWrite => {
                ActionSet::of(&[Action::AccessReviewsRead, Action::AccessReviewsManage])
            }
            Self::RoleManagementRead | Self::AnyRoleManagementRead => ROLES_READ,
            Self::OrganizationRead | Self::OrganizationWrite => ORGANIZATION_READ,
            Self::SessionsRevoke => SESSIONS_REVOKE,
            Self::UserInvite => USERS_INVITE,
            Self::UserRead => USERS_READ,
            Self::UserWrite => SESSIONS_REVOKE
                .union(USERS_READ)
                .union(USERS_INVITE)
                .union(USERS_WRITE),
            Self::GroupMemberRead => GROUP_MEMBERS_READ,
            Self::GroupMemberWrite => {
                GROUP_MEMBERS_READ.union(ActionSet::of(&[Action::GroupMembersUpdate]))
            }
            Self::GroupRead => GROUPS_READ,
            Self::GroupWrite => GROUPS_READ.union(GROUPS_WRITE),
            Self::ApplicationRead => APPLICATIONS_READ,
            Self::AppRoleAssignmentWrite => ActionSet::of(&[
                Action::AppRoleAssignedToRead,
                Action::AppRoleAssignedToUpdate,
            ]),
            Self::ApplicationWrite => {
                APPLICATIONS_READ.union(ActionSet::of(&[Action::ServicePrincipalOwnersUpdate]))
            }
            Self::IdentityProviderRead | Self::IdentityProviderWrite => IDENTITY_PROVIDERS_READ,
            Self::ApiConnectorsRead => API_CONNECTORS_READ,
            Self::ApiConnectorsWrite => {
                API_CONNECTORS_READ.union(ActionSet::of(&[Action::ApiConnectorsManage]))
            }
            Self::IdentityUserFlowRead => USER_FLOWS_READ,
            Self::IdentityUserFlowWrite => USER_FLOWS_READ.union(ActionSet::of(&[
                Action::UserFlowsManage,
                Action::UserAttributesManage,
            ])),
            Self::DirectoryRead => DIRECTORY_READ,
            Self::RoleManagementWrite => {
                ROLES_READ.union(ROLES_WRITE).union(PROTECTED_ACTIONS_WRITE)
            }
            Self::DirectoryWrite => DIRECTORY_READ
                .union(SESSIONS_REVOKE)
                .union(USERS_INVITE)
                .union(USERS_WRITE)
                .union(GROUPS_WRITE)
                .union(ActionSet::of(&[Action::ServicePrincipalOwnersUpdate])),
        }
    }

    /// Those that permit an action.
    pub fn permitting(action: Action) -> impl Iterator<Item = Self> {
        Self::ALL
            .iter()
            .copied()
            .filter(move |scope| scope.permits().contains(action))
    }
}

/// The permissions in a token. Those that count for nothing here are left out.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ScopeSet(u64);

const _: () = assert!(Scope::ALL.len() < 64, "a scope is a bit");

impl ScopeSet {
    /// Names, as in a claim `roles`, or `scp` taken apart.
    #[must_use]
    pub fn of_names<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        names.into_iter().filter_map(Scope::from_name).collect()
    }

    /// Every permission there is.
    #[must_use]
    pub fn all() -> Self {
        Scope::ALL.iter().copied().collect()
    }

    /// Whether the permission is one of them.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    /// In the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .iter()
            .copied()
            .filter(move |scope| self.contains(*scope))
    }

    /// Every action that one of them permits.
    #[must_use]
    pub fn permits(self) -> ActionSet {
        self.iter()
            .fold(ActionSet::EMPTY, |set, scope| set.union(scope.permits()))
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(
            scopes
                .into_iter()
                .fold(0, |bits, scope| bits | 1 << scope as u8),
        )
    }
}

const CROSS_TENANT_ACCESS_READ: ActionSet = ActionSet::of(&[
    Action::CrossTenantAccessRead,
    Action::DefaultRead,
    Action::PartnersRead,
    Action::IdentitySynchronizationRead,
    Action::PartnerTemplateRead,
    Action::SynchronizationTemplateRead,
]);

const CROSS_TENANT_ACCESS_WRITE: ActionSet = ActionSet::of(&[
    Action::AllowedCloudEndpointsUpdate,
    Action::CrossTenantAccessUpdate,
    Action::DefaultB2bCollaborationUpdate,
    Action::DefaultB2bDirectConnectUpdate,
    Action::DefaultCrossCloudMeetingsUpdate,
    Action::DefaultTenantRestrictionsUpdate,
    Action::PartnersCreate,
    Action::PartnersDelete,
    Action::PartnersB2bCollaborationUpdate,
    Action::PartnersB2bDirectConnectUpdate,
    Action::PartnersCrossCloudMeetingsUpdate,
    Action::PartnersTenantRestrictionsUpdate,
    Action::IdentitySynchronizationCreate,
    Action::IdentitySynchronizationUpdate,
    Action::PartnerTemplateUpdate,
    Action::PartnerTemplateReset,
    Action::SynchronizationTemplateUpdate,
    Action::SynchronizationTemplateReset,
]);

const CONDITIONAL_ACCESS_READ: ActionSet =
    ActionSet::of(&[Action::ConditionalAccessRead, Action::NamedLocationsRead]);

const CONDITIONAL_ACCESS_WRITE: ActionSet = ActionSet::of(&[
    Action::ConditionalAccessCreate,
    Action::ConditionalAccessUpdate,
    Action::ConditionalAccessDelete,
    Action::NamedLocationsCreate,
    Action::NamedLocationsUpdate,
    Action::NamedLocationsDelete,
]);

const PROTECTED_ACTIONS_WRITE: ActionSet = ActionSet::of(&[Action::ProtectedActionsUpdate]);

const COLLABORATION_READ: ActionSet =
    ActionSet::of(&[Action::AuthorizationPolicyRead, Action::LegacyPoliciesRead]);

const COLLABORATION_WRITE: ActionSet = ActionSet::of(&[
    Action::AuthorizationPolicyManage,
    Action::LegacyPoliciesCreate,
    Action::LegacyPoliciesUpdate,
    Action::LegacyPoliciesDelete,
]);

const ROLES_READ: ActionSet = ActionSet::of(&[
    Action::DirectoryRolesRead,
    Action::DirectoryRoleMembersRead,
    Action::RoleDefinitionsRead,
    Action::RoleAssignmentsRead,
]);

const ROLES_WRITE: ActionSet = ActionSet::of(&[
    Action::RoleDefinitionsCreate,
    Action::RoleDefinitionsManage,
    Action::RoleAssignmentsCreate,
    Action::RoleAssignmentsManage,
]);

const ORGANIZATION_READ: ActionSet = ActionSet::of(&[Action::OrganizationRead]);

const SESSIONS_REVOKE: ActionSet = ActionSet::of(&[Action::SessionsRevoke]);

const IDENTITY_PROVIDERS_READ: ActionSet = ActionSet::of(&[Action::IdentityProvidersRead]);

const API_CONNECTORS_READ: ActionSet = ActionSet::of(&[Action::ApiConnectorsRead]);

const USER_FLOWS_READ: ActionSet =
    ActionSet::of(&[Action::UserFlowsRead, Action::UserAttributesRead]);

const USERS_READ: ActionSet = ActionSet::of(&[Action::UsersRead]);

const USERS_INVITE: ActionSet = ActionSet::of(&[Action::UsersInvite]);

const USERS_WRITE: ActionSet = ActionSet::of(&[
    Action::UsersUpdate,
    Action::UsersDelete,
    Action::UsersRestore,
    Action::DeletedUsersDelete,
]);

// What lists legacy policies in the field calls them with this permission.
const DIRECTORY_READ: ActionSet = ROLES_READ
    .union(ORGANIZATION_READ)
    .union(USERS_READ)
    .union(GROUPS_READ)
    .union(APPLICATIONS_READ)
    .union(ActionSet::of(&[Action::LegacyPoliciesRead]));

const GROUP_MEMBERS_READ: ActionSet =
    ActionSet::of(&[Action::GroupsRead, Action::GroupMembersRead]);

const GROUPS_READ: ActionSet = GROUP_MEMBERS_READ.union(ActionSet::of(&[Action::GroupOwnersRead]));

const GROUPS_WRITE: ActionSet = ActionSet::of(&[
    Action::GroupsCreate,
    Action::GroupsUpdate,
    Action::GroupsDelete,
    Action::GroupMembersUpdate,
    Action::GroupOwnersUpdate,
]);

const APPLICATIONS_READ: ActionSet = ActionSet::of(&[
    Action::ServicePrincipalsRead,
    Action::ServicePrincipalOwnersRead,
    Action::AppRoleAssignedToRead,
]);

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(action: Action) -> bool {
        !action.name().ends_with("/read")
    }

    #[test]
    fn every_action_is_permitted_by_a_scope() {
        for action in Action::ALL {
            assert!(Scope::permitting(*action).next().is_some(), "{action:?}");
        }
    }

    #[test]
    fn every_scope_permits_something_and_is_found_by_its_name() {
        for scope in Scope::ALL {
            assert!(!scope.permits().is_empty(), "{scope:?}");
            assert_eq!(Scope::from_name(scope.name()), Some(*scope));
            assert_eq!(Scope::from_name(&scope.name().to_lowercase()), None);
        }
    }

    #[test]
    fn a_scope_that_reads_permits_no_change() {
        for scope in Scope::ALL {
            let name = scope.name();
            if name.contains(".Read.") || name.contains(".ReadBasic.") {
                assert!(!scope.permits().iter().any(changes), "{scope:?}");
            }
        }
    }

    #[test]
    fn a_scope_that_writes_reads_what_the_one_that_reads_does() {
        for scope in Scope::ALL {
            let reads = scope.name().replace("ReadWrite", "Read");
            if let Some(reader) = Scope::from_name(&reads) {
                assert!(reader.permits().is_subset(scope.permits()), "{scope:?}");
            }
        }
        for write in [Scope::CrossTenantAccessWrite, Scope::AuthorizationWrite] {
            let read = Scope::PolicyRead.permits().intersection(write.permits());
            assert!(!read.is_empty(), "{write:?}");
        }
    }

    #[test]
    fn policy_read_all_reads_every_policy_and_nothing_else() {
        let policies: ActionSet = Action::ALL
            .iter()
            .copied()
            .filter(|action| !changes(*action))
            .filter(|action| {
                ["olicies/", "olicy/", "namedLocations/"]
                    .iter()
                    .any(|part| action.name().contains(part))
            })
            .collect();
        assert_eq!(Scope::PolicyRead.permits(), policies);
        assert_eq!(policies.len(), 10);
    }

    #[test]
    fn only_the_scope_for_cross_tenant_access_changes_cross_tenant_access() {
        let xtap = "microsoft.directory/crossTenantAccessPolicy/";
        for action in Action::ALL {
            if action.name().starts_with(xtap) && changes(*action) {
                let scopes: Vec<_> = Scope::permitting(*action).collect();
                assert_eq!(scopes, [Scope::CrossTenantAccessWrite], "{action:?}");
            }
        }
    }

    #[test]
    fn only_the_scope_for_role_management_changes_roles() {
        for action in [
            Action::RoleDefinitionsCreate,
            Action::RoleDefinitionsManage,
            Action::RoleAssignmentsCreate,
            Action::RoleAssignmentsManage,
        ] {
            let scopes: Vec<_> = Scope::permitting(action).collect();
            assert_eq!(scopes, [Scope::RoleManagementWrite], "{action:?}");
        }
    }

    #[test]
    fn every_scope_that_the_reference_names_for_a_call_permits_it() {
        for (action, scopes) in [
            (
                Action::RoleDefinitionsRead,
                "RoleManagement.Read.Directory RoleManagement.ReadWrite.Directory Directory.Read.All \
                 Directory.ReadWrite.All",
            ),
            (
                Action::SessionsRevoke,
                "User.RevokeSessions.All User.ReadWrite.All Directory.ReadWrite.All",
            ),
            (
                Action::OrganizationRead,
                "Organization.Read.All Organization.ReadWrite.All Directory.Read.All Directory.ReadWrite.All",
            ),
            (
                Action::ConditionalAccessRead,
                "Policy.Read.All Policy.Read.ConditionalAccess Policy.ReadWrite.ConditionalAccess",
            ),
            (
                Action::TenantInformationRead,
                "CrossTenantInformation.ReadBasic.All",
            ),
            (Action::AuditLogsRead, "AuditLog.Read.All"),
            (
                Action::AppRoleAssignedToUpdate,
                "AppRoleAssignment.ReadWrite.All",
            ),
            (
                Action::GroupMembersUpdate,
                "GroupMember.ReadWrite.All Group.ReadWrite.All Directory.ReadWrite.All",
            ),
            (
                Action::GroupMembersRead,
                "GroupMember.Read.All GroupMember.ReadWrite.All Group.Read.All Group.ReadWrite.All Directory.Read.All",
            ),
            (
                Action::ServicePrincipalsRead,
                "Application.Read.All Application.ReadWrite.All Directory.Read.All",
            ),
            (
                Action::ServicePrincipalOwnersUpdate,
                "Application.ReadWrite.All Directory.ReadWrite.All",
            ),
        ] {
            for name in scopes.split_whitespace() {
                let set = ScopeSet::of_names([name]);
                assert!(set.permits().contains(action), "{name} {action:?}");
            }
        }
    }

    #[test]
    fn names_that_are_no_permissions_count_for_nothing() {
        let claim = "openid Policy.Read.All profile AuditLog.Read.All policy.read.all";
        let set = ScopeSet::of_names(claim.split(' '));
        let names: Vec<_> = set.iter().map(Scope::name).collect();
        assert_eq!(names, ["Policy.Read.All", "AuditLog.Read.All"]);
        assert_eq!(
            set,
            ScopeSet::of_names(["AuditLog.Read.All", "Policy.Read.All"])
        );
        assert_eq!(ScopeSet::of_names([""]), ScopeSet::default());
        assert_eq!(
            ScopeSet::of_names(["Policy.Read.All AuditLog.Read.All"]),
            ScopeSet::default(),
            "a name has no spaces"
        );
    }
}
