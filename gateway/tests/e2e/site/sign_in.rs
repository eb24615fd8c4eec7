//! What a sign-in event may hold: Graph's `signIn` (beta) with its names, types and enumerations, and ours beside it.

use serde_json::{Map, Value};

/// Fails unless every member of the event is known, of its type and in its range, and none that must be there is missing.
pub fn check(event: &Value) {
    let mut faults = Vec::new();
    Kind::Object(SIGN_IN).check("", event, &mut faults);
    let missing =
        |members: &Map<String, Value>, name: &str| members.get(name).is_none_or(Value::is_null);
    let event_members = event.as_object().expect("an event is an object");
    for name in ["id", "createdDateTime", "userId", "correlationId", "status"] {
        if missing(event_members, name) {
            faults.push(format!("{name} is missing"));
        }
    }
    let own = event_members.get("crossgate").and_then(Value::as_object);
    let own = own.expect("an event has a `crossgate` member");
    for name in [
        "decisionId",
        "snapshot",
        "explanation",
        "count",
        "firstSeen",
        "lastSeen",
        "enforcement",
    ] {
        if missing(own, name) {
            faults.push(format!("crossgate.{name} is missing"));
        }
    }
    assert!(faults.is_empty(), "{}\n{event:#}", faults.join("\n"));
}

enum Kind {
    Text,
    Truth,
    Number,
    Real,
    Time,
    OneOf(&'static [&'static str]),
    ListOf(&'static Kind),
    Object(&'static [(&'static str, Kind)]),
    Anything,
}

impl Kind {
    fn check(&self, path: &str, value: &Value, faults: &mut Vec<String>) {
        if value.is_null() {
            return;
        }
        let fits = match self {
            Self::Text => value.is_string(),
            Self::Truth => value.is_boolean(),
            Self::Number => value
                .as_i64()
                .is_some_and(|number| i32::try_from(number).is_ok()),
            Self::Real => value.is_number(),
            Self::Time => value.as_str().is_some_and(is_utc_time),
            Self::OneOf(names) => value.as_str().is_some_and(|name| names.contains(&name)),
            Self::ListOf(kind) => {
                for (at, element) in value.as_array().into_iter().flatten().enumerate() {
                    kind.check(&format!("{path}[{at}]"), element, faults);
                }
                value.is_array()
            }
            Self::Object(members) => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    match members.iter().find(|(known, _)| known == name) {
                        Some((_, kind)) => kind.check(&format!("{path}.{name}"), member, faults),
                        None => faults.push(format!("{path}.{name} is not a member Graph has")),
                    }
                }
                value.is_object()
            }
            Self::Anything => true,
        };
        if !fits {
            faults.push(format!("{path}: {value} does not fit"));
        }
    }
}

/// `2026-01-13T17:14:06Z`, with or without a fraction.
fn is_utc_time(text: &str) -> bool {
    text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()
}

use Kind::{Anything, ListOf, Number, Object, OneOf, Real, Text, Time, Truth};

const RISK_LEVEL: Kind = OneOf(&[
    "low",
    "medium",
    "high",
    "hidden",
    "none",
    "unknownFutureValue",
]);
const TOKEN_PROTECTION: Kind = OneOf(&["none", "bound", "unbound", "unknownFutureValue"]);

const SIGN_IN: &[(&str, Kind)] = &[
    ("id", Text),
    ("createdDateTime", Time),
    ("userDisplayName", Text),
    ("userPrincipalName", Text),
    ("userId", Text),
    ("appId", Text),
    ("appDisplayName", Text),
    ("ipAddress", Text),
    ("clientAppUsed", Text),
    ("userAgent", Text),
    ("correlationId", Text),
    (
        "conditionalAccessStatus",
        OneOf(&["success", "failure", "notApplied", "unknownFutureValue"]),
    ),
    (
        "appliedConditionalAccessPolicies",
        ListOf(&Object(APPLIED_POLICY)),
    ),
    ("isInteractive", Truth),
    ("riskDetail", Text),
    ("riskLevelAggregated", RISK_LEVEL),
    ("riskLevelDuringSignIn", RISK_LEVEL),
    (
        "riskState",
        OneOf(&[
            "none",
            "confirmedSafe",
            "remediated",
            "dismissed",
            "atRisk",
            "confirmedCompromised",
            "unknownFutureValue",
        ]),
    ),
    ("riskEventTypes", ListOf(&Text)),
    ("riskEventTypes_v2", ListOf(&Text)),
    ("resourceDisplayName", Text),
    ("resourceId", Text),
    ("homeTenantId", Text),
    ("resourceTenantId", Text),
    ("servicePrincipalId", Text),
    ("servicePrincipalName", Text),
    (
        "status",
        Object(&[
            ("errorCode", Number),
            ("failureReason", Text),
            ("additionalDetails", Text),
        ]),
    ),
    (
        "deviceDetail",
        Object(&[
            ("deviceId", Text),
            ("displayName", Text),
            ("operatingSystem", Text),
            ("browser", Text),
            ("browserId", Text),
            ("isCompliant", Truth),
            ("isManaged", Truth),
            ("trustType", Text),
        ]),
    ),
    (
        "location",
        Object(&[
            ("city", Text),
            ("state", Text),
            ("countryOrRegion", Text),
            (
                "geoCoordinates",
                Object(&[("altitude", Real), ("latitude", Real), ("longitude", Real)]),
            ),
        ]),
    ),
    (
        "authenticationAppDeviceDetails",
        Object(&[
            ("appVersion", Text),
            ("clientApp", Text),
            ("deviceId", Text),
            ("operatingSystem", Text),
        ]),
    ),
    // From here on: beta.
    ("alternateSignInName", Text),
    ("agent", Anything),
    ("appOwnerTenantId", Text),
    ("resourceOwnerTenantId", Text),
    ("resourceServicePrincipalId", Text),
    ("appTokenProtectionStatus", TOKEN_PROTECTION),
    ("signInTokenProtectionStatus", TOKEN_PROTECTION),
    ("appliedEventListeners", ListOf(&Anything)),
    (
        "authenticationAppPolicyEvaluationDetails",
        ListOf(&Anything),
    ),
    (
        "authenticationContextClassReferences",
        ListOf(&Object(&[
            ("id", Text),
            (
                "detail",
                OneOf(&[
                    "required",
                    "previouslySatisfied",
                    "notApplicable",
                    "unknownFutureValue",
                ]),
            ),
        ])),
    ),
    (
        "authenticationDetails",
        ListOf(&Object(&[
            ("authenticationStepDateTime", Time),
            ("authenticationMethod", Text),
            ("authenticationMethodDetail", Text),
            ("succeeded", Truth),
            ("authenticationStepResultDetail", Text),
            ("authenticationStepRequirement", Text),
        ])),
    ),
    ("authenticationMethodsUsed", ListOf(&Text)),
    (
        "authenticationProcessingDetails",
        ListOf(&Object(&[("key", Text), ("value", Text)])),
    ),
    (
        "authenticationProtocol",
        OneOf(&[
            "none",
            "oAuth2",
            "ropc",
            "wsFederation",
            "saml20",
            "deviceCode",
            "unknownFutureValue",
            "authenticationTransfer",
            "nativeAuth",
        ]),
    ),
    (
        "authenticationRequirement",
        OneOf(&["singleFactorAuthentication", "multiFactorAuthentication"]),
    ),
    (
        "authenticationRequirementPolicies",
        ListOf(&Object(&[("detail", Text), ("requirementProvider", Text)])),
    ),
    ("autonomousSystemNumber", Number),
    ("azureResourceId", Text),
    (
        "clientCredentialType",
        OneOf(&[
            "none",
            "clientSecret",
            "clientAssertion",
            "federatedIdentityCredential",
            "managedIdentity",
            "certificate",
            "unknownFutureValue",
        ]),
    ),
    ("clientSessionId", Text),
    ("sessionId", Text),
    ("conditionalAccessAudiences", ListOf(&Anything)),
    (
        "crossTenantAccessType",
        OneOf(&[
            "none",
            "b2bCollaboration",
            "b2bDirectConnect",
            "microsoftSupport",
            "serviceProvider",
            "unknownFutureValue",
            "passthrough",
        ]),
    ),
    ("federatedCredentialId", Text),
    ("servicePrincipalCredentialKeyId", Text),
    ("servicePrincipalCredentialThumbprint", Text),
    ("flaggedForReview", Truth),
    ("globalSecureAccessIpAddress", Text),
    ("isThroughGlobalSecureAccess", Truth),
    ("homeTenantName", Text),
    (
        "incomingTokenType",
        OneOf(&[
            "none",
            "primaryRefreshToken",
            "saml11",
            "saml20",
            "unknownFutureValue",
            "remoteDesktopToken",
            "refreshToken",
        ]),
    ),
    ("ipAddressFromResourceProvider", Text),
    ("isTenantRestricted", Truth),
    (
        "managedServiceIdentity",
        Object(&[
            ("msiType", Text),
            ("associatedResourceId", Text),
            ("federatedTokenId", Text),
            ("federatedTokenIssuer", Text),
        ]),
    ),
    (
        "mfaDetail",
        Object(&[("authMethod", Text), ("authDetail", Text)]),
    ),
    (
        "networkLocationDetails",
        ListOf(&Object(&[
            (
                "networkType",
                OneOf(&[
                    "intranet",
                    "extranet",
                    "namedNetwork",
                    "trusted",
                    "unknownFutureValue",
                ]),
            ),
            ("networkNames", ListOf(&Text)),
        ])),
    ),
    ("originalRequestId", Text),
    (
        "originalTransferMethod",
        OneOf(&[
            "none",
            "deviceCodeFlow",
            "authenticationTransfer",
            "unknownFutureValue",
        ]),
    ),
    (
        "privateLinkDetails",
        Object(&[
            ("policyId", Text),
            ("policyName", Text),
            ("policyTenantId", Text),
            ("resourceId", Text),
        ]),
    ),
    ("processingTimeInMilliseconds", Number),
    (
        "sessionLifetimePolicies",
        ListOf(&Object(&[
            ("detail", Text),
            ("expirationRequirement", Text),
        ])),
    ),
    (
        "signInEventTypes",
        ListOf(&OneOf(&[
            "interactiveUser",
            "nonInteractiveUser",
            "servicePrincipal",
            "managedIdentity",
            "unknownFutureValue",
        ])),
    ),
    ("signInIdentifier", Text),
    (
        "signInIdentifierType",
        OneOf(&[
            "userPrincipalName",
            "phoneNumber",
            "proxyAddress",
            "qrCode",
            "onPremisesUserPrincipalName",
            "unknownFutureValue",
        ]),
    ),
    ("tokenIssuerName", Text),
    (
        "tokenIssuerType",
        OneOf(&[
            "AzureAD",
            "ADFederationServices",
            "UnknownFutureValue",
            "AzureADBackupAuth",
            "ADFederationServicesMFAAdapter",
            "NPSExtension",
        ]),
    ),
    (
        "tokenProtectionStatusDetails",
        Object(&[
            ("signInSessionStatus", TOKEN_PROTECTION),
            ("signInSessionStatusCode", Number),
        ]),
    ),
    ("uniqueTokenIdentifier", Text),
    (
        "userType",
        OneOf(&["member", "guest", "unknownFutureValue"]),
    ),
    // Ours, and ours to extend.
    ("crossgate", Anything),
];

const APPLIED_POLICY: &[(&str, Kind)] = &[
    ("id", Text),
    ("displayName", Text),
    ("enforcedGrantControls", ListOf(&Text)),
    ("enforcedSessionControls", ListOf(&Text)),
    (
        "result",
        OneOf(&[
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
        ]),
    ),
    ("authenticationStrength", Anything),
    ("conditionsSatisfied", Text),
    ("conditionsNotSatisfied", Text),
    ("includeRulesSatisfied", ListOf(&Anything)),
    ("excludeRulesSatisfied", ListOf(&Anything)),
    ("sessionControlsNotSatisfied", ListOf(&Text)),
];
