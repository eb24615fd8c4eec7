//! Graph's `user`, as far as it tells of guests, with what Crossgate adds under `crossgate`.

use serde::Deserialize;

use crate::reader::values::{AnyId, DateTime, ExpiryTime, Kept, Object, Tenant, words};

/// Graph's `user`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct GuestDocument {
    pub(crate) id: Option<AnyId>,
    pub(crate) user_type: Option<GuestUserType>,
    pub(crate) account_enabled: Option<bool>,
    pub(crate) external_user_state: Option<ExternalUserState>,
    pub(crate) deleted_date_time: Option<DateTime>,
    pub(crate) sign_in_sessions_valid_from_date_time: Option<Kept>,
    pub(crate) mail: Option<String>,
    pub(crate) identities: Option<Vec<Object<IdentityDocument>>>,
    pub(crate) crossgate: Option<Object<HomeFacts>>,

    // What a directory export has about a person; nothing is decided by it.
    #[serde(rename = "displayName")]
    _display_name: Option<Kept>,
    #[serde(rename = "givenName")]
    _given_name: Option<Kept>,
    #[serde(rename = "surname")]
    _surname: Option<Kept>,
    #[serde(rename = "mailNickname")]
    _mail_nickname: Option<Kept>,
    #[serde(rename = "otherMails")]
    _other_mails: Option<Kept>,
    #[serde(rename = "userPrincipalName")]
    _user_principal_name: Option<Kept>,
    #[serde(rename = "creationType")]
    _creation_type: Option<Kept>,
    #[serde(rename = "createdDateTime")]
    _created_date_time: Option<Kept>,
    #[serde(rename = "externalUserStateChangeDateTime")]
    _external_user_state_change_date_time: Option<Kept>,
    #[serde(rename = "businessPhones")]
    _business_phones: Option<Kept>,
    #[serde(rename = "mobilePhone")]
    _mobile_phone: Option<Kept>,
    #[serde(rename = "jobTitle")]
    _job_title: Option<Kept>,
    #[serde(rename = "companyName")]
    _company_name: Option<Kept>,
    #[serde(rename = "department")]
    _department: Option<Kept>,
    #[serde(rename = "officeLocation")]
    _office_location: Option<Kept>,
    #[serde(rename = "preferredLanguage")]
    _preferred_language: Option<Kept>,
    #[serde(rename = "usageLocation")]
    _usage_location: Option<Kept>,
    #[serde(rename = "city")]
    _city: Option<Kept>,
    #[serde(rename = "country")]
    _country: Option<Kept>,
    #[serde(rename = "postalCode")]
    _postal_code: Option<Kept>,
    #[serde(rename = "state")]
    _state: Option<Kept>,
    #[serde(rename = "streetAddress")]
    _street_address: Option<Kept>,
    #[serde(rename = "sponsors")]
    _sponsors: Option<Kept>,
}

/// Graph's `objectIdentity`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct IdentityDocument {
    pub(crate) sign_in_type: Option<String>,
    pub(crate) issuer: Option<String>,
    pub(crate) issuer_assigned_id: Option<String>,
}

/// `crossgate` of a guest record: where the account lives, and what is known of it there.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct HomeFacts {
    pub(crate) home_tenant_id: Option<Tenant>,
    pub(crate) home_user_id: Option<AnyId>,
    pub(crate) home_groups: Option<Vec<AnyId>>,
    pub(crate) home_groups_complete: Option<bool>,
    pub(crate) consent_given: Option<bool>,
    pub(crate) expires_date_time: Option<ExpiryTime>,

    // What the control plane keeps for itself: that the account was disabled because its time was up.
    #[serde(rename = "isExpired")]
    _is_expired: Option<Kept>,
    // What was told at the sign-up, by custom attributes.
    #[serde(rename = "attributes")]
    _attributes: Option<Kept>,

    // What the partner's synchronisation told, and keeps for itself.
    #[serde(rename = "synchronization")]
    _synchronization: Option<Kept>,
}

words! {
    /// `userType`.
    GuestUserType, "a user type", "`Guest` or `Member`" { Guest = "Guest", Member = "Member" }
}

words! {
    /// `externalUserState`.
    ExternalUserState, "an external user state", "`PendingAcceptance` or `Accepted`" {
        PendingAcceptance = "PendingAcceptance",
        Accepted = "Accepted",
    }
}
