//! Graph's `conditionalAccessPolicy`.

use serde::{Deserialize, Deserializer};

use crossgate_policy::snapshot::GuestKind;

use crate::reader::values::{AnyId, Kept, Label, Object, Tenant, Text, read_text, words};

/// Graph's `conditionalAccessPolicy`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct PolicyDocument {
    pub(crate) id: Option<Text>,
    pub(crate) display_name: Option<Text>,
    pub(crate) state: Option<State>,
    pub(crate) conditions: Option<Object<Conditions>>,
    pub(crate) grant_controls: Option<Object<GrantControls>>,
    pub(crate) session_controls: Option<Object<SessionControls>>,
    pub(crate) deleted_date_time: Option<Kept>,
    #[serde(rename = "description")]
    _description: Option<Label>,
    #[serde(rename = "templateId")]
    _template_id: Option<Label>,
    // Exports have it, always null.
    #[serde(rename = "partialEnablementStrategy")]
    _partial_enablement_strategy: Option<Label>,
    #[serde(rename = "createdDateTime")]
    _created_date_time: Option<Label>,
    #[serde(rename = "modifiedDateTime")]
    _modified_date_time: Option<Label>,
}

words! {
    /// Graph's `conditionalAccessPolicyState`.
    State, "a state", "`enabled`, `disabled` or `enabledForReportingButNotEnforced`" {
        Enabled = "enabled",
        Disabled = "disabled",
        ReportOnly = "enabledForReportingButNotEnforced",
    }
}

/// Graph's `conditionalAccessConditionSet`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Conditions {
    pub(crate) users: Option<Object<Users>>,
    pub(crate) applications: Option<Object<Applications>>,
    pub(crate) client_app_types: Option<Vec<ClientAppType>>,
    pub(crate) locations: Option<Object<Locations>>,
    pub(crate) platforms: Option<Kept>,
    pub(crate) devices: Option<Kept>,
    pub(crate) device_states: Option<Kept>,
    pub(crate) client_applications: Option<Kept>,
    pub(crate) authentication_flows: Option<Kept>,
    pub(crate) sign_in_risk_levels: Option<Kept>,
    pub(crate) user_risk_levels: Option<Kept>,
    pub(crate) service_principal_risk_levels: Option<Kept>,
    pub(crate) insider_risk_levels: Option<Kept>,
    pub(crate) times: Option<Kept>,
}

/// Graph's `conditionalAccessUsers`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Users {
    pub(crate) include_users: Option<Vec<Text>>,
    pub(crate) exclude_users: Option<Vec<Text>>,
    pub(crate) include_groups: Option<Vec<AnyId>>,
    pub(crate) exclude_groups: Option<Vec<AnyId>>,
    pub(crate) include_roles: Option<Vec<AnyId>>,
    pub(crate) exclude_roles: Option<Vec<AnyId>>,
    pub(crate) include_guests_or_external_users: Option<Object<GuestsOrExternalUsers>>,
    pub(crate) exclude_guests_or_external_users: Option<Object<GuestsOrExternalUsers>>,
}

/// Graph's `conditionalAccessGuestsOrExternalUsers`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct GuestsOrExternalUsers {
    pub(crate) guest_or_external_user_types: Option<GuestTypes>,
    pub(crate) external_tenants: Option<Object<ExternalTenantsDocument>>,
}

/// `guestOrExternalUserTypes`: names with commas between.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct GuestTypes(pub(crate) Vec<GuestKind>);

impl<'de> Deserialize<'de> for GuestTypes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, "kinds of users with commas between", |text| {
            let mut kinds = Vec::new();
            for word in text.split(',').map(str::trim) {
                let kind = match word {
                    "none" => continue,
                    "internalGuest" => GuestKind::InternalGuest,
                    "b2bCollaborationGuest" => GuestKind::CollaborationGuest,
                    "b2bCollaborationMember" => GuestKind::CollaborationMember,
                    "b2bDirectConnectUser" => GuestKind::DirectConnectUser,
                    "otherExternalUser" => GuestKind::OtherExternalUser,
                    "serviceProvider" => GuestKind::ServiceProvider,
                    _ => {
                        return Err(format!(
                            "`{word}` is not a kind of guest or external user; expected `none`, `internalGuest`, \
                             `b2bCollaborationGuest`, `b2bCollaborationMember`, `b2bDirectConnectUser`, \
                             `otherExternalUser` or `serviceProvider`"
                        ));
                    }
                };
                kinds.push(kind);
            }
            Ok(Self(kinds))
        })
    }
}

/// Graph's `conditionalAccessExternalTenants`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ExternalTenantsDocument {
    #[serde(rename = "@odata.type")]
    pub(crate) odata_type: Option<ExternalTenantsType>,
    pub(crate) membership_kind: Option<MembershipKind>,
    pub(crate) members: Option<Vec<Tenant>>,
}

words! {
    /// Which form external tenants are given in.
    ExternalTenantsType, "a form of external tenants", "`#microsoft.graph.conditionalAccessAllExternalTenants` or `#microsoft.graph.conditionalAccessEnumeratedExternalTenants`" {
        All = "#microsoft.graph.conditionalAccessAllExternalTenants",
        Enumerated = "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
    }
}

words! {
    /// Graph's `conditionalAccessExternalTenantsMembershipKind`.
    MembershipKind, "a kind of membership", "`all` or `enumerated`" { All = "all", Enumerated = "enumerated" }
}

/// Graph's `conditionalAccessApplications`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Applications {
    pub(crate) include_applications: Option<Vec<Text>>,
    pub(crate) exclude_applications: Option<Vec<Text>>,
    pub(crate) include_user_actions: Option<Kept>,
    pub(crate) include_authentication_context_class_references: Option<Vec<Text>>,
    pub(crate) application_filter: Option<Kept>,
    pub(crate) network_access: Option<Kept>,
    pub(crate) global_secure_access: Option<Kept>,
}

words! {
    /// Graph's `conditionalAccessClientApp`.
    ClientAppType, "a client app type", "`all`, `browser`, `mobileAppsAndDesktopClients`, `exchangeActiveSync`, `easSupported` or `other`" {
        All = "all",
        Browser = "browser",
        MobileAppsAndDesktopClients = "mobileAppsAndDesktopClients",
        ExchangeActiveSync = "exchangeActiveSync",
        EasSupported = "easSupported",
        Other = "other",
    }
}

/// Graph's `conditionalAccessLocations`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Locations {
    pub(crate) include_locations: Option<Vec<Text>>,
    pub(crate) exclude_locations: Option<Vec<Text>>,
}

/// Graph's `conditionalAccessGrantControls`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct GrantControls {
    pub(crate) operator: Option<OperatorName>,
    pub(crate) built_in_controls: Option<Vec<BuiltInControl>>,
    pub(crate) custom_authentication_factors: Option<Kept>,
    pub(crate) terms_of_use: Option<Vec<AnyId>>,
    pub(crate) authentication_strength: Option<Object<AuthenticationStrength>>,
}

words! {
    /// `operator`.
    OperatorName, "an operator", "`AND` or `OR`" { And = "AND", Or = "OR" }
}

words! {
    /// Graph's `conditionalAccessGrantControl`.
    BuiltInControl, "a control", "`block`, `mfa`, `compliantDevice` or `domainJoinedDevice`" {
        Block = "block",
        Mfa = "mfa",
        CompliantDevice = "compliantDevice",
        DomainJoinedDevice = "domainJoinedDevice",
        ApprovedApplication = "approvedApplication",
        CompliantApplication = "compliantApplication",
        PasswordChange = "passwordChange",
        RiskRemediation = "riskRemediation",
    }
}

/// Graph's `authenticationStrengthPolicy`, or a reference to one.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct AuthenticationStrength {
    pub(crate) id: Option<Text>,
    #[serde(rename = "displayName")]
    _display_name: Option<Label>,
    #[serde(rename = "description")]
    _description: Option<Label>,
    #[serde(rename = "policyType")]
    _policy_type: Option<Kept>,
    #[serde(rename = "requirementsSatisfied")]
    _requirements_satisfied: Option<Kept>,
    #[serde(rename = "allowedCombinations")]
    _allowed_combinations: Option<Kept>,
    #[serde(rename = "combinationConfigurations")]
    _combination_configurations: Option<Kept>,
    #[serde(rename = "createdDateTime")]
    _created_date_time: Option<Label>,
    #[serde(rename = "modifiedDateTime")]
    _modified_date_time: Option<Label>,
}

/// Graph's `conditionalAccessSessionControls`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct SessionControls {
    pub(crate) application_enforced_restrictions: Option<Object<SessionControl>>,
    pub(crate) cloud_app_security: Option<Object<SessionControl>>,
    pub(crate) persistent_browser: Option<Object<SessionControl>>,
    pub(crate) sign_in_frequency: Option<Object<SessionControl>>,
    pub(crate) secure_sign_in_session: Option<Object<SessionControl>>,
    pub(crate) global_secure_access_filtering_profile: Option<Object<SessionControl>>,
    pub(crate) continuous_access_evaluation: Option<Object<SessionControl>>,
    pub(crate) disable_resilience_defaults: Option<bool>,
}

/// Any of Graph's session controls.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct SessionControl {
    pub(crate) is_enabled: Option<bool>,
    #[serde(rename = "@odata.type")]
    _odata_type: Option<Label>,
    #[serde(rename = "cloudAppSecurityType")]
    _cloud_app_security_type: Option<Kept>,
    #[serde(rename = "mode")]
    _mode: Option<Kept>,
    #[serde(rename = "value")]
    _value: Option<Kept>,
    #[serde(rename = "type")]
    _type: Option<Kept>,
    #[serde(rename = "frequencyInterval")]
    _frequency_interval: Option<Kept>,
    #[serde(rename = "authenticationType")]
    _authentication_type: Option<Kept>,
    #[serde(rename = "profileId")]
    _profile_id: Option<Kept>,
}
