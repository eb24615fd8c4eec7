//! The class `Authentication` (3002) of the Open Cybersecurity Schema Framework, version 1.3.0.

use serde_json::{Value, json};

use super::field::{Facts, Field, From};
use super::read::Outcome;

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "class_uid",
        from: From::Number(3002),
    },
    Field {
        name: "class_name",
        from: From::Text("Authentication"),
    },
    Field {
        name: "category_uid",
        from: From::Number(3),
    },
    Field {
        name: "category_name",
        from: From::Text("Identity & Access Management"),
    },
    Field {
        name: "activity_id",
        from: From::Number(1),
    },
    Field {
        name: "activity_name",
        from: From::Text("Logon"),
    },
    Field {
        name: "type_uid",
        from: From::Number(300_201),
    },
    Field {
        name: "type_name",
        from: From::Text("Authentication: Logon"),
    },
    Field {
        name: "time",
        from: From::Made("`createdDateTime` in milliseconds", |facts| {
            facts.milliseconds("createdDateTime")
        }),
    },
    Field {
        name: "start_time",
        from: From::Made("`crossgate/firstSeen` in milliseconds", |facts| {
            facts.milliseconds("crossgate/firstSeen")
        }),
    },
    Field {
        name: "end_time",
        from: From::Made("`crossgate/lastSeen` in milliseconds", |facts| {
            facts.milliseconds("crossgate/lastSeen")
        }),
    },
    Field {
        name: "count",
        from: From::Made("`crossgate/count`", |facts| Some(facts.count())),
    },
    Field {
        name: "duration",
        from: From::Member("processingTimeInMilliseconds"),
    },
    Field {
        name: "severity_id",
        from: From::Made("1 (Informational), or 2 (Low) of a failure", |facts| {
            Some(json!(if facts.outcome() == Outcome::Failure {
                2
            } else {
                1
            }))
        }),
    },
    Field {
        name: "status_id",
        from: From::Made(
            "`crossgate/outcome`: 1 (Success) of `allow`, 99 (Other) where nobody was decided about, else 2 (Failure)",
            |facts| Some(json!(status(facts).0)),
        ),
    },
    Field {
        name: "status",
        from: From::Made("its name: `Success`, `Failure`, `Other`", |facts| {
            Some(status(facts).1.into())
        }),
    },
    Field {
        name: "status_code",
        from: From::Made("`status/errorCode` as a string", |facts| {
            Some(facts.code().to_string().into())
        }),
    },
    Field {
        name: "status_detail",
        from: From::Member("crossgate/reason"),
    },
    Field {
        name: "message",
        from: From::Member("status/failureReason"),
    },
    Field {
        name: "metadata.version",
        from: From::Text("1.3.0"),
    },
    Field {
        name: "metadata.uid",
        from: From::Member("id"),
    },
    Field {
        name: "metadata.correlation_uid",
        from: From::Member("correlationId"),
    },
    Field {
        name: "metadata.sequence",
        from: From::Made("the sequence number", |facts| {
            Some(facts.origin.sequence.into())
        }),
    },
    Field {
        name: "metadata.log_name",
        from: From::Text("sign-ins"),
    },
    Field {
        name: "metadata.log_provider",
        from: From::Made("the gateway's name", |facts| {
            Some((&*facts.origin.gateway).into())
        }),
    },
    Field {
        name: "metadata.product.name",
        from: From::Text("Crossgate"),
    },
    Field {
        name: "metadata.product.vendor_name",
        from: From::Text("Crossgate"),
    },
    Field {
        name: "metadata.product.version",
        from: From::Text(env!("CARGO_PKG_VERSION")),
    },
    Field {
        name: "user.uid",
        from: From::Made("`userId`, or `servicePrincipalId`", |facts| {
            either(facts, "userId", "servicePrincipalId")
        }),
    },
    Field {
        name: "user.name",
        from: From::Made(
            "`userPrincipalName`, or `servicePrincipalName`; `anonymous` where there is not even an id",
            name,
        ),
    },
    Field {
        name: "user.full_name",
        from: From::Member("userDisplayName"),
    },
    Field {
        name: "user.type_id",
        from: From::Made(
            "1 (User), 3 (System) of a workload, 0 (Unknown) without an id",
            |facts| {
                Some(json!(if facts.is_workload() {
                    3
                } else {
                    i32::from(facts.text("userId").is_some())
                }))
            },
        ),
    },
    Field {
        name: "user.org.uid",
        from: From::Member("homeTenantId"),
    },
    Field {
        name: "actor.app_uid",
        from: From::Member("appId"),
    },
    Field {
        name: "actor.app_name",
        from: From::Member("appDisplayName"),
    },
    Field {
        name: "service.uid",
        from: From::Member("resourceId"),
    },
    Field {
        name: "service.name",
        from: From::Made(
            "`resourceDisplayName`; `unknown` where there is no such app",
            |facts| {
                Some(
                    facts
                        .text("resourceDisplayName")
                        .unwrap_or("unknown")
                        .into(),
                )
            },
        ),
    },
    Field {
        name: "src_endpoint.ip",
        from: From::Member("ipAddress"),
    },
    Field {
        name: "http_request.user_agent",
        from: From::Member("userAgent"),
    },
    Field {
        name: "session.uid",
        from: From::Member("sessionId"),
    },
    Field {
        name: "auth_protocol_id",
        from: From::Made(
            "6 (OAUTH 2.0) where a token was read, else 0 (Unknown)",
            |facts| {
                Some(json!(if facts.text("tokenIssuerName").is_some() {
                    6
                } else {
                    0
                }))
            },
        ),
    },
    Field {
        name: "logon_type_id",
        from: From::Made(
            "2 (Interactive) by `isInteractive`, else 3 (Network)",
            |facts| Some(json!(if facts.is_interactive() { 2 } else { 3 })),
        ),
    },
    Field {
        name: "is_remote",
        from: From::Made("always true", |_| Some(true.into())),
    },
    Field {
        name: "is_mfa",
        from: From::Made("whether `crossgate/mfa` was done and counts", |facts| {
            facts.has_mfa().map(Value::from)
        }),
    },
    Field {
        name: "unmapped.crossTenantAccessType",
        from: From::Member("crossTenantAccessType"),
    },
    Field {
        name: "unmapped.resourceTenantId",
        from: From::Member("resourceTenantId"),
    },
    Field {
        name: "unmapped.userType",
        from: From::Member("userType"),
    },
    Field {
        name: "unmapped.isTenantRestricted",
        from: From::Member("isTenantRestricted"),
    },
    Field {
        name: "unmapped.conditionalAccessStatus",
        from: From::Member("conditionalAccessStatus"),
    },
    Field {
        name: "unmapped.crossgate",
        from: From::Made(
            "`crossgate` without its receipt, and `gateway`, `stream`, `sequence`",
            |facts| Some(facts.own()),
        ),
    },
];

fn status(facts: &Facts<'_>) -> (i32, &'static str) {
    match facts.outcome() {
        Outcome::Success => (1, "Success"),
        Outcome::Failure => (2, "Failure"),
        Outcome::Neither => (99, "Other"),
    }
}

/// The schema wants a name or an id of everybody.
fn name(facts: &Facts<'_>) -> Option<Value> {
    either(facts, "userPrincipalName", "servicePrincipalName").or_else(|| {
        either(facts, "userId", "servicePrincipalId")
            .is_none()
            .then(|| "anonymous".into())
    })
}

fn either(facts: &Facts<'_>, first: &str, second: &str) -> Option<Value> {
    facts
        .text(first)
        .or_else(|| facts.text(second))
        .map(Value::from)
}
