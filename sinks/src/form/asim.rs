//! Microsoft Sentinel's schema `Authentication` of the Advanced Security Information Model, in the columns of the table
//! `ASimAuthenticationEventLogs`.

use serde_json::Value;

use super::field::{Facts, Field, From};
use super::read::Outcome;

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "TimeGenerated",
        from: From::Member("createdDateTime"),
    },
    Field {
        name: "EventStartTime",
        from: From::Member("crossgate/firstSeen"),
    },
    Field {
        name: "EventEndTime",
        from: From::Member("crossgate/lastSeen"),
    },
    Field {
        name: "EventCount",
        from: From::Made("`crossgate/count`", |facts| Some(facts.count())),
    },
    Field {
        name: "EventType",
        from: From::Text("Logon"),
    },
    Field {
        name: "EventSubType",
        from: From::Made(
            "`Interactive` by `isInteractive`, `Service` of a workload, else `Remote`",
            sub_type,
        ),
    },
    Field {
        name: "EventSchema",
        from: From::Text("Authentication"),
    },
    Field {
        name: "EventSchemaVersion",
        from: From::Text("0.1.3"),
    },
    Field {
        name: "EventVendor",
        from: From::Text("Crossgate"),
    },
    Field {
        name: "EventProduct",
        from: From::Text("Crossgate"),
    },
    Field {
        name: "EventProductVersion",
        from: From::Text(env!("CARGO_PKG_VERSION")),
    },
    Field {
        name: "EventResult",
        from: From::Made(
            "`crossgate/outcome`: `Success` of `allow`, `NA` where nobody was decided about, else `Failure`",
            result,
        ),
    },
    Field {
        name: "EventResultDetails",
        from: From::Made(
            "of a failure, by `status/errorCode`: `User disabled` (50057), `Session expired` (50173, 500133, 70008), `Incorrect password` (50126), `Incorrect key` (50003, 50006), `Logon violates policy` of what policies refuse, else `Other`",
            result_details,
        ),
    },
    Field {
        name: "EventOriginalUid",
        from: From::Member("id"),
    },
    Field {
        name: "EventOriginalResultDetails",
        from: From::Made("`status/errorCode` and `crossgate/reason`", |facts| {
            Some(format!("{} {}", facts.code(), facts.text("crossgate/reason")?).into())
        }),
    },
    Field {
        name: "EventOriginalType",
        from: From::Member("crossgate/outcome"),
    },
    Field {
        name: "EventMessage",
        from: From::Member("status/failureReason"),
    },
    Field {
        name: "EventSeverity",
        from: From::Made("`Informational`, or `Low` of a failure", |facts| {
            Some(
                if facts.outcome() == Outcome::Failure {
                    "Low"
                } else {
                    "Informational"
                }
                .into(),
            )
        }),
    },
    Field {
        name: "DvcHostname",
        from: From::Made("the gateway's name", |facts| {
            Some((&*facts.origin.gateway).into())
        }),
    },
    Field {
        name: "DvcAction",
        from: From::Made("`Allow`, or `Deny` of a failure", action),
    },
    Field {
        name: "TargetUserId",
        from: From::Made("`userId`, or `servicePrincipalId`", |facts| {
            either(facts, "userId", "servicePrincipalId")
        }),
    },
    Field {
        name: "TargetUserIdType",
        from: From::Made(
            "`AADID` where there is an id, and Entra signed the token; else `Other`",
            |facts| {
                either(facts, "userId", "servicePrincipalId")?;
                Some(
                    if facts.text("tokenIssuerType").is_some() {
                        "AADID"
                    } else {
                        "Other"
                    }
                    .into(),
                )
            },
        ),
    },
    Field {
        name: "TargetUsername",
        from: From::Made("`userPrincipalName`, or `servicePrincipalName`", |facts| {
            either(facts, "userPrincipalName", "servicePrincipalName")
        }),
    },
    Field {
        name: "TargetUsernameType",
        from: From::Made("`UPN` of a `userPrincipalName`, else `Simple`", |facts| {
            either(facts, "userPrincipalName", "servicePrincipalName")?;
            Some(
                if facts.text("userPrincipalName").is_some() {
                    "UPN"
                } else {
                    "Simple"
                }
                .into(),
            )
        }),
    },
    Field {
        name: "TargetUserScopeId",
        from: From::Member("homeTenantId"),
    },
    Field {
        name: "TargetUserType",
        from: From::Made(
            "`Service Principal` of a workload, `Anonymous` without an id, else `Regular`",
            user_type,
        ),
    },
    Field {
        name: "TargetOriginalUserType",
        from: From::Member("userType"),
    },
    Field {
        name: "TargetSessionId",
        from: From::Member("sessionId"),
    },
    Field {
        name: "TargetAppId",
        from: From::Member("resourceId"),
    },
    Field {
        name: "TargetAppName",
        from: From::Member("resourceDisplayName"),
    },
    Field {
        name: "TargetAppType",
        from: From::Text("Resource"),
    },
    Field {
        name: "ActingAppId",
        from: From::Member("appId"),
    },
    Field {
        name: "ActingAppName",
        from: From::Member("appDisplayName"),
    },
    Field {
        name: "SrcIpAddr",
        from: From::Member("ipAddress"),
    },
    Field {
        name: "SrcDvcId",
        from: From::Member("deviceDetail/deviceId"),
    },
    Field {
        name: "HttpUserAgent",
        from: From::Member("userAgent"),
    },
    Field {
        name: "LogonMethod",
        from: From::Made(
            "`Multi factor authentication` where it was done and counts",
            |facts| (facts.has_mfa()?).then(|| "Multi factor authentication".into()),
        ),
    },
    Field {
        name: "RuleName",
        from: From::Made("`crossgate/step` that decided", |facts| {
            facts.member("crossgate/step").cloned()
        }),
    },
    Field {
        name: "AdditionalFields",
        from: From::Made(
            "`crossgate` without its receipt, with `gateway`, `stream`, `sequence`, and `correlationId`, `resourceTenantId`, `crossTenantAccessType`, `isTenantRestricted`, `conditionalAccessStatus`",
            additional,
        ),
    },
];

fn sub_type(facts: &Facts<'_>) -> Option<Value> {
    let sub_type = if facts.is_workload() {
        "Service"
    } else if facts.is_interactive() {
        "Interactive"
    } else {
        "Remote"
    };
    Some(sub_type.into())
}

fn result(facts: &Facts<'_>) -> Option<Value> {
    let result = match facts.outcome() {
        Outcome::Success => "Success",
        Outcome::Failure => "Failure",
        Outcome::Neither => "NA",
    };
    Some(result.into())
}

fn result_details(facts: &Facts<'_>) -> Option<Value> {
    if facts.outcome() != Outcome::Failure {
        return None;
    }
    let of_policy = matches!(
        facts.text("crossgate/step"),
        Some(
            "tenant_restrictions"
                | "cloud"
                | "inbound"
                | "outbound"
                | "guest"
                | "trust"
                | "conditional_access"
                | "app_rules"
        )
    );
    let details = match facts.code() {
        50_057 => "User disabled",
        50_173 | 500_133 | 70_008 => "Session expired",
        50_126 => "Incorrect password",
        50_003 | 50_006 => "Incorrect key",
        _ if of_policy => "Logon violates policy",
        _ => "Other",
    };
    Some(details.into())
}

fn action(facts: &Facts<'_>) -> Option<Value> {
    match facts.outcome() {
        Outcome::Success => Some("Allow".into()),
        Outcome::Failure => Some("Deny".into()),
        Outcome::Neither => None,
    }
}

fn user_type(facts: &Facts<'_>) -> Option<Value> {
    let user_type = if facts.is_workload() {
        "Service Principal"
    } else if facts.text("userId").is_none() {
        "Anonymous"
    } else {
        "Regular"
    };
    Some(user_type.into())
}

fn either(facts: &Facts<'_>, first: &str, second: &str) -> Option<Value> {
    facts
        .text(first)
        .or_else(|| facts.text(second))
        .map(Value::from)
}

fn additional(facts: &Facts<'_>) -> Option<Value> {
    Some(facts.own_with(&[
        "correlationId",
        "resourceTenantId",
        "crossTenantAccessType",
        "isTenantRestricted",
        "conditionalAccessStatus",
    ]))
}
