//! The columns of Entra's table `SigninLogs`, as Azure Monitor's reference has them.

use serde_json::Value;

use super::field::{Facts, Field, From};
use super::read::Outcome;

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "TimeGenerated",
        from: From::Member("createdDateTime"),
    },
    Field {
        name: "CreatedDateTime",
        from: From::Member("createdDateTime"),
    },
    Field {
        name: "Id",
        from: From::Member("id"),
    },
    Field {
        name: "CorrelationId",
        from: From::Member("correlationId"),
    },
    Field {
        name: "OperationName",
        from: From::Text("Sign-in activity"),
    },
    Field {
        name: "OperationVersion",
        from: From::Text("1.0"),
    },
    Field {
        name: "Category",
        from: From::Made(
            "`SignInLogs`, `NonInteractiveUserSignInLogs` or `ServicePrincipalSignInLogs`, by `isInteractive` and `servicePrincipalId`",
            category,
        ),
    },
    Field {
        name: "Level",
        from: From::Text("4"),
    },
    Field {
        name: "Resource",
        from: From::Text("Microsoft.aadiam"),
    },
    Field {
        name: "ResultType",
        from: From::Made(
            "`status/errorCode` as a string; 0 only where the request was let in",
            |facts| {
                // Queries take 0 for a success.
                let code = facts.code();
                let is_let_in = facts.outcome() == Outcome::Success;
                (code != 0 || is_let_in).then(|| code.to_string().into())
            },
        ),
    },
    Field {
        name: "ResultSignature",
        from: From::Made(
            "`SUCCESS` where the request was let in, else `FAILURE`",
            |facts| {
                Some(
                    if facts.text("crossgate/outcome") == Some("allow") {
                        "SUCCESS"
                    } else {
                        "FAILURE"
                    }
                    .into(),
                )
            },
        ),
    },
    Field {
        name: "ResultDescription",
        from: From::Member("status/failureReason"),
    },
    Field {
        name: "Status",
        from: From::Member("status"),
    },
    Field {
        name: "AADTenantId",
        from: From::Made(
            "the own tenant: `resourceTenantId`, or `homeTenantId` of who goes out",
            own_tenant,
        ),
    },
    Field {
        name: "HomeTenantId",
        from: From::Member("homeTenantId"),
    },
    Field {
        name: "ResourceTenantId",
        from: From::Member("resourceTenantId"),
    },
    Field {
        name: "CrossTenantAccessType",
        from: From::Member("crossTenantAccessType"),
    },
    Field {
        name: "Identity",
        from: From::Made("`userDisplayName`, or `servicePrincipalName`", |facts| {
            first(facts, &["userDisplayName", "servicePrincipalName"])
        }),
    },
    Field {
        name: "UserDisplayName",
        from: From::Member("userDisplayName"),
    },
    Field {
        name: "UserPrincipalName",
        from: From::Member("userPrincipalName"),
    },
    Field {
        name: "UserId",
        from: From::Member("userId"),
    },
    Field {
        name: "UserType",
        from: From::Member("userType"),
    },
    Field {
        name: "ServicePrincipalId",
        from: From::Member("servicePrincipalId"),
    },
    Field {
        name: "ServicePrincipalName",
        from: From::Member("servicePrincipalName"),
    },
    Field {
        name: "AppId",
        from: From::Member("appId"),
    },
    Field {
        name: "AppDisplayName",
        from: From::Member("appDisplayName"),
    },
    Field {
        name: "ResourceIdentity",
        from: From::Member("resourceId"),
    },
    Field {
        name: "ResourceDisplayName",
        from: From::Member("resourceDisplayName"),
    },
    Field {
        name: "IPAddress",
        from: From::Member("ipAddress"),
    },
    Field {
        name: "UserAgent",
        from: From::Member("userAgent"),
    },
    Field {
        name: "DeviceDetail",
        from: From::Member("deviceDetail"),
    },
    Field {
        name: "IsInteractive",
        from: From::Member("isInteractive"),
    },
    Field {
        name: "AuthenticationRequirement",
        from: From::Member("authenticationRequirement"),
    },
    Field {
        name: "ConditionalAccessStatus",
        from: From::Member("conditionalAccessStatus"),
    },
    Field {
        name: "ConditionalAccessPolicies",
        from: From::Member("appliedConditionalAccessPolicies"),
    },
    Field {
        name: "AppliedConditionalAccessPolicies",
        from: From::Made(
            "`appliedConditionalAccessPolicies` as a string of JSON",
            |facts| {
                Some(
                    facts
                        .member("appliedConditionalAccessPolicies")?
                        .to_string()
                        .into(),
                )
            },
        ),
    },
    Field {
        name: "DurationMs",
        from: From::Member("processingTimeInMilliseconds"),
    },
    Field {
        name: "ProcessingTimeInMilliseconds",
        from: From::Made("`processingTimeInMilliseconds` as a string", |facts| {
            Some(
                facts
                    .member("processingTimeInMilliseconds")?
                    .to_string()
                    .into(),
            )
        }),
    },
    Field {
        name: "TokenIssuerName",
        from: From::Member("tokenIssuerName"),
    },
    Field {
        name: "TokenIssuerType",
        from: From::Member("tokenIssuerType"),
    },
    Field {
        name: "UniqueTokenIdentifier",
        from: From::Member("uniqueTokenIdentifier"),
    },
    Field {
        name: "Crossgate",
        from: From::Made(
            "`crossgate` without its receipt, with `gateway`, `stream`, `sequence`, and `sessionId`, `isTenantRestricted`",
            |facts| Some(facts.own_with(&["sessionId", "isTenantRestricted"])),
        ),
    },
];

fn category(facts: &Facts<'_>) -> Option<Value> {
    let category = if facts.is_workload() {
        "ServicePrincipalSignInLogs"
    } else if facts.is_interactive() {
        "SignInLogs"
    } else {
        "NonInteractiveUserSignInLogs"
    };
    Some(category.into())
}

fn own_tenant(facts: &Facts<'_>) -> Option<Value> {
    let member = match facts.text("crossgate/direction") {
        Some("outbound") => "homeTenantId",
        Some(_) | None => "resourceTenantId",
    };
    facts.member(member).cloned()
}

fn first(facts: &Facts<'_>, members: &[&str]) -> Option<Value> {
    let mut texts = members.iter().filter_map(|member| facts.text(member));
    texts.next().map(Value::from)
}
