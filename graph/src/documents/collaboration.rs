//! Graph's `authorizationPolicy`, and the domain list of the legacy `B2BManagementPolicy` beside it.

use serde::{Deserialize, Deserializer};

use crate::reader::values::{Kept, Label, Object, Text, read_text, words};

/// `external-collaboration.json`: members of both policies, in one document or in two.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct CollaborationDocument {
    pub(crate) allow_invites_from: Option<AllowInvitesFrom>,
    pub(crate) guest_user_role_id: Option<GuestUserRole>,
    /// The domain list as Graph has it: a list with one JSON text.
    pub(crate) definition: Option<Vec<Text>>,
    /// The domain list written out.
    #[serde(rename = "B2BManagementPolicy")]
    pub(crate) b2b_management_policy: Option<Object<B2bManagementPolicy>>,

    // The directory's and the portal's; nothing at a gateway hangs on it.
    #[serde(rename = "id")]
    _id: Option<Label>,
    #[serde(rename = "displayName")]
    _display_name: Option<Label>,
    #[serde(rename = "description")]
    _description: Option<Label>,
    #[serde(rename = "deletedDateTime")]
    _deleted_date_time: Option<Label>,
    #[serde(rename = "isOrganizationDefault")]
    _is_organization_default: Option<bool>,
    #[serde(rename = "policyType", alias = "type")]
    _policy_type: Option<Kept>,
    pub(crate) allowed_to_sign_up_email_based_subscriptions: Option<Kept>,
    #[serde(rename = "allowedToUseSSPR")]
    pub(crate) allowed_to_use_sspr: Option<Kept>,
    pub(crate) allow_email_verified_users_to_join_organization: Option<Kept>,
    pub(crate) allow_user_consent_for_risky_apps: Option<Kept>,
    pub(crate) block_msol_power_shell: Option<Kept>,
    pub(crate) default_user_role_permissions: Option<Kept>,
}

/// Graph's `externalIdentitiesPolicy`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ExternalIdentitiesDocument {
    pub(crate) allow_external_identities_to_leave: Option<bool>,
    pub(crate) allow_deleted_identities_data_removal: Option<bool>,

    #[serde(rename = "id")]
    _id: Option<Label>,
    #[serde(rename = "displayName")]
    _display_name: Option<Label>,
    #[serde(rename = "description")]
    _description: Option<Label>,
    #[serde(rename = "deletedDateTime")]
    _deleted_date_time: Option<Label>,
}

/// `guestUserRoleId`, by the three roles that it may name (Graph's `authorizationPolicy`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum GuestUserRole {
    User,
    GuestUser,
    RestrictedGuestUser,
}

impl<'de> Deserialize<'de> for GuestUserRole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = "`a0b1b346-4d3e-4e8b-98f8-753987be4970` (as members), `10dae51f-b6af-4016-8d66-8c2a99b929b3` (Guest User) or \
             `2af84b1e-32c8-42b7-82bc-daa82404023b` (Restricted Guest User)";
        read_text(deserializer, EXPECTED, |text| {
            match text.to_ascii_lowercase().as_str() {
                "a0b1b346-4d3e-4e8b-98f8-753987be4970" => Ok(Self::User),
                "10dae51f-b6af-4016-8d66-8c2a99b929b3" => Ok(Self::GuestUser),
                "2af84b1e-32c8-42b7-82bc-daa82404023b" => Ok(Self::RestrictedGuestUser),
                _ => Err(format!(
                    "`{text}` is no role of guests; expected {EXPECTED}"
                )),
            }
        })
    }
}

words! {
    /// Graph's `allowInvitesFrom`.
    AllowInvitesFrom, "a circle of inviters", "`none`, `adminsAndGuestInviters`, `adminsGuestInvitersAndAllMembers` or `everyone`" {
        None = "none",
        AdminsAndGuestInviters = "adminsAndGuestInviters",
        AdminsGuestInvitersAndAllMembers = "adminsGuestInvitersAndAllMembers",
        Everyone = "everyone",
    }
}

/// What `definition` holds.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Definition {
    #[serde(rename = "B2BManagementPolicy")]
    pub(crate) b2b_management_policy: Option<Object<B2bManagementPolicy>>,
}

/// `B2BManagementPolicy`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct B2bManagementPolicy {
    #[serde(rename = "InvitationsAllowedAndBlockedDomainsPolicy")]
    pub(crate) domains: Option<Object<DomainLists>>,
    #[serde(rename = "AutoRedeemPolicy")]
    pub(crate) auto_redeem_policy: Option<Kept>,
    #[serde(rename = "PreviewPolicy")]
    pub(crate) preview_policy: Option<Kept>,
}

/// `InvitationsAllowedAndBlockedDomainsPolicy`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DomainLists {
    #[serde(rename = "AllowedDomains")]
    pub(crate) allowed: Option<Vec<Text>>,
    #[serde(rename = "BlockedDomains")]
    pub(crate) blocked: Option<Vec<Text>>,
}
