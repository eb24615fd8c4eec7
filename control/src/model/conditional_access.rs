//! Graph's `conditionalAccessPolicy` and `namedLocation`.

use super::{
    ComplexType, EntityType, EnumType, boolean, choice, choices, complex, complexes, date_time,
    open, text, texts,
};

/// `conditionalAccessPolicy`.
pub static CONDITIONAL_ACCESS_POLICY: EntityType = EntityType {
    name: "conditionalAccessPolicy",
    key: "id",
    properties: &[
        text("id").read_only(),
        text("templateId").read_only(),
        text("displayName"),
        text("description").if_stored(),
        date_time("createdDateTime").read_only(),
        date_time("modifiedDateTime").read_only(),
        date_time("deletedDateTime").read_only().if_stored(),
        choice("state", &STATE),
        complex("conditions", &CONDITIONS),
        complex("grantControls", &GRANT_CONTROLS),
        complex("sessionControls", &SESSION_CONTROLS),
        open("partialEnablementStrategy").if_stored(),
    ],
};

/// `namedLocation`: `ipNamedLocation` or `countryNamedLocation`, told apart by `@odata.type`.
pub static NAMED_LOCATION: EntityType = EntityType {
    name: "namedLocation",
    key: "id",
    properties: &[
        choice("@odata.type", &LOCATION_TYPE).at_creation(),
        text("id").read_only(),
        text("displayName"),
        date_time("createdDateTime").read_only(),
        date_time("modifiedDateTime").read_only(),
        date_time("deletedDateTime").read_only().if_stored(),
        boolean("isTrusted").if_stored(),
        complexes("ipRanges", &IP_RANGE).if_stored(),
        texts("countriesAndRegions").if_stored(),
        text("countryLookupMethod").if_stored(),
        boolean("includeUnknownCountriesAndRegions").if_stored(),
    ],
};

static LOCATION_TYPE: EnumType = EnumType {
    name: "namedLocationType",
    members: &[
        "#microsoft.graph.ipNamedLocation",
        "#microsoft.graph.countryNamedLocation",
    ],
};

static IP_RANGE: ComplexType = ComplexType {
    name: "ipRange",
    properties: &[text("@odata.type"), text("cidrAddress")],
};

static STATE: EnumType = EnumType {
    name: "conditionalAccessPolicyState",
    members: &["enabled", "disabled", "enabledForReportingButNotEnforced"],
};

static CONDITIONS: ComplexType = ComplexType {
    name: "conditionalAccessConditionSet",
    properties: &[
        choices("clientAppTypes", &CLIENT_APP),
        texts("signInRiskLevels"),
        texts("userRiskLevels"),
        texts("servicePrincipalRiskLevels"),
        open("insiderRiskLevels"),
        open("platforms"),
        complex("locations", &LOCATIONS),
        open("devices"),
        open("deviceStates"),
        open("clientApplications"),
        open("authenticationFlows"),
        open("times"),
        complex("applications", &APPLICATIONS),
        complex("users", &USERS),
    ],
};

static CLIENT_APP: EnumType = EnumType {
    name: "conditionalAccessClientApp",
    members: &[
        "all",
        "browser",
        "mobileAppsAndDesktopClients",
        "exchangeActiveSync",
        "easSupported",
        "other",
    ],
};

static LOCATIONS: ComplexType = ComplexType {
    name: "conditionalAccessLocations",
    properties: &[texts("includeLocations"), texts("excludeLocations")],
};

static APPLICATIONS: ComplexType = ComplexType {
    name: "conditionalAccessApplications",
    properties: &[
        texts("includeApplications"),
        texts("excludeApplications"),
        texts("includeUserActions"),
        texts("includeAuthenticationContextClassReferences"),
        open("applicationFilter"),
        open("networkAccess"),
        open("globalSecureAccess"),
    ],
};

static USERS: ComplexType = ComplexType {
    name: "conditionalAccessUsers",
    properties: &[
        texts("includeUsers"),
        texts("excludeUsers"),
        texts("includeGroups"),
        texts("excludeGroups"),
        texts("includeRoles"),
        texts("excludeRoles"),
        complex("includeGuestsOrExternalUsers", &GUESTS),
        complex("excludeGuestsOrExternalUsers", &GUESTS),
    ],
};

static GUESTS: ComplexType = ComplexType {
    name: "conditionalAccessGuestsOrExternalUsers",
    properties: &[
        text("guestOrExternalUserTypes"),
        complex("externalTenants", &EXTERNAL_TENANTS),
    ],
};

static EXTERNAL_TENANTS: ComplexType = ComplexType {
    name: "conditionalAccessExternalTenants",
    properties: &[
        text("@odata.type"),
        choice("membershipKind", &MEMBERSHIP),
        texts("members"),
    ],
};

static MEMBERSHIP: EnumType = EnumType {
    name: "conditionalAccessExternalTenantsMembershipKind",
    members: &["all", "enumerated"],
};

static GRANT_CONTROLS: ComplexType = ComplexType {
    name: "conditionalAccessGrantControls",
    properties: &[
        text("operator"),
        choices("builtInControls", &CONTROL),
        texts("customAuthenticationFactors"),
        texts("termsOfUse"),
        complex("authenticationStrength", &STRENGTH),
    ],
};

static CONTROL: EnumType = EnumType {
    name: "conditionalAccessGrantControl",
    members: &[
        "block",
        "mfa",
        "compliantDevice",
        "domainJoinedDevice",
        "approvedApplication",
        "compliantApplication",
        "passwordChange",
        "riskRemediation",
    ],
};

static STRENGTH: ComplexType = ComplexType {
    name: "authenticationStrengthPolicy",
    properties: &[
        text("id"),
        text("displayName"),
        text("description"),
        text("policyType"),
        text("requirementsSatisfied"),
        texts("allowedCombinations"),
        open("combinationConfigurations"),
        date_time("createdDateTime"),
        date_time("modifiedDateTime"),
    ],
};

static SESSION_CONTROLS: ComplexType = ComplexType {
    name: "conditionalAccessSessionControls",
    properties: &[
        open("applicationEnforcedRestrictions"),
        open("cloudAppSecurity"),
        open("persistentBrowser"),
        open("signInFrequency"),
        open("secureSignInSession"),
        open("globalSecureAccessFilteringProfile"),
        open("continuousAccessEvaluation"),
        boolean("disableResilienceDefaults"),
    ],
};
