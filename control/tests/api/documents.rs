//! Documents by their ids, page by page, and what goes or stays with them.

use std::sync::atomic::Ordering;

use crossgate_control::bootstrap;
use crossgate_control::document::{Address, DocumentKind};
use crossgate_control::secret::{Purpose, Secret};
use crossgate_control::store::Store;
use serde_json::json;

use super::support::{
    ADA, ASSIGNMENTS, BOB, PARTNERS, READER, Site, application, body, break_glass, put,
};

#[test]
fn an_assignment_that_was_imported_with_entras_id_is_read_listed_and_removed() {
    const ID: &str = "lAPpYvVpN0KRkAEhdxReEJC2sEqbR_9Hr48lds9SGHI-1";
    let stored = json!({ "id": ID, "principalId": ADA, "roleDefinitionId": READER, "directoryScopeId": "/" });
    let site = Site::with(vec![put(DocumentKind::RoleAssignment, ID, &stored)]);
    let path = format!("{ASSIGNMENTS}/{ID}");
    let read = site.call(&break_glass(), "GET", &path);
    assert_eq!(
        (read.status.as_u16(), &body(&read)["id"]),
        (200, &json!(ID))
    );
    for filter in [
        format!("id%20eq%20'{ID}'"),
        format!("id%20eq%20'{}'", ID.to_lowercase()),
    ] {
        let listed = site.call(
            &break_glass(),
            "GET",
            &format!("{ASSIGNMENTS}?$filter={filter}"),
        );
        assert_eq!(body(&listed)["value"][0]["id"], ID, "{filter}");
    }
    let other = format!("{ASSIGNMENTS}/{}", ID.to_lowercase());
    assert_eq!(site.call(&break_glass(), "GET", &other).status, 404);
    assert_eq!(site.call(&break_glass(), "DELETE", &path).status, 204);
    assert_eq!(site.call(&break_glass(), "GET", &path).status, 404);
}

#[test]
fn a_key_that_is_a_guid_is_found_in_any_letter_case() {
    let tenant = "aaaaaaaa-0000-4000-8000-000000000001";
    let site = Site::with(vec![put(
        DocumentKind::Partner,
        tenant,
        &json!({ "tenantId": tenant }),
    )]);
    let upper = tenant.to_uppercase();
    for path in [
        format!("{PARTNERS}/{upper}"),
        format!("{PARTNERS}?$filter=tenantId%20eq%20'{upper}'"),
    ] {
        let read = site.call(&break_glass(), "GET", &path);
        assert!(
            body(&read).to_string().contains(tenant),
            "{path}: {}",
            body(&read)
        );
    }
}

#[test]
fn the_end_of_sessions_that_is_still_to_come_does_not_come_earlier() {
    let later = "2999-01-01T00:00:00Z";
    let key = format!("user/{ADA}");
    let stored = json!({ "kind": "user", "id": ADA, "notBefore": later });
    let old = json!({ "kind": "user", "id": BOB, "notBefore": "2001-01-01T00:00:00Z" });
    let site = Site::with(vec![
        put(DocumentKind::Revocation, &key, &stored),
        put(DocumentKind::Revocation, &format!("user/{BOB}"), &old),
    ]);
    for user in [ADA, BOB] {
        let path = format!("/v1.0/users/{user}/revokeSignInSessions");
        let revoked = site.call(&break_glass(), "POST", &path);
        assert_eq!(
            (revoked.status.as_u16(), &body(&revoked)["value"]),
            (200, &json!(true))
        );
        assert_eq!(site.latest()["result"], "success");
    }
    let time = |user: &str| {
        let address = Address::new(DocumentKind::Revocation, &format!("user/{user}"));
        let current = site.ledger.current(&address).unwrap().unwrap();
        current.document.text_of("notBefore").unwrap()
    };
    assert_eq!(time(ADA), later);
    assert!(&*time(BOB) > "2020", "{}", time(BOB));
}

#[test]
fn the_sessions_of_a_whole_tenant_are_ended_by_whoever_may_manage_partners_too() {
    let tenant = "aaaaaaaa-0000-4000-8000-000000000001";
    let path = |id: &str| format!("/v1.0/crossgate/tenants/{id}/revokeSignInSessions");
    let site = Site::with(vec![]);
    let helper = application(&["User.RevokeSessions.All"]);
    let refused = site.call(&helper, "POST", &path(tenant));
    assert_eq!(refused.status, 403, "{}", body(&refused));
    let record = site.latest();
    assert_eq!(
        (&record["result"], &record["activityDisplayName"]),
        (
            &json!("failure"),
            &json!("Revoke sign-in sessions of a tenant")
        )
    );
    let manager = application(&[
        "User.RevokeSessions.All",
        "Policy.ReadWrite.CrossTenantAccess",
    ]);
    let wrong = site.call(&manager, "POST", &path("fabrikam"));
    assert_eq!(wrong.status, 400, "{}", body(&wrong));
    let made = site.call(&manager, "POST", &path(&tenant.to_uppercase()));
    assert_eq!(
        (made.status.as_u16(), &body(&made)["value"]),
        (200, &json!(true))
    );
    let record = site.latest();
    assert_eq!(
        (&record["result"], &record["targetResources"][0]["id"]),
        (&json!("success"), &json!(tenant))
    );
    let address = Address::new(DocumentKind::Revocation, &format!("tenant/{tenant}"));
    let document = site.ledger.current(&address).unwrap().unwrap().document;
    assert_eq!(document.text_of("id").as_deref(), Some(tenant));
}

#[test]
fn whoever_gives_the_first_role_ends_the_secret_of_the_first_run() {
    for who in [
        application(&["RoleManagement.ReadWrite.Directory"]),
        break_glass(),
    ] {
        let secret = Secret::draw(Purpose::Bootstrap).unwrap();
        let site = Site::with(vec![bootstrap::kept(&secret)]);
        let refused = site.send(&who, "POST", ASSIGNMENTS, r#"{"principalId":"x"}"#);
        assert_eq!(refused.status, 400);
        assert!(site.ledger.bootstrap_secret().unwrap().is_some());
        let given =
            json!({ "principalId": ADA, "roleDefinitionId": READER, "directoryScopeId": "/" });
        let made = site.send(&who, "POST", ASSIGNMENTS, &given.to_string());
        assert_eq!(made.status, 201, "{}", body(&made));
        assert!(site.ledger.bootstrap_secret().unwrap().is_none());
        assert!(bootstrap::fingerprint(&*site.store).unwrap().is_none());
    }
}

#[test]
fn a_filter_that_admits_nothing_reads_many_documents_at_once() {
    let tenant = |number: u32| format!("{number:08x}-0000-4000-8000-000000000001");
    let partners = (0..1_200).map(|number| {
        let document = json!({ "tenantId": tenant(number), "isServiceProvider": number == 1_100 });
        put(DocumentKind::Partner, &tenant(number), &document)
    });
    let site = Site::with(partners.collect());
    let ask = |query: &str| {
        let before = site.store.pages.load(Ordering::Relaxed);
        let listed = site.call(&break_glass(), "GET", &format!("{PARTNERS}?{query}"));
        assert_eq!(listed.status, 200, "{}", body(&listed));
        let pages = site.store.pages.load(Ordering::Relaxed) - before;
        (body(&listed), pages)
    };
    let (found, pages) = ask("$top=1&$filter=isServiceProvider%20eq%20true");
    assert_eq!(
        (found["value"][0]["tenantId"].as_str(), pages),
        (Some(&*tenant(1_100)), 3)
    );
    assert!(found["@odata.nextLink"].is_null());
    let (first, pages) = ask("$top=1&$filter=isServiceProvider%20eq%20false");
    assert_eq!((first["value"].as_array().unwrap().len(), pages), (1, 1));
    let next = first["@odata.nextLink"].as_str().unwrap();
    let (second, _) = ask(next.split_once('?').unwrap().1);
    assert_eq!(second["value"][0]["tenantId"], tenant(1));
    assert!(site.store.head().is_ok());
}
