//! The merged rules of a tenant, as the API tells them of the snapshot that requests are decided by.

use crate::site::admin::{DEFAULT, PARTNERS, ada};
use crate::site::{FABRIKAM, PAYROLL, Stage, WINGTIP};
use serde_json::{Value, json};

fn half(access: &str, kind: &str, target: &str) -> Value {
    json!({ "accessType": access, "targets": [{ "target": target, "targetType": kind }] })
}

fn setting(users: Value, apps: Value) -> Value {
    json!({ "usersAndGroups": users, "applications": apps })
}

#[test]
fn the_rules_of_a_tenant_are_told_merged_and_with_the_document_that_each_comes_from() {
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let effective = |query: &str| site.read(&token, &format!("crossgate/effective?{query}"));
    let change = |method: &str, path: &str, body: &Value| {
        let answer = site.send(&token, method, path, body);
        assert!(answer.status < 300, "{}", answer.text());
    };
    change(
        "PATCH",
        DEFAULT,
        &json!({
            "b2bCollaborationInbound": setting(half("blocked", "user", "AllUsers"), half("blocked", "application", "AllApplications")),
            "inboundTrust": { "isMfaAccepted": true },
        }),
    );

    // Without an entry the default holds.
    let wingtip = effective(&format!("tenant={WINGTIP}&app={PAYROLL}"));
    assert_eq!(wingtip["isPartner"], false);
    let inbound = &wingtip["b2bCollaborationInbound"];
    assert_eq!(inbound["admitsToApp"], "nobody");
    assert_eq!(inbound["usersAndGroups"]["document"], "default");
    assert_eq!(inbound["usersAndGroups"]["accessType"], "blocked");
    let trusted = json!({ "value": true, "document": "default" });
    assert_eq!(wingtip["inboundTrust"]["isMfaAccepted"], trusted);

    // A partner's entry beats it, member by member; what neither has is Entra's initial value.
    change(
        "POST",
        PARTNERS,
        &json!({
            "tenantId": FABRIKAM,
            "b2bCollaborationInbound": setting(half("allowed", "group", "engineers"), half("allowed", "application", PAYROLL)),
            "inboundTrust": { "isCompliantDeviceAccepted": false },
        }),
    );
    let fabrikam = effective(&format!("tenant={FABRIKAM}&app={PAYROLL}"));
    assert_eq!(fabrikam["isPartner"], true);
    let document = format!("partners/{FABRIKAM}");
    let inbound = &fabrikam["b2bCollaborationInbound"];
    assert_eq!(inbound["admitsToApp"], "listed");
    assert_eq!(inbound["usersAndGroups"]["document"], document);
    let engineers = json!([{ "target": "engineers", "targetType": "group" }]);
    assert_eq!(inbound["usersAndGroups"]["targets"], engineers);
    let trust = &fabrikam["inboundTrust"];
    assert_eq!(trust["isMfaAccepted"], trusted);
    let refused = json!({ "value": false, "document": document });
    assert_eq!(trust["isCompliantDeviceAccepted"], refused);
    let unset = json!({ "value": false, "document": null });
    assert_eq!(trust["isHybridAzureADJoinedDeviceAccepted"], unset);
    let restrictions = &fabrikam["tenantRestrictions"]["usersAndGroups"];
    assert_eq!(restrictions["accessType"], "blocked");
    assert_eq!(fabrikam["app"]["id"], PAYROLL);

    // It is the snapshot that requests are decided by, and events name: each change is another one.
    assert_ne!(fabrikam["snapshot"], wingtip["snapshot"]);
}

#[test]
fn whoever_asks_for_the_rules_of_nobody_is_told_what_to_ask_for() {
    let site = Stage::new().with_store().open();
    let token = ada(&site);
    let own = crossgate_testkit::gateway::OWN_TENANT;
    for (query, status, told) in [
        (String::new(), 400, "`tenant`: is missing"),
        ("tenant=fabrikam.com".to_owned(), 400, "expected a GUID"),
        (format!("tenant={own}"), 400, "the own organization"),
        (
            format!("tenant={WINGTIP}&tenant={FABRIKAM}"),
            400,
            "given twice",
        ),
        (
            format!("tenant={WINGTIP}&user=x"),
            400,
            "expected `tenant` and `app`",
        ),
        (
            format!("tenant={WINGTIP}&app=nothing"),
            404,
            "no app `nothing`",
        ),
    ] {
        let path = format!("crossgate/effective?{query}");
        let answer = site.send(&token, "GET", &path, &Value::Null);
        assert_eq!(answer.status, status, "{query}: {}", answer.text());
        assert!(answer.text().contains(told), "{query}: {}", answer.text());
    }
}
