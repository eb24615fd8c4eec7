//! `signIn` (beta), as far as a gateway knows it, and what is ours of it.

use super::{
    ComplexType, EntityType, EnumType, boolean, choice, complex, complexes, date_time, number,
    open, text, texts,
};

/// `signIn`.
pub static SIGN_IN: EntityType = EntityType {
    name: "signIn",
    key: "id",
    properties: &[
        text("id").read_only(),
        date_time("createdDateTime").read_only(),
        text("userDisplayName").read_only(),
        text("userPrincipalName").read_only(),
        text("userId").read_only(),
        text("appId").read_only(),
        text("appDisplayName").read_only(),
        text("ipAddress").read_only(),
        text("userAgent").read_only(),
        text("correlationId").read_only(),
        choice("conditionalAccessStatus", &CONDITIONAL_ACCESS_STATUS).read_only(),
        complexes("appliedConditionalAccessPolicies", &APPLIED_POLICY)
            .read_only()
            .initially("[]"),
        boolean("isInteractive").read_only(),
        text("resourceDisplayName").read_only(),
        text("resourceId").read_only(),
        text("homeTenantId").read_only(),
        text("resourceTenantId").read_only(),
        text("servicePrincipalId").read_only(),
        text("servicePrincipalName").read_only(),
        complex("status", &STATUS).read_only(),
        complex("deviceDetail", &DEVICE).read_only(),
        text("authenticationRequirement").read_only(),
        choice("crossTenantAccessType", &ACCESS_TYPE).read_only(),
        boolean("isTenantRestricted").read_only(),
        number("processingTimeInMilliseconds").read_only(),
        text("sessionId").read_only(),
        texts("signInEventTypes").read_only().initially("[]"),
        text("tokenIssuerName").read_only(),
        choice("tokenIssuerType", &ISSUER_TYPE).read_only(),
        text("uniqueTokenIdentifier").read_only(),
        choice("userType", &USER_TYPE).read_only(),
        complex("crossgate", &CROSSGATE).read_only().if_stored(),
    ],
};

static CONDITIONAL_ACCESS_STATUS: EnumType = EnumType {
    name: "conditionalAccessStatus",
    members: &["success", "failure", "notApplied", "unknownFutureValue"],
};

static ACCESS_TYPE: EnumType = EnumType {
    name: "signInAccessType",
    members: &[
        "none",
        "b2bCollaboration",
        "b2bDirectConnect",
        "microsoftSupport",
        "serviceProvider",
        "unknownFutureValue",
        "passthrough",
    ],
};

static ISSUER_TYPE: EnumType = EnumType {
    name: "tokenIssuerType",
    members: &[
        "AzureAD",
        "ADFederationServices",
        "UnknownFutureValue",
        "AzureADBackupAuth",
        "ADFederationServicesMFAAdapter",
        "NPSExtension",
    ],
};

static USER_TYPE: EnumType = EnumType {
    name: "signInUserType",
    members: &["member", "guest", "unknownFutureValue"],
};

static APPLIED_RESULT: EnumType = EnumType {
    name: "appliedConditionalAccessPolicyResult",
    members: &[
        "success",
        "failure",
        "notApplied",
        "notEnabled",
        "unknown",
        "unknownFutureValue",
        "reportOnlySuccess",
        "reportOnlyFailure",
        "reportOnlyNotApplied",
        "reportOnlyInterrupted",
    ],
};

static STATUS: ComplexType = ComplexType {
    name: "signInStatus",
    properties: &[
        number("errorCode"),
        text("failureReason"),
        text("additionalDetails"),
    ],
};

static APPLIED_POLICY: ComplexType = ComplexType {
    name: "appliedConditionalAccessPolicy",
    properties: &[
        text("id"),
        text("displayName"),
        texts("enforcedGrantControls"),
        texts("enforcedSessionControls"),
        choice("result", &APPLIED_RESULT),
    ],
};

static DEVICE: ComplexType = ComplexType {
    name: "deviceDetail",
    properties: &[
        text("deviceId"),
        boolean("isCompliant"),
        boolean("isManaged"),
        text("trustType"),
    ],
};

/// What is ours.
static CROSSGATE: ComplexType = ComplexType {
    name: "crossgateSignIn",
    properties: &[
        text("decisionId"),
        text("outcome"),
        text("reason"),
        text("step"),
        text("enforcement"),
        text("direction"),
        text("provider"),
        text("snapshot"),
        number("generation"),
        text("mfa"),
        text("device"),
        texts("requirements"),
        open("explanation"),
        text("nearestChange"),
        number("httpStatus"),
        text("traceId"),
        number("count"),
        date_time("firstSeen"),
        date_time("lastSeen"),
        texts("correlationIds"),
    ],
};
