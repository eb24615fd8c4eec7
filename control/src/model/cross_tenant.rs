//! Graph's `crossTenantAccessPolicy` and what hangs on it.

use super::{
    ComplexType, EntityType, EnumType, boolean, choice, choices, complex, complexes, date_time,
    guid, open, text, texts,
};

/// `crossTenantAccessPolicy`.
pub static POLICY: EntityType = EntityType {
    name: "crossTenantAccessPolicy",
    key: "",
    properties: &[
        text("id").read_only(),
        date_time("deletedDateTime").read_only().if_stored(),
        text("displayName").initially("\"CrossTenantAccessPolicy\""),
        text("description").if_stored(),
        texts("allowedCloudEndpoints").initially("[]"),
    ],
};

/// `crossTenantAccessPolicyConfigurationDefault`.
pub static DEFAULT: EntityType = EntityType {
    name: "crossTenantAccessPolicyConfigurationDefault",
    key: "",
    properties: &[
        text("id").read_only(),
        boolean("isServiceDefault").read_only().initially("true"),
        complex("inboundTrust", &INBOUND_TRUST).initially(
            r#"{"isMfaAccepted":false,"isCompliantDeviceAccepted":false,"isHybridAzureADJoinedDeviceAccepted":false}"#,
        ),
        complex("b2bCollaborationOutbound", &B2B_SETTING).initially(OPEN),
        complex("b2bCollaborationInbound", &B2B_SETTING).initially(OPEN),
        complex("b2bDirectConnectOutbound", &B2B_SETTING).initially(CLOSED),
        complex("b2bDirectConnectInbound", &B2B_SETTING).initially(CLOSED),
        complex("automaticUserConsentSettings", &INBOUND_OUTBOUND)
            .read_only()
            .initially(r#"{"inboundAllowed":false,"outboundAllowed":false}"#),
        complex("tenantRestrictions", &TENANT_RESTRICTIONS).initially(RESTRICTED),
        complex("invitationRedemptionIdentityProviderConfiguration", &REDEMPTION).initially(
            r#"{"primaryIdentityProviderPrecedenceOrder":["azureActiveDirectory","externalFederation","socialIdentityProviders"],"fallbackIdentityProvider":"defaultConfiguredIdp"}"#,
        ),
        open("appServiceConnectInbound").if_stored(),
        open("m365CollaborationInbound").if_stored(),
        open("m365CollaborationOutbound").if_stored(),
        boolean("blockServiceProviderOutboundAccess").if_stored(),
        complex("crossCloudMeetingConfiguration", &INBOUND_OUTBOUND).if_stored(),
        complex("protectedContentSharing", &INBOUND_OUTBOUND).if_stored(),
    ],
};

/// `crossTenantAccessPolicyConfigurationPartner`. What is null is inherited from the default.
pub static PARTNER: EntityType = EntityType {
    name: "crossTenantAccessPolicyConfigurationPartner",
    key: "tenantId",
    properties: &[
        guid("tenantId").at_creation(),
        boolean("isServiceProvider"),
        boolean("isInMultiTenantOrganization")
            .read_only()
            .initially("false"),
        complex("inboundTrust", &INBOUND_TRUST),
        complex("b2bCollaborationOutbound", &B2B_SETTING),
        complex("b2bCollaborationInbound", &B2B_SETTING),
        complex("b2bDirectConnectOutbound", &B2B_SETTING),
        complex("b2bDirectConnectInbound", &B2B_SETTING),
        complex("tenantRestrictions", &TENANT_RESTRICTIONS),
        complex("automaticUserConsentSettings", &INBOUND_OUTBOUND)
            .initially(r#"{"inboundAllowed":null,"outboundAllowed":null}"#),
        open("appServiceConnectInbound").if_stored(),
        open("m365CollaborationInbound").if_stored(),
        open("m365CollaborationOutbound").if_stored(),
        boolean("blockServiceProviderOutboundAccess").if_stored(),
        complex("crossCloudMeetingConfiguration", &INBOUND_OUTBOUND).if_stored(),
        complex("protectedContentSharing", &INBOUND_OUTBOUND).if_stored(),
    ],
};

/// `crossTenantIdentitySyncPolicyPartner`.
pub static IDENTITY_SYNCHRONIZATION: EntityType = EntityType {
    name: "crossTenantIdentitySyncPolicyPartner",
    key: "",
    properties: &[
        guid("tenantId").read_only(),
        text("displayName"),
        complex("userSyncInbound", &USER_SYNC_INBOUND),
        complex("groupSyncInbound", &GROUP_SYNC_INBOUND).if_stored(),
        text("externalCloudAuthorizedApplicationId").if_stored(),
    ],
};

/// `multiTenantOrganizationPartnerConfigurationTemplate`.
pub static PARTNER_TEMPLATE: EntityType = EntityType {
    name: "multiTenantOrganizationPartnerConfigurationTemplate",
    key: "",
    properties: &[
        text("id")
            .read_only()
            .initially("\"multiTenantOrganizationPartnerConfigurationTemplate\""),
        complex("inboundTrust", &INBOUND_TRUST),
        complex("b2bCollaborationOutbound", &B2B_SETTING),
        complex("b2bCollaborationInbound", &B2B_SETTING),
        complex("b2bDirectConnectOutbound", &B2B_SETTING),
        complex("b2bDirectConnectInbound", &B2B_SETTING),
        complex("automaticUserConsentSettings", &INBOUND_OUTBOUND),
        text("templateApplicationLevel").initially(EVERYBODY),
    ],
};

/// `multiTenantOrganizationIdentitySyncPolicyTemplate`.
pub static SYNCHRONIZATION_TEMPLATE: EntityType = EntityType {
    name: "multiTenantOrganizationIdentitySyncPolicyTemplate",
    key: "",
    properties: &[
        text("id")
            .read_only()
            .initially("\"multiTenantOrganizationIdentitySyncPolicyTemplate\""),
        complex("userSyncInbound", &USER_SYNC_INBOUND),
        text("templateApplicationLevel").initially(EVERYBODY),
    ],
};

static INBOUND_TRUST: ComplexType = ComplexType {
    name: "crossTenantAccessPolicyInboundTrust",
    properties: &[
        boolean("isMfaAccepted"),
        boolean("isCompliantDeviceAccepted"),
        boolean("isHybridAzureADJoinedDeviceAccepted"),
        boolean("isCompliantNetworkAccepted"),
    ],
};

static B2B_SETTING: ComplexType = ComplexType {
    name: "crossTenantAccessPolicyB2BSetting",
    properties: &[
        complex("usersAndGroups", &TARGET_CONFIGURATION),
        complex("applications", &TARGET_CONFIGURATION),
    ],
};

static TENANT_RESTRICTIONS: ComplexType = ComplexType {
    name: "crossTenantAccessPolicyTenantRestrictions",
    properties: &[
        complex("usersAndGroups", &TARGET_CONFIGURATION),
        complex("applications", &TARGET_CONFIGURATION),
        open("devices"),
    ],
};

static TARGET_CONFIGURATION: ComplexType = ComplexType {
    name: "crossTenantAccessPolicyTargetConfiguration",
    properties: &[
        choice("accessType", &ACCESS_TYPE),
        complexes("targets", &TARGET),
    ],
};

static TARGET: ComplexType = ComplexType {
    name: "crossTenantAccessPolicyTarget",
    properties: &[text("target"), choice("targetType", &TARGET_TYPE)],
};

static ACCESS_TYPE: EnumType = EnumType {
    name: "crossTenantAccessPolicyTargetConfigurationAccessType",
    members: &["allowed", "blocked"],
};

static TARGET_TYPE: EnumType = EnumType {
    name: "crossTenantAccessPolicyTargetType",
    members: &["user", "group", "application"],
};

static INBOUND_OUTBOUND: ComplexType = ComplexType {
    name: "inboundOutboundPolicyConfiguration",
    properties: &[boolean("inboundAllowed"), boolean("outboundAllowed")],
};

static REDEMPTION: ComplexType = ComplexType {
    name: "defaultInvitationRedemptionIdentityProviderConfiguration",
    properties: &[
        choices(
            "primaryIdentityProviderPrecedenceOrder",
            &IDENTITY_PROVIDERS,
        ),
        choice("fallbackIdentityProvider", &IDENTITY_PROVIDERS),
    ],
};

static IDENTITY_PROVIDERS: EnumType = EnumType {
    name: "b2bIdentityProvidersType",
    members: &[
        "azureActiveDirectory",
        "externalFederation",
        "socialIdentityProviders",
        "emailOneTimePasscode",
        "microsoftAccount",
        "defaultConfiguredIdp",
    ],
};

static USER_SYNC_INBOUND: ComplexType = ComplexType {
    name: "crossTenantUserSyncInbound",
    properties: &[boolean("isSyncAllowed")],
};

static GROUP_SYNC_INBOUND: ComplexType = ComplexType {
    name: "crossTenantGroupSyncInbound",
    properties: &[boolean("isSyncAllowed")],
};

const EVERYBODY: &str = "\"newPartners,existingPartners\"";
const OPEN: &str = r#"{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"AllUsers","targetType":"user"}]},"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}"#;
const CLOSED: &str = r#"{"usersAndGroups":{"accessType":"blocked","targets":[{"target":"AllUsers","targetType":"user"}]},"applications":{"accessType":"blocked","targets":[{"target":"AllApplications","targetType":"application"}]}}"#;
const RESTRICTED: &str = r#"{"usersAndGroups":{"accessType":"blocked","targets":[{"target":"AllUsers","targetType":"user"}]},"applications":{"accessType":"blocked","targets":[{"target":"AllApplications","targetType":"application"}]},"devices":null}"#;
