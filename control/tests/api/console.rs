//! What the console asks beside Graph: the caller's own actions, versions of documents, changes that are only checked.

use std::sync::Arc;

use crossgate_control::administrator::{Administrator, Credential};
use crossgate_control::api::call::{Answer, Call};
use crossgate_control::document::DocumentKind;
use crossgate_control::store::Store as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};

use super::support::{ADA, PARTNERS, READER, Site, application, body, break_glass, put, user};

const DEFAULT: &str = "/v1.0/policies/crossTenantAccessPolicy/default";
const ME: &str = "/v1.0/crossgate/me";

/// Asks what would become of a change.
fn ask(site: &Site, who: &Administrator, method: &str, path: &str, sent: &Value) -> Answer {
    let headers = [
        ("content-type", "application/json"),
        ("crossgate-validate-only", "true"),
    ];
    let headers = headers.map(|(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    });
    let call = Call {
        method: Method::from_bytes(method.as_bytes()).unwrap(),
        path: path.to_owned(),
        query: None,
        headers: HeaderMap::from_iter(headers),
        body: sent.to_string().into_bytes(),
        origin: "http://localhost".to_owned(),
        address: None,
    };
    site.api.answer(&call, &Ok(who.clone()))
}

fn trusting() -> Value {
    json!({ "inboundTrust": { "isMfaAccepted": true } })
}

#[test]
fn a_change_that_is_only_checked_is_answered_like_one_that_is_made_and_leaves_no_trace() {
    let site = Site::with(Vec::new());
    let head = site.store.head().unwrap();
    let who = application(&["Policy.ReadWrite.CrossTenantAccess"]);
    let good = ask(&site, &who, "PATCH", DEFAULT, &trusting());
    assert_eq!(good.status, 204, "{}", body(&good));
    let tenant = json!({ "tenantId": "aaaaaaaa-0000-4000-8000-000000000001" });
    let good = ask(&site, &who, "POST", PARTNERS, &tenant);
    assert_eq!(good.status, 201, "{}", body(&good));
    let contradiction = json!({ "b2bCollaborationInbound": {
        "usersAndGroups": { "accessType": "blocked", "targets": [{ "target": "AllUsers", "targetType": "user" }] },
        "applications": { "accessType": "allowed", "targets": [{ "target": "AllApplications", "targetType": "application" }] },
    } });
    let bad = ask(&site, &who, "PATCH", DEFAULT, &contradiction);
    let made = site.send(&who, "PATCH", DEFAULT, &contradiction.to_string());
    let told = |answer: &Answer| body(answer)["error"]["details"].clone();
    assert_eq!((bad.status, told(&bad)), (made.status, told(&made)));
    assert_eq!(bad.status, 400);
    // Only the change that was really attempted is told of.
    assert_eq!(site.store.head().unwrap().sequence, head.sequence + 1);
    let now = body(&site.call(&break_glass(), "GET", DEFAULT));
    assert_eq!(now["inboundTrust"]["isMfaAccepted"], json!(false));
}

#[test]
fn who_may_not_ask_and_who_asks_with_a_secret_is_recorded_however_they_ask() {
    let site = Site::with(Vec::new());
    let recorded = |who: &Administrator, method: &str, status: u16| {
        let before = site.store.head().unwrap().sequence;
        let answer = ask(&site, who, method, DEFAULT, &trusting());
        assert_eq!(answer.status, status, "{}", body(&answer));
        assert_eq!(site.store.head().unwrap().sequence, before + 1, "{method}");
    };
    recorded(&user(ADA, &[]), "PATCH", 403);
    recorded(&break_glass(), "PATCH", 204);
    recorded(&break_glass(), "GET", 200);
    let now = body(&site.call(&break_glass(), "GET", DEFAULT));
    assert_eq!(now["inboundTrust"]["isMfaAccepted"], json!(false));
}

#[test]
fn what_does_more_than_change_one_document_cannot_be_only_checked() {
    let site = Site::with(Vec::new());
    let path = format!("/v1.0/users/{ADA}/revokeSignInSessions");
    let refused = ask(&site, &break_glass(), "POST", &path, &json!({}));
    assert_eq!(refused.status, 400, "{}", body(&refused));
    assert!(
        body(&refused)
            .to_string()
            .contains("Crossgate-Validate-Only")
    );
}

#[test]
fn the_versions_of_a_document_are_told_with_who_made_them_and_its_end() {
    let site = Site::with(Vec::new());
    let partner = "aaaaaaaa-0000-4000-8000-000000000001";
    let path = format!("{PARTNERS}/{partner}");
    let made = site.send(
        &break_glass(),
        "POST",
        PARTNERS,
        &json!({ "tenantId": partner }).to_string(),
    );
    assert_eq!(made.status, 201);
    let changed = site.send(&break_glass(), "PATCH", &path, &trusting().to_string());
    assert_eq!(changed.status, 204);
    assert_eq!(site.call(&break_glass(), "DELETE", &path).status, 204);
    let upper = partner.to_uppercase();
    let told = site.call(
        &break_glass(),
        "GET",
        &format!("/v1.0/crossgate/versions?document=partners/{upper}"),
    );
    let told = body(&told);
    let versions = told["value"].as_array().unwrap();
    assert_eq!(told["document"], format!("partners/{partner}"));
    let contents: Vec<&Value> = versions.iter().map(|version| &version["content"]).collect();
    assert_eq!(contents.len(), 3, "{told:#}");
    assert_eq!(contents[0], &Value::Null);
    assert_eq!(contents[1]["inboundTrust"]["isMfaAccepted"], json!(true));
    assert_eq!(contents[2], &json!({ "tenantId": partner }));
    for version in versions {
        let by = &version["initiatedBy"]["user"]["displayName"];
        assert_eq!(by, "Crossgate break-glass", "{told:#}");
    }
    for wrong in [
        "",
        "?document=nothing",
        "?document=bootstrap",
        "?document=guests/x",
        "?document=default&document=default",
    ] {
        let answer = site.call(
            &break_glass(),
            "GET",
            &format!("/v1.0/crossgate/versions{wrong}"),
        );
        assert_eq!(answer.status, 400, "{wrong}: {}", body(&answer));
    }
}

#[test]
fn everybody_is_told_their_own_actions_and_a_session_of_the_console_has_all_of_its_person() {
    let assigned = json!({ "id": "a", "principalId": ADA, "roleDefinitionId": READER, "directoryScopeId": "/" });
    let site = Site::with(vec![put(DocumentKind::RoleAssignment, "a", &assigned)]);
    let actions = |who: &Administrator| {
        let told = body(&site.call(who, "GET", ME));
        told["allowedResourceActions"].as_array().unwrap().len()
    };
    let without = user(ADA, &[]);
    assert_eq!(actions(&without), 0, "a token permits what it names alone");
    let Credential::Token(subject) = &without.credential else {
        panic!("a token");
    };
    let console = Administrator {
        credential: Credential::Console(Arc::clone(subject)),
        ..without.clone()
    };
    let read = site.call(&console, "GET", DEFAULT).status;
    assert_eq!((actions(&console) > 0, read.as_u16()), (true, 200));
    assert!(actions(&break_glass()) > actions(&console));
    let other = user("0b0e0000-0000-4000-8000-0000000000ff", &[]);
    assert_eq!(actions(&other), 0);
}
