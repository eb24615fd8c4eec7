//! Built-in roles: those of Entra's that matter here, under Entra's template ids, and the three that its page
//! "Cross-tenant access overview" recommends, under ids of Crossgate's own.
//!
//! What each may do is Entra's permissions reference of built-in roles, cut to the actions that exist here, with four
//! differences:
//! - Teams Administrator writes all of cross-tenant access but identity synchronization and the templates, and Security
//!   Reader reads all of it, as the reference of Graph's API says. The permissions reference gives the former only
//!   clouds, meetings and new partners, and the latter only the templates.
//! - Every one of Entra's roles reads roles and the organization and looks up tenants: in Entra that is any member's
//!   right, here it takes a role.
//! - Security Administrator reads the legacy policies it may change, as a holder of all that Security Reader has.
//! - User Administrator manages access reviews of guests, as it does those of groups and applications in Entra.

use crossgate_policy::ids::Guid;

use super::{Action, ActionSet};

macro_rules! built_in_roles {
    ($($role:ident = $id:literal, $name:literal, $description:literal, $actions:expr;)+) => {
        /// A role that is always there and never changes.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum BuiltInRole {
            $(
                #[doc = $description]
                $role,
            )+
        }

        impl BuiltInRole {
            /// Every built-in role.
            pub const ALL: &'static [Self] = &[$(Self::$role),+];

            /// Its `id` and `templateId`.
            #[must_use]
            pub const fn id(self) -> Guid {
                match self {
                    $(Self::$role => Guid::from_u128($id),)+
                }
            }

            /// Its `displayName`.
            #[must_use]
            pub const fn display_name(self) -> &'static str {
                match self {
                    $(Self::$role => $name,)+
                }
            }

            /// Its `description`.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self {
                    $(Self::$role => $description,)+
                }
            }

            /// What it may do.
            #[must_use]
            pub const fn actions(self) -> ActionSet {
                match self {
                    $(Self::$role => $actions,)+
                }
            }
        }
    };
}

built_in_roles! {
    GlobalAdministrator = 0x62e9_0394_69f5_4237_9190_0121_7714_5e10, "Global Administrator",
        "May do everything.",
        ActionSet::ALL;
    GlobalReader = 0xf2ef_992c_3afb_46b9_b7cf_a126_ee74_c451, "Global Reader",
        "Reads everything and changes nothing.",
        MEMBER
            .union(CROSS_TENANT_READ)
            .union(SYNCHRONIZATION_READ)
            .union(TEMPLATES_READ)
            .union(CONDITIONAL_ACCESS_READ)
            .union(COLLABORATION_READ)
            .union(SIGN_UP_READ)
            .union(USERS_READ)
            .union(REVIEWS_READ)
            .union(DELEGATION_READ)
            .union(AUDIT_READ);
    SecurityAdministrator = 0x194a_e4cb_b126_40b2_bd5b_6091_b380_977d, "Security Administrator",
        "Manages cross-tenant access, identity synchronization, Conditional Access and the domain list, and reads the audit and sign-ins.",
        MEMBER
            .union(CROSS_TENANT_READ)
            .union(CROSS_TENANT_WRITE)
            .union(SYNCHRONIZATION_READ)
            .union(SYNCHRONIZATION_WRITE)
            .union(TEMPLATES_READ)
            .union(TEMPLATES_WRITE)
            .union(CONDITIONAL_ACCESS_READ)
            .union(CONDITIONAL_ACCESS_WRITE)
            .union(COLLABORATION_READ)
            .union(LEGACY_POLICIES_WRITE)
            .union(REVIEWS_READ)
            .union(AUDIT_READ);
    SecurityReader = 0x5d6b_6bb7_de71_4623_b4af_9638_0a35_2509, "Security Reader",
        "Reads cross-tenant access, Conditional Access, external collaboration settings, the audit and sign-ins.",
        MEMBER
            .union(CROSS_TENANT_READ)
            .union(SYNCHRONIZATION_READ)
            .union(TEMPLATES_READ)
            .union(CONDITIONAL_ACCESS_READ)
            .union(COLLABORATION_READ)
            .union(REVIEWS_READ)
            .union(AUDIT_READ);
    SecurityOperator = 0x5f22_22b1_57c3_48ba_8ad5_d475_9f1f_de6f, "Security Operator",
        "Reads the audit and sign-ins, and ends sessions.",
        MEMBER.union(AUDIT_READ).union(ActionSet::of(&[
            Action::AuthorizationPolicyRead,
            Action::SessionsRevoke,
        ]));
    ConditionalAccessAdministrator = 0xb1be_1c3e_b65d_4f19_8427_f6fa_0d97_feb9, "Conditional Access Administrator",
        "Manages Conditional Access policies, named locations and which actions are protected.",
        MEMBER.union(CONDITIONAL_ACCESS_READ).union(CONDITIONAL_ACCESS_WRITE);
    TeamsAdministrator = 0x6909_1246_20e8_4a56_aa4d_0660_75b2_a7a8, "Teams Administrator",
        "Manages cross-tenant access, but not identity synchronization.",
        MEMBER
            .union(CROSS_TENANT_READ)
            .union(CROSS_TENANT_WRITE)
            .union(ActionSet::of(&[Action::AuthorizationPolicyRead]));
    GlobalSecureAccessAdministrator = 0xac43_4307_12b9_4fa1_a708_88bf_58ca_abc1, "Global Secure Access Administrator",
        "Reads cross-tenant access but not identity synchronization, and Conditional Access, the audit and sign-ins.",
        MEMBER
            .union(CROSS_TENANT_READ)
            .union(CONDITIONAL_ACCESS_READ)
            .union(AUDIT_READ);
    PrivilegedRoleAdministrator = 0xe861_1ab8_c189_46e8_94e1_6021_3ab1_f814, "Privileged Role Administrator",
        "Manages roles and the authorization policy.",
        MEMBER.union(ActionSet::of(&[
            Action::RoleDefinitionsCreate,
            Action::RoleDefinitionsManage,
            Action::RoleAssignmentsCreate,
            Action::RoleAssignmentsManage,
            Action::AuthorizationPolicyRead,
            Action::AuthorizationPolicyManage,
        ]));
    UserAdministrator = 0xfe93_0be7_5e62_47db_91af_98c3_a49a_38b1, "User Administrator",
        "Manages guests, their groups and their assignments to apps, invites them, ends sessions, and reads the domain list.",
        MEMBER
            .union(REVIEWS_WRITE)
            .union(USERS_READ)
            .union(USERS_WRITE)
            .union(DELEGATION_READ)
            .union(GROUPS_WRITE)
            .union(ASSIGNMENTS_WRITE)
            .union(ActionSet::of(&[
                Action::LegacyPoliciesRead,
                Action::SessionsRevoke,
                Action::UsersInvite,
            ]));
    HelpdeskAdministrator = 0x7298_27e3_9c14_49f7_bb1b_9608_f156_bbb8, "Helpdesk Administrator",
        "Ends sessions, and invites guests again.",
        MEMBER
            .union(USERS_READ)
            .union(ActionSet::of(&[Action::SessionsRevoke, Action::UsersInvite]));
    GuestInviter = 0x95e7_9109_95c0_4d8e_aee3_d01a_ccf2_d47b, "Guest Inviter",
        "Invites guests.",
        MEMBER
            .union(USERS_READ)
            .union(ActionSet::of(&[Action::UsersInvite]));
    ExternalIdUserFlowAdministrator = 0x6e59_1065_9bad_43ed_90f3_e942_4366_d2f0, "External ID User Flow Administrator",
        "Manages user flows and API connectors.",
        MEMBER.union(SIGN_UP_READ).union(ActionSet::of(&[
            Action::UserFlowsManage,
            Action::ApiConnectorsManage,
        ]));
    ExternalIdUserFlowAttributeAdministrator = 0x0f97_1eea_41eb_4569_a71e_57bb_8a3e_ff1e,
        "External ID User Flow Attribute Administrator",
        "Manages the attributes that user flows can ask.",
        MEMBER.union(ActionSet::of(&[
            Action::UserAttributesRead,
            Action::UserAttributesManage,
        ]));
    ExternalIdentityProviderAdministrator = 0xbe2f_45a1_457d_42af_a067_6ec1_fa63_bc45,
        "External Identity Provider Administrator",
        "Reads identity providers.",
        MEMBER.union(ActionSet::of(&[Action::IdentityProvidersRead]));
    ReportsReader = 0x4a5d_8f65_41da_4de4_8968_e035_b653_39cf, "Reports Reader",
        "Reads the audit and sign-ins.",
        MEMBER.union(AUDIT_READ);
    DirectoryReaders = 0x88d8_e3e3_8f55_4a1e_953a_9b98_98b8_876b, "Directory Readers",
        "Reads guests, their groups, apps, roles and the organization.",
        MEMBER.union(USERS_READ).union(DELEGATION_READ);
    GroupsAdministrator = 0xfdd7_a751_b60b_444a_984c_0265_2fe8_fa1c, "Groups Administrator",
        "Manages groups of guests, their members and their owners.",
        MEMBER
            .union(USERS_READ)
            .union(DELEGATION_READ)
            .union(GROUPS_WRITE);
    ApplicationAdministrator = 0x9b89_5d92_2cd3_44c7_9d02_a6ac_2d5e_a5c3, "Application Administrator",
        "Sets who is assigned to an app, and who owns it.",
        MEMBER
            .union(USERS_READ)
            .union(DELEGATION_READ)
            .union(ASSIGNMENTS_WRITE)
            .union(ActionSet::of(&[Action::ServicePrincipalOwnersUpdate]));
    CloudApplicationAdministrator = 0x158c_047a_c907_4556_b7ef_4465_51a6_b5f7, "Cloud Application Administrator",
        "Sets who is assigned to an app, and who owns it.",
        MEMBER
            .union(USERS_READ)
            .union(DELEGATION_READ)
            .union(ASSIGNMENTS_WRITE)
            .union(ActionSet::of(&[Action::ServicePrincipalOwnersUpdate]));
    CrossTenantAccessAdministrator = 0x1431_30ba_ba2d_41cd_81dc_3a3b_bfec_e362, "Cross-tenant access administrator",
        "Manages everything in cross-tenant access settings.",
        CROSS_TENANT_READ
            .union(CROSS_TENANT_WRITE)
            .union(SYNCHRONIZATION_READ)
            .union(SYNCHRONIZATION_WRITE)
            .union(TENANT_INFORMATION);
    CrossTenantAccessReader = 0x38c6_0bd2_3537_4d40_833a_0b7b_b6cd_ebf2, "Cross-tenant access reader",
        "Reads everything in cross-tenant access settings.",
        CROSS_TENANT_READ.union(SYNCHRONIZATION_READ).union(TENANT_INFORMATION);
    CrossTenantAccessPartnerAdministrator = 0x3a9c_a705_a8fc_4d40_a0dc_eacb_ad00_3836,
        "Cross-tenant access partner administrator",
        "Manages partners in cross-tenant access settings, and reads the default settings.",
        CROSS_TENANT_READ
            .union(PARTNERS_WRITE)
            .union(SYNCHRONIZATION_READ)
            .union(SYNCHRONIZATION_WRITE)
            .union(TENANT_INFORMATION)
            .union(ActionSet::of(&[Action::CrossTenantAccessUpdate]));
}

impl BuiltInRole {
    /// The role with this id.
    #[must_use]
    pub fn from_id(id: Guid) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.id() == id)
    }

    /// Whether it is Entra's own, so that a token of Entra's can name it in `wids`.
    #[must_use]
    pub const fn is_of_entra(self) -> bool {
        !matches!(
            self,
            Self::CrossTenantAccessAdministrator
                | Self::CrossTenantAccessReader
                | Self::CrossTenantAccessPartnerAdministrator
        )
    }
}

const TENANT_INFORMATION: ActionSet = ActionSet::of(&[Action::TenantInformationRead]);

const MEMBER: ActionSet = TENANT_INFORMATION.union(ActionSet::of(&[
    Action::OrganizationRead,
    Action::DirectoryRolesRead,
    Action::DirectoryRoleMembersRead,
    Action::RoleDefinitionsRead,
    Action::RoleAssignmentsRead,
]));

const CROSS_TENANT_READ: ActionSet = ActionSet::of(&[
    Action::CrossTenantAccessRead,
    Action::DefaultRead,
    Action::PartnersRead,
]);

const PARTNERS_WRITE: ActionSet = ActionSet::of(&[
    Action::PartnersCreate,
    Action::PartnersDelete,
    Action::PartnersB2bCollaborationUpdate,
    Action::PartnersB2bDirectConnectUpdate,
    Action::PartnersCrossCloudMeetingsUpdate,
    Action::PartnersTenantRestrictionsUpdate,
]);

const CROSS_TENANT_WRITE: ActionSet = PARTNERS_WRITE.union(ActionSet::of(&[
    Action::AllowedCloudEndpointsUpdate,
    Action::CrossTenantAccessUpdate,
    Action::DefaultB2bCollaborationUpdate,
    Action::DefaultB2bDirectConnectUpdate,
    Action::DefaultCrossCloudMeetingsUpdate,
    Action::DefaultTenantRestrictionsUpdate,
]));

const SYNCHRONIZATION_READ: ActionSet = ActionSet::of(&[Action::IdentitySynchronizationRead]);

const SYNCHRONIZATION_WRITE: ActionSet = ActionSet::of(&[
    Action::IdentitySynchronizationCreate,
    Action::IdentitySynchronizationUpdate,
]);

const TEMPLATES_READ: ActionSet = ActionSet::of(&[
    Action::PartnerTemplateRead,
    Action::SynchronizationTemplateRead,
]);

const TEMPLATES_WRITE: ActionSet = ActionSet::of(&[
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
    Action::ProtectedActionsUpdate,
]);

const COLLABORATION_READ: ActionSet =
    ActionSet::of(&[Action::AuthorizationPolicyRead, Action::LegacyPoliciesRead]);

const SIGN_UP_READ: ActionSet = ActionSet::of(&[
    Action::UserFlowsRead,
    Action::UserAttributesRead,
    Action::ApiConnectorsRead,
    Action::IdentityProvidersRead,
]);

const LEGACY_POLICIES_WRITE: ActionSet = ActionSet::of(&[
    Action::LegacyPoliciesCreate,
    Action::LegacyPoliciesUpdate,
    Action::LegacyPoliciesDelete,
]);

const USERS_READ: ActionSet = ActionSet::of(&[Action::UsersRead]);

const USERS_WRITE: ActionSet = ActionSet::of(&[
    Action::UsersUpdate,
    Action::UsersDelete,
    Action::UsersRestore,
    Action::DeletedUsersDelete,
]);

const REVIEWS_READ: ActionSet = ActionSet::of(&[Action::AccessReviewsRead]);

const REVIEWS_WRITE: ActionSet =
    ActionSet::of(&[Action::AccessReviewsRead, Action::AccessReviewsManage]);

const DELEGATION_READ: ActionSet = ActionSet::of(&[
    Action::ServicePrincipalsRead,
    Action::ServicePrincipalOwnersRead,
    Action::AppRoleAssignedToRead,
    Action::GroupsRead,
    Action::GroupMembersRead,
    Action::GroupOwnersRead,
]);

const ASSIGNMENTS_WRITE: ActionSet = ActionSet::of(&[Action::AppRoleAssignedToUpdate]);

const GROUPS_WRITE: ActionSet = ActionSet::of(&[
    Action::GroupsCreate,
    Action::GroupsUpdate,
    Action::GroupsDelete,
    Action::GroupMembersUpdate,
    Action::GroupOwnersUpdate,
]);

const AUDIT_READ: ActionSet = ActionSet::of(&[Action::AuditLogsRead, Action::SignInReportsRead]);

#[cfg(test)]
mod tests;
