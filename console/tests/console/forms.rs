//! Forms: what becomes of them is one call of the API, and what it says to that is shown where it belongs.

use crossgate_console::{Console, Reply};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::stage::{PARTNER, StepUp, Stub, everyone, sent, shown, visit};

const COLLABORATION: &str = "b2bCollaborationInbound";

/// The fields of the tab, in which everybody may come, with some of them replaced.
fn inbound<'a>(other: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![("tab", "inbound"), ("version", "W/\"4\"")];
    for path in [
        "b2bCollaborationInbound.usersAndGroups",
        "b2bCollaborationInbound.applications",
        "b2bDirectConnectInbound.usersAndGroups",
        "b2bDirectConnectInbound.applications",
    ] {
        for (name, value) in [("access", "allowed"), ("scope", "all")] {
            let name: &'static str = Box::leak(format!("{path}.{name}").into_boxed_str());
            fields.push((name, value));
        }
    }
    for (name, value) in other {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    fields
}

fn body(stub: &Stub) -> Value {
    serde_json::from_slice(&stub.changed().body).unwrap()
}

#[test]
fn a_form_becomes_one_call_with_the_version_it_was_made_of() {
    let stub = Stub::with("x");
    let fields = inbound(&[
        ("b2bCollaborationInbound.usersAndGroups.scope", "select"),
        (
            "b2bCollaborationInbound.usersAndGroups.users",
            "ada\r\nbob, eve",
        ),
        ("b2bCollaborationInbound.usersAndGroups.groups", "staff"),
        ("b2bDirectConnectInbound", "inherit"),
    ]);
    let here = format!("/console/organizations/{PARTNER}");
    let reply = Console::new().answer(&sent(&here, &fields), &stub);
    assert!(
        matches!(&reply, Reply::Go(to) if to.ends_with("?tab=inbound&saved=1")),
        "{reply:?}"
    );
    let call = stub.changed();
    assert_eq!(call.method, Method::PATCH);
    assert!(
        call.path.ends_with(&format!("/partners/{PARTNER}")),
        "{}",
        call.path
    );
    assert_eq!(call.headers["if-match"], "W/\"4\"");
    assert!(!call.headers.contains_key("crossgate-confirm-lock-out"));
    let target = |name: &str, kind: &str| json!({ "target": name, "targetType": kind });
    assert_eq!(
        body(&stub),
        json!({
            "b2bCollaborationInbound": {
                "usersAndGroups": { "accessType": "allowed", "targets":
                    [target("ada", "user"), target("bob", "user"), target("eve", "user"), target("staff", "group")] },
                "applications": everyone()["applications"],
            },
            "b2bDirectConnectInbound": null,
        })
    );
}

#[test]
fn trust_is_ticked_and_what_the_form_does_not_show_stays() {
    let mut stub = Stub::with("x");
    let mut default =
        json!({ "inboundTrust": { "isMfaAccepted": true, "isCompliantNetworkAccepted": true } });
    default["tenantRestrictions"] = json!({ "devices": { "rule": "x" } });
    stub.says("policies/crossTenantAccessPolicy/default", &default);
    let fields = [
        ("tab", "trust"),
        ("inboundTrust.isCompliantDeviceAccepted", "true"),
    ];
    let _ = Console::new().answer(&sent("/console/default", &fields), &stub);
    assert_eq!(
        body(&stub),
        json!({ "inboundTrust": {
        "isMfaAccepted": false, "isCompliantDeviceAccepted": true, "isHybridAzureADJoinedDeviceAccepted": false,
        "isCompliantNetworkAccepted": true,
    } })
    );
}

#[test]
fn faults_stand_at_their_fields_and_what_was_filled_in_is_not_lost() {
    let mut stub = Stub::with("x");
    let error = json!({ "error": { "code": "Request_BadRequest", "message": "2 faults", "details": [
        { "code": "InvalidProperty", "target": "b2bCollaborationInbound.applications.targets[0]", "message": "is no app" },
        { "code": "InvalidProperty", "target": "somethingElse", "message": "is odd" },
    ] } });
    stub.says_with(
        "PATCH policies/crossTenantAccessPolicy/default",
        StatusCode::BAD_REQUEST,
        &error,
    );
    let fields = inbound(&[
        ("b2bCollaborationInbound.applications.scope", "select"),
        ("b2bCollaborationInbound.applications.apps", "no-app"),
    ]);
    let (status, html) = shown(&stub, &sent("/console/default", &fields));
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let at = html
        .split("data-faults=\"b2bCollaborationInbound.applications\"")
        .nth(1)
        .unwrap();
    assert!(
        at.split("</div>").next().unwrap().contains("is no app"),
        "{html}"
    );
    let above = html.split("<form").next().unwrap();
    assert!(
        above.contains("somethingElse") && !above.contains("is no app"),
        "{above}"
    );
    assert!(html.contains(">no-app</textarea>"), "{html}");
    // Whoever does not see it is told too: the field names what is wrong with it.
    let field = html
        .split("id=\"b2bCollaborationInbound.applications.apps\"")
        .nth(1)
        .unwrap();
    let field = field.split('>').next().unwrap();
    assert!(
        field.contains("faults-b2bCollaborationInbound.applications\" aria-invalid=\"true\""),
        "{field}"
    );
    assert!(html.contains("id=\"faults-b2bCollaborationInbound.applications\""));
    assert_eq!(html.matches("aria-invalid").count(), 1, "{html}");
}

#[test]
fn a_lock_out_is_asked_about_and_done_where_it_is_meant() {
    let mut stub = Stub::with("x");
    let error = json!({ "error": { "code": "Crossgate_LockOut", "message": "m", "details": [
        { "code": "CallerShutOut", "target": "caller", "message": "you would be shut out" },
    ] } });
    stub.says_with(
        "PATCH policies/crossTenantAccessPolicy/default",
        StatusCode::CONFLICT,
        &error,
    );
    let (status, html) = shown(&stub, &sent("/console/default", &inbound(&[])));
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(html.contains("you would be shut out"), "{html}");
    let confirm = html.split("data-confirm").nth(1).unwrap();
    assert!(confirm.starts_with('>'), "the box is shown: {html}");
    let _ = Console::new().answer(
        &sent(
            "/console/default",
            &inbound(&[("confirm-lock-out", "true")]),
        ),
        &stub,
    );
    assert_eq!(stub.changed().headers["crossgate-confirm-lock-out"], "true");
}

#[test]
fn who_was_slower_is_told_and_nothing_of_the_others_is_lost() {
    let mut stub = Stub::with("x");
    let error = json!({ "error": { "code": "Request_PreconditionFailed", "message": "changed" } });
    stub.says_with(
        "PATCH policies/crossTenantAccessPolicy/default",
        StatusCode::PRECONDITION_FAILED,
        &error,
    );
    let old = inbound(&[("version", "W/\"3\"")]);
    let (status, html) = shown(&stub, &sent("/console/default", &old));
    assert_eq!(status, StatusCode::PRECONDITION_FAILED);
    assert!(html.contains("somebody else has changed this"), "{html}");
    // Who sends it again without having seen the others' is too late again.
    let again = html.split("name=\"version\" value=\"").nth(1).unwrap();
    assert!(again.starts_with("W/&quot;3&quot;"), "{again}");
}

#[test]
fn a_script_asks_what_would_become_of_a_form_and_nothing_is_changed_by_that() {
    let stub = Stub::with("x");
    let fields = inbound(&[("checks", "/console/default")]);
    let reply = Console::new().answer(&sent("/console/check", &fields), &stub);
    let Reply::Data(told) = reply else {
        panic!("{reply:?}");
    };
    assert_eq!(
        serde_json::from_str::<Value>(&told).unwrap()["kind"],
        "good"
    );
    let asked = stub.changed();
    assert_eq!(asked.headers["crossgate-validate-only"], "true");
}

#[test]
fn who_only_asks_what_would_become_of_a_form_is_told_of_a_lock_out_whatever_is_ticked() {
    let stub = Stub::with("x");
    let fields = inbound(&[("checks", "/console/default"), ("confirm-lock-out", "true")]);
    let _ = Console::new().answer(&sent("/console/check", &fields), &stub);
    let asked = stub.changed();
    assert!(!asked.headers.contains_key("crossgate-confirm-lock-out"));
}

#[test]
fn a_script_is_told_that_saving_takes_another_sign_in() {
    let stub = StepUp::before(
        &[Method::POST, Method::PATCH, Method::DELETE],
        Stub::with("x"),
    );
    let fields = inbound(&[("checks", "/console/default")]);
    let reply = Console::new().answer(&sent("/console/check", &fields), &stub);
    let Reply::Data(told) = reply else {
        panic!("{reply:?}");
    };
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told, json!({ "kind": "sign-in-again", "details": [] }));
    let (_, html) = shown(&stub.stub, &visit("sv", "/console/default"));
    assert!(html.contains("data-again=\"När du sparar"), "{html}");
}

#[test]
fn a_form_that_the_console_did_not_send_is_refused_before_anything_is_asked() {
    let stub = Stub::with("x");
    let mut visit = sent("/console/default", &inbound(&[]));
    visit.is_own = false;
    let (status, html) = shown(&stub, &visit);
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(stub.asked.borrow().is_empty(), "{html}");
}

#[test]
fn an_action_that_takes_a_step_up_sends_its_visitor_to_sign_in() {
    let stub = StepUp::before(
        &[Method::POST, Method::PATCH, Method::DELETE],
        Stub::with("x"),
    );
    let reply = Console::new().answer(&sent("/console/default", &inbound(&[])), &stub);
    assert!(matches!(reply, Reply::MoreNeeded), "{reply:?}");
}

#[test]
fn a_restored_version_is_an_ordinary_change_that_takes_away_what_came_since() {
    let mut stub = Stub::with("x");
    stub.says(
        "policies/crossTenantAccessPolicy/default",
        &json!({ "id": "d", "isServiceDefault": false, "inboundTrust": { "isMfaAccepted": true }, "note": "x" }),
    );
    let (_, html) = shown(&stub, &visit("en", "/console/versions?document=default"));
    assert!(
        html.contains("name=\"version\" value=\"W/&quot;4&quot;\""),
        "{html}"
    );
    let fields = [
        ("document", "default"),
        ("change", "5"),
        ("version", "W/\"4\""),
    ];
    let reply = Console::new().answer(&sent("/console/versions", &fields), &stub);
    assert!(matches!(reply, Reply::Go(_)), "{reply:?}");
    assert_eq!(
        body(&stub),
        json!({ "inboundTrust": { "isMfaAccepted": false }, "note": null })
    );
    assert_eq!(stub.changed().headers["if-match"], "W/\"4\"");
}

#[test]
fn a_version_that_had_another_synchronization_says_that_it_does_not_come_back() {
    let mut stub = Stub::with("x");
    let version = |change: u64, content: &Value| json!({ "change": change, "activityDateTime": "2026-01-31T12:00:00Z", "content": content });
    let with = json!({ "tenantId": PARTNER, "identitySynchronization": { "userSyncInbound": { "isSyncAllowed": true } } });
    let without = json!({ "tenantId": PARTNER });
    let told = |stub: &Stub| {
        let document = format!("/console/versions?document=partners/{PARTNER}");
        let (_, html) = shown(stub, &visit("en", &document));
        html.matches("not brought back with it").count()
    };
    for (versions, expected) in [
        ([version(9, &Value::Null), version(5, &with)], 1),
        ([version(9, &without), version(5, &with)], 1),
        ([version(9, &with), version(5, &with)], 0),
        ([version(9, &Value::Null), version(5, &without)], 0),
    ] {
        stub.says("crossgate/versions", &json!({ "value": versions }));
        assert_eq!(told(&stub), expected, "{versions:?}");
    }
}

#[test]
fn a_conditional_access_policy_is_edited_as_its_document() {
    let stub = Stub::with("x");
    let here = "/console/conditional-access/p1";
    let (status, html) = shown(
        &stub,
        &sent(here, &[("form", "document"), ("document", "{ nothing")]),
    );
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(html.contains("This is no JSON"), "{html}");
    let document = r#"{"displayName":"New name","state":"disabled"}"#;
    let fields = [
        ("form", "document"),
        ("document", document),
        ("version", "W/\"9\""),
    ];
    let _ = Console::new().answer(&sent(here, &fields), &stub);
    assert_eq!(
        body(&stub),
        json!({ "displayName": "New name", "state": "disabled", "conditions": null })
    );
    let _ = Console::new().answer(
        &sent(here, &[("form", "state"), ("state", "disabled")]),
        &stub,
    );
    assert_eq!(body(&stub), json!({ "state": "disabled" }));
    let _ = COLLABORATION;
}
