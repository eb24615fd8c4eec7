//! What another process does to the store while a call is answered.

use crossgate_control::audit::{Activity, Attempt, Initiator, TargetResource};
use crossgate_control::bootstrap;
use crossgate_control::document::{Address, DocumentKind, Write};
use crossgate_control::store::StoreError;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::support::{
    ADA, ASSIGNMENTS, BOB, PARTNERS, READER, Site, Watched, body, break_glass, open, put, user,
    write,
};

const PRIVILEGED: &str = "194ae4cb-b126-40b2-bd5b-6091b380977d";
const DESK: &str = "d5eec5e0-6992-4c6b-b430-0f833f1a815a";

fn assignment(id: &str, principal: &str, role: &str) -> Write {
    let document = json!({ "id": id, "principalId": principal, "roleDefinitionId": role, "directoryScopeId": "/" });
    put(DocumentKind::RoleAssignment, id, &document)
}

/// A role of somebody's own making, and somebody who has it.
fn desk() -> Vec<Write> {
    let role = json!({
        "id": DESK, "displayName": "Desk", "isEnabled": true,
        "rolePermissions": [{ "allowedResourceActions": ["microsoft.directory/auditLogs/allProperties/read"] }],
    });
    vec![
        put(DocumentKind::RoleDefinition, DESK, &role),
        assignment("desk", BOB, DESK),
    ]
}

#[test]
fn a_role_that_was_taken_away_meanwhile_changes_nothing_any_more() {
    let site = Site::with(vec![assignment("ada", ADA, PRIVILEGED)]);
    let ada = user(ADA, &["Policy.ReadWrite.CrossTenantAccess"]);
    let partner = |tenant: &str| json!({ "tenantId": tenant }).to_string();
    let one = "22222222-2222-4222-8222-222222222222";
    let made = site.send(&ada, "POST", PARTNERS, &partner(one));
    assert_eq!(made.status, 201, "{}", body(&made));

    // The call is let in by the roles as they were; its turn comes after they are not.
    let mut gone = assignment("ada", ADA, PRIVILEGED);
    gone.text = None;
    write(&site.elsewhere(), vec![gone]);
    let path = format!("{PARTNERS}/{one}");
    let before = site.ledger.roles();
    assert_eq!(before.assignments().count(), 1, "not taken up yet");
    let refused = site.send(&ada, "PATCH", &path, r#"{"isServiceProvider":true}"#);
    assert_eq!(refused.status, 403, "{}", body(&refused));
    assert_eq!(
        body(&refused)["error"]["code"],
        "Authorization_RequestDenied"
    );
    let record = site.latest();
    assert_eq!(record["result"], "failure");
    assert_eq!(record["initiatedBy"]["user"]["id"], ADA);
    let reason = record["resultReason"].as_str().unwrap();
    assert!(reason.contains("lacks a role"), "{reason}");
    let read = site.call(&break_glass(), "GET", &path);
    assert_ne!(body(&read)["isServiceProvider"], true);
}

#[test]
fn roles_are_read_of_one_state_while_others_change_them() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store.db");
    let store = Watched::open(&path);
    let other = Watched::open(&path);
    write(&store, vec![assignment("ada", ADA, READER)]);
    let mut once = Some(other);
    store.before(move |kind| {
        if kind == DocumentKind::RoleAssignment
            && let Some(other) = once.take()
        {
            write(&other, desk());
        }
        Ok(())
    });
    let opened = open(&store).map(|opened| opened.head.sequence);
    assert_eq!(opened.map_err(|error| error.to_string()), Ok(2));

    let site = Site::new();
    let mut once = Some(site.elsewhere());
    site.store.before(move |kind| {
        if kind == DocumentKind::RoleAssignment
            && let Some(other) = once.take()
        {
            write(&other, desk());
        }
        Ok(())
    });
    let given = json!({ "principalId": ADA, "roleDefinitionId": READER, "directoryScopeId": "/" });
    let made = site.send(&break_glass(), "POST", ASSIGNMENTS, &given.to_string());
    assert_eq!(made.status, 201, "{}", body(&made));
    let listed = body(&site.call(&break_glass(), "GET", ASSIGNMENTS));
    let mut holders: Vec<&Value> = listed["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["principalId"])
        .collect();
    holders.sort_by_key(|holder| holder.to_string());
    assert_eq!(holders, [ADA, BOB]);
    assert_eq!(site.ledger.roles().assignments().count(), 2);
}

#[test]
fn a_store_that_cannot_be_read_is_no_fault_of_the_caller() {
    let site = Site::new();
    site.store.before(|kind| {
        if kind != DocumentKind::RoleDefinition {
            return Ok(());
        }
        Err(StoreError::Failed {
            context: "reading",
            why: "the disk is gone".to_owned(),
        })
    });
    let given = json!({ "principalId": ADA, "roleDefinitionId": READER, "directoryScopeId": "/" });
    let refused = site.send(&break_glass(), "POST", ASSIGNMENTS, &given.to_string());
    assert_eq!(refused.status, 503, "{}", body(&refused));
    assert!(refused.headers.contains_key("retry-after"));
    assert!(!body(&refused).to_string().contains("disk"));
    let failed = open(&*site.store)
        .map(|_| ())
        .map_err(|error| error.to_string());
    assert_eq!(failed, Err("reading: the disk is gone".to_owned()));
}

#[test]
fn an_import_at_the_time_of_the_first_run_stays_as_it_is() {
    let attempt = || Attempt {
        activity: Activity::new("Policy", "Add", "Initialize policy store"),
        by: Initiator::Program("Crossgate"),
        correlation: Uuid::new_v4(),
        target: TargetResource::default(),
        details: Vec::new(),
    };
    let default = json!({ "id": ADA, "inboundTrust": { "isMfaAccepted": true } });
    let import = || {
        vec![
            put(DocumentKind::Default, "", &default),
            assignment("ada", ADA, READER),
        ]
    };
    // Once before it is asked what there is, and once in between.
    for between in [false, true] {
        let site = Site::new();
        let other = site.elsewhere();
        if between {
            let (mut once, import) = (Some(other), import());
            site.store.before(move |_| {
                if let Some(other) = once.take() {
                    write(&other, import.clone());
                }
                Ok(())
            });
        } else {
            write(&other, import());
        }
        let secret = bootstrap::begin(&site.ledger, &attempt()).unwrap();
        assert!(secret.is_none(), "somebody has a role");
        let address = Address::only(DocumentKind::Default);
        let current = site.ledger.current(&address).unwrap().unwrap();
        assert_eq!(current.document.to_text(), default.to_string());
        assert!(site.ledger.bootstrap_secret().unwrap().is_none());
        assert_eq!(site.ledger.roles().assignments().count(), 1);
    }
    let site = Site::new();
    assert!(
        bootstrap::begin(&site.ledger, &attempt())
            .unwrap()
            .is_some()
    );
    assert!(site.ledger.bootstrap_secret().unwrap().is_some());
    assert!(
        bootstrap::begin(&site.ledger, &attempt())
            .unwrap()
            .is_none()
    );
}
