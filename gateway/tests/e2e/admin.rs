//! The admin API: changes of policy that bind when they are answered.

use crate::site::admin::{DEFAULT, GLOBAL_ADMINISTRATOR, PARTNERS, SECURITY_ADMINISTRATOR};
use crate::site::{FABRIKAM, Stage, WINGTIP, everyone, nobody, partner};
use serde_json::json;

#[test]
fn a_change_binds_on_the_request_that_follows_its_answer() {
    let site = Stage::new().with_store().open();
    let token = site.administrator(SECURITY_ADMINISTRATOR);
    let guest = site.guest().mint();
    let ask = || site.payroll("/").bearer(&guest).send().status;
    assert_eq!(ask(), 200);
    let body = partner(WINGTIP, json!({ "b2bCollaborationInbound": nobody() }));
    let made = site.send_meaning_it(&token, "POST", PARTNERS, &body);
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.json()["tenantId"], WINGTIP);
    for round in 0..20 {
        assert_eq!(ask(), 403, "round {round}");
        let open = json!({ "b2bCollaborationInbound": everyone() });
        let path = format!("{PARTNERS}/{WINGTIP}");
        assert_eq!(site.send(&token, "PATCH", &path, &open).status, 204);
        assert_eq!(ask(), 200, "round {round}");
        let closed = json!({ "b2bCollaborationInbound": nobody() });
        assert_eq!(
            site.send_meaning_it(&token, "PATCH", &path, &closed).status,
            204
        );
    }
    // What is null is inherited again.
    let path = format!("{PARTNERS}/{WINGTIP}");
    let inherit = json!({ "b2bCollaborationInbound": null });
    assert_eq!(site.send(&token, "PATCH", &path, &inherit).status, 204);
    assert_eq!(ask(), 200);
    let shut = json!({ "b2bCollaborationInbound": nobody() });
    assert_eq!(
        site.send_meaning_it(&token, "PATCH", DEFAULT, &shut).status,
        204
    );
    assert_eq!(ask(), 403);
    assert_eq!(site.graph(&token, "DELETE", &path).send().status, 204);
    assert_eq!(site.graph(&token, "GET", &path).send().status, 404);
    let reset = format!("{DEFAULT}/resetToSystemDefault");
    assert_eq!(site.graph(&token, "POST", &reset).send().status, 204);
    assert_eq!(ask(), 200);
    assert_eq!(site.read(&token, DEFAULT)["isServiceDefault"], true);
}

#[test]
fn the_first_role_is_given_with_the_secret_that_was_printed_and_ends_it() {
    let site = Stage::new().with_store().open();
    let secret = site.bootstrap_secret();
    let path = "roleManagement/directory/roleAssignments";
    let body = json!({
        "principalId": "0b0e0000-0000-4000-8000-000000000001",
        "roleDefinitionId": GLOBAL_ADMINISTRATOR,
        "directoryScopeId": "/",
    });
    assert_eq!(site.graph(&secret, "GET", PARTNERS).send().status, 403);
    let made = site.send(&secret, "POST", path, &body);
    assert_eq!(made.status, 201, "{made:?}");
    let again = site.send(&secret, "POST", path, &body);
    assert_eq!(again.status, 401, "{again:?}");
    let _ = FABRIKAM;
}

#[test]
fn a_batch_holds_no_other_however_its_address_is_written() {
    let site = Stage::new().with_store().open();
    let token = site.administrator(SECURITY_ADMINISTRATOR);
    let inner = json!({ "requests": [{ "id": "1", "method": "GET", "url": "/organization" }] });
    for url in [
        "/$batch",
        "/%24batch",
        "/$batch/",
        "/$Batch",
        "/beta/%24BATCH",
    ] {
        let asked = json!({ "requests": [{
            "id": "1", "method": "POST", "url": url, "headers": { "Content-Type": "application/json" }, "body": inner,
        }] });
        let answer = site.send(&token, "POST", "$batch", &asked).json();
        assert_eq!(answer["responses"][0]["status"], 400, "{url}: {answer}");
    }
}
