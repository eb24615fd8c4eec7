use serde_json::json;

use super::*;

fn origin() -> Origin {
    Origin {
        gateway: "gw \"1\"".into(),
        stream: "0198".into(),
        sequence: 7,
    }
}

/// A guest of a partner who was refused, as the gateway writes it.
fn refused() -> Value {
    serde_json::from_str(
        r#"{
        "id": "dddddddd-0000-4000-8000-000000000001",
        "createdDateTime": "2026-01-02T03:04:05.678Z",
        "userDisplayName": "Ada", "userPrincipalName": "ada@fabrikam.example", "userId": "ada",
        "appId": "client", "appDisplayName": "Client", "ipAddress": "192.0.2.7", "userAgent": "curl/8",
        "correlationId": "cccccccc-0000-4000-8000-000000000001",
        "conditionalAccessStatus": "failure",
        "appliedConditionalAccessPolicies": [{"id": "mfa", "result": "failure"}],
        "isInteractive": false, "resourceDisplayName": "Payroll", "resourceId": "app-1",
        "homeTenantId": "22222222-2222-4222-8222-222222222222",
        "resourceTenantId": "11111111-1111-4111-8111-111111111111",
        "servicePrincipalId": null, "servicePrincipalName": null,
        "status": {"errorCode": 53003, "failureReason": "Blocked.", "additionalDetails": "blocked_by_policy"},
        "deviceDetail": {"deviceId": null}, "authenticationRequirement": "singleFactorAuthentication",
        "crossTenantAccessType": "b2bCollaboration", "isTenantRestricted": false,
        "processingTimeInMilliseconds": 3, "sessionId": "s-1", "signInEventTypes": ["nonInteractiveUser"],
        "tokenIssuerName": "entra", "tokenIssuerType": "AzureAD", "uniqueTokenIdentifier": "uti", "userType": "guest",
        "crossgate": {
            "decisionId": "dddddddd-0000-4000-8000-000000000001", "outcome": "block", "reason": "blocked_by_policy",
            "step": "conditional_access", "direction": "inbound", "mfa": "home-untrusted", "receipt": {"case": {}},
            "count": 3, "firstSeen": "2026-01-02T03:04:05.678Z", "lastSeen": "2026-01-02T03:04:06.678Z"
        }
    }"#,
    )
    .unwrap()
}

fn rendered(form: Form, event: &Value) -> Value {
    // As the gateway writes it: `crossgate` last, though a map here is sorted.
    let line = event.to_string();
    let rendered = render(form, Receipts::LeftOut, &line, origin()).unwrap();
    assert_eq!(rendered.id, event["id"]);
    assert_eq!(rendered.at, 1_767_323_045_678);
    serde_json::from_str(&rendered.text).unwrap()
}

#[test]
fn graphs_form_is_the_line_with_where_it_comes_from() {
    let line = r#"{"id":"a","createdDateTime":"2026-01-02T03:04:05.678Z","crossgate":{"outcome":"allow","count":1}}"#;
    let rendered = render(Form::Graph, Receipts::LeftOut, line, origin()).unwrap();
    assert_eq!(
        rendered.text,
        r#"{"id":"a","createdDateTime":"2026-01-02T03:04:05.678Z","crossgate":{"outcome":"allow","count":1,"gateway":"gw \"1\"","stream":"0198","sequence":7}}"#
    );
    assert_eq!(rendered.outcome, Outcome::Success);
}

#[test]
fn receipts_are_sent_only_where_they_are_asked_for() {
    let event = refused();
    let without = rendered(Form::Graph, &event);
    let kept = render(Form::Graph, Receipts::Kept, &event.to_string(), origin()).unwrap();
    assert!(kept.text.contains("receipt"), "{}", kept.text);
    let mut expected = event;
    let own = expected["crossgate"].as_object_mut().unwrap();
    assert!(own.remove("receipt").is_some());
    own.insert("gateway".to_owned(), json!("gw \"1\""));
    own.insert("stream".to_owned(), json!("0198"));
    own.insert("sequence".to_owned(), json!(7));
    assert_eq!(without, expected);
}

#[test]
fn what_is_no_event_is_told_and_not_sent() {
    for line in [
        "",
        "{",
        "[]",
        r#"{"id":"a"}"#,
        r#"{"id":"a","createdDateTime":"x","crossgate":{"outcome":"allow"}}"#,
    ] {
        assert!(
            render(Form::Graph, Receipts::LeftOut, line, origin()).is_err(),
            "{line}"
        );
    }
}

#[test]
fn a_refused_guest_in_the_columns_of_entra() {
    let row = rendered(Form::Entra, &refused());
    for (column, value) in [
        ("TimeGenerated", json!("2026-01-02T03:04:05.678Z")),
        ("Category", json!("NonInteractiveUserSignInLogs")),
        ("ResultType", json!("53003")),
        ("ResultSignature", json!("FAILURE")),
        ("ResultDescription", json!("Blocked.")),
        ("AADTenantId", json!("11111111-1111-4111-8111-111111111111")),
        ("CrossTenantAccessType", json!("b2bCollaboration")),
        ("Identity", json!("Ada")),
        (
            "AppliedConditionalAccessPolicies",
            json!(r#"[{"id":"mfa","result":"failure"}]"#),
        ),
        ("ProcessingTimeInMilliseconds", json!("3")),
        ("DurationMs", json!(3)),
    ] {
        assert_eq!(row[column], value, "{column}");
    }
    assert_eq!(
        row.get("ServicePrincipalId"),
        None,
        "what is null is left out"
    );
    assert_eq!(row["Crossgate"]["sequence"], 7);
    assert_eq!(row["Crossgate"].get("receipt"), None);
}

#[test]
fn only_a_request_that_was_let_in_has_entras_code_of_success() {
    let mut event = refused();
    event["status"]["errorCode"] = json!(0);
    for outcome in ["bad-request", "not-found", "not-ready", "aborted"] {
        event["crossgate"]["outcome"] = json!(outcome);
        let row = rendered(Form::Entra, &event);
        assert_eq!(row.get("ResultType"), None, "{outcome}");
        assert_eq!(row["ResultSignature"], "FAILURE");
    }
    event["crossgate"]["outcome"] = json!("allow");
    assert_eq!(rendered(Form::Entra, &event)["ResultType"], "0");
}

#[test]
fn a_refused_guest_in_asim() {
    let row = rendered(Form::Asim, &refused());
    for (column, value) in [
        ("EventSchema", json!("Authentication")),
        ("EventType", json!("Logon")),
        ("EventSubType", json!("Remote")),
        ("EventResult", json!("Failure")),
        ("EventResultDetails", json!("Logon violates policy")),
        (
            "EventOriginalResultDetails",
            json!("53003 blocked_by_policy"),
        ),
        ("EventCount", json!(3)),
        ("EventStartTime", json!("2026-01-02T03:04:05.678Z")),
        ("EventEndTime", json!("2026-01-02T03:04:06.678Z")),
        ("TargetUsername", json!("ada@fabrikam.example")),
        ("TargetUsernameType", json!("UPN")),
        ("TargetUserIdType", json!("AADID")),
        ("TargetUserType", json!("Regular")),
        ("DvcAction", json!("Deny")),
        ("DvcHostname", json!("gw \"1\"")),
        ("RuleName", json!("conditional_access")),
    ] {
        assert_eq!(row[column], value, "{column}");
    }
    assert_eq!(row.get("LogonMethod"), None, "untrusted MFA is none");
    assert_eq!(row["AdditionalFields"]["isTenantRestricted"], false);
}

#[test]
fn a_refused_guest_in_ocsf() {
    let event = rendered(Form::Ocsf, &refused());
    for (pointer, value) in [
        ("/class_uid", json!(3002)),
        ("/type_uid", json!(300_201)),
        ("/activity_id", json!(1)),
        ("/time", json!(1_767_323_045_678_i64)),
        ("/status_id", json!(2)),
        ("/status_code", json!("53003")),
        ("/severity_id", json!(2)),
        ("/count", json!(3)),
        ("/metadata/sequence", json!(7)),
        (
            "/metadata/uid",
            json!("dddddddd-0000-4000-8000-000000000001"),
        ),
        ("/metadata/product/name", json!("Crossgate")),
        ("/user/name", json!("ada@fabrikam.example")),
        ("/user/type_id", json!(1)),
        (
            "/user/org/uid",
            json!("22222222-2222-4222-8222-222222222222"),
        ),
        ("/service/name", json!("Payroll")),
        ("/src_endpoint/ip", json!("192.0.2.7")),
        ("/auth_protocol_id", json!(6)),
        ("/is_mfa", json!(false)),
    ] {
        assert_eq!(event.pointer(pointer), Some(&value), "{pointer}");
    }
}

#[test]
fn somebody_without_a_token_has_the_members_that_schemas_demand() {
    let mut event = refused();
    for name in [
        "userDisplayName",
        "userPrincipalName",
        "appId",
        "homeTenantId",
        "tokenIssuerName",
        "tokenIssuerType",
    ] {
        event[name] = Value::Null;
    }
    event["userId"] = json!("");
    event["status"] = json!({"errorCode": 50058, "failureReason": null});
    event["crossgate"]["outcome"] = json!("unauthenticated");
    event["crossgate"]["step"] = json!("token");
    let ocsf = rendered(Form::Ocsf, &event);
    assert_eq!(ocsf["user"], json!({"name": "anonymous", "type_id": 0}));
    assert_eq!(ocsf["auth_protocol_id"], 0);
    let asim = rendered(Form::Asim, &event);
    assert_eq!(asim["TargetUserType"], "Anonymous");
    assert_eq!(asim["EventResultDetails"], "Other");
    assert_eq!(asim.get("TargetUserIdType"), None);
    event["crossgate"]["outcome"] = json!("aborted");
    assert_eq!(rendered(Form::Asim, &event)["EventResult"], "NA");
    assert_eq!(rendered(Form::Ocsf, &event)["status_id"], 99);
}

#[test]
fn no_form_names_a_field_twice() {
    for (name, form) in Form::ALL {
        let fields = fields(form).unwrap_or_default();
        let mut names: Vec<&str> = fields.iter().map(|field| field.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all, "{name}");
    }
}
