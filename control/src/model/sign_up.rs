//! Self-service sign-up: the switch, user flows and what they are made of, and who waits for approval.

use super::{
    ComplexType, EntityType, EnumType, boolean, choice, complex, complexes, date_time, open, text,
};

/// `authenticationFlowsPolicy`.
pub static AUTHENTICATION_FLOWS_POLICY: EntityType = EntityType {
    name: "authenticationFlowsPolicy",
    key: "",
    properties: &[
        text("id")
            .read_only()
            .initially("\"authenticationFlowsPolicy\""),
        text("displayName").initially("\"Authentication flows policy\""),
        text("description")
            .initially("\"Authentication flows policy allows modification of settings related to authentication flows in this tenant.\""),
        complex("selfServiceSignUp", &SWITCH).initially("{\"isEnabled\":false}"),
    ],
};

static SWITCH: ComplexType = ComplexType {
    name: "selfServiceSignUpAuthenticationFlowConfiguration",
    properties: &[boolean("isEnabled").initially("false")],
};

/// `b2xIdentityUserFlow`. What it navigates to is kept with it, and has addresses of its own.
pub static USER_FLOW: EntityType = EntityType {
    name: "b2xIdentityUserFlow",
    key: "id",
    properties: &[
        text("id").at_creation(),
        choice("userFlowType", &USER_FLOW_TYPE).initially("\"signUpOrSignIn\""),
        // A whole number, of which there is one.
        open("userFlowTypeVersion").initially("1"),
        open("crossgate")
            .initially("{\"applications\":[],\"requiresApproval\":false,\"termsOfUse\":null}"),
    ],
};

static USER_FLOW_TYPE: EnumType = EnumType {
    name: "userFlowType",
    members: &[
        "signUp",
        "signIn",
        "signUpOrSignIn",
        "passwordReset",
        "profileUpdate",
        "resourceOwner",
    ],
};

/// `identityUserFlowAttributeAssignment`.
pub static ASSIGNMENT: EntityType = EntityType {
    name: "identityUserFlowAttributeAssignment",
    key: "id",
    properties: &[
        text("id").read_only(),
        text("displayName"),
        boolean("isOptional").initially("false"),
        boolean("requiresVerification").initially("false"),
        choice("userInputType", &INPUT_TYPE).initially("\"textBox\""),
        complexes("userAttributeValues", &VALUE).initially("[]"),
        open("userAttribute").if_stored(),
    ],
};

static INPUT_TYPE: EnumType = EnumType {
    name: "identityUserFlowAttributeInputType",
    members: &[
        "textBox",
        "dateTimeDropdown",
        "radioSingleSelect",
        "dropdownSingleSelect",
        "emailBox",
        "checkboxMultiSelect",
    ],
};

static VALUE: ComplexType = ComplexType {
    name: "userAttributeValuesItem",
    properties: &[
        boolean("isDefault").initially("false"),
        text("name"),
        text("value"),
    ],
};

/// `identityUserFlowAttribute`.
pub static USER_FLOW_ATTRIBUTE: EntityType = EntityType {
    name: "identityUserFlowAttribute",
    key: "id",
    properties: &[
        text("id").read_only(),
        text("displayName").at_creation(),
        text("description"),
        choice("userFlowAttributeType", &ATTRIBUTE_TYPE)
            .read_only()
            .initially("\"custom\""),
        choice("dataType", &DATA_TYPE).at_creation(),
    ],
};

static ATTRIBUTE_TYPE: EnumType = EnumType {
    name: "identityUserFlowAttributeType",
    members: &["builtIn", "custom", "required"],
};

static DATA_TYPE: EnumType = EnumType {
    name: "identityUserFlowAttributeDataType",
    members: &["string", "boolean", "int64", "stringCollection", "dateTime"],
};

/// `identityApiConnector`.
pub static API_CONNECTOR: EntityType = EntityType {
    name: "identityApiConnector",
    key: "id",
    properties: &[
        text("id").read_only(),
        text("displayName"),
        text("targetUrl"),
        open("authenticationConfiguration"),
    ],
};

/// `userFlowApiConnectorConfiguration`: a value of Graph's, which has an address of its own.
pub static CONNECTOR_CONFIGURATION: EntityType = EntityType {
    name: "userFlowApiConnectorConfiguration",
    key: "",
    properties: &[
        open("postFederationSignup").read_only(),
        open("postAttributeCollection").read_only(),
    ],
};

/// `identityProviderBase`, of whichever kind.
pub static IDENTITY_PROVIDER: EntityType = EntityType {
    name: "identityProviderBase",
    key: "id",
    properties: &[
        text("id").read_only(),
        text("displayName").read_only(),
        text("identityProviderType").read_only().if_stored(),
        text("clientId").read_only().if_stored(),
        text("issuerUri").read_only().if_stored(),
    ],
};

/// Somebody who signed up and waits for approval. Crossgate's own.
pub static SIGN_UP_REQUEST: EntityType = EntityType {
    name: "signUpRequest",
    key: "id",
    properties: &[
        text("id").read_only(),
        choice("status", &REQUEST_STATUS)
            .read_only()
            .initially("\"pending\""),
        date_time("createdDateTime").read_only(),
        date_time("expirationDateTime").read_only(),
        text("email").read_only(),
        text("userFlow").read_only(),
        text("application").read_only(),
        text("identityProvider").read_only(),
        text("homeTenantId").read_only(),
        text("homeUserId").read_only(),
        open("attributes").read_only(),
    ],
};

static REQUEST_STATUS: EnumType = EnumType {
    name: "signUpRequestStatus",
    members: &["pending", "denied"],
};
